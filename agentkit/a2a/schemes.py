"""How a served agent wants to be authorized: what an author chooses, and how the card says it (A2A-SEC-01).

The names are those of `agentkit.mcp`, and mean the same; but tokens and keys have holders here, because what is made
with one belongs to somebody. What an agent has beside them is a cookie or a query parameter for keys, certificates,
tenants, and several schemes that are all needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from agentkit.a2a.client_certificate import CLIENT_CERT
from agentkit.errors import SpecError
from agentkit.models import Json, JsonObject

if TYPE_CHECKING:
    from agentkit.oauth.jwks import KeySource

_SECRET: Final = re.compile(r"[\x21-\x7e]+")
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_TAKEN: Final = re.compile(
    r"authorization|host|origin|accept.*|content-.*|cookie|connection|transfer-encoding|trace.*|a2a-.*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, repr=False)
class BearerAuth:
    """Static tokens, by the name of whoever holds one; that name owns what is made with it."""

    tokens: Mapping[str, str]

    def __post_init__(self) -> None:
        """Refuse what would let in anybody, or nobody."""
        _check_secrets("BearerAuth.tokens", self.tokens)

    def __repr__(self) -> str:
        """Names who holds tokens; hides the tokens."""
        return f"BearerAuth({sorted(self.tokens)})"

    def scheme(self) -> tuple[str, JsonObject]:
        """Its name in the card, and its declaration there."""
        return "bearer", {"httpAuthSecurityScheme": {"scheme": "Bearer"}}


@dataclass(frozen=True, slots=True, repr=False)
class ApiKeyAuth:
    """Keys, by the name of whoever holds one; that name owns what is made with it.

    Attributes:
        keys: By holder.
        name: Of the header, the query parameter or the cookie.
        location: Where the key is sent. A key in a query stands in the logs of proxies; take a header where you can.
    """

    keys: Mapping[str, str]
    name: str = "X-API-Key"
    location: Literal["header", "query", "cookie"] = "header"

    def __post_init__(self) -> None:
        """Refuse what would let in anybody, or nobody."""
        _check_secrets("ApiKeyAuth.keys", self.keys)
        own = self.location != "header" or _TAKEN.fullmatch(self.name) is None
        demand(own and bool(_NAME.fullmatch(self.name)), "ApiKeyAuth.name", "must be a name of its own")
        known = self.location in {"header", "query", "cookie"}
        demand(known, "ApiKeyAuth.location", "must be header, query or cookie")

    def __repr__(self) -> str:
        """Names who holds keys; hides the keys."""
        return f"ApiKeyAuth({sorted(self.keys)}, name={self.name!r}, location={self.location!r})"

    def scheme(self) -> tuple[str, JsonObject]:
        """Its name in the card, and its declaration there."""
        return "apiKey", {"apiKeySecurityScheme": {"location": self.location, "name": self.name}}


@dataclass(frozen=True, slots=True)
class OAuthAuth:
    """JWTs of an authorization server; `iss|sub` owns what is made with one.

    Attributes:
        issuer: The authorization server's identifier.
        jwks: Its key set, the https address of it, or a source of keys that sees their rotation; what the issuer's
            metadata names when left out.
        required_scopes: Scopes every call needs.
        audience: What `aud` must hold; the address of the server when left out.
        tenant_claim: The claim that names the caller's tenant; a token without it is refused.
        token_url: Where tokens are had; with it the card declares OAuth 2.0, without it OpenID Connect.
        authorization_url: Where a person agrees; with it the card declares the authorization code flow (with PKCE),
            else that of client credentials.
    """

    issuer: str
    jwks: Mapping[str, Json] | str | KeySource | None = None
    required_scopes: tuple[str, ...] = ()
    audience: str | None = None
    tenant_claim: str | None = None
    token_url: str | None = None
    authorization_url: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would let in anybody, or nobody."""
        _check_issuer("OAuthAuth", self.issuer, self.required_scopes)
        needed = self.authorization_url is None or self.token_url is not None
        demand(needed, "OAuthAuth.token_url", "is needed beside authorization_url")

    def scheme(self) -> tuple[str, JsonObject]:
        """Its name in the card, and its declaration there."""
        return _issuer_scheme(self.issuer, self.required_scopes, self.token_url, self.authorization_url)


