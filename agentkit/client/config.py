"""Where the Corti API is and how a client may enter it.

Each setting comes from the argument, else the variable, else `.env` in the working directory, else its default. Nothing
is read again after a client has been made.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from agentkit.client.claims import Claims
from agentkit.client.dotenv import read_dotenv
from agentkit.client.endpoints import Endpoints
from agentkit.client.grants import AccessToken, ClientCredentialsGrant, Grant, NoAuth
from agentkit.errors import ConfigurationError

VARIABLES: Final = (
    "CORTI_ENVIRONMENT",
    "CORTI_TENANT_NAME",
    "CORTI_CLIENT_ID",
    "CORTI_CLIENT_SECRET",
    "CORTI_BASE_URL",
)
"""The variables a client reads."""

DEFAULT_TENANT: Final = "base"
"""Nearly every tenant (ENV-04)."""

_DOTENV: Final = ".env"
_TENANT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """The settings of one client; secrets are hidden in its repr.

    Attributes:
        endpoints: Where the API is.
        tenant: The realm, and the `Tenant-Name` header (ENV-04).
        auth: How the client gets its token; None where the `refresh` callback brings each one.
        has_refresh: A callback of the caller renews the token, in place of `auth` (CLI-03).
        timeout: Seconds for one try of a call, from connecting to the last byte (CLI-09).
        max_retries: Further tries after the first one (CLI-05).
    """

    endpoints: Endpoints
    tenant: str
    auth: Grant | None
    has_refresh: bool
    timeout: float
    max_retries: int

    @property
    def token(self) -> str | None:
        """The access token where it is static."""
        return self.auth.token if isinstance(self.auth, AccessToken) and not self.has_refresh else None

    @property
    def sends_token(self) -> bool:
        """Whether calls carry a token; behind a proxy that adds it they do not."""
        return not isinstance(self.auth, NoAuth)

    @property
    def when_refused(self) -> str:
        """What helps when the API answers 401 and does not say why (CLI-04)."""
        if not self.sends_token:
            return f"NoAuth() sends no token: the proxy at {self.endpoints.base} has to add it."
        return (
            f"The token must be valid and of tenant {self.tenant} at {self.endpoints.login}: check CORTI_ENVIRONMENT "
            "or CORTI_BASE_URL, and CORTI_TENANT_NAME."
        )

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be shown."""
        return self.auth.secrets if self.auth else frozenset()


def resolve(
    *,
    environment: str | Endpoints | None = None,
    tenant: str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    base_url: str | None = None,
    token: str | None = None,
    auth: Grant | None = None,
    has_refresh: bool = False,
    timeout: float = 60.0,
    max_retries: int = 2,
    allow_http: bool = False,
) -> ClientConfig:
    """Collect the settings of a client.

    Raises:
        ConfigurationError: A setting is missing or wrong; the error names it and where it can be set.
    """
    found = _Found(read_dotenv(_DOTENV, VARIABLES))
    _check_types(auth, token, timeout, max_retries)
    static = auth.token if isinstance(auth, AccessToken) else token
    claims = Claims.of(static) if static else Claims()
    endpoints, tenant = _place(environment, tenant, base_url, found, claims, allow_http=allow_http)
    auth = _auth(auth, client_id, client_secret, token, has_refresh=has_refresh, found=found)
    return ClientConfig(
        endpoints=endpoints,
        tenant=tenant,
        auth=auth,
        has_refresh=has_refresh,
        timeout=timeout,
        max_retries=max_retries,
    )


def resolve_place(
    *,
    environment: str | Endpoints | None = None,
    tenant: str | None = None,
    base_url: str | None = None,
    client_id: str | None = None,
    allow_http: bool = False,
) -> tuple[Endpoints, str, str]:
    """Addresses, tenant and client id, found as for a client; what a sign-in needs before there is one.

    Raises:
        ConfigurationError: A setting is missing or wrong; the error names it and where it can be set.
    """
    found = _Found(read_dotenv(_DOTENV, VARIABLES))
    endpoints, tenant = _place(environment, tenant, base_url, found, Claims(), allow_http=allow_http)
    return endpoints, tenant, _required("CORTI_CLIENT_ID", "client_id", client_id, found)


def _check_types(auth: object, token: object, timeout: object, max_retries: object) -> None:
    """Refuse what would fail at the first call only, with an error that does not name the setting."""
    if auth is not None and not isinstance(auth, Grant):
        raise ConfigurationError("auth", "is no grant", remedy="Give an instance, for example NoAuth().")
    if token is not None:
        AccessToken(cast("str", token))
    if not isinstance(timeout, int | float) or not math.isfinite(timeout) or timeout <= 0:
        raise ConfigurationError("timeout", "must be a positive number of seconds", remedy="The default is 60.")
    if not isinstance(max_retries, int) or max_retries < 0:
        raise ConfigurationError(
            "max_retries", "must be a whole number and not negative", remedy="0 switches retries off."
        )


