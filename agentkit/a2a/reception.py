"""What every request passes before an operation sees it: version, media type, size, depth, extensions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from a2a.types import AgentCard
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    ExtensionSupportRequiredError,
    InvalidRequestError,
    VersionNotSupportedError,
)
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from agentkit.models import Json
from agentkit.web.answer import Header
from agentkit.web.bounds import Bounds
from agentkit.wire.jsontext import parse_json

_VERSION: Final = re.compile(r"(\d{1,9})\.(\d{1,9})(\.\d{1,9}){0,4}")
_NUMBER: Final = re.compile(r"\d{1,18}")


class Arrived:
    """What a request brings beside its body, whatever the binding; headers are looked up without decoding the rest."""

    __slots__ = ("_headers", "path", "query")

    def __init__(
        self, headers: Sequence[Header], query: bytes = b"", path: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Look at a request.

        Args:
            headers: Names in lower case; what comes several times is joined by commas (A2A-HTTP-08).
            query: What stands behind the question mark.
            path: The variables in its address.
        """
        found = dict(headers)
        if len(found) != len(headers):
            for name in found:
                found[name] = b", ".join(value for key, value in headers if key == name)
        self._headers = found
        self.query = query
        self.path = path

    def header(self, name: bytes) -> str | None:
        """The value of a header; None where it was not sent."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def trace(self) -> Mapping[str, str]:
        """The caller's trace, as `continued` takes it; empty for none."""
        parent = self.header(b"traceparent")
        if parent is None:
            return {}
        state = self.header(b"tracestate")
        return {"traceparent": parent} if state is None else {"traceparent": parent, "tracestate": state}

    @property
    def has_body(self) -> bool:
        """Whether something is to be read."""
        return self._headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in self._headers


def arrived(scope: Scope) -> Arrived:
    """An HTTP request."""
    return Arrived(scope["headers"], scope.get("query_string", b""), scope.get("path_params", {}))


def asked_version(request: Arrived) -> str | None:
    """Major and minor of the version that a request names by header or else by query (A2A-VER-02, -04, -05).

    None for one that is no version; without any it is 0.3.
    """
    named = request.header(b"a2a-version")
    if named == "1.0":
        return named
    named = named or QueryParams(request.query).get("A2A-Version") or "0.3"
    match = _VERSION.fullmatch(named.strip())
    return None if match is None else f"{int(match[1])}.{int(match[2])}"


def wrong_version(spoken: Collection[str]) -> VersionNotSupportedError:
    """The refusal of a version, with those that are spoken (A2A-VER-03, -06)."""
    known = " and ".join(spoken)
    return VersionNotSupportedError(f"This agent speaks A2A {known} here; name the version in the header A2A-Version")


def last_event(request: Arrived) -> int | None:
    """The number of the event a client saw before its stream broke; None for one that is none of ours."""
    text = request.header(b"last-event-id")
    return int(text) if text and _NUMBER.fullmatch(text) else None


class Extensions:
    """The extensions of a card against those a request names (A2A-EXT-01 to -03)."""

    def __init__(self, card: AgentCard) -> None:
        """Read the card once."""
        self._known = {extension.uri for extension in card.capabilities.extensions}
        self._required = {extension.uri for extension in card.capabilities.extensions if extension.required}

    def activate(self, request: Arrived) -> Header | None:
        """The header of the answer that names what both sides know; None for nothing.

        A2A 0.3 calls it `X-A2A-Extensions`; who asks by that name is answered by it.

        Raises:
            ExtensionSupportRequiredError: The request does not name a required one.
        """
        name = b"a2a-extensions"
        header = request.header(name)
        if header is None:
            name = b"x-a2a-extensions"
            header = request.header(name)
        if header is None and not self._required:
            return None
        named = list(dict.fromkeys(uri.strip() for uri in (header or "").split(",")))
        missing = sorted(self._required.difference(named))
        if missing:
            raise ExtensionSupportRequiredError(f"This agent requires the extension {missing[0]}")
        active = ", ".join(uri for uri in named if uri in self._known)
        return (name, active.encode("latin-1", "replace")) if active else None


async def read_json(request: Arrived, receive: Receive, media_types: Collection[str], bounds: Bounds) -> Json:
    """Parse the body of a request.

    Args:
        request: What came beside the body.
        receive: Gives the body.
        media_types: What the binding takes.
        bounds: How large it may be, and how long it may take.

    Raises:
        ContentTypeNotSupportedError: Another media type (A2A-HTTP-03).
        InvalidRequestError: It is too large, or arrives too slowly.
        WireError: It is not JSON, or nested too deeply.
    """
    try:
        async with asyncio.timeout(bounds.body_seconds):
            body = await _read(request, receive, bounds.body)
    except TimeoutError:
        slow = f"The body did not arrive within {bounds.body_seconds:g} seconds"
        raise InvalidRequestError(slow, {"http_status": 408}) from None
    media_type = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise ContentTypeNotSupportedError(f"The body must be {' or '.join(sorted(media_types))}", {"http_status": 415})
    return parse_json(body)


async def _read(request: Arrived, receive: Receive, limit: int) -> bytes:
    declared = request.header(b"content-length") or "0"
    if _NUMBER.fullmatch(declared) and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
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
