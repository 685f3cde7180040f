"""How a client gets its access token (AUTH-01, -06, -08, -09), without I/O; and the token cache for threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from agentkit import tracing
from agentkit.client.exchange import HttpRequest, Pause, api_failure, error_fields, exchange
from agentkit.client.operation import Answer, Operation, path
from agentkit.errors import AgentKitError, AuthenticationError, ConnectionFailed
from agentkit.oauth import IssuedToken
from agentkit.wire.errors import decode_oauth_error

if TYPE_CHECKING:
    from agentkit.client.config import ClientConfig
    from agentkit.client.retry import RetryPolicy

RENEWED_EARLY: Final = 120.0
"""Seconds before expiry at which a token is renewed; one that lives no longer is fetched for every try (CLI-01)."""


def token_operation(config: ClientConfig) -> Operation[IssuedToken]:
    """The client-credentials grant (AUTH-01); it carries none of the API's headers (HDR-03)."""
    return Operation(
        name="client.token",
        method="POST",
        root="login",
        path=path("/{tenant}/protocol/openid-connect/token", tenant=config.tenant),
        form={
            "client_id": config.client_id or "",
            "client_secret": config.client_secret or "",
            "grant_type": "client_credentials",
            "scope": "openid",
        },
        parse=lambda answer: IssuedToken.decode(answer.json()),
        is_authorized=False,
    )


def token_exchange(
    config: ClientConfig, retry: RetryPolicy, span: tracing.Span, clock: Callable[[], float]
) -> Generator[HttpRequest | Pause, Answer | None, IssuedToken]:
    """Ask the token endpoint, with the same retries as any call.

    Raises:
        AuthenticationError: The endpoint refused the client.
        AgentKitError: No answer, or none that can be read.
    """
    return exchange(token_operation(config), config, retry, span, clock=clock, failure=_refusal)


def _refusal(answer: Answer, secrets: frozenset[str]) -> AgentKitError:
    if answer.status < 400 or answer.status >= 500 or answer.status in {408, 429}:
        return api_failure(answer, secrets)
    error = decode_oauth_error(answer.status, error_fields(answer, secrets))
    if error.remedy is not None:
        return error
    return AuthenticationError(
        error.code,
        error.message,
        status=error.status,
        remedy="Check CORTI_ENVIRONMENT or CORTI_BASE_URL, CORTI_TENANT_NAME, CORTI_CLIENT_ID and CORTI_CLIENT_SECRET.",
    )


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

    def __repr__(self) -> str:
        """Says whether a token is held, not which."""
        return f"BlockingTokenCache({'holds a token' if self._token else 'empty'})"

    def get(self) -> str:
        """A valid access token, fetched when there is none or the held one is about to expire.

        Raises:
            AgentKitError: Whatever `fetch` raises, for all who waited for it.
        """
        with self._lock:
            if self._token is not None and self._clock() < self._renew_at:
                return self._token.access_token
            flight, is_first = self._flight or Future[IssuedToken](), self._flight is None
            self._flight = flight
        return (self._renew(flight) if is_first else flight.result()).access_token

    def forget(self) -> None:
        """Drop the held token."""
        with self._lock:
            self._token = None

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
