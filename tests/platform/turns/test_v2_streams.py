"""Streams of v2: server-sent events over both bindings, and how a client goes on after one broke (V2-SSE-01)."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from agentkit.platform import PlatformSettings
from tests.deadline import HANG
from tests.platform.turns.parts import House, house, reason, rpc, v2_send

pytestmark = pytest.mark.anyio

BINDINGS = pytest.mark.parametrize("binding", ["rest", "rpc"])
Numbered = list[tuple[int | None, Any]]


def stream_call(home: House, binding: str, body: Any) -> tuple[str, Any]:
    if binding == "rest":
        return f"{home.v2}/message:stream", body
    return home.v2, rpc("SendStreamingMessage", body, "s-1")


def subscribe_call(home: House, binding: str, task_id: str) -> tuple[str, Any]:
    if binding == "rest":
        return f"{home.v2}/tasks/{task_id}:subscribe", None
    return home.v2, rpc("SubscribeToTask", {"id": task_id}, "s-1")


def inner(binding: str, event: Any) -> Any:
    """The payload of an event (V2-OBJ-18)."""
    if binding == "rpc":
        assert (event["jsonrpc"], event["id"]) == ("2.0", "s-1")
        event = event["result"]
    assert len(event) == 1
    assert set(event) <= {"task", "message", "statusUpdate", "artifactUpdate"}
    return event


@BINDINGS
async def test_a_stream_tells_the_task_its_updates_and_ends_with_its_state(home: House, binding: str) -> None:
    """V2-EP-07, V2-EP-09, V2-OBJ-18, V2-SSE-01, CON-13, CON-28, V2-OBJ-15, CON-05."""
    with anyio.fail_after(HANG):
        events = await home.events(*stream_call(home, binding, v2_send("tool now")))
    told = [inner(binding, event) for _, event in events]
    assert [next(iter(event)) for event in told] == [
        "task",
        *["statusUpdate"] * (len(told) - 3),
        "artifactUpdate",
        "statusUpdate",
    ]
    task, artifact, last = told[0]["task"], told[-2]["artifactUpdate"], told[-1]["statusUpdate"]
    assert task["status"]["state"] == "TASK_STATE_SUBMITTED"
    assert {event["statusUpdate"]["status"]["state"] for event in told[1:-2]} == {"TASK_STATE_WORKING"}
    assert last["status"]["state"] == "TASK_STATE_COMPLETED"
    assert artifact["artifact"]["artifactId"].startswith("art.")
    for update in (artifact, last):
        assert (update["taskId"], update["contextId"]) == (task["id"], task["contextId"])
    assert "final" not in last
    numbers = [number for number, _ in events]
    assert all(isinstance(number, int) for number in numbers)
    assert numbers == sorted(set(numbers), key=lambda number: number or 0)


@BINDINGS
async def test_a_question_ends_the_stream(home: House, binding: str) -> None:
    """V2-SSE-01: finality follows from the state."""
    with anyio.fail_after(HANG):
        events = await home.events(*stream_call(home, binding, v2_send("ask")))
    assert inner(binding, events[-1][1])["statusUpdate"]["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"


@BINDINGS
async def test_a_broken_stream_goes_on_behind_the_event_seen_last(home: House, binding: str) -> None:
    """V2-LOC-01, V2-EP-13: `Last-Event-ID` on subscribe, and on a message that is sent again."""
    sent = v2_send("tool now", message_id="once")
    with anyio.fail_after(HANG):
        whole = await home.events(*stream_call(home, binding, sent))
        task_id = inner(binding, whole[0][1])["task"]["id"]
        for seen, (number, _) in enumerate(whole[:-1]):
            rest = await home.events(*stream_call(home, binding, sent), Last_Event_ID=str(number))
            assert rest == whole[seen + 1 :]
            rest = await home.events(*subscribe_call(home, binding, task_id), Last_Event_ID=str(number))
            assert rest == whole[seen + 1 :]
    assert home.reasoner.seen == ["tool now"]


@pytest.mark.parametrize("number", ["x", "-1", "", "9" * 30, "1.5"])
@BINDINGS
async def test_a_last_event_that_is_none_of_ours_is_passed_over(home: House, binding: str, number: str) -> None:
    """V2-EP-13: the task is shown as it is."""
    sent = v2_send("hello", message_id="once")
    with anyio.fail_after(HANG):
        await home.events(*stream_call(home, binding, sent))
        again = await home.events(*stream_call(home, binding, sent), Last_Event_ID=number)
    (event,) = [inner(binding, event) for _, event in again]
    assert event["task"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_faithful_does_not_read_the_last_event() -> None:
    """V2-EP-13: as Corti's own server today."""
    sent = v2_send("hello", message_id="once")
    with anyio.fail_after(HANG):
        async with house(PlatformSettings(faithful=True)) as home:
            whole = await home.events(*stream_call(home, "rest", sent))
            again = await home.events(*stream_call(home, "rest", sent), Last_Event_ID=str(whole[0][0]))
    assert [next(iter(event)) for _, event in again] == ["task"]


