"""Streams that go on where they broke: `Last-Event-ID` on every way into a stream (design, section 7)."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import pytest

from tests.a2a.desk import Desk, Peer, RestPeer, Served, all_events, message
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


async def opened(
    http: httpx2.AsyncClient, verb: str, path: str, body: Any = None, **headers: str
) -> list[tuple[int, Any]]:
    """The numbered events of a stream that ends, or of one error."""
    async with http.stream(verb, path, json=body, headers=headers) as response:
        if not response.headers["content-type"].startswith("text/event-stream"):
            await response.aread()
            return [(0, response.json())]
        lines = [line async for line in response.aiter_lines() if line and not line.startswith(":")]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [(int(number.removeprefix("id: ")), json.loads(data.removeprefix("data: "))) for number, data in pairs]


def inner(event: Any) -> Any:
    return event.get("result", event)


def stream_call(binding: str, sent: dict[str, Any]) -> tuple[str, Any]:
    if binding == "rest":
        return "/message:stream", sent
    return "/a2a", {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": sent}


def subscribe_call(binding: str, task_id: str) -> tuple[str, Any]:
    if binding == "rest":
        return f"/tasks/{task_id}:subscribe", None
    return "/a2a", {"jsonrpc": "2.0", "id": 1, "method": "SubscribeToTask", "params": {"id": task_id}}


BINDINGS = pytest.mark.parametrize("binding", ["rpc", "rest"])


@BINDINGS
async def test_a_repeated_message_goes_on_behind_the_event_seen_last(http: httpx2.AsyncClient, binding: str) -> None:
    sent = message("chunks")
    with anyio.fail_after(HANG):
        path, body = stream_call(binding, sent)
        whole = await opened(http, "POST", path, body)
        for seen in range(len(whole) - 1):
            number = whole[seen][0]
            rest = await opened(http, "POST", path, body, **{"Last-Event-ID": str(number)})
            assert rest == whole[seen + 1 :]


@BINDINGS
async def test_a_repeated_message_without_a_number_shows_the_task_as_it_is(
    http: httpx2.AsyncClient, desk: Desk, binding: str
) -> None:
    path, body = stream_call(binding, message("chunks"))
    with anyio.fail_after(HANG):
        await opened(http, "POST", path, body)
        again = await opened(http, "POST", path, body)
    assert [inner(event)["task"]["status"]["state"] for _, event in again] == ["TASK_STATE_COMPLETED"]
    assert len(desk.seen) == 1


@BINDINGS
async def test_a_subscriber_of_an_ended_task_gets_what_it_missed(http: httpx2.AsyncClient, binding: str) -> None:
    with anyio.fail_after(HANG):
        whole = await opened(http, "POST", *stream_call(binding, message("chunks")))
        task_id = inner(whole[0][1])["task"]["id"]
        path, body = subscribe_call(binding, task_id)
        rest = await opened(http, "POST", path, body, **{"Last-Event-ID": str(whole[1][0])})
        assert rest == whole[2:]
        # Who has seen the end has missed nothing (A2A-SUB-02).
        done = await opened(http, "POST", path, body, **{"Last-Event-ID": str(whole[-1][0])})
    assert "UNSUPPORTED_OPERATION" in str(done)


async def test_subscribing_by_get_resumes_as_browsers_do(http: httpx2.AsyncClient) -> None:
    with anyio.fail_after(HANG):
        whole = await opened(http, "POST", "/message:stream", message("chunks"))
        task_id = whole[0][1]["task"]["id"]
        rest = await opened(http, "GET", f"/tasks/{task_id}:subscribe", **{"Last-Event-ID": str(whole[0][0])})
    assert rest == whole[1:]


@BINDINGS
@pytest.mark.parametrize("number", ["x", "-1", "99999", "0", "1" * 40, "1.5"])
async def test_a_number_that_is_none_of_ours_counts_as_none(
    http: httpx2.AsyncClient, desk: Desk, binding: str, number: str
) -> None:
    sent = message("wait") | {"configuration": {"returnImmediately": True}}
    task = (await RestPeer(http).ask("SendMessage", sent)).task
    with anyio.fail_after(HANG):
        await desk.started.wait()
        path, body = subscribe_call(binding, task["id"])
        async with http.stream("POST", path, json=body, headers={"Last-Event-ID": number}) as response:
            lines = response.aiter_lines()
            await anext(lines)
            first = json.loads((await anext(lines)).removeprefix("data: "))
            assert inner(first)["task"]["id"] == task["id"]
            desk.go_on.set()
            assert [line async for line in lines]


@BINDINGS
async def test_a_stream_that_broke_while_the_agent_works_goes_on_live(
    http: httpx2.AsyncClient, desk: Desk, binding: str
) -> None:
    sent = message("wait")
    path, body = stream_call(binding, sent)
    with anyio.fail_after(HANG):
        async with http.stream("POST", path, json=body) as response:
            lines = response.aiter_lines()
            first = int((await anext(lines)).removeprefix("id: "))
        await desk.started.wait()
        async with http.stream("POST", path, json=body, headers={"Last-Event-ID": str(first)}) as response:
            desk.go_on.set()
            numbers = [
                int(line.removeprefix("id: ")) async for line in response.aiter_lines() if line.startswith("id: ")
            ]
    assert numbers
    assert numbers == sorted(set(numbers))
    assert numbers[0] > first
    assert len(desk.seen) == 1


async def test_auth_required_ends_the_stream_as_input_required_does_a2a_str_04(peer: Peer) -> None:
    with anyio.fail_after(HANG):
        events = await all_events(peer.stream("SendStreamingMessage", message("login")))
    assert events[-1].state == "TASK_STATE_AUTH_REQUIRED"


async def test_a_task_of_an_earlier_process_can_be_followed(http: httpx2.AsyncClient, served: Served) -> None:
    """What was parked before a restart has no run; a subscriber sees it as it is, and the end of its stream."""
    with anyio.fail_after(HANG):
        asked = await opened(http, "POST", "/message:stream", message("ask"))
        task_id = asked[0][1]["task"]["id"]
        seen = await opened(http, "GET", f"/tasks/{task_id}:subscribe")
    assert [event["task"]["status"]["state"] for _, event in seen] == ["TASK_STATE_INPUT_REQUIRED"]
