"""What goes wrong becomes a typed error: odd bodies, redirects, size, time, broken connections (issue 3, bad input)."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import httpx2
import pytest

from agentkit.client import AsyncCorti, Corti
from agentkit.errors import (
    ApiError,
    BadGatewayError,
    ConfigurationError,
    ConflictError,
    ConnectionFailed,
    ForbiddenError,
    NotFoundError,
    RequestTimeout,
    SpecError,
    UnauthorizedError,
    WireError,
)
from agentkit.testing.asgi import ASGITransport
from tests.client.conftest import URL
from tests.client.connecting import Connect
from tests.contract.corti_double import Answer, CortiDouble, Gate, redirect
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncGenerator[str]:
    """A real socket, for what only a real connection does."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, UnauthorizedError), (403, ForbiddenError), (404, NotFoundError), (409, ConflictError), (418, ApiError)],
)
@pytest.mark.parametrize("body", [b"", b"<html>canary</html>", b"[1]", b'"text"', b"\xff", b'{"code": 1}', b"{"])
async def test_an_error_without_a_readable_body_still_has_the_class_of_its_status(
    connect: Connect, double: CortiDouble, status: int, error: type[ApiError], body: bytes, agent_id: str
) -> None:
    double.inject(Answer(status, body, {"content-type": "text/html"}))
    async with connect() as corti:
        with pytest.raises(error) as caught:
            await corti.agents.get(agent_id)
    assert (caught.value.status, caught.value.code) == (status, None)
    assert "canary" not in str(caught.value)


async def test_an_error_page_of_a_proxy_is_named_as_such(connect: Connect, double: CortiDouble, agent_id: str) -> None:
    double.inject(Answer(502, "<h1>canary</h1>", {"content-type": "text/html"}), times=3)
    async with connect() as corti:
        with pytest.raises(BadGatewayError, match="text/html"):
            await corti.agents.get(agent_id)


async def test_a_redirect_is_not_followed(connect: Connect, double: CortiDouble, agent_id: str) -> None:
    double.inject(redirect("https://elsewhere.example/agents", 307))
    async with connect() as corti:
        with pytest.raises(ApiError, match="redirects are not followed") as caught:
            await corti.agents.get(agent_id)
    assert caught.value.status == 307
    assert len(double.calls) == 1


async def test_an_answer_without_news_is_no_redirect(connect: Connect, double: CortiDouble, agent_id: str) -> None:
    double.inject(Answer(304))
    async with connect() as corti:
        with pytest.raises(ApiError, match="HTTP 304: the answer is no JSON error but empty"):
            await corti.agents.get(agent_id)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b""),
        Answer(200, "<p>hello", {"content-type": "text/html"}),
        Answer(200, []),
        Answer(200, {"id": 1}),
        Answer(200, b'{"id": NaN}'),
        Answer(200, b"[" * 100_000),
    ],
)
async def test_a_success_that_cannot_be_read_is_a_wire_error(
    connect: Connect, double: CortiDouble, answer: Answer, agent_id: str
) -> None:
    double.inject(answer)
    async with connect() as corti:
        with pytest.raises(WireError):
            await corti.agents.get(agent_id)


async def test_a_page_in_place_of_an_answer_names_the_settings_of_the_address(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    double.inject(Answer(200, "<html>canary</html>", {"content-type": "text/html"}))
    async with connect() as corti:
        with pytest.raises(WireError, match=r"text/html.*CORTI_BASE_URL") as caught:
            await corti.agents.get(agent_id)
    assert "canary" not in str(caught.value)


def _large(length: str | None) -> Callable[[httpx2.Request], httpx2.Response]:
    bomb = gzip.compress(b" " * (33 * 1024 * 1024))

    def answer(request: httpx2.Request) -> httpx2.Response:
        if length is not None:
            return httpx2.Response(200, headers={"content-length": length}, stream=httpx2.ByteStream(b"{}"))
        return httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=httpx2.ByteStream(bomb))

    return answer


@pytest.mark.parametrize("length", ["33554433", None])
async def test_an_answer_above_32_mib_is_not_read(length: str | None) -> None:
    async with AsyncCorti(base_url=URL, token="t", transport=httpx2.MockTransport(_large(length))) as corti:
        with pytest.raises(WireError, match="32 MiB") as caught:
            await corti.agents.get("any")
    assert caught.value.reason == "size"


@pytest.mark.parametrize("length", ["33554433", None])
def test_an_answer_above_32_mib_is_not_read_by_the_blocking_client(length: str | None) -> None:
    corti = Corti(base_url=URL, token="t", transport=httpx2.MockTransport(_large(length)))
    with corti, pytest.raises(WireError, match="32 MiB"):
        corti.agents.get("any")


