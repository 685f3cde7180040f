"""What a client can present to get its token: plain data whose secrets show nowhere.

Client credentials are for servers (AUTH-12); the code, with or without PKCE, and the password stand for a person, as
the Embedded Assistant demands (AUTH-11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from agentkit.client.operation import is_sendable
from agentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_REDIRECT_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21\x22\x24-\x7e]+")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_OPENID: Final = "openid"


@dataclass(frozen=True, slots=True)
class ClientCredentialsGrant:
    """The client itself (AUTH-01); the token reaches the whole API, so keep it on a server (AUTH-12).

    Attributes:
        client_id: The id.
        client_secret: The secret.
        scopes: What the token is asked for; `openid` always is (AUTH-06).
    """

    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no token endpoint takes.

        Raises:
            ConfigurationError: A field is empty or malformed; the error names it, not its value.
        """
        _require_texts(self, "client_id", "client_secret")
        _require_scopes(self, self.scopes)

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be shown."""
        return frozenset({self.client_secret})


@dataclass(frozen=True, slots=True)
class AuthorizationCodeGrant:
    """The code a person's sign-in brought (AUTH-02); with a verifier, PKCE (AUTH-03). It works once.

    Attributes:
        client_id: The id the address of the sign-in named.
        code: The code of the redirect.
        redirect_uri: Exactly that of the sign-in.
        client_secret: For a client that has one.
        code_verifier: `Pkce.verifier` of the sign-in.
        scopes: What the token is asked for; `openid` always is (AUTH-06).
    """

    client_id: str
    code: str = field(repr=False)
    redirect_uri: str
    client_secret: str | None = field(default=None, repr=False)
    code_verifier: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no token endpoint takes.

        Raises:
            ConfigurationError: A field is empty or malformed; the error names it, not its value.
        """
        _require_texts(self, "client_id", "code")
        check_redirect_uri(self.redirect_uri)
        if self.client_secret is not None:
            _require_texts(self, "client_secret")
        if self.code_verifier is not None:
            check_verifier("AuthorizationCodeGrant.code_verifier", self.code_verifier)
        _require_scopes(self, self.scopes)

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be shown."""
        return frozenset(filter(None, (self.code, self.client_secret, self.code_verifier)))


@dataclass(frozen=True, slots=True)
class PasswordGrant:
    """Name and password of a person (ROPC, AUTH-04).

    Attributes:
        client_id: The id of a client that may use this grant.
        username: The person; hidden, for it is personal data.
        password: The password.
        scopes: What the token is asked for; `openid` always is (AUTH-06).
    """

    client_id: str
    username: str = field(repr=False)
    password: str = field(repr=False)
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no token endpoint takes.

        Raises:
            ConfigurationError: A field is empty or malformed; the error names it, not its value.
        """
        _require_texts(self, "client_id", "username", "password")
        _require_scopes(self, self.scopes)

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be shown."""
        return frozenset({self.username, self.password})


@dataclass(frozen=True, slots=True)
class RefreshTokenGrant:
    """A refresh token that an earlier sign-in brought (AUTH-05).

    Attributes:
        client_id: The id the token was issued to.
        refresh_token: The token; a newer one that the endpoint issues takes its place.
        client_secret: For a client that has one.
        scopes: What the token is asked for; `openid` always is (AUTH-06).
    """

    client_id: str
    refresh_token: str = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no token endpoint takes.

        Raises:
            ConfigurationError: A field is empty or malformed; the error names it, not its value.
        """
        _require_texts(self, "client_id", "refresh_token")
        if self.client_secret is not None:
            _require_texts(self, "client_secret")
        _require_scopes(self, self.scopes)

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be shown."""
        return frozenset(filter(None, (self.refresh_token, self.client_secret)))


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token somebody else got; sent as it is.

    Without a `refresh` callback it is never renewed; with one, when its `exp` claim says so.

    Attributes:
        token: The bare token. Its issuer tells environment and tenant where nobody else does (ENV-05).
    """

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what fits no header.

        Raises:
            ConfigurationError: It is empty or malformed.
        """
        token = cast("object", self.token)
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError("token", "is no access token", remedy="Give the bare token, without 'Bearer'.")

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be shown."""
        return frozenset({self.token})


@dataclass(frozen=True, slots=True)
class NoAuth:
    """Nothing: a proxy in front of the API adds the token, the client sends only `Tenant-Name` (SDKC-09)."""

    @property
    def secrets(self) -> frozenset[str]:
        """There are none."""
        return frozenset()


EndpointGrant = ClientCredentialsGrant | AuthorizationCodeGrant | PasswordGrant | RefreshTokenGrant
"""What the token endpoint takes."""

Grant = EndpointGrant | AccessToken | NoAuth
"""How a client gets its token."""


def scope_of(scopes: tuple[str, ...], *more: str) -> str:
    """The `scope` of a request: `openid` first, nothing twice (AUTH-06)."""
    return " ".join(dict.fromkeys((_OPENID, *more, *scopes)))


def check_scopes(owner: str, scopes: object) -> None:
    """Refuse what is no sequence of scopes.

    Raises:
        ConfigurationError: It is none; the error names `owner`.
    """
    words = cast("Sequence[object]", scopes) if isinstance(scopes, tuple | list) else ("",)
    if not all(isinstance(word, str) and _SCOPE.fullmatch(word) for word in words):
        raise ConfigurationError(f"{owner}.scopes", "are no scopes", remedy='Give a tuple of words, as ("profile",).')


def check_verifier(owner: str, verifier: object) -> None:
    """Refuse what is no PKCE verifier.

    Raises:
        ConfigurationError: It is none; the error names `owner`.
    """
    if not isinstance(verifier, str) or not _VERIFIER.fullmatch(verifier):
        raise ConfigurationError(
            owner, "is no PKCE verifier", remedy="Give Pkce.verifier: 43 to 128 letters, digits and .~_- (RFC 7636)."
        )


def check_redirect_uri(redirect_uri: object) -> None:
    """Refuse what no browser can be sent back to.

    Raises:
        ConfigurationError: It is no absolute address, or has a fragment.
    """
    if not isinstance(redirect_uri, str) or not _REDIRECT_URI.fullmatch(redirect_uri):
        raise ConfigurationError(
            "redirect_uri",
            "is no absolute address without a fragment",
            remedy="Give the one registered for the client.",
        )


def _require_texts(grant: Grant, *names: str) -> None:
    for name in names:
        value: object = getattr(grant, name)
        if not isinstance(value, str) or not value.strip() or not is_sendable(value):
            raise ConfigurationError(f"{type(grant).__name__}.{name}", "is empty or no text")


def _require_scopes(grant: EndpointGrant, scopes: tuple[str, ...]) -> None:
    check_scopes(type(grant).__name__, scopes)
    object.__setattr__(grant, "scopes", tuple(scopes))
