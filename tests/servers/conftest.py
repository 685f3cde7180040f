"""The bundled servers, spoken to through the real MCP client in the same process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import pytest
from mcp import Client
from mcp_types import CallToolResult, TextContent

from agentkit.mcp import ToolServer
from agentkit_servers.calculator import server as calculator_server
from agentkit_servers.ehr import server as ehr_server
from agentkit_servers.questionnaires import server as questionnaire_server

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool answered."""

    text: str
    data: Json
    error: Json | None

    @property
    def code(self) -> object:
        return self.error["code"] if self.error else None

    @property
    def items(self) -> list[Json]:
        return cast("list[Json]", self.data["items"])

    @property
    def size(self) -> int:
        """Bytes of structure and text, as a generous serialiser writes them."""
        return sum(len(json.dumps(part, ensure_ascii=False).encode()) for part in (self.data, self.text))


class Caller:
    """Calls tools of one server."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, tool: str, /, **arguments: object) -> Told:
        result = await self.client.call_tool(tool, arguments)
        assert isinstance(result, CallToolResult)
        block = result.content[0]
        assert isinstance(block, TextContent)
        if result.is_error:
            return Told(block.text, {}, cast("Json", json.loads(block.text)["error"]))
        return Told(block.text, cast("Json", result.structured_content), None)


def ehr_tool_server(database: str | None = None) -> ToolServer:
    return ehr_server.build_server(database, clock=lambda: NOW)


def calculator_tool_server(database: str | None = None) -> ToolServer:
    return calculator_server.build_server(database, clock=lambda: NOW)


def questionnaire_tool_server(database: str | None = None) -> ToolServer:
    return questionnaire_server.build_server(database, clock=lambda: NOW)


@pytest.fixture(scope="module")
async def ehr() -> AsyncIterator[Caller]:
    async with Client(ehr_tool_server().mcp) as client:
        yield Caller(client)


@pytest.fixture(scope="module")
async def questionnaires() -> AsyncIterator[Caller]:
    async with Client(questionnaire_tool_server().mcp) as client:
        yield Caller(client)


@pytest.fixture(scope="module")
async def calculator() -> AsyncIterator[Caller]:
    async with Client(calculator_tool_server().mcp) as client:
        yield Caller(client)
