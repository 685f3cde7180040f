"""A server of FastMCP 4 is used like one of ours: by URL, with its own verifiers in front (mcp.md section 16)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import httpx2
import pytest
from fastmcp import Context, FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier, StaticTokenVerifier
from pydantic import AnyHttpUrl, BaseModel
from starlette.applications import Starlette

from agentkit.errors import McpAuthRequired, McpProtocolError, ToolFailed
from agentkit.mcp import BearerToken, McpAuth, McpClient, OAuthClientCredentials
from agentkit.mcp.client.progress import Progress
from agentkit.oauth import ClientRegistry, SigningKeys, authorization_server
from agentkit.testing.asgi import RoutedTransport, running
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

ORIGIN, ISSUER = "http://127.0.0.1:8799", "http://127.0.0.1:8798"
URL = f"{ORIGIN}/mcp"
TOKEN = "static-token-of-fastmcp"
ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])
KEYS = SigningKeys()


class Book(BaseModel):
    """One book."""

    title: str
    pages: int


def shelf(auth: Any = None, cancelled: asyncio.Event | None = None) -> FastMCP[Any]:
    """A server that its own decorators make."""
    server: FastMCP[Any] = FastMCP("shelf", auth=auth)

    @server.tool(annotations={"readOnlyHint": True})
    async def find(title: str) -> Book:
        """Find a book."""
        if title == "none":
            raise ValueError("no such book")
        return Book(title=title, pages=10)

    @server.tool
    async def read(pages: int, ctx: Context) -> str:
        """Read page by page."""
        for page in range(pages):
            await ctx.report_progress(page + 1, pages)
        return "read"

    @server.tool
    async def stay(ctx: Context) -> str:
        """Stay for ever."""
        await ctx.report_progress(1)
        try:
            await asyncio.Event().wait()
        finally:
            if cancelled is not None:
                cancelled.set()
        return "never"

    return server


@asynccontextmanager
async def served(server: FastMCP[Any], auth: McpAuth | None = None, era: Any = "auto") -> AsyncGenerator[McpClient]:
    clients = ClientRegistry()
    clients.add("demo", "demo-secret", ["shelf.read"])
    issuer = Starlette(routes=authorization_server(ISSUER, KEYS, clients, resources=[URL]))
    async with running(cast("Any", server.http_app(path="/mcp"))) as live:
        transport = RoutedTransport({ORIGIN: live, ISSUER: issuer})
        async with (
            httpx2.AsyncClient(transport=transport, timeout=HANG) as http,
            McpClient(URL, name="shelf", http=http, auth=auth, mode=era) as client,
        ):
            with anyio.fail_after(HANG):
                yield client


@ERAS
async def test_its_tools_are_listed_and_give_text_data_and_failures(era: str) -> None:
    async with served(shelf(), era=era) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
        found = await client.call_tool("find", {"title": "Moby Dick"})
        with pytest.raises(ToolFailed) as failed:
            await client.call_tool("find", {"title": "none"})
        with pytest.raises(ToolFailed):
            await client.call_tool("find", {"titel": "misspelt"})
        with pytest.raises((ToolFailed, McpProtocolError)):
            await client.call_tool("no_such_tool")
    assert (tools["find"].read_only, tools["find"].repeatable, tools["read"].repeatable) == (True, True, False)
    assert tools["find"].output_schema is not None
    assert found.data == {"title": "Moby Dick", "pages": 10}
    assert "no such book" in failed.value.tool_text
    assert "no such book" not in str(failed.value)


@ERAS
async def test_its_progress_arrives_and_its_tools_are_cancelled(era: str) -> None:
    cancelled, begun = asyncio.Event(), asyncio.Event()
    told: list[Progress] = []
    async with served(shelf(cancelled=cancelled), era=era) as client:
        assert (await client.call_tool("read", {"pages": 3}, progress=told.append)).text == "read"
        call = asyncio.create_task(client.call_tool("stay", progress=lambda _: begun.set()))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await cancelled.wait()
    assert [progress.done for progress in told] == [1, 2, 3]


@ERAS
async def test_its_static_token_is_asked_for_and_taken(era: str) -> None:
    verifier = StaticTokenVerifier({TOKEN: {"client_id": "demo", "scopes": []}})
    async with served(shelf(verifier), BearerToken(TOKEN), era) as client:
        assert (await client.call_tool("find", {"title": "x"})).data == {"title": "x", "pages": 10}
    for wrong in (None, BearerToken("another-token")):
        async with served(shelf(verifier), wrong, era) as client:
            with pytest.raises(McpAuthRequired) as refused:
                await client.list_tools()
            assert refused.value.status == 401


@ERAS
async def test_its_oauth_is_discovered_and_our_tokens_pass_its_verifier(era: str) -> None:
    public = KEYS.jwks()
    verifier = JWTVerifier(
        public_key=_pem(public), algorithm="ES256", issuer=ISSUER, audience=URL, required_scopes=["shelf.read"]
    )
    provider = RemoteAuthProvider(verifier, [AnyHttpUrl(ISSUER)], ORIGIN)
    async with served(shelf(provider), OAuthClientCredentials("demo", "demo-secret"), era) as client:
        assert (await client.call_tool("find", {"title": "x"})).text
    async with served(shelf(provider), OAuthClientCredentials("demo", "wrong-secret"), era) as client:
        with pytest.raises(McpAuthRequired, match="invalid_client"):
            await client.call_tool("find", {"title": "x"})


def _pem(jwks: Any) -> str:
    import jwt
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = jwt.PyJWKSet.from_dict(jwks).keys[0].key
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
