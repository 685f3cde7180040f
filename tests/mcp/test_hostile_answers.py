"""A server that dies, floods, drips or answers nonsense fails one call with a typed error, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp.shared import _otel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import Receive, Scope, Send

from agentkit.errors import McpError, McpProtocolError, McpTimeout, McpUnreachable
from agentkit.mcp import BearerToken, McpClient
from agentkit.testing.asgi import RoutedTransport, running
from agentkit.testing.leaks import LeakWatch
from tests.deadline import HANG, skip
from tests.mcp.doubles import (
    BAD_TOOL,
    GOOD_TOOL,
    Answer,
    Asked,
    Double,
    Modern,
    Recorder,
    begin,
    error_of,
    event,
    more,
    reply,
    result_of,
    text_of,
)
from tests.mcp.library import ORIGIN, URL, Waiting, library

pytestmark = pytest.mark.anyio

TOKEN = "canary-token-5e1f7a93"
CANARY = "CANARY-Zx81-patient-text"
LIMIT = 50_000


@asynccontextmanager
async def served(bad: Answer, *, tools: list[Any] | None = None) -> AsyncGenerator[tuple[McpClient, Double]]:
    """A client of a server whose tool `bad` does what the test wants."""
    double = Double(Modern(bad, tools or [GOOD_TOOL, BAD_TOOL]))
    transport = RoutedTransport({ORIGIN: double}, raise_app_exceptions=False)
    async with (
        httpx2.AsyncClient(transport=transport, timeout=HANG) as http,
        McpClient(URL, name="loans", http=http, auth=BearerToken(TOKEN), timeout=HANG, answer_limit=LIMIT) as client,
    ):
        with anyio.fail_after(3 * HANG):  # some of the tests put the clock forward
            yield client, double


async def fails(client: McpClient, expected: type[McpError] | tuple[type[McpError], ...], match: str = ".") -> McpError:
    """The typed error of the bad tool; the client is used again, and the error says nothing of the answer."""
    with pytest.raises(expected, match=match) as caught:
        await client.call_tool("bad")
    assert CANARY not in "".join(f"{error}{error!r}{error.args}" for error in chain(caught.value))
    assert (await client.call_tool("good")).text == "fine"
    return caught.value


def chain(error: BaseException | None) -> list[BaseException]:
    """An error and all that it was made from, also where a traceback would not show it."""
    return [error, *chain(error.__cause__), *chain(error.__context__)] if error else []


async def never(asked: Asked, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def dies_at_once(asked: Asked, receive: Receive, send: Send) -> None:
    raise RuntimeError(CANARY)


async def dies_in_the_body(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send)
    await more(send, b'{"jsonrpc":"2.0","id":' + CANARY.encode())
    raise RuntimeError(CANARY)


async def dies_in_the_events(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send, kind="text/event-stream")
    await more(send, b"event: message\r\ndata: {" + CANARY.encode())
    raise RuntimeError(CANARY)


async def dies_after_an_id(asked: Asked, receive: Receive, send: Send) -> None:
    if asked.method == "GET":
        raise RuntimeError(CANARY)
    await begin(send, kind="text/event-stream")
    await more(send, b"id: 7\r\nretry: 1\r\ndata:\r\n\r\n")
    raise RuntimeError(CANARY)


async def ends_without_an_answer(asked: Asked, receive: Receive, send: Send) -> None:
    await reply(send, b": nothing\n\n", kind="text/event-stream")


async def flood(receive: Receive, send: Send, piece: bytes) -> None:
    """Send without an end, as long as somebody listens."""
    async with anyio.create_task_group() as tasks:

        async def listen() -> None:
            await never(Asked("", "", {}, b""), receive, send)
            tasks.cancel_scope.cancel()

        tasks.start_soon(listen)
        while True:
            await more(send, piece)
            await anyio.lowlevel.checkpoint()


async def floods_the_body(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send)
    await flood(receive, send, b" " * 10_000)


async def floods_with_events(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send, kind="text/event-stream")
    await flood(receive, send, b": ping\n\n" * 100)


async def floods_with_notices(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send, kind="text/event-stream")
    notice = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": CANARY}}
    await flood(receive, send, event(json.dumps(notice).encode()))


async def floods_with_one_line(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send, kind="text/event-stream")
    await flood(receive, send, b"x" * 10_000)


def says(body: bytes, **how: Any) -> Answer:
    """The same answer whatever is asked."""

    async def answer(asked: Asked, receive: Receive, send: Send) -> None:
        await reply(send, body, **how)

    return answer


def of(make: Callable[[Asked], bytes], **how: Any) -> Answer:
    """An answer that is made from the request."""

    async def answer(asked: Asked, receive: Receive, send: Send) -> None:
        await reply(send, make(asked), **how)

    return answer


def with_id(number: object) -> Answer:
    def make(asked: Asked) -> bytes:
        return json.dumps({**json.loads(text_of(asked, CANARY)), "id": number}).encode()

    return of(make)


def _error_with_data(asked: Asked) -> bytes:
    error = {"code": -32099, "message": CANARY, "data": {"patient": CANARY}}
    return json.dumps({"jsonrpc": "2.0", "id": asked.call["id"], "error": error}).encode()


deep = b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 100_000

CASES: list[tuple[str, Answer, type[McpError], str]] = [
    ("dies at once", dies_at_once, McpUnreachable, ""),
    ("dies in the body", dies_in_the_body, McpUnreachable, "RemoteProtocolError"),
    ("dies in the events", dies_in_the_events, McpUnreachable, "broke during the call"),
    ("dies after an id", dies_after_an_id, McpUnreachable, ""),
    ("ends without an answer", ends_without_an_answer, McpUnreachable, "broke"),
    ("floods the body", floods_the_body, McpProtocolError, "larger than 50000 bytes"),
    ("floods with events", floods_with_events, McpProtocolError, "larger than 50000 bytes"),
    ("floods with notices", floods_with_notices, McpProtocolError, "larger than 50000 bytes"),
    ("floods with one line", floods_with_one_line, McpProtocolError, "larger than 50000 bytes"),
    ("malformed JSON", says(b"{CANARY"), McpProtocolError, "32700"),
    ("nothing", says(b""), McpProtocolError, ""),
    ("deep JSON", says(deep), McpProtocolError, ""),
    ("a JSON list", says(b"[1, 2]"), McpProtocolError, ""),
    ("a JSON text", says(b'"CANARY"'), McpProtocolError, ""),
    ("HTML", says(b"<html>CANARY</html>", kind="text/html"), McpProtocolError, "neither JSON nor an event stream"),
    ("an image", says(b"\x89PNG", kind="image/png"), McpProtocolError, "neither JSON"),
    ("202", says(b"", status=202), McpProtocolError, "HTTP 202"),
    ("204", says(b"", status=204), McpProtocolError, ""),
    ("418", says(b"CANARY", status=418), McpProtocolError, "HTTP 418"),
    ("500 with much", says(b"CANARY" * 100_000, status=500), McpError, ""),
    ("an answer to nobody", with_id(999), McpProtocolError, "another request"),
    ("an answer without id", with_id(None), McpProtocolError, "another request"),
    ("an answer with a list as id", with_id([1]), McpProtocolError, "another request"),
    ("a notice for an answer", says(b'{"jsonrpc":"2.0","method":"notifications/x"}'), McpProtocolError, "another"),
    ("an answer of another shape", of(lambda a: result_of(a, {"content": CANARY})), McpProtocolError, "does not fit"),
    ("content of no kind", of(lambda a: result_of(a, {"content": [{"type": CANARY}]})), McpProtocolError, "not fit"),
    ("a protocol error", of(lambda a: error_of(a, -32603, CANARY)), McpProtocolError, "-32603"),
    ("the code of a closed connection", of(lambda a: error_of(a, -32000, CANARY)), McpProtocolError, "-32000"),
    ("the code of a time-out", of(lambda a: error_of(a, -32001, CANARY)), McpProtocolError, "-32001"),
    (
        "such a code as event",
        of(lambda a: event(error_of(a, -32000, CANARY)), kind="text/event-stream"),
        McpProtocolError,
        "-32000",
    ),
    ("such a code with 400", of(lambda a: error_of(a, -32000, CANARY), status=400), McpProtocolError, "-32000"),
    ("a code without end", of(lambda a: error_of(a, int("9" * 4000), CANARY)), McpProtocolError, r"protocol error\.$"),
    ("data of an error", of(_error_with_data), McpProtocolError, "-32099"),
    ("an error as event", of(lambda a: event(error_of(a, 1, CANARY)), kind="text/event-stream"), McpProtocolError, ""),
    ("compressed", says(gzip.compress(b"x"), headers={"content-encoding": "gzip"}), McpProtocolError, "compressed"),
    ("a redirect", says(b"", status=307, headers={"location": "https://evil.example/x"}), McpProtocolError, "redir"),
    ("a redirect to itself", says(b"", status=308, headers={"location": URL}), McpProtocolError, "redirects"),
    ("a question", of(lambda a: _question(a)), McpProtocolError, ""),
]


def _question(asked: Asked) -> bytes:
    answer = json.loads(text_of(asked))
    answer["result"] = {"resultType": "input_required", "inputRequests": {}, "requestState": CANARY}
    return json.dumps(answer).encode()


@pytest.mark.parametrize(("bad", "expected", "match"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
async def test_nonsense_is_a_typed_error_of_its_call(bad: Answer, expected: type[McpError], match: str) -> None:
    async with served(bad) as (client, double):
        await fails(client, expected, match or ".")
    assert all(asked.headers["host"] == "127.0.0.1:8701" for asked in double.asked)


@pytest.mark.parametrize(
    "bad",
    [
        of(lambda asked: error_of(asked, -32603, f"{CANARY} {asked.headers['authorization']}")),
        of(lambda asked: event(error_of(asked, 1, CANARY)), kind="text/event-stream"),
        of(lambda asked: error_of(asked, -32602, CANARY), status=400),
        says(b"{" + CANARY.encode()),
        says(b"data: {" + CANARY.encode() + b"\n\n", kind="text/event-stream"),
        of(
            lambda asked: b"event: " + CANARY.encode() + b"\ndata: {}\n\n" + event(error_of(asked, 1, CANARY)),
            kind="text/event-stream",
        ),
        says(b"x", kind=f"text/{CANARY.lower()}"),
        of(lambda asked: error_of(asked, 1, CANARY), headers={"mcp-session-id": f"{TOKEN}{CANARY}"}),
    ],
)
async def test_what_a_server_says_in_its_errors_is_in_no_log_and_no_span(
    bad: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(_otel, "_tracer", provider.get_tracer("mcp-python-sdk"))
    watch = LeakWatch({"canary": CANARY, "canary in a media type": CANARY.lower(), "token": TOKEN})
    with watch.logs(), watch.spans():
        async with served(bad) as (client, _):
            await fails(client, McpProtocolError)
    spans = exporter.get_finished_spans()
    assert spans
    watch.look("SDK spans", [span.to_json() for span in spans])
    assert not watch.sightings


async def drips_the_head(asked: Asked, receive: Receive, send: Send) -> None:
    await never(asked, receive, send)


async def drips_the_body(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send)
    await more(send, b'{"jsonrpc"')
    await never(asked, receive, send)


async def drips_events(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send, kind="text/event-stream")
    await more(send, b": still here\n\n")
    await never(asked, receive, send)


async def drips_half_an_event(asked: Asked, receive: Receive, send: Send) -> None:
    await begin(send, kind="text/event-stream")
    await more(send, b"data: {")
    await never(asked, receive, send)


async def wants_a_long_pause(asked: Asked, receive: Receive, send: Send) -> None:
    await reply(send, b"id: 7\r\nretry: 100000000\r\ndata:\r\n\r\n", kind="text/event-stream")


DRIPS = [drips_the_head, drips_the_body, drips_events, drips_half_an_event, wants_a_long_pause]


@pytest.mark.parametrize("bad", DRIPS, ids=lambda each: each.__name__)
async def test_a_slow_drip_ends_with_the_time_limit_and_its_connection_is_closed(bad: Answer) -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def watched(asked: Asked, receive: Receive, send: Send) -> None:
        begun.set()
        await bad(asked, receive, send)
        gone.set()

    async with served(watched) as (client, _):
        await client.list_tools()
        call = asyncio.create_task(client.call_tool("bad"))
        await begun.wait()
        for _ in range(20):  # what has come is read
            await anyio.lowlevel.checkpoint()
        skip(HANG)
        with pytest.raises(McpTimeout, match="60 seconds"):
            await call
        await gone.wait()
        assert (await client.call_tool("good", timeout=HANG)).text == "fine"


@pytest.mark.parametrize(
    "bad", [floods_the_body, floods_with_events, floods_with_notices], ids=lambda each: each.__name__
)
async def test_floods_leave_nothing_in_memory(bad: Answer) -> None:
    async with served(bad) as (client, _):
        await fails(client, McpProtocolError)
        tracemalloc.start()
        try:
            for _ in range(20):
                await fails(client, McpProtocolError)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(("status", "headers"), [(429, {"retry-after": "0"}), (503, {"retry-after": "0"}), (502, {})])
async def test_a_busy_server_is_asked_once_more_where_that_repeats_nothing(
    status: int, headers: dict[str, str]
) -> None:
    refused: set[str] = set()

    async def busy(asked: Asked, receive: Receive, send: Send) -> None:
        if asked.wants == "tools/call" and asked.call["params"]["name"] not in refused:
            refused.add(asked.call["params"]["name"])
            await reply(send, b"", status=status, headers=headers)
        else:
            await good(asked, receive, send)

    async def answer(asked: Asked, receive: Receive, send: Send) -> None:
        await reply(send, text_of(asked))

    good = Modern(answer)
    double = Double(busy)
    async with (
        httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: double}), timeout=HANG) as http,
        McpClient(URL, name="loans", http=http) as client,
    ):
        assert (await client.call_tool("good")).text == "fine"
        if status == 429:
            assert (await client.call_tool("bad")).text == "fine"
        else:
            with pytest.raises(McpUnreachable, match=f"HTTP {status}"):
                await client.call_tool("bad")


@pytest.mark.parametrize(("value", "said"), [("3600", "in 3600 seconds"), ("soon", "later"), ("9" * 30, "later")])
async def test_a_server_that_is_busy_for_long_is_not_waited_for(value: str, said: str) -> None:
    async with served(says(b"", status=429, headers={"retry-after": value})) as (client, double):
        error = await fails(client, McpUnreachable, "HTTP 429")
        assert error.remedy is not None
        assert said in error.remedy
        asked = [asked for asked in double.asked if asked.wants == "tools/call"]
    assert len(asked) == (2 if value == "3600" else 3)


@asynccontextmanager
async def with_sessions(swallowed: bytes, waiting: Waiting) -> AsyncGenerator[tuple[McpClient, asyncio.Event]]:
    """A client of a server with sessions that answers nothing in whose method or body these bytes are."""
    legacy = library(waiting).mcp.streamable_http_app(streamable_http_path="/loans/mcp")
    stuck = asyncio.Event()
    async with running(legacy) as live:
        passing = Recorder(live)

        async def swallowing(scope: Scope, receive: Receive, send: Send) -> None:
            async def judged(inner: Scope, again: Receive, send: Send) -> None:
                if swallowed in scope["method"].encode() + passing.asked[-1].body:
                    stuck.set()
                    await never(passing.asked[-1], receive, send)
                else:
                    await live(inner, again, send)

            passing.app = judged
            await passing(scope, receive, send)

        async with httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: swallowing}), timeout=HANG) as http:
            client = McpClient(URL, name="loans", http=http, mode="legacy")
            with anyio.fail_after(HANG):
                assert (await client.call_tool("whoami")).text
                yield client, stuck


async def test_the_end_of_a_session_that_is_not_answered_ends_after_a_while() -> None:
    async with with_sessions(b"DELETE", Waiting()) as (client, stuck):
        closing = asyncio.create_task(client.aclose())
        await stuck.wait()
        skip(5)
        await closing


async def test_a_cancellation_that_is_not_answered_holds_no_other_call_up() -> None:
    waiting = Waiting()
    async with with_sessions(b"notifications/cancelled", waiting) as (client, stuck):
        call = asyncio.create_task(client.call_tool("wait"))
        await waiting.started.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await stuck.wait()
        assert (await client.call_tool("whoami")).text
        skip(5)
        await client.aclose()
