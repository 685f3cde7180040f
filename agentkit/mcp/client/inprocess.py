"""The tools of a server of this process, called without a network."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import anyio
from mcp import Client
from mcp.shared.exceptions import MCPError

from agentkit import tracing
from agentkit.errors import McpError, McpProtocolError, McpUnreachable
from agentkit.mcp.client.connection import Connection
from agentkit.mcp.client.input import checked_call
from agentkit.mcp.client.results import ToolInfo, ToolResult, read_result, read_tool, told
from agentkit.mcp.logs import withhold_content
from agentkit.mcp.tools.server import ToolServer
from agentkit.models import Json


class InProcessClient:
    """Lists and calls the tools of a `ToolServer` with the limits, checks and errors that hosting has too.

    Use it as an async context manager: the server's lifespan is entered with it and left with it. There is no
    authorization: whoever holds the server may call it. A call that is cancelled is cancelled in the tool.
    """

    def __init__(self, server: ToolServer, *, name: str | None = None) -> None:
        """Prepare; nothing is opened yet.

        Args:
            server: The tools.
            name: The server's registered name, for errors and spans; None takes its own.
        """
        self.name = server.name if name is None else name
        self._server = server
        self._stack = AsyncExitStack()
        self._connection: Connection | None = None
        self._calls: set[anyio.CancelScope] = set()
        withhold_content()

    async def __aenter__(self) -> Self:
        """Enter the server's lifespan; what it raises is raised here."""
        await self._stack.enter_async_context(self._server.lifespan())
        self._connection = Connection(self.name, lambda: Client(self._server.mcp, cache=None))
        self._stack.push_async_callback(self._connection.aclose)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the calls that still run, then leave the lifespan."""
        self._connection = None
        for call in self._calls:
            call.cancel()
        await self._stack.__aexit__(kind, error, trace)

    async def list_tools(self) -> tuple[ToolInfo, ...]:
        """All tools of the server, in its order.

        Raises:
            McpError: The server could not be used.
        """
        with tracing.span("mcp.list_tools", {"mcp.server.name": self.name}, kind=tracing.SpanKind.CLIENT):
            client = await self._client()
            tools: list[ToolInfo] = []
            cursor: str | None = None
            try:
                while True:
                    page = await client.list_tools(cursor=cursor)
                    tools += [read_tool(tool) for tool in page.tools]
                    cursor = page.next_cursor
                    if not cursor:
                        return tuple(tools)
            except Exception as error:
                raise self._typed(error) from None

    async def call_tool(self, name: str, arguments: Mapping[str, Json] | None = None) -> ToolResult:
        """Call a tool.

        Raises:
            ToolFailed: The tool reported a failure; `code` and `tool_text` say which.
            McpProtocolError: There is no such tool, or its answer does not fit its schema.
            McpUnreachable: The client is not open, or was closed meanwhile.
            SpecError: The name or the arguments are no JSON.
        """
        name, given = checked_call(name, arguments or {})
        attributes = {"mcp.server.name": self.name, "mcp.tool.name": name}
        with tracing.span("mcp.call", attributes, kind=tracing.SpanKind.CLIENT) as span:
            client = await self._client()
            with anyio.CancelScope() as call:
                self._calls.add(call)
                try:
                    result = await client.call_tool(name, given)
                except Exception as error:
                    raise self._typed(error) from None
                finally:
                    self._calls.discard(call)
                return told(span, given, read_result(self.name, name, result))
            raise McpUnreachable(self.name, "the client was closed during the call.")

    async def _client(self) -> Client:
        if self._connection is None:
            raise McpUnreachable(self.name, "the client is not open.", remedy="Use it inside its async with block.")
        return await self._connection.client()

    def _typed(self, error: Exception) -> McpError:
        if isinstance(error, McpError):
            return error
        if isinstance(error, MCPError):
            return McpProtocolError(self.name, f"it answered with the protocol error {error.code}.")
        # The text of these errors quotes the answer.
        return McpProtocolError(self.name, f"its answer does not fit ({type(error).__name__}).")
