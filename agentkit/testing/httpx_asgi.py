"""The in-process transport for httpx; get it from `agentkit.testing.asgi.httpx_transport`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from agentkit.testing.exchange import AnswerTimeout, ASGIApp, BrokenAnswer, Exchange, Exchanges


class HttpxASGITransport(httpx.AsyncBaseTransport):
    """Calls one app in-process and streams its answer."""

    def __init__(self, app: ASGIApp, raise_app_exceptions: bool) -> None:
        """Call `app`."""
        self._app = app
        self._exchanges = Exchanges(raise_app_exceptions)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the app and return as soon as the answer has begun."""
        if not isinstance(request.stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous client sends asynchronous bodies")
        try:
            exchange = await self._exchanges.begin(self._app, request, aiter(request.stream))
        except AnswerTimeout as error:
            raise httpx.ReadTimeout(str(error), request=request) from error
        except BrokenAnswer as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        return httpx.Response(exchange.status, headers=exchange.headers, stream=_Stream(exchange, request))

    async def aclose(self) -> None:
        """Wait for what still runs, for a bounded time."""
        await self._exchanges.close()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, exchange: Exchange, request: httpx.Request) -> None:
        self._exchange = exchange
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._exchange.chunks():
                yield chunk
        except AnswerTimeout as error:
            raise httpx.ReadTimeout(str(error), request=self._request) from error
        except BrokenAnswer as error:
            raise httpx.RemoteProtocolError(str(error), request=self._request) from error

    async def aclose(self) -> None:
        self._exchange.disconnect()
