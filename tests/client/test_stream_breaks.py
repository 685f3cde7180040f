"""How a broken stream is resumed: by subscribing, by looking, and for how long (V2-EP-13, V1-TASK-02)."""

from __future__ import annotations

import asyncio

import pytest

from agentkit.credentials import Token
from agentkit.errors import ApiError, ConnectionFailed, NotFoundError, WireError
from agentkit.models import StatusUpdate, Task, TaskState
from tests.client.talking import (
    RESUMPTIONS,
    SIDES,
    STREAMS,
    V1,
    V2_REST,
    V2_RPC,
    Pauses,
    Side,
    as_the_server_has_it,
    content,
    heard,
    story,
    talking_to,
)
from tests.contract.corti_double import (
    Answer,
    CortiDouble,
    Drop,
    Gate,
    Hold,
    Report,
    Shape,
    Turn,
    Usage,
    html,
    in_pieces,
)

pytestmark = pytest.mark.anyio
sides = pytest.mark.parametrize("side", SIDES, ids=str)
resumable = pytest.mark.parametrize("side", [V2_RPC, V2_REST], ids=str)
TURN = Turn("Penicillin.", steps=[Report("Reading."), *in_pieces("a", "b", "c")], usage=Usage(3, 4))
UNKNOWN = "0d7f6a3c-9f0e-4f3f-8f1e-2f4b1f2f7a02"


@resumable
async def test_a_broken_stream_is_resumed_by_subscribing(side: Side) -> None:
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", steps=[Report("Reading."), Hold(gate), Report("Checking.")]))
    double.inject(Shape(cut_after=3), on=STREAMS[side])
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?")
        events = [await anext(stream) for _ in range(3)]
        following = asyncio.create_task(heard(stream))
        await gate.reached()
        await double.stream_signal.until(lambda: double.streams == 2)
        gate.open()
        events += await following
        await as_the_server_has_it(agent, stream, events)
    assert double.streams == 2
    assert [event.status.state for event in events if isinstance(event, StatusUpdate)] == [
        TaskState.WORKING,
        TaskState.WORKING,
        TaskState.WORKING,
        TaskState.COMPLETED,
    ]


async def test_a_broken_stream_of_v1_is_resumed_by_asking_for_the_task() -> None:
    """V1-TASK-02."""
    double = CortiDouble()
    double.agent_answers(TURN)
    double.inject(Shape(cut_after=2), on=STREAMS[V1])
    pauses = Pauses()
    async with talking_to(double, V1, pauses) as agent:
        stream = agent.stream("Any allergies?")
        await heard(stream)
    assert double.streams == 1
    assert [target.split("/v1/")[-1].split("/")[0] for target in double.targets if "/v1/" in target] == ["tasks"]
    assert pauses.seconds == [1.0]


@resumable
@pytest.mark.parametrize(
    "refusal",
    [
        Answer(404, {"error": {"code": 404, "message": "no such task", "status": "NOT_FOUND"}}),
        Answer(501, {"error": {"code": 501, "message": "no", "status": "UNIMPLEMENTED"}}),
        Answer(400, {}),
        html(200, "Welcome"),
        Answer(200, b""),
        Answer(200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "Method not found"}}),
        Answer(200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -32004, "message": "Unsupported"}}),
    ],
    ids=lambda refusal: f"{refusal.status} {refusal.content[:30]!r}",
)
async def test_who_may_not_subscribe_asks_for_the_task(side: Side, refusal: Answer) -> None:
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", steps=[Report("Reading."), Hold(gate), *in_pieces("a", "b", "c")]))
    double.inject(Shape(cut_after=2), on=STREAMS[side])
    double.inject(refusal, on=RESUMPTIONS[side])
    pauses = Pauses()

    async def sleep(seconds: float) -> None:
        await pauses(seconds)
        if len(pauses.seconds) == 3:
            gate.open()

    async with talking_to(double, side, sleep=sleep, max_retries=0) as agent:
        stream = agent.stream("Any allergies?")
        events = await heard(stream)
        await as_the_server_has_it(agent, stream, events)
    assert double.streams == 1
    assert len(pauses.seconds) >= 3


