"""A reasoner is told who asked, who declined and who failed, because each is taken up in another way."""

from __future__ import annotations

import pytest

from agentkit.reasoning import Act, Answer, Ask, Decline, Delegate, Situation
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import expert, said, state, talk

pytestmark = pytest.mark.anyio


class Clerk:
    """An expert asks, declines or answers as it is told; the orchestrator notes what it sees."""

    def __init__(self) -> None:
        self.seen: list[Situation] = []

    async def decide(self, situation: Situation) -> Act:
        if situation.delegations:
            self.seen.append(situation)
            return self._end(situation)
        if situation.experts:
            return Delegate(situation.experts[0].name, situation.text)
        return {"ask": Ask("Which one."), "decline": Decline("Not here.")}.get(situation.text, Answer("Done."))

    @staticmethod
    def _end(situation: Situation) -> Act:
        last = situation.delegations[-1]
        return Ask(last.text) if last.asks else Answer(last.text)


async def test_a_question_is_remembered_as_one_and_an_answer_is_not() -> None:
    clerk = Clerk()
    async with LocalPlatform(reasoner=clerk) as platform:
        chat = await talk(platform, [expert("desk")])
        task = await chat.send("ask")
        assert state(task) == "input-required"
        assert said(task) == "Which one."
        task = await chat.send("that one", context=task["contextId"])
        await chat.send("more", context=task["contextId"])
    told = [(one.role.value, one.text, one.asks) for one in clerk.seen[-1].history]
    assert told == [
        ("user", "ask", False),
        ("agent", "Which one.", True),
        ("user", "that one", False),
        ("agent", "Done.", False),
    ]


async def test_an_expert_that_declines_has_not_failed() -> None:
    clerk = Clerk()
    async with LocalPlatform(reasoner=clerk) as platform:
        await (await talk(platform, [expert("desk")])).send("decline")
    (delegation,) = clerk.seen[-1].delegations
    assert delegation.declined
    assert not delegation.failed
