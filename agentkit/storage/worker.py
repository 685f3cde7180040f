"""A thread that owns one connection and does what it is given, in order, in groups."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple, TypeVar, cast

from agentkit.errors import StorageError
from agentkit.storage.connection import Job
from agentkit.storage.link import Link
from agentkit.storage.transactions import Done, Work, do_apart, read, write

T = TypeVar("T")

GROUP_LIMIT: Final = 256
"""So many jobs at most share a transaction; bounds how long one commit takes."""


class _Queued(NamedTuple):
    work: Work
    future: asyncio.Future[object]


class Worker:
    """Owns a connection in a thread of its own; used from one event loop."""

    def __init__(self, name: str, connect: Callable[[], Link], *, grouped: bool, capacity: int) -> None:
        """Prepare a worker.

        Args:
            name: The thread's name.
            connect: Opens the connection, in the thread.
            grouped: Jobs write: each gets a savepoint inside a common transaction. Otherwise they only read.
            capacity: How many jobs may wait before `run` itself waits.
        """
        self._connect = connect
        self._grouped = grouped
        self._capacity = capacity
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[list[_Queued] | None] = SimpleQueue()
        self._fresh: list[_Queued] = []
        self._pending = 0
        self._room: deque[asyncio.Future[None]] = deque()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._stopped = False

    async def start(self) -> None:
        """Start the thread and wait until the connection is open.

        Raises:
            StorageError: It cannot be opened.
        """
        self._thread.start()
        await asyncio.shield(self._opened)

    async def run(self, job: Job[T]) -> T:
        """Queue a job and wait for its result.

        Raises:
            StorageError: The database refused, the worker is stopped, or the caller runs on another event loop.
        """
        return cast("T", await self._do(Work(job)))

    def post(self, job: Job[T]) -> asyncio.Future[T]:
        """Queue a job now, without waiting for room, and return where its result will be.

        Raises:
            StorageError: The worker is stopped, or the caller runs on another event loop.
        """
        self._check_loop()
        return cast("asyncio.Future[T]", self._enqueue(Work(job)))

    async def run_apart(self, job: Callable[[Link], T]) -> T:
        """Queue what belongs into no transaction, and wait for its result.

        Raises:
            StorageError: As `run`.
        """
        return cast("T", await self._do(Work(None, job)))

    async def stop(self) -> None:
        """Finish what is queued, close the connection and end the thread."""
        if not self._stopped:
            self._stopped = True
            self._hand_over()
            self._queue.put(None)
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    async def _do(self, work: Work) -> object:
        self._check_loop()
        if self._pending >= self._capacity or self._room:
            await self._wait_for_room()
        return await self._enqueue(work)

    def _check_loop(self) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise StorageError("The database belongs to another event loop.", remedy="Open one Database per loop.")

    def _enqueue(self, work: Work) -> asyncio.Future[object]:
        if self._stopped:
            raise StorageError("The database is closed.")
        future: asyncio.Future[object] = self._loop.create_future()
        self._pending += 1
        # What comes in one turn of the loop is handed over at its end: waking the thread costs more than most jobs, and
        # what arrives together shares one transaction.
        if not self._fresh:
            self._loop.call_soon(self._hand_over)
        self._fresh.append(_Queued(work, future))
        return future

    def _hand_over(self) -> None:
        if self._fresh:
            queued, self._fresh = self._fresh, []
            self._queue.put(queued)

    async def _wait_for_room(self) -> None:
        turn: asyncio.Future[None] = self._loop.create_future()
        self._room.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._admit()
            else:
                self._room.remove(turn)
            raise

    def _admit(self) -> None:
        free = self._capacity - self._pending
        while self._room and free > 0:
            turn = self._room.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1

    def _complete(self, group: list[_Queued], done: list[Done]) -> None:
        self._pending -= len(done)
        for (_, future), (result, error) in zip(group, done, strict=True):
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if self._room:
            self._admit()

    def _report(self, callback: Callable[..., None], *arguments: object) -> None:
        # The loop may be closed already when a process ends without closing its database.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _main(self) -> None:
        try:
            link = self._connect()
        except BaseException as error:
            self._report(_refuse, self._opened, error)
            return
        self._report(_accept, self._opened)
        going_on = True
        while going_on:
            queued, going_on = self._take()
            for group in _groups(queued):
                self._report(self._complete, group, self._carry_out(link, [one.work for one in group]))
        link.close()

    def _carry_out(self, link: Link, works: list[Work]) -> list[Done]:
        if works[0].apart is not None:
            return [do_apart(link, works[0].apart)]
        return write(link, works) if self._grouped else read(link, works)

    def _take(self) -> tuple[list[_Queued], bool]:
        queued: list[_Queued] = []
        some = self._queue.get()
        while some is not None:
            queued += some
            if len(queued) >= GROUP_LIMIT:
                break
            try:
                some = self._queue.get_nowait()
            except Empty:
                break
        return queued, some is not None


def _groups(queued: list[_Queued]) -> list[list[_Queued]]:
    groups: list[list[_Queued]] = []
    for one in queued:
        last = groups[-1] if groups else None
        if last and len(last) < GROUP_LIMIT and one.work.apart is None and last[0].work.apart is None:
            last.append(one)
        else:
            groups.append([one])
    return groups


def _accept(opened: asyncio.Future[None]) -> None:
    if not opened.done():
        opened.set_result(None)


def _refuse(opened: asyncio.Future[None], error: BaseException) -> None:
    if not opened.done():
        opened.set_exception(error)
