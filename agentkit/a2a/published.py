"""Documents that everybody may read, served with HTTP caching (A2A-CARD-01, A2A-CARD-04 to -06)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from a2a.types import AgentCard
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agentkit.a2a.signing import CardSigner, SignedCard
from agentkit.models import JsonObject

MAX_AGE: Final = 300
"""Seconds for which a document may be kept without asking again."""

CARD_PATH: Final = AGENT_CARD_WELL_KNOWN_PATH
"""Where a card lies below the URL of its agent."""


def card_route(card: AgentCard, signer: CardSigner | None = None) -> Route:
    """Serve the card of an agent, signed where there is a signer."""
    return document_route(CARD_PATH, SignedCard(card, signer).current)


def document_route(
    path: str,
    current: Callable[[], Awaitable[JsonObject]],
    *,
    media_type: str = "application/json",
    max_age: int = MAX_AGE,
) -> Route:
    """Serve a JSON document with `ETag`, `Last-Modified` and `Cache-Control`; 304 where the client has it already.

    Args:
        path: Where.
        current: Gives the document as it is now; the same object where nothing has changed.
        media_type: Of the answer.
        max_age: Seconds for which it may be kept without asking again.
    """
    published = _Published(current, max_age)

    async def serve(request: Request) -> Response:
        version = await published.version()
        if version.is_known(request):
            return Response(status_code=304, headers=version.headers)
        return Response(version.body, headers=version.headers, media_type=media_type)

    return Route(path, serve, methods=["GET"])


class _Version:
    """A document as it is sent."""

    def __init__(self, document: JsonObject, modified: datetime, max_age: int) -> None:
        self.document = document
        self.body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        self._modified = modified
        self.headers = {
            "ETag": f'"{hashlib.sha256(self.body).hexdigest()}"',
            "Last-Modified": format_datetime(self._modified, usegmt=True),
            "Cache-Control": f"public, max-age={max_age}",
        }

    def is_known(self, request: Request) -> bool:
        known = request.headers.get("if-none-match")
        if known is not None:
            return any(tag.strip().removeprefix("W/") in (self.headers["ETag"], "*") for tag in known.split(","))
        since = request.headers.get("if-modified-since")
        if since is None:
            return False
        try:
            return self._modified <= parsedate_to_datetime(since).astimezone(UTC)
        except ValueError:
            return False


class _Published:
    """Makes a version when the document has changed."""

    def __init__(self, current: Callable[[], Awaitable[JsonObject]], max_age: int) -> None:
        self._current = current
        self._max_age = max_age
        self._version: _Version | None = None
        # A document that is published from the start is not newer for whoever asks first.
        self._since = datetime.now(UTC).replace(microsecond=0)

    async def version(self) -> _Version:
        document = await self._current()
        if self._version is None or document is not self._version.document:
            since = self._since if self._version is None else datetime.now(UTC).replace(microsecond=0)
            self._version = _Version(document, since, self._max_age)
        return self._version
