"""One check for each scheme: whom a request names, or why it names nobody."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final, Protocol

import jwt
from jwt.exceptions import PyJWTError

from agentkit.a2a.client_certificate import certificate_name
from agentkit.a2a.presented import Presented
from agentkit.a2a.schemes import (
    ApiKeyAuth,
    BearerAuth,
    InheritAuth,
    IntrospectionAuth,
    MutualTlsAuth,
    OAuthAuth,
    OneAuth,
    scopes_of,
)
from agentkit.compose import Caller
from agentkit.errors import AuthenticationError, SpecError, TransportError
from agentkit.oauth import Issuers, VerifiedToken

REALM: Final = 'realm="agentkit"'


class Refused(IntEnum):
    """Why a request is not let in; where several schemes refuse it, the largest is told."""

    MISSING = 1
    INVALID = 2
    UNCHECKED = 3
    SCOPE = 4


IssuerAuth = OAuthAuth | IntrospectionAuth | InheritAuth
"""Schemes whose tokens an issuer makes."""


class Check(Protocol):
    """Checks requests by one scheme."""

    @property
    def cost(self) -> int:
        """What it takes: 0 a comparison, 1 a signature, 2 a question to somebody else."""
        ...

    async def identify(self, presented: Presented) -> Caller | Refused:
        """Whom the request names, or why it names nobody."""
        ...

    def challenge(self, refused: Refused, /) -> str:
        """The value of `WWW-Authenticate`."""
        ...


def check_of(
    auth: OneAuth, resource: str, issuers: Issuers, trusted: Callable[[str | None], bool], now: Callable[[], datetime]
) -> Check:
    """The check of a scheme.

    Args:
        auth: The scheme.
        resource: The address of the server, which is what tokens are for where the scheme says nothing else.
        issuers: Makes what asks issuers.
        trusted: Whether an address is that of a trusted proxy.
        now: The time, with time zone.

    Raises:
        SpecError: The issuer cannot be asked safely.
    """
    match auth:
        case BearerAuth(tokens=tokens):
            return _Tokens(tokens)
        case ApiKeyAuth():
            return _Keys(auth)
        case OAuthAuth(issuer=issuer, audience=audience, jwks=jwks):
            return _Jwts(issuers.by_keys(issuer, _audience(audience, resource), jwks).verify, auth)
        case InheritAuth(issuer=issuer, audience=audience, jwks=jwks):
            return _Jwts(issuers.by_keys(issuer, audience, jwks, accept_azp=True).verify, auth)
        case IntrospectionAuth(issuer=issuer, audience=audience, client_id=client_id, client_secret=secret):
            asking = issuers.by_introspection(
                issuer, _audience(audience, resource), (client_id, secret), endpoint=auth.endpoint
            )
            return _Jwts(asking.verify, auth)
        case MutualTlsAuth():
            return _Certificates(auth, trusted, now)


def _audience(given: str | None, resource: str) -> tuple[str]:
    audience = given or resource
    if not audience:
        remedy = "Give the scheme an audience, or the gate the address of its server."
        raise SpecError("audience", "is not known, so a token for anybody would do", remedy=remedy)
    return (audience,)


class _Secrets:
    """Knows secrets by their digests; every one is compared, so that the time says nothing of which one came near."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._digests = [(holder, _digest(secret)) for holder, secret in secrets.items()]

    def holder(self, given: str) -> str | None:
        digest, found = _digest(given), None
        for holder, known in self._digests:
            if hmac.compare_digest(digest, known):
                found = holder
        return found


class _Tokens:
    cost = 0

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._secrets = _Secrets(tokens)

    async def identify(self, presented: Presented) -> Caller | Refused:
        token = bearer_token(presented)
        if token is None:
            return Refused.MISSING
        holder = self._secrets.holder(token)
        return Refused.INVALID if holder is None else Caller(owner=holder, bearer=token)

    def challenge(self, refused: Refused, /) -> str:
        return _bearer_challenge(refused, ())


