"""Answers of an MCP server, bounded before the SDK reads them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Final, cast

import httpx2

from agentkit.errors import McpProtocolError, McpUnreachable
from agentkit.mcp.client.exchange import Exchange

ERROR_BODY_LIMIT: Final = 65_536
"""Bytes that an answer other than 2xx may have."""

LONGEST_WAIT: Final = 60.0 * 60 * 24
"""Seconds; a `Retry-After` beyond it is as good as none."""


LONGEST_PAUSE: Final = b"10000"
"""Milliseconds for which a task of the SDK may sleep before it resumes a stream, also when its call is over."""

_PAUSE: Final = re.compile(rb"(?:^|(?<=[\r\n]))(?:\xef\xbb\xbf)?retry:[ 0]*(\d+)")


class Bounded(httpx2.AsyncByteStream):
    """A body that fails when it grows too large."""

    def __init__(self, server: str, stream: object, limit: int) -> None:
        """Let `limit` bytes of `stream` through, for the MCP server `server`."""
        if not isinstance(stream, httpx2.AsyncByteStream):
            raise TypeError("an asynchronous client receives asynchronous streams")
        self._server = server
        self._stream = stream
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks.

        Raises:
            McpProtocolError: There are too many bytes.
        """
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > self._limit:
                raise too_large(self._server, self._limit)
            yield chunk

    async def aclose(self) -> None:
        """Give the connection back, or close it."""
        await self._stream.aclose()


class BoundedEvents(Bounded):
    """An event stream that ends when it grows too large or its call is over, and notes how it ended."""

    def __init__(self, server: str, stream: object, limit: int, exchange: Exchange) -> None:
        """Note failures in `exchange`."""
        super().__init__(server, stream, limit)
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks."""
        size = 0
        chunks = aiter(self._stream)
        begun: list[bytes] = []
        try:
            while True:
                chunk: bytes | None = None
                with self._exchange.abortable():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    self._exchange.ended = True
                    return
                size += len(chunk)
                if size > self._limit:
                    self._exchange.failure = too_large(self._server, self._limit)
                    return
                # Whole lines only; an event needs an empty one to be complete.
                end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
                if not end:
                    begun.append(chunk)
                    continue
                lines = b"".join((*begun, chunk[:end]))
                begun = [chunk[end:]]
                yield _PAUSE.sub(_bounded_pause, lines) if b"retry" in lines else lines
        except httpx2.RequestError as error:
            self._exchange.failure = McpUnreachable(
                self._server, f"the connection broke during the call ({type(error).__name__})."
            )
            raise


def _bounded_pause(found: re.Match[bytes]) -> bytes:
    return found[0] if len(found[1]) < len(LONGEST_PAUSE) else b"retry: " + LONGEST_PAUSE


def too_large(server: str, limit: int) -> McpProtocolError:
    """The error for an answer beyond its limit."""
    return McpProtocolError(server, f"its answer is larger than {limit} bytes.")


def is_events(response: httpx2.Response) -> bool:
    """Whether an answer is an event stream."""
    return response.headers.get("content-type", "").lower().startswith("text/event-stream")


def is_json(response: httpx2.Response) -> bool:
    """Whether an answer is JSON, by its own word."""
    return response.headers.get("content-type", "").lower().startswith("application/json")


def is_unread(body: bytes) -> bool:
    """Whether a refusal is that of a server which did not look at the request: of a session that it does not know.

    404 is the right status. Servers made after the examples of the TypeScript SDK answer 400 with this.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    match answer:
        case {"id": None, "error": {"code": -32000}}:
            return True
        case _:
            return False


def is_compressed(response: httpx2.Response) -> bool:
    """Whether an answer is compressed, although no request asks for it.

    Half a megabyte of it can hold minutes of work, which no time limit interrupts, and gigabytes.
    """
    return response.headers.get("content-encoding", "identity").lower() not in {"identity", ""}


def is_about(body: bytes, request_id: object) -> bool:
    """Whether a JSON body answers this request: the SDK would wait for ever for the answer, or wake another call.

    What is no JSON is left to the SDK, which says so.
    """
    number = json.dumps(request_id).encode()
    # How the official SDKs write it; anything else is parsed.
    if body.startswith(b'{"jsonrpc":"2.0","id":' + number + b",") or body.endswith(b'"id":' + number + b"}"):
        return True
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return True
    if not isinstance(answer, dict):
        return True
    fields = cast("dict[str, object]", answer)
    found = fields.get("id")
    # The number may come back as text. A refusal may come without one: the SDK fills it in where the status is no 2xx.
    return not isinstance(found, bool) and (found == request_id or str(found) == str(request_id))


def wait_wanted(response: httpx2.Response) -> float | None:
    """The seconds of `Retry-After` of a busy server; a date or nonsense counts as none."""
    if response.status_code not in {429, 503}:
        return None
    value = response.headers.get("retry-after", "").strip()
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        return None
    return float(value) if float(value) <= LONGEST_WAIT else None
