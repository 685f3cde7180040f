"""Server-sent events, written lean: one chunk per event with the event's number as `id` (A2A-HTTP-05).

`sse-starlette` costs several times as much per event, and cannot be told that the first event is known already.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import anyio
from starlette.types import Receive, Scope, Send

from agentkit.models import JsonObject


class EventStream:
    """An answer that sends events until there are none left or the client goes away."""

    def __init__(
        self,
        first: tuple[int, JsonObject],
        rest: AsyncGenerator[tuple[int, JsonObject]],
        spell: Callable[[int, JsonObject], bytes],
        broken: Callable[[Exception], bytes],
        extensions: str | None = None,
        *,
        ping_seconds: float = 15.0,
    ) -> None:
        """Hold a stream that has begun.

        Args:
            first: The event that is known already.
            rest: What follows; it is closed in any case.
            spell: Makes the bytes of an event, with `sse_event`.
            broken: Makes the bytes of the last event when `rest` fails.
            extensions: The `A2A-Extensions` of the answer.
            ping_seconds: How often a comment is sent, so that nothing between here and the client gives up.
        """
        self._first = first
        self._rest = rest
        self._spell = spell
        self._broken = broken
        self._ping_seconds = ping_seconds
        self._headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        if extensions:
            self._headers.append((b"a2a-extensions", extensions.encode("latin-1")))

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        async with aclosing(self._rest) as rest, anyio.create_task_group() as group:
            group.start_soon(self._watch, receive, send, group.cancel_scope)
            await send({"type": "http.response.start", "status": 200, "headers": self._headers})
            await _send_event(send, self._spell(*self._first))
            try:
                async for number, document in rest:
                    await _send_event(send, self._spell(number, document))
            except Exception as error:
                await _send_event(send, self._broken(error))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            group.cancel_scope.cancel()

    async def _watch(self, receive: Receive, send: Send, scope: anyio.CancelScope) -> None:
        """Stop when the client goes away; keep idle connections open with comments."""
        while True:
            with anyio.move_on_after(self._ping_seconds):
                message = await receive()
                if message["type"] == "http.disconnect":
                    scope.cancel()
                    return
                continue
            await _send_event(send, b": ping\n\n")


def sse_event(data: bytes, number: int | None = None, name: str | None = None) -> bytes:
    """One event; `data` is one line of JSON."""
    head = b"" if number is None else b"id: %d\n" % number
    if name is not None:
        head += b"event: %s\n" % name.encode()
    return b"%sdata: %s\n\n" % (head, data)


async def _send_event(send: Send, event: bytes) -> None:
    await send({"type": "http.response.body", "body": event, "more_body": True})
