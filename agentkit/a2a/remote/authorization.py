"""How requests of a remote agent are let in: with a token or key, with tokens that are fetched, or the caller's own."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import httpx2

from agentkit import tracing
from agentkit.errors import AuthenticationError, RemoteAuthRequired, RequestTimeout, SpecError
from agentkit.mcp.client.authorization import ApiKey, BearerToken, OAuthClientCredentials
from agentkit.oauth.discovery import Challenge, IssuerMetadata, fetch_client_token, find_issuer, find_resource
from agentkit.oauth.exchange import check_secure, stays_local
from agentkit.oauth.tokens import IssuedToken, TokenCache

RemoteAuth = BearerToken | ApiKey | OAuthClientCredentials
"""What lets an author's requests in: the same types as for MCP servers."""

RENEW_EARLY: Final = 30.0
"""Seconds before its expiry at which a token is renewed."""

_FETCH_SECONDS: Final = 30.0
_SENDABLE: Final = re.compile(r"[\x21-\x7e]+")
_HEADER: Final = re.compile(r"(?!(?:accept|a2a|connection|content|host|te|transfer|upgrade)\b)[a-z0-9!#$%&'*+.^_`|~-]+")


class Authorizer(Protocol):
    """Gives the headers that let a request in."""

    async def headers(self, bearer: str | None) -> Mapping[str, str]:
        """The headers; `bearer` is the caller's own token."""
        ...

    async def another(self, refused: Mapping[str, str], challenge: str | None) -> Mapping[str, str] | None:
        """After a 401: other headers that are worth one more try (A2A-CG-03), or None."""
        ...

    def learn(self, token_url: str, scope: str | None) -> None:
        """What the card says of where tokens are issued."""
        ...

    async def aclose(self) -> None:
        """Stop what still runs."""
        ...


class StaticAuthorizer:
    """The same token or key for every request, or none."""

    def __init__(self, auth: BearerToken | ApiKey | None) -> None:
        """Send what `auth` holds.

        Raises:
            SpecError: It cannot stand in a header, or the header has another meaning.
        """
        self._headers: dict[str, str] = {}
        match auth:
            case BearerToken(token=token):
                self._headers["Authorization"] = f"Bearer {_sendable(token)}"
            case ApiKey(key=key, header=header):
                if not _HEADER.fullmatch(header.lower()):
                    raise SpecError("ApiKey.header", "is no header for a key", remedy="Name the one of the card.")
                self._headers[header] = _sendable(key)
            case None:
                pass

    async def headers(self, bearer: str | None) -> Mapping[str, str]:
        """What was given."""
        del bearer
        return self._headers

    async def another(self, refused: Mapping[str, str], challenge: str | None) -> Mapping[str, str] | None:
        """There is no other."""
        del refused, challenge

    def learn(self, token_url: str, scope: str | None) -> None:
        """Nothing is fetched."""
        del token_url, scope

    async def aclose(self) -> None:
        """Nothing runs."""


class InheritAuthorizer(StaticAuthorizer):
    """The token of whoever asks; it is passed on and never kept."""

    def __init__(self, agent: str) -> None:
        """Pass tokens on to the agent of this name."""
        super().__init__(None)
        self._agent = agent

    async def headers(self, bearer: str | None) -> Mapping[str, str]:
        """The caller's token.

        Raises:
            RemoteAuthRequired: The caller has none.
        """
        if not bearer:
            raise RemoteAuthRequired(
                self._agent,
                "it wants the caller's own token, and this caller came without one.",
                remedy="Let callers sign in, or give remote_agent an auth of its own.",
            )
        return {"Authorization": f"Bearer {bearer}"}


