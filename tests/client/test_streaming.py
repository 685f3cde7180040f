"""A turn as it happens, over one connection (V1-RPC-02 to V1-RPC-05, V2-SSE-01)."""

from __future__ import annotations

import asyncio
import gc

import httpx2
import pytest

from agentkit.client import AsyncCorti, Corti, EventStream, Reply
from agentkit.errors import BadGatewayError, ConnectionFailed
from agentkit.models import ArtifactUpdate, Event, Message, StatusUpdate, Task, TaskState
from tests.client.connecting import served
from tests.client.talking import (
    SIDES,
    STREAMS,
    V1,
    V2_REST,
    V2_RPC,
    Side,
    added,
    heard,
    story,
    talking_to,
)
from tests.contract.corti_double import (
    CortiDouble,
    Gate,
    Hold,
    Report,
    Turn,
    Usage,
    html,
    in_pieces,
    too_many,
)
from tests.contract.serving import served_in_thread
from tests.deadline import skip

pytestmark = pytest.mark.anyio
sides = pytest.mark.parametrize("side", SIDES, ids=str)

TURN = Turn(
    "Penicillin, 1 g täglich.\u2028Done",
    steps=[Report("Reading.\nStill."), *in_pieces("a-1", "Peni", "cillin")],
    usage=Usage(3, 4, 0.5),
)
CANCEL = {V1: "tasks/cancel", V2_RPC: "CancelTask", V2_REST: ":cancel"}


@sides
async def test_events_come_in_the_servers_order(side: Side) -> None:
    """V1-RPC-03."""
    double = CortiDouble()
    double.agent_answers(TURN)
    async with talking_to(double, side) as agent:
        events = await heard(agent.stream("Any allergies?"))
    kinds = [type(event) for event in events]
    assert kinds == [Task, StatusUpdate, StatusUpdate, ArtifactUpdate, ArtifactUpdate, StatusUpdate]
    pieces = [event for event in events if isinstance(event, ArtifactUpdate)]
    assert [(one.artifact.text, one.append, one.last_chunk) for one in pieces] == [
        ("Peni", False, False),
        ("cillin", True, True),
    ]


@sides
async def test_the_reply_of_a_stream_is_what_send_brings(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(TURN, TURN)
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?")
        assert stream.reply is None
        await heard(stream)
        sent = await agent.send("Any allergies?")
    streamed = _reply(stream)
    assert streamed.state is sent.state is TaskState.COMPLETED
    assert streamed.text == sent.text == TURN.text
    assert [one.artifact_id for one in streamed.artifacts] == [one.artifact_id for one in sent.artifacts]
    assert [one.parts for one in streamed.artifacts] == [one.parts for one in sent.artifacts]
    assert streamed.usage == sent.usage
    assert _history(streamed) == _history(sent)
    assert streamed.answer.metadata == sent.answer.metadata


def _reply(stream: EventStream) -> Reply:
    assert stream.reply is not None
    return stream.reply


def _history(reply: Reply) -> list[str]:
    assert reply.task is not None
    return [message.text for message in reply.task.history]


@sides
async def test_an_answer_that_is_a_message_alone_ends_the_stream(side: Side) -> None:
    """V1-SEND-05."""
    double = CortiDouble()
    double.agent_answers(Turn("Hello.", as_message=True))
    async with talking_to(double, side) as agent:
        stream = agent.stream("Hi")
        (event,) = await heard(stream)
    assert isinstance(event, Message)
    assert stream.reply is not None
    assert (stream.reply.text, stream.reply.task) == ("Hello.", None)


@sides
async def test_a_silent_agent_is_no_timeout(side: Side) -> None:
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", steps=[Hold(gate)]))
    async with talking_to(double, side, max_retries=0) as agent:
        stream = agent.stream("Any allergies?")
        events = [await anext(stream), await anext(stream)]
        waiting = asyncio.ensure_future(_rest(stream))
        await gate.reached()
        await asyncio.sleep(0)
        skip(24 * 3600)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not waiting.done()
        gate.open()
        events += await waiting
    assert double.streams == 1
    assert story(events).end == "completed"


async def _rest(stream: EventStream) -> list[Event]:
    return [event async for event in stream]


@sides
async def test_leaving_a_stream_cancels_nothing_at_the_server(side: Side) -> None:
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=gate))
    async with talking_to(double, side) as agent:
        async with agent.stream("Any allergies?") as stream:
            task = await anext(stream)
        await double.streams_closed()
        gate.open()
        await double.finish()
        assert isinstance(task, Task)
        kept = await agent.task(task.id)
    assert kept.status.state is TaskState.COMPLETED


