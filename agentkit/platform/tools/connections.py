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
        self._contexts: OrderedDict[Hashable, _Kept] = OrderedDict()

    @asynccontextmanager
    async def turn(
        self, context: Hashable, registration: Registration, caller: Caller
    ) -> AsyncGenerator[Connect, None]:
        """The clients for one turn of a context."""
        kept = self._contexts.setdefault(context, _Kept())
        self._contexts.move_to_end(context)
        kept.users += 1
        try:
            yield lambda server: self._client(kept, server, registration, caller)
        finally:
            kept.users -= 1
            await self._tidy(kept)

    async def forget(self, context: Hashable) -> None:
        """Close the clients of a context."""
        kept = self._contexts.pop(context, None)
        if kept is not None:
            await _close(kept.every())

    async def aclose(self) -> None:
        """Close all clients."""
        while self._contexts:
            _, kept = self._contexts.popitem()
            await _close(kept.every())

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

    async def _tidy(self, kept: _Kept) -> None:
        if kept.users == 0 and kept.stale:
            stale, kept.stale = kept.stale, []
            await _close(stale)
        idle = [context for context, other in self._contexts.items() if other.users == 0]
        for context in idle[: max(len(idle) - self._capacity, 0)]:
            await self.forget(context)


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
