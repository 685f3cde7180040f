"""The layer in front of the platform in which faults happen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentkit.errors import ConfigurationError
from agentkit.platform.faults.header import HEADER, read_fault
from agentkit.platform.faults.rules import Dice, Fault, Faults
from agentkit.platform.faults.slowness import hold_experts_up
from agentkit.platform.planes import Plane
from agentkit.platform.realm.routes import WRONG_TOKEN
from agentkit.wire.jsontext import dump_json

_GARBAGE: Final = b"<html><body>502 Bad Gateway</body></html> \x00{"
_HEADER: Final = HEADER.encode()
_PATIENCE: Final = 5.0
"""Seconds a client has to read what it was sent before the connection was closed."""


class FaultInjector:
    """An ASGI layer: requests meet the faults that the settings or they themselves ask for."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        """Stand in front of an app."""
        self._app = app
        self._faults = faults
        self._dice = Dice(faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        # A server may begin a request in the task that just ended the one before it on the same connection.
        hold_experts_up(None)
        try:
            fault = self._asked(scope) or self._dice.next_fault(str(scope["method"]), path)
        except ConfigurationError as error:
            body = Plane.of(path).error(400, f"The header {HEADER} does not fit. {error.message}", error.remedy)
            await _answer(send, 400, dump_json(body))
            return
        if fault is None:
            await self._app(scope, receive, send)
            return
        if fault.latency:
            await self._faults.sleep(fault.latency)
        await self._happen(fault, scope, receive, send)

    def _asked(self, scope: Scope) -> Fault | None:
        if not self._faults.allow_header:
            return None
        asked = next((value for name, value in scope["headers"] if name == _HEADER), None)
        return None if asked is None else read_fault(asked.decode("latin-1"))

    async def _happen(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.slow_experts:
            hold_experts_up(partial(self._faults.sleep, fault.slow_experts))
        if fault.token is not None:
            scope = {**scope, WRONG_TOKEN: fault.token}
        if fault.status is None and not fault.garbage and not fault.drop:
            await self._cut(fault, scope, receive, send)
            return
        if fault.when == "after":
            await self._app(scope, receive, _nowhere)
        if fault.drop:
            await _drop(receive)
        elif fault.garbage:
            await _answer(send, 200, _GARBAGE)
        else:
            await _refuse(fault, fault.status or 500, str(scope["path"]), send)

    async def _cut(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the answer on, up to where it is cut; then it is to the app as if the client had gone away."""
        left = _Left(fault.cut_events, fault.cut_bytes)
        with anyio.CancelScope() as running:

            async def passing(message: Message) -> None:
                if left.is_cut:
                    return
                await send(left.shortened(message))
                if left.is_cut:
                    running.cancel()

            await self._app(scope, receive, passing)
        if left.is_cut:
            await _drop(receive)


class _Left:
    """What may still be sent of an answer."""

    def __init__(self, events: int | None, size: int | None) -> None:
        self._events = events
        self._size = size
        self.is_cut = False

    def shortened(self, message: Message) -> Message:
        """What of a message is sent; afterwards `is_cut` says whether that was all."""
        if message["type"] == "http.response.start":
            self.is_cut = 0 in (self._events, self._size)
            return message
        body = bytes(message.get("body", b""))
        sent = body[: self._end(body)]
        if self._size is not None:
            sent = sent[: self._size]
            self._size -= len(sent)
        if len(sent) == len(body) and 0 not in (self._events, self._size):
            return message
        self.is_cut = True
        return {**message, "body": sent, "more_body": True}

    def _end(self, body: bytes) -> int:
        """Where the last event that may be sent ends; comments are none."""
        if self._events is None:
            return len(body)
        end = 0
        for frame in body.split(b"\n\n"):
            if self._events == 0:
                return end
            end += len(frame) + 2
            if b"data:" in frame:
                self._events -= 1
        return min(end, len(body))


async def _refuse(fault: Fault, status: int, path: str, send: Send) -> None:
    headers: dict[str, str] = {}
    if fault.retry_after is not None:
        headers["retry-after"] = fault.retry_after
    if fault.rate_limit_reset is not None:
        headers["x-ratelimit-reset"] = str(fault.rate_limit_reset)
    if status == 401:
        headers["www-authenticate"] = 'Bearer error="invalid_token"'
    body = Plane.of(path).error(status, "This fault was asked for.", "Take the fault away.")
    await _answer(send, status, dump_json(body), headers)


async def _answer(send: Send, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    sent = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _drop(receive: Receive) -> None:
    """Close the connection without another byte.

    ASGI has no word for it: uvicorn's cycle of a request, whose method `receive` is, knows the transport. Where the
    server is another one, an app that ends without an answer has to do.
    """
    transport: object = getattr(getattr(receive, "__self__", None), "transport", None)
    if isinstance(transport, asyncio.Transport):
        transport.close()
        with anyio.move_on_after(_PATIENCE):
            while (await receive())["type"] != "http.disconnect":
                pass
        transport.abort()


async def _nowhere(message: Message) -> None:
    del message
