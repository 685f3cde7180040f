"""Requests on their way: how large their bodies may be, how long they may take to arrive, and how answers end early."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TOO_LARGE: Final = (413, b"The request is too large.")
_TOO_SLOW: Final = (408, b"The request did not arrive in time.")


class BodyLimit:
    """Reads the body of a request before an app sees it, and knows the requests that are being answered."""

    def __init__(self, limit: int, timeout: float) -> None:
        """Let bodies have `limit` bytes, and `timeout` seconds to arrive."""
        self._limit = limit
        self._timeout = timeout
        self._running: set[anyio.CancelScope] = set()
        self._idle: anyio.Event | None = None

    def before(self, choose: Callable[[Scope, bytes], ASGIApp]) -> ASGIApp:
        """An app that reads the body and lets `choose` say who answers."""

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            answer = _Answer(send)
            with anyio.CancelScope() as answering:
                self._running.add(answering)
                try:
                    body = await self._read(scope, receive)
                    if isinstance(body, bytes):
                        await choose(scope, body)(scope, _once(body, receive), answer.send)
                    elif body is not None:
                        await _refuse(send, *body)
                finally:
                    self._running.discard(answering)
                    if self._idle is not None and not self._running:
                        self._idle.set()
            if answering.cancelled_caught:
                await answer.end()

        return limited

    async def idle(self, seconds: float) -> None:
        """Wait until no request is being answered, for so many seconds at most."""
        if self._running:
            self._idle = anyio.Event()
            with anyio.move_on_after(seconds):
                await self._idle.wait()

    async def close(self) -> None:
        """End the answers that are still being sent, for example those that have no end of their own."""
        for answering in tuple(self._running):
            answering.cancel()
        await self.idle(1.0)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | tuple[int, bytes] | None:
        """The body; or how it is refused; or None where the client went away."""
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value[:18]) > self._limit:
                return _TOO_LARGE
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return None
                    chunk: bytes = message.get("body", b"")
                    size += len(chunk)
                    if size > self._limit:
                        return _TOO_LARGE
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        except TimeoutError:
            return _TOO_SLOW


class _Answer:
    """How far an answer has come."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._open = False

    async def send(self, message: Message) -> None:
        self._open = message["type"] == "http.response.start" or message.get("more_body", False)
        await self._send(message)

    async def end(self) -> None:
        if self._open:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _once(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """The body as one message, then whatever the client does."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(send: Send, status: int, text: bytes) -> None:
    # What the client still sends is not read, so the connection is of no further use.
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
