"""Where an expert's tools come from: one `Toolbox` per server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from agentkit.errors import ToolFailed
from agentkit.models import Json, JsonObject
from agentkit.reasoning import Observation, Tool

if TYPE_CHECKING:
    from agentkit.mcp import ToolInfo, ToolResult


class Toolbox(Protocol):
    """The tools of one server."""

    async def list_tools(self) -> Sequence[Tool]:
        """Say what can be called.

        Raises:
            McpError: The server cannot be used.
        """
        ...

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        """Call a tool by its name on the server.

        Returns:
            What came of it; a failure the tool itself reports is an observation too.

        Raises:
            McpError: The server cannot be used; `McpAuthRequired` when it wants a credential.
        """
        ...


class ToolCaller(Protocol):
    """What a toolbox needs of a client: `McpClient` over HTTP, `InProcessClient` without."""

    async def list_tools(self) -> Sequence[ToolInfo]:
        """The tools of the server."""
        ...

    async def call_tool(self, name: str, arguments: Mapping[str, Json] | None = None) -> ToolResult:
        """Call one of them."""
        ...


class McpToolbox:
    """The tools of one MCP server, reached through its client; the client stays the caller's to close."""

    def __init__(self, client: ToolCaller) -> None:
        """Wrap a client."""
        self._client = client

    async def list_tools(self) -> Sequence[Tool]:
        """The server's tools."""
        return tuple(
            Tool(
                name=info.name,
                description="\n".join(text for text in (info.title, info.description) if text),
                input_schema=info.input_schema,
                output_schema=info.output_schema,
                read_only=info.read_only,
            )
            for info in await self._client.list_tools()
        )

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        """Call a tool; a failure it reports becomes an observation with its text and code."""
        try:
            result = await self._client.call_tool(name, arguments)
        except ToolFailed as failure:
            return Observation(tool=name, arguments=arguments, text=failure.tool_text, failed=True, code=failure.code)
        return Observation(tool=name, arguments=arguments, text=result.text, data=result.data)
