"""How a hosted MCP server wants to be authorized."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, get_args

from agentkit.errors import SpecError
from agentkit.models import Json

if TYPE_CHECKING:
    from agentkit.oauth.jwks import KeySource

API_KEY_HEADER: Final = "X-API-Key"
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_TAKEN: Final = re.compile(
    r"authorization|host|origin|accept.*|content-.*|cookie|connection|transfer-encoding|trace.*|mcp-.*", re.IGNORECASE
)
# What a header carries as it was meant; clients and servers differ over anything else.
_SECRET: Final = re.compile(r"[\x21-\x7e]+")
# RFC 6749, 3.3; a challenge quotes them.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


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


@dataclass(frozen=True, slots=True, repr=False)
class ApiKeyAuth:
    """Keys in a header of their own, compared in constant time (MCP-COR-05).

    Attributes:
        keys: The keys by the name of whoever holds one; tools see that name.
        header: Where the key is sent.
    """

    keys: Mapping[str, str]
    header: str = API_KEY_HEADER

    def __repr__(self) -> str:
        """Names who holds keys; hides the keys."""
        return f"ApiKeyAuth({sorted(self.keys)}, header={self.header!r})"


@dataclass(frozen=True, slots=True)
class OAuthAuth:
    """JWTs of an authorization server for this resource (MCP-AUTH-03).

    Attributes:
        issuer: The authorization server's identifier.
        jwks: Its key set, the https address of it, or a source of keys that sees their rotation; what the issuer's
            metadata names when left out.
        required_scopes: Scopes every call needs.
        audience: What `aud` must hold; the server's own address when left out.
    """

    issuer: str
    jwks: Mapping[str, Json] | str | KeySource | None = None
    required_scopes: tuple[str, ...] = ()
    audience: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class IntrospectionAuth:
    """Tokens that their issuer is asked about (RFC 7662): opaque ones, and ones that can be revoked (MCP-AUTH-04).

    Answers are remembered for a short while (MCP-AUTH-05). A token that names another issuer is not shown to this one;
    an opaque token is, so beside other kinds of authorization ask only an issuer whom all callers trust.

    Attributes:
        issuer: The authorization server's identifier.
        client_id: Of this server at the issuer.
        client_secret: Sent to the introspection endpoint only.
        required_scopes: Scopes every call needs.
        audience: What `aud` must hold; the server's own address when left out.
        endpoint: The introspection endpoint; the one that the issuer's metadata names when left out.
        audience_optional: Accept answers without `aud`; only for an issuer that answers `active: false` itself where a
            token was not meant for this server.
    """

    issuer: str
    client_id: str
    client_secret: str
    required_scopes: tuple[str, ...] = ()
    audience: str | None = None
    endpoint: str | None = None
    audience_optional: bool = False

    def __repr__(self) -> str:
        """Names issuer and client; hides the secret."""
        return f"IntrospectionAuth({self.issuer!r}, client_id={self.client_id!r})"


@dataclass(frozen=True, slots=True)
class InheritAuth:
    """The caller's own token of another issuer, for example Corti's (MCP-COR-03).

    MCP forbids tokens that were not issued for the server, so issuer and audiences are given explicitly; `azp` counts
    as an audience here. The token is checked and neither kept nor passed on.

    Attributes:
        issuer: Who issued it, for example the tenant's realm.
        audience: Values of `aud` or `azp` that are let in.
        jwks: The issuer's key set, the https address of it, or a source of keys; what the issuer's metadata names when
            left out.
    """

    issuer: str
    audience: tuple[str, ...]
    jwks: Mapping[str, Json] | str | KeySource | None = None


OneAuth: TypeAlias = BearerAuth | ApiKeyAuth | OAuthAuth | IntrospectionAuth | InheritAuth
"""One way of authorization."""


class AnyOf:
    """Several ways at once: a caller who satisfies one of them is let in.

    Required scopes belong to the way that took the token. The challenge and the metadata come from the OAuth ways.
    """

    __slots__ = ("members",)

    members: tuple[OneAuth, ...]

    def __init__(self, *members: OneAuth) -> None:
        """Combine ways, for example `AnyOf(BearerAuth(token), OAuthAuth(issuer, jwks))`.

        Raises:
            SpecError: There is none, or one of them is none.
        """
        if not members:
            raise SpecError("AnyOf", "needs at least one way of authorization")
        for member in members:
            _demand(
                isinstance(member, get_args(OneAuth)), "AnyOf", f"{type(member).__name__} is not one way among several"
            )
        self.members = members

    def __repr__(self) -> str:
        """The ways, without their secrets."""
        return f"AnyOf({', '.join(map(repr, self.members))})"

    def __eq__(self, other: object) -> bool:
        """The same ways in the same order."""
        return isinstance(other, AnyOf) and self.members == other.members

    def __hash__(self) -> int:
        """The same for equal ones; keys by name cannot be hashed themselves."""
        return hash(tuple(map(type, self.members)))


ServerAuth: TypeAlias = NoAuth | OneAuth | AnyOf
"""How a hosted server wants to be authorized."""


def members_of(auth: ServerAuth) -> tuple[OneAuth, ...]:
    """The ways of authorization; none where everybody may call.

    Raises:
        SpecError: One of them would let anybody in, or nobody.
    """
    members = () if isinstance(auth, NoAuth) else auth.members if isinstance(auth, AnyOf) else (auth,)
    for member in members:
        _check(member)
    return members


def _check(auth: OneAuth) -> None:
    match auth:
        case BearerAuth(token=token):
            _demand(_sendable(token), "BearerAuth.token", "must not be empty, and be of visible ASCII characters")
        case ApiKeyAuth(keys=keys, header=header):
            named = bool(keys) and all(keys) and len(set(keys.values())) == len(keys)
            _demand(named, "ApiKeyAuth.keys", "needs at least one key, and every key a name of its own")
            sendable = all(map(_sendable, keys.values()))
            _demand(sendable, "ApiKeyAuth.keys", "must not be empty, and be of visible ASCII characters")
            own = _HEADER.fullmatch(header) is not None and _TAKEN.fullmatch(header) is None
            _demand(own, "ApiKeyAuth.header", "must be a header of its own, for example X-API-Key")
        case InheritAuth(issuer=issuer, audience=audience):
            known = bool(issuer) and bool(audience) and all(audience) and not isinstance(audience, str)
            _demand(known, "InheritAuth", "needs an issuer and a tuple of audiences")
        case (
            OAuthAuth(issuer=issuer, required_scopes=scopes) | IntrospectionAuth(issuer=issuer, required_scopes=scopes)
        ):
            place = type(auth).__name__
            _demand(bool(issuer), f"{place}.issuer", "must not be empty")
            known = not isinstance(scopes, str) and all(map(_SCOPE.fullmatch, scopes))
            _demand(known, f"{place}.required_scopes", 'must be a tuple of scopes, for example ("ehr.read",)')


def _sendable(secret: str) -> bool:
    return _SECRET.fullmatch(secret) is not None


def _demand(holds: bool, field: str, otherwise: str) -> None:
    if not holds:
        raise SpecError(field, otherwise)
