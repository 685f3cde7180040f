"""The orchestrator sees the whole context, an expert the portion that is relevant to its call (ORCH-02)."""

from __future__ import annotations

import pytest

from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.models import Role
from agentkit.platform.orchestration.portion import portion
from agentkit.reasoning import Act, Answer, CallTool, Delegate, Observation, Passage, Situation, Utterance
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.parts import TOOLS, expert, server, talk, tools_app

pytestmark = pytest.mark.anyio


class ByName:
    """Delegates to the expert that the first word names; an expert calls its tool once."""

    def __init__(self) -> None:
        self.chief: list[Situation] = []
        self.experts: list[Situation] = []

    async def decide(self, situation: Situation) -> Act:
        if situation.experts:
            self.chief.append(situation)
            if situation.delegations:
                return Answer(situation.delegations[-1].text)
            name, _, rest = situation.text.partition(" ")
            return Delegate(f"{name}-reader", rest)
        self.experts.append(situation)
        found = [one for one in situation.observations if one.current]
        return Answer(found[0].text) if found else CallTool("echo", {"text": situation.text})


async def test_an_expert_sees_its_own_earlier_results_and_turns_and_nobody_elses() -> None:
    """ORCH-02."""
    reasoner = ByName()
    app = tools_app({"one": NoAuth(), "two": NoAuth()})
    async with LocalPlatform(servers={TOOLS: app}, reasoner=reasoner) as platform:
        chief = await talk(platform, [expert("one-reader", server("one")), expert("two-reader", server("two"))])
        context = (await chief.send("one apples"))["contextId"]
        await chief.send("two pears", context=context)
        await chief.send("one plums", context=context)
    chief_last = reasoner.chief[-2]
    assert [one.data for one in chief_last.observations] == [{"said": "one: apples"}, {"said": "two: pears"}]
    assert len(chief_last.history) == 4
    begun = [one for one in reasoner.experts if not any(found.current for found in one.observations)]
    apples, pears, plums = begun
    assert (apples.text, apples.history, apples.observations) == ("apples", (), ())
    assert (pears.text, pears.history, pears.observations) == ("pears", (), ())
    assert plums.text == "plums"
    assert [one.data for one in plums.observations] == [{"said": "one: apples"}]
    assert [(one.role, one.expert) for one in plums.history] == [(Role.USER, None), (Role.AGENT, "one-reader")]
    assert plums.instructions == ""


def test_what_was_found_for_the_present_message_is_handed_on() -> None:
    """ORCH-01: decomposed work builds on what was found before."""
    mine = Observation("a", {}, "mine", current=False, expert="me")
    theirs = Observation("b", {}, "theirs", current=False, expert="other")
    now = Observation("c", {}, "now", current=True, expert="other")
    situation = Situation(
        "all of it",
        ({"n": 1},),
        "chief's prompt",
        (Utterance(Role.USER, "q"), Utterance(Role.AGENT, "a", "other"), Utterance(Role.AGENT, "b", "me")),
        (mine, theirs, now),
        recalled=(Passage("part", "given"), Passage("artifact", "made", "other"), Passage("artifact", "own", "me")),
    )
    shown = portion(situation, "me", "a piece")
    assert (shown.text, shown.data, shown.instructions) == ("a piece", ({"n": 1},), "")
    assert shown.observations == (mine, now)
    assert [one.text for one in shown.history] == ["b"]
    assert [one.text for one in shown.recalled] == ["given", "own"]
    assert (shown.experts, shown.tools, shown.delegations) == ((), (), ())
