"""Tools as an expert of the platform gets them: of a registered MCP server, or of the memory of the context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.errors import McpAuthRequired
from agentkit.experts import McpToolbox
from agentkit.memory import ContextMemory, Kind, Scope
from agentkit.models import JsonObject
from agentkit.platform.orchestration.plan import ServerPlan
from agentkit.platform.tools.connections import Connect
from agentkit.platform.tools.registration import Registration
from agentkit.reasoning import Observation, Tool

_MAX_RECALLED: Final = 10


class RegisteredToolbox:
    """The tools of one MCP server, listed once per context (MCPAUTH-14)."""

    def __init__(self, server: ServerPlan, registration: Registration, connect: Connect) -> None:
        """Reach the server through `connect` when the registration does not know its tools, and for every call."""
        self._server = server
        self._registration = registration
        self._connect = connect

    async def list_tools(self) -> Sequence[Tool]:
        """The server's tools.

        Raises:
            McpError: The server cannot be used; `McpAuthRequired` when it wants a credential.
        """
        known = self._registration.tools.get(self._server.name)
        if known is None:
            known = tuple(await McpToolbox(self._connect(self._server)).list_tools())
            self._registration.tools[self._server.name] = known
        return known

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        """Call a tool.

        Raises:
            McpError: The server cannot be used; `McpAuthRequired` when it refuses the credential.
        """
        try:
            return await McpToolbox(self._connect(self._server)).call(name, arguments)
        except McpAuthRequired:
            self._registration.refused(self._server.name)
            raise


class MemoryToolbox:
    """The memory of the context as a tool."""

    def __init__(self, memory: ContextMemory, scope: Scope, task_id: str) -> None:
        """Search one context and no other; what the present task itself said is no memory."""
        self._memory = memory
        self._scope = scope
        self._task_id = task_id

    async def list_tools(self) -> Sequence[Tool]:
        """The one tool."""
        query: JsonObject = {"type": "string", "description": "What to look for; left out, the latest is recalled."}
        return (
            Tool(
                name="recall_conversation",
                description="Recall what was said and found earlier in this conversation.",
                input_schema={"type": "object", "properties": {"query": query}},
                read_only=True,
            ),
        )

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        """Search, or recall the latest turns."""
        query = arguments.get("query")
        if isinstance(query, str) and query.strip():
            items = await self._memory.search(self._scope, query, _MAX_RECALLED)
        else:
            items = await self._memory.recall(self._scope, (Kind.USER, Kind.AGENT), _MAX_RECALLED)
        lines = [f"{item.note.kind.value}: {item.note.text}" for item in items if item.note.task_id != self._task_id]
        text = "\n".join(lines) or "Nothing about that was said or found in this conversation."
        return Observation(name, arguments, text, data={"items": list(lines)})
