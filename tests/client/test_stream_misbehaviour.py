"""Streams of servers and proxies that behave badly in ways the stateful double does not."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from agentkit.client import AgentHandle, AsyncCorti
from agentkit.errors import ServiceUnavailableError, WireError
from agentkit.models import Event, StatusUpdate, Task, TaskState
from tests.client.talking import Pauses, heard, story

pytestmark = pytest.mark.anyio

STATES = {"completed": "TASK_STATE_COMPLETED", "working": "TASK_STATE_WORKING", "submitted": "TASK_STATE_SUBMITTED"}


def status(state: str, text: str = "", message_id: str = "") -> dict[str, Any]:
    told: dict[str, Any] = {"state": STATES[state]}
    if text:
        told["message"] = {"role": "ROLE_AGENT", "messageId": message_id or f"m-{text}", "parts": [{"text": text}]}
    return told


def task(state: str, text: str = "", task_id: str = "t") -> dict[str, Any]:
    return {"task": {"id": task_id, "contextId": "c", "status": status(state, text)}}


def update(state: str, text: str = "", task_id: str = "t") -> dict[str, Any]:
    return {"statusUpdate": {"taskId": task_id, "contextId": "c", "status": status(state, text)}}


class Cut(httpx2.AsyncByteStream):
    """Events, and then a connection that breaks."""

    def __init__(self, *events: dict[str, Any], breaks: bool = True) -> None:
        self._events = events
        self._breaks = breaks

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        for event in self._events:
            yield b"data: " + json.dumps(event).encode() + b"\n\n"
        if self._breaks:
            raise httpx2.ReadError("cut")


class Script:
    """A server of v2 that answers each stream and each look at the task by what was written for it.

    The last answer of each kind is given again and again.
    """

    def __init__(self) -> None:
        self.streams: deque[Cut | int] = deque()
        self.looks: deque[dict[str, Any]] = deque()
        self.asked: list[str] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path.rpartition("/")[2])
        if path.endswith((":stream", ":subscribe")):
            now = self.streams.popleft() if len(self.streams) > 1 else self.streams[0]
            if isinstance(now, int):
                return httpx2.Response(now)
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=now)
        if "/tasks/" in path:
            return httpx2.Response(200, json=self.looks.popleft() if len(self.looks) > 1 else self.looks[0])
        return httpx2.Response(200, json={"id": "agt.7f1c8a52-2f4e-4c57-9a55-0c3c4a0f7a01", "name": "n"})


@asynccontextmanager
async def scripted(script: Script, pauses: Pauses | None = None) -> AsyncGenerator[AgentHandle]:
    corti = AsyncCorti(
        base_url="http://127.0.0.1:8700",
        token="t-1234",
        generation="v2",
        binding="HTTP+JSON",
        transport=httpx2.MockTransport(script.answer),
        sleep=pauses or Pauses(),
    )
    async with corti:
        yield await corti.agents.get("7f1c8a52-2f4e-4c57-9a55-0c3c4a0f7a01")


async def test_a_proxy_that_cuts_silent_subscriptions_does_not_make_a_silent_agent_a_failure() -> None:
    """Each time the server answers and tells the task as it is; then the proxy cuts what is silent for a minute."""
    script = Script()
    script.streams += [Cut(task("working"))]
    script.looks += [*[task("working")["task"]] * 40, task("completed", "Penicillin.")["task"]]
    pauses = Pauses()
    async with scripted(script, pauses) as agent:
        events = await heard(agent.stream("Any allergies?"))
    assert story(events).words == ("Penicillin.",)
    assert len(pauses.seconds) > 40


async def test_a_server_that_is_not_there_any_more_is_given_up_though_it_was_before() -> None:
    script = Script()
    script.streams += [*[Cut(task("working"))] * 5, 503]
    async with scripted(script) as agent:
        with pytest.raises(ServiceUnavailableError):
            await heard(agent.stream("Any allergies?"))


@pytest.mark.parametrize("breaks", [False, True])
async def test_events_of_another_task_are_not_taken_for_those_of_the_own(breaks: bool) -> None:
    """As a server may tell them that passes on what its experts do."""
    script = Script()
    foreign = [update("completed", "Of another patient.", "u"), task("completed", "Of another patient.", "u")]
    first = Cut(task("submitted"), *foreign, update("working", "Reading."), *foreign, breaks=breaks)
    script.streams += [first, Cut(*foreign, task("completed", "Penicillin."))]
    async with scripted(script) as agent:
        stream = agent.stream("Any allergies?")
        events = await heard(stream)
    assert story(events).words == ("Reading.", "Penicillin.")
    assert stream.reply is not None
    assert stream.reply.text == "Penicillin."
    assert isinstance(stream.reply.answer, Task)
    assert stream.reply.answer.id == "t"


async def test_a_look_that_shows_another_task_is_unreadable() -> None:
    script = Script()
    script.streams += [Cut(task("working")), 404]
    script.looks += [task("completed", "Of another patient.", "u")["task"]]
    async with scripted(script) as agent:
        with pytest.raises(WireError, match=r"task\.id"):
            await heard(agent.stream("Any allergies?"))


async def test_a_subscription_that_tells_everything_from_the_beginning_repeats_nothing() -> None:
    def chunk(text: str, *, append: bool = True) -> dict[str, Any]:
        artifact = {"artifactId": "a", "parts": [{"text": text}]}
        return {"artifactUpdate": {"taskId": "t", "artifact": artifact, "append": append}}

    told = [
        task("submitted"),
        update("working"),
        chunk("Peni", append=False),
        chunk("cil"),
        update("working", "Checking."),
        chunk("lin"),
        update("completed", "Penicillin."),
    ]
    for cut in range(1, len(told)):
        script = Script()
        script.streams += [Cut(*told[:cut]), Cut(*told[: cut - 1]), Cut(*told)]
        async with scripted(script) as agent:
            events = await heard(agent.stream("Any allergies?"))
        whole = Script()
        whole.streams += [Cut(*told)]
        async with scripted(whole) as agent:
            assert events == await heard(agent.stream("Any allergies?"))


async def test_a_look_that_lags_behind_the_stream_does_not_turn_the_task_back() -> None:
    script = Script()
    script.streams += [Cut(task("submitted"), update("working", "Reading.")), 404]
    script.looks += [
        task("submitted")["task"],
        task("working")["task"],
        task("working", "Reading.")["task"],
        task("completed", "Penicillin.")["task"],
    ]
    states: list[TaskState] = []
    events: list[Event] = []
    async with scripted(script) as agent:
        stream = agent.stream("Any allergies?")
        async for event in stream:
            events.append(event)
            assert stream.reply is not None
            states.append(stream.reply.state)
    assert states == [TaskState.SUBMITTED, TaskState.WORKING, TaskState.COMPLETED]
    assert [type(event) for event in events] == [Task, StatusUpdate, StatusUpdate]


async def test_a_state_nobody_knows_that_passes_does_not_end_a_stream() -> None:
    """SDKC-06: a look shows a state, and not whether anything comes behind it."""
    script = Script()
    script.streams += [Cut(task("working")), 404]
    unknown = {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_PONDERING"}}
    script.looks += [*[unknown] * 5, task("completed", "Penicillin.")["task"]]
    async with scripted(script) as agent:
        events = await heard(agent.stream("Any allergies?"))
    assert story(events).words == ("Penicillin.",)


async def test_a_state_nobody_knows_that_stays_ends_a_stream() -> None:
    script = Script()
    script.streams += [Cut(task("working")), 404]
    script.looks += [{"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_PONDERING"}}]
    async with scripted(script) as agent:
        stream = agent.stream("Any allergies?")
        await heard(stream)
    assert stream.reply is not None
    assert stream.reply.state is TaskState.UNKNOWN
    assert script.asked.count("t") < 20


async def test_the_end_told_twice_ends_a_stream_once() -> None:
    script = Script()
    script.streams += [Cut(task("submitted"), *[update("completed", "Penicillin.")] * 2, task("completed"))]
    async with scripted(script) as agent:
        events = await heard(agent.stream("Any allergies?"))
    assert story(events).words == ("Penicillin.",)
    assert len(events) == 2
