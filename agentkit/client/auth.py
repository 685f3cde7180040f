"""What the token endpoint is asked and how it refuses (AUTH-01 to AUTH-09); and the token cache for threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

from agentkit.client.exchange import api_failure, error_fields
from agentkit.client.grants import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    EndpointGrant,
    PasswordGrant,
    RefreshTokenGrant,
    scope_of,
)
from agentkit.client.operation import Answer, Operation, path
from agentkit.errors import AgentKitError, AuthenticationError, ConnectionFailed
from agentkit.oauth import IssuedToken
from agentkit.oauth.tokens import own_token_needed
from agentkit.wire.errors import decode_oauth_error

if TYPE_CHECKING:
    from agentkit.client.config import ClientConfig

RENEWED_EARLY: Final = 120.0
"""Seconds before expiry at which a token is renewed; one that lives no longer is fetched for every try (CLI-01)."""


def token_operation(config: ClientConfig, grant: EndpointGrant) -> Operation[IssuedToken]:
    """A request of the token endpoint; it carries none of the API's headers (HDR-03)."""
    return Operation(
        name="client.token",
        method="POST",
        root="login",
        path=path("/{tenant}/protocol/openid-connect/token", tenant=config.tenant),
        form=_form(grant),
        parse=lambda answer: IssuedToken.decode(answer.json()),
        # Who presents a code twice may lose what the first time brought (RFC 6749, section 4.1.2).
        is_repeatable=not isinstance(grant, AuthorizationCodeGrant),
        is_authorized=False,
        # A server may quote the form as it came.
        secrets=grant.secrets | {quote_plus(secret) for secret in grant.secrets},
    )


def token_refusal(config: ClientConfig, grant: EndpointGrant) -> Callable[[Answer, frozenset[str]], AgentKitError]:
    """Makes the error of an answer of the token endpoint that is no success."""

    def refusal(answer: Answer, secrets: frozenset[str]) -> AgentKitError:
        if answer.status < 400 or answer.status >= 500 or answer.status in {408, 429}:
            return api_failure(answer, secrets)
        error = decode_oauth_error(answer.status, error_fields(answer, secrets))
        remedy = _remedy(error.code, answer.status, config, grant) or error.remedy
        return AuthenticationError(error.code, error.message, status=error.status, remedy=remedy)

    return refusal


def sign_in_again() -> AuthenticationError:
    """The error where no grant is left that could bring a token."""
    return AuthenticationError(
        "sign_in_required",
        "The token has expired, and nothing is left that could renew it.",
        remedy="Sign in again and make a new client; for long sessions ask for a refresh token or pass refresh=.",
    )


def _form(grant: EndpointGrant) -> dict[str, str]:
    """The fields of a grant (AUTH-01 to AUTH-06)."""
    match grant:
        case ClientCredentialsGrant():
            fields = {"client_secret": grant.client_secret, "grant_type": "client_credentials"}
        case AuthorizationCodeGrant():
            fields = {
                "client_secret": grant.client_secret,
                "grant_type": "authorization_code",
                "code": grant.code,
                "redirect_uri": grant.redirect_uri,
                "code_verifier": grant.code_verifier,
            }
        case PasswordGrant():
            fields = {"grant_type": "password", "username": grant.username, "password": grant.password}
        case _:
            fields = {
                "client_secret": grant.client_secret,
                "grant_type": "refresh_token",
                "refresh_token": grant.refresh_token,
            }
    fields = {"client_id": grant.client_id, **fields, "scope": scope_of(grant.scopes)}
    return {name: value for name, value in fields.items() if value is not None}


def _remedy(code: str, status: int, config: ClientConfig, grant: EndpointGrant) -> str | None:
    """What helps, where the code alone does not tell."""
    match code, status:
        case "invalid_grant", _:
            return _INVALID_GRANT[type(grant)]
        case "unauthorized_client", 400 | 403:
            return "The client may not use this grant: use another one, or let the tenant's administrator allow it."
        case "unsupported_grant_type", _:
            return "This login host does not offer the grant: its discovery document lists those that it does."
        case "invalid_client" | "unauthorized_client" | "invalid_scope", _:
            return None
        case _, 404:
            return (
                f"There is no tenant {config.tenant} at {config.endpoints.login}: check CORTI_TENANT_NAME, and "
                "CORTI_ENVIRONMENT or CORTI_BASE_URL."
            )
        case _:
            return (
                "Check CORTI_ENVIRONMENT or CORTI_BASE_URL, CORTI_TENANT_NAME, CORTI_CLIENT_ID and CORTI_CLIENT_SECRET."
            )


_INVALID_GRANT: Final[dict[type[EndpointGrant], str]] = {
    ClientCredentialsGrant: "Check CORTI_CLIENT_ID and CORTI_CLIENT_SECRET.",
    AuthorizationCodeGrant: "Sign in again: a code works once and not for long, with the redirect_uri and the PKCE "
    "verifier of its own sign-in.",
    PasswordGrant: "Check username and password, and that the person belongs to the tenant.",
    RefreshTokenGrant: "Sign in again: the refresh token has expired, was used up, or belongs to another client.",
}


class BlockingTokenCache:
    """The twin of `agentkit.oauth.TokenCache` for threads: callers that come together share one fetch (CLI-02)."""

    def __init__(
        self, fetch: Callable[[], IssuedToken], *, early: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make an empty cache.

        Args:
            fetch: Asks the token endpoint; it bounds its own time.
            early: Seconds before expiry at which a token is renewed.
            clock: Seconds that only go forward.
        """
        self._fetch = fetch
        self._early = early
        self._clock = clock
        self._lock = threading.Lock()
        self._token: IssuedToken | None = None
        self._renew_at = 0.0
        self._flight: Future[IssuedToken] | None = None
        self._flier = 0

    def __repr__(self) -> str:
        """Says whether a token is held, not which."""
        return f"BlockingTokenCache({'holds a token' if self._token else 'empty'})"

    def get(self) -> str:
        """A valid access token, fetched when there is none or the held one is about to expire.

        Raises:
            ConfigurationError: `fetch` itself asked for the token.
            AgentKitError: Whatever `fetch` raises, for all who waited for it.
        """
        with self._lock:
            if self._token is not None and self._clock() < self._renew_at:
                return self._token.access_token
            flight, is_first = self._flight or Future[IssuedToken](), self._flight is None
            if not is_first and self._flier == threading.get_ident():
                raise own_token_needed()
            if is_first:
                self._flight, self._flier = flight, threading.get_ident()
        return (self._renew(flight) if is_first else flight.result()).access_token

    def forget(self, access_token: str | None = None) -> None:
        """Drop the held token; with an argument only if it is that one, so that a newer one stays."""
        with self._lock:
            if self._token is not None and access_token in (None, self._token.access_token):
                self._token = None

    def start_over(self) -> None:
        """After a fork, in the child: whoever fetched, or held the lock, is a thread of the parent."""
        self._lock = threading.Lock()
        self._flight = None

    def _renew(self, flight: Future[IssuedToken]) -> IssuedToken:
        try:
            started = self._clock()
            token = self._fetch()
        except BaseException as error:
            self._land(None, 0.0)
            # Only this thread was interrupted: the others get an error they can handle.
            shared = error if isinstance(error, Exception) else ConnectionFailed("The token fetch was interrupted.")
            flight.set_exception(shared)
            raise
        self._land(token, float("inf") if token.expires_in is None else started + token.expires_in - self._early)
        flight.set_result(token)
        return token

    def _land(self, token: IssuedToken | None, renew_at: float) -> None:
        with self._lock:
            self._token, self._renew_at, self._flight = token, renew_at, None
