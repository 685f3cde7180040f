"""How a client that is signed in stays so, without I/O: which grant comes next, and what is held meanwhile (CLI-03).

Both sessions drive it behind their token cache, which asks for one token at a time (CLI-02).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from agentkit.client.auth import RENEWED_EARLY, sign_in_again, token_operation, token_refusal
from agentkit.client.claims import Claims
from agentkit.client.exchange import HttpRequest, Pause, exchange
from agentkit.client.grants import (
    AccessToken,
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    PasswordGrant,
    RefreshTokenGrant,
)
from agentkit.errors import AuthenticationError, ConfigurationError
from agentkit.oauth import IssuedToken

if TYPE_CHECKING:
    from agentkit import tracing
    from agentkit.client.config import ClientConfig
    from agentkit.client.grants import EndpointGrant
    from agentkit.client.operation import Answer
    from agentkit.client.retry import RetryPolicy


class SignIn:
    """What one client was issued, and how it gets the next token.

    A refresh token is used while it is valid; then the grant again. A code works once and a refresh token may be
    refused: when nothing is left, the token is used up to its end, and then only a new sign-in helps.
    """

    def __init__(
        self, config: ClientConfig, retry: RetryPolicy, *, clock: Callable[[], float], now: Callable[[], float]
    ) -> None:
        """Start with nothing but the grant.

        Args:
            config: Where, and who calls.
            retry: When to ask again.
            clock: Seconds that only go forward.
            now: Seconds since 1970.
        """
        self._config = config
        self._retry = retry
        self._clock = clock
        self._now = now
        self._is_repeatable = isinstance(config.auth, ClientCredentialsGrant | PasswordGrant)
        self._is_code_unused = isinstance(config.auth, AuthorizationCodeGrant)
        self._held: IssuedToken | None = None
        self._held_until = -math.inf
        self._refresh_token: str | None = None
        self._refresh_until = math.inf
        expires_at = Claims.of(config.auth.token).expires_at if isinstance(config.auth, AccessToken) else None
        self._given_until = math.inf if expires_at is None else clock() + expires_at - now()
        self.forget()

    @property
    def refresh_token(self) -> str | None:
        """The refresh token held, which the caller's `refresh` callback is given."""
        return self._refresh_token

    def forget(self) -> None:
        """Drop what was issued."""
        self._held, self._held_until = None, -math.inf
        grant = self._config.auth
        self._refresh_token = grant.refresh_token if isinstance(grant, RefreshTokenGrant) else None
        self._refresh_until = math.inf

    def steps(self, span: tracing.Span) -> Generator[HttpRequest | Pause, Answer | None, IssuedToken]:
        """Get a token from the token endpoint.

        Yields:
            Requests, to be answered with their answers, and pauses.

        Raises:
            AuthenticationError: The endpoint refused, or a person has to sign in again.
            AgentKitError: No answer, or none that can be read.
        """
        # For the others a session asks no endpoint.
        grant = cast("EndpointGrant", self._config.auth)
        if self._refresh_token is not None and self._clock() < self._refresh_until:
            try:
                return (yield from self._ask(grant, self._refresh_token, span))
            except AuthenticationError as error:
                if error.code != "invalid_grant":
                    raise
                # Refused for good; asking with it again would only be refused again.
                self._refresh_token = None
        if self._is_repeatable or self._is_code_unused:
            token = yield from self._ask(grant, None, span)
            self._is_code_unused = False
            return token
        left = self._held_until - self._clock()
        if self._held is not None and left > 0:
            return replace(self._held, expires_in=left)
        raise sign_in_again()

    def given(self) -> IssuedToken | None:
        """The access token of the caller while it is valid and its `refresh` callback not yet needed.

        An opaque one says nothing of its end, and is used to the end of the client.
        """
        if not isinstance(self._config.auth, AccessToken) or self._held is not None:
            return None
        left = self._given_until - self._clock()
        if left <= RENEWED_EARLY:
            return None
        return IssuedToken(self._config.auth.token, None if math.isinf(left) else left)

    def keep(self, token: object) -> IssuedToken:
        """Hold what the caller's `refresh` callback brought.

        Raises:
            AuthenticationError: It is no token.
        """
        if not isinstance(token, IssuedToken) or not _is_usable(token):
            raise AuthenticationError(
                "refresh_failed",
                "The refresh callback brought no token.",
                remedy="Return agentkit.oauth.IssuedToken with the bare access token.",
            )
        return self._keep(token, self._clock())

    def _ask(
        self, grant: EndpointGrant, refresh_token: str | None, span: tracing.Span
    ) -> Generator[HttpRequest | Pause, Answer | None, IssuedToken]:
        started = self._clock()
        if refresh_token is not None:
            secret = None if isinstance(grant, PasswordGrant) else grant.client_secret
            grant = RefreshTokenGrant(grant.client_id, refresh_token, secret, grant.scopes)
        operation = token_operation(self._config, grant)
        span.set("http.request.method", operation.method)
        failure = token_refusal(self._config, grant)
        token = yield from exchange(operation, self._config, self._retry, span, clock=self._now, failure=failure)
        return self._keep(token, started)

    def _keep(self, token: IssuedToken, started: float) -> IssuedToken:
        self._held = token
        self._held_until = math.inf if token.expires_in is None else started + token.expires_in
        # No new refresh token: the old one stays valid (RFC 6749, section 6).
        if token.refresh_token is not None:
            lifetime = token.refresh_expires_in
            # 0 says there is none (AUTH-08), but Keycloak says so of an offline token too: where nothing else is left,
            # it is worth a request.
            is_unlimited = lifetime is None or (lifetime == 0 and not self._is_repeatable)
            self._refresh_token = token.refresh_token
            self._refresh_until = math.inf if is_unlimited else started + (lifetime or 0.0)
        return token


@contextmanager
def refresh_errors() -> Generator[None]:
    """Turn whatever the caller's `refresh` callback raises into ours; its text may hold a token, so it is dropped.

    Raises:
        AuthenticationError: It raised.
    """
    try:
        yield
    except Exception as error:
        raise AuthenticationError(
            "refresh_failed",
            f"The refresh callback raised {type(error).__name__}.",
            remedy="It is called with one argument, the refresh token held or None, and AsyncCorti awaits it. "
            "Handle the error in the callback to learn more; its text is not shown, for it may hold a token.",
        ) from None


def _is_usable(token: IssuedToken) -> bool:
    try:
        AccessToken(token.access_token)
    except ConfigurationError:
        return False
    return True
