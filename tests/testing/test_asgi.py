"""The in-process transports behave like a server, not like a function call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

import anyio
import httpx
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from agentkit.testing.asgi import ASGIApp, ASGITransport, RoutedTransport, httpx_transport, running
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

ORIGIN = "http://app.test"
trace: ContextVar[str] = ContextVar("trace", default="none")


class Feed:
    """An app whose stream is driven by the test."""

    def __init__(self) -> None:
        self.sent = 0
        self.began = anyio.Event()
        self.disconnected = anyio.Event()
        self.go_on = anyio.Event()

    async def stream(self, _request: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                self.began.set()
                yield b"one "
                await self.go_on.wait()
                yield b"two"
            finally:
                self.disconnected.set()

        return StreamingResponse(chunks())

    async def flood(self, _request: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(1000):
                self.sent += 1
                yield b"x" * 1000

        return StreamingResponse(chunks())

    async def echo(self, request: Request) -> Response:
        return Response(await request.body(), headers={"x-query": request.url.query, "x-trace": trace.get()})

    async def boom(self, _request: Request) -> Response:
        raise RuntimeError("broken on purpose")

    async def torn(self, _request: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("torn on purpose")

        return StreamingResponse(chunks())

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/stream", self.stream),
                Route("/flood", self.flood),
                Route("/echo", self.echo, methods=["GET", "POST"]),
                Route("/boom", self.boom),
                Route("/torn", self.torn),
            ]
        )


def http2_client(app: ASGIApp, *, raises: bool = True, seconds: float = HANG) -> httpx2.AsyncClient:
    transport = ASGITransport(app, raise_app_exceptions=raises)
    return httpx2.AsyncClient(transport=transport, base_url=ORIGIN, timeout=seconds)


def http1_client(app: ASGIApp, *, raises: bool = True, seconds: float = HANG) -> httpx.AsyncClient:
    transport = httpx_transport(app, raise_app_exceptions=raises)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, timeout=seconds)


@pytest.mark.parametrize("client_for", [http1_client, http2_client])
async def test_a_chunk_arrives_before_the_app_goes_on(client_for: Callable[[ASGIApp], httpx2.AsyncClient]) -> None:
    feed = Feed()
    with anyio.fail_after(HANG):
        async with client_for(feed.app) as client, client.stream("GET", "/stream") as response:
            chunks = response.aiter_bytes()
            assert await anext(chunks) == b"one "
            assert not feed.disconnected.is_set()
            feed.go_on.set()
            assert [chunk async for chunk in chunks] == [b"two"]


@pytest.mark.parametrize("client_for", [http1_client, http2_client])
async def test_a_client_that_leaves_its_stream_disconnects_the_app(
    client_for: Callable[[ASGIApp], httpx2.AsyncClient],
) -> None:
    feed = Feed()
    with anyio.fail_after(HANG):
        async with client_for(feed.app) as client:
            async with client.stream("GET", "/stream") as response:
                assert await anext(response.aiter_bytes()) == b"one "
            await feed.disconnected.wait()


async def test_a_cancelled_client_disconnects_the_app() -> None:
    feed = Feed()
    with anyio.fail_after(HANG):
        async with http2_client(feed.app) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.get, "/stream")
                await feed.began.wait()
                group.cancel_scope.cancel()
            await feed.disconnected.wait()


async def test_a_slow_reader_slows_the_app_down() -> None:
    feed = Feed()
    with anyio.fail_after(HANG):
        async with http2_client(feed.app) as client, client.stream("GET", "/flood") as response:
            chunks = response.aiter_raw()
            await anext(chunks)
            for _ in range(50):
                await anyio.lowlevel.checkpoint()
            assert feed.sent < 25
            assert sum([len(chunk) async for chunk in chunks]) == 999 * 1000


async def test_a_silent_app_runs_into_the_timeout_of_the_client() -> None:
    with anyio.fail_after(HANG):
        async with http2_client(Feed().app, seconds=0.02) as client:
            with pytest.raises(httpx2.ReadTimeout):
                await client.get("/stream")
        async with http1_client(Feed().app, seconds=0.02) as old_client:
            with pytest.raises(httpx.ReadTimeout):
                await old_client.get("/stream")


async def test_body_query_and_method_reach_the_app_and_context_variables_do_not() -> None:
    trace.set("the client's")

    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    async with http2_client(Feed().app) as client:
        response = await client.post("/echo?x=%20y", content=body())
    assert response.text == "ab"
    assert response.headers["x-query"] == "x=%20y"
    assert response.headers["x-trace"] == "none"


async def test_an_exception_of_the_app_reaches_the_client() -> None:
    async with http2_client(Feed().app) as client:
        with pytest.raises(RuntimeError, match="broken on purpose"):
            await client.get("/boom")
        with pytest.raises(RuntimeError, match="torn on purpose"):
            await client.get("/torn")


async def test_an_exception_of_the_app_becomes_an_answer_when_the_client_asks_for_that() -> None:
    async def bare(_scope: object, _receive: object, _send: object) -> None:
        raise RuntimeError("before any answer")

    async with http2_client(Feed().app, raises=False) as client:
        assert (await client.get("/boom")).status_code == 500
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/torn")
    async with http2_client(bare, raises=False) as client:
        assert (await client.get("/")).status_code == 500


async def test_an_app_that_never_answers_is_a_protocol_error() -> None:
    async def mute(_scope: object, _receive: object, _send: object) -> None:
        return

    async with http2_client(mute) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/")


async def test_requests_go_to_the_app_of_their_origin_and_to_no_other() -> None:
    async def one(_request: Request) -> Response:
        return PlainTextResponse("one")

    async def two(_request: Request) -> Response:
        return PlainTextResponse("two")

    transport = RoutedTransport(
        {
            "http://127.0.0.1:8700": Starlette(routes=[Route("/", one)]),
            "https://two.test": Starlette(routes=[Route("/", two)]),
        }
    )
    async with httpx2.AsyncClient(transport=transport, timeout=HANG) as client:
        assert (await client.get("http://127.0.0.1:8700/")).text == "one"
        assert (await client.get("https://two.test:443/")).text == "two"
        for elsewhere in ("http://127.0.0.1:8701/", "http://two.test/", "https://example.org/"):
            with pytest.raises(httpx2.ConnectError):
                await client.get(elsewhere)


async def test_running_starts_the_lifespan_and_hands_its_state_to_requests() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[dict[str, str]]:
        async with anyio.create_task_group():
            steps.append("started")
            yield {"word": "hello"}
        steps.append("stopped")

    async def word(request: Request) -> Response:
        return PlainTextResponse(request.state.word)

    app = Starlette(routes=[Route("/", word)], lifespan=lifespan)
    with anyio.fail_after(HANG):
        async with running(app) as live, http2_client(live) as client:
            assert (await client.get("/")).text == "hello"
            assert steps == ["started"]
    assert steps == ["started", "stopped"]


async def test_running_raises_what_keeps_the_app_from_starting() -> None:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        raise RuntimeError("no database")
        yield

    with pytest.raises(RuntimeError, match="no database"):
        async with running(Starlette(lifespan=lifespan)):
            pass


async def test_running_gives_up_on_an_app_that_does_not_start() -> None:
    async def stuck(_scope: object, _receive: object, _send: object) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(HANG), pytest.raises(TimeoutError):
        async with running(stuck, limit=0.01):
            pass
