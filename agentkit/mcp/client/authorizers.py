"""How a client authorizes each of its requests: with the same token or key, or with tokens that it fetches."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

import httpx2

from agentkit import tracing
from agentkit.errors import (
    AuthenticationError,
    McpAuthRequired,
    McpError,
    McpTimeout,
    McpUnreachable,
    SpecError,
    TransportError,
)
from agentkit.mcp.client.authorization import (
    SHORTEST_SECRET,
    ApiKey,
    Authorizer,
    BearerToken,
    McpAuth,
    OAuthClientCredentials,
)
from agentkit.oauth.discovery import (
    Challenge,
    IssuerMetadata,
    ResourceMetadata,
    fetch_client_token,
    find_issuer,
    find_resource,
    is_same_issuer,
)
from agentkit.oauth.exchange import stays_local
from agentkit.oauth.tokens import IssuedToken, TokenCache

RENEW_EARLY: Final = 30.0
"""Seconds before its expiry at which a token is renewed (MCP-OAU-03)."""

_AUTHORIZATION: Final = "authorization"
_TOKENS_REMEMBERED: Final = 3
_SENDABLE: Final = re.compile(r"[\x21-\x7e]+")
_HEADER: Final = re.compile(r"(?!(?:accept|connection|content|host|mcp|te|transfer|upgrade)\b)[a-z0-9!#$%&'*+.^_`|~-]+")
"""Names of headers but for those that MCP and HTTP need."""


class StaticAuthorizer:
    """The same token or key for every request, or none."""

    def __init__(self, server: str, auth: BearerToken | ApiKey | None) -> None:
        """Send what `auth` holds, or nothing, to the MCP server of this name.

        Raises:
            SpecError: The key is to be sent in a header that is none, or that has another meaning.
        """
        self._server = server
        self._auth = auth
        match auth:
            case None:
                self.kind, self._secret, self._name = "none", None, ""
            case BearerToken(token=token):
                self.kind, self._secret, self._name = "bearer", token, _AUTHORIZATION
            case ApiKey(key=key, header=header):
                if not _HEADER.fullmatch(header.lower()):
                    raise SpecError("ApiKey.header", "is no header for a key", remedy="Leave it out for X-API-Key.")
                self.kind, self._secret, self._name = "apiKey", key, header
        self._secrets = _worth_hiding([self._secret] if self._secret else [])

    def secrets(self) -> frozenset[str]:
        """The token or key."""
        return self._secrets

    async def token(self) -> str | None:
        """The token or key.

        Raises:
            McpAuthRequired: It cannot stand in a header; the HTTP library would refuse it and log it.
        """
        if self._secret is not None and not _SENDABLE.fullmatch(self._secret):
            raise McpAuthRequired(
                self._server,
                "the credential is empty or holds a character that no header takes, so nothing was sent.",
                remedy="Check it for a line break or a blank that does not belong to it.",
            )
        return self._secret

    def header(self, token: str) -> tuple[str, str]:
        """A key as it is, a token as RFC 6750 has it."""
        return self._name, token if isinstance(self._auth, ApiKey) else f"Bearer {token}"

    async def another(self, refused: str | None, challenge: Challenge, status: int = 401) -> str | None:
        """There is no other."""
        del refused, challenge, status

    async def aclose(self) -> None:
        """Nothing runs."""


class ClientCredentialsAuthorizer:
    """Discovers, fetches and renews a token (MCP-OAU-01..06).

    Nothing is fetched before the server asks for authorization. Calls that come together share one fetch, and nobody
    holds a lock during a call. After a 401 with a held token, discovery and fetch happen once more, then the answer
    stands. After a 403 that names a missing scope, a token with that scope too is asked for once, unless the scope is
    configured.

    The issuer is pinned: the configured one or, where none is, the one the server names first. First contact trusts
    the server, as the specification has it: a server that is hostile from the beginning can name an issuer of its own
    and is sent the secret, so give a client's secret only to servers it was made for, or configure `issuer`.
    """

    kind = "oauth2.0"

    def __init__(
        self,
        server: str,
        url: str,
        http: httpx2.AsyncClient,
        credentials: OAuthClientCredentials,
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Authorize calls of the MCP server `server` at `url`.

        Args:
            server: Its name, for errors.
            url: Its address, which is the resource tokens are asked for.
            http: The connection pool.
            credentials: Id and secret.
            timeout: Seconds that discovery and fetch may take together.
            clock: Seconds that only go forward.
        """
        self._server = server
        self._url = url
        self._http = http
        self._credentials = credentials
        self._timeout = timeout
        self._cache = TokenCache(self._fetch, early=RENEW_EARLY, clock=clock)
        self._challenge: Challenge | None = None
        self._found: tuple[IssuerMetadata, ResourceMetadata] | None = None
        self._issuer = credentials.issuer
        self._issued: deque[str] = deque(maxlen=_TOKENS_REMEMBERED)
        self._fetches = 0
        self._asked: frozenset[str] = frozenset()
        self._more: frozenset[str] = frozenset()

    def secrets(self) -> frozenset[str]:
        """The client secret and the latest tokens."""
        return _worth_hiding([self._credentials.client_secret, *self._issued])

    async def token(self) -> str | None:
        """The token once the server has asked for one, renewed before it expires."""
        return await self._held() if self._challenge else None

    def header(self, token: str) -> tuple[str, str]:
        """As RFC 6750 has it."""
        return _AUTHORIZATION, f"Bearer {token}"

    async def another(self, refused: str | None, challenge: Challenge, status: int = 401) -> str | None:
        """A token that was fetched after the refused one; after a 403 one with the scope it asks for.

        Raises:
            McpAuthRequired: The authorization server refuses; what was asked for before is asked for again next time.
        """
        if status == 403:
            return await self._with_more_scope(refused, challenge)
        self._challenge = challenge
        if refused is not None and self._cache.forget(refused):
            self._found = None
        return await self._held()

    async def _held(self) -> str:
        """The token; a fetch that another call began may have less time left than this one."""
        before = self._fetches
        try:
            return await self._cache.get()
        except McpTimeout:
            if self._fetches > before:
                raise
            return await self._cache.get()

    async def _with_more_scope(self, refused: str | None, challenge: Challenge) -> str | None:
        """A token with the scope of the challenge as well, where the scope is not configured and was not asked for."""
        wanted = set((challenge.scope or "").split())
        if challenge.error != "insufficient_scope" or self._credentials.scope or refused is None:
            return None
        if wanted <= self._asked:
            return None
        before, self._more = self._more, self._more | wanted
        self._cache.forget(refused)
        try:
            return await self._cache.get()
        except McpError:
            self._more = before
            raise

    async def aclose(self) -> None:
        """Stop a fetch that still runs and drop the token."""
        await self._cache.aclose()

    async def _fetch(self) -> IssuedToken:
        self._fetches += 1
        attributes = {"mcp.server.name": self._server, "server.address": urlsplit(self._url).hostname}
        with tracing.span("oauth.token", attributes):
            try:
                async with asyncio.timeout(self._timeout):
                    issued = await self._discover_and_fetch()
                    self._issued.append(issued.access_token)
                    return issued
            except TimeoutError:
                raise McpTimeout(self._server, "its authorization server did not answer in time.") from None
            except AuthenticationError as error:
                raise McpAuthRequired(self._server, error.message, status=error.status, remedy=error.remedy) from None
            except TransportError as error:
                raise McpUnreachable(self._server, f"no token could be fetched: {error.message}") from None

    async def _discover_and_fetch(self) -> IssuedToken:
        if self._found is None:
            try:
                self._found = await self._discover()
            except AuthenticationError:
                # Where the challenge led astray, the server is asked for another one by the next call.
                self._challenge = None
                raise
        issuer, resource = self._found
        scope = self._credentials.scope or self._scope(resource)
        return await fetch_client_token(
            self._http,
            issuer,
            self._credentials.client_id,
            self._credentials.client_secret,
            scope=scope,
            resource=resource.resource,
        )

    def _scope(self, resource: ResourceMetadata) -> str | None:
        """What the challenge or the metadata names, and what a 403 asked for since."""
        asked = (self._challenge.scope if self._challenge else None) or " ".join(resource.scopes_supported)
        scopes = [*asked.split(), *sorted(self._more - set(asked.split()))]
        self._asked = frozenset(scopes)
        return " ".join(scopes) or None

    async def _discover(self) -> tuple[IssuerMetadata, ResourceMetadata]:
        resource = await find_resource(self._http, self._url, self._challenge or Challenge())
        wanted = self._issuer or resource.authorization_servers[0]
        if not any(is_same_issuer(named, wanted) for named in resource.authorization_servers):
            known = "configured issuer" if self._credentials.issuer else "authorization server it named before"
            raise AuthenticationError(
                "invalid_metadata", f"The server does not name the {known} as its authorization server."
            )
        found = await find_issuer(self._http, wanted, loopback=stays_local(self._url))
        self._issuer = wanted
        return found, resource


def _worth_hiding(secrets: Iterable[str]) -> frozenset[str]:
    return frozenset(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)


def authorizer_for(
    server: str, url: str, http: httpx2.AsyncClient, auth: McpAuth | None, *, timeout: float
) -> Authorizer:
    """The authorizer of one client.

    Raises:
        SpecError: The credential is none.
    """
    match auth:
        case OAuthClientCredentials():
            return ClientCredentialsAuthorizer(server, url, http, auth, timeout=timeout)
        case BearerToken() | ApiKey() | None:
            return StaticAuthorizer(server, auth)
        case _:  # pyright: ignore[reportUnnecessaryComparison] - untyped callers give texts
            remedy = "Give a BearerToken, an ApiKey or OAuthClientCredentials."
            raise SpecError("McpClient.auth", f"is a {type(auth).__name__}", remedy=remedy)
