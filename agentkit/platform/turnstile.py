"""How much is asked at once and how often, per caller and in all: who asks for too much hears 429, nobody else does.

A request counts from its first byte to the last one of its answer, a stream as long as it lasts. Before anybody knows
who asks, it counts for the address it comes from at the login, and for nobody elsewhere: nothing is read there before
the bearer was verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Final, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentkit.errors import TooManyRequests
from agentkit.platform.answers import retry_after
from agentkit.platform.planes import Plane
from agentkit.web.limits import Limiter, Limits
from agentkit.wire.jsontext import dump_json

_VISIT: Final = "agentkit.visit"
_PATIENCE: Final = "Ask less at once, and wait in between."
_BUSY: Final = TooManyRequests("concurrent", "The server is busy.", retry_after=1.0)


class Visit:
    """One request on its way through the platform."""

    __slots__ = ("_limiter", "_names", "_sender")

    def __init__(self, limiter: Limiter, sender: str) -> None:
        """Begin; `leave` must follow, at the latest when the request has ended."""
        self._limiter = limiter
        self._sender = sender
        self._names: list[str] = []

    def admit(self, caller: str) -> None:
        """Count the request for a caller.

        Raises:
            TooManyRequests: It is one too many.
        """
        self._limiter.begin(caller)
        self._names.append(caller)

    def refused(self) -> None:
        """Count a bearer that was not accepted, for the address it came from.

        Raises:
            TooManyRequests: There were too many of them.
        """
        self._limiter.refused(self._sender)

    def leave(self) -> None:
        """Count the request out; a second time does nothing."""
        while self._names:
            self._limiter.end(self._names.pop())


class Turnstile:
    """The outermost layer of the platform."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        """Stand in front of an app."""
        self._app = app
        self._limits = limits
        self._limiter = Limiter(limits, monotonic)
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or send it away."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._open >= self._limits.concurrent:
            await _refuse(scope, send, 429, _BUSY.message, _PATIENCE, retry_after(_BUSY))
            return
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._limits.header_bytes:
            text = f"The headers have more than {self._limits.header_bytes} bytes."
            await _refuse(scope, send, 431, text, "Send fewer or shorter headers.")
            return
        client = cast("tuple[str, int] | None", scope.get("client"))
        visit = Visit(self._limiter, f"address {client[0] if client else ''}")
        scope[_VISIT] = visit
        self._open += 1

        async def sending(message: Message) -> None:
            # Whoever has read the whole answer may ask again at once, also where the app has still to tidy up.
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                visit.leave()
            await send(message)

        try:
            if Plane.of(str(scope["path"])) is Plane.LOGIN:
                visit.admit(f"login of {client[0] if client else ''}")
            await self._app(scope, receive, sending)
        except TooManyRequests as error:
            await _refuse(scope, send, 429, error.message, _PATIENCE, retry_after(error))
        finally:
            self._open -= 1
            visit.leave()


def visit_of(scope: Scope) -> Visit | None:
    """The visit a request is on; None where nothing counts it."""
    return scope.get(_VISIT)


async def _refuse(
    scope: Scope, send: Send, status: int, message: str, how_to_fix: str, headers: Mapping[str, str] | None = None
) -> None:
    body = dump_json(Plane.of(str(scope["path"])).error(status, message, how_to_fix))
    sent = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    raw = [(name.encode(), value.encode()) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
