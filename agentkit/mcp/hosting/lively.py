"""Answer a tool call with JSON, and still notice that the caller has gone, and keep a long call's connection open.

The SDK does both with two tasks and a stream for every request, which costs as much as the call itself. Here a quick
call costs a timer. A call that lasts gets a watcher: when the caller goes, the call is cancelled; when it lasts very
long, the answer becomes an event stream whose comments keep proxies from closing it.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentkit.mcp.tools.running import GONE, Gone

WATCH_AFTER: Final = 0.05
"""Seconds after which somebody watches whether the caller is still there."""

STREAM_AFTER: Final = 15.0
"""Seconds of silence after which a comment is sent."""

_HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"connection", b"keep-alive"),
    (b"x-accel-buffering", b"no"),
]


def lively(app: ASGIApp) -> ASGIApp:
    """The app, which sends one JSON answer and does not look at `receive` once it has the request."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        call = _Call(receive, send)
        timer = asyncio.get_running_loop().call_later(WATCH_AFTER, call.watch)
        token = GONE.set(call.gone)
        try:
            await app(scope, receive, call.send)
        except asyncio.CancelledError:
            if not call.gone.ended():
                raise
        finally:
            GONE.reset(token)
            timer.cancel()
            await call.end()

    return answer


class _Call:
    def __init__(self, receive: Receive, send: Send) -> None:
        self.gone = Gone()
        self._receive = receive
        self._send = send
        self._streams = False
        self._answered = False
        self._tasks: list[asyncio.Task[None]] = []

    def watch(self) -> None:
        self._tasks = [asyncio.create_task(self._until_gone()), asyncio.create_task(self._keep_open())]

    async def send(self, message: Message) -> None:
        if not self._streams:
            self._answered = True
            await self._send(message)
        elif message["type"] == "http.response.body":
            self._answered = True
            event = b"event: message\r\ndata: " + message.get("body", b"") + b"\r\n\r\n"
            await self._send({"type": "http.response.body", "body": event, "more_body": False})

    async def end(self) -> None:
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            # What they raise when the connection breaks is nobody's concern any more.
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._answered:
            self.gone.tell()

    async def _keep_open(self) -> None:
        await asyncio.sleep(STREAM_AFTER)
        if self._answered:
            return
        self._streams = True
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        while not self._answered:
            await self._send({"type": "http.response.body", "body": b": ping\r\n\r\n", "more_body": True})
            await asyncio.sleep(STREAM_AFTER)
