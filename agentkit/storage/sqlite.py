"""SQLite: one file, one process in charge, WAL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agentkit.errors import StorageError
from agentkit.storage.migrations import Migration, migrate, statements

_BUSY_MS: Final = 5000
_STATEMENTS: Final = 256
_MIGRATIONS_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS agentkit_migrations (room TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL,"
    " applied TEXT NOT NULL DEFAULT (datetime('now')), PRIMARY KEY (room, number)) WITHOUT ROWID"
)


class SqliteLink:
    """Implements `Link`; jobs get the driver's own connection."""

    refusals: type[Exception] = sqlite3.Error

    def __init__(self, connection: sqlite3.Connection, begin: str) -> None:
        """Use `open_writer` or `open_reader`."""
        self.connection = connection
        self._begin = begin

    def begin(self) -> None:
        """Start a transaction; a writing one takes the lock at once, so that it cannot fail for it later."""
        self.connection.execute(self._begin)

    def in_transaction(self) -> bool:
        """False also after SQLite gave up a whole transaction, for example because the disk is full."""
        return self.connection.in_transaction

    def may_repeat(self, error: Exception) -> bool:
        """Never: one writer has nobody to lose against."""
        del error
        return False

    def explain(self, error: Exception) -> StorageError:
        """SQLite names tables and columns, never values."""
        failure = StorageError(
            f"The database refused ({error}).", remedy="Check free space and permissions of the database file."
        )
        failure.__cause__ = error
        return failure

    def sessions(self) -> tuple[int, frozenset[int]]:
        """One process uses the file; what others of before left is not of a living one."""
        return 0, frozenset()

    def erase_traces(self) -> None:
        """Empty the write-ahead log; deleted rows are overwritten in the file itself (`secure_delete`)."""
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def open_writer(path: Path | None, migrations: Sequence[Migration]) -> SqliteLink:
    """Open a file, or a database in memory, and bring its tables up to date.

    Raises:
        StorageError: The file cannot be used, or a migration does not fit.
    """
    connection = _connect(path)
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        _migrate(connection, migrations)
    except sqlite3.Error as error:
        connection.close()
        raise StorageError(
            f"The database {path or 'in memory'} cannot be used ({error}).",
            remedy="Check that the file is a SQLite database and that it may be written.",
        ) from error
    except BaseException:
        connection.close()
        raise
    return SqliteLink(connection, "BEGIN IMMEDIATE")


def open_reader(path: Path) -> SqliteLink:
    """Open a file that a writer has open, to read only.

    Raises:
        StorageError: The file cannot be used.
    """
    connection = _connect(path)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute("PRAGMA query_only = ON")
    return SqliteLink(connection, "BEGIN")


def _connect(path: Path | None) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, cached_statements=_STATEMENTS
        )
    except sqlite3.Error as error:
        raise StorageError(
            f"The database {path} cannot be opened ({error}).", remedy="Check the path and its permissions."
        ) from error


def _migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    def run(sql: str) -> None:
        for statement in statements(sql):
            connection.execute(statement)

    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_MIGRATIONS_TABLE)
        migrate(connection, migrations, lambda migration: migration.sql, run)
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
