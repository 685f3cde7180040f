"""Servers of the MCP SDK behind our hosting: authorization, both eras, stdio's way, and a quiet root logger."""

from __future__ import annotations

import logging

import anyio
import httpx2
import pytest
from mcp.server import MCPServer
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from agentkit.errors import McpAuthRequired, SpecError, ToolFailed
from agentkit.mcp import BearerAuth, BearerToken, ToolServer, adopt, caller
from tests.deadline import HANG
from tests.mcp.library import ORIGIN, house

pytestmark = pytest.mark.anyio
ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])


def foreign() -> MCPServer[None]:
    server: MCPServer[None] = MCPServer("foreign")

    @server.tool()
    async def whoami() -> str:  # pyright: ignore[reportUnusedFunction]
        """Say who calls."""
        who = caller()
        return who.client_id if who else "nobody"

    @server.custom_route("/status", ["GET"])
    async def status(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        del request
        return PlainTextResponse("up")

    return server


def adopted(server: MCPServer[None]) -> ToolServer:
    found = adopt(server)
    assert found is not None
    return found


@ERAS
async def test_a_server_of_the_sdk_is_hosted_with_authorization_and_its_tools_see_the_caller(era: str) -> None:
    server = adopted(foreign())
    assert (server.name, server.tool_names) == ("foreign", ("whoami",))
    async with house(BearerAuth("right-token"), server=server) as home:
        with anyio.fail_after(HANG):
            async with home.client(BearerToken("right-token"), mode=era) as client:
                assert (await client.call_tool("whoami")).text == "bearer"
            async with home.client(BearerToken("wrong"), mode=era) as client:
                with pytest.raises(McpAuthRequired):
                    await client.call_tool("whoami")


async def test_routes_of_its_own_are_served_behind_the_same_door() -> None:
    async with house(BearerAuth("right-token"), server=adopted(foreign())) as home:
        statuses: list[int] = []
        for headers in ({}, {"authorization": "Bearer right-token"}):
            answer: httpx2.Response = await home.http.get(f"{ORIGIN}/status", headers=headers)
            statuses.append(answer.status_code)
    assert statuses == [401, 200]


async def test_a_tool_that_is_added_later_counts_too() -> None:
    server = foreign()
    known = adopted(server)

    @server.tool()
    async def late() -> str:  # pyright: ignore[reportUnusedFunction]
        """Come late."""
        return "here"

    assert known.tool_names == ("whoami", "late")
    async with house(server=known) as home, home.client() as client:
        assert (await client.call_tool("late")).text == "here"
    with pytest.raises(SpecError, match="Add the tool there"):
        known.tool()


@ERAS
async def test_its_calls_have_limits_of_time_and_size(era: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentkit.mcp.hosting.adopted.DEFAULT_TIMEOUT", 0.05)
    server = foreign()

    @server.tool()
    async def hang() -> str:  # pyright: ignore[reportUnusedFunction]
        """Never end."""
        await anyio.Event().wait()
        return "never"

    @server.tool()
    async def flood() -> str:  # pyright: ignore[reportUnusedFunction]
        """Say too much."""
        return "x" * 400_001

    codes: list[str | None] = []
    async with house(server=adopted(server)) as home, home.client(mode=era) as client:
        with anyio.fail_after(HANG):
            for tool in ("hang", "flood"):
                with pytest.raises(ToolFailed) as failed:
                    await client.call_tool(tool)
                codes.append(failed.value.code)
            assert (await client.call_tool("whoami")).text == "nobody"
    assert codes == ["timeout", "too-large"]


def test_what_is_no_server_of_the_sdk_is_not_adopted() -> None:
    assert adopt(ToolServer) is None
    assert adopt("server") is None


def test_adopting_a_server_leaves_the_root_logger_as_it_was() -> None:
    server = foreign()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for handler in handlers:
        root.removeHandler(handler)
    try:
        adopted(server)
        assert (root.handlers, root.level) == ([], level)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
