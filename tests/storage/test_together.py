"""What is asked of a database in one turn of the loop is one transaction."""

from __future__ import annotations

import asyncio
from pathlib import Path

import anyio
import pytest

from agentkit.storage import Connection, Database, Migration
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

NOTES = Migration(room="notes", number=1, sql="CREATE TABLE notes (text TEXT NOT NULL UNIQUE)")


async def test_a_group_in_which_one_raises_is_done_anew_without_it(tmp_path: Path) -> None:
    tried: list[str] = []
    database = await Database.open(tmp_path / "notes.db", (NOTES,))

    def note(text: str, *, refuse: bool = False) -> asyncio.Future[None]:
        def job(connection: Connection) -> None:
            tried.append(text)
            connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))
            if refuse:
                raise LookupError(text)

        return asyncio.ensure_future(database.write(job))

    with anyio.fail_after(HANG):
        first, second, third = note("a"), note("b", refuse=True), note("c")
        await first
        with pytest.raises(LookupError, match="b"):
            await second
        await third
        rows = await database.read(lambda it: it.execute("SELECT text FROM notes ORDER BY text").fetchall())
        await database.close()
    assert [text for (text,) in rows] == ["a", "c"]
    assert tried == ["a", "b", "a", "b", "c"]


async def test_what_was_asked_just_before_the_end_is_done(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "notes.db", (NOTES,))
    with anyio.fail_after(HANG):
        asked = asyncio.ensure_future(
            database.write(lambda it: it.execute("INSERT INTO notes (text) VALUES ('late')").rowcount)
        )
        await asyncio.sleep(0)
        await database.close()
        assert await asked == 1
