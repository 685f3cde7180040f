"""Where an engine's database lies, and how a process shows that it is alive."""

from __future__ import annotations

import hashlib
import math
import os
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from agentkit.errors import EngineError, StorageError
from agentkit.storage.files import FileLock, is_postgres, lock, parse, prepare

if TYPE_CHECKING:
    import psycopg

_SQLITE: Final = "sqlite:///"

GRACE: Final = 10.0
"""Seconds after the connection came back in which nobody is taken for dead: a restart of the server breaks those of all
processes, and each needs a moment to come back."""

RELEASED: Final = "released"
"""Stands for the process of runs that one left in good order: anybody may go on with them."""


class Presence(Protocol):
    """Shows other processes that this one is alive, and tells which of them are not."""

    def keep(self) -> bool:
        """Make sure that this process counts as alive; False if it may have counted as dead in between."""
        ...

    def is_dead(self, executor: str) -> bool:
        """The process of this executor id is gone, so its runs are orphans."""
        ...

    def end(self) -> None:
        """Count as dead from now on."""
        ...


class Address:
    """Of the database that an engine keeps its runs in: a SQLite file or a PostgreSQL database.

    Attributes:
        path: Of the SQLite file; None for PostgreSQL.
        url: As SQLAlchemy spells it; may hold a password.
        name: The same without password, for errors.
    """

    def __init__(self, url: str | Path) -> None:
        """Read `sqlite:///PATH`, a plain path, or `postgresql://...`.

        Raises:
            EngineError: It is none of them.
        """
        if isinstance(url, str) and is_postgres(url):
            self.path: Path | None = None
            self.url = "postgresql+psycopg://" + url.split("://", 1)[1]
            self.name = _without_password(url)
            return
        try:
            path = parse(url)
        except StorageError:
            path = None
        if path is None:
            raise EngineError(
                "A durable engine cannot keep its runs at this address.",
                remedy="Give sqlite:///PATH, a path, or postgresql://HOST/DATABASE.",
            )
        self.path = path.absolute()
        self.url = f"{_SQLITE}{self.path}"
        self.name = str(self.path)

    def enter(self, executor: str) -> Presence:
        """Show that this process is there; blocks.

        Raises:
            EngineError: Another process uses the SQLite file, or the PostgreSQL server cannot be reached.
        """
        return _Alone(self.path) if self.path is not None else _Session(self, executor)


def new_executor() -> str:
    """An id for this process among those that share a database."""
    return f"{os.getpid()}-{uuid.uuid4().hex}"


def _without_password(url: str) -> str:
    place, _, query = url.partition("://")[2].partition("?")
    # A password may hold a question mark, and then goes on behind it.
    return "postgresql://" if "@" in query else f"postgresql://{place.rpartition('@')[2]}"


class _Alone:
    """A SQLite file has one process: whoever else left runs in it is dead.

    The lock is not that of `agentkit.storage.Database`, which may keep its tables in the same file and process.
    """

    def __init__(self, path: Path) -> None:
        self._held: FileLock | None = None
        try:
            prepare(path)
            self._held = lock(Path(f"{os.path.realpath(path)}.engine"))
        except StorageError:
            raise EngineError(
                f"The durable engine of {path} is in use by another process, or its lock cannot be made.",
                remedy="Stop that process, choose another path, or use PostgreSQL, which processes can share.",
            ) from None

    def keep(self) -> bool:
        return True

    def is_dead(self, executor: str) -> bool:
        del executor
        return True

    def end(self) -> None:
        if self._held is not None:
            self._held.release()


class _Session:
    """An advisory lock of a PostgreSQL session: the server drops it when the process is gone."""

    def __init__(self, address: Address, executor: str) -> None:
        self._url = "postgresql://" + address.url.split("://", 1)[1]
        self._name = address.name
        self._executor = executor
        self._connection = self._connect()
        self._lost = -math.inf

    def keep(self) -> bool:
        import psycopg

        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self._connection.close()
            self._lost = time.monotonic()
            self._connection = self._connect()
            self._lost = time.monotonic()
            return False
        return True

    def is_dead(self, executor: str) -> bool:
        if time.monotonic() - self._lost < GRACE:
            return False
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (_number(executor),)).fetchone()
        if row is None or not row[0]:
            return False
        self._connection.execute("SELECT pg_advisory_unlock(%s)", (_number(executor),))
        return True

    def end(self) -> None:
        self._connection.close()

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        try:
            import psycopg
        except ImportError:
            raise EngineError(
                "PostgreSQL needs a driver that is not installed.",
                remedy='pip install "corti-agentkit[durable,postgres]"',
            ) from None
        try:
            connection = psycopg.connect(self._url, autocommit=True)
            connection.execute("SELECT pg_advisory_lock(%s)", (_number(self._executor),))
        except psycopg.Error as error:
            raise EngineError(
                f"The database {self._name} cannot be used ({type(error).__name__}).",
                remedy="Check its address, its account and that the server runs.",
            ) from None
        return connection


def _number(executor: str) -> int:
    return int.from_bytes(hashlib.sha256(f"agentkit.engine:{executor}".encode()).digest()[:8], "big", signed=True)
