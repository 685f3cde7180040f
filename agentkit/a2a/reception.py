"""What every request passes before an operation sees it: version, media type, size, depth, extensions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from typing import Final

from a2a.types import AgentCard
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    ExtensionSupportRequiredError,
    InvalidRequestError,
    VersionNotSupportedError,
)
from starlette.requests import ClientDisconnect, Request

from agentkit.a2a.bounds import Bounds
from agentkit.models import Json
from agentkit.wire.jsontext import parse_json

Header = tuple[bytes, bytes]
"""Name and value of an HTTP header."""

_VERSION: Final = re.compile(r"(\d{1,9})\.(\d{1,9})(\.\d{1,9}){0,4}")
_NUMBER: Final = re.compile(r"\d{1,18}")


def asked_version(request: Request) -> str | None:
    """Major and minor of the version that a request names by header or else by query (A2A-VER-02, -04, -05).

    None for one that is no version; without any it is 0.3.
    """
    named = request.headers.get("a2a-version")
    if named == "1.0":
        return named
    named = named or request.query_params.get("A2A-Version") or "0.3"
    match = _VERSION.fullmatch(named.strip())
    return None if match is None else f"{int(match[1])}.{int(match[2])}"


def wrong_version(spoken: Collection[str]) -> VersionNotSupportedError:
    """The refusal of a version, with those that are spoken (A2A-VER-03, -06)."""
    known = " and ".join(spoken)
    return VersionNotSupportedError(f"This agent speaks A2A {known} here; name the version in A2A-Version")


def last_event(request: Request) -> int | None:
    """The number of the event a client saw before its stream broke; None for one that is none of ours."""
    text = request.headers.get("last-event-id")
    return int(text) if text and _NUMBER.fullmatch(text) else None


class Extensions:
    """The extensions of a card against those a request names (A2A-EXT-01 to -03)."""

    def __init__(self, card: AgentCard) -> None:
        """Read the card once."""
        self._known = {extension.uri for extension in card.capabilities.extensions}
        self._required = {extension.uri for extension in card.capabilities.extensions if extension.required}

    def activate(self, request: Request) -> Header | None:
        """The header of the answer that names what both sides know; None for nothing.

        A2A 0.3 calls it `X-A2A-Extensions`; who asks by that name is answered by it.

        Raises:
            ExtensionSupportRequiredError: The request does not name a required one.
        """
        header, name = request.headers.get("a2a-extensions"), b"a2a-extensions"
        if header is None:
            header, name = request.headers.get("x-a2a-extensions"), b"x-a2a-extensions"
        if header is None and not self._required:
            return None
        named = list(dict.fromkeys(uri.strip() for uri in (header or "").split(",")))
        missing = sorted(self._required.difference(named))
        if missing:
            raise ExtensionSupportRequiredError(f"This agent requires the extension {missing[0]}")
        active = ", ".join(uri for uri in named if uri in self._known)
        return (name, active.encode("latin-1", "replace")) if active else None


async def read_json(request: Request, media_types: Collection[str], bounds: Bounds) -> Json:
    """Parse the body of a request.

    Args:
        request: Its body is read.
        media_types: What the binding takes.
        bounds: How large it may be, and how long it may take.

    Raises:
        ContentTypeNotSupportedError: Another media type (A2A-HTTP-03).
        InvalidRequestError: It is too large, or arrives too slowly.
        WireError: It is not JSON, or nested too deeply.
    """
    try:
        async with asyncio.timeout(bounds.body_seconds):
            body = await _read(request, bounds.body)
    except TimeoutError:
        slow = f"The body did not arrive within {bounds.body_seconds:g} seconds"
        raise InvalidRequestError(slow, {"http_status": 408}) from None
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise ContentTypeNotSupportedError(f"The body must be {' or '.join(sorted(media_types))}", {"http_status": 415})
    return parse_json(body)


async def _read(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if _NUMBER.fullmatch(declared) and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> InvalidRequestError:
    return InvalidRequestError(f"The body is larger than {limit} bytes", {"http_status": 413})
