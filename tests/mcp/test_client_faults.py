"""Restarts, and whatever sequence of faults: a right answer or a typed error in time, and a client that goes on."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from agentkit.errors import McpError, McpUnreachable
from agentkit.mcp import BearerAuth, BearerToken, McpClient, NoAuth, OAuthClientCredentials
from agentkit.testing.asgi import ASGIApp, RoutedTransport, running
from tests.deadline import HANG
from tests.mcp.doubles import begin, more, reply
from tests.mcp.library import ORIGIN, URL, app_for, library, oauth

# The tests of the parts cover what runs here; a tracer would double the time.
pytestmark = [pytest.mark.anyio, pytest.mark.no_cover]

ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])
BROKEN: dict[str, tuple[bytes, str, int]] = {
    **{str(status): (b"", "text/plain", status) for status in (202, 302, 401, 403, 404, 429, 500)},
    "html": (b"<html>", "text/html", 200),
    "wrong id": (b'{"jsonrpc":"2.0","id":12345,"result":{}}', "application/json", 200),
    "null": (b"null", "application/json", 200),
    "error": (b'{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"x"}}', "application/json", 400),
    "empty events": (b": nothing\n\n", "text/event-stream", 200),
    "bad event": (b"data: {\n\n", "text/event-stream", 200),
}


@dataclass
class Site:
    """An address where a server is, or is not, and which breaks requests as a test wants."""

    app: ASGIApp | None = None
    faults: list[str] = field(default_factory=list[str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self.faults.pop(0) if self.faults else ""
        if fault in BROKEN:
            body, kind, status = BROKEN[fault]
            await reply(send, body, kind=kind, status=status, headers={"location": "/elsewhere", "retry-after": "0"})
            return
        if fault == "cut":
            await begin(send)
            await more(send, b'{"jsonrpc":')
        if fault in {"cut", "dead"}:
            raise RuntimeError(fault)
        if fault == "slow":
            for _ in range(50):
                await anyio.lowlevel.checkpoint()
        await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is None:
            raise RuntimeError("nobody is here")
        await self.app(scope, receive, send)

    @asynccontextmanager
    async def client(self, era: str, auth: BearerToken | OAuthClientCredentials | None) -> AsyncGenerator[McpClient]:
        transport = RoutedTransport({ORIGIN: self}, raise_app_exceptions=False)
        async with (
            httpx2.AsyncClient(transport=transport, timeout=HANG) as http,
            McpClient(URL, name="loans", http=http, auth=auth, mode=era) as client,  # pyright: ignore[reportArgumentType]
        ):
            with anyio.fail_after(HANG):
                yield client


@ERAS
@pytest.mark.parametrize("sessions", [True, False])
async def test_fifty_restarts_of_the_server_are_survived_and_leave_nothing_behind(era: str, sessions: bool) -> None:
    site = Site()
    before = 0
    async with site.client(era, None) as client:
        for restart in range(50):
            if sessions:
                app: ASGIApp = library().mcp.streamable_http_app(streamable_http_path="/loans/mcp")
            else:
                app = app_for({"/loans/mcp": (library(), NoAuth())})
            async with running(app) as live:
                site.app = live
                async with anyio.create_task_group() as tasks:
                    for _ in range(3):
                        tasks.start_soon(client.call_tool, "whoami")
            site.app = None
            if restart % 10 == 0:
                with pytest.raises(McpUnreachable):
                    await client.call_tool("whoami")
            if restart == 9:
                gc.collect()
                before = len(asyncio.all_tasks())
        gc.collect()
        assert len(asyncio.all_tasks()) <= before


FAULTS = st.sampled_from([*BROKEN, "dead", "cut", "slow", "", ""])
CREDENTIALS = {
    "none": (NoAuth(), None),
    "bearer": (BearerAuth("right-token"), BearerToken("right-token")),
    "oauth2.0": (oauth(), OAuthClientCredentials("demo", "demo-secret")),
}


@ERAS
@pytest.mark.parametrize("kind", list(CREDENTIALS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(faults=st.lists(FAULTS, max_size=12), together=st.integers(1, 3))
async def test_whatever_breaks_a_call_ends_right_or_typed_and_the_client_goes_on(
    era: str, kind: str, faults: list[str], together: int
) -> None:
    server, auth = CREDENTIALS[kind]
    site = Site()
    async with running(app_for({"/loans/mcp": (library(), server)})) as live, site.client(era, auth) as client:
        site.app = live
        site.faults = list(faults)

        async def call() -> None:
            try:
                result = await client.call_tool("find_books", {"words": "moby"})
            except McpError:
                return
            assert result.data == {"books": [{"title": "Moby Dick", "due": "2026-12-01"}]}

        while site.faults:
            left = len(site.faults)
            async with anyio.create_task_group() as tasks:
                for _ in range(together):
                    tasks.start_soon(call)
            assert len(site.faults) < left
        assert (await client.call_tool("find_books", {"words": "moby"})).text == "Moby Dick"
