"""A client that is given no connection pool makes one, and closes it."""

from __future__ import annotations

import httpx2
import pytest
from starlette.applications import Starlette

from agentkit.cli.address import bind
from agentkit.cli.serving import serving
from agentkit.errors import McpUnreachable
from agentkit.mcp import HostedServer, McpClient, host
from agentkit.mcp.client.pool import new_pool
from tests.mcp.library import library

pytestmark = pytest.mark.anyio


def _app(origin: str) -> Starlette:
    return host([HostedServer(library(), "/loans/mcp")], public_url=origin)


async def test_a_client_without_a_pool_calls_a_server_over_a_socket() -> None:
    address = bind("127.0.0.1", 0)
    async with serving([(address, _app(address.url))]), McpClient(f"{address.url}/loans/mcp", name="loans") as client:
        answer = await client.call_tool("find_books", {"words": "Moby"})
    assert "Moby" in answer.text


async def test_a_client_closes_the_pool_it_made_and_no_other() -> None:
    address = bind("127.0.0.1", 0)
    async with serving([(address, _app(address.url))]), new_pool() as shared:
        async with McpClient(f"{address.url}/loans/mcp", name="loans", http=shared) as client:
            await client.list_tools()
        async with McpClient(f"{address.url}/loans/mcp", name="loans", http=shared) as client:
            assert await client.list_tools()
        own = McpClient(f"{address.url}/loans/mcp", name="loans")
        await own.list_tools()
        await own.aclose()
        with pytest.raises(McpUnreachable, match="closed"):
            await own.list_tools()


async def test_a_pool_that_was_never_used_is_closed_without_a_connection() -> None:
    pool = new_pool()
    await pool.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await pool.send(httpx2.Request("GET", "http://127.0.0.1:1/"))