async def test_what_json_cannot_carry_is_refused_before_sending(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    async with connect() as corti:
        agent = await corti.agents.get(agent_id)
        for wrong in ("\ud800", float("nan")):
            with pytest.raises(WireError, match="body"):
                await agent.send("hi", data=[{"a": wrong}])
    assert len(double.calls) == 1


async def test_what_has_no_encoding_is_refused_before_sending(connect: Connect, double: CortiDouble) -> None:
    async with connect() as corti:
        with pytest.raises(SpecError, match="agent_id: is no id"):
            await corti.agents.get("\ud800")
        with pytest.raises(SpecError, match="lang: holds half a surrogate pair"):
            await corti.templates.list(languages=["da", "\ud800"])
    assert double.calls == []


async def test_a_server_that_is_not_there_is_named_without_its_path() -> None:
    async with serving(_hang_up) as url:
        pass
    with anyio.fail_after(HANG):
        async with AsyncCorti(base_url=url, token="canary-token") as corti:
            with pytest.raises(ConnectionFailed, match=url) as caught:
                await corti.agents.get("any")
    assert "canary-token" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert "nothing was sent" in str(caught.value)


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    return


async def _cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()


async def _nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"canary says hello\r\n\r\n")
    await writer.drain()


async def _bad_compression(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\ncanary")
    await writer.drain()


@pytest.mark.parametrize("handler", [_hang_up, _cut, _nonsense, _bad_compression])
async def test_a_broken_answer_is_a_failed_connection(handler: Handler) -> None:
    with anyio.fail_after(HANG):
        async with serving(handler) as url, AsyncCorti(base_url=url, token="t") as corti:
            with pytest.raises(ConnectionFailed) as caught:
                await corti.agents.get("any")
    assert "canary" not in str(caught.value)
    assert "is unknown" in str(caught.value)


async def test_a_silent_or_dripping_server_runs_into_the_time_limit() -> None:
    release = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not release.is_set():
            writer.write(b" ")
            await writer.drain()
            try:
                await asyncio.wait_for(release.wait(), 0.005)
            except TimeoutError:
                continue

    with anyio.fail_after(HANG):
        async with serving(drip) as url, AsyncCorti(base_url=url, token="t", timeout=0.05) as corti:
            with pytest.raises(RequestTimeout, match="timeout="):
                await corti.agents.get("any")
            release.set()


async def test_a_closed_client_says_so(connect: Connect, agent_id: str) -> None:
    corti = connect()
    async with corti:
        agent = await corti.agents.get(agent_id)
    with pytest.raises(ConnectionFailed, match="closed"):
        await agent.send("hi")
    await corti.aclose()


async def test_a_call_that_rests_while_its_client_is_closed_sends_nothing_more(
    double: CortiDouble, agent_id: str
) -> None:
    resting, go = asyncio.Event(), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        resting.set()
        await go.wait()

    double.inject(Answer(503))
    corti = AsyncCorti(base_url=URL, token=double.token(), transport=ASGITransport(double.app), sleep=sleep)
    call = asyncio.create_task(corti.agents.get(agent_id))
    with anyio.fail_after(HANG):
        await resting.wait()
        await corti.aclose()
        go.set()
        with pytest.raises(ConnectionFailed, match="closed"):
            await call
    assert len(double.calls) == 1


async def test_a_call_that_waits_for_its_token_while_its_client_is_closed_says_so(
    connect: Connect, double: CortiDouble, agent_id: str
) -> None:
    double.token_gate = gate = Gate()
    corti = connect()
    call = asyncio.create_task(corti.agents.get(agent_id))
    with anyio.fail_after(HANG):
        await gate.reached()
        closing = asyncio.create_task(corti.aclose())
        with pytest.raises(ConnectionFailed, match="closed"):
            await call
        gate.open()
        await closing


def test_a_client_of_another_event_loop_says_so(connect: Connect, agent_id: str) -> None:
    corti = connect()

    async def use() -> None:
        await corti.agents.get(agent_id)

    asyncio.run(use())
    with pytest.raises(ConfigurationError, match="one client per event loop"):
        asyncio.run(use())


async def test_a_proxy_that_is_no_address_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "canary://user:secret@host")
    async with AsyncCorti(environment="eu", token="t") as corti:
        with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
            await corti.agents.get("any")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("is_blocking", [False, True])
async def test_calls_go_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, *, is_blocking: bool
) -> None:
    body = b'{"id":"a","name":"n","description":"d","systemPrompt":""}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    # No name server knows this host, so only the proxy can answer.
    url = "http://platform.invalid"

    def get() -> str:
        with Corti(base_url=url, token="t", allow_http=True) as corti:
            return corti.agents.get("a").name

    with anyio.fail_after(HANG):
        async with serving(answer) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy)
            if is_blocking:
                assert await anyio.to_thread.run_sync(get) == "n"
            else:
                async with AsyncCorti(base_url=url, token="t", allow_http=True) as corti:
                    assert (await corti.agents.get("a")).name == "n"


async def test_first_calls_at_once_open_one_client_and_a_cancelled_one_leaves_it_to_the_others() -> None:
    body = b'{"id":"a","name":"n","description":"d","systemPrompt":""}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    with anyio.fail_after(HANG):
        async with serving(answer) as url, AsyncCorti(base_url=url, token="t") as corti:
            first, *others = (asyncio.create_task(corti.agents.get("a")) for _ in range(3))
            await anyio.lowlevel.checkpoint()
            first.cancel()
            assert [agent.id for agent in await asyncio.gather(*others)] == ["a", "a"]
            await asyncio.wait([first])
    assert first.cancelled()
