"""What every request passes before an operation sees it: version, media type, size, depth, extensions."""

from __future__ import annotations

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

from agentkit.models import Json
from agentkit.wire.jsontext import parse_json

MAX_BODY: Final = 10 * 1024 * 1024
"""Largest request body in bytes."""

_VERSION: Final = re.compile(r"(\d+)\.(\d+)(\.\d+)*")
_SUPPORTED: Final = ("1", "0")


def check_version(request: Request) -> None:
    """Take A2A 1.0, named by header or else by query (A2A-VER-02 to -05).

    Raises:
        VersionNotSupportedError: Another version, or none, which means 0.3.
    """
    named = request.headers.get("a2a-version")
    if named == "1.0":
        return
    named = named or request.query_params.get("A2A-Version") or "0.3"
    match = _VERSION.fullmatch(named.strip())
    if match is None or match.group(1, 2) != _SUPPORTED:
        raise VersionNotSupportedError("This agent speaks A2A 1.0; send A2A-Version: 1.0")


class Extensions:
    """The extensions of a card against those a request names (A2A-EXT-01 to -03)."""

    def __init__(self, card: AgentCard) -> None:
        """Read the card once."""
        self._known = {extension.uri for extension in card.capabilities.extensions}
        self._required = {extension.uri for extension in card.capabilities.extensions if extension.required}

    def activate(self, request: Request) -> str | None:
        """The `A2A-Extensions` of the answer: what both sides know; None for nothing.

        Raises:
            ExtensionSupportRequiredError: The request does not name a required one.
        """
        header = request.headers.get("a2a-extensions")
        if header is None and not self._required:
            return None
        named = [uri.strip() for uri in (header or "").split(",")]
        missing = sorted(self._required.difference(named))
        if missing:
            raise ExtensionSupportRequiredError(f"This agent requires the extension {missing[0]}")
        return ", ".join(uri for uri in named if uri in self._known) or None


async def read_json(request: Request, media_types: Collection[str], *, limit: int) -> Json:
    """Parse the body of a request.

    Args:
        request: Its body is read.
        media_types: What the binding takes.
        limit: Most bytes.

    Raises:
        ContentTypeNotSupportedError: Another media type (A2A-HTTP-03).
        InvalidRequestError: It is too large.
        WireError: It is not JSON, or nested too deeply.
    """
    body = await _read(request, limit)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise ContentTypeNotSupportedError(f"The body must be {' or '.join(sorted(media_types))}", {"http_status": 415})
    return parse_json(body)


async def _read(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
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
