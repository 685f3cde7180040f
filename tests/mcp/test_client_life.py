"""What a client lives through: sessions that are gone, pools that are closed, loops that end, and its own end."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from starlette.types import Receive, Send

from agentkit.errors import ConfigurationError, McpError, McpTimeout, McpUnreachable
from agentkit.mcp import McpClient, NoAuth, OAuthClientCredentials
from agentkit.testing.asgi import RoutedTransport, running
from tests.deadline import HANG, skip
from tests.mcp.doubles import Asked, Double, Json, begin, more, reply
from tests.mcp.library import ORIGIN, URL, app_for, house, library, oauth

pytestmark = pytest.mark.anyio


class Sessions:
    """A server of the handshake era as the examples of the TypeScript SDK make them: 400 for a session it lost."""

    def __init__(self) -> None:
        self.opened = 0
        self.known = ""
        self.ran = 0

    async def __call__(self, asked: Asked, receive: Receive, send: Send) -> None:
        call = asked.call
        headers = {"mcp-session-id": self.known}
        match asked.wants:
            case "initialize":
                self.opened += 1
                self.known = f"session-{self.opened}"
                info: Json = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}
                result: Json = {**info, "serverInfo": {"name": "x", "version": "1"}}
                headers = {"mcp-session-id": self.known}
            case _ if asked.headers.get("mcp-session-id") != self.known:
                error = {"code": -32000, "message": "Bad Request: No valid session ID provided"}
                await reply(send, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode(), status=400)
                return
            case "tools/list":
                result = {"tools": [{"name": "write", "inputSchema": {"type": "object"}}]}
            case "tools/call":
                self.ran += 1
                result = {"content": [{"type": "text", "text": "written"}]}
            case _:
                await reply(send, b"", status=202)
                return
        body = json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result}).encode()
        await reply(send, body, headers=headers)


async def test_a_session_that_a_server_refuses_with_400_is_opened_anew_and_nothing_runs_twice() -> None:
    sessions = Sessions()
    transport = RoutedTransport({ORIGIN: Double(sessions)})
    async with (
        httpx2.AsyncClient(transport=transport) as http,
        McpClient(URL, name="loans", http=http, mode="legacy", timeout=HANG) as client,
    ):
        for restarts in range(1, 4):
            assert (await client.call_tool("write")).text == "written"
            assert (sessions.opened, sessions.ran) == (restarts, restarts)
            sessions.known = "another life"


async def test_what_no_http_library_should_raise_fails_its_call_only() -> None:
    async with running(app_for({"/loans/mcp": (library(), NoAuth())})) as live:
        broken = [False]

        async def app(scope: Any, receive: Receive, send: Send) -> None:
            if broken[0]:
                raise RuntimeError("CANARY")
            await live(scope, receive, send)

        async with (
            httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: app})) as http,
            McpClient(URL, name="loans", http=http, timeout=HANG) as client,
        ):
            await client.call_tool("whoami")
            broken[0] = True
            with pytest.raises(McpUnreachable, match="RuntimeError") as caught:
                await client.call_tool("whoami")
            broken[0] = False
            assert (await client.call_tool("whoami")).text
    assert "CANARY" not in str(caught.value)


async def test_a_pool_that_was_closed_says_so() -> None:
    async with house() as home, home.client() as client:
        await client.call_tool("whoami")
        await home.http.aclose()
        with pytest.raises(McpUnreachable, match="connection pool is closed"):
            await client.call_tool("whoami")


async def test_closing_while_a_token_is_fetched_ends_the_call() -> None:
    fetching = asyncio.Event()
    async with running(app_for({"/loans/mcp": (library(), oauth())})) as live:

        async def app(scope: Any, receive: Receive, send: Send) -> None:
            if scope["path"].endswith("/token"):
                fetching.set()
                await begin(send)
                await more(send, b"{")
                await anyio.sleep_forever()
            await live(scope, receive, send)

        auth = OAuthClientCredentials("demo", "demo-secret")
        async with httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: app})) as http:
            client = McpClient(URL, name="loans", http=http, auth=auth, timeout=HANG)
            calls = [asyncio.create_task(client.call_tool("whoami")) for _ in range(3)]
            await fetching.wait()
            with anyio.fail_after(HANG):
                await client.aclose()
                ends = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(end) for end in ends] == [McpUnreachable] * 3
            with pytest.raises(McpUnreachable, match="closed"):
                await client.list_tools()


async def test_a_stream_that_wants_a_pause_of_days_leaves_nothing_asleep_behind() -> None:
    """In the handshake era the SDK sleeps on when the call is over."""
    sessions = Sessions()

    async def answer(asked: Asked, receive: Receive, send: Send) -> None:
        if asked.wants == "tools/call":
            await begin(send, kind="text/event-stream")
            for piece in (b"id: 7\nretr", b"y: 1", b"00000000\ndata:\n\n"):
                await more(send, piece)
            await send({"type": "http.response.body", "body": b""})
        elif asked.method == "GET":
            await reply(send, b"", status=404)
        else:
            await sessions(asked, receive, send)

    transport = RoutedTransport({ORIGIN: Double(answer)})
    async with (
        httpx2.AsyncClient(transport=transport) as http,
        McpClient(URL, name="loans", http=http, mode="legacy", timeout=HANG) as client,
    ):
        await client.list_tools()
        before = len(asyncio.all_tasks())
        calls = [asyncio.create_task(client.call_tool("write", timeout=5)) for _ in range(5)]
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        skip(6)
        for call in calls:
            with pytest.raises(McpTimeout):
                await call
        for _ in range(4):  # two attempts to resume the stream, each after a pause
            skip(11)
            for _ in range(50):
                await anyio.lowlevel.checkpoint()
        assert len(asyncio.all_tasks()) <= before


def elsewhere(work: Any) -> BaseException | None:
    """What a coroutine function raises in another event loop."""
    ends: list[BaseException | None] = []

    def run() -> None:
        try:
            asyncio.run(work())
            ends.append(None)
        except Exception as error:
            ends.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(HANG)
    return ends[0]


async def test_another_event_loop_than_the_first_is_told_so_and_the_first_goes_on() -> None:
    async with house() as home, home.client() as client:
        await client.call_tool("whoami")
        for work in (lambda: client.call_tool("whoami"), client.list_tools, client.aclose):
            error = await anyio.to_thread.run_sync(elsewhere, work)
            assert isinstance(error, ConfigurationError)
            assert "event loop" in str(error)
            assert not isinstance(error, McpError)
        assert (await client.call_tool("whoami")).text


def test_a_client_whose_event_loop_has_ended_is_told_so_and_closes_without_noise() -> None:
    client = McpClient(URL, name="loans", http=httpx2.AsyncClient(transport=RoutedTransport({})), timeout=HANG)

    async def call() -> None:
        with pytest.raises(McpUnreachable):
            await client.list_tools()

    asyncio.run(call())
    with pytest.raises(ConfigurationError, match="event loop"):
        asyncio.run(call())
    asyncio.run(client.aclose())