@sides
@pytest.mark.parametrize("cancels", [False, True])
async def test_a_cancelled_python_task_cancels_the_agents_only_if_asked(side: Side, cancels: bool) -> None:
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=gate))
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?", cancel_on_exit=cancels)
        task = await anext(stream)
        assert isinstance(await anext(stream), StatusUpdate)
        listening = asyncio.create_task(heard(stream))
        await asyncio.sleep(0)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        await double.streams_closed()
        gate.open()
        await double.finish() if not cancels else None
        assert isinstance(task, Task)
        kept = await agent.task(task.id)
    assert kept.status.state is (TaskState.CANCELED if cancels else TaskState.COMPLETED)


@sides
async def test_a_loop_that_is_broken_off_cancels_where_it_was_asked_to(side: Side) -> None:
    """Also when the client is closed right behind the loop."""
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=Gate()))
    async with talking_to(double, side) as agent:
        async for _ in agent.stream("Any allergies?", cancel_on_exit=True):
            break
    assert _cancels(double) == 1


@sides
async def test_a_stream_that_is_closed_cancels_where_it_was_asked_to(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=Gate()))
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?", cancel_on_exit=True)
        task = await anext(stream)
        await stream.aclose()
        assert isinstance(task, Task)
        assert (await agent.task(task.id)).status.state is TaskState.CANCELED
        await stream.aclose()
    assert _cancels(double) == 1


@sides
async def test_a_settled_task_is_not_cancelled(side: Side) -> None:
    double = CortiDouble()
    async with talking_to(double, side) as agent:
        async with agent.stream("Any allergies?", cancel_on_exit=True) as stream:
            await heard(stream)
        async with agent.stream("Any allergies?", cancel_on_exit=True):
            pass
    assert _cancels(double) == 0


@sides
async def test_a_cancel_that_fails_does_not_disturb_who_leaves(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=Gate()))
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?", cancel_on_exit=True)
        await anext(stream)
        double.inject(html(502), times=None)
        await stream.aclose()
    assert _cancels(double) == 3


def _cancels(double: CortiDouble) -> int:
    words = [call.target if call.target.endswith(":cancel") else call.body.decode() for call in double.calls]
    return sum(any(word in text for word in CANCEL.values()) for text in words)


@sides
@pytest.mark.parametrize("cancels", [False, True])
async def test_who_was_cancelled_while_waiting_can_ask_for_the_next_event_later(side: Side, cancels: bool) -> None:
    """A timeout around a single event must not look like the end of the task."""
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", steps=[Hold(gate), Report("Reading.")]))
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?", cancel_on_exit=cancels)
        events = [await anext(stream), await anext(stream)]
        for _ in range(2):
            waiting = asyncio.ensure_future(anext(stream))
            await gate.reached()
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            if cancels:
                break
        gate.open()
        events += await heard(stream)
        assert await heard(stream) == []
    assert story(events).words == (() if cancels else ("Reading.", "Penicillin."))
    assert story(events).end == ("canceled" if cancels else "completed")
    assert list(double.executed.values()) == [1]


@sides
async def test_a_stream_cancelled_before_it_named_a_task_is_not_sent_again(side: Side) -> None:
    """CLI-08: whether the work was done is unknown."""
    double = CortiDouble()
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?")
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(ConnectionFailed, match="named a task"):
            await anext(stream)
        await stream.aclose()
        assert await heard(stream) == []
    assert len(double.messages) <= 1


