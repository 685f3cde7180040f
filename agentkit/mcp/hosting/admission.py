"""Find out who calls: one verifier for each way of authorization."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import httpx2
import jwt
from jwt.exceptions import PyJWTError

from agentkit.errors import AuthenticationError, ConfigurationError, SpecError
from agentkit.mcp.hosting.authorization import (
    ApiKeyAuth,
    BearerAuth,
    InheritAuth,
    IntrospectionAuth,
    OAuthAuth,
    OneAuth,
    ServerAuth,
    members_of,
)
from agentkit.mcp.tools.current import Caller
from agentkit.oauth.introspection import IntrospectionVerifier
from agentkit.oauth.jwks import KeySource, ReachableKeys, RemoteKeys, StaticKeys
from agentkit.oauth.verified import VerifiedToken
from agentkit.oauth.verify import JwtVerifier

AUTHORIZATION: Final = "authorization"


class Verifier(Protocol):
    """Tells who a credential belongs to."""

    async def verify(self, credential: str) -> Caller | None:
        """The caller, or None where the credential is not valid here.

        Raises:
            TransportError: Nobody could say.
        """
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """One way to be let in.

    Attributes:
        header: Where the credential is sent, in lower case; `authorization` means a bearer token.
        verifier: Tells who it belongs to.
        required_scopes: Scopes every call needs that comes this way.
    """

    header: str
    verifier: Verifier
    required_scopes: tuple[str, ...] = ()


class _Secrets:
    """Knows secrets by the name of their holder."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._digests = [(Caller(name), _digest(secret)) for name, secret in secrets.items()]

    async def verify(self, credential: str) -> Caller | None:
        given, found = _digest(credential), None
        # Every secret is compared, so that the time says nothing of which one came near.
        for holder, digest in self._digests:
            if hmac.compare_digest(given, digest):
                found = holder
        return found


class _Tokens:
    """Checks tokens by their signature."""

    def __init__(self, verifier: JwtVerifier) -> None:
        self._verifier = verifier

    async def verify(self, credential: str) -> Caller | None:
        try:
            return _caller(await self._verifier.verify(credential))
        except AuthenticationError:
            return None


class _AskedTokens:
    """Asks the issuer about tokens, unless they say themselves that they are somebody else's."""

    def __init__(self, verifier: IntrospectionVerifier) -> None:
        self._verifier = verifier

    async def verify(self, credential: str) -> Caller | None:
        try:
            named: object = jwt.decode(credential, options={"verify_signature": False}).get("iss")
        except (PyJWTError, ValueError, RecursionError):
            named = None
        if named is not None and named != self._verifier.issuer:
            return None
        try:
            return _caller(await self._verifier.verify(credential))
        except AuthenticationError:
            return None


def ways(auth: ServerAuth, resource: str, http: httpx2.AsyncClient | None) -> tuple[Way, ...]:
    """The ways into a server, those that ask nobody first.

    Args:
        auth: What its operator wants.
        resource: Its address, which is what tokens are for.
        http: Fetches key sets, and asks issuers.

    Raises:
        SpecError: A way would let anybody in or nobody, or its issuer cannot be asked safely.
    """
    found = [_way(member, resource, http) for member in members_of(auth)]
    cost = (_Secrets, _Tokens, _AskedTokens)
    return tuple(sorted(found, key=lambda way: cost.index(type(way.verifier))))  # pyright: ignore[reportArgumentType]


def needs_http(auth: ServerAuth) -> bool:
    """Whether somebody is asked over the network who may call."""
    return any(
        isinstance(member, IntrospectionAuth)
        or (isinstance(member, OAuthAuth | InheritAuth) and isinstance(member.jwks, str | None))
        for member in members_of(auth)
    )


def _way(auth: OneAuth, resource: str, http: httpx2.AsyncClient | None) -> Way:
    match auth:
        case BearerAuth(token=token):
            return Way(AUTHORIZATION, _Secrets({"bearer": token}))
        case ApiKeyAuth(keys=keys, header=header):
            return Way(header.lower(), _Secrets(keys))
        case OAuthAuth(issuer=issuer, audience=audience, required_scopes=scopes):
            verifier = JwtVerifier(issuer, audience or resource, _keys(auth, http))
            return Way(AUTHORIZATION, _Tokens(verifier), tuple(scopes))
        case InheritAuth(issuer=issuer, audience=audience):
            verifier = JwtVerifier(issuer, audience, _keys(auth, http), accept_azp=True)
            return Way(AUTHORIZATION, _Tokens(verifier))
        case IntrospectionAuth(required_scopes=scopes):
            return Way(AUTHORIZATION, _AskedTokens(_asking(auth, resource, http)), tuple(scopes))


def _asking(auth: IntrospectionAuth, resource: str, http: httpx2.AsyncClient | None) -> IntrospectionVerifier:
    try:
        return IntrospectionVerifier(
            auth.issuer,
            auth.audience or resource,
            auth.client_id,
            auth.client_secret,
            _given(http),
            endpoint=auth.endpoint,
            audience_optional=auth.audience_optional,
        )
    except (AuthenticationError, ConfigurationError) as error:
        raise SpecError("IntrospectionAuth", error.message, remedy=error.remedy) from None


def _keys(auth: OAuthAuth | InheritAuth, http: httpx2.AsyncClient | None) -> KeySource:
    jwks = auth.jwks
    try:
        if jwks is None:
            return ReachableKeys(RemoteKeys.of_issuer(auth.issuer, _given(http)))
        if isinstance(jwks, str):
            return ReachableKeys(RemoteKeys(jwks, _given(http)))
        return StaticKeys(jwks) if isinstance(jwks, Mapping) else jwks
    except AuthenticationError as error:
        raise SpecError("jwks", error.message, remedy=error.remedy) from None


def _given(http: httpx2.AsyncClient | None) -> httpx2.AsyncClient:
    if http is None:
        raise TypeError("this authorization asks over the network and needs a client")
    return http


def _caller(token: VerifiedToken) -> Caller:
    return Caller(token.client_id, token.subject, token.issuer, token.scopes)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
