"""Clients that connect and then take their time: nothing of them is held for long."""

from __future__ import annotations

import anyio
import pytest
from anyio.abc import SocketStream
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from agentkit.cli import serving as servers
from agentkit.cli.address import bind
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

WHOLE = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def rest_of(stream: SocketStream) -> bytes:
    found = b""
    with anyio.fail_after(HANG):
        try:
            while True:
                found += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return found


@pytest.mark.parametrize("before", [b"", WHOLE], ids=["first request", "second request"])
@pytest.mark.parametrize("sent", [b"GET", b"GET / HTTP/1.1\r\nHost: 127.0"])
async def test_half_a_head_holds_no_connection_and_a_long_answer_keeps_it(
    monkeypatch: pytest.MonkeyPatch, before: bytes, sent: bytes
) -> None:
    monkeypatch.setattr(servers, "HEAD_SECONDS", 0.05)
    slow_one_is_gone = anyio.Event()

    async def answer(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("here")

    async def later(_request: Request) -> PlainTextResponse:
        await slow_one_is_gone.wait()
        return PlainTextResponse("at last")

    address = bind("127.0.0.1", 0)
    async with servers.serving([(address, Starlette(routes=[Route("/", answer), Route("/later", later)]))]):
        patient = await anyio.connect_tcp("127.0.0.1", address.port)
        slow = await anyio.connect_tcp("127.0.0.1", address.port)
        async with patient, slow:
            await patient.send(WHOLE.replace(b"/ ", b"/later "))
            if before:
                await slow.send(before)
                assert b"here" in await slow.receive()
            await slow.send(sent)
            assert b"here" not in await rest_of(slow)
            slow_one_is_gone.set()
            with anyio.fail_after(HANG):
                assert b"at last" in await patient.receive()
