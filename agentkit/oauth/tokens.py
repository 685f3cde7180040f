"""Access tokens: what a token endpoint issued, and a cache that asks for one at a time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

from agentkit.errors import ConfigurationError, ConnectionFailed, WireError


@dataclass(frozen=True, slots=True, repr=False)
class IssuedToken:
    """A token endpoint's answer; always a bearer token (AUTH-08, mcp.md section 12 step 4).

    Attributes:
        access_token: The token.
        expires_in: Seconds it is valid, or None when the server did not say.
        scope: Space-separated scopes, when the server named them.
        refresh_token: For user grants.
        refresh_expires_in: Seconds the refresh token is valid; None is unknown, 0 is none (AUTH-08).
    """

    access_token: str
    expires_in: float | None = None
    scope: str | None = None
    refresh_token: str | None = None
    refresh_expires_in: float | None = None

    def __repr__(self) -> str:
        """Shows lifetime and scope, hides the tokens."""
        return f"IssuedToken(access_token=<hidden>, expires_in={self.expires_in!r}, scope={self.scope!r})"

    @classmethod
    def decode(cls, body: object) -> IssuedToken:
        """Read the JSON body of a token endpoint.

        Raises:
            WireError: There is no token in it, or not a bearer token; the error holds no value of the body.
        """
        if not isinstance(body, Mapping):
            raise WireError("token", "type", "the token endpoint's answer must be a JSON object")
        fields = cast("Mapping[str, object]", body)
        access_token = fields.get("access_token")
        if not isinstance(access_token, str) or not access_token or not _fits_a_header(access_token):
            raise WireError("token.access_token", "missing", "the token endpoint's answer holds no access token")
        token_type = fields.get("token_type", "Bearer")
        if not isinstance(token_type, str) or token_type.lower() != "bearer":
            raise WireError("token.token_type", "value", "only bearer tokens are supported")
        return cls(
            access_token=access_token,
            expires_in=_seconds(fields.get("expires_in")),
            scope=_text(fields.get("scope")),
            refresh_token=_text(fields.get("refresh_token")),
            refresh_expires_in=_seconds(fields.get("refresh_expires_in")),
        )


_fetches: ContextVar[tuple[asyncio.Task[object] | None, ...]] = ContextVar("agentkit-token-fetches", default=())
"""The fetches that wait for what runs here: one of these must not wait for its own token."""


class TokenCache:
    """Holds one access token and renews it a while before it expires.

    Callers that come together share one fetch (CLI-02, MCP-OAU-01). A caller that is cancelled leaves the fetch to the
    others. A failed fetch raises for all who waited for it and is tried again by the next caller. Use one cache per
    event loop.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[IssuedToken]], *, early: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make an empty cache.

        Args:
            fetch: Asks the token endpoint; it bounds its own time.
            early: Seconds before expiry at which a token is renewed; a shorter-lived token is fetched for every call
                (CLI-01).
            clock: Seconds that only go forward.
        """
        self._fetch = fetch
        self._early = early
        self._clock = clock
        self._token: IssuedToken | None = None
        self._renew_at = -math.inf
        self._running: asyncio.Task[IssuedToken] | None = None

    def __repr__(self) -> str:
        """Says whether a token is held, not which."""
        return f"TokenCache({'holds a token' if self._token else 'empty'})"

    async def get(self) -> str:
        """A valid access token, fetched when there is none or the held one is about to expire.

        Raises:
            ConnectionFailed: The cache was closed meanwhile.
            ConfigurationError: `fetch` itself, or a task it started, asked for the token.
            AgentKitError: Whatever `fetch` raises.
        """
        held = self._token
        if held is not None and self._clock() < self._renew_at:
            return held.access_token
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._renew(), name="agentkit-token-fetch")
            self._running.add_done_callback(_retrieve)
        running = self._running
        if running in _fetches.get():
            raise own_token_needed()
        try:
            return (await asyncio.shield(running)).access_token
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if running.cancelled() and caller is not None and not caller.cancelling():
                raise ConnectionFailed(
                    "The token fetch was cancelled: the client was closed, or what fetches cancelled itself."
                ) from None
            raise

    def forget(self, access_token: str | None = None) -> bool:
        """Drop the held token; with an argument only if it is that one, so that a newer one stays.

        Returns:
            Whether a token was dropped.
        """
        if self._token is None or access_token not in (None, self._token.access_token):
            return False
        self._token = None
        return True

    async def aclose(self) -> None:
        """Drop the token and stop a fetch that still runs."""
        self.forget()
        running, self._running = self._running, None
        if running is not None and not running.done():
            running.cancel()
            await asyncio.wait([running])

    async def _renew(self) -> IssuedToken:
        _fetches.set((*_fetches.get(), asyncio.current_task()))
        started = self._clock()
        token = await self._fetch()
        self._token = token
        self._renew_at = math.inf if token.expires_in is None else started + token.expires_in - self._early
        return token


def own_token_needed() -> ConfigurationError:
    """The error for a fetch that waits for its own token, for it would wait for ever."""
    return ConfigurationError(
        "refresh", "uses the client whose token it brings", remedy="Use another client, or plain HTTP, in the callback."
    )


def _retrieve(task: asyncio.Task[IssuedToken]) -> None:
    """Mark the outcome as seen: when every waiter was cancelled, nobody else looks at it."""
    if not task.cancelled():
        task.exception()


def _fits_a_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
