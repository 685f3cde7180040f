"""Transports of the A2A SDK with our connections, limits and addresses below them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import httpx
import httpx2
from a2a.client.transports.base import ClientTransport

from agentkit.a2a.remote.card import Interface
from agentkit.a2a.remote.http import RemoteLimits
from agentkit.oauth.exchange import stays_local

if TYPE_CHECKING:
    import grpc.aio


def legacy_rest_transport(interface: Interface, pool: httpx2.AsyncClient, limits: RemoteLimits) -> ClientTransport:
    """HTTP+JSON of A2A 0.3 through the pool of httpx2."""
    from a2a.compat.v0_3.rest_transport import CompatRestTransport

    client = httpx.AsyncClient(transport=_Bridge(pool, limits), follow_redirects=False)
    return CompatRestTransport(client, None, interface.url)


def grpc_transport(interface: Interface, limits: RemoteLimits) -> ClientTransport:
    """GRPC of either version, on a channel of its own."""
    from a2a.client.transports.grpc import GrpcTransport
    from a2a.compat.v0_3.grpc_transport import CompatGrpcTransport

    channel = _grpc_channel(interface.url, limits)
    made = CompatGrpcTransport if interface.version == "0.3" else GrpcTransport
    return made(channel, None)


def _grpc_channel(url: str, limits: RemoteLimits) -> grpc.aio.Channel:
    """TLS, but for http addresses and, where no scheme says so, for this machine."""
    import grpc
    import grpc.aio

    named = "://" in url
    parts = urlsplit(url if named else f"//{url}")
    options = [("grpc.max_receive_message_length", limits.answer), ("grpc.enable_retries", 0)]
    if parts.scheme in {"http", "grpc"} or (not named and stays_local(f"http://{url}")):
        return grpc.aio.insecure_channel(parts.netloc, options=options)
    return grpc.aio.secure_channel(parts.netloc, grpc.ssl_channel_credentials(), options=options)


class _Bridge(httpx.AsyncBaseTransport):
    """Lets the SDK's httpx send through the pool of httpx2, with its limits."""

    def __init__(self, pool: httpx2.AsyncClient, limits: RemoteLimits) -> None:
        self._pool = pool
        self._limits = limits

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeouts = {"connect": self._limits.connect, "write": self._limits.connect, "pool": self._limits.connect}
        sent = httpx2.Request(
            request.method,
            str(request.url),
            headers={**dict(request.headers), "accept-encoding": "identity"},
            content=await request.aread(),
            extensions={"timeout": {**timeouts, "read": self._limits.silence}},
        )
        with _as_httpx(request):
            response = await self._pool.send(sent, stream=True, auth=None, follow_redirects=False)
        return httpx.Response(
            response.status_code,
            headers=response.headers.multi_items(),
            stream=_Bounded(request, response, self._limits),
        )


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, request: httpx.Request, response: httpx2.Response, limits: RemoteLimits) -> None:
        self._request = request
        self._response = response
        self._limits = limits

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        stream = cast("httpx2.AsyncByteStream", self._response.stream)
        with _as_httpx(self._request):
            async for chunk in stream:
                size += len(chunk)
                if size > self._limits.stream:
                    raise httpx.RemoteProtocolError("the answer has no end", request=self._request)
                yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _as_httpx(request: httpx.Request) -> Generator[None]:
    """The exceptions of httpx2 as those of httpx that mean the same."""
    try:
        yield
    except httpx2.ConnectTimeout as error:
        raise httpx.ConnectTimeout(str(error), request=request) from None
    except httpx2.TimeoutException as error:
        raise httpx.ReadTimeout(str(error), request=request) from None
    except httpx2.ConnectError as error:
        raise httpx.ConnectError(str(error), request=request) from None
    except httpx2.RequestError as error:
        raise httpx.ReadError(str(error), request=request) from None