@sides
async def test_nothing_is_sent_before_the_first_event_is_asked_for(side: Side) -> None:
    double = CortiDouble()
    async with talking_to(double, side) as agent:
        before = len(double.calls)
        stream = agent.stream("Any allergies?")
        assert len(double.calls) == before
        await stream.aclose()
        assert [event async for event in stream] == []


@sides
async def test_a_stream_that_could_not_be_opened_is_asked_for_again_as_it_was(side: Side) -> None:
    """CLI-05, CLI-10: the server finds the turn by its messageId and tells it from the beginning."""
    double = CortiDouble()
    double.agent_answers(TURN)
    double.inject(html(502, when="after"), too_many(0), on=STREAMS[side])
    async with talking_to(double, side) as agent:
        events = await heard(agent.stream("Any allergies?"))
    assert len(events) == 6
    assert len(double.messages) == 3
    assert list(double.executed.values()) == [1]


@sides
async def test_a_stream_that_must_be_opened_at_most_once_is_not_asked_for_again(side: Side) -> None:
    """CLI-10: only a rate limit says that nothing was done."""
    double = CortiDouble()
    double.deduplicates = False
    double.inject(too_many(0), html(502, when="after"), on=STREAMS[side])
    async with talking_to(double, side) as agent:
        with pytest.raises(BadGatewayError):
            await heard(agent.stream("Any allergies?", at_most_once=True))
    assert len(double.messages) == 2
    assert list(double.executed.values()) == [1]


@pytest.mark.parametrize("side", [V1, V2_RPC], ids=str)
def test_the_blocking_stream_is_an_iterator(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(TURN)
    with served(double, generation=side.generation) as corti:
        agent = corti.agents.get(added(double, side))
        with agent.stream("Any allergies?") as stream:
            events = list(stream)
    assert len(events) == 6
    assert stream.reply is not None
    assert stream.reply.text == TURN.text


@pytest.mark.parametrize("side", [V1, V2_RPC], ids=str)
def test_a_blocking_loop_that_is_left_cancels_where_it_was_asked_to(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=Gate()))
    with served(double, generation=side.generation) as corti:
        agent = corti.agents.get(added(double, side))
        with agent.stream("Any allergies?", cancel_on_exit=True) as stream:
            task = next(stream)
        assert isinstance(task, Task)
        assert agent.task(task.id).status.state is TaskState.CANCELED


def test_a_silent_agent_is_no_timeout_for_a_blocking_client() -> None:
    """Only opening has a limit; it is lifted when the stream is open."""
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        if request.method == "GET":
            return httpx2.Response(200, json={"type": "reference", "name": "n"})
        return httpx2.Response(200, headers={"content-type": "text/event-stream"})

    transport = httpx2.MockTransport(answer)
    with Corti(base_url="http://127.0.0.1:8700", token="t", transport=transport, timeout=7) as corti:
        stream = corti.agents.get("a").stream("hi")
        with pytest.raises(ConnectionFailed):
            next(stream)
    assert [request.extensions["timeout"]["read"] for request in asked] == [7, None]


@pytest.mark.parametrize("cancels", [False, True])
@pytest.mark.parametrize("side", SIDES, ids=str)
def test_a_stream_that_nobody_closed_ends_with_its_client(side: Side, cancels: bool) -> None:
    """Left to the end of the event loop, it would want to close its connection when there is no loop any more."""
    troubles: list[object] = []
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=gate))

    async def main(url: str) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: troubles.append(context))
        client = AsyncCorti(base_url=url, token=double.token(), generation=side.generation, binding=side.binding)
        async with client as corti:
            agent = await corti.agents.get(added(double, side))
            stream = agent.stream("Any allergies?", cancel_on_exit=cancels)
            async for _ in stream:
                break

    with served_in_thread(double) as url:
        asyncio.run(main(url))
        gate.open()
    gc.collect()
    assert not troubles