@sides
async def test_a_server_that_is_away_for_a_while_is_waited_for(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(TURN)
    double.inject(Shape(cut_after=3), on=STREAMS[side])
    double.inject(Drop(), html(503), Drop(), html(502), html(504), on=RESUMPTIONS[side])
    pauses = Pauses()
    async with talking_to(double, side, pauses, max_retries=0) as agent:
        stream = agent.stream("Any allergies?")
        events = await heard(stream)
        await as_the_server_has_it(agent, stream, events)
    assert pauses.seconds == pytest.approx([1.0, 1.5, 2.25, 3.375, 5.0, 5.0])


@sides
async def test_a_server_that_stays_away_is_given_up_with_the_last_error(side: Side) -> None:
    double = CortiDouble()
    double.inject(Shape(cut_after=2), on=STREAMS[side])
    double.inject(Drop(), on=RESUMPTIONS[side], times=None)
    pauses = Pauses()
    async with talking_to(double, side, pauses) as agent:
        stream = agent.stream("Any allergies?")
        with pytest.raises(ConnectionFailed):
            await heard(stream)
    assert len(pauses.seconds) == 9
    assert sum(pauses.seconds) < 60


@resumable
async def test_subscriptions_that_end_without_news_are_given_up_for_looking(side: Side) -> None:
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", gate=gate))
    double.inject(Shape(cut_after=2), on=STREAMS[side])
    double.inject(Shape(end_after=1), on=RESUMPTIONS[side], times=100)
    pauses = Pauses()

    async def sleep(seconds: float) -> None:
        await pauses(seconds)
        if len(pauses.seconds) == 20:
            gate.open()

    async with talking_to(double, side, sleep=sleep) as agent:
        stream = agent.stream("Any allergies?")
        events = await heard(stream)
        await as_the_server_has_it(agent, stream, events)
    assert double.streams == 10
    assert len(pauses.seconds) >= 20


async def test_looking_is_refused_for_good() -> None:
    double = CortiDouble()
    double.inject(Shape(cut_after=2), on=STREAMS[V1])
    double.inject(Answer(404, {"code": "task_not_found", "description": "gone"}), on=RESUMPTIONS[V1])
    async with talking_to(double, V1) as agent:
        with pytest.raises(NotFoundError) as caught:
            await heard(agent.stream("Any allergies?"))
    assert caught.value.code == "task_not_found"


@sides
@pytest.mark.parametrize("shape", [Shape(cut_after=0), Shape(cut_after=0, cut_inside=True), Shape(end_after=0)])
async def test_a_stream_that_names_no_task_cannot_be_resumed_and_is_not_sent_again(side: Side, shape: Shape) -> None:
    """CLI-08: whether the work was done is unknown."""
    double = CortiDouble()
    double.inject(shape, on=STREAMS[side])
    async with talking_to(double, side) as agent:
        with pytest.raises(ConnectionFailed, match="unknown") as caught:
            await heard(agent.stream("Any allergies?"))
    assert caught.value.remedy
    assert sum(double.executed.values()) == 1


@sides
async def test_a_state_nobody_knows_ends_a_stream_that_the_server_has_ended(side: Side) -> None:
    """SDKC-06, V1-RPC-04: `final` says that nothing comes; v2 ends its stream."""
    double = CortiDouble()
    double.agent_answers(Turn("Hm.", state="pondering"))
    pauses = Pauses()
    async with talking_to(double, side, pauses) as agent:
        stream = agent.stream("Any allergies?")
        await heard(stream)
    assert stream.reply is not None
    assert (stream.reply.state, stream.reply.text) == (TaskState.UNKNOWN, "Hm.")
    assert not pauses.seconds


@sides
async def test_an_unreadable_event_of_the_first_connection_is_an_error(side: Side) -> None:
    double = CortiDouble()
    double.inject(Shape(garbage_after=2), on=STREAMS[side])
    async with talking_to(double, side) as agent:
        with pytest.raises(WireError):
            await heard(agent.stream("Any allergies?"))


@resumable
async def test_an_unreadable_event_of_a_later_connection_leads_to_looking(side: Side) -> None:
    double = CortiDouble()
    gate = Gate()
    double.agent_answers(Turn("Penicillin.", steps=[Report("Reading."), Hold(gate), Report("Checking.")]))
    double.inject(Shape(cut_after=2), on=STREAMS[side])
    double.inject(Shape(garbage_after=1), on=RESUMPTIONS[side])
    pauses = Pauses()

    async def sleep(seconds: float) -> None:
        await pauses(seconds)
        if len(pauses.seconds) == 2:
            gate.open()

    async with talking_to(double, side, sleep=sleep) as agent:
        stream = agent.stream("Any allergies?")
        events = await heard(stream)
        await as_the_server_has_it(agent, stream, events)


@sides
async def test_a_running_task_is_watched_from_where_it_is(side: Side) -> None:
    gate = Gate()
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", steps=[Report("Reading."), Hold(gate), *in_pieces("a", "b", "c")]))
    pauses = Pauses()

    async def sleep(seconds: float) -> None:
        await pauses(seconds)
        gate.open()

    async with talking_to(double, side, sleep=sleep) as agent:
        reply = await agent.send("Any allergies?", blocking=False)
        assert reply.task is not None
        await gate.reached()
        stream = agent.subscribe(reply.task)
        events = [await anext(stream)]
        gate.open()
        events += await heard(stream)
        kept = await agent.task(reply.task.id)
    assert isinstance(events[0], Task)
    assert story(events).artifacts == content(kept.artifacts) == (("a", "bc"),)
    assert story(events).words == ("Reading.", "Penicillin.")
    assert stream.reply is not None
    assert stream.reply.answer == kept


@sides
async def test_a_settled_task_is_told_as_it_is(side: Side) -> None:
    double = CortiDouble()
    async with talking_to(double, side) as agent:
        reply = await agent.send("Any allergies?")
        assert reply.task is not None
        (event,) = await heard(agent.subscribe(reply.task.id))
        with pytest.raises(ApiError):
            await heard(agent.subscribe(UNKNOWN))
    assert isinstance(event, Task)
    assert event.status == reply.task.status


@sides
async def test_a_credential_of_the_message_is_withheld_from_what_resuming_brings(side: Side) -> None:
    """The server may say it again wherever it refuses."""
    double = CortiDouble()
    double.inject(Shape(cut_after=1), on=STREAMS[side])
    error = {"code": 400, "status": "x t-canary-1", "message": "you sent t-canary-1", "description": "t-canary-1"}
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?", credentials=[Token("ehr", "t-canary-1")])
        await anext(stream)
        double.inject(Answer(400, {"error": error, **error}), times=2)
        with pytest.raises(ApiError) as caught:
            await heard(stream)
    assert "t-canary-1" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert "<hidden>" in str(caught.value)
