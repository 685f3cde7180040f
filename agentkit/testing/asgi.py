"""ASGI apps called in-process, the way a server calls them.

The stock in-process transports of httpx and httpx2 run an app to its end before they answer, so a stream cannot be
tested with them. Here the app runs in a task of its own for each request: chunks arrive as they are sent, a client that
goes away becomes `http.disconnect`, a slow reader slows the app down, timeouts are those of the client, and no context
variable (and with it no trace) leaks from client to app.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2

from agentkit.testing.exchange import DEFAULT_PORTS, AnswerTimeout, ASGIApp, BrokenAnswer, Exchange, Exchanges, spawn

if TYPE_CHECKING:
    import httpx

__all__ = ["ASGIApp", "ASGITransport", "RoutedTransport", "httpx_transport", "running"]


class ASGITransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport that calls one app in-process and streams its answer."""

    def __init__(self, app: ASGIApp, *, raise_app_exceptions: bool = True) -> None:
        """Call `app`.

        Args:
            app: The ASGI application; start it with `running` where it has a lifespan.
            raise_app_exceptions: Raise what the app raises at the client instead of answering 500.
        """
        self._app = app
        self._exchanges = Exchanges(raise_app_exceptions)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to the app and return as soon as the answer has begun."""
        return await _call(self._exchanges, self._app, request)

    async def aclose(self) -> None:
        """Wait for what still runs, for a bounded time."""
        await self._exchanges.close()


class RoutedTransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport that calls one of several apps by scheme, host and port.

    A request to any other origin raises `httpx2.ConnectError`: nothing leaves the process.
    """

    def __init__(self, apps: Mapping[str, ASGIApp], *, raise_app_exceptions: bool = True) -> None:
        """Call the apps by their origins, for example `{"http://127.0.0.1:8700": platform}`."""
        self._apps = {_origin_of(url): app for url, app in apps.items()}
        self._exchanges = Exchanges(raise_app_exceptions)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to the app of its origin.

        Raises:
            httpx2.ConnectError: No app has this origin.
        """
        app = self._apps.get(_origin_of(str(request.url)))
        if app is None:
            raise self.nothing_at(request)
        return await _call(self._exchanges, app, request)

    def nothing_at(self, request: httpx2.Request) -> Exception:
        """What is raised for an origin without an app."""
        return httpx2.ConnectError("no app listens at this origin", request=request)

    async def aclose(self) -> None:
        """Wait for what still runs, for a bounded time."""
        await self._exchanges.close()


def httpx_transport(app: ASGIApp, *, raise_app_exceptions: bool = True) -> httpx.AsyncBaseTransport:
    """The same as `ASGITransport`, for httpx: the client of the A2A SDK needs it (design D8)."""
    from agentkit.testing.httpx_asgi import HttpxASGITransport

    return HttpxASGITransport(app, raise_app_exceptions)


@asynccontextmanager
async def running(app: ASGIApp, *, limit: float = 60.0) -> AsyncGenerator[ASGIApp]:
    """Start an app's lifespan, and stop it at the end of the block.

    Args:
        app: The ASGI application.
        limit: Seconds that start and stop may each take.

    Yields:
        The app with the state of its lifespan, as a server would call it.

    Raises:
        Exception: What the app raised at start or stop.
        RuntimeError: The app reported that it could not start or stop, and raised nothing.
        TimeoutError: It took too long.
    """
    state: dict[str, Any] = {}
    to_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    task = spawn(app(scope, to_app.get, from_app.put))

    async def ask(question: str) -> None:
        to_app.put_nowait({"type": question})
        answer = asyncio.ensure_future(from_app.get())
        await asyncio.wait({answer, task}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            if not task.done():
                raise TimeoutError(f"the app did not answer {question} within {limit} s")
            task.result()
            raise RuntimeError(f"the app ended its lifespan without an answer to {question}")
        message = answer.result()
        if message["type"] != f"{question}.complete":
            await asyncio.wait({task}, timeout=limit)
            if task.done():  # the app's own exception says more than its report
                task.result()
            raise RuntimeError(f"{message['type']}: {message.get('message', '')}")

    async def live(
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        await app({**scope, "state": state.copy()}, receive, send)

    try:
        await ask("lifespan.startup")
        try:
            yield live
        finally:
            await asyncio.shield(asyncio.ensure_future(ask("lifespan.shutdown")))
    finally:
        task.cancel()
        # Awaiting it would raise its exception once more, and that would forget the places it came from.
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, exchange: Exchange, request: httpx2.Request) -> None:
        self._exchange = exchange
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._exchange.chunks():
                yield chunk
        except AnswerTimeout as error:
            raise httpx2.ReadTimeout(str(error), request=self._request) from error
        except BrokenAnswer as error:
            raise httpx2.RemoteProtocolError(str(error), request=self._request) from error

    async def aclose(self) -> None:
        self._exchange.disconnect()


async def _call(exchanges: Exchanges, app: ASGIApp, request: httpx2.Request) -> httpx2.Response:
    if not isinstance(request.stream, httpx2.AsyncByteStream):
        raise TypeError("an asynchronous client sends asynchronous bodies")
    try:
        exchange = await exchanges.begin(app, request, aiter(request.stream))
    except AnswerTimeout as error:
        raise httpx2.ReadTimeout(str(error), request=request) from error
    except BrokenAnswer as error:
        raise httpx2.RemoteProtocolError(str(error), request=request) from error
    return httpx2.Response(exchange.status, headers=exchange.headers, stream=_Stream(exchange, request))


def _origin_of(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