class ClientCredentialsAuthorizer:
    """Fetches, keeps and renews tokens by the client-credentials grant (A2A-CG-03).

    The secret goes to one place: the token endpoint of the issuer that is configured; else the one that the card
    names; else, before a card could be read, the one that the agent's challenge leads to (RFC 9728). First contact
    trusts the agent, so configure `issuer` where the secret is not made for it alone.
    """

    def __init__(
        self,
        url: str,
        http: httpx2.AsyncClient,
        credentials: OAuthClientCredentials,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Authorize requests of the agent at `url`; `clock` counts seconds that only go forward."""
        self._url = url
        self._http = http
        self._credentials = credentials
        self._cache = TokenCache(self._fetch, early=RENEW_EARLY, clock=clock)
        self._token_url: str | None = None
        self._scope = credentials.scope
        self._challenge: Challenge | None = None

    async def headers(self, bearer: str | None) -> Mapping[str, str]:
        """A token, once it is known where to get one."""
        del bearer
        if self._credentials.issuer is None and self._token_url is None and self._challenge is None:
            return {}
        return await self._held()

    async def another(self, refused: Mapping[str, str], challenge: str | None) -> Mapping[str, str] | None:
        """A token that was fetched after the refused one."""
        self._challenge = Challenge.parse(challenge)
        self._cache.forget(refused.get("Authorization", "").removeprefix("Bearer "))
        return await self._held()

    def learn(self, token_url: str, scope: str | None) -> None:
        """Take the card's token endpoint, where no issuer is configured."""
        self._token_url = token_url
        self._scope = self._credentials.scope or scope

    async def aclose(self) -> None:
        """Stop a fetch that still runs and drop the token."""
        await self._cache.aclose()

    async def _held(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {await self._cache.get()}"}

    async def _fetch(self) -> IssuedToken:
        with tracing.span("oauth.token", kind=tracing.SpanKind.CLIENT):
            try:
                async with asyncio.timeout(_FETCH_SECONDS):
                    return await fetch_client_token(
                        self._http,
                        await self._issuer(),
                        self._credentials.client_id,
                        self._credentials.client_secret,
                        scope=self._scope,
                    )
            except TimeoutError:
                raise RequestTimeout("The token endpoint of a remote agent did not answer in time.") from None

    async def _issuer(self) -> IssuerMetadata:
        local = stays_local(self._url)
        if self._credentials.issuer is not None:
            return await find_issuer(self._http, self._credentials.issuer, loopback=local)
        if self._token_url is not None:
            check_secure(self._token_url, "token endpoint that the card names", loopback=local)
            return IssuerMetadata("", self._token_url, None, ("client_secret_basic",))
        resource = await find_resource(self._http, self._url, self._challenge or Challenge())
        if not resource.authorization_servers:
            raise AuthenticationError("invalid_metadata", "The remote agent names no authorization server.")
        return await find_issuer(self._http, resource.authorization_servers[0], loopback=local)


def authorizer_for(
    agent: str,
    url: str,
    http: httpx2.AsyncClient,
    auth: RemoteAuth | None,
    *,
    inherit: bool,
    clock: Callable[[], float] = time.monotonic,
) -> Authorizer:
    """The authorizer of one remote agent.

    Raises:
        SpecError: The credential is none, or there are two ways at once.
    """
    if inherit and auth is not None:
        raise SpecError("remote_agent.inherit", "goes without auth", remedy="Pass on the caller's token, or give auth.")
    match auth:
        case OAuthClientCredentials():
            return ClientCredentialsAuthorizer(url, http, auth, clock=clock)
        case BearerToken() | ApiKey():
            return StaticAuthorizer(auth)
        case None:
            return InheritAuthorizer(agent) if inherit else StaticAuthorizer(None)
        case _:  # pyright: ignore[reportUnnecessaryComparison] - untyped callers give texts
            remedy = "Give a BearerToken, an ApiKey or OAuthClientCredentials of agentkit.mcp."
            raise SpecError("remote_agent.auth", f"is a {type(auth).__name__}", remedy=remedy)


def _sendable(secret: str) -> str:
    if not _SENDABLE.fullmatch(secret):
        raise SpecError("remote_agent.auth", "is empty or holds a character that no header takes")
    return secret
