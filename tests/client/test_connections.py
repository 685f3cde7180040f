"""What only real connections do: silence before an answer, many at once, closing under a call, another event loop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager, suppress

import anyio
import pytest

from agentkit.client import AsyncCorti, Corti
from agentkit.errors import ConfigurationError, ConnectionFailed, RequestTimeout
from agentkit.models import StatusUpdate
from agentkit.oauth import IssuedToken
from tests.deadline import HANG

AGENT_ID = "7f1c8a52-2f4e-4c57-9a55-0c3c4a0f7a01"
AGENT = {"id": AGENT_ID, "name": "visit-helper", "description": "Answers questions", "systemPrompt": ""}
WORKING: dict[str, object] = {
    "kind": "status-update",
    "taskId": "t",
    "contextId": "c",
    "final": False,
    "status": {"state": "working"},
}

Answer = Callable[[socket.socket], None]


class Peer:
    """Answers what is read at once, and what is sent as a test says; counts its connections, and requests over each."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked = threading.Semaphore(0)
        self.left = threading.Semaphore(0)
        self.requests: list[int] = []
        self._connections: list[socket.socket] = []

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            number = self.connections
            self._connections.append(connection)
            self.requests.append(0)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    @property
    def connections(self) -> int:
        return len(self._connections)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, suppress(OSError):
            lines = connection.makefile("rb")
            while line := lines.readline():
                self.requests[number] += 1
                length = 0
                while (header := lines.readline().lower()).strip():
                    if header.startswith(b"content-length"):
                        length = int(header.partition(b":")[2])
                lines.read(length)
                if line.startswith(b"GET"):
                    body = json.dumps(AGENT).encode()
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
                else:
                    self._answer(connection)
                    self.asked.release()
        self.left.release()


@contextmanager
def peer(answer: Answer) -> Generator[Peer]:
    made = Peer(answer)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join(HANG)


def silent(_connection: socket.socket) -> None:
    """Nothing comes."""


def streaming(connection: socket.socket) -> None:
    """A stream is open, and its agent thinks."""
    event = json.dumps({"jsonrpc": "2.0", "id": "1", "result": WORKING}).encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: " + event + b"\n\n")


def mislabelled(connection: socket.socket) -> None:
    """UTF-8 behind a byte order mark, in the name of another charset."""
    parts = [{"kind": "text", "text": "Bl\u00e5b\u00e6r"}]
    message = {"kind": "message", "role": "agent", "messageId": "m", "parts": parts}
    status = WORKING | {"status": {"state": "working", "message": message}}
    event = json.dumps({"jsonrpc": "2.0", "id": "1", "result": status}, ensure_ascii=False).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=iso-8859-1\r\n\r\n"
    connection.sendall(head + b"\xef\xbb\xbfdata: " + event + b"\n\n")


@pytest.mark.anyio
async def test_a_stream_that_is_never_opened_runs_into_the_time_limit() -> None:
    with peer(silent) as silence, anyio.fail_after(HANG):
        async with AsyncCorti(base_url=silence.url, token="t", timeout=0.3) as corti:
            agent = await corti.agents.get(AGENT_ID)
            async with agent.stream("hi") as events:
                with pytest.raises(RequestTimeout):
                    await anext(aiter(events))


def test_a_stream_that_is_never_opened_runs_into_the_time_limit_of_the_blocking_client() -> None:
    with peer(silent) as silence, Corti(base_url=silence.url, token="t", timeout=0.3) as corti:
        agent = corti.agents.get(AGENT_ID)
        with agent.stream("hi") as events, pytest.raises(RequestTimeout):
            next(iter(events))


@pytest.mark.anyio
async def test_streams_leave_connections_for_other_calls_however_many_they_are() -> None:
    with peer(streaming) as busy, anyio.fail_after(HANG):
        async with AsyncCorti(base_url=busy.url, token="t") as corti, AsyncExitStack() as streams:
            agent = await corti.agents.get(AGENT_ID)
            for _ in range(101):
                events = await streams.enter_async_context(agent.stream("hi"))
                await anext(aiter(events))
            assert (await corti.agents.get(AGENT_ID)).id == AGENT_ID


def test_a_client_of_another_event_loop_can_be_closed_on_its_own_only() -> None:
    with peer(silent) as other:
        corti = AsyncCorti(base_url=other.url, token="t")

        async def use() -> None:
            await corti.agents.get(AGENT_ID)

        with asyncio.Runner() as own:
            own.run(use())
            with ThreadPoolExecutor() as pool, pytest.raises(ConfigurationError, match="another event loop"):
                pool.submit(asyncio.run, corti.aclose()).result(HANG)
            own.run(corti.aclose())
            own.run(corti.aclose())


