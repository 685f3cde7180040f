"""MCP clients of contexts, kept between turns so that a follow-up neither connects nor fetches a token again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentkit.compose import Caller
from agentkit.errors import McpUnreachable
from agentkit.mcp import McpAuth, McpClient
from agentkit.platform.orchestration.plan import ServerPlan
from agentkit.platform.tools.registration import Registration
from agentkit.specs import Transport

if TYPE_CHECKING:
    from agentkit.mcp.client.pool import HttpPool

Connect = Callable[[ServerPlan], McpClient]
"""The client for a server of this turn; raises `McpAuthRequired` where nothing fits the server."""


_Door = tuple[str, McpAuth | None]
"""A server's address and what opens it."""


@dataclass(slots=True)
class _Kept:
    clients: dict[str, tuple[_Door, McpClient]] = field(default_factory=dict[str, tuple[_Door, McpClient]])
    stale: list[McpClient] = field(default_factory=list[McpClient])
    users: int = 0

    def every(self) -> list[McpClient]:
        return [*self.stale, *(client for _, client in self.clients.values())]


class Connections:
    """Clients by context and server; only contexts at work and the most recent idle ones hold any."""

    def __init__(self, http: HttpPool, *, timeout: float, capacity: int) -> None:
        """Call through a connection pool, which stays the caller's to close.

        Args:
            http: The pool.
            timeout: Seconds one call may take.
            capacity: How many idle contexts keep their clients.
        """
        self._http = http
        self._timeout = timeout
        self._capacity = capacity
        self._contexts: dict[Hashable, _Kept] = {}
        self._idle: OrderedDict[Hashable, None] = OrderedDict()

    @asynccontextmanager
    async def turn(
        self, context: Hashable, registration: Registration, caller: Caller
    ) -> AsyncGenerator[Connect, None]:
        """The clients for one turn of a context; a turn that needs none leaves nothing behind."""
        entered: _Kept | None = None

        def connect(server: ServerPlan) -> McpClient:
            nonlocal entered
            if entered is None:
                entered = self._enter(context)
            return self._client(entered, server, registration, caller)

        try:
            yield connect
        finally:
            if entered is not None:
                await self._leave(context, entered)

    async def forget(self, context: Hashable) -> None:
        """Close the clients of a context."""
        self._idle.pop(context, None)
        kept = self._contexts.pop(context, None)
        if kept is not None:
            await _close(kept.every())

    async def aclose(self) -> None:
        """Close all clients."""
        for context in tuple(self._contexts):
            await self.forget(context)

    def _enter(self, context: Hashable) -> _Kept:
        kept = self._contexts.setdefault(context, _Kept())
        self._idle.pop(context, None)
        kept.users += 1
        return kept

    async def _leave(self, context: Hashable, kept: _Kept) -> None:
        kept.users -= 1
        if kept.users:
            return
        if self._contexts.get(context) is not kept:
            # The context was forgotten meanwhile, and a client made after that.
            await _close(kept.every())
            return
        self._idle[context] = None
        stale, kept.stale = kept.stale, []
        await _close(stale)
        while len(self._idle) > self._capacity:
            await self.forget(next(iter(self._idle)))

    def _client(self, kept: _Kept, server: ServerPlan, registration: Registration, caller: Caller) -> McpClient:
        auth = registration.authorize(server, caller)
        address = _address(server)
        known = kept.clients.get(server.name)
        if known is not None and known[0] == (address, auth):
            return known[1]
        if known is not None:
            # Another credential or address: the turn that uses the old client may still be on its way.
            kept.stale.append(known[1])
        client = McpClient(address, name=server.name, http=self._http, auth=auth, timeout=self._timeout)
        kept.clients[server.name] = (address, auth), client
        return client


async def _close(clients: list[McpClient]) -> None:
    for client in clients:
        await client.aclose()


def _address(server: ServerPlan) -> str:
    if server.transport is not Transport.STREAMABLE_HTTP:
        raise McpUnreachable(
            server.name,
            f"the local platform does not speak the transport {server.transport}.",
            remedy="Register the server with transportType streamable_http.",
        )
    return server.url
