"""Servers of the MCP SDK that were not made as a `ToolServer`, hosted like one."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import replace
from typing import Any, Final, NoReturn, cast

from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import HandlerEntry
from mcp_types import CallToolRequestParams
from pydantic_core import to_json

from agentkit.errors import SpecError
from agentkit.mcp.tools.errors import ToolError, error_result
from agentkit.mcp.tools.guarded import GuardedServer
from agentkit.mcp.tools.output import check_size
from agentkit.mcp.tools.server import DEFAULT_OUTPUT_LIMIT, DEFAULT_TIMEOUT, ToolServer

_CALL: Final = "tools/call"


class _Borrowed(GuardedServer):
    """Answers with another server's handlers: everything that is served goes through the low-level server."""

    def __init__(self, server: MCPServer[Any]) -> None:
        super().__init__(server.name, max_concurrency=None)
        lent = server._lowlevel_server  # noqa: SLF001
        # A copy, so that the server itself stays as it is; what is added to its handlers later is found behind ours.
        self._lowlevel_server = copy(lent)
        calling = lent.get_request_handler(_CALL)
        if calling is not None:
            ours = {_CALL: replace(calling, handler=self._limiting(calling.handler))}
            theirs = lent._request_handlers  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            handlers = cast("dict[str, HandlerEntry[Any]]", ChainMap(ours, theirs))
            self._lowlevel_server._request_handlers = handlers  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._custom_starlette_routes = server._custom_starlette_routes  # noqa: SLF001
        self._lent = server._tool_manager  # noqa: SLF001

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The tools of the other server, also those that were added meanwhile."""
        return tuple(tool.name for tool in self._lent.list_tools())

    def _limiting(self, call: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
        async def limited(context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> object:
            answer: object = None
            try:
                with self.calls.limited(DEFAULT_TIMEOUT):
                    answer = await call(context, params)
                check_size(len(to_json(answer, by_alias=True)), DEFAULT_OUTPUT_LIMIT)
            except ToolError as error:
                return error_result(error)
            return answer

        return limited


class AdoptedServer(ToolServer):
    """An `MCPServer` behind our hosting: authorization, discovery, host checks, health, stdio.

    A call of a tool has the time and the size of answer that tools of a `ToolServer` have where nothing is said, and is
    drained with them. What a tool says of its own failures, and all resources and prompts, are the SDK's.
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