def test_a_stream_breaks_off_when_another_thread_closes_its_client() -> None:
    with peer(streaming) as busy, ThreadPoolExecutor() as pool:
        pauses: list[float] = []
        corti = Corti(base_url=busy.url, token="t", sleep=pauses.append)
        agent = corti.agents.get(AGENT_ID)
        with agent.stream("hi") as stream:
            events = iter(stream)
            next(events)
            waiting = pool.submit(next, events)
            corti.close()
            with pytest.raises(ConnectionFailed, match="closed"):
                waiting.result(HANG)
    assert pauses == []


@pytest.mark.anyio
async def test_a_stream_breaks_off_when_its_client_is_closed() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    with peer(streaming) as busy, anyio.fail_after(HANG):
        corti = AsyncCorti(base_url=busy.url, token="t", sleep=sleep)
        agent = await corti.agents.get(AGENT_ID)
        async with agent.stream("hi") as stream:
            events = aiter(stream)
            await anext(events)
            waiting = asyncio.ensure_future(anext(events))
            await corti.aclose()
            with pytest.raises(ConnectionFailed, match="closed"):
                await waiting
    assert pauses == []


def test_a_request_under_way_outlives_the_closing_of_its_client_and_leaves_no_connection() -> None:
    asked, release = threading.Event(), threading.Event()

    def held(connection: socket.socket) -> None:
        asked.set()
        release.wait(HANG)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with peer(held) as slow, ThreadPoolExecutor() as pool:
        corti = Corti(base_url=slow.url, token="t")
        deleting = pool.submit(corti.agents.delete, AGENT_ID)
        assert asked.wait(HANG)
        corti.close()
        release.set()
        deleting.result(HANG)
        assert slow.left.acquire(timeout=HANG)
        with pytest.raises(ConnectionFailed, match="closed"):
            corti.agents.delete(AGENT_ID)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork here.")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_shares_no_connection_and_waits_for_no_thread_of_its_parent() -> None:
    """Two processes on one connection read each other's answers, which are about patients."""
    fetching, release, is_held = threading.Event(), threading.Event(), False
    parent = os.getpid()

    def refresh(_: str | None) -> IssuedToken:
        if is_held and os.getpid() == parent:
            fetching.set()
            release.wait(HANG)
        return IssuedToken("t", 1.0)

    with peer(silent) as shared, Corti(base_url=shared.url, refresh=refresh) as corti, ThreadPoolExecutor() as pool:
        corti.agents.get(AGENT_ID)
        is_held = True
        getting = pool.submit(corti.agents.get, AGENT_ID)
        assert fetching.wait(HANG)
        child = os.fork()
        if not child:
            signal.alarm(int(HANG))
            os._exit(0 if corti.agents.get(AGENT_ID).id == AGENT_ID else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        before, *others = shared.requests
        assert before == 1
        assert sum(others) >= 1
        release.set()
        assert getting.result(HANG).id == AGENT_ID


@pytest.mark.anyio
async def test_a_stream_is_utf_8_whatever_it_says_of_itself() -> None:
    """WHATWG HTML, section 9.2.5: server-sent events are always UTF-8, and one byte order mark is taken off."""
    with peer(mislabelled) as server, anyio.fail_after(HANG):
        async with AsyncCorti(base_url=server.url, token="t", binding="JSONRPC") as corti:
            agent = await corti.agents.get(AGENT_ID)
            async with agent.stream("hi") as events:
                event = await anext(aiter(events))
        assert isinstance(event, StatusUpdate)
        assert event.status.message is not None
        assert event.status.message.text == "Bl\u00e5b\u00e6r"


@pytest.mark.anyio
async def test_a_callback_brings_no_token_for_a_call_of_a_closed_client() -> None:
    asked: list[str | None] = []
    resting, go = asyncio.Event(), asyncio.Event()

    async def refresh(refresh_token: str | None) -> IssuedToken:
        asked.append(refresh_token)
        return IssuedToken("t", 1.0)

    async def sleep(_: float) -> None:
        resting.set()
        await go.wait()

    def busy(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n")

    with peer(busy) as server, anyio.fail_after(HANG):
        corti = AsyncCorti(base_url=server.url, refresh=refresh, sleep=sleep)
        deleting = asyncio.ensure_future(corti.agents.delete(AGENT_ID))
        await resting.wait()
        await corti.aclose()
        go.set()
        with pytest.raises(ConnectionFailed, match="closed"):
            await deleting
    assert asked == [None]
