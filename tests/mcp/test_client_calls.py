"""What a call can be told and what it tells: progress, its own time limit, its arguments, the trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from opentelemetry import baggage, context
from opentelemetry.trace import format_trace_id, get_current_span

from agentkit import tracing
from agentkit.errors import McpTimeout, SpecError
from agentkit.mcp import BearerToken, McpClient
from agentkit.mcp.client.progress import Progress
from agentkit.testing.asgi import RoutedTransport, running
from tests.deadline import HANG, skip
from tests.mcp.doubles import Recorder
from tests.mcp.library import ORIGIN, URL, Waiting, house, library

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])
TOKEN = "canary-token-5e1f7a93"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Stepping:
    """A server whose tools tell how far they are, and what they saw."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()
        self.traces: list[str] = []
        self.mcp = MCPServer("steps")

        @self.mcp.tool()
        async def count(to: int, ctx: Context[Any, Any]) -> str:
            """Count."""
            self.traces.append(format_trace_id(get_current_span().get_span_context().trace_id))
            for step in range(to):
                await ctx.report_progress(step + 1, to, f"step {step + 1} of {TOKEN}")
            return "counted"

        @self.mcp.tool()
        async def stay(ctx: Context[Any, Any]) -> str:
            """Tell one step and stay."""
            await ctx.report_progress(1)
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()
            return "never"

    @asynccontextmanager
    async def client(self, era: str) -> AsyncGenerator[tuple[McpClient, Recorder]]:
        app = self.mcp.streamable_http_app(streamable_http_path="/loans/mcp", stateless_http=True)
        async with running(app) as live:
            recorder = Recorder(live)
            async with (
                httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: recorder}), timeout=HANG) as http,
                McpClient(URL, name="loans", http=http, auth=BearerToken(TOKEN), mode=era) as client,  # pyright: ignore[reportArgumentType]
            ):
                with anyio.fail_after(HANG):
                    yield client, recorder


@ERAS
async def test_progress_is_passed_on_in_order_before_the_call_returns_and_without_the_token(era: str) -> None:
    told: list[Progress] = []
    async with Stepping().client(era) as (client, _):
        result = await client.call_tool("count", {"to": 5}, progress=told.append)
    assert result.text == "counted"
    assert told == [Progress(step, 5, f"step {step} of <hidden>") for step in range(1, 6)]
    assert "step" not in repr(told)


@ERAS
async def test_a_callback_that_waits_is_told_one_report_at_a_time(era: str) -> None:
    told: list[float] = []
    busy = 0

    async def slow(progress: Progress) -> None:
        nonlocal busy
        busy += 1
        assert busy == 1
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        told.append(progress.done)
        busy -= 1

    async with Stepping().client(era) as (client, _):
        await client.call_tool("count", {"to": 4}, progress=slow)
    assert told == [1, 2, 3, 4]


@ERAS
async def test_a_callback_that_fails_ends_its_own_call_only_and_cancels_the_tool(era: str) -> None:
    def broken(progress: Progress) -> None:
        raise TimeoutError(f"no room for {progress.done}")

    stepping = Stepping()
    async with stepping.client(era) as (client, _):
        beside = asyncio.create_task(client.call_tool("count", {"to": 2}, progress=lambda _: None))
        with pytest.raises(TimeoutError, match="no room for 1"):
            await client.call_tool("stay", progress=broken)
        await stepping.cancelled.wait()
        assert (await beside).text == "counted"
        assert (await client.call_tool("count", {"to": 0})).text == "counted"


@ERAS
async def test_a_callback_that_is_cancelled_ends_its_call_as_cancelled(era: str) -> None:
    async def raises(progress: Progress) -> None:
        raise asyncio.CancelledError

    async def cancels_its_task(progress: Progress) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await anyio.sleep_forever()

    stepping = Stepping()
    async with stepping.client(era) as (client, _):
        for callback in (raises, cancels_its_task):
            stepping.cancelled.clear()
            with pytest.raises(asyncio.CancelledError):
                await client.call_tool("stay", progress=callback)
            await stepping.cancelled.wait()
        assert (await client.call_tool("count", {"to": 0})).text == "counted"


async def test_what_a_callback_raises_keeps_its_cause() -> None:
    cause = KeyError("room")

    def broken(progress: Progress) -> None:
        raise ValueError("no room") from cause

    async with Stepping().client("auto") as (client, _):
        with pytest.raises(ValueError, match="no room") as caught:
            await client.call_tool("stay", progress=broken)
    assert caught.value.__cause__ is cause


@ERAS
async def test_a_call_that_reports_and_is_cancelled_is_cancelled_at_the_server(era: str) -> None:
    begun = asyncio.Event()
    stepping = Stepping()
    async with stepping.client(era) as (client, _):
        call = asyncio.create_task(client.call_tool("stay", progress=lambda _: begun.set()))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await stepping.cancelled.wait()


async def test_a_call_may_have_a_time_limit_of_its_own() -> None:
    waiting = Waiting()
    async with house(server=library(waiting, timeout=5 * HANG)) as home, home.client(timeout=HANG) as client:
        await client.list_tools()
        call = asyncio.create_task(client.call_tool("wait", timeout=3 * HANG))
        await waiting.started.wait()
        skip(2 * HANG)
        waiting.release.set()
        assert (await call).text == "no books"
        waiting.started.clear()
        waiting.release.clear()
        call = asyncio.create_task(client.call_tool("wait", timeout=1))
        await waiting.started.wait()
        with pytest.raises(McpTimeout, match="1 seconds"):
            await call
        await waiting.cancelled.wait()


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
async def test_a_time_limit_that_is_none_is_refused(limit: float) -> None:
    async with house() as home, home.client() as client:
        with pytest.raises(SpecError, match=r"McpClient\.timeout"):
            await client.call_tool("whoami", timeout=limit)
        with pytest.raises(SpecError, match=r"McpClient\.timeout"):
            await client.list_tools(timeout=limit)


UNSENDABLE = [float("nan"), "\ud800", {1, 2}, pytest.param(object(), id="object"), b"bytes"]


@pytest.mark.parametrize("value", UNSENDABLE, ids=repr)
async def test_arguments_that_json_cannot_say_are_refused_before_anything_is_sent(value: Any) -> None:
    async with house() as home, home.client() as client:
        await client.list_tools()
        before = len(home.app.paths)
        with pytest.raises(SpecError, match=r"call_tool\.arguments"):
            await client.call_tool("find_books", {"words": value})
        assert len(home.app.paths) == before
        assert (await client.call_tool("whoami")).text


@ERAS
async def test_one_trace_runs_through_header_message_and_tool_and_baggage_stays_here(era: str) -> None:
    stepping = Stepping()
    parent = f"00-{TRACE}-b7ad6b7169203331-01"
    async with stepping.client(era) as (client, recorder):
        with tracing.continued({"traceparent": parent}):
            token = context.attach(baggage.set_baggage("patient", "canary-patient"))
            try:
                await client.call_tool("count", {"to": 0})
            finally:
                context.detach(token)
    call = next(asked for asked in recorder.asked if asked.wants == "tools/call")
    assert TRACE in call.headers["traceparent"]
    assert TRACE in call.call["params"]["_meta"]["traceparent"]
    assert stepping.traces == [TRACE]
    assert not any(asked.holds("canary-patient") for asked in recorder.asked)
