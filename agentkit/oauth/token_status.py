"""What an authorization server says about tokens it issued, and how they end early (RFC 7662, RFC 7009)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from agentkit.errors import AuthenticationError
from agentkit.models import JsonObject
from agentkit.oauth.clients import Clients, RegisteredClient
from agentkit.oauth.issuing import TokenIssuer
from agentkit.oauth.token_request import ClientForm, invalid_client
from agentkit.oauth.verified import Expectation
from agentkit.oauth.verify import read_jwt

_TOLD = ("iss", "sub", "client_id", "aud", "scope", "exp", "iat", "jti")


class Revocations(Protocol):
    """Tokens that ended before they expired."""

    async def add(self, token_id: str, expires_at: float) -> None:
        """Revoke the token with this `jti`; it may be forgotten once it has expired, in seconds since the epoch."""
        ...

    async def has(self, token_id: str) -> bool:
        """Whether the token with this `jti` was revoked."""
        ...


class RevokedTokens:
    """Revoked tokens in memory; as many as were issued and have not expired, at most."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Remember nothing yet; `clock` gives seconds since the epoch."""
        self._clock = clock
        self._revoked: dict[str, float] = {}

    async def add(self, token_id: str, expires_at: float) -> None:
        """Revoke a token, and forget those that have expired."""
        now = self._clock()
        self._revoked = {known: until for known, until in self._revoked.items() if until > now}
        self._revoked[token_id] = expires_at

    async def has(self, token_id: str) -> bool:
        """Whether a token was revoked."""
        return token_id in self._revoked


class TokenStatus:
    """Answers questions about tokens.

    A client learns about tokens that were issued to it, and about those of resources that it serves; about all others
    it hears what it would hear about a wrong one. A revoked token, and one whose client was removed, is not active any
    more; who checks tokens as JWTs does not hear of it before they expire.
    """

    def __init__(self, tokens: TokenIssuer, clients: Clients, revoked: Revocations) -> None:
        """Tell about the tokens that `tokens` issues to `clients`."""
        self._tokens = tokens
        self._clients = clients
        self._revoked = revoked

    async def introspect(self, request: ClientForm) -> JsonObject:
        """The answer to an introspection request.

        Raises:
            AuthenticationError: The client is unknown, or sends no token.
        """
        client = await self._authenticated(request)
        claims = await self._active(request.required("token"))
        if claims is None or not _may_know(client, claims):
            return {"active": False}
        told: JsonObject = {name: claims[name] for name in _TOLD if name in claims}
        return {"active": True, "token_type": "Bearer", **told}

    async def revoke(self, request: ClientForm) -> JsonObject:
        """Revoke a token of the client that asks; what is no such token is none any more (RFC 7009, 2.2).

        Raises:
            AuthenticationError: The client is unknown, or sends no token.
        """
        client = await self._authenticated(request)
        claims = await self._active(request.required("token"))
        if claims is not None and claims.get("client_id") == client.client_id:
            # Checked by `_active`: both are there.
            await self._revoked.add(str(claims["jti"]), float(str(claims["exp"])))
        return {}

    async def _authenticated(self, request: ClientForm) -> RegisteredClient:
        client = await self._clients.authenticate(request.client_id, request.client_secret)
        if client is None:
            raise invalid_client()
        return client

    async def _active(self, token: str) -> JsonObject | None:
        """The claims of a token of ours that is valid now, or None."""
        try:
            claims = await read_jwt(token, self._tokens.keys)
            audience = claims.get("aud")
            named = (audience,) if isinstance(audience, str) else ("",)
            # Without leeway: the clock is the one that the token was issued by.
            Expectation(self._tokens.issuer, named, leeway=0.0).read(claims, self._tokens.clock())
        except (AuthenticationError, ValueError):
            return None
        token_id, client_id = claims.get("jti"), claims.get("client_id")
        if not isinstance(token_id, str) or not isinstance(client_id, str):
            return None
        if await self._revoked.has(token_id) or await self._clients.find(client_id) is None:
            return None
        return claims


def _may_know(client: RegisteredClient, claims: JsonObject) -> bool:
    return claims.get("client_id") == client.client_id or claims.get("aud") in client.serves
