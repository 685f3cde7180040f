"""Server-sent events, written lean: one chunk per event with the event's number as `id` (A2A-HTTP-05).

`sse-starlette` costs several times as much per event, and cannot be told that the first event is known already.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic
from typing import Final

import anyio
from starlette.types import Receive, Scope, Send

from agentkit.models import Event
from agentkit.web.answer import Header
from agentkit.web.bounds import Bounds
from agentkit.web.waiting import Unless

_TOGETHER: Final = 64
"""So many events travel in one piece at most, where they are there at once."""

_log = logging.getLogger("agentkit.a2a")


class EventStream:
    """An answer that sends events until there are none left, the client goes away, or it stops reading."""

    def __init__(
        self,
        first: tuple[int, Event],
        rest: AsyncGenerator[tuple[int, Event]],
        spell: Callable[[int, Event], bytes],
        broken: Callable[[Exception], bytes],
        header: Header | None = None,
        *,
        bounds: Bounds,
    ) -> None:
        """Hold a stream that has begun.

        Args:
            first: The event that is known already.
            rest: What follows; it is closed in any case.
            spell: Makes the bytes of an event, with `sse_event`.
            broken: Makes the bytes of the last event when `rest` fails.
            header: Another header of the answer.
            bounds: How often a comment is sent, so that nothing between here and the client gives up, and how long a
                client may leave an event unread. What is unread is one event and what the socket holds: followers
                read from the event log, nothing piles up for them.
        """
        self.status_code = 200
        self._first = first
        self._rest = rest
        self._spell = spell
        self._broken = broken
        self._bounds = bounds
        self._writing: float | None = None
        self._headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        if header is not None:
            self._headers.append(header)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        async with aclosing(self._rest) as rest, anyio.create_task_group() as group:
            group.start_soon(self._watch, receive, send, group.cancel_scope)
            await send({"type": "http.response.start", "status": 200, "headers": self._headers})
            await self._write(send, self._spell(*self._first))
            await self._pass_on(rest, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            group.cancel_scope.cancel()

    async def _pass_on(self, rest: AsyncGenerator[tuple[int, Event]], send: Send) -> None:
        """Send what follows; events that are there already travel together."""
        ready: list[bytes] = []

        async def sent() -> None:
            if ready:
                events = b"".join(ready)
                ready.clear()
                await self._write(send, events)

        try:
            while True:
                number, event = await Unless(anext(rest), sent)
                ready.append(self._spell(number, event))
                if len(ready) >= _TOGETHER:
                    await sent()
        except StopAsyncIteration:
            pass
        except Exception as error:
            ready.append(self._broken(error))
        await sent()

    async def _write(self, send: Send, event: bytes) -> None:
        """Send an event; `_watch` sees to it that this does not take for ever, for less than a timer per event."""
        self._writing = monotonic()
        await send({"type": "http.response.body", "body": event, "more_body": True})
        self._writing = None

    async def _watch(self, receive: Receive, send: Send, scope: anyio.CancelScope) -> None:
        """Stop when the client goes away or reads nothing; keep idle connections open with comments."""
        bounds = self._bounds
        while True:
            with anyio.move_on_after(min(bounds.ping_seconds, bounds.write_seconds)):
                message = await receive()
                if message["type"] == "http.disconnect":
                    scope.cancel()
                    return
                continue
            if self._writing is None:
                with anyio.move_on_after(bounds.write_seconds) as patience:
                    await send({"type": "http.response.body", "body": b": ping\n\n", "more_body": True})
                stuck = patience.cancelled_caught
            else:
                stuck = monotonic() - self._writing >= bounds.write_seconds
            if stuck:
                _log.info("a stream was closed: its client reads nothing")
                scope.cancel()
                return


def sse_event(data: bytes, number: int | None = None, name: str | None = None) -> bytes:
    """One event; `data` is one line of JSON."""
    head = b"" if number is None else b"id: %d\n" % number
    if name is not None:
        head += b"event: %s\n" % name.encode()
    return b"%sdata: %s\n\n" % (head, data)
