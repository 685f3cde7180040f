"""The door of a hosted MCP server: lets valid callers in, and tells the others why not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit import tracing
from agentkit.errors import TransportError
from agentkit.mcp.hosting.admission import AUTHORIZATION, Way
from agentkit.mcp.tools.current import CALLER, Caller

RETRY_AFTER: Final = 5
"""Seconds after which a caller may ask again whose credential could not be checked."""

_INVALID: Final = ("invalid_token", "The credential is not valid here.")
_NO_SCOPE: Final = ("insufficient_scope", "The access token lacks a scope.")
_UNCHECKED: Final = ("temporarily_unavailable", "The credential cannot be checked at the moment.")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a refused caller is told to do.

    Attributes:
        metadata: Address of the resource's metadata; None without OAuth.
        scope: The scopes to ask for (MCP-AUTH-07); empty where none is needed.
        api_key_header: The header for a key, where no bearer token is taken.
    """

    metadata: str | None = None
    scope: str = ""
    api_key_header: str | None = None

    def header(self, error: tuple[str, str] | None, scope: str | None = None) -> str:
        """The value of `WWW-Authenticate`; without an error where nothing was sent (RFC 6750)."""
        if self.api_key_header is not None:
            return f'ApiKey header="{self.api_key_header}"'
        parameters = {"error": error[0], "error_description": error[1]} if error else {}
        if self.metadata is not None:
            parameters["resource_metadata"] = self.metadata
        if wanted := scope or self.scope:
            parameters["scope"] = wanted
        return ("Bearer " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())).strip()

    @property
    def wanted(self) -> str:
        """What is missing, in words."""
        if self.api_key_header is not None:
            return f"A key in the header {self.api_key_header} is required."
        return "A bearer token is required."


class Gate:
    """An ASGI app that lets valid callers through to another one; tools see who calls, never the credential."""

    def __init__(self, app: ASGIApp, ways: Sequence[Way], challenge: Challenge) -> None:
        """Stand before `app`; without ways everybody is let in."""
        self._app = app
        self._ways = tuple(ways)
        self._challenge = challenge
        self._headers = {way.header.encode("latin-1") for way in ways}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the caller's trace goes on in it."""
        sent: dict[str, str] = {}
        trace: dict[str, str] = {}
        for name, value in scope["headers"]:
            if name in self._headers:
                known, given = name.decode("latin-1"), value.decode("latin-1")
                # Two of them are none: a proxy before this server may have looked at the other one.
                sent[known] = f"{sent[known]}, {given}" if known in sent else given
            elif name in (b"traceparent", b"tracestate"):
                trace[name.decode("latin-1")] = value.decode("latin-1")
        if trace:
            with tracing.continued(trace):
                await self._serve(sent, scope, receive, send)
        else:
            await self._serve(sent, scope, receive, send)

    async def _serve(self, sent: Mapping[str, str], scope: Scope, receive: Receive, send: Send) -> None:
        if not self._ways:
            await self._app(scope, receive, send)
            return
        admitted = await self._admitted(sent)
        if not isinstance(admitted, Caller):
            await admitted.send(send)
            return
        token = CALLER.set(admitted)
        try:
            await self._app(scope, receive, send)
        finally:
            CALLER.reset(token)

    async def _admitted(self, sent: Mapping[str, str]) -> Caller | _Refusal:
        given = unchecked = False
        lacking: Way | None = None
        for way in self._ways:
            credential = _credential(way, sent)
            if not credential:
                continue
            given = True
            try:
                caller = await way.verifier.verify(credential)
            except TransportError:
                unchecked = True
                continue
            if caller is None:
                continue
            if caller.scopes.issuperset(way.required_scopes):
                return caller
            lacking = lacking or way
        if lacking is not None:
            scope = " ".join(lacking.required_scopes)
            return _Refusal(403, *_NO_SCOPE, self._challenge.header(_NO_SCOPE, scope))
        if unchecked:
            return _Refusal(503, *_UNCHECKED)
        if given:
            return _Refusal(401, *_INVALID, self._challenge.header(_INVALID))
        return _Refusal(401, "unauthorized", self._challenge.wanted, self._challenge.header(None))


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    code: str
    description: str
    challenge: str | None = None

    async def send(self, send: Send) -> None:
        body = json.dumps({"error": self.code, "error_description": self.description}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if self.challenge is not None:
            headers.append((b"www-authenticate", self.challenge.encode("latin-1", "replace")))
        else:
            headers.append((b"retry-after", str(RETRY_AFTER).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _credential(way: Way, sent: Mapping[str, str]) -> str:
    value = sent.get(way.header, "")
    if way.header != AUTHORIZATION:
        return value.strip()
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
