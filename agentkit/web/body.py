"""The body of a request, read within bounds: size, time, media type and depth."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from agentkit.errors import BodyRefused
from agentkit.models import Json
from agentkit.web.arrival import Arrived
from agentkit.web.waiting import Unless
from agentkit.wire.jsontext import parse_json


async def read_body(request: Arrived, receive: Receive, *, limit: int, seconds: float) -> bytes:
    """All of a body.

    Args:
        request: What came beside it.
        receive: Gives it.
        limit: How many bytes it may have.
        seconds: How long it may take to arrive.

    Raises:
        BodyRefused: It is too large, or arrives too slowly.
        ClientDisconnect: The client went away.
    """
    if (request.length or 0) > limit:
        raise _too_large(limit)
    try:
        async with asyncio.timeout(None) as patience:
            return await _read(receive, limit, patience, seconds)
    except TimeoutError:
        raise BodyRefused("slow", f"The body did not arrive within {seconds:g} seconds") from None


async def read_json(
    request: Arrived, receive: Receive, media_types: Collection[str] | None, *, limit: int, seconds: float
) -> Json:
    """The JSON document that a body is.

    Args:
        request: What came beside it.
        receive: Gives it.
        media_types: What it may be called; None does not ask.
        limit: How many bytes it may have.
        seconds: How long it may take to arrive.

    Raises:
        BodyRefused: It is too large, arrives too slowly, or is called something else (A2A-HTTP-03).
        WireError: It is not JSON, or nested too deeply.
        ClientDisconnect: The client went away.
    """
    body = await read_body(request, receive, limit=limit, seconds=seconds)
    if media_types is not None and request.media_type not in media_types:
        raise BodyRefused("media-type", f"The body must be {' or '.join(sorted(media_types))}")
    return parse_json(body)


async def _read(receive: Receive, limit: int, patience: asyncio.Timeout, seconds: float) -> bytes:
    """The body; the timer, which costs more than reading a small one, is set where something has to come yet."""
    chunks: list[bytes] = []
    size = 0
    more = True

    async def hurry() -> None:
        if patience.when() is None:
            patience.reschedule(asyncio.get_running_loop().time() + seconds)

    while more:
        message = await Unless(receive(), hurry)
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused("size", f"The body is larger than {limit} bytes", remedy="Send less at once.")
