"""Numbered SQL migrations, applied once and under a lock."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentkit.errors import StorageError

_TABLE = (
    "CREATE TABLE IF NOT EXISTS agentkit_migrations (room TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL,"
    " applied TEXT NOT NULL DEFAULT (datetime('now')), PRIMARY KEY (room, number)) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a room's tables.

    Attributes:
        room: The room that owns the tables, for example `tasks`.
        number: Counts from 1 within the room; never reused, and its SQL never changed once released.
        sql: One or more statements.
    """

    room: str
    number: int
    sql: str


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Apply what is missing, in one transaction.

    Raises:
        StorageError: The database was written by a newer agentkit, or a migration was changed after it was applied.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_TABLE)
        for room in sorted({migration.room for migration in migrations}):
            own = sorted((one for one in migrations if one.room == room), key=lambda one: one.number)
            _migrate_room(connection, room, own)
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate_room(connection: sqlite3.Connection, room: str, migrations: Sequence[Migration]) -> None:
    rows = connection.execute("SELECT number, digest FROM agentkit_migrations WHERE room = ?", (room,))
    applied: dict[int, str] = dict(rows.fetchall())
    for migration in migrations:
        digest = hashlib.sha256(migration.sql.encode()).hexdigest()
        before = applied.pop(migration.number, None)
        if before is None:
            for statement in _statements(migration.sql):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO agentkit_migrations (room, number, digest) VALUES (?, ?, ?)",
                (room, migration.number, digest),
            )
        elif before != digest:
            raise StorageError(
                f"Migration {migration.number} of {room} differs from the one this database was made with.",
                remedy="Use the agentkit that made the database, or a new database.",
            )
    if applied:
        raise StorageError(
            f"The database has migration {max(applied)} of {room}, which this agentkit does not know.",
            remedy="Use a newer agentkit, or another database.",
        )


def _statements(sql: str) -> Iterator[str]:
    statement = ""
    for piece in sql.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n;"):
                yield statement
            statement = ""
