"""Servers of the MCP SDK that were not made as a `ToolServer`, hosted like one."""

from __future__ import annotations

from typing import NoReturn, cast

from mcp.server import MCPServer

from agentkit.errors import SpecError
from agentkit.mcp.server import ToolServer


class AdoptedServer(ToolServer):
    """An `MCPServer` behind our hosting: authorization, discovery, host checks, health.

    What `ToolServer` puts around each tool (limits, one shape of failure) it does not have: its tools are the SDK's.
    """

    def __init__(self, server: MCPServer) -> None:
        """Take the server as it is; tools that are added to it later count too."""
        super().__init__(server.name, title=server.title, version=server.version)
        self._adopted = server

    @property
    def description(self) -> str | None:
        """What the server is for."""
        return self._adopted.description

    @property
    def instructions(self) -> str | None:
        """How a model should use the server."""
        return self._adopted.instructions

    @property
    def tool_names(self) -> tuple[str, ...]:
        """Its tools in the order in which they are listed."""
        tools = self._adopted._tool_manager  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the public way awaits
        return tuple(tool.name for tool in tools.list_tools())

    @property
    def mcp(self) -> MCPServer:
        """The server."""
        return self._adopted

    def tool(self, *_: object, **__: object) -> NoReturn:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Refuse.

        Raises:
            SpecError: Always: the server has its own way to get tools.
        """
        raise SpecError(f"{self.name}.tool", "is a server of the MCP SDK", remedy="Add the tool there.")


def adopt(found: object) -> ToolServer | None:
    """A server of the MCP SDK as one that can be hosted; None for anything else."""
    return AdoptedServer(cast("MCPServer", found)) if isinstance(found, MCPServer) else None
