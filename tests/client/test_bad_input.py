"""Whatever a server answers: a typed error or a tolerant value, no foreign exception, no secret in it (issue 3)."""

from __future__ import annotations

import asyncio
import inspect
import json
import ssl
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.client import AsyncCorti, Corti
from agentkit.credentials import Token
from agentkit.errors import AgentKitError, ConnectionFailed, RequestTimeout
from agentkit.specs import AgentChanges, AgentSpec
from tests.deadline import HANG

# The tests of the parts cover what runs here; a tracer would double the time.
pytestmark = [pytest.mark.anyio, pytest.mark.no_cover]

URL = "http://127.0.0.1:8700"
ACCESS, MCP = "canary-access-5f3a", "canary-mcp-91bc"
AGENT: dict[str, dict[str, Any]] = {
    "v1": {"id": "a-1", "name": "n", "description": "d", "systemPrompt": "", "experts": []},
    "v2": {"id": "agt.1", "name": "n", "visibility": "private", "lifecycle": "persistent", "connectors": []},
}
GENERATIONS = ("v1", "v2")

Call = Callable[[Any, Any], Any]
CALLS: dict[str, Call] = {
    "get": lambda corti, _agent: corti.agents.get("a-1"),
    "list": lambda corti, _agent: corti.agents.list(limit=3).all(),
    "create": lambda corti, _agent: corti.agents.create(AgentSpec(name="n", description="d")),
    "update": lambda corti, _agent: corti.agents.update("a-1", AgentChanges(description="e")),
    "delete": lambda corti, _agent: corti.agents.delete("a-1"),
    "card": lambda _corti, agent: agent.card(),
    "experts": lambda corti, _agent: corti.experts.list(limit=3).all(),
    "send": lambda _corti, agent: agent.send("hi", credentials=[Token("ehr", MCP)]),
    "converse": lambda _corti, agent: agent.conversation(credentials=[Token("ehr", MCP)]).send("hi"),
    "stream": lambda _corti, agent: agent.stream("hi", credentials=[Token("ehr", MCP)]),
    "subscribe": lambda _corti, agent: agent.subscribe("t-1"),
    "task": lambda _corti, agent: agent.task("t-1"),
    "cancel": lambda _corti, agent: agent.cancel("t-1"),
    "context": lambda _corti, agent: agent.context("c-1"),
    "delete context": lambda _corti, agent: agent.delete_context("c-1"),
}
V2_CALLS: dict[str, Call] = {
    "tasks": lambda _corti, agent: agent.tasks(limit=3).all(),
    "usage": lambda _corti, agent: agent.usage(),
    "connectors": lambda _corti, agent: agent.connectors.list(),
    "contexts": lambda corti, _agent: corti.contexts.list(limit=3).all(),
    "traces": lambda corti, _agent: corti.contexts.traces("c-1", limit=3).all(),
    "feedback": lambda corti, _agent: corti.contexts.feedback("c-1", "t-1"),
    "artifact": lambda corti, _agent: corti.contexts.artifact("c-1", "t-1", "x-1"),
    "registry": lambda corti, _agent: corti.experts.get("e-1"),
}
ALL = [
    *(("v1", name, call) for name, call in CALLS.items()),
    *(("v2", name, call) for name, call in (CALLS | V2_CALLS).items()),
]
TELLING = {"send", "converse", "stream"}
"""Those that send the MCP server's credential."""
SOME = [one for one in ALL if one[1] in {"get", "send", "stream"}]

Answerer = Callable[[httpx2.Request], httpx2.Response]


