"""Clients and people of the tenants, as settings and the clients file name them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from agentkit.errors import ConfigurationError
from agentkit.oauth.loopback import is_loopback

CLIENT_CREDENTIALS: Final = "client_credentials"
AUTHORIZATION_CODE: Final = "authorization_code"
PASSWORD: Final = "password"  # noqa: S105 - a grant, no secret
REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 - a grant, no secret
GRANTS: Final = (CLIENT_CREDENTIALS, AUTHORIZATION_CODE, PASSWORD, REFRESH_TOKEN)
"""What the token endpoint knows (AUTH-01 to AUTH-05)."""

LONGEST: Final = 10 * 365 * 86_400
"""Seconds a token may live at most: a clock of many more is none that verifiers believe."""

_REDIRECT_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21\x22\x24-\x7e]{1,2000}")


class WrongToken(StrEnum):
    """What can be wrong with a token that is issued on purpose for a client's tests."""

    SIGNATURE = "signature"
    EXPIRED = "expired"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True)
class RealmClient:
    """What a client may ask the token endpoint for.

    Attributes:
        secret: Plain, or a hash of `agentkit.oauth.hash_secret`; None for one that can keep none.
        public: It may ask without its secret where a person or a token stands behind the request: a code with PKCE, a
            password, a refresh token (AUTH-03 to AUTH-05). A client without secret is public whatever this says.
        redirect_uris: Where a sign-in may lead back to, compared exactly; on `127.0.0.1`, `[::1]` and `localhost` a URI
            without port stands for every port (RFC 8252, 7.3).
        grants: What it may use, of `GRANTS`; None is all of them.
        token_lifetime: Seconds its access tokens live; None takes the platform's.
        refresh_lifetime: Seconds a refresh token of it may wait; None takes the platform's.
        tenants: Where it is known; empty is everywhere.
    """

    secret: str | None = field(default=None, repr=False)
    public: bool = False
    redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] | None = None
    token_lifetime: int | None = None
    refresh_lifetime: int | None = None
    tenants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no request could use.

        Raises:
            ConfigurationError: A field does not fit; the error names it.
        """
        if self.secret is not None and not self.secret:
            raise ConfigurationError("secret", "is empty", remedy="Leave it out for a client that can keep none.")
        if not all(is_redirect_uri(uri) for uri in self.redirect_uris):
            raise ConfigurationError(
                "redirect_uris", "holds one that is no absolute URI without fragment", remedy="Give the whole URL."
            )
        if set(self.grants or ()) - set(GRANTS):
            raise ConfigurationError("grants", "has one that is not known", remedy=f"Known are {', '.join(GRANTS)}.")
        if self.secret is None and CLIENT_CREDENTIALS in (self.grants or ()):
            raise ConfigurationError("grants", "has client_credentials, which needs a secret")
        for name in ("token_lifetime", "refresh_lifetime"):
            seconds: int | None = getattr(self, name)
            if seconds is not None and not 1 <= seconds <= LONGEST:
                raise ConfigurationError(name, f"must be from 1 to {LONGEST} seconds")

    def may_use(self, grant: str) -> bool:
        """Whether the client may use a grant."""
        return self.grants is None or grant in self.grants

    @property
    def is_public(self) -> bool:
        """Whether it may ask without a secret."""
        return self.public or self.secret is None

    def redirects_to(self, uri: str) -> bool:
        """Whether a sign-in may lead back to this address."""
        return uri in self.redirect_uris or any(_is_loopback_twin(known, uri) for known in self.redirect_uris)


@dataclass(frozen=True, slots=True)
class RealmUser:
    """A person who can sign in.

    Attributes:
        password: Plain, or a hash of `agentkit.oauth.hash_secret`.
        name: How the person is called; empty is not told.
        email: Where the person can be written to; empty is not told.
        tenants: Where the person is known; empty is everywhere.
    """

    password: str = field(repr=False)
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    tenants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a person who could never sign in.

        Raises:
            ConfigurationError: The password is empty.
        """
        if not self.password:
            raise ConfigurationError("password", "is empty")


def is_redirect_uri(uri: str) -> bool:
    """Whether a browser could be sent there: an absolute URI in ASCII without fragment, and none that runs scripts."""
    if not _REDIRECT_URI.fullmatch(uri):
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme in {"http", "https"}:
        return bool(parts.hostname) and parts.username is None
    return parts.scheme not in {"javascript", "data", "vbscript", "blob", "file"}


def _is_loopback_twin(known: str, uri: str) -> bool:
    """Whether they differ in the port only, on this machine, where an app takes whatever port is free."""
    if not is_redirect_uri(uri):
        return False
    one, other = urlsplit(known), urlsplit(uri)
    if one.scheme != "http" or one.port is not None or not is_loopback(one.hostname or ""):
        return False
    return (other.scheme, other.hostname, other.username, other.path, other.query) == (
        "http",
        one.hostname,
        None,
        one.path,
        one.query,
    )
