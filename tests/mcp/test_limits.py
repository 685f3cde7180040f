"""Limits of calls and requests, stopping, progress, and callers that go away (MCP-LIM-02, MCP-LIM-06)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver.exceptions import ToolError as SdkToolError
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent
from starlette.applications import Starlette
from starlette.types import Message, Scope

from agentkit.errors import SpecError
from agentkit.mcp import HostedServer, ToolError, ToolServer, host, report_progress
from agentkit.mcp.hosting import lively
from agentkit.testing.asgi import RoutedTransport, running
from tests.deadline import HANG
from tests.mcp.library import ORIGIN, URL, Waiting, library
from tests.mcp.test_authorization import call

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])
VERSIONS = pytest.mark.parametrize("version", ["2026-07-28", "2025-11-25"])


def app_of(server: ToolServer, **options: Any) -> Starlette:
    return host([HostedServer(server, "/loans/mcp")], public_url=ORIGIN, **options)


@asynccontextmanager
async def connected(app: Starlette, era: str) -> AsyncGenerator[Client]:
    async with (
        running(app) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
        Client(streamable_http_client(URL, http_client=http), mode=era) as client,
    ):
        yield client


def error_of(result: CallToolResult) -> dict[str, Any]:
    assert result.is_error
    (block,) = result.content
    assert isinstance(block, TextContent)
    return json.loads(block.text)["error"]


# --- the limits of a tool --------------------------------------------------------------------------------------------


def echoing(**limits: Any) -> ToolServer:
    server = ToolServer("loans")

    @server.tool(**limits)
    async def echo(words: Any) -> dict[str, Any]:
        """Echo."""
        return {"words": words}

    return server


@pytest.mark.parametrize("given", ["x" * 91, ["x" * 80] * 2, {"x" * 200: 1}, [[["y" * 99]]], 10**400, [0] * 200])
async def test_arguments_that_are_too_large_are_refused_before_the_tool_runs(given: object) -> None:
    async with Client(echoing(input_limit=95).mcp) as client:
        error = error_of(await client.call_tool("echo", {"words": given}))
        assert (error["code"], error["retryable"]) == ("too-large", False)
        assert "95" in error["message"]
        assert not (await client.call_tool("echo", {"words": "x" * 90})).is_error


@pytest.mark.parametrize(
    ("words", "size"),
    [("x" * 10, 22), ("ü" * 10, 42), ("\u6f22" * 10, 62), ('"' * 10, 32)],
)
async def test_the_size_of_an_answer_is_that_of_its_text_and_content_in_bytes(words: str, size: int) -> None:
    server = ToolServer("loans")

    async def say() -> str:
        """Say."""
        return words

    server.tool(name="fits", output_limit=size)(say)
    server.tool(name="too_large", output_limit=size - 1)(say)
    async with Client(server.mcp) as client:
        assert not (await client.call_tool("fits", {})).is_error
        assert error_of(await client.call_tool("too_large", {}))["code"] == "too-large"


async def test_so_many_calls_run_at_once_and_one_more_is_told_to_come_again() -> None:
    server, waiting = ToolServer("loans", max_concurrency=2), asyncio.Event()
    entered: list[int] = []

    @server.tool
    async def wait(number: int) -> str:
        """Wait."""
        entered.append(number)
        await waiting.wait()
        return "done"

    with anyio.fail_after(HANG):
        async with Client(server.mcp) as client, anyio.create_task_group() as tasks:
            for number in range(2):
                tasks.start_soon(client.call_tool, "wait", {"number": number})
            while len(entered) < 2:
                await anyio.lowlevel.checkpoint()
            error = error_of(await client.call_tool("wait", {"number": 2}))
            assert (error["code"], error["retryable"], error["retry_after"]) == ("busy", True, 1.0)
            waiting.set()
        async with Client(server.mcp) as client:
            assert not (await client.call_tool("wait", {"number": 3})).is_error
    assert entered == [0, 1, 3]
    with pytest.raises(SpecError, match="max_concurrency"):
        ToolServer("loans", max_concurrency=0)


# --- what a tool may raise -------------------------------------------------------------------------------------------


def raising(make: Callable[[], BaseException]) -> ToolServer:
    server = ToolServer("loans")

    @server.tool
    async def fail() -> str:
        """Fail."""
        raise make()

    return server


@ERAS
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: ToolError("seen", code="not-found"), "not-found"),
        (lambda: SdkToolError("seen"), "tool-failed"),
        (lambda: ExceptionGroup("g", [ExceptionGroup("h", [ToolError("seen", code="not-found")])]), "not-found"),
        (lambda: ExceptionGroup("g", [ToolError("CANARY-1"), ToolError("CANARY-2")]), "internal-error"),
        (lambda: MCPError(code=-32602, message="CANARY", data="CANARY"), "internal-error"),
        (lambda: TimeoutError("CANARY"), "internal-error"),
        (lambda: SystemExit("CANARY"), "internal-error"),
        (lambda: KeyError("CANARY"), "internal-error"),
    ],
)
async def test_only_failures_the_author_saw_coming_reach_the_model(
    make: Callable[[], BaseException], code: str, era: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with connected(app_of(raising(make)), era) as client:
        error = error_of(await client.call_tool("fail", {}))
        assert error["code"] == code
        assert ("seen" in error["message"]) == (code != "internal-error")
        assert (await client.list_tools()).tools
    assert "CANARY" not in f"{error}{caplog.text}"


# --- the body of a request -------------------------------------------------------------------------------------------


async def raw(app: Starlette, chunks: list[bytes], *, end: bool = True, length: int | None = None) -> list[Message]:
    """Send a request chunk by chunk; without an end nothing more comes."""
    sent: list[Message] = []
    read = 0

    async def receive() -> Message:
        nonlocal read
        read += 1
        if read <= len(chunks):
            return {"type": "http.request", "body": chunks[read - 1], "more_body": not end or read < len(chunks)}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    _, own = call("2026-07-28")
    headers = own | {"host": "127.0.0.1:8701", "content-type": "application/json"}
    headers |= {"content-length": str(length)} if length is not None else {}
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/loans/mcp",
        "raw_path": b"/loans/mcp",
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8701),
    }
    with anyio.fail_after(HANG):
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)
    sent.append({"type": "read", "chunks": min(read, len(chunks))})
    return sent


BODY = json.dumps(call("2026-07-28")[0]).encode()


async def test_a_request_in_pieces_is_served() -> None:
    sent = await raw(app_of(library()), [BODY[:10], BODY[10:20], b"", BODY[20:]])
    assert sent[0]["status"] == 200
    assert b'"client_id"' in sent[1]["body"]


async def test_a_request_that_is_too_large_is_not_read_further() -> None:
    app = app_of(library(), body_limit=1000)
    sent = await raw(app, [b"x" * 600] * 100)
    assert (sent[0]["status"], sent[-1]["chunks"]) == (413, 2)
    assert (b"connection", b"close") in sent[0]["headers"]
    sent = await raw(app_of(library(), body_limit=1000), [b"x"] * 5, length=1001)
    assert (sent[0]["status"], sent[-1]["chunks"]) == (413, 0)
    sent = await raw(app_of(library(), body_limit=len(BODY)), [BODY], length=len(BODY))
    assert sent[0]["status"] == 200


async def test_a_request_that_drips_in_is_given_up() -> None:
    sent = await raw(app_of(library(), body_timeout=0.02), [BODY[:5], BODY[5:9]], end=False)
    assert sent[0]["status"] == 408


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, b"9" * 5000, b"\xff", b'{"jsonrpc": NaN}', b"null"])
async def test_a_body_that_is_no_call_is_a_protocol_error(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    sent = await raw(app_of(library()), [body])
    assert sent[0]["status"] == 400
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("option", ["body_limit", "body_timeout"])
def test_a_limit_that_no_request_keeps_is_refused(option: str) -> None:
    with pytest.raises(SpecError, match=option):
        app_of(library(), **{option: 0})


# --- callers that go away, and calls that last -----------------------------------------------------------------------


@VERSIONS
async def test_a_call_ends_when_its_caller_has_gone(version: str, caplog: pytest.LogCaptureFixture) -> None:
    waiting = Waiting()
    body, headers = call(version)
    body["params"]["name"] = headers["mcp-name"] = "wait"  # pyright: ignore[reportIndexIssue]
    if version == "2025-11-25":
        del headers["mcp-name"]
    async with (
        running(app_of(library(waiting))) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
    ):
        with anyio.fail_after(HANG):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: http.post(URL, json=body, headers=headers))
                await waiting.started.wait()
                tasks.cancel_scope.cancel()
            if version == "2026-07-28":
                await waiting.cancelled.wait()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_call_that_lasts_keeps_its_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lively, "WATCH_AFTER", 0.001)
    monkeypatch.setattr(lively, "STREAM_AFTER", 0.005)
    waiting = Waiting()
    server = library(waiting)
    body, headers = call("2026-07-28")
    body["params"]["name"] = headers["mcp-name"] = "wait"  # pyright: ignore[reportIndexIssue]
    async with (
        running(app_of(server)) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
    ):
        with anyio.fail_after(HANG):
            async with http.stream("POST", URL, json=body, headers=headers) as answer:
                assert answer.headers["content-type"] == "text/event-stream"
                lines = answer.aiter_lines()
                assert await anext(lines) == ": ping"
                assert await anext(lines) == ""
                assert await anext(lines) == ": ping"
                waiting.release.set()
                rest = [line async for line in lines]
            async with Client(streamable_http_client(URL, http_client=http)) as client:
                waiting.release.clear()
                asyncio.get_running_loop().call_later(0.05, waiting.release.set)
                assert not (await client.call_tool("wait", {})).is_error
    (data,) = [line.removeprefix("data: ") for line in rest if line.startswith("data: ")]
    assert json.loads(data)["result"]["structuredContent"] == {"books": []}


# --- progress --------------------------------------------------------------------------------------------------------


@ERAS
async def test_a_tool_reports_progress_to_whoever_asked(era: str) -> None:
    server = ToolServer("loans")

    @server.tool
    async def count(to: int) -> int:
        """Count."""
        for step in range(1, to + 1):
            await report_progress(step, to, f"step {step}")
        return to

    told: list[tuple[float, float | None, str | None]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    with anyio.fail_after(HANG):
        async with connected(app_of(server), era) as client:
            result = await client.call_tool("count", {"to": 3}, progress_callback=tell)
            assert result.structured_content == {"result": 3}
            assert (await client.call_tool("count", {"to": 2})).structured_content == {"result": 2}
    assert told == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]


async def test_outside_of_a_call_there_is_nobody_to_report_to() -> None:
    await report_progress(1, 2, "x")


# --- lifespan and stopping -------------------------------------------------------------------------------------------


class Opened:
    """Counts how often a lifespan is entered and left."""

    def __init__(self) -> None:
        self.log: list[str] = []

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        self.log.append("entered")
        async with anyio.create_task_group():
            yield
        self.log.append("left")


async def test_a_lifespan_is_entered_once_however_many_serve_the_server() -> None:
    opened = Opened()
    server = ToolServer("loans", lifespan=opened.lifespan)
    two = host([HostedServer(server, "/a/mcp"), HostedServer(server, "/b/mcp")], public_url=ORIGIN)
    other = app_of(server)
    async with running(two):
        assert opened.log == ["entered"]
        async with running(other), server.lifespan():
            assert opened.log == ["entered"]
    assert opened.log == ["entered", "left"]
    async with server.lifespan():
        assert opened.log == ["entered", "left", "entered"]
    assert opened.log == ["entered", "left"] * 2


async def test_what_a_lifespan_raises_keeps_the_app_from_starting_and_it_can_be_tried_again() -> None:
    broken = [True]

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        if broken:
            raise ConnectionError("no store")
        yield

    server = ToolServer("loans", lifespan=lifespan)
    with pytest.raises(ConnectionError, match="no store"):
        async with server.lifespan():
            raise AssertionError
    broken.clear()
    async with server.lifespan():
        pass


async def test_a_start_that_hangs_can_be_given_up() -> None:
    ended = anyio.Event()

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        try:
            await anyio.sleep_forever()
            yield
        finally:
            ended.set()

    server = ToolServer("loans", lifespan=lifespan)
    with anyio.fail_after(HANG):
        with anyio.move_on_after(0.01):
            async with server.lifespan():
                raise AssertionError
        await ended.wait()


@asynccontextmanager
async def stopping(
    app: Starlette,
) -> AsyncGenerator[tuple[httpx2.AsyncClient, Callable[[], Coroutine[Any, Any, None]]]]:
    """A client, and what stops the app while the client's requests run."""
    stop, stopped = anyio.Event(), anyio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            await stop.wait()
        stopped.set()

    async def finish() -> None:
        stop.set()
        with anyio.fail_after(HANG):
            await stopped.wait()

    async with (
        anyio.create_task_group() as tasks,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: app}), timeout=HANG) as http,
    ):
        tasks.start_soon(live)
        await anyio.wait_all_tasks_blocked()
        yield http, finish


