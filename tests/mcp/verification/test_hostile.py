"""Servers that want to keep a verification busy, fill its memory, or get their hands on what it was given."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from agentkit.mcp import OAuthClientCredentials, Verdict, VerificationReport, verify_server
from agentkit.specs import Authorization
from agentkit.testing.asgi import ASGIApp, RoutedTransport
from agentkit.testing.leaks import LeakWatch
from tests.deadline import HANG
from tests.mcp.verification.double import (
    FORECAST,
    ORIGIN,
    SECRET,
    TOKEN,
    URL,
    Answering,
    Double,
    Reply,
    parameter,
    result,
    schema,
)

pytestmark = pytest.mark.anyio


async def verify(app: ASGIApp, **options: Any) -> VerificationReport:
    async with httpx2.AsyncClient(transport=RoutedTransport({ORIGIN: app}), timeout=HANG) as http:
        with anyio.fail_after(HANG):
            return await verify_server(URL, http=http, **options)


@dataclass
class Streaming:
    """Answers without end, until the client goes away."""

    chunk: bytes
    pause: float = 0
    kind: bytes = b"text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.stream, send)
            while (await receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()

    async def stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", self.kind)]})
        while True:
            await send({"type": "http.response.body", "body": self.chunk, "more_body": True})
            await anyio.sleep(self.pause)


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


PING = b'data: {"jsonrpc": "2.0", "id": 1, "method": "ping"}\n\n'


@pytest.mark.parametrize(
    ("app", "says"),
    [
        (Streaming(PING * 1_000), "more than may be read"),
        (Streaming(b" " * 100_000, kind=b"application/json"), "more than may be read"),
        (Streaming(b": still here\n\n", 0.01), "nothing in time"),
        (Streaming(b"x", 0.01, b"application/json"), "nothing in time"),
    ],
    ids=["flood", "huge", "silent-stream", "drip"],
)
async def test_an_answer_without_end_ends(app: ASGIApp, says: str) -> None:
    report = await verify(app, request_timeout=0.5 if "time" in says else HANG)
    assert [(f.check, f.text) for f in report.errors] == [("reach.answer", f"the answer to a handshake was {says}")]


@pytest.mark.parametrize("piece", ["at ", "at a ", "at x (:1", "java.a", "a.py:1", 'File "'])
async def test_a_refusal_that_nearly_is_a_stack_trace_is_looked_through_in_a_moment(piece: str) -> None:
    """A million letters kept an expression busy for an hour, on the event loop, where no time limit holds."""

    def spoil(at: Answering) -> Reply:
        if b"no_such_tool" not in at.asked.body:
            return at.good
        return result({"isError": True, "content": [{"type": "text", "text": piece * (1_000_000 // len(piece))}]})

    report = await verify(Double(spoil=spoil))
    assert report.of("bad.trace")


async def test_a_server_that_never_answers_ends() -> None:
    report = await verify(silent, request_timeout=0.05)
    assert [finding.check for finding in report.errors] == ["reach.answer"]


async def test_a_server_that_is_slow_every_time_ends_with_the_time_limit() -> None:
    class Slow(Double):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            # Less than one request may take, and together more than everything may.
            await asyncio.sleep(0.05)
            await super().__call__(scope, receive, send)

    report = await verify(Slow(), time_limit=0.3)
    assert not report.fit
    assert [finding.text for finding in report.errors] == ["the time for all checks ran out during this one"]
    late = [finding.check for finding in report.findings].index(report.errors[0].check)
    assert {finding.verdict for finding in report.findings[late + 1 :]} == {Verdict.SKIPPED}


async def test_a_compressed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 10_000_000)

    def spoil(at: Answering) -> Reply:
        return Reply(200, bomb, {"content-encoding": "gzip"})

    report = await verify(Double(spoil=spoil))
    assert "compressed" in report.errors[0].text


@pytest.mark.parametrize("path", ["/.well-known/oauth-protected-resource/weather/mcp", "/auth/token"])
async def test_a_compressed_document_is_not_unpacked_either(path: str) -> None:
    bomb = gzip.compress(b" " * 10_000_000)

    def spoil(at: Answering) -> Reply:
        return Reply(200, bomb, {"content-encoding": "gzip"}) if at.asked.path == path else at.good

    report = await verify(
        Double(Authorization.OAUTH2, spoil=spoil),
        auth=Authorization.OAUTH2,
        credential=OAuthClientCredentials("demo", SECRET),
    )
    assert not report.fit


NESTED: dict[str, Any] = {"tools": json.loads("[" * 500 + "]" * 500)}
EXPLODING: dict[str, Any] = {
    f"L{level}": {"type": "object", "properties": {key: {"$ref": f"#/$defs/L{level + 1}"} for key in "ab"}}
    for level in range(30)
} | {"L30": {"type": "string"}}


NONSENSE: list[tuple[list[Any], str | None]] = [
    (
        schema(properties={"city": {"$ref": "#/$defs/L0", "description": "x"}}, **{"$defs": EXPLODING}),
        "schema.size",
    ),
    (schema(properties={str(n): {"$ref": "#"} for n in range(1_000)}), "schema.size"),
    (parameter(**{"$ref": "#/properties/city"}), "schema.recursive"),
    (parameter(type="string", enum=["x" * 300_000]), "schema.valid"),
    ([FORECAST | {"name": f"\x1b[2Jtool{n}"} for n in range(500)], "tools.name"),
    (parameter(type="string", pattern="^(a+)+$"), None),
    ([{"name": 7}, {"name": "x", "inputSchema": []}, "tool", None], "tools.list"),
    ([FORECAST | {"inputSchema": {"type": "object", "required": 5, "properties": 7}}], "schema.valid"),
    ([FORECAST | {"annotations": "yes", "description": 5, "outputSchema": 3}], "schema.output"),
    ([FORECAST | {"inputSchema": FORECAST["inputSchema"] | {"$schema": "https://evil.example/s"}}], None),
]


@pytest.mark.parametrize(
    ("tools", "check"),
    NONSENSE,
    ids=["exploding", "wide", "loop", "huge", "escapes", "pattern", "no-tools", "nonsense", "odd-types", "dialect"],
)
async def test_tools_that_are_nonsense_are_told_in_bounded_time(tools: list[Any], check: str | None) -> None:
    report = await verify(Double(tools=tools), call_safe=True)
    found = {finding.check for finding in (*report.errors, *report.warnings)}
    assert check is None or check in found
    assert len(report.findings) < 300


@pytest.mark.parametrize("body", [{"tools": None}, {"tools": {}}, {}, {"tools": [], "nextCursor": 7}, NESTED])
async def test_lists_that_are_none_are_told(body: dict[str, Any]) -> None:
    def spoil(at: Answering) -> Reply:
        return result(body).to(at.asked) if at.asked.rpc == "tools/list" else at.good

    report = await verify(Double(spoil=spoil))
    assert "tools.list" in {finding.check for finding in report.errors}


async def test_pages_without_end_are_not_read_to_it() -> None:
    pages: list[int] = []

    def spoil(at: Answering) -> Reply:
        if at.asked.rpc != "tools/list":
            return at.good
        pages.append(1)
        tools = [FORECAST | {"name": f"t{len(pages)}"}]
        return result({"tools": tools, "nextCursor": f"c{len(pages)}"}).to(at.asked)

    report = await verify(Double(spoil=spoil))
    assert "tools.pages" in {finding.check for finding in report.errors}
    assert len(pages) <= 160


@pytest.mark.parametrize("auth", [Authorization.BEARER, Authorization.OAUTH2, Authorization.API_KEY])
async def test_what_the_server_was_given_is_in_no_report_and_goes_nowhere_else(auth: Authorization) -> None:
    """The server repeats each credential wherever a report quotes it."""
    issued = f"eyJ{TOKEN}"
    given = {"token": TOKEN} | ({"secret": SECRET} if auth is Authorization.OAUTH2 else {})

    class Echoing(Double):
        def lets_in(self, asked: Any) -> bool:
            if self.auth is Authorization.OAUTH2:
                return asked.authorization == f"Bearer {issued}"
            return super().lets_in(asked)

    def spoil(at: Answering) -> Reply:
        if at.asked.path == "/auth/token":
            body: Any = at.good.body
            if "access_token" in body:
                body["access_token"] = issued
            return at.good
        shown = issued if at.double.auth is Authorization.OAUTH2 else TOKEN
        body = at.good.body
        if at.asked.rpc == "tools/list" and at.good.status == 200:
            long = "x" * 50
            tool = FORECAST | {
                "name": shown,
                "description": f"Send {SECRET}.",
                "inputSchema": {"type": "object", "properties": {f"{long}{shown}": True, SECRET: {"format": shown}}},
            }
            body["result"]["tools"] = [tool]
        if at.asked.rpc == "initialize" and at.good.status == 200:
            body["result"]["protocolVersion"] = shown
        return at.good

    watch = LeakWatch(given)
    double = Echoing(auth, spoil=spoil)
    with watch.logs(), watch.spans():
        report = await verify(watch.traffic("wire", double), auth=auth, credential=double.credential)
    watch.look("report", json.dumps(report.to_json()))
    watch.look("repr", report)
    assert report.of("tools.list")
    outgoing = {place for label in given for place in watch.places(label)} - {"wire: answer body"}
    header = "x-api-key" if auth is Authorization.API_KEY else "authorization"
    allowed = {f"wire: request /weather/mcp header {header}"}
    if auth is Authorization.OAUTH2:
        allowed |= {"wire: request /auth/token header authorization", "wire: request /auth/token body"}
    assert outgoing <= allowed, outgoing
    assert "<hidden>" in json.dumps(report.to_json())


NO_ADDRESSES = ["https://mcp.example/\x01", "https://mcp.example/" + "x" * 70_000, "https://[::1/", "https://a:99999/"]


@pytest.mark.parametrize("address", NO_ADDRESSES, ids=["control", "endless", "half", "port"])
@pytest.mark.parametrize("field", ["authorization_servers", "token_endpoint", "resource_metadata"])
async def test_an_address_that_is_none_is_told(field: str, address: str) -> None:
    def spoil(at: Answering) -> Reply:
        challenge = f'Bearer resource_metadata="{address}", scope="s"'
        if field == "resource_metadata" and at.good.status == 401 and at.asked.path == "/weather/mcp":
            return Reply(401, at.good.body, {"www-authenticate": challenge})
        return at.good

    double = Double(
        Authorization.OAUTH2,
        resource={"authorization_servers": [address]} if field == "authorization_servers" else {},
        issuer={"token_endpoint": address} if field == "token_endpoint" else {},
        spoil=spoil,
    )
    report = await verify(double, auth=double.auth, credential=double.credential)
    assert {finding.group for finding in report.errors} <= {"discovery", "token"}
    assert not report.fit
