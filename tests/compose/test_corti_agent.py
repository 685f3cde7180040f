"""An agent at Corti as a leaf: a Corti context per conversation, credentials on its first message, states surfacing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from uuid import UUID

import anyio
import pytest

from agentkit.client import AgentHandle
from agentkit.compose import CONTINUATION_KEY, Caller, CortiAgent, Outcome, RunContext, ShortState, collect
from agentkit.compose import Usage as ComposeUsage
from agentkit.credentials import NO_CREDENTIALS, Credentials, Token
from agentkit.engine import InlineEngine
from agentkit.errors import NotFoundError, RequestTimeout, SpecError, UnknownOutcome
from agentkit.models import ArtifactUpdate, Event, JsonObject, Message, Role, StatusUpdate, TaskState
from tests.client.connecting import connected
from tests.contract.corti_double import Answer, CortiDouble, Gate, Hold, Report, Turn, Usage, in_pieces
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

RUN = "22222222-5e6f-4a7b-8c9d-0e1f2a3b4c03"
EHR = {
    "name": "ehr",
    "transportType": "streamable_http",
    "authorizationType": "bearer",
    "url": "https://mcp.example.org/ehr/mcp",
}


def task(text: str, **more: Any) -> dict[str, Any]:
    """A completed task of an agent that says this."""
    message = {"kind": "message", "role": "agent", "messageId": "m-1", "parts": [{"kind": "text", "text": text}]}
    return {
        "kind": "task",
        "id": "t-1",
        "contextId": "c-1",
        "status": {"state": "completed", "message": message},
        **more,
    }


STATES: dict[tuple[str, str, str], ShortState] = {}
"""What conversations know, as the task service keeps it."""


@pytest.fixture(autouse=True)
def forgetful() -> None:
    STATES.clear()


def context(
    conversation: str = "ours-1",
    *,
    owner: str = "me",
    tenant: str = "base",
    credentials: Credentials = NO_CREDENTIALS,
    continuation: JsonObject | None = None,
) -> RunContext:
    return RunContext(
        context_id=conversation,
        task_id=RUN,
        caller=Caller(owner=owner, tenant=tenant),
        engine=InlineEngine(),
        state=STATES.setdefault((tenant, owner, conversation), ShortState()),
        credentials=credentials,
        resumed=continuation is not None,
        path=("chain", "corti"),
        continuation=continuation,
    )


@pytest.fixture
def double() -> CortiDouble:
    return CortiDouble()


@pytest.fixture
async def handle(double: CortiDouble) -> AsyncGenerator[AgentHandle]:
    expert = {"type": "new", "name": "record-reader", "description": "Reads the record", "mcpServers": [EHR]}
    async with connected(double, max_retries=0) as corti:
        yield await corti.agents.get(double.add_agent(experts=[expert]))


async def _events(agent: CortiAgent, message: Message, context: RunContext) -> list[Event]:
    return [event async for event in agent.run(message, context)]


def _auth(message: dict[str, Any]) -> list[str]:
    """The servers that got a credential in a message."""
    return [part["data"]["mcp_name"] for part in message["parts"] if "mcp_name" in part.get("data", {})]


async def test_it_takes_name_and_description_from_corti_unless_told_otherwise(handle: AgentHandle) -> None:
    agent = CortiAgent(handle)
    assert (agent.name, agent.description) == ("visit-helper", "Answers questions about one visit")
    assert [(skill.id, skill.name) for skill in agent.skills] == [(handle.id, "visit-helper")]
    named = CortiAgent(handle, name="helper", description="Helps")
    assert (named.name, named.description) == ("helper", "Helps")


async def test_a_completed_task_yields_its_artifacts_and_a_final_message(
    handle: AgentHandle, double: CortiDouble
) -> None:
    twice = [{"artifactId": "r1", "parts": [{"kind": "text", "text": text}]} for text in ("old", "new")]
    double.inject(Answer(200, {"task": task("Penicillin.", artifacts=twice)}))
    result, final = await _events(CortiAgent(handle), Message.user("Any allergies?"), context())
    assert isinstance(result, ArtifactUpdate)
    assert (result.artifact.text, result.task_id, result.context_id) == ("new", RUN, "ours-1")
    assert isinstance(final, StatusUpdate)
    said = final.status.message
    assert said is not None
    assert (said.text, said.role, said.task_id, said.context_id) == ("Penicillin.", Role.AGENT, RUN, "ours-1")


async def test_a_completed_task_without_words_completes_without_a_message(
    handle: AgentHandle, double: CortiDouble
) -> None:
    double.agent_answers(Turn())
    outcome = await collect(CortiAgent(handle), Message.user("hi"), context())
    assert (outcome.state, outcome.message) == (TaskState.COMPLETED, None)


async def test_a_message_alone_is_the_final_message(handle: AgentHandle, double: CortiDouble) -> None:
    double.agent_answers(Turn("Penicillin.", as_message=True))
    outcome = await collect(CortiAgent(handle), Message.user("hi"), context())
    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "Penicillin.")


async def test_only_the_parts_go_out_as_a_user_message(handle: AgentHandle, double: CortiDouble) -> None:
    inbound = Message.agent("From the agent before", data=[{"a": 1}], context_id="ours-1", task_id=RUN)
    await collect(CortiAgent(handle), inbound, context())
    (sent,) = double.messages
    assert set(sent) == {"kind", "role", "messageId", "parts"}
    assert sent["role"] == "user"
    assert sent["parts"] == [
        {"kind": "text", "text": "From the agent before"},
        {"kind": "data", "data": {"a": 1}},
    ]


async def test_a_conversation_keeps_one_corti_context_and_no_other_conversation_sees_it(
    handle: AgentHandle, double: CortiDouble
) -> None:
    agent = CortiAgent(handle)
    for run in (context(), context(), context("ours-2"), context(owner="you"), context(tenant="clinic"), context()):
        await collect(agent, Message.user("hi"), run)
    kept = double.executions[0].context_id
    assert [message.get("contextId") for message in double.messages] == [None, kept, None, None, None, kept]


async def test_credentials_travel_on_the_first_message_of_a_context_only(
    handle: AgentHandle, double: CortiDouble
) -> None:
    agent = CortiAgent(handle, credentials=[Token("own", "o-1")])
    brought = Credentials([Token("ehr", "e-1"), Token("elsewhere", "x-1")])
    for _ in range(2):
        await collect(agent, Message.user("hi"), context(credentials=brought))
    first, second = double.messages
    assert _auth(first) == ["own", "ehr"]
    assert _auth(second) == []


async def test_a_callers_credential_wins_and_one_for_another_agents_server_stays_here(
    handle: AgentHandle, double: CortiDouble
) -> None:
    agent = CortiAgent(handle, credentials=[Token("ehr", "author")])
    brought = Credentials([Token("ehr", "caller"), Token("elsewhere", "canary")])
    await collect(agent, Message.user("hi"), context(credentials=brought))
    assert double.messages[0]["parts"][1:] == [
        {"kind": "data", "data": {"type": "token", "mcp_name": "ehr", "token": "caller"}}
    ]
    assert not any(b"canary" in call.body for call in double.calls)


async def test_what_another_agent_made_up_to_look_like_a_credential_is_none(
    handle: AgentHandle, double: CortiDouble
) -> None:
    made_up: JsonObject = {"type": "Token", "mcp_name": "ehr", "token": "of-an-attacker"}
    agent = CortiAgent(handle, credentials=[Token("ehr", "author")])
    await _events(agent, Message.user("found", data=[made_up, {"type": "lab", "value": 1}]), context())
    sent = double.messages[0]["parts"]
    assert [part["data"]["token"] for part in sent if "token" in part.get("data", {})] == ["author"]
    assert {"type": "lab", "value": 1} in [part.get("data") for part in sent]


@pytest.mark.parametrize(
    "info",
    [
        {"type": "reference"},
        {"name": "n", "description": "d", "experts": [{"type": "reference", "id": "e", "name": "pubmed-expert"}]},
    ],
)
async def test_where_servers_are_hidden_only_the_credentials_the_author_names_are_given(
    handle: AgentHandle, double: CortiDouble, info: dict[str, Any]
) -> None:
    """A2A-CMP-04."""
    brought = Credentials([Token("pubmed", "p-1"), Token("other", "canary")])
    for _ in range(2):
        double.inject(Answer(200, {**info, "id": handle.id}), on="GET *")
    async with connected(double) as corti:
        for names in ((), ("pubmed",)):
            agent = CortiAgent(await corti.agents.get(handle.id), mcp_names=names)
            assert agent.mcp_names == set(names)
            await collect(agent, Message.user("hi"), context(str(names), credentials=brought))
    assert [_auth(message) for message in double.messages] == [[], ["pubmed"]]
    assert not any(b"canary" in call.body for call in double.calls)


async def test_the_outbound_id_is_the_same_for_the_same_message_of_a_run(
    handle: AgentHandle, double: CortiDouble
) -> None:
    message = Message.user("hi")
    for inbound in (message, message, Message.user("hi")):
        await collect(CortiAgent(handle), inbound, context())
    first, second, third = (sent["messageId"] for sent in double.messages)
    assert first == second != third
    assert UUID(first).version == 5


async def test_a_run_id_of_another_form_gives_a_stable_outbound_id_too(
    handle: AgentHandle, double: CortiDouble
) -> None:
    message = Message.user("hi")
    for run_id in ("run-1", "run-1", "run-2"):
        await collect(CortiAgent(handle), message, replace(context(), task_id=run_id))
    first, second, third = (sent["messageId"] for sent in double.messages)
    assert first == second != third


async def test_a_question_surfaces_and_its_answer_continues_the_same_task_after_a_restart(
    handle: AgentHandle, double: CortiDouble
) -> None:
    double.agent_answers(Turn("Which patient?", "input-required"))
    asked = await collect(CortiAgent(handle), Message.user("Any allergies?"), context())
    assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "Which patient?")
    restarted = CortiAgent(handle, credentials=[Token("ehr", "e-1")])
    answered = await collect(restarted, Message.user("Jane"), context(continuation=asked.continuation))
    assert answered.text == "Penicillin."
    first, sent = double.executions[0], double.messages[1]
    assert (sent["contextId"], sent["taskId"], _auth(sent)) == (first.context_id, first.task_id, [])
    await collect(restarted, Message.user("And her medications?"), context())
    assert (double.messages[2]["contextId"], "taskId" in double.messages[2]) == (first.context_id, False)


async def test_a_missing_credential_surfaces_and_its_arrival_repeats_the_question_in_a_new_context(
    handle: AgentHandle, double: CortiDouble
) -> None:
    agent = CortiAgent(handle)
    double.agent_answers(*[Turn("ehr wants a token", "auth-required")] * 2)
    asked = await collect(agent, Message.user("Any allergies?", data=[{"a": 1}]), context())
    assert (asked.state, asked.text) == (TaskState.AUTH_REQUIRED, "ehr wants a token")
    again = await collect(agent, Message(role=Role.USER, parts=()), context(continuation=asked.continuation))
    assert again.state is TaskState.AUTH_REQUIRED
    await collect(
        agent,
        Message.user("here"),
        context(continuation=again.continuation, credentials=Credentials([Token("ehr", "e-1")])),
    )
    sent = double.messages[2]
    assert "contextId" not in sent
    assert "taskId" not in sent
    assert [part.get("text") for part in sent["parts"]] == ["Any allergies?", None, "here", None]
    assert _auth(sent) == ["ehr"]


async def test_the_continuation_holds_no_credential(handle: AgentHandle, double: CortiDouble) -> None:
    double.agent_answers(Turn("wrong token", "auth-required"))
    run = context(credentials=Credentials([Token("ehr", "canary")]))
    (event,) = await _events(CortiAgent(handle), Message.user("hi"), run)
    assert isinstance(event, StatusUpdate)
    assert event.metadata is not None
    assert "canary" not in str(event.metadata[CONTINUATION_KEY])


@pytest.mark.parametrize("state", ["failed", "rejected", "canceled"])
async def test_a_task_that_ended_badly_fails_the_turn_with_what_corti_said(
    handle: AgentHandle, double: CortiDouble, state: str
) -> None:
    double.agent_answers(Turn("The record is locked.", state))
    outcome = await collect(CortiAgent(handle), Message.user("hi"), context())
    assert (outcome.state, outcome.text) == (TaskState.FAILED, "The record is locked.")


async def test_a_task_that_ended_badly_without_words_names_agent_and_state(
    handle: AgentHandle, double: CortiDouble
) -> None:
    double.agent_answers(Turn(state="rejected"))
    outcome = await collect(CortiAgent(handle), Message.user("hi"), context())
    assert outcome.state is TaskState.FAILED
    assert "visit-helper ended its task rejected" in outcome.text


async def test_a_task_left_running_is_followed_to_its_end(handle: AgentHandle, double: CortiDouble) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        double.inject(Answer(200, task("Later.")), on="GET */tasks/*")

    double.agent_answers(Turn(state="working"))
    outcome = await collect(CortiAgent(handle, sleep=sleep), Message.user("hi"), context())
    assert outcome.text == "Later."
    assert pauses == [1.0]
    assert double.targets[-1].endswith(f"/v1/tasks/{double.executions[0].task_id}")


async def test_a_task_that_never_ends_is_given_up(handle: AgentHandle, double: CortiDouble) -> None:
    double.agent_answers(Turn(state="working"))
    with pytest.raises(RequestTimeout, match="patience="):
        await _events(CortiAgent(handle, patience=0), Message.user("hi"), context())


async def test_a_lost_corti_context_is_forgotten_so_that_the_next_message_begins_anew(
    handle: AgentHandle, double: CortiDouble
) -> None:
    agent = CortiAgent(handle, credentials=[Token("ehr", "e-1")])
    await collect(agent, Message.user("hi"), context())
    lost = double.v1.contexts[double.executions[0].context_id]
    double.v1.forget(lost)
    with pytest.raises(NotFoundError):
        await _events(agent, Message.user("hi"), context())
    await collect(agent, Message.user("hi"), context())
    assert [message.get("contextId") for message in double.messages] == [None, lost.id, None]
    assert _auth(double.messages[2]) == ["ehr"]


async def test_two_first_messages_at_once_open_one_corti_context(handle: AgentHandle, double: CortiDouble) -> None:
    agent = CortiAgent(handle)
    with anyio.fail_after(HANG):
        await asyncio.gather(*(collect(agent, Message.user("hi"), context()) for _ in range(3)))
    kept = double.executions[0].context_id
    assert [message.get("contextId") for message in double.messages] == [None, kept, kept]


async def test_an_unreadable_continuation_fails_the_turn(handle: AgentHandle, double: CortiDouble) -> None:
    outcome: Outcome = await collect(
        CortiAgent(handle), Message.user("hi"), context(continuation={"parts": [{"text": 1}]})
    )
    assert outcome.state is TaskState.FAILED
    assert not double.messages


async def test_v1_has_no_cancel_so_its_task_is_left_alone(handle: AgentHandle, double: CortiDouble) -> None:
    """V1-TASK-02."""
    double.agent_answers(Turn("Which patient?", "input-required"))
    asked = await collect(CortiAgent(handle), Message.user("hi"), context())
    before = len(double.calls)
    await CortiAgent(handle).cancel(context(continuation=asked.continuation))
    assert len(double.calls) == before


async def test_what_a_turn_cost_is_told(handle: AgentHandle, double: CortiDouble) -> None:
    """V1-OBJ-21."""
    double.agent_answers(Turn("Yes.", usage=Usage(30, 4, 0.5)), Turn("No.", "failed", usage=Usage(1, 1, 0.25)))
    times = iter([10.0, 12.5, 20.0, 21.0])
    agent = CortiAgent(handle, clock=lambda: next(times))
    done = await collect(agent, Message.user("hi"), context())
    failed = await collect(agent, Message.user("hi"), context())
    assert (done.metadata or {})["agentkit.usage"] == {
        "credits": 0.5,
        "inputTokens": 30,
        "outputTokens": 4,
        "seconds": 2.5,
    }
    assert ComposeUsage.of(failed.metadata) == ComposeUsage(0.25, 1, 1, 1.0)


async def test_a_conversation_goes_on_after_a_restart(handle: AgentHandle, double: CortiDouble) -> None:
    await collect(CortiAgent(handle), Message.user("hi"), context())
    await collect(CortiAgent(handle), Message.user("and?"), context())
    assert double.messages[1]["contextId"] == double.executions[0].context_id


async def test_a_lost_answer_is_looked_up_by_the_id_of_the_message(handle: AgentHandle, double: CortiDouble) -> None:
    agent, lost = CortiAgent(handle), Message.user("Any allergies?")
    await collect(agent, Message.user("hi"), context())
    sent = await collect(agent, lost, context())
    found = await agent.look_up(lost, context())
    assert found is not None
    assert (found.state, found.text) == (sent.state, sent.text)
    assert await agent.look_up(Message.user("never sent"), context()) is None
    assert len(double.executions) == 2


async def test_a_question_that_was_lost_is_found_with_its_place(handle: AgentHandle, double: CortiDouble) -> None:
    agent, lost = CortiAgent(handle), Message.user("Any allergies?")
    await collect(agent, Message.user("hi"), context())
    double.agent_answers(Turn("Which patient?", "input-required"))
    await collect(agent, lost, context())
    found = await agent.look_up(lost, context())
    assert found is not None
    answered = await collect(agent, Message.user("Jane"), context(continuation=found.continuation))
    assert (found.state, answered.state) == (TaskState.INPUT_REQUIRED, TaskState.COMPLETED)
    assert double.executions[-1].task_id == double.executions[1].task_id


async def test_where_corti_cannot_tell_the_outcome_is_unknown(handle: AgentHandle, double: CortiDouble) -> None:
    agent, lost = CortiAgent(handle), Message.user("hi")
    with pytest.raises(UnknownOutcome, match="first message"):
        await agent.look_up(lost, context())
    await collect(agent, lost, context())
    kept = double.v1.contexts[double.executions[0].context_id]
    for one in kept.tasks:
        one.history.clear()
    with pytest.raises(UnknownOutcome, match="does not show"):
        await agent.look_up(lost, context())
    double.v1.forget(kept)
    with pytest.raises(UnknownOutcome, match="forgotten"):
        await agent.look_up(lost, context())


async def test_what_is_missing_is_named(handle: AgentHandle, double: CortiDouble) -> None:
    """A2A-CMP-02."""
    double.agent_answers(Turn("ehr wants a token", "auth-required"))
    asked = await collect(CortiAgent(handle), Message.user("hi"), context())
    assert (asked.metadata or {})["mcp_name"] == "ehr"


async def test_names_are_a_list(handle: AgentHandle) -> None:
    with pytest.raises(SpecError, match="mcp_names"):
        CortiAgent(handle, mcp_names="ehr")


@pytest.fixture
async def streaming(double: CortiDouble) -> AsyncGenerator[AgentHandle]:
    async with connected(double, max_retries=0, generation="v2") as corti:
        yield await corti.agents.get(double.add_v2_agent())


async def test_v2_is_streamed_partial_text_and_artifacts_come_up(streaming: AgentHandle, double: CortiDouble) -> None:
    double.agent_answers(
        Turn("Done.", steps=[Report("Reading."), *in_pieces("a-1", "Peni", "cillin")], usage=Usage(3, 4, 0.5))
    )
    events = await _events(CortiAgent(streaming), Message.user("Any allergies?"), context())
    pieces = [event for event in events if isinstance(event, ArtifactUpdate)]
    assert [(one.artifact.text, one.append, one.task_id) for one in pieces] == [
        ("Peni", False, RUN),
        ("cillin", True, RUN),
    ]
    said = [event.status.message.text for event in events if isinstance(event, StatusUpdate) and event.status.message]
    assert said == ["Reading.", "Done."]
    last = events[-1]
    assert isinstance(last, StatusUpdate)
    assert ComposeUsage.of(last.metadata).credits == 0.5


async def test_cancelling_reaches_the_running_task_of_v2(streaming: AgentHandle, double: CortiDouble) -> None:
    """A2A-CMP-01."""
    gate, agent = Gate(), CortiAgent(streaming)
    double.agent_answers(Turn("never", steps=[Report("Reading."), Hold(gate)]))
    begun = asyncio.Event()

    async def run() -> None:
        async for event in agent.run(Message.user("hi"), context()):
            if isinstance(event, StatusUpdate):
                begun.set()

    with anyio.fail_after(HANG):
        turn = asyncio.create_task(run())
        await begun.wait()
        turn.cancel()
        await asyncio.wait([turn])
        await agent.cancel(context())
    (task,) = double.v2.tasks.values()
    assert task.state == "canceled"
    before = len(double.calls)
    await agent.cancel(context())
    assert len(double.calls) == before


async def test_cancelling_one_of_several_running_turns_leaves_the_others_alone(
    streaming: AgentHandle, double: CortiDouble
) -> None:
    """A2A-CMP-01: turns of one conversation, of another run and of the same one."""
    gate, agent = Gate(), CortiAgent(streaming)
    await collect(agent, Message.user("hi"), context())
    places = [
        replace(context(), run_id="run-1", rounds=(1,)),
        replace(context(), run_id="run-1", rounds=(2,)),
        replace(context(), run_id="run-2"),
    ]

    async def run(place: RunContext, begun: asyncio.Event) -> None:
        async for event in agent.run(Message.user("hi"), place):
            if isinstance(event, StatusUpdate):
                begun.set()

    with anyio.fail_after(HANG):
        turns: list[asyncio.Task[None]] = []
        for place in places:
            double.agent_answers(Turn("never", steps=[Report("Reading."), Hold(gate)]))
            begun = asyncio.Event()
            turns.append(asyncio.create_task(run(place, begun)))
            await begun.wait()
        for turn in turns:
            turn.cancel()
        await asyncio.wait(turns)
        _, first, second, other = double.v2.tasks.values()
        await agent.cancel(replace(context(), run_id="run-3"))
        await agent.cancel(places[0])
        assert [one.state for one in (first, second, other)] == ["canceled", "working", "working"]
        # A whole run is cancelled without the rounds of its calls.
        await agent.cancel(replace(context(), run_id="run-1"))
        assert [one.state for one in (first, second, other)] == ["canceled", "canceled", "working"]


async def test_cancelling_reaches_the_waiting_task_of_v2(streaming: AgentHandle, double: CortiDouble) -> None:
    """A2A-CMP-01."""
    double.agent_answers(Turn("Which patient?", "input-required"))
    asked = await collect(CortiAgent(streaming), Message.user("hi"), context())
    await CortiAgent(streaming).cancel(context(continuation=asked.continuation))
    (task,) = double.v2.tasks.values()
    assert task.state == "canceled"
    await CortiAgent(streaming).cancel(context(continuation=asked.continuation))


async def test_a_lost_answer_of_v2_is_looked_up(streaming: AgentHandle, double: CortiDouble) -> None:
    agent, lost = CortiAgent(streaming), Message.user("Any allergies?")
    await collect(agent, Message.user("hi"), context())
    await collect(agent, lost, context())
    found = await agent.look_up(lost, context())
    assert found is not None
    assert (found.state, found.text) == (TaskState.COMPLETED, "Penicillin.")
    assert await agent.look_up(Message.user("never sent"), context()) is None
