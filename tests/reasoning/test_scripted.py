"""The scripted reasoner."""

from __future__ import annotations

import pytest

from agentkit.errors import EngineError
from agentkit.reasoning import Answer, Ask, ScriptedReasoner, Situation

pytestmark = pytest.mark.anyio


async def test_the_acts_come_in_order_and_the_situations_are_kept() -> None:
    reasoner = ScriptedReasoner([Ask("Who?"), lambda situation: Answer(f"You said {situation.text}.")])
    first, second = Situation("hello"), Situation("Ann")
    assert isinstance(await reasoner.decide(first), Ask)
    assert reasoner.left == 1
    answer = await reasoner.decide(second)
    assert isinstance(answer, Answer)
    assert answer.text == "You said Ann."
    assert reasoner.situations == [first, second]


async def test_a_script_that_has_ended_says_so() -> None:
    reasoner = ScriptedReasoner([])
    with pytest.raises(EngineError, match="0 acts"):
        await reasoner.decide(Situation("hello"))
    assert len(reasoner.situations) == 1
