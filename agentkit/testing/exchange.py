"""One request to an ASGI app in a task of its own; `agentkit.testing.asgi` puts the HTTP clients in front of it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextvars import Context
from typing import Any, Final, Protocol

ASGIApp = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]
"""An ASGI 3 application; Starlette's own alias fits."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_BUFFERED_CHUNKS: Final = 16
_GRACE: Final = 5.0
_CLIENT_ADDRESS: Final = ("127.0.0.1", 12345)
_INTERNAL_SERVER_ERROR: Final = 500

_log = logging.getLogger("agentkit.testing.asgi")


class AnswerTimeout(Exception):
    """The app sent nothing for as long as the client waits."""


class BrokenAnswer(Exception):
    """The app ended without an answer, or in the middle of one."""


class Url(Protocol):
    """What the URLs of httpx and httpx2 have in common."""

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        ...

    @property
    def host(self) -> str:
        """Without the port."""
        ...

    @property
    def port(self) -> int | None:
        """None for the default."""
        ...

    @property
    def path(self) -> str:
        """Unquoted."""
        ...

    @property
    def raw_path(self) -> bytes:
        """Quoted, with the query."""
        ...

    @property
    def query(self) -> bytes:
        """Quoted."""
        ...


class HeaderList(Protocol):
    """What the headers of httpx and httpx2 have in common."""

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """Names and values."""
        ...


class Request(Protocol):
    """What the requests of httpx and httpx2 have in common."""

    @property
    def method(self) -> str:
        """Upper case."""
        ...

    @property
    def url(self) -> Url:
        """Where to."""
        ...

    @property
    def headers(self) -> HeaderList:
        """With `host`."""
        ...

    @property
    def extensions(self) -> Mapping[str, Any]:
        """Among them `timeout`."""
        ...


class Exchanges:
    """The requests of one transport that still run."""

    def __init__(self, raise_app_exceptions: bool) -> None:
        """Start with none."""
        self._raise = raise_app_exceptions
        self._running: set[asyncio.Task[None]] = set()

    async def begin(self, app: ASGIApp, request: Request, body: AsyncIterator[bytes]) -> Exchange:
        """Call the app and wait for the head of its answer.

        Raises:
            AnswerTimeout: It took longer than the client waits.
            BrokenAnswer: There is no answer.
        """
        timeout = request.extensions.get("timeout", {}).get("read")
        exchange = Exchange(body, is_head=request.method == "HEAD", timeout=timeout, raise_app_exceptions=self._raise)
        task = spawn(app(_scope_of(request), exchange.receive, exchange.send))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(exchange.app_ended)
        try:
            await exchange.begun()
        except BaseException:
            exchange.disconnect()
            raise
        return exchange

    async def close(self) -> None:
        """Wait for all of them for a bounded time, then cancel what is left."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=_GRACE)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_GRACE)


class Exchange:
    """One request and its answer.

    Attributes:
        status: The status of the answer, after `begun`.
        headers: Its headers.
    """

    def __init__(
        self, body: AsyncIterator[bytes], *, is_head: bool, timeout: float | None, raise_app_exceptions: bool
    ) -> None:
        """Hold a request that is not sent yet."""
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._body: AsyncIterator[bytes] | None = body
        self._is_head = is_head
        self._timeout = timeout
        self._raise = raise_app_exceptions
        self._chunks: deque[bytes] = deque()
        self._begun = asyncio.Event()
        self._gone = asyncio.Event()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._complete = False
        self._ended = False
        self._error: BaseException | None = None

    async def receive(self) -> dict[str, Any]:
        """The app asks for the next piece of the request, or waits for the client to go away."""
        if self._body is None or self._gone.is_set():
            await self._gone.wait()
            return {"type": "http.disconnect"}
        chunk = await anext(self._body, None)
        if chunk is None:
            self._body = None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """The app sends a piece of the answer; it waits while the client has not read the earlier ones."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
            if self.status != _INTERNAL_SERVER_ERROR:
                self._begun.set()
            return
        chunk = message.get("body", b"")
        if chunk and not self._is_head:
            await self._put(chunk)
        if not message.get("more_body", False):
            self._complete = True
            self._arrived.set()
            self._gone.set()

    async def _put(self, chunk: bytes) -> None:
        while len(self._chunks) >= _BUFFERED_CHUNKS and not self._gone.is_set():
            self._begun.set()
            self._room.clear()
            await self._room.wait()
        if not self._gone.is_set():
            self._chunks.append(chunk)
            self._arrived.set()

    def app_ended(self, task: asyncio.Task[None]) -> None:
        """The app has returned, failed or been cancelled."""
        self._error = None if task.cancelled() else task.exception()
        if self._error is not None and self._complete and self._begun.is_set():
            _log.error("the app failed behind its answer", exc_info=self._error)
        self._ended = True
        self._begun.set()
        self._arrived.set()
        self._gone.set()

    async def begun(self) -> None:
        """Wait for the head of the answer.

        A 500 is held back until the app has ended: Starlette raises what went wrong behind its error page.

        Raises:
            AnswerTimeout: It took longer than the client waits.
            BrokenAnswer: There is none.
        """
        await self._wait(self._begun)
        if self._error is not None and self._raise:
            raise self._error
        if not self.status and self._error is not None:
            self.status, self._complete = _INTERNAL_SERVER_ERROR, True
            self.headers = [(b"content-type", b"text/plain; charset=utf-8")]
            self._chunks.append(b"Internal Server Error")
        if not self.status:
            raise BrokenAnswer("the app ended without an answer")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body of the answer, piece by piece, as the app sends it.

        Raises:
            AnswerTimeout: A piece took longer than the client waits.
            BrokenAnswer: The app ended in the middle.
        """
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._room.set()
                yield chunk
            if self._complete:
                return
            if self._ended:
                if self._error is not None and self._raise:
                    raise self._error
                raise BrokenAnswer("the app ended in the middle of its answer")
            self._arrived.clear()
            await self._wait(self._arrived)

    def disconnect(self) -> None:
        """The client goes away: wake the app wherever it waits."""
        self._gone.set()
        self._room.set()
        self._chunks.clear()

    async def _wait(self, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await event.wait()
        except TimeoutError:
            raise AnswerTimeout("the app sent nothing in time") from None


def spawn(running: Awaitable[None]) -> asyncio.Task[None]:
    """Run an app in a task without any of the caller's context variables, as if it lived in another process."""

    async def run() -> None:
        await running

    return asyncio.get_running_loop().create_task(run(), context=Context())


def _scope_of(request: Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?", 1)[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port or DEFAULT_PORTS.get(url.scheme, 0)),
        "client": _CLIENT_ADDRESS,
    }
