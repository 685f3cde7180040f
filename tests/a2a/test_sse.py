"""The event stream by itself: its bytes, its comments, its end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, MutableMapping
from typing import Any

import anyio
import pytest

from agentkit.models import Event, Message
from agentkit.web.bounds import Bounds
from agentkit.web.sse import EventStream, sse_event
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


class Connection:
    """An ASGI connection whose client stays until the test says otherwise."""

    def __init__(self) -> None:
        self.gone = anyio.Event()
        self.pinged = anyio.Event()
        self.sent: list[MutableMapping[str, Any]] = []

    async def receive(self) -> MutableMapping[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)
        if message.get("body") == b": ping\n\n":
            self.pinged.set()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


NOTHING: dict[str, Any] = {}


def said(text: str) -> Message:
    return Message.agent(text)


def spell(number: int, event: Event) -> bytes:
    assert isinstance(event, Message)
    return sse_event(event.text.encode(), number)


def broken(error: Exception) -> bytes:
    return sse_event(type(error).__name__.encode(), name="error")


async def test_events_have_a_number_and_one_line_of_data_a2a_http_05() -> None:
    async def rest() -> AsyncGenerator[tuple[int, Event]]:
        yield 3, said("three")

    connection = Connection()
    stream = EventStream(
        (1, said("one")), rest(), spell, broken, (b"a2a-extensions", b"https://example.org/ext"), bounds=Bounds()
    )
    with anyio.fail_after(HANG):
        await stream({}, connection.receive, connection.send)
    assert connection.body == b"id: 1\ndata: one\n\nid: 3\ndata: three\n\n"
    assert (b"a2a-extensions", b"https://example.org/ext") in connection.sent[0]["headers"]
    assert connection.sent[-1]["more_body"] is False


async def test_a_source_that_fails_ends_the_stream_with_an_event() -> None:
    async def rest() -> AsyncGenerator[tuple[int, Event]]:
        raise RuntimeError("secret")
        yield 0, said("never")

    connection = Connection()
    with anyio.fail_after(HANG):
        await EventStream((1, said("one")), rest(), spell, broken, bounds=Bounds())(
            {}, connection.receive, connection.send
        )
    assert connection.body == b"id: 1\ndata: one\n\nevent: error\ndata: RuntimeError\n\n"


async def test_a_silent_stream_is_kept_open_with_comments_and_closed_with_the_client() -> None:
    closed = anyio.Event()

    async def rest() -> AsyncGenerator[tuple[int, Event]]:
        try:
            await anyio.sleep_forever()
            yield 0, said("never")
        finally:
            closed.set()

    connection = Connection()
    stream = EventStream((1, said("one")), rest(), spell, broken, bounds=Bounds(ping_seconds=0.01))
    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            group.start_soon(stream, NOTHING, connection.receive, connection.send)
            await connection.pinged.wait()
            connection.gone.set()
    assert closed.is_set()


async def test_events_that_are_there_travel_together_and_none_waits_for_the_next() -> None:
    connection = Connection()
    first_two_were_out: list[bool] = []

    async def rest() -> AsyncGenerator[tuple[int, Event]]:
        yield 2, said("two")
        yield 3, said("three")
        await anyio.lowlevel.checkpoint()
        first_two_were_out.append(b"three" in connection.body)
        for number in range(4, 204):
            yield number, said("more")

    with anyio.fail_after(HANG):
        await EventStream((1, said("one")), rest(), spell, broken, bounds=Bounds())(
            {}, connection.receive, connection.send
        )
    assert first_two_were_out == [True]
    assert connection.body.count(b"id: ") == 203
    assert len(connection.sent) == 8


async def test_a_client_that_reads_nothing_while_the_source_waits_is_cut_off_cleanly() -> None:
    closed = anyio.Event()

    async def rest() -> AsyncGenerator[tuple[int, Event]]:
        try:
            yield 2, said("two")
            await anyio.sleep_forever()
        finally:
            closed.set()

    class Unread(Connection):
        async def send(self, message: MutableMapping[str, Any]) -> None:
            await super().send(message)
            if b"two" in message.get("body", b""):
                await anyio.sleep_forever()

    connection = Unread()
    with anyio.fail_after(HANG):
        await EventStream(
            (1, said("one")), rest(), spell, broken, bounds=Bounds(ping_seconds=0.01, write_seconds=0.03)
        )({}, connection.receive, connection.send)
    assert closed.is_set()


@pytest.mark.parametrize("silent", [True, False], ids=["comment", "event"])
async def test_a_client_that_reads_nothing_is_cut_off_after_a_bounded_time(silent: bool) -> None:
    closed = anyio.Event()

    async def rest() -> AsyncGenerator[tuple[int, Event]]:
        try:
            yield 2, said("two")
            if silent:
                await anyio.sleep_forever()
            for number in range(3, 10_000):
                yield number, said("more")
        finally:
            closed.set()

    class Unread(Connection):
        async def send(self, message: MutableMapping[str, Any]) -> None:
            await super().send(message)
            if len(self.sent) > 3:
                await anyio.sleep_forever()

    connection = Unread()
    bounds = Bounds(ping_seconds=0.01, write_seconds=0.05)
    with anyio.fail_after(HANG):
        await EventStream((1, said("one")), rest(), spell, broken, bounds=bounds)(
            {}, connection.receive, connection.send
        )
    assert closed.is_set()
    assert len(connection.sent) == 4
