"""A turn that a crash interrupted on a durable engine: looked up, followed, or explicitly unknown; never sent twice."""

from __future__ import annotations

from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

import anyio
import httpx2
import pytest
from starlette.responses import Response

from agentkit.a2a.card import IDEMPOTENT_SEND_EXTENSION
from agentkit.a2a.remote import RemoteAgent, remote_agent
from agentkit.compose import RunContext, ShortState, Usage
from agentkit.compose.facets import effect_of
from agentkit.compose.usage import Meter
from agentkit.engine import InlineEngine
from agentkit.errors import UnknownOutcome
from agentkit.models import Message, TaskState
from tests.a2a.remote.parts import (
    URL,
    HandMade,
    made_card,
    no_sleep,
    pool,
    refused,
    result,
    status,
    streamed,
    task,
    turn,
)
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

MESSAGE = Message.user("hello")
DONE = result(task("COMPLETED", text="done"))


class Durable(InlineEngine):
    """An engine that remembers, as far as a remote agent can tell."""

    @property
    def durable(self) -> bool:
        return True


def started(state: ShortState) -> RunContext:
    """The context of the same turn, before and after the crash."""
    return turn(state, engine=Durable(), task_id="11111111-1111-4111-8111-111111111111")


def agent_at(peer: HandMade) -> RemoteAgent:
    return remote_agent(URL, name="peer", http=pool(peer.app), sleep=no_sleep)


async def crash_after(agent: RemoteAgent, context: RunContext, updates: int, message: Message = MESSAGE) -> None:
    """Run a turn and lose the process when some updates have come up."""
    with anyio.fail_after(HANG):
        async with aclosing(agent.run(message, context)) as run:
            for _ in range(updates):
                await anext(run)


async def lost(_call: dict[str, Any]) -> Response:
    raise httpx2.ReadError("the connection broke")


async def crash_in_send(agent: RemoteAgent, context: RunContext) -> None:
    with anyio.fail_after(HANG), suppress(UnknownOutcome, httpx2.ReadError):
        async for _ in agent.run(MESSAGE, context):
            pytest.fail("nothing came")


def working(**others: Any) -> HandMade:
    until = anyio.Event()
    opening = streamed({"task": task("WORKING")}, status("WORKING", text="on it"), until=until)
    return HandMade({"SendStreamingMessage": [opening]} | {name: [answer] for name, answer in others.items()})


async def test_a_task_that_is_known_is_followed_to_its_end() -> None:
    peer, state = working(GetTask=DONE), ShortState()
    await crash_after(agent_at(peer), started(state), 1)
    found = await agent_at(peer).look_up(MESSAGE, started(state))
    assert found is not None
    assert (found.state, found.text) == (TaskState.COMPLETED, "done")
    assert peer.methods() == ["SendStreamingMessage", "GetTask"]


async def test_stopping_the_process_does_not_cancel_the_remote_task_but_cancelling_does() -> None:
    peer, state = working(CancelTask=result(task("CANCELED"))), ShortState()
    agent = agent_at(peer)
    await crash_after(agent, started(state), 1)
    assert peer.methods() == ["SendStreamingMessage"]
    await agent.cancel(started(state))
    assert peer.methods()[-1] == "CancelTask"


async def test_cancelling_in_another_process_finds_the_task_in_the_conversation() -> None:
    peer, state = working(CancelTask=result(task("CANCELED"))), ShortState()
    await crash_after(agent_at(peer), started(state), 1)
    await agent_at(peer).cancel(started(state))
    assert peer.asked[-1]["params"]["id"] == "t-1"


