"""Run ASGI apps under uvicorn: signals never, a clean stop always."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, Protocol, runtime_checkable
from urllib.parse import urlsplit

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from agentkit.cli.address import Address
from agentkit.cli.gathering import Gathered
from agentkit.cli.hosts import KnownHosts
from agentkit.errors import ServeError
from agentkit.oauth.loopback import is_loopback
from agentkit.testing.asgi import ASGIApp, running

GRACE: Final = 5
"""Seconds a server waits for open requests when it stops."""

HEAD_SECONDS: Final = 30.0
"""Seconds in which the head of a request must arrive, counted from the connection or from its first byte."""


@runtime_checkable
class _Finishing(Protocol):
    """An app that can end its answers before its lifespan ends."""

    async def finish(self, grace: float) -> None:
        """End them within about this many seconds."""
        ...


class _Prompt(AutoHTTPProtocol):  # pyright: ignore[reportUntypedBaseClass, reportGeneralTypeIssues]
    """Closes connections that bring no whole head of a request: uvicorn waits for one as long as it takes."""

    _due: asyncio.TimerHandle | None = None
    transport: asyncio.Transport
    cycle: Any

    def connection_made(self, transport: Any) -> None:
        super().connection_made(Gathered(transport))
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if self.transport.get_protocol() is self:
            self.transport.close()

    def _stop(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None


class _Server(uvicorn.Server):
    """Leaves signals to the command that runs it, and tells when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()


@asynccontextmanager
async def serving(apps: Iterable[tuple[Address, ASGIApp]]) -> AsyncGenerator[None]:
    """Serve apps while the block runs; all accept connections when it begins, all have stopped when it is left.

    An error in an app's start-up is raised as it is, so a typed error stays one.
    """
    async with AsyncExitStack() as stack:
        for address, app in apps:
            stack.callback(address.close)
            started = await stack.enter_async_context(running(app))
            await stack.enter_async_context(_listening(address, started, app if isinstance(app, _Finishing) else None))
        yield


@asynccontextmanager
async def _listening(address: Address, app: ASGIApp, finishing: _Finishing | None) -> AsyncGenerator[None]:
    config = uvicorn.Config(
        _guarded(address, app),  # pyright: ignore[reportArgumentType]
        http=_Prompt,
        lifespan="off",
        # Else a request that waits on its connection for another one to end sees what that one was told, its trace too.
        reset_contextvars=True,
        log_config=None,
        access_log=False,
        # Else whoever connects from this machine could say that he is somebody else.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[address.socket]), name=f"serve {address.url}")
    accepting = asyncio.create_task(server.accepting.wait())
    try:
        await asyncio.wait({task, accepting}, return_when=asyncio.FIRST_COMPLETED)
        if not server.accepting.is_set():
            raise ServeError(f"The server at {address.url} ended before it accepted connections.")
        yield
    finally:
        accepting.cancel()
        server.should_exit = True
        # uvicorn waits for answers; the app knows which of them have no end of their own.
        finish = asyncio.create_task(finishing.finish(GRACE - 2)) if finishing else None
        try:
            await _ended(task)
        finally:
            if finish is not None:
                finish.cancel()
                await asyncio.wait({finish})


def _guarded(address: Address, app: ASGIApp) -> ASGIApp:
    """The app as it is to be served there: on this machine's own interface it answers to known names only."""
    if not is_loopback(address.host):
        return app
    return KnownHosts(app, [urlsplit(address.url).hostname or address.host, address.host])


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for the end of a server, which a second interrupt must not cut short: its socket is closed next."""
    interrupted: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            interrupted = error
    if interrupted:
        raise interrupted
    task.result()