@VERSIONS
async def test_a_running_call_is_finished_before_the_app_stops(version: str, caplog: pytest.LogCaptureFixture) -> None:
    waiting, answers = Waiting(), list[str]()
    body, headers = call(version)
    body["params"]["name"] = "wait"  # pyright: ignore[reportIndexIssue]
    headers["mcp-name"] = "wait"
    async with stopping(app_of(library(waiting), grace=HANG)) as (http, finish):

        async def ask() -> None:
            answers.append((await http.post(URL, json=body, headers=headers)).text)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await waiting.started.wait()
            tasks.start_soon(finish)
            await anyio.wait_all_tasks_blocked()
            refused = await http.post(URL, json=body, headers=headers)
            assert "unavailable" in refused.text
            waiting.release.set()
    assert '"books"' in answers[0]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@VERSIONS
async def test_a_call_that_does_not_finish_is_cancelled_with_a_reason(
    version: str, caplog: pytest.LogCaptureFixture
) -> None:
    waiting, answers = Waiting(), list[str]()
    body, headers = call(version)
    body["params"]["name"] = "wait"  # pyright: ignore[reportIndexIssue]
    headers["mcp-name"] = "wait"
    async with stopping(app_of(library(waiting), grace=0.01)) as (http, finish):

        async def ask() -> None:
            answers.append((await http.post(URL, json=body, headers=headers)).text)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await waiting.started.wait()
            await finish()
    assert waiting.cancelled.is_set()
    assert "unavailable" in answers[0]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_server_that_another_app_serves_too_goes_on() -> None:
    waiting = Waiting()
    server = library(waiting)
    async with connected(app_of(server), "auto") as client:
        async with running(app_of(server, grace=0.001)):
            pass
        waiting.release.set()
        with anyio.fail_after(HANG):
            assert not (await client.call_tool("wait", {})).is_error


async def test_unknown_paths_are_not_found_and_health_needs_no_authorization() -> None:
    async with (
        running(app_of(library())) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
    ):
        for path in ("/", "/loans", "/loans/mcp/x", "/.well-known/oauth-protected-resource"):
            assert (await http.post(ORIGIN + path, json={})).status_code in {404, 405}, path
        assert (await http.get(f"{ORIGIN}/health")).json() == {"status": "ok", "servers": ["loans"]}