async def test_cancelling_a_run_in_another_process_finds_all_its_calls() -> None:
    """A2A-CMP-01: a workflow that calls the same agent twice at once."""
    peer, state = working(CancelTask=result(task("CANCELED"))), ShortState()
    for number in (1, 2):
        until = anyio.Event()
        opening = {"task": task("WORKING", task_id=f"t-{number}")}
        told = status("WORKING", task_id=f"t-{number}", text="on it")
        peer.answers["SendStreamingMessage"] = [streamed(opening, told, until=until)]
        await crash_after(agent_at(peer), replace(started(state), rounds=(number,)), 1, Message.user("hello"))
    await agent_at(peer).cancel(started(state))
    assert {call["params"].get("id") for call in peer.asked if call["method"] == "CancelTask"} == {"t-1", "t-2"}


async def test_what_a_looked_up_turn_used_is_told_once() -> None:
    """By its outcome; whoever looked it up counts that."""
    cost = {"agentkit.usage": {"credits": 2.0}}
    peer, state = working(GetTask=result(task("COMPLETED", text="done", metadata=cost))), ShortState()
    await crash_after(agent_at(peer), started(state), 1)
    meter = Meter()
    found = await agent_at(peer).look_up(MESSAGE, replace(started(state), meter=meter))
    assert found is not None
    assert Usage.of(found.metadata).credits == 2.0
    assert meter.total.credits == 0


async def test_a_run_that_is_entered_again_follows_what_it_sent() -> None:
    peer, state = working(GetTask=DONE), ShortState()
    await crash_after(agent_at(peer), started(state), 1)
    with anyio.fail_after(HANG):
        again = [update async for update in agent_at(peer).run(MESSAGE, started(state))]
    assert again
    assert peer.methods().count("SendStreamingMessage") == 1


async def test_what_was_never_sent_surely_did_not_happen() -> None:
    assert await agent_at(HandMade({})).look_up(MESSAGE, started(ShortState())) is None


async def test_a_lost_send_is_found_by_its_message_id() -> None:
    async def listed(call: dict[str, Any]) -> Response:
        sent = peer.asked[0]["params"]["message"]
        return await result({"tasks": [task("WORKING", task_id="t-0"), task("WORKING", history=[sent])]})(call)

    peer, state = HandMade({"SendMessage": [lost], "ListTasks": [refused(-32603)], "GetTask": [DONE]}), ShortState()
    peer.card = made_card(capabilities={"streaming": False})
    await crash_in_send(agent_at(peer), started(state))
    peer.answers["ListTasks"] = [listed]
    found = await agent_at(peer).look_up(MESSAGE, started(state))
    assert found is not None
    assert found.text == "done"
    assert peer.methods().count("SendMessage") == 1


async def test_a_lost_send_that_cannot_be_found_is_an_unknown_outcome() -> None:
    peer, state = HandMade({"SendMessage": [lost], "ListTasks": [result({"tasks": []})]}), ShortState()
    peer.card = made_card(capabilities={"streaming": False})
    await crash_in_send(agent_at(peer), started(state))
    with pytest.raises(UnknownOutcome):
        await agent_at(peer).look_up(MESSAGE, started(state))


async def test_an_agent_that_knows_repetitions_gets_the_very_same_send_again() -> None:
    """Also where another turn has got the conversation its remote context meanwhile: that would be another send."""
    extensions = [{"uri": IDEMPOTENT_SEND_EXTENSION}]
    peer, state = HandMade({"SendMessage": [lost]}), ShortState()
    peer.card = made_card(capabilities={"streaming": False, "extensions": extensions})
    with suppress(Exception):
        await crash_in_send(agent_at(peer), started(state))
    before = [call["params"] for call in peer.asked]
    peer.answers["SendMessage"] = [result({"task": task("COMPLETED", text="other")})]
    async for _ in agent_at(peer).run(Message.user("another"), turn(state, engine=Durable())):
        pass
    peer.answers["SendMessage"] = [result({"task": task("COMPLETED", text="done")})]
    assert await agent_at(peer).look_up(MESSAGE, started(state)) is None
    async for _ in agent_at(peer).run(MESSAGE, started(state)):
        pass
    assert peer.asked[-1]["params"] == before[0]


def test_a_remote_agent_says_that_it_can_be_asked() -> None:
    assert effect_of(remote_agent(URL)) == "lookup"
