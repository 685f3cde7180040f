"""The door of a hosted MCP server: who may come in, and what the others are told."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthCredentials
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit import tracing
from agentkit.errors import AuthenticationError
from agentkit.models import Json
from agentkit.oauth.verify import JwtVerifier


@dataclass(frozen=True, slots=True)
class NoAuth:
    """Everybody may call; the host is still checked. Not for patient data (MCP-AUTH-01)."""


@dataclass(frozen=True, slots=True, repr=False)
class BearerAuth:
    """One static token, compared in constant time (MCP-AUTH-02)."""

    token: str

    def __repr__(self) -> str:
        """Hides the token."""
        return "BearerAuth(<hidden>)"


@dataclass(frozen=True, slots=True)
class OAuthAuth:
    """Tokens of an authorization server for this resource (MCP-AUTH-03).

    Attributes:
        issuer: The authorization server's identifier.
        jwks: Its key set, or the https address of it.
        required_scopes: Scopes every call needs.
        audience: What `aud` must hold; the server's own address when left out.
    """

    issuer: str
    jwks: Mapping[str, Json] | str
    required_scopes: tuple[str, ...] = ()
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class InheritAuth:
    """The caller's own token of another issuer, for example Corti's (MCP-COR-03).

    MCP forbids tokens that were not issued for the server, so issuer and audiences are given explicitly; `azp` counts
    as an audience here. The token is checked and neither kept nor passed on.

    Attributes:
        issuer: Who issued it, for example the tenant's realm.
        audience: Values of `aud` or `azp` that are let in.
        jwks: The issuer's key set, or the https address of it.
    """

    issuer: str
    audience: tuple[str, ...]
    jwks: Mapping[str, Json] | str


ServerAuth = NoAuth | BearerAuth | OAuthAuth | InheritAuth
"""How a hosted server wants to be authorized."""


class Verifier(Protocol):
    """Tells who a token belongs to."""

    async def verify(self, token: str) -> AccessToken | None:
        """The caller, or None for a token that is not valid here."""
        ...


class StaticVerifier:
    """Knows one token."""

    def __init__(self, token: str) -> None:
        """Keep a hash of the token."""
        self._digest = hashlib.sha256(token.encode()).digest()

    async def verify(self, token: str) -> AccessToken | None:
        """The holder of the token, compared in constant time."""
        given = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        if not hmac.compare_digest(given, self._digest):
            return None
        return AccessToken(token="", client_id="bearer", scopes=[])


class TokenVerifier:
    """Checks JWTs; what it hands on to tools holds no token (MCP-AUTH-10)."""

    def __init__(self, verifier: JwtVerifier, resource: str) -> None:
        """Check with `verifier` for the server at `resource`."""
        self._verifier = verifier
        self._resource = resource

    async def verify(self, token: str) -> AccessToken | None:
        """The caller the token was issued to."""
        try:
            valid = await self._verifier.verify(token)
        except AuthenticationError:
            return None
        return AccessToken(
            token="",
            client_id=valid.client_id,
            scopes=sorted(valid.scopes),
            expires_at=valid.expires_at,
            resource=self._resource,
            subject=valid.subject,
            claims={"iss": valid.issuer},
        )


@dataclass(frozen=True, slots=True)
class Gate:
    """An ASGI app that lets valid callers through to another one.

    Attributes:
        app: Behind the gate.
        verifier: Tells who a token belongs to; None lets everybody in.
        required_scopes: Scopes every call needs.
        challenge: Parameters of every challenge, for example `resource_metadata` and `scope` (MCP-AUTH-07).
    """

    app: ASGIApp
    verifier: Verifier | None
    required_scopes: tuple[str, ...] = ()
    challenge: Mapping[str, str] = field(default_factory=dict[str, str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the caller's trace goes on in it."""
        headers = Headers(scope=scope)
        with tracing.continued(headers):
            if self.verifier is None:
                await self.app(scope, receive, send)
                return
            scheme, _, token = headers.get("authorization", "").partition(" ")
            token = token.strip() if scheme.lower() == "bearer" else ""
            caller = await self.verifier.verify(token) if token else None
            if caller is None:
                # RFC 6750: no error code where no token was sent.
                error = ("invalid_token", "The access token is not valid here.") if token else None
                await self._refuse(send, 401, error)
            elif not set(self.required_scopes) <= set(caller.scopes):
                await self._refuse(send, 403, ("insufficient_scope", "The access token lacks a scope."))
            else:
                inner = {**scope, "user": AuthenticatedUser(caller), "auth": AuthCredentials(caller.scopes)}
                await AuthContextMiddleware(self.app)(inner, receive, send)

    async def _refuse(self, send: Send, status: int, error: tuple[str, str] | None) -> None:
        parameters = {"error": error[0], "error_description": error[1]} if error else {}
        parameters.update(self.challenge)
        challenge = "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())
        code, description = error or ("unauthorized", "A bearer token is required.")
        body = json.dumps({"error": code, "error_description": description}).encode()
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                    (b"cache-control", b"no-store"),
                    (b"www-authenticate", challenge.strip().encode("latin-1", "replace")),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})
