"""Serve one client over stdin and stdout (MCP-AUTH-09: whoever starts the process may call it).

The wire is one JSON message per line. While a server runs, file descriptor 1 and `sys.stdout` lead to stderr and
descriptor 0 to nothing, so neither a `print` of a tool nor a child process can spoil or steal a message.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, contextmanager, redirect_stdout, suppress
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, jsonrpc_message_adapter
from pydantic import ValidationError

LINE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a message; a longer one is skipped."""

_CHUNK: Final = 65_536
_LAST_WORDS: Final = 2.0
_ENDLESS: Final = "subscriptions/listen"

logger = logging.getLogger(__name__)

Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing = MemoryObjectSendStream[SessionMessage]


@asynccontextmanager
async def stdio_streams(grace: float) -> AsyncGenerator[tuple[Incoming, Outgoing]]:
    """The messages that come in and go out over stdin and stdout.

    No more come in when the client closes stdin, or when the process is told to stop (SIGTERM, SIGINT) and what runs
    has been answered or `grace` seconds have passed.
    """
    with claimed_wire() as (stdin, stdout), _stop_signals() as stop:
        to_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception]()
        outgoing, to_client = anyio.create_memory_object_stream[SessionMessage]()
        pending, written = _Pending(), anyio.Event()

        async def write() -> None:
            await _write(to_client, stdout, pending)
            written.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_read, _Lines(stdin), to_server, pending, stop, grace)
            tasks.start_soon(write)
            yield incoming, outgoing
            outgoing.close()
            with anyio.move_on_after(_LAST_WORDS):
                await written.wait()
            tasks.cancel_scope.cancel()


class _Pending:
    """Requests that have come in and were not answered."""

    def __init__(self) -> None:
        self._ids: set[str | int | None] = set()
        self._idle = anyio.Event()

    def asked(self, message: SessionMessage) -> None:
        told = message.message
        if isinstance(told, JSONRPCRequest) and told.method != _ENDLESS:
            self._ids.add(told.id)
        elif isinstance(told, JSONRPCNotification) and told.method == "notifications/cancelled":
            self._settled((told.params or {}).get("requestId"))

    def answered(self, message: SessionMessage) -> None:
        if isinstance(message.message, JSONRPCResponse | JSONRPCError):
            self._settled(message.message.id)

    def _settled(self, request: str | int | None) -> None:
        self._ids.discard(request)
        if not self._ids:
            self._idle.set()

    async def idle(self, seconds: float) -> None:
        self._idle = anyio.Event()
        if self._ids:
            with anyio.move_on_after(seconds):
                await self._idle.wait()


class _Lines:
    """Lines of a file descriptor, read by a thread that nothing has to wait for.

    A thread of the pool would keep the process from ending until the client writes once more.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        threading.Thread(target=self._pump, name="agentkit-mcp-stdin", daemon=True).start()

    def _pump(self) -> None:
        chunk = b"more"
        while chunk:
            try:
                chunk = os.read(self._descriptor, _CHUNK)
            except OSError:
                chunk = b""
            taken = self._chunks.put(chunk)
            try:
                asyncio.run_coroutine_threadsafe(taken, self._loop).result()
            except (RuntimeError, CancelledError):  # the loop has ended meanwhile
                taken.close()
                return

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        kept = bytearray()
        skipping = False
        while chunk := await self._chunks.get():
            *whole, rest = chunk.split(b"\n")
            for part in whole:
                if not skipping:
                    yield bytes(kept + part)
                kept.clear()
                skipping = False
            kept += rest
            if len(kept) > LINE_LIMIT:
                logger.warning("a message of more than %d bytes was skipped", LINE_LIMIT)
                kept.clear()
                skipping = True
        if kept and not skipping:
            yield bytes(kept)


async def _read(
    lines: _Lines,
    to_server: MemoryObjectSendStream[SessionMessage | Exception],
    pending: _Pending,
    stop: anyio.Event,
    grace: float,
) -> None:
    async with to_server:
        async with anyio.create_task_group() as reading:

            async def until_stopped() -> None:
                await stop.wait()
                reading.cancel_scope.cancel()

            reading.start_soon(until_stopped)
            async for line in lines:
                if not line.strip():
                    continue
                try:
                    message = SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
                except ValidationError as error:
                    await to_server.send(error)
                    continue
                pending.asked(message)
                await to_server.send(message)
            reading.cancel_scope.cancel()
        # The end of the stream cancels what runs, so it waits for the answers.
        await pending.idle(grace)


async def _write(to_client: MemoryObjectReceiveStream[SessionMessage], stdout: int, pending: _Pending) -> None:
    async with to_client:
        async for message in to_client:
            data = message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
            try:
                # A client that does not read must not keep the process from ending.
                await anyio.to_thread.run_sync(_write_all, stdout, data, abandon_on_cancel=True)
            except OSError:
                logger.info("the client has closed its end")
                return
            pending.answered(message)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def claimed_wire() -> Generator[tuple[int, int]]:
    """Descriptors for the wire, while 0 and 1 lead elsewhere: also for what is done before a server is there."""
    wire_in, wire_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    printed = sys.stdout
    try:
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        # What was printed before is still in its buffer.
        printed.flush()
        with redirect_stdout(sys.stderr):
            yield wire_in, wire_out
    finally:
        printed.flush()
        # The reading thread may still wait on its descriptor, so that one stays open.
        os.dup2(wire_out, 1)
        os.dup2(wire_in, 0)
        os.close(nothing)
        os.close(wire_out)


@contextmanager
def _stop_signals() -> Generator[anyio.Event]:
    """An event that is set when the process is told to stop; the second time it stops at once."""
    stop = anyio.Event()
    loop = asyncio.get_running_loop()
    caught: list[signal.Signals] = []

    def told() -> None:
        stop.set()
        while caught:
            loop.remove_signal_handler(caught.pop())

    for each in (signal.SIGTERM, signal.SIGINT):
        # Not every platform and thread can.
        with suppress(RuntimeError, ValueError):
            loop.add_signal_handler(each, told)
            caught.append(each)
    try:
        yield stop
    finally:
        for each in caught:
            loop.remove_signal_handler(each)
