"""One SQLite database of a bundled server: opened late, used only in worker threads, private to its owner.

Opening reads and writes files, so it happens on first use in a worker thread, never on the event loop. All jobs of one
database share one connection and run one after the other; each job is one transaction.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import anyio.to_thread

from agentkit.errors import StorageError

T = TypeVar("T")

_BUSY_TIMEOUT_MS = 5000
_PAUSE = 0.02


class LocalDatabase:
    """A SQLite file, or a private database in memory.

    Args:
        location: A path, a URL `sqlite:///path`, or None for memory.
        schema: The tables, executed once when the database is new.
        version: Of the schema; kept in `PRAGMA user_version`.
        fill: Puts the first rows into a new database, in the same transaction as the schema.

    Raises:
        StorageError: The location is neither a path nor a `sqlite:///` URL.
    """

    def __init__(
        self,
        location: str | None,
        *,
        schema: str,
        version: int,
        fill: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._path = _path(location)
        self._schema = schema
        self._version = version
        self._fill = fill
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._forgotten: weakref.finalize[[], LocalDatabase] | None = None

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job as one transaction in a worker thread.

        Args:
            job: Gets the connection; what it raises rolls its changes back and is raised here.

        Returns:
            What the job returns, after the commit.

        Raises:
            StorageError: The database cannot be opened, read or written.
        """
        return await anyio.to_thread.run_sync(self._run, job)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Open the database at once, and close it at the end of the block.

        Raises:
            StorageError: The database cannot be opened.
        """
        await self.run(_nothing)
        try:
            yield
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connection; the next job opens it again, except in memory, where the content is gone."""
        await anyio.to_thread.run_sync(self._close)

    def _run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._open()
                    # An owner that forgets to close must not leave the file open.
                    self._forgotten = weakref.finalize(self, self._connection.close)
                with self._connection:
                    return job(self._connection)
            except sqlite3.Error as error:
                raise StorageError(
                    f"the database {self._name} cannot be used ({type(error).__name__})",
                    remedy="Check that the folder exists and is writable and that the file is an agentkit database.",
                ) from error

    def _close(self) -> None:
        with self._lock:
            if self._forgotten is not None:
                self._forgotten()
            self._connection = self._forgotten = None

    @property
    def _name(self) -> str:
        return "in memory" if self._path is None else str(self._path)

    def _open(self) -> sqlite3.Connection:
        if self._path is not None:
            try:
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            except OSError as error:
                raise StorageError(
                    f"the database {self._path} cannot be opened ({error.strerror})",
                    remedy="Name a file in an existing folder that you may write to.",
                ) from error
        connection = sqlite3.connect(self._path or ":memory:", check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            if self._path is not None:
                _use_write_ahead_log(connection)
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # IMMEDIATE: of two processes that open a new file at once, the second waits and finds it filled.
        connection.execute("BEGIN IMMEDIATE")
        try:
            found: int = connection.execute("PRAGMA user_version").fetchone()[0]
            if found not in (0, self._version):
                raise StorageError(
                    f"the database {self._name} has schema {found}, this version needs {self._version}",
                    remedy="Name another file, or delete this one: what it was filled with comes back, nothing else.",
                )
            if found == 0:
                for statement in self._schema.split(";"):
                    connection.execute(statement)
                if self._fill is not None:
                    self._fill(connection)
                connection.execute(f"PRAGMA user_version = {self._version}")
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite does not wait for others here, so another process that is just opening is waited for."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _path(location: str | None) -> Path | None:
    if not location:
        return None
    if "://" not in location:
        return Path(location)
    scheme, _, rest = location.partition(":///")
    if scheme != "sqlite" or not rest:
        raise StorageError("the database must be a path or sqlite:///path", remedy="For example sqlite:///ehr.db")
    return Path(rest)


def _nothing(_connection: sqlite3.Connection) -> None:
    """The job of whoever only wants the database open."""
