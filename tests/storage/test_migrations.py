"""Migrations are applied once, in order, and never misread."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentkit.errors import StorageError
from agentkit.storage import Connection, Database, Migration

pytestmark = pytest.mark.anyio

FIRST = Migration("notes", 1, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX i ON notes (text);")
SECOND = Migration("notes", 2, "ALTER TABLE notes ADD COLUMN tag TEXT; -- a semicolon; in a comment\n")
OTHER = Migration("other", 1, "CREATE TABLE other (id INTEGER PRIMARY KEY)")


def columns(connection: Connection) -> list[str]:
    return [row[1] for row in connection.execute("PRAGMA table_info(notes)")]


async def test_a_later_start_applies_what_is_new(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.db", [FIRST])
    await database.write(lambda connection: connection.execute("INSERT INTO notes (text) VALUES ('kept')").rowcount)
    await database.close()

    database = await Database.open(tmp_path / "a.db", [SECOND, OTHER, FIRST])

    assert await database.read(columns) == ["id", "text", "tag"]
    assert await database.read(lambda connection: connection.execute("SELECT text, tag FROM notes").fetchall()) == [
        ("kept", None)
    ]
    await database.close()


async def test_a_room_that_is_not_used_keeps_its_tables(tmp_path: Path) -> None:
    await (await Database.open(tmp_path / "a.db", [FIRST, OTHER])).close()

    database = await Database.open(tmp_path / "a.db", [OTHER])

    assert await database.read(columns) == ["id", "text"]
    await database.close()


async def test_a_database_of_a_newer_agentkit_is_refused(tmp_path: Path) -> None:
    await (await Database.open(tmp_path / "a.db", [FIRST, SECOND])).close()

    with pytest.raises(StorageError, match="newer agentkit"):
        await Database.open(tmp_path / "a.db", [FIRST])


async def test_a_changed_migration_is_refused(tmp_path: Path) -> None:
    await (await Database.open(tmp_path / "a.db", [FIRST])).close()
    changed = Migration("notes", 1, "CREATE TABLE notes (id INTEGER PRIMARY KEY)")

    with pytest.raises(StorageError, match="Migration 1 of notes differs"):
        await Database.open(tmp_path / "a.db", [changed])


async def test_a_failing_migration_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    await (await Database.open(tmp_path / "a.db", [FIRST])).close()
    broken = Migration("notes", 2, "ALTER TABLE notes ADD COLUMN tag TEXT; CREATE TABLE notes (id INTEGER);")

    with pytest.raises(StorageError, match="already exists"):
        await Database.open(tmp_path / "a.db", [FIRST, broken])

    database = await Database.open(tmp_path / "a.db", [FIRST])
    assert await database.read(columns) == ["id", "text"]
    await database.close()