def answering(generation: str, bad: Answerer) -> httpx2.MockTransport:
    """First the agent, then what is bad."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, json=AGENT[generation]) if len(asked) == 1 else bad(request)

    return httpx2.MockTransport(answer)


async def asynchronously(generation: str, call: Call, bad: Answerer) -> object:
    async def rest(_seconds: float) -> None:
        await asyncio.sleep(0)

    transport = answering(generation, bad)
    async with AsyncCorti(base_url=URL, token=ACCESS, transport=transport, generation=generation, sleep=rest) as corti:  # pyright: ignore[reportArgumentType]
        result = call(corti, await corti.agents.get("a-1"))
        if inspect.isawaitable(result):
            return await result
        return [event async for event in result]


def rested(_seconds: float) -> None:
    """No time passes."""


def blocking(generation: str, call: Call, bad: Answerer) -> object:
    transport = answering(generation, bad)
    with Corti(base_url=URL, token=ACCESS, transport=transport, generation=generation, sleep=rested) as corti:  # pyright: ignore[reportArgumentType]
        result = call(corti, corti.agents.get("a-1"))
        return list(result) if inspect.isgenerator(result) or hasattr(result, "__next__") else result


def shown(error: BaseException) -> str:
    """Everything of an error that a log may show."""
    chain = "".join(traceback.format_exception(error))
    return f"{chain} {error} {error!r} {error.args} {vars(error)} {error.__cause__!r}"


def outcome(run: Callable[[], object], *hidden: str) -> str:
    """What came of a call; anything but a value and a typed error fails the test."""
    try:
        told, kind = repr(run()), "a value"
    except AgentKitError as error:
        told, kind = shown(error), type(error).__name__
    assert [secret for secret in hidden if secret in told] == []
    return kind


def both(name: str, generation: str, call: Call, bad: Answerer) -> str:
    """Ask both clients, which must agree."""
    hidden = (ACCESS, MCP) if name in TELLING else (ACCESS,)
    one = outcome(lambda: asyncio.run(asynchronously(generation, call, bad)), *hidden)
    other = outcome(lambda: blocking(generation, call, bad), *hidden)
    assert one == other
    return one


def fixed(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answerer:
    return lambda _request: httpx2.Response(status, headers=dict(headers or {}), content=body)


JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream"}
PAGE = f"<html><body>Bad gateway for {ACCESS} and {MCP}</body></html>".encode()
ECHO = f"you sent {ACCESS} with {MCP}"


def dumped(document: object) -> bytes:
    return json.dumps(document).encode()


def rpc(error: object) -> bytes:
    return dumped({"jsonrpc": "2.0", "id": 1, "error": error})


BODIES: list[tuple[str, bytes, dict[str, str]]] = [
    ("nothing", b"", {}),
    ("nothing, said to be JSON", b"", JSON),
    ("a page", PAGE, {"content-type": "text/html"}),
    ("a page, said to be JSON", PAGE, JSON),
    ("half a document", b'{"id": "a', JSON),
    ("no UTF-8", b'"\xff\xfe"', JSON),
    ("NaN", b'{"id": NaN}', JSON),
    ("too deep", b"[" * 50_000, JSON),
    ("a huge number", b'{"id": ' + b"9" * 5000 + b"}", JSON),
    ("half a surrogate", b'{"id": "\\ud800", "name": "\\ud800", "description": ""}', JSON),
    ("a text", b'"hello"', JSON),
    ("null", b"null", JSON),
    ("a list", b"[7, null, {}]", JSON),
    ("an empty object", b"{}", JSON),
    ("v1's error", dumped({"code": "c", "description": ECHO, "howToFix": ECHO}), JSON),
    ("v2's error", dumped({"error": {"code": "C", "message": ECHO, "requestId": ECHO}}), JSON),
    ("A2A's error", dumped({"error": {"code": 5, "status": ECHO, "message": ECHO, "details": [ECHO]}}), JSON),
    ("the core API's error", dumped({"requestid": "r", "status": 1, "type": ECHO, "detail": ECHO}), JSON),
    ("a JSON-RPC error", rpc({"code": -1, "message": ECHO, "data": {ECHO: ECHO}}), JSON),
    ("a JSON-RPC error of a wrong shape", rpc(ECHO), JSON),
    ("an error of wrong types", dumped({"code": [ECHO], "error": [ECHO], "details": ECHO, "cause": ECHO}), JSON),
    ("compressed garbage", b"no gzip", {**JSON, "content-encoding": "gzip"}),
    ("a stream of nothing", b"", EVENTS),
    ("a stream of errors", b"data: " + rpc({"code": -1, "message": ECHO}) + b"\n\n", EVENTS),
    ("a stream of words", f"data: {ECHO}\n\n".encode(), EVENTS),
]


@pytest.mark.parametrize(("body", "headers"), [pytest.param(body, headers, id=name) for name, body, headers in BODIES])
def test_any_body_with_any_status_is_a_value_or_a_typed_error(body: bytes, headers: dict[str, str]) -> None:
    headers = {
        **headers,
        "location": f"https://elsewhere.example.org/?{ACCESS}",
        "www-authenticate": f'Bearer error_description="{ECHO}"',
    }
    for generation, name, call in ALL:
        both(name, generation, call, fixed(200, body, headers))
    for status in (204, 301, 400, 401, 404, 422, 429, 500, 599):
        for generation, name, call in SOME:
            kind = both(name, generation, call, fixed(status, body, headers))
            assert status < 300 or kind != "a value"


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(generation: str, status: int) -> None:
    asked: list[str] = []

    def bad(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(status, headers={"location": "https://elsewhere.example.org/"})

    for name, call in CALLS.items():
        assert both(name, generation, call, bad) == "ApiError"
    assert set(asked) == {"127.0.0.1"}


RAISED: list[tuple[Exception, type[AgentKitError]]] = [
    (httpx2.ConnectError(f"[Errno -2] Name or service not known {ACCESS}"), ConnectionFailed),
    (httpx2.ConnectError(f"[SSL: CERTIFICATE_VERIFY_FAILED] {ACCESS}"), ConnectionFailed),
    (httpx2.ReadError(ACCESS), ConnectionFailed),
    (httpx2.WriteError(ACCESS), ConnectionFailed),
    (httpx2.RemoteProtocolError(ACCESS), ConnectionFailed),
    (httpx2.LocalProtocolError(ACCESS), ConnectionFailed),
    (httpx2.ProxyError(ACCESS), ConnectionFailed),
    (httpx2.DecodingError(ACCESS), ConnectionFailed),
    (httpx2.TooManyRedirects(ACCESS), ConnectionFailed),
    (httpx2.ConnectTimeout(ACCESS), RequestTimeout),
    (httpx2.ReadTimeout(ACCESS), RequestTimeout),
    (httpx2.WriteTimeout(ACCESS), RequestTimeout),
    (httpx2.PoolTimeout(ACCESS), RequestTimeout),
]


@pytest.mark.parametrize(
    ("raised", "error"), RAISED, ids=lambda value: getattr(value, "__name__", type(value).__name__)
)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_connection_that_fails_is_a_transport_error(
    generation: str, raised: Exception, error: type[AgentKitError]
) -> None:
    """CLI-08: names that do not resolve, certificates nobody trusts, broken lines, timeouts."""

    def bad(_request: httpx2.Request) -> httpx2.Response:
        raise raised

    for name, call in CALLS.items():
        assert both(name, generation, call, bad) == error.__name__


async def test_a_server_that_speaks_no_tls_is_a_failed_connection() -> None:
    async def handle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    corti = AsyncCorti(base_url=f"https://127.0.0.1:{port}", token=ACCESS)
    async with server, corti, asyncio.timeout(HANG):
        with pytest.raises(ConnectionFailed) as caught:
            await corti.agents.get("a-1")
    assert "nothing was sent" in str(caught.value)
    assert ACCESS not in shown(caught.value)
    assert not isinstance(caught.value.__cause__, ssl.SSLError)


WISHES = ["2", "0", "-1", "1e400", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", "", "\x00"]


@pytest.mark.parametrize("value", WISHES)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_any_wish_to_wait_is_met_and_the_rate_limit_is_told_at_last(generation: str, value: str) -> None:
    """CLI-07."""
    headers = {"retry-after": value, "x-ratelimit-reset": value}
    for name in ("get", "send", "stream"):
        assert both(name, generation, CALLS[name], fixed(429, b"", headers)) == "RateLimitedError"


# Anything at all.

words = st.sampled_from(
    [ACCESS, MCP, "task", "message", "completed", "TASK_STATE_WORKING", "unheard-of", "", "agent", "text", "user"]
)
leaves = st.one_of(st.none(), st.booleans(), st.integers(-1, 2**70), st.floats(allow_nan=False), words)
NAMES = (
    *("id", "name", "description", "kind", "status", "state", "task", "message", "parts", "text", "artifacts"),
    *("error", "code", "details", "cause", "experts", "connectors", "agents", "tasks", "contextId", "history"),
    *("result", "metadata", "artifactId", "jsonrpc", "statusUpdate", "artifactUpdate", "taskId", "messageId"),
    *("nextPageToken", "role", "data", "howToFix", "reason", "type", "mcpServers", "systemPrompt", "contexts"),
)
keys = st.sampled_from([*NAMES, ACCESS])
documents: st.SearchStrategy[object] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6), max_leaves=20
)


@settings(max_examples=150)
@given(
    st.sampled_from(ALL),
    st.sampled_from([200, 200, 200, 201, 307, 400, 401, 404, 422, 429, 500]),
    documents,
    st.sampled_from(["application/json", "text/event-stream", "text/html", ""]),
)
def test_arbitrary_documents_bring_a_value_or_a_typed_error(
    called: tuple[str, str, Call], status: int, document: object, media_type: str
) -> None:
    generation, name, call = called
    body = json.dumps(document)
    content = f"data: {body}\n\n" if media_type == "text/event-stream" else body
    both(name, generation, call, fixed(status, content.encode(), {"content-type": media_type}))


@settings(max_examples=60)
@given(st.sampled_from(ALL), st.sampled_from([200, 400, 500]), st.binary(max_size=60), st.booleans())
def test_arbitrary_bytes_bring_a_value_or_a_typed_error(
    called: tuple[str, str, Call], status: int, body: bytes, is_stream: bool
) -> None:
    generation, name, call = called
    media_type = "text/event-stream" if is_stream else "application/json"
    both(name, generation, call, fixed(status, body, {"content-type": media_type}))


def test_the_search_finds_a_secret_that_is_there() -> None:
    with pytest.raises(AssertionError):
        outcome(lambda: ECHO, ACCESS)