@dataclass(frozen=True, slots=True, repr=False)
class IntrospectionAuth:
    """Tokens that their issuer is asked about (RFC 7662): opaque ones, and ones that can be revoked.

    Attributes:
        issuer: The authorization server's identifier.
        client_id: Of this server at the issuer.
        client_secret: Sent to the introspection endpoint only.
        required_scopes: Scopes every call needs.
        audience: What `aud` must hold; the address of the server when left out.
        endpoint: The introspection endpoint; the one that the issuer's metadata names when left out.
        tenant_claim: The member that names the caller's tenant; an answer without it is a refusal.
        token_url: As for `OAuthAuth`.
    """

    issuer: str
    client_id: str
    client_secret: str
    required_scopes: tuple[str, ...] = ()
    audience: str | None = None
    endpoint: str | None = None
    tenant_claim: str | None = None
    token_url: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would let in anybody, or nobody."""
        _check_issuer("IntrospectionAuth", self.issuer, self.required_scopes)

    def __repr__(self) -> str:
        """Names issuer and client; hides the secret."""
        return f"IntrospectionAuth({self.issuer!r}, client_id={self.client_id!r})"

    def scheme(self) -> tuple[str, JsonObject]:
        """Its name in the card, and its declaration there."""
        return _issuer_scheme(self.issuer, self.required_scopes, self.token_url, None)


@dataclass(frozen=True, slots=True)
class InheritAuth:
    """The caller's own token of another issuer, for example Corti's; `azp` counts as an audience here.

    Attributes:
        issuer: Who issued it, for example the tenant's realm.
        audience: Values of `aud` or `azp` that are let in.
        jwks: As for `OAuthAuth`.
        tenant_claim: As for `OAuthAuth`.
    """

    issuer: str
    audience: tuple[str, ...]
    jwks: Mapping[str, Json] | str | KeySource | None = None
    tenant_claim: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would let in anybody, or nobody."""
        known = bool(self.issuer) and bool(self.audience) and not isinstance(self.audience, str) and all(self.audience)
        demand(known, "InheritAuth", "needs an issuer and a tuple of audiences")

    def scheme(self) -> tuple[str, JsonObject]:
        """Its name in the card, and its declaration there."""
        return "inherited", {"httpAuthSecurityScheme": {"scheme": "Bearer", "bearerFormat": "JWT"}}


@dataclass(frozen=True, slots=True)
class MutualTlsAuth:
    """Client certificates, checked by the proxy that ends TLS; `issuer|subject` owns what is made with one.

    The proxy must take the header out of every request that brings it along, and say in it whom it has checked; it is
    believed only where the other end of the connection is one of `Security.trusted_proxies`.

    Attributes:
        header: `client-cert` (RFC 9440) or `x-forwarded-client-cert`.
        allowed: Who is let in, as `issuer|subject`; empty for everybody whom the proxy lets through.
    """

    header: Literal["client-cert", "x-forwarded-client-cert"] = CLIENT_CERT
    allowed: frozenset[str] = frozenset()

    def scheme(self) -> tuple[str, JsonObject]:
        """Its name in the card, and its declaration there."""
        return "mutualTls", {"mtlsSecurityScheme": {"description": "A client certificate."}}


OneAuth: TypeAlias = BearerAuth | ApiKeyAuth | OAuthAuth | IntrospectionAuth | InheritAuth | MutualTlsAuth
"""One scheme."""


def scopes_of(auth: OneAuth) -> tuple[str, ...]:
    """The scopes that a scheme asks for."""
    return auth.required_scopes if isinstance(auth, OAuthAuth | IntrospectionAuth) else ()


def _issuer_scheme(
    issuer: str, scopes: Sequence[str], token_url: str | None, authorization_url: str | None
) -> tuple[str, JsonObject]:
    if token_url is None:
        url = issuer.rstrip("/") + "/.well-known/openid-configuration"
        return "openIdConnect", {"openIdConnectSecurityScheme": {"openIdConnectUrl": url}}
    described: JsonObject = dict.fromkeys(scopes, "")
    flow: JsonObject = {"tokenUrl": token_url, "scopes": described}
    if authorization_url is not None:
        flow |= {"authorizationUrl": authorization_url, "pkceRequired": True}
    flows: JsonObject = {"clientCredentials" if authorization_url is None else "authorizationCode": flow}
    parts = urlsplit(issuer)
    metadata = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path.rstrip('/')}"
    return "oauth2", {"oauth2SecurityScheme": {"flows": flows, "oauth2MetadataUrl": metadata}}


def _check_secrets(field: str, secrets: Mapping[str, str]) -> None:
    given = cast("object", secrets)
    kind = type(given).__name__
    demand(isinstance(given, Mapping), field, f'is a {kind}; it must name who holds what: {{"clinic": "..."}}')
    demand(bool(secrets) and all(secrets), field, "needs at least one, and for each one the name of who holds it")
    demand(len(set(secrets.values())) == len(secrets), field, "two holders have the same secret")
    sendable = all(_SECRET.fullmatch(secret) for secret in secrets.values())
    demand(sendable, field, "must not be empty, and be of visible ASCII characters")


def _check_issuer(place: str, issuer: str, scopes: Sequence[str]) -> None:
    demand(bool(issuer), f"{place}.issuer", "must not be empty")
    known = not isinstance(scopes, str) and all(map(_SCOPE.fullmatch, scopes))
    demand(known, f"{place}.required_scopes", 'must be a tuple of scopes, for example ("ehr.read",)')


def demand(condition: bool, field: str, problem: str) -> None:
    """Refuse what an author wrote.

    Raises:
        SpecError: The condition does not hold.
    """
    if not condition:
        raise SpecError(field, problem)