class _Keys:
    cost = 0

    def __init__(self, auth: ApiKeyAuth) -> None:
        self._secrets = _Secrets(auth.keys)
        self._auth = auth

    async def identify(self, presented: Presented) -> Caller | Refused:
        name = self._auth.name
        match self._auth.location:
            case "header":
                key = presented.header(name.lower())
            case "query":
                key = presented.query(name)
            case "cookie":
                key = presented.cookie(name)
        if not key:
            return Refused.MISSING
        holder = self._secrets.holder(key.strip())
        return Refused.INVALID if holder is None else Caller(owner=holder)

    def challenge(self, _refused: Refused, /) -> str:
        return f'ApiKey {REALM}, {self._auth.location}="{self._auth.name}"'


class _Jwts:
    """Tokens of an issuer, checked by their signature or by asking."""

    def __init__(self, verify: Callable[[str], Awaitable[VerifiedToken]], auth: IssuerAuth) -> None:
        self._verify = verify
        self._scopes = scopes_of(auth)
        self._tenant_claim = auth.tenant_claim
        self._issuer = auth.issuer
        self._asks = isinstance(auth, IntrospectionAuth)
        self.cost = 2 if self._asks else 1

    async def identify(self, presented: Presented) -> Caller | Refused:
        token = bearer_token(presented)
        if token is None:
            return Refused.MISSING
        if self._asks and _names_another(token, self._issuer):
            return Refused.INVALID
        try:
            verified = await self._verify(token)
        except AuthenticationError:
            return Refused.INVALID
        except TransportError:
            return Refused.UNCHECKED
        tenant = self._tenant(verified)
        if tenant is None:
            return Refused.INVALID
        if not verified.scopes.issuperset(self._scopes):
            return Refused.SCOPE
        return Caller(owner=verified.owner, tenant=tenant, bearer=token)

    def challenge(self, refused: Refused, /) -> str:
        return _bearer_challenge(refused, self._scopes)

    def _tenant(self, verified: VerifiedToken) -> str | None:
        if self._tenant_claim is None:
            return ""
        named = verified.claims.get(self._tenant_claim)
        return named if isinstance(named, str) and named else None


class _Certificates:
    cost = 0

    def __init__(self, auth: MutualTlsAuth, trusted: Callable[[str | None], bool], now: Callable[[], datetime]) -> None:
        self._auth = auth
        self._trusted = trusted
        self._now = now

    async def identify(self, presented: Presented) -> Caller | Refused:
        value = presented.header(self._auth.header)
        # What others than the proxy say is not even looked at.
        if not value or not self._trusted(presented.peer):
            return Refused.MISSING
        name = certificate_name(self._auth.header, value, self._now())
        if name is None or (self._auth.allowed and name not in self._auth.allowed):
            return Refused.INVALID
        return Caller(owner=name)

    def challenge(self, _refused: Refused, /) -> str:
        return f"ClientCertificate {REALM}"


def bearer_token(presented: Presented) -> str | None:
    """The bearer token of a request; None where it has none."""
    scheme, _, token = (presented.header("authorization") or "").partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


def utc_now() -> datetime:
    """The time, with time zone."""
    return datetime.now(UTC)


def _names_another(token: str, issuer: str) -> bool:
    """Whether a token says itself that it is another issuer's: that one is not shown to this one."""
    try:
        named: object = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (PyJWTError, ValueError, RecursionError):
        return False
    return named is not None and named != issuer


def _bearer_challenge(refused: Refused, scopes: tuple[str, ...]) -> str:
    """RFC 6750: without an error where no token was sent."""
    parameters = [REALM]
    if refused is Refused.INVALID:
        parameters.append('error="invalid_token"')
    elif refused is Refused.SCOPE:
        parameters.append('error="insufficient_scope"')
    if scopes:
        parameters.append(f'scope="{" ".join(scopes)}"')
    return f"Bearer {', '.join(parameters)}"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
