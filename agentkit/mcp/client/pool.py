"""The connection pool that clients of MCP servers share."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final, TypeAlias

import httpx2

HttpPool: TypeAlias = httpx2.AsyncClient
"""What carries the requests; rooms that must not know the HTTP library name its type so."""

_CONNECTIONS: Final = 200
_IDLE: Final = 20


def new_pool(*, idle: int = _IDLE) -> HttpPool:
    """A pool that takes neither proxies nor credentials from the environment; time limits are the callers'.

    Args:
        idle: Connections that are kept open; with none, every request makes its own.
    """
    return pool_on(new_connections(idle=idle))


def new_connections(*, idle: int = _IDLE) -> httpx2.AsyncBaseTransport:
    """What a pool stands on, for those who need nothing that a client of httpx2 adds: a fifth of a small call."""
    return _LateTransport(httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=idle))


def pool_on(connections: httpx2.AsyncBaseTransport) -> HttpPool:
    """A pool over connections, which it closes."""
    return httpx2.AsyncClient(transport=connections, trust_env=False, timeout=httpx2.Timeout(None))


class _LateTransport(httpx2.AsyncBaseTransport):
    """Made by the first request, in a thread: it loads the HTTP stack and reads certificates, which blocks the loop."""

    def __init__(self, limits: httpx2.Limits) -> None:
        self._make = partial(httpx2.AsyncHTTPTransport, trust_env=False, limits=limits)
        self._making: asyncio.Task[httpx2.AsyncHTTPTransport] | None = None
        self._made: httpx2.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        made = self._made
        if made is None:
            if self._making is None:
                self._making = asyncio.create_task(asyncio.to_thread(self._make), name="agentkit-mcp-pool")
            # A request that is cancelled leaves the making to the others.
            made = await asyncio.shield(self._making)
            self._made = made
        return await made.handle_async_request(request)

    async def aclose(self) -> None:
        if self._making is not None:
            await (await self._making).aclose()
