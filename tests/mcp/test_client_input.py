"""What a caller may give a client, and what it is told about the rest, before anything is sent."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from agentkit.errors import McpAuthRequired, SpecError
from agentkit.mcp import ApiKey, BearerToken, InProcessClient, McpClient
from agentkit.testing.asgi import RoutedTransport
from tests.mcp.doubles import Asked, Double, Modern
from tests.mcp.library import house, library

pytestmark = pytest.mark.anyio

ORIGIN = "http://books.example"


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8701/mcp",
        "ftp://x/mcp",
        "http://user:pw@x/mcp",
        "stdio:x",
        "https://x/\x01",
        "https://x/\n",
        "https://x:port/mcp",
        "https://x:99999/mcp",
        "http://x:-1/mcp",
        "https://[::1/mcp",
        "https://\ud800/mcp",
        "https://x/\ud800",
        "https://\u2100/mcp",
        "https://a b/mcp",
        "https://a..b/mcp",
        f"https://{'a' * 300}/mcp",
        f"https://x/{'a' * 100_000}",
        None,
        5,
    ],
    ids=lambda url: repr(url)[:20],
)
async def test_an_address_that_cannot_be_called_is_refused(url: Any) -> None:
    async with httpx2.AsyncClient() as http:
        with pytest.raises(SpecError, match=r"McpClient\.url"):
            McpClient(url, name="x", http=http)


@pytest.mark.parametrize("given", [{"timeout": 0.0}, {"timeout": float("nan")}, {"timeout": "5"}, {"answer_limit": 0}])
async def test_limits_that_are_none_are_refused(given: dict[str, Any]) -> None:
    async with httpx2.AsyncClient() as http:
        with pytest.raises(SpecError, match=next(iter(given))):
            McpClient(ORIGIN, name="x", http=http, **given)


@pytest.mark.parametrize("auth", ["token", {"token": "token"}, 5, BearerToken])
async def test_a_credential_that_is_none_is_refused_without_being_shown(auth: Any) -> None:
    async with httpx2.AsyncClient() as http:
        with pytest.raises(SpecError, match=r"McpClient\.auth: is a \w+\. Give a BearerToken"):
            McpClient(ORIGIN, name="x", http=http, auth=auth)


@pytest.mark.parametrize("name", ["\ud800", None, 5], ids=repr)
async def test_a_tool_name_that_json_cannot_say_is_refused_before_anything_is_sent(name: Any) -> None:
    async with house() as home, home.client() as client:
        await client.list_tools()
        before = len(home.app.paths)
        with pytest.raises(SpecError, match=r"call_tool\.name"):
            await client.call_tool(name)
        assert len(home.app.paths) == before
        assert (await client.call_tool("whoami")).text


@pytest.mark.parametrize("arguments", [{1: 2}, "words", 5, [1]], ids=repr)
async def test_arguments_that_are_no_json_object_are_refused(arguments: Any) -> None:
    async with house() as home, home.client() as client:
        with pytest.raises(SpecError, match=r"call_tool\.arguments"):
            await client.call_tool("find_books", arguments)


async def test_a_client_in_this_process_refuses_the_same() -> None:
    async with InProcessClient(library()) as client:
        for name, arguments in (("\ud800", {}), ("find_books", {1: 2}), ("find_books", {"words": object()})):
            with pytest.raises(SpecError, match=r"^call_tool\.(name|arguments)"):
                await client.call_tool(name, arguments)  # pyright: ignore[reportArgumentType]
        assert (await client.call_tool("whoami")).text


async def _refuse(asked: Asked, receive: Any, send: Any) -> None:
    raise AssertionError("nothing was to be sent")


@pytest.mark.parametrize("auth", [BearerToken(""), BearerToken("a b"), ApiKey(""), ApiKey("a\nb")], ids=repr)
async def test_a_credential_that_no_header_takes_is_not_sent(auth: BearerToken | ApiKey) -> None:
    app = Double(Modern(_refuse))
    async with (
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: app})) as http,
        McpClient(f"{ORIGIN}/mcp", name="books", http=http, auth=auth) as client,
    ):
        with pytest.raises(McpAuthRequired, match="nothing was sent"):
            await client.list_tools()
    assert app.asked == []