@BINDINGS
async def test_a_subscriber_follows_a_task_at_work(home: House, binding: str) -> None:
    """V2-EP-13: first the task as it is, then what happens; cancelling it ends the stream."""
    body = v2_send("wait", configuration={"returnImmediately": True})
    with anyio.fail_after(HANG):
        task = (await home.call("POST", f"{home.v2}/message:send", body)).json()["task"]
        await home.reasoner.waiting.wait()
        async with home.stream(*subscribe_call(home, binding, task["id"])) as events:
            _, first = await anext(events)
            assert inner(binding, first)["task"]["status"]["state"] == "TASK_STATE_WORKING"
            assert (await home.call("POST", f"{home.v2}/tasks/{task['id']}:cancel")).status_code == 200
            rest = [inner(binding, event) async for _, event in events]
    assert [event["statusUpdate"]["status"]["state"] for event in rest] == ["TASK_STATE_CANCELED"]


@BINDINGS
async def test_nothing_follows_a_final_task(home: House, binding: str) -> None:
    """V2-EP-13, V2-ERR-02."""
    task = (await home.call("POST", f"{home.v2}/message:send", v2_send("hello"))).json()["task"]
    url, body = subscribe_call(home, binding, task["id"])
    error = (await home.call("POST", url, body)).json()["error"]
    assert (error["code"], reason(error)) == ({"rest": 400, "rpc": -32004}[binding], "UNSUPPORTED_OPERATION")


@BINDINGS
async def test_a_client_that_goes_away_leaves_the_turn_alone(home: House, binding: str) -> None:
    """The run goes on, and somebody else may follow it to its end."""
    with anyio.fail_after(HANG):
        async with home.stream(*stream_call(home, binding, v2_send("wait"))) as events:
            _, first = await anext(events)
        task_id = inner(binding, first)["task"]["id"]
        await home.reasoner.waiting.wait()
        home.reasoner.go.set()
        async with home.stream(*subscribe_call(home, binding, task_id), Last_Event_ID="1") as events:
            states = [inner(binding, event)["statusUpdate"]["status"]["state"] async for _, event in events]
    assert states[-1] == "TASK_STATE_COMPLETED"


async def test_many_follow_one_task(home: House) -> None:
    """Followers read the event log; each of them sees the same."""
    with anyio.fail_after(HANG):
        body = v2_send("wait", configuration={"returnImmediately": True})
        task = (await home.call("POST", f"{home.v2}/message:send", body)).json()["task"]
        await home.reasoner.waiting.wait()
        ends: list[list[Any]] = []

        async def follow() -> None:
            async with home.stream(f"{home.v2}/tasks/{task['id']}:subscribe") as events:
                await anext(events)
                begun.release()
                ends.append([event async for event in events])

        begun = anyio.Semaphore(0)
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(follow)
            for _ in range(20):
                await begun.acquire()
            home.reasoner.go.set()
    assert len(ends) == 20
    assert all(end == ends[0] for end in ends)


@BINDINGS
async def test_what_is_wrong_before_the_first_event_is_no_stream(home: House, binding: str) -> None:
    """V2-ERR-02, A2A-HTTP-06."""
    url, body = stream_call(home, binding, v2_send("hello", contextId="nonsense"))
    answer = await home.call("POST", url, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.status_code == {"rest": 404, "rpc": 200}[binding]
    assert reason(answer.json()["error"]) == "CONTEXT_NOT_FOUND"
