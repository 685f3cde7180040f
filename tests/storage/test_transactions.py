"""What becomes of jobs whose transaction is lost, beaten by that of another process, or refused at its end."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from agentkit.errors import StorageError
from agentkit.storage import Connection, Database, Migration
from agentkit.storage.transactions import ATTEMPTS
from tests.deadline import HANG
from tests.postgres import PostgresServer

pytestmark = pytest.mark.anyio

NOTES = Migration("notes", 1, "CREATE TABLE notes (text TEXT NOT NULL UNIQUE)")
DEFERRED = Migration("notes", 1, "CREATE TABLE notes (text TEXT NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED)")
# What PostgreSQL says to the loser of a deadlock.
BEATEN = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"


def add(connection: Connection, text: str) -> str:
    connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))
    return text


def texts(connection: Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY text").fetchall()]


async def test_a_job_that_was_beaten_is_done_again_with_its_neighbours(postgres_url: str) -> None:
    database = await Database.open(postgres_url, [NOTES])
    tried: list[str] = []

    def beaten_once(connection: Connection) -> str:
        tried.append("beaten")
        add(connection, "beaten")
        if len(tried) == 1:
            connection.execute(BEATEN)
        return "done"

    with anyio.fail_after(HANG):
        came = await asyncio.gather(database.write(lambda it: add(it, "neighbour")), database.write(beaten_once))

    assert came == ["neighbour", "done"]
    assert len(tried) == 2
    assert await database.read(texts) == ["beaten", "neighbour"]
    await database.close()


async def test_a_job_that_is_beaten_every_time_is_given_up(postgres_url: str) -> None:
    database = await Database.open(postgres_url, [NOTES])
    tried: list[str] = []

    def beaten(connection: Connection) -> None:
        tried.append(add(connection, "never"))
        connection.execute(BEATEN)

    with anyio.fail_after(HANG), pytest.raises(StorageError, match="too busy"):
        await database.write(beaten)

    assert len(tried) == 1 + ATTEMPTS
    assert await database.read(texts) == []
    await database.close()


async def test_a_reader_that_is_beaten_is_told_so_and_the_next_one_reads(postgres_url: str) -> None:
    database = await Database.open(postgres_url, [NOTES])

    with anyio.fail_after(HANG), pytest.raises(StorageError):
        await database.read(lambda it: it.execute(BEATEN).rowcount)

    assert await database.read(texts) == []
    await database.close()


async def test_what_is_refused_at_the_commit_is_told_to_the_job_and_undone(postgres_url: str) -> None:
    database = await Database.open(postgres_url, [DEFERRED])
    await database.write(lambda it: add(it, "secret"))

    with anyio.fail_after(HANG), pytest.raises(StorageError) as refused:
        await database.write(lambda it: add(it, "secret"))

    assert "secret" not in str(refused.value)
    assert await database.read(texts) == ["secret"]
    await database.close()


async def test_what_fails_outside_of_a_transaction_is_told_to_whoever_asked(postgres_server: PostgresServer) -> None:
    name = postgres_server.create()
    database = await Database.open(postgres_server.url(name), [NOTES])
    await asyncio.to_thread(postgres_server.drop, name)

    with anyio.fail_after(HANG), pytest.raises(StorageError, match=name):
        await database.sessions()

    await database.close()
