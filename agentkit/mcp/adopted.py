"""Servers of the MCP SDK that were not made as a `ToolServer`, hosted like one."""

from __future__ import annotations

from typing import Any, NoReturn, cast

from mcp.server import MCPServer

from agentkit.errors import SpecError
from agentkit.mcp.guarded import GuardedServer
from agentkit.mcp.server import ToolServer


class _Borrowed(GuardedServer):
    """Answers with another server's handlers: everything that is served goes through the low-level server."""

    def __init__(self, server: MCPServer[Any]) -> None:
        super().__init__(server.name, max_concurrency=None)
        self._lowlevel_server = server._lowlevel_server  # noqa: SLF001
        self._custom_starlette_routes = server._custom_starlette_routes  # noqa: SLF001
        self._lent = server._tool_manager  # noqa: SLF001

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The tools of the other server, also those that were added meanwhile."""
        return tuple(tool.name for tool in self._lent.list_tools())


class AdoptedServer(ToolServer):
    """An `MCPServer` behind our hosting: authorization, discovery, host checks, health, stdio.

    What `ToolServer` puts around each tool (limits, one shape of failure) it does not have: its tools, resources and
    prompts are the SDK's.
    """

    def __init__(self, server: MCPServer[Any]) -> None:
        """Take the server as it is; what is added to it later counts too."""
        super().__init__(server.name)
        self._mcp = _Borrowed(server)

    def tool(self, *_: object, **__: object) -> NoReturn:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Refuse.

        Raises:
            SpecError: Always: the server has its own way to get tools.
        """
        raise SpecError(f"{self.name}.tool", "is a server of the MCP SDK", remedy="Add the tool there.")


def adopt(found: object) -> ToolServer | None:
    """A server of the MCP SDK as one that can be hosted; None for anything else."""
    return AdoptedServer(cast("MCPServer[Any]", found)) if isinstance(found, MCPServer) else None
