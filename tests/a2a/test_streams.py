"""Streams on both bindings (A2A-STR, A2A-SUB, A2A-HTTP-05, A2A-HTTP-06)."""

from __future__ import annotations

import anyio
import httpx2
import pytest
from anyio.abc import TaskStatus

from agentkit.a2a import build_card
from tests.a2a.desk import (
    URL,
    Desk,
    Peer,
    RestPeer,
    RpcPeer,
    StreamEvent,
    all_events,
    http_client,
    message,
    refused,
    served_desk,
)
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def test_a_stream_is_the_task_then_updates_to_the_end_a2a_str_02_str_05(peer: Peer) -> None:
    with anyio.fail_after(HANG):
        events = await all_events(peer.stream("SendStreamingMessage", message("chunks")))
    assert [event.kind for event in events] == [
        "task",
        "statusUpdate",
        "artifactUpdate",
        "artifactUpdate",
        "statusUpdate",
    ]
    assert events[1].state == "TASK_STATE_WORKING"
    first, last = (event.data["artifactUpdate"] for event in events[2:4])
    assert "append" not in first
    assert (last["append"], last["lastChunk"]) == (True, True)
    assert events[-1].state == "TASK_STATE_COMPLETED"
    assert "final" not in events[-1].data["statusUpdate"]
    task = events[0].data["task"]
    assert all(event.data[event.kind]["taskId"] == task["id"] for event in events[1:])


async def test_events_are_numbered_by_the_version_they_lead_to_d2(http_peer: Peer) -> None:
    events = await all_events(http_peer.stream("SendStreamingMessage", message("chunks")))
    numbers = [int(event.id or "") for event in events]
    assert numbers == sorted(set(numbers))


async def test_input_required_ends_the_stream_a2a_str_04(peer: Peer) -> None:
    with anyio.fail_after(HANG):
        events = await all_events(peer.stream("SendStreamingMessage", message("ask")))
    assert events[-1].state == "TASK_STATE_INPUT_REQUIRED"


async def test_events_arrive_while_the_agent_works(peer: Peer, desk: Desk) -> None:
    with anyio.fail_after(HANG):
        stream = peer.stream("SendStreamingMessage", message("wait"))
        first = await anext(stream)
        assert isinstance(first, StreamEvent)
        assert first.kind == "task"
        await desk.started.wait()
        desk.go_on.set()
        events = await all_events(stream)
    assert events[-1].state == "TASK_STATE_COMPLETED"


async def test_a_client_that_leaves_stops_neither_the_task_nor_other_streams_a2a_str_03(peer: Peer, desk: Desk) -> None:
    with anyio.fail_after(HANG):
        leaving = peer.stream("SendStreamingMessage", message("wait"))
        first = await anext(leaving)
        assert isinstance(first, StreamEvent)
        task_id = first.data["task"]["id"]
        staying = peer.stream("SubscribeToTask", {"id": task_id})
        assert isinstance(await anext(staying), StreamEvent)
        await leaving.aclose()
        desk.go_on.set()
        events = await all_events(staying)
        assert events[-1].state == "TASK_STATE_COMPLETED"
        answer = await peer.ask("GetTask", {"id": task_id})
    assert answer.result["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_all_streams_of_a_task_see_the_same_events_a2a_str_03(peer: Peer, desk: Desk) -> None:
    found: list[list[StreamEvent]] = []

    async def follow(task_id: str, *, task_status: TaskStatus[None]) -> None:
        events = peer.stream("SubscribeToTask", {"id": task_id})
        begins = await anext(events)
        assert isinstance(begins, StreamEvent)
        task_status.started()
        found.append([begins, *await all_events(events)])

    with anyio.fail_after(HANG):
        stream = peer.stream("SendStreamingMessage", message("wait"))
        first = await anext(stream)
        assert isinstance(first, StreamEvent)
        await desk.started.wait()
        async with anyio.create_task_group() as group:
            for _ in range(3):
                await group.start(follow, first.data["task"]["id"])
            desk.go_on.set()
        own = await all_events(stream)
    assert len(found) == 3
    for events in found:
        assert events[0].state == "TASK_STATE_WORKING"
        assert events[1:] == own[-len(events) + 1 :]
        assert events[-1].state == "TASK_STATE_COMPLETED"


async def test_subscribe_begins_with_the_task_as_it_is_a2a_sub_01(peer: Peer, desk: Desk) -> None:
    with anyio.fail_after(HANG):
        params = message("wait") | {"configuration": {"returnImmediately": True}}
        task = (await peer.ask("SendMessage", params)).task
        await desk.started.wait()
        stream = peer.stream("SubscribeToTask", {"id": task["id"]})
        first = await anext(stream)
        assert isinstance(first, StreamEvent)
        assert first.data["task"]["id"] == task["id"]
        assert first.state == "TASK_STATE_WORKING"
        desk.go_on.set()
        rest = await all_events(stream)
    assert rest[-1].state == "TASK_STATE_COMPLETED"


async def test_subscribe_to_an_ended_or_unknown_task_is_an_ordinary_error_a2a_sub_02_http_06(peer: Peer) -> None:
    task = (await peer.ask("SendMessage", message("hello"))).task
    assert (await refused(peer.stream("SubscribeToTask", {"id": task["id"]}))).reason == "UNSUPPORTED_OPERATION"
    assert (await refused(peer.stream("SubscribeToTask", {"id": UNKNOWN}))).reason == "TASK_NOT_FOUND"


async def test_subscribe_also_works_by_get_a2a_sub_03(http: httpx2.AsyncClient, desk: Desk) -> None:
    params = message("wait") | {"configuration": {"returnImmediately": True}}
    task = (await RestPeer(http).ask("SendMessage", params)).task
    with anyio.fail_after(HANG):
        async with http.stream("GET", f"/tasks/{task['id']}:subscribe") as response:
            assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
            lines = response.aiter_lines()
            assert (await anext(lines)).startswith("id: ")
            assert '"task"' in await anext(lines)
            desk.go_on.set()


async def test_errors_before_the_first_event_are_ordinary_answers_a2a_http_06(peer: Peer) -> None:
    params = message("hello")
    del params["message"]["role"]
    answer = await refused(peer.stream("SendStreamingMessage", params))
    assert answer.violations == ["message.role"]
    answer = await refused(peer.stream("SendStreamingMessage", message("x", taskId=UNKNOWN)))
    assert answer.reason == "TASK_NOT_FOUND"


async def test_a_number_that_json_cannot_say_becomes_null(peer: Peer) -> None:
    with anyio.fail_after(HANG):
        events = await all_events(peer.stream("SendStreamingMessage", message("nan")))
    assert events[-1].data["statusUpdate"]["status"]["message"]["parts"][1] == {"data": {"n": None}}


@pytest.mark.parametrize("kind", [RpcPeer, RestPeer])
async def test_streams_that_the_card_does_not_declare_are_refused_a2a_str_01_sub_02(
    kind: type[RpcPeer | RestPeer],
) -> None:
    card = build_card(Desk(), url=URL, streaming=False)
    async with served_desk(card=card) as served, http_client(served.app) as http:
        peer = kind(http)
        for operation, params in (("SendStreamingMessage", message("x")), ("SubscribeToTask", {"id": UNKNOWN})):
            assert (await refused(peer.stream(operation, params))).reason == "UNSUPPORTED_OPERATION"
        assert (await peer.ask("SendMessage", message("x"))).status == 200
