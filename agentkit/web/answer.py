"""Answers of HTTP; the one in JSON is written lean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from starlette.types import Receive, Scope, Send

from agentkit.models import Json
from agentkit.wire.jsontext import dump_json

Header = tuple[bytes, bytes]
"""Name and value of an HTTP header."""


class Answered(Protocol):
    """What can be sent as an answer; Starlette's responses can."""

    status_code: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send, /) -> None:
        """Send it."""
        ...


class Answer:
    """A JSON document as an ASGI answer."""

    def __init__(
        self, document: Json, *, media_type: bytes, status: int = 200, headers: Sequence[Header | None] = ()
    ) -> None:
        """Encode the document now, so that what cannot be encoded is still an error answer."""
        self._body = dump_json(document)
        self.status_code = status
        self._headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(self._body))]
        self._headers += [header for header in headers if header is not None]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})
