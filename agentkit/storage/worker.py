"""A thread that owns one SQLite connection and does what it is given, in order, in groups."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple, TypeVar

from agentkit.errors import AgentKitError, StorageError

T = TypeVar("T")

GROUP_LIMIT: Final = 256
"""So many jobs at most share a transaction; bounds how long one commit takes."""


class _Work(NamedTuple):
    job: Callable[[sqlite3.Connection], object]
    future: asyncio.Future[object]
    alone: bool


class _Done(NamedTuple):
    future: asyncio.Future[object]
    result: object
    error: BaseException | None


class _TransactionLost(Exception):
    """SQLite gave up the whole transaction, not one statement."""


class Worker:
    """Owns a connection in a thread of its own; used from one event loop."""

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection], *, grouped: bool, capacity: int) -> None:
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
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
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

    async def run(self, job: Callable[[sqlite3.Connection], T], *, alone: bool = False) -> T:
        """Queue a job and wait for its result.

        Raises:
            StorageError: SQLite refused, the worker is stopped, or the caller runs on another event loop.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise StorageError("The database belongs to another event loop.", remedy="Open one Database per loop.")
        if self._pending >= self._capacity or self._room:
            await self._wait_for_room()
        if self._stopped:
            raise StorageError("The database is closed.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._pending += 1
        self._queue.put(_Work(job, future, alone))  # pyright: ignore[reportArgumentType]
        return await future

    async def stop(self) -> None:
        """Finish what is queued, close the connection and end the thread."""
        if not self._stopped:
            self._stopped = True
            self._queue.put(None)
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

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

    def _complete(self, done: list[_Done]) -> None:
        self._pending -= len(done)
        for future, result, error in done:
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
            connection = self._connect()
        except BaseException as error:
            self._report(_refuse, self._opened, error)
            return
        self._report(_accept, self._opened)
        going_on = True
        while going_on:
            works, going_on = self._take()
            for group in _groups(works):
                done = self._write(connection, group) if self._grouped else _read(connection, group)
                self._report(self._complete, done)
        connection.close()

    def _take(self) -> tuple[list[_Work], bool]:
        works: list[_Work] = []
        work = self._queue.get()
        while work is not None:
            works.append(work)
            if len(works) >= GROUP_LIMIT:
                break
            try:
                work = self._queue.get_nowait()
            except Empty:
                break
        return works, work is not None

    def _write(self, connection: sqlite3.Connection, group: list[_Work]) -> list[_Done]:
        if group[0].alone:
            return [_attempt(connection, group[0])]
        try:
            connection.execute("BEGIN IMMEDIATE")
            if len(group) == 1:
                done = [_attempt(connection, group[0])]
                if done[0].error is None:
                    connection.execute("COMMIT")
                elif connection.in_transaction:
                    connection.execute("ROLLBACK")
            else:
                done = [_attempt_apart(connection, work) for work in group]
                connection.execute("COMMIT")
        except (sqlite3.Error, _TransactionLost) as error:
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            return [_Done(work.future, None, _storage_error(error)) for work in group]
        return done


def _groups(works: list[_Work]) -> list[list[_Work]]:
    groups: list[list[_Work]] = []
    for work in works:
        if groups and not work.alone and not groups[-1][0].alone:
            groups[-1].append(work)
        else:
            groups.append([work])
    return groups


def _read(connection: sqlite3.Connection, group: list[_Work]) -> list[_Done]:
    try:
        connection.execute("BEGIN")
        done = [_attempt(connection, work) for work in group]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return [_Done(work.future, None, _storage_error(error)) for work in group]
    return done


def _attempt(connection: sqlite3.Connection, work: _Work) -> _Done:
    try:
        return _Done(work.future, work.job(connection), None)
    except sqlite3.Error as error:
        return _Done(work.future, None, _storage_error(error))
    except BaseException as error:
        return _Done(work.future, None, error)


def _attempt_apart(connection: sqlite3.Connection, work: _Work) -> _Done:
    connection.execute("SAVEPOINT job")
    done = _attempt(connection, work)
    if done.error is not None:
        if not connection.in_transaction:
            raise _TransactionLost from done.error
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")
    return done


def _storage_error(error: BaseException) -> AgentKitError:
    cause = error.__cause__ if isinstance(error, _TransactionLost) else error
    if isinstance(cause, AgentKitError):
        return cause
    failure = StorageError(
        f"The database refused ({cause}).", remedy="Check free space and permissions of the database file."
    )
    failure.__cause__ = cause
    return failure


def _accept(opened: asyncio.Future[None]) -> None:
    if not opened.done():
        opened.set_result(None)


def _refuse(opened: asyncio.Future[None], error: BaseException) -> None:
    if not opened.done():
        opened.set_exception(error)
