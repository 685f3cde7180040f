"""Approvals in a chain: what is handed on was approved by somebody who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from agentkit.compose import APPROVAL_TYPE, Approval, Caller, Deciders, Loop, Outcome, Proposal, Sequential
from agentkit.compose.workflow import operations
from agentkit.engine import Engine, InlineEngine
from agentkit.errors import SpecError
from agentkit.models import JsonObject, Message, TaskState
from tests.compose.agents import Leaf
from tests.compose.recording import RecordingEngine, Talk

pytestmark = pytest.mark.anyio

ENGINES = pytest.mark.parametrize("make", [InlineEngine, RecordingEngine])


def chain(
    *,
    by: Deciders | None = None,
    proposal: Callable[[Message], Proposal] | None = None,
    expires_in: timedelta | None = None,
) -> tuple[Sequential, Leaf, Leaf]:
    first, last = Leaf("first", "produce"), Leaf("last")
    approval = Approval("sure", question="File this?", by=by, proposal=proposal, expires_in=expires_in)
    return Sequential("chain", [first, approval, last]), first, last


@ENGINES
async def test_what_is_approved_is_handed_on_unchanged(make: Callable[[], Engine]) -> None:
    agent, first, last = chain()
    talk = Talk(agent, make())
    asked = await talk.say("x")
    assert asked.state is TaskState.INPUT_REQUIRED
    assert (asked.metadata or {})["agentkit.agent"] == "chain/sure"
    assert asked.message is not None
    (question,) = asked.message.data
    assert isinstance(question, dict)
    assert question["type"] == APPROVAL_TYPE
    assert question["proposal"] == ["first(x)", {"by": "first"}]
    assert isinstance(question["schema"], dict)
    assert question["schema"]["required"] == ["approved"]

    done = await talk.say(data={"approved": True, "hash": question["hash"]})

    assert done.text == "last(first(x))"
    assert last.heard[0].data == ({"by": "first"},)
    assert len(first.heard) == 1
    record = talk.artifacts["sure/approval"].parts[0].data
    assert isinstance(record, dict)
    assert (record["approved"], record["by"], record["hash"]) == (True, "ann", question["hash"])
    assert datetime.fromisoformat(str(record["at"])).tzinfo is not None


async def test_people_read_what_is_proposed_as_it_was_written() -> None:
    agent, _, _ = chain(proposal=lambda _: ["Note\n- one", {"codes": ["I10"]}])
    asked = await Talk(agent, InlineEngine()).say("x")

    assert asked.text.startswith('File this?\nNote\n- one\n{\n  "codes": [')


@ENGINES
async def test_what_is_declined_ends_the_chain_rejected(make: Callable[[], Engine]) -> None:
    agent, _, last = chain()
    talk = Talk(agent, make())
    await talk.say("x")
    outcome = await talk.say("No, wrong patient.")

    assert outcome.state is TaskState.REJECTED
    assert outcome.text == "sure: Declined: wrong patient"
    assert last.heard == []
    assert talk.artifacts["first/answer"].text == "first(x)"


@ENGINES
@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("yes, but leave out the second", None),
        ("maybe", None),
        (None, {"approved": True, "hash": "0" * 64}),
        (None, {"approved": "yes"}),
        (None, {"answer": 1}),
        ("no", {"approved": True}),
        (None, None),
    ],
)
async def test_what_is_unclear_is_asked_for_again_and_executes_nothing(
    make: Callable[[], Engine], text: str | None, data: JsonObject | None
) -> None:
    agent, _, last = chain()
    talk = Talk(agent, make())
    asked = await talk.say("x")
    again = await talk.say(text, data=data)

    assert again.state is TaskState.INPUT_REQUIRED
    assert again.text.endswith(asked.text)
    assert len(again.text) > len(asked.text)
    assert last.heard == []
    assert (await talk.say("ok")).state is TaskState.COMPLETED


def is_boss(caller: Caller) -> bool:
    return caller.owner == "boss"


@pytest.mark.parametrize("by", ["boss", {"boss"}, is_boss])
async def test_only_who_may_decides(by: Deciders) -> None:
    agent, _, last = chain(by=by)
    talk = Talk(agent, InlineEngine())
    await talk.say("x")
    assert (await talk.say("yes")).text.startswith("You may not decide this.")
    talk.caller = Caller("boss")

    assert (await talk.say("yes")).text == "last(first(x))"
    assert len(last.heard) == 1


async def test_what_was_shown_is_what_is_decided_on() -> None:
    shown = [1]

    def proposal(message: Message) -> list[JsonObject]:
        shown[0] += 1
        return [{"number": shown[0]}]

    agent, _, _ = chain(proposal=proposal)
    talk = Talk(agent, InlineEngine())
    asked = await talk.say("x")
    assert asked.message is not None
    (question,) = asked.message.data
    assert isinstance(question, dict)

    assert (await talk.say(data={"approved": True, "hash": question["hash"]})).state is TaskState.COMPLETED
    assert shown == [2]


async def test_a_decision_that_comes_too_late_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    agent, _, last = chain(expires_in=timedelta(hours=1))
    talk = Talk(agent, InlineEngine())
    asked = await talk.say("x")
    assert asked.message is not None
    question = asked.message.data[0]
    assert isinstance(question, dict)
    assert f"declined after {question['expires']}" in asked.text, "people and programs are told until when"
    monkeypatch.setattr(operations, "now", lambda: datetime.now(UTC) + timedelta(hours=2))
    outcome = await talk.say("yes")

    assert (outcome.state, outcome.text) == (TaskState.REJECTED, "sure: Declined: Nobody decided in time.")
    assert last.heard == []


@pytest.mark.parametrize(("name", "question"), [(" ", "File?"), ("sure", "")])
def test_an_approval_needs_a_name_and_a_question(name: str, question: str) -> None:
    with pytest.raises(SpecError, match="must not be empty"):
        Approval(name, question=question)


def test_an_approval_says_what_it_is() -> None:
    approval = Approval("sure", question="File this?")

    assert approval.description == "Asks for approval: File this?"
    assert [skill.tags for skill in approval.skills] == [("approval",)]


async def test_every_decision_of_a_loop_is_kept() -> None:
    def is_over(_: Outcome) -> bool:
        return talk.turns > 2

    again = Loop("again", [Leaf("draft"), Approval("ok", question="Good?")], until=is_over, at_most=5)
    talk = Talk(again, InlineEngine())
    await talk.say("x")
    await talk.say("yes, early look")
    await talk.say("yes, final look")

    decided = [artifact.parts[0].data for name, artifact in talk.artifacts.items() if "approval" in name]
    assert [one["reason"] for one in decided if isinstance(one, dict)] == ["early look", "final look"]


async def test_a_proposal_that_is_no_json_fails_the_chain() -> None:
    def proposal(message: Message) -> Proposal:
        return {"x": float("nan")}

    agent, _, _ = chain(proposal=proposal)

    assert "What is proposed is not JSON." in (await Talk(agent, InlineEngine()).say("x")).text
