"""Numbered SQL migrations, applied once and under a lock."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agentkit.errors import StorageError
from agentkit.storage.connection import Connection


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a room's tables.

    Attributes:
        room: The room that owns the tables, for example `tasks`.
        number: Counts from 1 within the room; never reused, and its SQL never changed once released.
        sql: One or more statements, as SQLite reads them; the types of PostgreSQL are derived
            (`agentkit.storage.postgres_sql`).
        postgres: Statements that PostgreSQL executes besides, for what only it can do.
    """

    room: str
    number: int
    sql: str
    postgres: str = ""


def migrate(
    connection: Connection,
    migrations: Sequence[Migration],
    spelled: Callable[[Migration], str],
    run: Callable[[str], None],
) -> None:
    """Apply what is missing; to be called in a transaction that holds the lock of the database's migrations.

    Args:
        connection: Of the database; its table `agentkit_migrations` is there.
        migrations: Those of all rooms that use the database.
        spelled: The SQL of a migration for this database system.
        run: Executes such SQL.

    Raises:
        StorageError: The database was written by a newer agentkit, or a migration was changed after it was applied.
    """
    for room in sorted({migration.room for migration in migrations}):
        own = sorted((one for one in migrations if one.room == room), key=lambda one: one.number)
        _migrate_room(connection, room, own, spelled, run)


def statements(sql: str) -> Iterator[str]:
    """The statements of a text, one by one."""
    statement = ""
    for piece in sql.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \n;"):
                yield statement
            statement = ""


def _migrate_room(
    connection: Connection,
    room: str,
    migrations: Sequence[Migration],
    spelled: Callable[[Migration], str],
    run: Callable[[str], None],
) -> None:
    rows = connection.execute("SELECT number, digest FROM agentkit_migrations WHERE room = ?", (room,))
    applied: dict[int, str] = dict(rows.fetchall())
    for migration in migrations:
        sql = spelled(migration)
        digest = hashlib.sha256(sql.encode()).hexdigest()
        before = applied.pop(migration.number, None)
        if before is None:
            run(sql)
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
