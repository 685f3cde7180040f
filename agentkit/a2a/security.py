"""Who asks, and may he now: authentication and limits before anything else looks at a request (A2A-SEC-01).

The same for every binding: HTTP goes through an `Entrance`, gRPC calls `Gate.enter` itself.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import TracebackType
from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from agentkit.a2a.authorization import Security
from agentkit.a2a.checks import Check, Refused, check_of, utc_now
from agentkit.a2a.presented import Presented, network_of
from agentkit.a2a.schemes import OneAuth
from agentkit.compose import Caller
from agentkit.errors import AccessRefused, AuthenticationError, TooManyRequests
from agentkit.mcp.client.pool import new_pool
from agentkit.models import Json
from agentkit.oauth import Issuers
from agentkit.web.limits import Limiter, Limits

ANONYMOUS: Final = Caller()
"""Who presents nothing, where that is enough."""

RETRY_AFTER: Final = 5
"""Seconds after which a caller may ask again whose credential could not be checked."""

_CALLER: Final = "agentkit.caller"
_TELL_EVERY: Final = 1.0
_REASONS: Final[dict[Refused, tuple[int, str, str]]] = {
    Refused.MISSING: (401, "missing_credential", "The request carries none of the credentials that the card names."),
    Refused.INVALID: (401, "invalid_token", "The credential is not valid here."),
    Refused.UNCHECKED: (503, "temporarily_unavailable", "The credential cannot be checked at the moment."),
    Refused.SCOPE: (403, "insufficient_scope", "The access token lacks a scope."),
}
_STATUS: Final = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}

_log = logging.getLogger("agentkit.a2a")


class Gate:
    """Lets requests in: one for each host, shared by its agents and bindings."""

    def __init__(
        self,
        security: Security | None = None,
        *,
        limits: Limits | None = None,
        resource: str = "",
        issuers: Issuers | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare the checks; call `aclose` at the end.

        Args:
            security: Who is let in; None for everybody.
            limits: How often and for how much at once; None for no limits, behind something that has them.
            resource: The public address of the host, which is what tokens are for where a scheme names no audience.
            issuers: Asks issuers about tokens; None for a connection pool of the gate's own.
            clock: Seconds that only go forward.
            now: The time, with time zone.

        Raises:
            SpecError: An issuer cannot be asked safely.
        """
        self.security = security or Security()
        self.limits = limits
        self._pool = new_pool()
        self._limiter = None if limits is None else Limiter(limits, clock)
        self._clock = clock
        asking = issuers or Issuers(self._pool)
        known: list[tuple[OneAuth, Check]] = []

        def check(auth: OneAuth) -> Check:
            found = next((made for one, made in known if one == auth), None)
            if found is None:
                found = check_of(auth, resource, asking, self.security.trusts, now)
                known.append((auth, found))
            return found

        ways = [tuple(check(auth) for auth in way) for way in self.security.alternatives]
        self._checks = tuple(made for _, made in known)
        self._ways = sorted(ways, key=lambda way: max(one.cost for one in way))
        self._told = -math.inf
        self._untold = 0

    async def aclose(self) -> None:
        """Close the connections to issuers."""
        await self._pool.aclose()

    @property
    def open_requests(self) -> int:
        """How many requests are inside; 0 without limits."""
        return 0 if self._limiter is None else self._limiter.open

    def enter(self, presented: Presented) -> AbstractAsyncContextManager[Caller]:
        """Hold this until the answer, or the stream, has ended.

        Raises:
            AccessRefused: Nobody whom the security lets in (401), lacks a scope (403), sends too many headers (431), or
                cannot be checked now (503).
            TooManyRequests: The caller asks too often or for too much at once.
        """
        return _Inside(self, presented)

    async def admit(self, presented: Presented) -> tuple[Caller, str]:
        """Who asks, counted in under a key that `leave` takes; as `enter`, which does both, raises."""
        limiter = self._limiter
        if limiter is None:
            return await self._caller(presented), ""
        try:
            if self.limits is not None and presented.header_bytes > self.limits.header_bytes:
                message = f"The headers are larger than {self.limits.header_bytes} bytes."
                raise AccessRefused("headers_too_large", message, status=431)
            caller = await self._caller(presented)
            key = f"{caller.tenant}\0{caller.owner}" if caller.owner else self._sender(presented)
            limiter.begin(key)
        except AccessRefused as error:
            self._tell(error.code, logging.INFO)
            limiter.refused(self._sender(presented))
            raise
        except TooManyRequests as error:
            self._tell(error.limit, logging.WARNING)
            raise
        return caller, key

    def leave(self, key: str) -> None:
        """The answer, or the stream, has ended."""
        if self._limiter is not None:
            self._limiter.end(key)

    def challenge(self, code: str, message: str) -> AccessRefused:
        """A 401 for who is known too little to do what he asked for, for example to see the extended card."""
        challenges = tuple(check.challenge(Refused.MISSING) for check in self._checks)
        return AccessRefused(code, message, status=401, challenges=challenges)

    async def _caller(self, presented: Presented) -> Caller:
        if not self._ways:
            return ANONYMOUS
        seen: dict[Check, Caller | Refused] = {}
        for way in self._ways:
            caller = await _passed(way, presented, seen)
            if caller is not None:
                return caller
        refusals = [one for one in seen.values() if isinstance(one, Refused)]
        worst = max(refusals)
        if self.security.optional and worst is Refused.MISSING and len(refusals) == len(seen):
            return ANONYMOUS
        raise self._refusal(worst, seen)

    def _refusal(self, worst: Refused, seen: dict[Check, Caller | Refused]) -> AccessRefused:
        status, code, message = _REASONS[worst]
        challenges: list[str] = []
        for check in self._checks:
            found = seen.get(check, Refused.MISSING)
            refused = found if isinstance(found, Refused) else Refused.MISSING
            if status == 401 or refused is Refused.SCOPE:
                challenges.append(check.challenge(refused))
        return AccessRefused(
            code,
            message,
            status=status,
            challenges=() if status == 503 else tuple(dict.fromkeys(challenges)),
            retry_after=RETRY_AFTER if status == 503 else None,
        )

    def _sender(self, presented: Presented) -> str:
        """Where a request comes from, as far as proxies that are trusted tell."""
        address = presented.peer or ""
        if self.security.trusts(address):
            hops = [hop.strip() for hop in (presented.header("x-forwarded-for") or "").split(",")]
            address = next((hop for hop in reversed(hops) if hop and not self.security.trusts(hop)), address)
        return f"@{network_of(address)}"

    def _tell(self, what: str, level: int) -> None:
        """Log refusals without what they were about, once a second: a flood must not become a flood of lines."""
        self._untold += 1
        now = self._clock()
        if now - self._told >= _TELL_EVERY:
            _log.log(level, "requests not let in: %d, the last one for %s", self._untold, what)
            self._told, self._untold = now, 0


