"""A database that is never touched on the event loop: a SQLite file, or PostgreSQL by URL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from agentkit.errors import ConfigurationError
from agentkit.storage import sqlite
from agentkit.storage.connection import Job
from agentkit.storage.files import FileLock, is_postgres, lock, parse, prepare
from agentkit.storage.link import Link
from agentkit.storage.migrations import Migration
from agentkit.storage.worker import Worker

if TYPE_CHECKING:
    from agentkit.storage.listening import Listener

T = TypeVar("T")

QUEUE_CAPACITY: Final = 4096
"""How many jobs may wait before `write` and `read` themselves wait."""

Heard = Callable[[str | None], None]
"""Told what another process notified, on the event loop; None when notifications may have been missed."""


class Database:
    """One database, opened once per process and used from the event loop that opened it.

    A SQLite file belongs to one process at a time, unless all that open it share it; a PostgreSQL database is used by
    any number of them.

    Writes go to one writer thread; those that wait together share one transaction, each in a savepoint of its own, so a
    failing job undoes itself only (group commit). Reads go to a reader thread with a connection of its own and see
    everything whose `write` has returned.
    """

    def __init__(
        self,
        writer: Worker,
        reader: Worker,
        held: FileLock | None,
        url: str | None = None,
        *,
        exclusive: bool = False,
    ) -> None:
        """Use `Database.open`."""
        self.exclusive = exclusive
        """No other process can write: what was read stays true until this process writes."""
        self._writer = writer
        self._reader = reader
        self._held = held
        self._url = url
        self._listeners: list[Listener] = []
        self.session = 0
        """The number of this process among those that use the database; 0 on SQLite."""

    @property
    def row_lock(self) -> str:
        """What a `SELECT` of a job ends with that reads a row to change it; empty where a job has all to itself."""
        return "" if self._url is None else " FOR UPDATE"

    @property
    def name_lock(self) -> str | None:
        """What a job executes with a text to go on alone among the jobs that do so; None where it is alone anyway."""
        return None if self._url is None else "SELECT pg_advisory_xact_lock(hashtext(?))"

    @property
    def version_query(self) -> str | None:
        """Asks a reader's connection for a number that is another one whenever anybody has written; None: nobody knows.

        With it a job may keep what it found as long as the number stays.
        """
        return "PRAGMA data_version" if self._url is None and self._reader is not self._writer else None

    @classmethod
    async def open(
        cls,
        url: str | Path | None,
        migrations: Sequence[Migration],
        *,
        shared: bool = False,
        capacity: int = QUEUE_CAPACITY,
    ) -> Self:
        """Open a database, make it when it is missing, and bring its tables up to date.

        Args:
            url: `sqlite:///path`, a plain path, None for a private database in memory, or `postgresql://...` (a
                session of its own: not a pool that hands out transactions).
            migrations: Those of all rooms that use this database.
            shared: Other processes may have the SQLite file open too, if they say so as well; each sees what the others
                have committed. For rooms that keep nothing of the database in memory. PostgreSQL is always shared.
            capacity: How many jobs may wait before callers wait themselves.

        Raises:
            StorageError: The database cannot be used, another process uses it, or a migration does not fit.
            ConfigurationError: The driver for PostgreSQL is not installed.
        """
        if isinstance(url, str) and is_postgres(url):
            return await cls._open_postgres(url, migrations, capacity)
        path = parse(url)
        held = None if path is None else await asyncio.to_thread(_claim, path, shared)
        reader = None if path is None else (lambda: sqlite.open_reader(path))
        workers = await _start(lambda: sqlite.open_writer(path, migrations), reader, held, capacity)
        return cls(*workers, held, exclusive=path is None or not shared)

    @classmethod
    async def _open_postgres(cls, url: str, migrations: Sequence[Migration], capacity: int) -> Self:
        # The driver is an extra, and takes a while to load.
        open_writer, open_reader = await asyncio.to_thread(_openers)
        workers = await _start(lambda: open_writer(url, migrations), lambda: open_reader(url), None, capacity)
        database = cls(*workers, None, url)
        database.session, _ = await database.sessions()
        return database

    async def write(self, job: Job[T]) -> T:
        """Run a job in the writer thread and return its result after the commit.

        A job that raises undoes what it did and nothing else. A caller that is cancelled leaves its job running: it is
        committed as a whole or not at all.

        Args:
            job: Works on the connection; must neither commit nor keep the connection. Jobs are run in the order of the
                calls.

        Returns:
            What the job returned.

        Raises:
            StorageError: The database refused, or is closed.
        """
        return await self._writer.run(job)

    def post(self, job: Job[T]) -> asyncio.Future[T]:
        """Queue a job for writing now, ahead of every later `write`, and go on without waiting.

        It takes its place even where the queue is full: for what precedes a `write` of the same caller, which waits.

        Returns:
            Where the result will be, or the error; whoever posts looks at it.

        Raises:
            StorageError: The database is closed.
        """
        return self._writer.post(job)

    async def read(self, job: Job[T]) -> T:
        """Run a job that only reads, in the reader thread, on one consistent snapshot.

        Raises:
            StorageError: The database refused, or is closed.
        """
        return await self._reader.run(job)

    async def erase_traces(self) -> None:
        """Empty SQLite's write-ahead log, so that what was deleted is in no file any more; nothing on PostgreSQL.

        Raises:
            StorageError: The database refused, or is closed.
        """
        await self._writer.run_apart(lambda link: link.erase_traces())

    async def sessions(self) -> tuple[int, frozenset[int]]:
        """The number of this process among those that use the database, and the numbers of all that are alive.

        On SQLite the number is 0, and alone.

        Raises:
            StorageError: The database refused, or is closed.
        """
        return await self._writer.run_apart(lambda link: link.sessions())

    async def listen(self, channel: str, heard: Heard) -> None:
        """Be told of `NOTIFY` on a channel until the database is closed; on SQLite nobody is ever told.

        Args:
            channel: A plain lower-case name.
            heard: Called on the event loop with each payload, also of this process, and with None when the connection
                was lost for a while.
        """
        if self._url is not None:
            from agentkit.storage.listening import Listener

            listener = Listener(self._url, channel, heard)
            self._listeners.append(listener)
            await listener.start()

    async def close(self) -> None:
        """Finish what waits, then close; closing twice is fine."""
        for listener in self._listeners:
            await listener.close()
        if self._reader is not self._writer:
            await self._reader.stop()
        await self._writer.stop()
        if self._held is not None:
            held, self._held = self._held, None
            held.release()


async def _start(
    write: Callable[[], Link], read: Callable[[], Link] | None, held: FileLock | None, capacity: int
) -> tuple[Worker, Worker]:
    writer = Worker("agentkit-writer", write, grouped=True, capacity=capacity)
    try:
        await writer.start()
        reader = writer
        if read is not None:
            reader = Worker("agentkit-reader", read, grouped=False, capacity=capacity)
            await reader.start()
    except BaseException:
        await writer.stop()
        if held is not None:
            held.release()
        raise
    return writer, reader


def _openers() -> tuple[Callable[[str, Sequence[Migration]], Link], Callable[[str], Link]]:
    try:
        from agentkit.storage.postgres import open_reader, open_writer
    except ImportError as error:
        raise ConfigurationError(
            "AGENTKIT_DATABASE",
            "names a PostgreSQL database, whose driver is not installed",
            remedy='pip install "corti-agentkit[postgres]"',
        ) from error
    return open_writer, open_reader


def _claim(path: Path, shared: bool) -> FileLock:
    prepare(path)
    return lock(path, shared=shared)
