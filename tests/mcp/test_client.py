"""The client: typed errors, limits, cancellation, self-healing, both eras (MCP-CLI-03..07)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp.server import MCPServer
from starlette.types import Receive, Scope, Send

from agentkit import tracing
from agentkit.errors import (
    McpAuthRequired,
    McpError,
    McpProtocolError,
    McpTimeout,
    McpUnreachable,
    SpecError,
    ToolFailed,
)
from agentkit.mcp import ApiKey, ApiKeyAuth, BearerAuth, BearerToken, McpClient, NoAuth, ToolInfo
from agentkit.testing.asgi import ASGIApp, RoutedTransport, running
from tests.deadline import HANG, skip
from tests.mcp.library import ORIGIN, URL, Counting, Waiting, app_for, house, library

pytestmark = pytest.mark.anyio

Answer = Callable[[httpx2.Request], Coroutine[None, None, httpx2.Response]]
ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])


class Switch(httpx2.AsyncBaseTransport):
    """Reaches whatever app is switched on."""

    def __init__(self) -> None:
        self.apps: dict[str, ASGIApp] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await RoutedTransport(self.apps).handle_async_request(request)


@asynccontextmanager
async def answering(answer: Answer, **options: float) -> AsyncGenerator[McpClient]:
    """A client of a server that answers as the test wants."""
    async with (
        httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http,
        McpClient(URL, name="loans", http=http, **options) as client,  # pyright: ignore[reportArgumentType]
    ):
        with anyio.fail_after(HANG):
            yield client


@ERAS
async def test_tools_and_results_are_plain_values(era: str) -> None:
    async with house() as home, home.client(mode=era) as client:
        with anyio.fail_after(HANG):
            tools = {tool.name: tool for tool in await client.list_tools()}
            result = await client.call_tool("find_books", {"words": "moby"})
    found = tools["find_books"]
    assert isinstance(found, ToolInfo)
    assert (found.title, found.read_only, found.destructive, found.repeatable) == ("Find books", True, False, True)
    assert found.input_schema["required"] == ["words"]
    assert found.output_schema is not None
    assert not tools["wait"].repeatable
    assert result.text == "Moby Dick"
    assert result.data == {"books": [{"title": "Moby Dick", "due": "2026-12-01"}]}
    assert "Moby" not in repr(result)


@ERAS
async def test_a_failed_tool_is_an_error_with_code_and_text_apart_from_its_message(era: str) -> None:
    async with house() as home, home.client(mode=era) as client:
        with anyio.fail_after(HANG), pytest.raises(ToolFailed) as caught:
            await client.call_tool("find_books", {"words": "nothing"})
    assert (caught.value.server, caught.value.tool, caught.value.code) == ("loans", "find_books", "not-found")
    assert caught.value.tool_text == "No book has these words. Use fewer words."
    assert "book has" not in str(caught.value)


async def test_a_failed_tool_of_a_foreign_server_keeps_its_text() -> None:
    server = MCPServer("foreign")

    @server.tool()
    async def broken() -> str:
        """Always fails."""
        raise ValueError("inner text")

    app = server.streamable_http_app(streamable_http_path="/loans/mcp", stateless_http=True)
    async with (
        running(app) as live,
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: live}), timeout=HANG) as http,
        McpClient(URL, name="foreign", http=http) as client,
    ):
        with anyio.fail_after(HANG), pytest.raises(ToolFailed) as caught:
            await client.call_tool("broken")
    assert (caught.value.code, caught.value.tool_text) == (None, "Error executing tool broken")


async def test_an_unknown_tool_is_a_protocol_error_and_the_client_goes_on() -> None:
    async with house() as home, home.client() as client:
        with anyio.fail_after(HANG):
            with pytest.raises(McpProtocolError, match="-32602"):
                await client.call_tool("no_such_tool")
            assert (await client.call_tool("whoami")).text


@ERAS
async def test_a_slow_tool_ends_in_a_timeout_is_cancelled_and_the_client_goes_on(era: str) -> None:
    waiting = Waiting()
    async with house(server=library(waiting, timeout=3 * HANG)) as home, home.client(mode=era, timeout=HANG) as client:
        with anyio.fail_after(2 * HANG):
            await client.call_tool("whoami")
            call = asyncio.create_task(client.call_tool("wait"))
            await waiting.started.wait()
            skip(HANG)  # just when the tool starts: the head of an answer may have come, or may not
            with pytest.raises(McpTimeout, match="60 seconds"):
                await call
            await waiting.cancelled.wait()
            assert (await client.call_tool("whoami")).text


@ERAS
async def test_a_cancelled_call_is_cancelled_at_the_server_and_leaves_other_calls_alone(era: str) -> None:
    waiting = Waiting()
    async with house(server=library(waiting)) as home, home.client(mode=era) as client:
        with anyio.fail_after(HANG):
            first = asyncio.create_task(client.call_tool("wait"))
            await waiting.started.wait()
            waiting.started.clear()
            second = asyncio.create_task(client.call_tool("wait"))
            await waiting.started.wait()
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            await waiting.cancelled.wait()
            waiting.release.set()
            assert (await second).text == "no books"


async def test_a_caller_cancelled_while_the_connection_is_made_leaves_it_to_the_others() -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()
    async with running(app_for({"/loans/mcp": (library(), NoAuth())})) as live:

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            asked.set()
            await go_on.wait()
            await live(scope, receive, send)

        async with (
            httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: slow}), timeout=HANG) as http,
            McpClient(URL, name="loans", http=http) as client,
        ):
            with anyio.fail_after(HANG):
                first = asyncio.create_task(client.list_tools())
                await asked.wait()
                second = asyncio.create_task(client.call_tool("whoami"))
                await anyio.lowlevel.checkpoint()
                first.cancel()
                go_on.set()
                with pytest.raises(asyncio.CancelledError):
                    await first
                assert (await second).text


async def test_five_calls_run_at_the_same_time_over_one_connection() -> None:
    waiting = Waiting()
    async with house(server=library(waiting)) as home, home.client() as client:
        with anyio.fail_after(HANG):
            calls = [asyncio.create_task(client.call_tool("wait")) for _ in range(5)]
            while waiting.running < 5:
                waiting.started.clear()
                await waiting.started.wait()
            waiting.release.set()
            await asyncio.gather(*calls)
    assert waiting.most == 5


async def test_a_server_that_is_down_is_unreachable_and_usable_once_it_is_up() -> None:
    switch = Switch()
    async with (
        httpx2.AsyncClient(transport=switch, timeout=HANG) as http,
        McpClient(URL, name="loans", http=http) as client,
    ):
        with anyio.fail_after(HANG):
            with pytest.raises(McpUnreachable) as caught:
                await client.call_tool("whoami")
            assert "loans" in str(caught.value)
            assert "that it runs" in str(caught.value)
            async with running(app_for({"/loans/mcp": (library(), NoAuth())})) as live:
                switch.apps[ORIGIN] = live
                assert (await client.call_tool("whoami")).text
            switch.apps.clear()
            with pytest.raises(McpUnreachable):
                await client.call_tool("whoami")
            async with running(app_for({"/loans/mcp": (library(), NoAuth())})) as live:
                switch.apps[ORIGIN] = live
                assert (await client.call_tool("whoami")).text


async def test_a_server_with_sessions_that_was_restarted_is_connected_again() -> None:
    switch = Switch()
    async with (
        httpx2.AsyncClient(transport=switch, timeout=HANG) as http,
        McpClient(URL, name="loans", http=http, mode="legacy") as client,
    ):
        with anyio.fail_after(HANG):
            for _ in range(2):
                async with running(library().mcp.streamable_http_app(streamable_http_path="/loans/mcp")) as live:
                    switch.apps[ORIGIN] = app = Counting(live)
                    assert (await client.call_tool("whoami")).text
                    assert any("mcp-session-id" in headers for headers in app.headers)


async def test_a_broken_connection_is_repeated_for_a_tool_that_only_reads() -> None:
    async with house() as home, home.client() as client:
        with anyio.fail_after(HANG):
            await client.list_tools()
            home.app.fail_next = [httpx2.RemoteProtocolError("gone")]
            assert (await client.call_tool("whoami")).text


async def test_a_broken_connection_is_not_repeated_for_a_tool_that_writes_and_the_client_goes_on() -> None:
    waiting = Waiting()
    async with house(server=library(waiting)) as home, home.client() as client:
        with anyio.fail_after(HANG):
            await client.list_tools()
            home.app.fail_next = [httpx2.RemoteProtocolError("gone")]
            with pytest.raises(McpUnreachable, match="RemoteProtocolError"):
                await client.call_tool("wait")
            assert waiting.most == 0
            assert (await client.call_tool("whoami")).text


async def test_a_broken_request_leaves_a_call_that_runs_beside_it_alone() -> None:
    waiting = Waiting()
    async with house(server=library(waiting)) as home, home.client() as client:
        with anyio.fail_after(HANG):
            await client.list_tools()
            running_call = asyncio.create_task(client.call_tool("wait"))
            await waiting.started.wait()
            home.app.fail_next = [httpx2.ReadError("gone"), httpx2.ReadError("gone")]
            with pytest.raises(McpUnreachable):
                await client.call_tool("wait")
            waiting.release.set()
            assert (await running_call).text == "no books"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (httpx2.Response(500, content=b"CANARY"), McpUnreachable),
        (httpx2.Response(503), McpUnreachable),
        (httpx2.Response(404, content=b"CANARY"), McpProtocolError),
        (httpx2.Response(200, content=b"CANARY", headers={"content-type": "text/html"}), McpProtocolError),
        (httpx2.Response(200, content=b"CANARY", headers={"content-type": "application/json"}), McpProtocolError),
        (httpx2.Response(200, content=b"data: CANARY\n\n", headers={"content-type": "text/event-stream"}), McpError),
        (httpx2.Response(202), McpProtocolError),
        (httpx2.Response(302, headers={"location": "https://evil.example/CANARY"}), McpProtocolError),
        (httpx2.Response(401, headers={"www-authenticate": "Bearer"}), McpAuthRequired),
        (httpx2.Response(403), McpAuthRequired),
    ],
    ids=lambda value: str(value.status_code) if isinstance(value, httpx2.Response) else "",
)
async def test_an_answer_that_is_not_mcp_is_a_typed_error_without_its_content(
    response: httpx2.Response, expected: type[McpError]
) -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(response.status_code, content=response.content, headers=response.headers)

    async with answering(answer) as client:
        with pytest.raises(expected) as caught:
            await client.call_tool("whoami")
    assert "CANARY" not in f"{caught.value}{caught.value!r}"


class Breaking(httpx2.AsyncByteStream):
    """An event stream that breaks, or grows without an end."""

    def __init__(self, *, endless: bool) -> None:
        self.endless = endless

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b": ping\n\n"
        while self.endless:
            yield b": ping\n\n" * 1000
            await anyio.lowlevel.checkpoint()
        raise httpx2.ReadError("CANARY")


@pytest.mark.parametrize(("endless", "expected"), [(False, McpUnreachable), (True, McpProtocolError)])
async def test_an_event_stream_that_breaks_or_never_ends_fails_its_call_only(
    endless: bool, expected: type[McpError]
) -> None:
    inner = paging(1, 1)

    async def answer(request: httpx2.Request) -> httpx2.Response:
        if json.loads(request.content)["method"] != "tools/call":
            return await inner(request)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Breaking(endless=endless))

    async with answering(answer) as client:
        with pytest.raises(expected) as caught:
            await client.call_tool("tool_0_0")
        assert len(await client.list_tools()) == 1
    assert "CANARY" not in str(caught.value)


async def test_a_server_that_cannot_agree_on_a_version_is_a_protocol_error() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        call = json.loads(request.content)
        error = {"code": -32022, "message": "CANARY", "data": {"supported": ["2030-01-01"], "requested": "x"}}
        return httpx2.Response(400, json={"jsonrpc": "2.0", "id": call["id"], "error": error})

    async with answering(answer) as client:
        with pytest.raises(McpProtocolError, match="no protocol version") as caught:
            await client.list_tools()
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("response", "said"),
    [(httpx2.Response(404), "it answered HTTP 404"), (httpx2.Response(200, html="<html>"), "its answer is not MCP")],
    ids=["nothing there", "a web page"],
)
async def test_an_address_where_no_mcp_server_is_says_so(response: httpx2.Response, said: str) -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(response.status_code, content=response.content, headers=response.headers)

    async with answering(answer) as client:
        with pytest.raises(McpProtocolError, match=f"{said}.*Check the address"):
            await client.list_tools()


async def test_closing_while_the_connection_is_made_ends_the_call() -> None:
    asked = asyncio.Event()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with answering(answer) as client:
        call = asyncio.create_task(client.list_tools())
        await asked.wait()
        await client.aclose()
        with pytest.raises(McpUnreachable, match="closed"):
            await call


@pytest.mark.parametrize("failure", [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ReadError, httpx2.ReadTimeout])
async def test_a_failed_connection_is_a_typed_error(failure: type[httpx2.TransportError]) -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        raise failure("CANARY")

    async with answering(answer) as client:
        with pytest.raises(McpTimeout if failure is httpx2.ReadTimeout else McpUnreachable) as caught:
            await client.list_tools()
    assert "CANARY" not in str(caught.value)


async def test_a_server_that_never_answers_ends_in_a_timeout() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with answering(answer, timeout=0.05) as client:
        with pytest.raises(McpTimeout):
            await client.call_tool("whoami")


def paging(pages: int, tools: int) -> Answer:
    """A modern server whose list of tools has pages."""

    async def answer(request: httpx2.Request) -> httpx2.Response:
        call = json.loads(request.content)
        page = int(call["params"].get("cursor") or 0)
        result: dict[str, object] = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        if call["method"] == "server/discover":
            result |= {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
        else:
            names = [f"tool_{page}_{number}" for number in range(tools)]
            result["tools"] = [{"name": name, "inputSchema": {"type": "object"}} for name in names]
            if page + 1 < pages:
                result["nextCursor"] = str(page + 1)
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": call["id"], "result": result})

    return answer


async def test_all_pages_of_a_list_are_read() -> None:
    async with answering(paging(3, 2)) as client:
        assert [tool.name for tool in await client.list_tools()] == [
            f"tool_{page}_{number}" for page in range(3) for number in range(2)
        ]


@pytest.mark.parametrize(("pages", "tools", "why"), [(51, 1, "50 pages"), (3, 501, "1000 tools")])
async def test_a_list_without_an_end_is_refused(pages: int, tools: int, why: str) -> None:
    async with answering(paging(pages, tools)) as client:
        with pytest.raises(McpProtocolError, match=why):
            await client.list_tools()


@ERAS
async def test_an_answer_larger_than_the_limit_is_refused(era: str) -> None:
    async with house() as home, home.client(mode=era, answer_limit=100) as client:
        with anyio.fail_after(HANG), pytest.raises(McpProtocolError, match="larger than 100 bytes"):
            await client.list_tools()


async def test_an_answer_that_does_not_fit_the_tools_schema_is_refused_without_its_content() -> None:
    inner = paging(1, 0)

    async def answer(request: httpx2.Request) -> httpx2.Response:
        call = json.loads(request.content)
        if call["method"] == "server/discover":
            return await inner(request)
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        result: dict[str, object] = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        if call["method"] == "tools/list":
            result["tools"] = [{"name": "count", "inputSchema": {"type": "object"}, "outputSchema": schema}]
        else:
            result |= {"content": [], "structuredContent": {"n": "CANARY"}}
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": call["id"], "result": result})

    async with answering(answer) as client:
        with pytest.raises(McpProtocolError) as caught:
            await client.call_tool("count")
    assert "CANARY" not in f"{caught.value}{caught.value.__cause__}"


async def test_closing_ends_calls_that_run_and_refuses_new_ones() -> None:
    waiting = Waiting()
    async with house(server=library(waiting)) as home:
        client = home.client()
        with anyio.fail_after(HANG):
            call = asyncio.create_task(client.call_tool("wait"))
            await waiting.started.wait()
            await client.aclose()
            with pytest.raises(McpUnreachable):
                await call
            await waiting.cancelled.wait()
            with pytest.raises(McpUnreachable, match="closed"):
                await client.list_tools()
            await client.aclose()


async def test_a_client_that_was_never_used_closes_without_a_request() -> None:
    async with house() as home:
        async with home.client():
            pass
        assert home.app.paths == []


async def test_the_trace_of_the_caller_travels_with_the_call_and_spans_name_server_and_tool() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    spans: list[tracing.SpanRecord] = []
    async with house(BearerAuth("right-token")) as home, home.client(BearerToken("right-token")) as client:
        with anyio.fail_after(HANG), tracing.listen(spans.append), tracing.continued({"traceparent": parent}):
            await client.call_tool("whoami")
    sent = [headers["traceparent"] for headers in home.app.headers]
    assert sent
    assert all("0af7651916cd43dd8448eb211c80319c" in value for value in sent)
    call = next(span for span in spans if span.name == "mcp.call")
    assert call.attributes == {
        "mcp.server.name": "loans",
        "mcp.tool.name": "whoami",
        "server.address": "127.0.0.1",
        "agentkit.authorization": "bearer",
        "http.response.status_code": 200,
    }
    assert [span.name for span in spans if span.name == "mcp.tool"] == ["mcp.tool"]


@pytest.mark.parametrize("header", ["X-API-Key", "X-Ward-Key"])
async def test_a_key_travels_in_its_own_header_and_opens_a_server_with_keys(header: str) -> None:
    key = "key-of-the-ward-1"
    async with house(ApiKeyAuth({"ward": key}, header=header)) as home:
        async with home.client(ApiKey(key, header)) as client:
            assert '"ward"' in (await client.call_tool("whoami")).text
        assert {headers.get(header.lower()) for headers in home.app.headers} == {key}
        assert not any("authorization" in headers for headers in home.app.headers)
        async with home.client(ApiKey("key-of-nobody-1", header)) as client:
            with pytest.raises(McpAuthRequired, match="refused the credential") as caught:
                await client.list_tools()
    assert caught.value.challenge == f'ApiKey header="{header}"'
    assert repr(ApiKey(key, header)) == f"ApiKey(<hidden>, header={header!r})"


@pytest.mark.parametrize("header", ["", "a b", "Host", "content-type", "Mcp-Session-Id", "x:y", "transfer-encoding"])
async def test_a_key_cannot_take_the_place_of_a_header_that_has_a_meaning(header: str) -> None:
    async with httpx2.AsyncClient() as http:
        with pytest.raises(SpecError, match=r"ApiKey\.header"):
            McpClient(URL, name="x", http=http, auth=ApiKey("key", header))