OPEN: Final = Gate()
"""Lets in everybody, as often as he likes."""


class _Inside(AbstractAsyncContextManager[Caller]):
    """A request that was let in. A class: a generator costs as much as the checks, for every request."""

    __slots__ = ("_gate", "_key", "_presented")

    def __init__(self, gate: Gate, presented: Presented) -> None:
        self._gate = gate
        self._presented = presented
        self._key = ""

    async def __aenter__(self) -> Caller:
        caller, self._key = await self._gate.admit(self._presented)
        return caller

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.leave(self._key)


class Entrance:
    """An ASGI app that lets requests into another one, and tells the others why not."""

    def __init__(self, gate: Gate, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._gate = gate
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whoever serves it finds the caller by `caller_of`."""
        try:
            entered = self._gate.enter(Presented.of_scope(scope))
            caller = await entered.__aenter__()
        except (AccessRefused, TooManyRequests) as error:
            await refusal(error)(scope, receive, send)
            return
        scope[_CALLER] = caller
        try:
            await self._app(scope, receive, send)
        finally:
            await entered.__aexit__(None, None, None)


def caller_of(scope: Scope) -> Caller:
    """Who asks, in an app behind an `Entrance`."""
    caller: Caller = scope.get(_CALLER, ANONYMOUS)
    return caller


def refusal(error: AuthenticationError | TooManyRequests) -> Response:
    """The answer to who is not let in: 401 and 403 with challenges (RFC 9110), 429 and 503 with `Retry-After`."""
    status = 429 if isinstance(error, TooManyRequests) else error.status or 401
    reason = error.limit if isinstance(error, TooManyRequests) else error.code
    details: list[Json] = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason.upper(),
            "domain": "a2a-protocol.org",
            "metadata": {},
        }
    ]
    body = {
        "error": {
            "code": status,
            "status": _STATUS.get(status, "INVALID_ARGUMENT"),
            "message": error.message,
            "details": details,
        }
    }
    response = JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
    for challenge in getattr(error, "challenges", ()):
        response.headers.append("WWW-Authenticate", challenge)
    if (seconds := getattr(error, "retry_after", None)) is not None:
        response.headers["Retry-After"] = str(math.ceil(seconds))
    return response


async def _passed(way: tuple[Check, ...], presented: Presented, seen: dict[Check, Caller | Refused]) -> Caller | None:
    """Whom a request names where all checks of a way let it in; the cheap ones are asked first."""
    for check in way if len(way) == 1 else sorted(way, key=lambda one: one.cost):
        if check not in seen:
            seen[check] = await check.identify(presented)
        if isinstance(seen[check], Refused):
            return None
    named = [caller for check in way if isinstance(caller := seen[check], Caller)]
    first = named[0]
    tenant = next((one.tenant for one in named if one.tenant), "")
    bearer = next((one.bearer for one in named if one.bearer), None)
    return Caller(owner=first.owner, tenant=tenant, bearer=bearer)
