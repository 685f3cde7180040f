"""Server-sent events, written the way Corti does (V1-RPC-02, V2-SSE-01), or the way a test wants them spoilt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any, TypeAlias

from starlette.types import Receive, Scope, Send

from tests.contract.corti_double.faults import Shape
from tests.contract.corti_double.schema import JsonObject

Numbered: TypeAlias = tuple[int, JsonObject]
"""An event with its number."""


class EventStream:
    """An answer of server-sent events; a client that goes away ends it, and nothing else."""

    def __init__(
        self,
        events: AsyncGenerator[Numbered],
        shape: Shape,
        *,
        ids: bool,
        headers: dict[str, str] | None = None,
        on_open: Callable[[], None],
        on_close: Callable[[], None],
    ) -> None:
        """Stream numbered JSON documents."""
        self._events = events
        self._shape = shape
        self._end = "\r\n" if shape.crlf else "\n"
        self._ids = ids if shape.ids is None else shape.ids
        self._headers = {"content-type": "text/event-stream", "cache-control": "no-store", **(headers or {})}
        self._on_open = on_open
        self._on_close = on_close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._on_open()
        sending = asyncio.ensure_future(self._send_all(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            self._on_close()

    async def _send_all(self, send: Send) -> None:
        sent = 0
        async with aclosing(self._events) as events:
            while sent not in {self._shape.cut_after, self._shape.end_after}:
                if sent == self._shape.garbage_after:
                    await self._send(send, b'data: {"half\n\n')
                event = await anext(events, None)
                if event is None:
                    break
                await self._send(send, self._frame(*event) + self._keep_alives())
                sent += 1
        if sent == self._shape.cut_after:
            if self._shape.cut_inside:
                await self._send(send, b'data: {"ta')
            # The app returns without the end of its body, so the server closes the connection.
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, frame: bytes) -> None:
        size = self._shape.chunk_size or len(frame)
        for start in range(0, len(frame), size):
            await send({"type": "http.response.body", "body": frame[start : start + size], "more_body": True})

    def _frame(self, number: int, document: JsonObject) -> bytes:
        return ("".join(line + self._end for line in self._lines(number, document)) + self._end).encode()

    def _keep_alives(self) -> bytes:
        return f": still here{self._end}{self._end}".encode() * self._shape.keep_alives

    def _lines(self, number: int, document: JsonObject) -> Iterator[str]:
        shape = self._shape
        gap = "" if shape.bare else " "
        if shape.comments:
            yield f": event {number}"
        if shape.event_names:
            yield f"event:{gap}message"
        if self._ids:
            yield f"id:{gap}{number}"
        written = json.dumps(_without_final(document) if shape.without_final else document, ensure_ascii=False)
        if shape.many_lines:
            written = json.dumps(json.loads(written), ensure_ascii=False, indent=1)
        for line in written.split("\n"):
            yield f"data:{gap}{line}"


def _without_final(document: JsonObject) -> JsonObject:
    result: Any = document.get("result")
    if not isinstance(result, dict) or "final" not in result:
        return document
    kept: JsonObject = {name: value for name, value in result.items() if name != "final"}  # pyright: ignore[reportUnknownVariableType]
    return {**document, "result": kept}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