class _Found:
    """Settings outside the code: variables, then `.env`."""

    def __init__(self, dotenv: Mapping[str, str]) -> None:
        self._sources: tuple[Mapping[str, str], ...] = (os.environ, dotenv)

    def setting(self, variable: str, argument: str | None) -> str | None:
        """The first value that says something."""
        if argument is not None and not isinstance(cast("object", argument), str):
            raise ConfigurationError(variable, "must be text", remedy="Pass a string.")
        values = (argument, *(source.get(variable) for source in self._sources))
        return next((value.strip() for value in values if value and value.strip()), None)

    def address(self) -> tuple[str, str] | None:
        """`CORTI_BASE_URL`, else `CORTI_ENVIRONMENT`, of the first source that has one of them."""
        for source in self._sources:
            for variable in ("CORTI_BASE_URL", "CORTI_ENVIRONMENT"):
                if value := source.get(variable, "").strip():
                    return variable, value
        return None


def _auth(
    auth: Grant | None,
    client_id: str | None,
    client_secret: str | None,
    token: str | None,
    *,
    has_refresh: bool,
    found: _Found,
) -> Grant | None:
    """The grant, given as one or in the short spelling; each spelling excludes the other."""
    if auth is not None:
        if (client_id, client_secret, token) != (None, None, None):
            raise ConfigurationError(
                "auth", "was given beside client_id, client_secret or token", remedy="Give one of the two."
            )
        if has_refresh and isinstance(auth, NoAuth):
            raise ConfigurationError("refresh", "was given beside NoAuth()", remedy="Give one of the two.")
        return auth
    if token is not None:
        if client_id is not None or client_secret is not None:
            raise ConfigurationError("token", "was given beside client credentials", remedy="Give one of the two.")
        return AccessToken(token)
    if has_refresh:
        return None
    return ClientCredentialsGrant(
        _required("CORTI_CLIENT_ID", "client_id", client_id, found),
        _required("CORTI_CLIENT_SECRET", "client_secret", client_secret, found),
    )


def _place(
    environment: str | Endpoints | None,
    tenant: str | None,
    base_url: str | None,
    found: _Found,
    claims: Claims,
    *,
    allow_http: bool,
) -> tuple[Endpoints, str]:
    """Addresses and tenant; what nobody says, the issuer of the token does (ENV-05)."""
    setting, endpoints = _endpoints(environment, base_url, found, claims)
    endpoints.check(setting, allow_http=allow_http)
    tenant = found.setting("CORTI_TENANT_NAME", tenant) or claims.tenant or DEFAULT_TENANT
    if not _TENANT.fullmatch(tenant):
        raise ConfigurationError("CORTI_TENANT_NAME", "is no tenant name", remedy="Nearly every tenant is called base.")
    return endpoints, tenant


def _endpoints(
    environment: str | Endpoints | None, base_url: str | None, found: _Found, claims: Claims
) -> tuple[str, Endpoints]:
    """The roots and the setting they come from; an argument wins over every variable, whichever of the two it is."""
    if base_url is not None and not isinstance(cast("object", base_url), str):
        raise ConfigurationError("base_url", "must be text", remedy="Pass an address such as http://127.0.0.1:8700.")
    if base_url is not None and base_url.strip():
        return "base_url", Endpoints.at(base_url)
    if isinstance(environment, Endpoints):
        return "environment", environment
    if environment is not None and not isinstance(cast("object", environment), str):
        raise ConfigurationError(
            "environment", "is no region", remedy="Pass eu, us, or agentkit.client.Endpoints(...)."
        )
    if environment is not None and environment.strip():
        return "environment", _region("environment", environment.strip(), claims)
    address = found.address()
    if address is not None:
        variable, value = address
        return variable, Endpoints.at(value) if variable == "CORTI_BASE_URL" else _region(variable, value, claims)
    if claims.environment is not None:
        return "token", Endpoints.region(claims.environment)
    raise ConfigurationError(
        "CORTI_ENVIRONMENT",
        "is not set",
        remedy="Pass environment=, set the variable or write it to .env; regions are eu and us. For a local "
        "platform set CORTI_BASE_URL, for example to http://127.0.0.1:8700.",
    )


def _region(setting: str, name: str, claims: Claims) -> Endpoints:
    endpoints = Endpoints.region(name)
    if claims.environment is not None and claims.environment.lower() != name.lower():
        raise ConfigurationError(
            setting,
            f"is {name}, but the token was issued in {claims.environment}",
            remedy="A token is valid in its own region only: use that region, or a token of this one.",
        )
    return endpoints


def _required(variable: str, argument_name: str, argument: str | None, found: _Found) -> str:
    value = found.setting(variable, argument)
    if value is None:
        raise ConfigurationError(
            variable, "is not set", remedy=f"Pass {argument_name}=, set the variable or write it to .env."
        )
    return value
