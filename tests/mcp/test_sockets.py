"""The same over real sockets: kept-alive connections, a restart, and what HTTP libraries log at DEBUG."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from agentkit.errors import McpAuthRequired, McpUnreachable
from agentkit.mcp import BearerAuth, BearerToken, HostedServer, McpClient, OAuthAuth, OAuthClientCredentials, host
from agentkit.oauth import ClientRegistry, authorization_server
from agentkit.testing.leaks import LeakWatch
from tests.deadline import HANG
from tests.mcp.library import KEYS, library

pytestmark = pytest.mark.anyio

TOKEN, SECRET = "canary-token-7Qx91", "canary-secret-+/=8Zy"
CLIENTS = ClientRegistry()
CLIENTS.add("demo", SECRET, ["loans.read"])


@asynccontextmanager
async def served(listener: socket.socket) -> AsyncGenerator[str]:
    """A server with a static and an OAuth part on this socket; it repeats credentials in a header of its answers."""
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    issuer = f"{origin}/auth"
    app = host(
        [
            HostedServer(library(), "/static/mcp", BearerAuth(TOKEN)),
            HostedServer(library(), "/oauth/mcp", OAuthAuth(issuer, KEYS.jwks(), ("loans.read",))),
        ],
        public_url=origin,
        extra_routes=authorization_server(issuer, KEYS, CLIENTS, resources=[f"{origin}/oauth/mcp"]),
    )

    async def repeating(scope: Scope, receive: Receive, send: Send) -> None:
        async def repeat(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = dict(scope["headers"]).get(b"authorization", b"none")
                message = {**message, "headers": [*message["headers"], (b"x-authorization", sent)]}
            await send(message)

        await app(scope, receive, repeat)

    server = uvicorn.Server(uvicorn.Config(repeating, log_config=None, timeout_graceful_shutdown=int(HANG)))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield origin
    finally:
        server.should_exit = True
        with anyio.fail_after(HANG):
            await task


def bound(port: int = 0) -> socket.socket:
    # Without the protocol asyncio leaves out TCP_NODELAY, and each answer takes 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


async def test_a_client_survives_a_restart_of_the_server() -> None:
    listener = bound()
    port = listener.getsockname()[1]
    async with httpx2.AsyncClient(timeout=HANG) as http:
        client = McpClient(f"http://127.0.0.1:{port}/static/mcp", name="loans", http=http, auth=BearerToken(TOKEN))
        async with client:
            with anyio.fail_after(HANG):
                async with served(listener):
                    await client.list_tools()
                    assert (await client.call_tool("whoami")).text
                with pytest.raises(McpUnreachable):
                    await client.call_tool("whoami")
                async with served(bound(port)):
                    assert (await client.call_tool("whoami")).text


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_no_library_on_the_way_logs_a_token_or_a_secret(era: str) -> None:
    watch = LeakWatch({"token": TOKEN, "secret": SECRET})
    async with served(bound()) as origin, httpx2.AsyncClient(timeout=HANG) as http:
        with watch.logs("logs"), watch.spans(), anyio.fail_after(HANG):
            for path, auth in (
                ("/static/mcp", BearerToken(TOKEN)),
                ("/oauth/mcp", OAuthClientCredentials("demo", SECRET)),
            ):
                async with McpClient(origin + path, name="loans", http=http, auth=auth, mode=era) as client:  # pyright: ignore[reportArgumentType]
                    assert (await client.call_tool("whoami")).text
            async with McpClient(f"{origin}/static/mcp", name="x", http=http, auth=BearerToken(SECRET)) as client:
                with pytest.raises(McpAuthRequired):
                    await client.call_tool("whoami")
    assert watch.sightings.total() == 0


@pytest.mark.parametrize("end", ["\n", "\r\nX-Other: y", "\0", " tail", "\u00e4", "\u6f22"])
async def test_a_token_that_no_header_takes_is_neither_sent_nor_logged(end: str) -> None:
    watch = LeakWatch({"token": TOKEN})
    async with served(bound()) as origin, httpx2.AsyncClient(timeout=HANG) as http:
        with watch.logs("logs"), watch.spans(), anyio.fail_after(HANG):
            async with McpClient(f"{origin}/static/mcp", name="x", http=http, auth=BearerToken(TOKEN + end)) as client:
                with pytest.raises(McpAuthRequired, match="no header takes") as caught:
                    await client.call_tool("whoami")
    watch.look("error", caught.value)
    assert watch.sightings.total() == 0
