"""Messages of any length neither stop the event loop nor are acted on in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio import from_thread

from agentkit.models import Role
from agentkit.reasoning import Ask, Candidate, Observation, RuleReasoner, Situation, Utterance
from tests.deadline import HANG

if TYPE_CHECKING:
    from tests.reasoning.conftest import Expert

pytestmark = pytest.mark.anyio


class Awaiting(tuple[Candidate, ...]):
    """Experts that a decision gets to see only once the event loop has taken a turn meanwhile."""

    turns = 0

    def __iter__(self) -> Iterator[Candidate]:
        from_thread.run_sync(self._turn)  # an error where the loop itself decides
        return super().__iter__()

    def _turn(self) -> None:
        self.turns += 1


async def test_a_message_too_long_to_read_is_not_acted_on_in_part(make_records: Callable[[str], Expert]) -> None:
    tools = tuple(await make_records("as they are").toolboxes["records"].list_tools())
    act = await RuleReasoner().decide(Situation("Which allergies does Priya Raman have? " * 400, tools=tools))
    assert isinstance(act, Ask)
    assert "8000" in act.text


@pytest.mark.parametrize(
    "text",
    [
        "since 2024 to 2025 " * 400,
        "'a' " * 1900,
        "lorem ipsum 2024-01-01 Anna Berg " * 230,
        "x " * 3900,
        f"find{' ' * 7800}books",
    ],
    ids=["dates", "quotations", "names", "letters", "spaces"],
)
async def test_a_long_message_does_not_stop_the_event_loop(make_records: Callable[[str], Expert], text: str) -> None:
    tools = tuple(await make_records("as they are").toolboxes["records"].list_tools())
    experts = Awaiting([Candidate("a", "b", tools)])
    with anyio.fail_after(HANG):
        await RuleReasoner().decide(Situation(text, tools=tools, experts=experts))
    assert experts.turns > 0


@pytest.mark.parametrize("large", ["history", "observations"])
async def test_a_brief_message_after_a_lot_does_not_stop_the_event_loop(
    make_records: Callable[[str], Expert], large: str
) -> None:
    """What was said and found before is read with each message that goes on with it."""
    tools = tuple(await make_records("as they are").toolboxes["records"].list_tools())
    experts = Awaiting([Candidate("a", "b", tools)])
    history = tuple(Utterance(Role.USER, "Which allergies does Priya Raman have? " * 30) for _ in range(5))
    found = Observation("find", {}, data={"items": [{"name": f"Priya {number}"} for number in range(500)]})
    situation = Situation("and hers?", tools=tools, experts=experts)
    changes = replace(situation, history=history) if large == "history" else replace(situation, observations=(found,))
    with anyio.fail_after(HANG):
        await RuleReasoner().decide(changes)
    assert experts.turns > 0
