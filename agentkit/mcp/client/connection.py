"""One client of the SDK and the task that owns it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from mcp import Client

from agentkit.errors import ConfigurationError, McpError, McpProtocolError, McpUnreachable
from agentkit.mcp.client.exchange import Exchange, current_exchange

CLOSE_TIMEOUT: Final = 5.0


class Connection:
    """Enters a client, keeps it open and leaves it, all in one task (MCP-CLI-05, -07).

    Any task may use the client in between. A caller that is cancelled while the connection is made leaves it to the
    others.
    """

    def __init__(self, server: str, make: Callable[[], Client]) -> None:
        """Begin to connect.

        Args:
            server: The server's name, for errors.
            make: Makes the client; its requests bound their own time.
        """
        self._server = server
        self._make = make
        self._stop = asyncio.Event()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(_retrieve)
        self._task = asyncio.create_task(self._own(), name=f"agentkit-mcp-{server}")

    def usable_here(self) -> bool:
        """Whether the connection is being made or open.

        Raises:
            ConfigurationError: It lives in another event loop.
        """
        self.check_loop()
        return not self._task.done() and not self._stop.is_set()

    def check_loop(self, *, closing: bool = False) -> None:
        """Refuse another event loop than the one that the connection lives in.

        Raises:
            ConfigurationError: It is another one; `closing` is allowed when that has ended.
        """
        loop = self._task.get_loop()
        if loop is asyncio.get_running_loop() or (closing and loop.is_closed()):
            return
        remedy = "Make a client, and a connection pool, for each event loop."
        raise ConfigurationError("McpClient", "is used in another event loop than before", remedy=remedy)

    async def client(self) -> Client:
        """The client, as soon as the protocol version is agreed.

        Raises:
            McpError: The connection could not be made.
        """
        return await asyncio.shield(self._ready)

    def retire(self) -> None:
        """Close without waiting: calls that still run end with an error."""
        self._stop.set()

    async def aclose(self) -> None:
        """Close, and wait for a bounded time."""
        if self._task.done():
            return
        self._stop.set()
        if not self._ready.done():
            self._task.cancel()
        _, late = await asyncio.wait([self._task], timeout=CLOSE_TIMEOUT)
        for task in late:
            task.cancel()
            await asyncio.wait([task], timeout=CLOSE_TIMEOUT)

    async def _own(self) -> None:
        exchange = Exchange(connecting=True)
        current_exchange.set(exchange)
        try:
            async with self._make() as client:
                exchange.connecting = False
                self._ready.set_result(client)
                await self._stop.wait()
        except Exception as error:
            # Callers of a client that breaks later learn it from their own call.
            if not self._ready.done():
                self._ready.set_exception(exchange.failure or _typed(self._server, error, exchange.status))
        finally:
            if not self._ready.done():
                self._ready.set_exception(McpUnreachable(self._server, "the connection was closed."))


def _typed(server: str, error: BaseException, status: int | None) -> McpError:
    match error:
        case McpError():
            return error
        case BaseExceptionGroup(exceptions=[BaseException() as first, *_]):
            return _typed(server, first, status)
        case _:
            answer = "its answer is not MCP" if status is None or status < 300 else f"it answered HTTP {status}"
            return McpProtocolError(
                server,
                f"no protocol version could be agreed: {answer} ({type(error).__name__}).",
                remedy="Check the address under which the server is registered.",
            )


def _retrieve(ready: asyncio.Future[Client]) -> None:
    """Mark the outcome as seen: when every waiter was cancelled, nobody else looks at it."""
    if not ready.cancelled():
        ready.exception()
