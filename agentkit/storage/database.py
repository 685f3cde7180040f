"""A SQLite database that is never touched on the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self, TypeVar

from agentkit.errors import StorageError
from agentkit.storage.connection import Job
from agentkit.storage.files import FileLock, lock, parse, prepare
from agentkit.storage.migrations import Migration, migrate
from agentkit.storage.worker import Worker

T = TypeVar("T")

QUEUE_CAPACITY: Final = 4096
"""How many jobs may wait before `write` and `read` themselves wait."""

_BUSY_MS: Final = 5000
_STATEMENTS: Final = 256


class Database:
    """One SQLite database, opened once per process and used from the event loop that opened it.

    It belongs to one process at a time, unless all that open it share it.

    Writes go to one writer thread; those that wait together share one transaction, each in a savepoint of its own, so a
    failing job undoes itself only (group commit). Reads go to a reader thread with a connection of its own and see
    everything whose `write` has returned.
    """

    def __init__(self, writer: Worker, reader: Worker, held: FileLock | None) -> None:
        """Use `Database.open`."""
        self._writer = writer
        self._reader = reader
        self._held = held

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
            url: `sqlite:///path`, a plain path, or None for a private database in memory.
            migrations: Those of all rooms that use this database.
            shared: Other processes may have the database open too, if they say so as well; each sees what the others
                have committed. For rooms that keep nothing of the database in memory.
            capacity: How many jobs may wait before callers wait themselves.

        Raises:
            StorageError: The file cannot be used, another process uses it, or a migration does not fit.
        """
        path = parse(url)
        held = None if path is None else await asyncio.to_thread(_claim, path, shared)
        writer = Worker("agentkit-writer", lambda: _connect(path, migrations), grouped=True, capacity=capacity)
        try:
            await writer.start()
            reader = writer
            if path is not None:
                reader = Worker("agentkit-reader", lambda: _connect_reader(path), grouped=False, capacity=capacity)
                await reader.start()
        except BaseException:
            await writer.stop()
            if held is not None:
                held.release()
            raise
        return cls(writer, reader, held)

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
            StorageError: SQLite refused, or the database is closed.
        """
        return await self._writer.run(job)

    async def read(self, job: Job[T]) -> T:
        """Run a job that only reads, in the reader thread, on one consistent snapshot.

        Raises:
            StorageError: SQLite refused, or the database is closed.
        """
        return await self._reader.run(job)

    async def erase_traces(self) -> None:
        """Empty the write-ahead log, so that what was deleted is in no file any more.

        Raises:
            StorageError: SQLite refused, or the database is closed.
        """
        await self._writer.run(_checkpoint, alone=True)

    async def close(self) -> None:
        """Finish what waits, then close; closing twice is fine."""
        if self._reader is not self._writer:
            await self._reader.stop()
        await self._writer.stop()
        if self._held is not None:
            held, self._held = self._held, None
            held.release()


def _claim(path: Path, shared: bool) -> FileLock:
    prepare(path)
    return lock(path, shared=shared)


def _open_file(path: Path | None) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, cached_statements=_STATEMENTS
        )
    except sqlite3.Error as error:
        raise StorageError(
            f"The database {path} cannot be opened ({error}).", remedy="Check the path and its permissions."
        ) from error


def _connect(path: Path | None, migrations: Sequence[Migration]) -> sqlite3.Connection:
    connection = _open_file(path)
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        migrate(connection, migrations)
    except sqlite3.Error as error:
        connection.close()
        raise StorageError(
            f"The database {path or 'in memory'} cannot be used ({error}).",
            remedy="Check that the file is a SQLite database and that it may be written.",
        ) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_reader(path: Path) -> sqlite3.Connection:
    connection = _open_file(path)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
