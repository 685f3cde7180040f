"""The tools of one server as a client knows them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import anyio
from mcp import Client
from mcp_types import CallToolResult, ListToolsResult
from pydantic import ValidationError

from agentkit.errors import McpProtocolError
from agentkit.mcp.client.output_check import OutputCheck, UnfitAnswer, UnusableSchema
from agentkit.mcp.client.results import ToolInfo, read_tool
from agentkit.mcp.client.screening import Care

MAX_PAGES: Final = 50
MAX_TOOLS: Final = 1_000

FORGET_MISSING: Final = 60.0
"""Seconds after which a tool that was not listed is looked for again."""


class Listing:
    """What a server listed last, and the checks of what its tools answer."""

    def __init__(self, server: str, secrets: Callable[[], Collection[str]]) -> None:
        """Know nothing yet about the tools of `server`; `secrets` are withheld from what it says."""
        self.care = Care()
        self._server = server
        self._secrets = secrets
        self._tools: dict[str, ToolInfo] = {}
        self._checks: dict[str, OutputCheck] = {}
        self._missing: dict[str, float] = {}
        self._lock = anyio.Lock()

    def known(self, name: str) -> ToolInfo | None:
        """A tool of the last listing."""
        return self._tools.get(name)

    async def look_up(self, client: Client, name: str) -> ToolInfo | None:
        """A tool; where it is not known the tools are listed, by one of the calls that come together.

        Raises:
            McpProtocolError: The listing is too long; and what the SDK raises.
        """
        if (tool := self._tools.get(name)) or anyio.current_time() < self._missing.get(name, 0.0):
            return tool
        async with self._lock:
            if name not in self._tools:
                await self.read(client)
        tool = self._tools.get(name)
        if tool is None and len(self._missing) < MAX_TOOLS:
            self._missing[name] = anyio.current_time() + FORGET_MISSING
        return tool

    async def read(self, client: Client) -> tuple[ToolInfo, ...]:
        """All tools of the server, in its order; a name that comes twice counts once.

        Raises:
            McpProtocolError: There are too many pages or tools; and what the SDK raises.
        """
        tools: dict[str, ToolInfo] = {}
        checks: dict[str, OutputCheck] = {}
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = await self._page(client, cursor)
            secrets = self._secrets()
            for tool in page.tools:
                if tool.name not in tools:
                    tools[tool.name] = read_tool(tool, secrets)
                    if tool.output_schema is not None:
                        checks[tool.name] = self._check(tool.name, tool.output_schema)
            if len(tools) > MAX_TOOLS:
                raise McpProtocolError(self._server, f"it lists more than {MAX_TOOLS} tools.")
            seen, cursor = cursor, page.next_cursor
            if not cursor:
                self._tools, self._checks, self._missing = tools, checks, {}
                return tuple(tools.values())
            if cursor == seen:
                raise McpProtocolError(self._server, "its list of tools has a page that leads to itself.")
        raise McpProtocolError(self._server, f"its list of tools has more than {MAX_PAGES} pages.")

    async def _page(self, client: Client, cursor: str | None) -> ListToolsResult:
        try:
            return await client.list_tools(cursor=cursor)
        except ValidationError:
            if self.care.needed:
                raise
            self.care.needed = True
            return await client.list_tools(cursor=cursor)

    async def check(self, client: Client, name: str, result: CallToolResult) -> None:
        """Compare a result with the tool's output schema; a schema that has changed since the listing is read anew.

        Raises:
            McpProtocolError: It does not fit, or the schema cannot be used.
        """
        check = self._checks.get(name)
        if check is None or result.is_error:
            return
        try:
            await self._compare(check, name, result)
        except McpProtocolError:
            await self.read(client)
            check, before = self._checks.get(name), check
            if check is before:
                raise
            if check is not None:
                await self._compare(check, name, result)

    async def _compare(self, check: OutputCheck, name: str, result: CallToolResult) -> None:
        tool = self._tools[name].name if name in self._tools else "?"
        if "structured_content" not in result.model_fields_set:
            raise McpProtocolError(self._server, f"tool {tool} gives no structured answer, which its schema promises.")
        try:
            await check.check(result.structured_content)
        except UnfitAnswer as why:
            raise McpProtocolError(
                self._server, f"the answer of tool {tool} does not fit its output schema ({why})."
            ) from None
        except UnusableSchema as why:
            raise McpProtocolError(
                self._server, f"the output schema of tool {tool} is not usable: {why}.", remedy="Its other tools work."
            ) from None

    def _check(self, name: str, schema: dict[str, Any]) -> OutputCheck:
        """The check of before where the schema is the same: it is compiled already."""
        known = self._checks.get(name)
        return known if known is not None and known.schema == schema else OutputCheck(schema)
