"""Head and body of an answer leave together, and whoever reads slowly holds up a stream as ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from agentkit.cli import serving as servers
from agentkit.cli.address import bind
from agentkit.cli.gathering import AT_ONCE, Gathered
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

ENOUGH = 1 << 28
"""More bytes than the system keeps for a reader."""

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Wire(asyncio.Transport):
    """Remembers what is sent over it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.sent: list[bytes] = []
        self.closed_after = -1
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.closed_after = len(self.sent)

    def abort(self) -> None:
        self.aborted = True


async def test_what_is_written_in_one_turn_of_the_loop_is_sent_at_once_and_in_order() -> None:
    wire = Wire()
    gathered = Gathered(wire)
    gathered.write(b"a")
    gathered.writelines([b"b", b"c"])
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"abc"]
    gathered.write(b"d")
    await asyncio.sleep(0)
    assert wire.sent == [b"abc", b"d"]


async def test_much_is_not_held_back() -> None:
    wire = Wire()
    gathered = Gathered(wire)
    gathered.write(b"head")
    gathered.write(b"x" * AT_ONCE)
    assert wire.sent == [b"head" + b"x" * AT_ONCE]
    gathered.write(b"y")
    await asyncio.sleep(0)
    assert wire.sent[1:] == [b"y"]


async def test_closing_sends_what_was_written_first_and_once() -> None:
    wire = Wire()
    gathered = Gathered(wire)
    gathered.write(b"last words")
    gathered.close()
    assert (wire.sent, wire.closed_after) == ([b"last words"], 1)
    await asyncio.sleep(0)
    assert wire.sent == [b"last words"]


async def test_aborting_loses_what_was_not_sent() -> None:
    wire = Wire()
    gathered = Gathered(wire)
    gathered.write(b"never sent")
    gathered.abort()
    await asyncio.sleep(0)
    assert (wire.sent, wire.aborted) == ([], True)


async def test_it_can_all_that_a_transport_can() -> None:
    offered = {name for name in dir(asyncio.Transport) if not name.startswith("_")}
    assert offered - vars(Gathered).keys() == {"writelines"}  # which writes what it joined
    assert Gathered(Wire()).get_extra_info("peername") == ("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("set_protocol", (asyncio.Protocol(),)),
        ("get_protocol", ()),
        ("is_closing", ()),
        ("is_reading", ()),
        ("pause_reading", ()),
        ("resume_reading", ()),
        ("set_write_buffer_limits", (2, 1)),
        ("get_write_buffer_limits", ()),
        ("can_write_eof", ()),
    ],
)
async def test_what_is_no_matter_of_writing_the_transport_does(name: str, given: tuple[object, ...]) -> None:
    asked: list[tuple[object, ...]] = []

    def ask(*arguments: object) -> str:
        asked.append(arguments)
        return "told"

    wire = Wire()
    setattr(wire, name, ask)
    assert getattr(Gathered(wire), name)(*given) in {"told", None}
    assert [one[: len(given)] for one in asked] == [given]


async def test_an_end_follows_what_was_written() -> None:
    wire = Wire()
    sent_before: list[list[bytes]] = []
    wire.write_eof = lambda: sent_before.append(list(wire.sent))
    gathered = Gathered(wire)
    gathered.write(b"last words")
    gathered.write_eof()
    assert sent_before == [[b"last words"]]


async def test_head_and_body_of_an_answer_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []

    class Noted(Gathered):
        def __init__(self, transport: asyncio.Transport) -> None:
            super().__init__(transport)
            write = transport.write

            def noted(data: bytes) -> None:
                sent.append(data)
                write(data)

            monkeypatch.setattr(transport, "write", noted)

    async def answer(_request: Request) -> Response:
        return PlainTextResponse("here")

    monkeypatch.setattr(servers, "Gathered", Noted)
    address = bind("127.0.0.1", 0)
    async with (
        servers.serving([(address, Starlette(routes=[Route("/", answer)]))]),
        await anyio.connect_tcp("127.0.0.1", address.port) as stream,
    ):
        for _ in range(2):
            await stream.send(GET)
            with anyio.fail_after(HANG):
                assert (await stream.receive()).endswith(b"here")
    assert [(piece[:12], piece[-4:]) for piece in sent] == [(b"HTTP/1.1 200", b"here")] * 2


async def test_a_stream_that_nobody_reads_stops_its_writer() -> None:
    written = 0

    async def endless(_request: Request) -> Response:
        async def pieces() -> AsyncGenerator[bytes]:
            nonlocal written
            # Never waits by itself: only the transport can hold it up.
            while written < ENOUGH:
                yield b"x" * 16_384
                written += 16_384

        return StreamingResponse(pieces())

    address = bind("127.0.0.1", 0)
    async with (
        servers.serving([(address, Starlette(routes=[Route("/", endless)]))]),
        await anyio.connect_tcp("127.0.0.1", address.port) as stream,
    ):
        await stream.send(GET)
        with anyio.fail_after(HANG):
            await stream.receive()
            before = -1
            while before != written:
                before = written
                await anyio.wait_all_tasks_blocked()
        assert written < ENOUGH
