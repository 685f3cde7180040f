"""PostgreSQL by URL beside SQLite: the same jobs, the same promises, several processes (design D6)."""

from __future__ import annotations

import asyncio
import sys
import threading

import anyio
import anyio.lowlevel
import psycopg
import pytest

from agentkit.errors import ConfigurationError, StorageError
from agentkit.storage import Connection, Database, Migration
from agentkit.storage.postgres import shown
from agentkit.storage.postgres_sql import numbered
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

NOTES = Migration("notes", 1, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);")


def add(connection: Connection, text: str) -> int:
    (row,) = connection.execute("INSERT INTO notes (text) VALUES (?) RETURNING id", (text,)).fetchone()
    return row


def texts(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY id")]


def execute(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


async def break_connections(url: str) -> None:
    """End every session of the database but our own, as a restart of the server does."""
    await asyncio.to_thread(
        execute,
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_placeholders_are_numbered_but_not_those_in_a_text() -> None:
    assert (
        numbered("SELECT '?' WHERE a = ? AND b = '??' AND c = ?") == "SELECT '?' WHERE a = $1 AND b = '??' AND c = $2"
    )


async def test_jobs_work_alike_on_both_database_systems(address: str) -> None:
    database = await Database.open(address, [NOTES])

    numbers = await asyncio.gather(*(database.write(lambda it, n=n: add(it, f"note {n}")) for n in range(100)))

    assert numbers == list(range(1, 101))
    assert await database.read(texts) == [f"note {n}" for n in range(100)]
    await database.close()
    again = await Database.open(address, [NOTES])
    assert len(await again.read(texts)) == 100
    await again.close()


async def test_a_failing_job_undoes_itself_and_none_of_its_neighbours(address: str) -> None:
    database = await Database.open(address, [NOTES])

    def fail_late(connection: Connection) -> None:
        add(connection, "never")
        raise ValueError("no")

    def refused(connection: Connection) -> None:
        add(connection, "never either")
        add(connection, "note 3")

    jobs = [database.write(lambda it, n=n: add(it, f"note {n}")) for n in range(50)]
    results = await asyncio.gather(
        *jobs[:25], database.write(fail_late), database.write(refused), *jobs[25:], return_exceptions=True
    )

    assert [type(one) for one in results if isinstance(one, BaseException)] == [ValueError, StorageError]
    assert await database.read(texts) == [f"note {n}" for n in range(50)]
    await database.close()


async def test_a_read_that_is_refused_does_not_spoil_those_beside_it(address: str) -> None:
    database = await Database.open(address, [NOTES])
    await database.write(lambda it: add(it, "kept"))

    def wrong(connection: Connection) -> None:
        connection.execute("SELECT nothing FROM nowhere")

    results = await asyncio.gather(
        database.read(texts), database.read(wrong), database.read(texts), return_exceptions=True
    )

    assert results[0] == results[2] == ["kept"]
    assert isinstance(results[1], StorageError)
    await database.close()


async def test_what_is_refused_is_a_storage_error_that_names_the_place_and_never_the_value(address: str) -> None:
    database = await Database.open(address, [NOTES])
    await database.write(lambda it: add(it, "Jane Example"))

    with pytest.raises(StorageError) as refused:
        await database.write(lambda it: add(it, "Jane Example"))

    shown: BaseException | None = refused.value
    assert "notes" in str(shown)
    while shown is not None:
        assert "Jane" not in str(shown)
        shown = shown.__cause__ or shown.__context__
    await database.close()


async def test_the_reader_cannot_write(address: str) -> None:
    database = await Database.open(address, [NOTES])

    with pytest.raises(StorageError):
        await database.read(lambda it: add(it, "sneaky"))

    assert await database.read(texts) == []
    await database.close()


async def test_migrations_are_applied_once_also_by_processes_that_start_at_the_same_time(postgres_url: str) -> None:
    second = Migration(
        "notes", 2, "ALTER TABLE notes ADD COLUMN tag TEXT;", postgres="COMMENT ON TABLE notes IS 'n; o';"
    )
    opened = await asyncio.gather(*(Database.open(postgres_url, [NOTES, second]) for _ in range(4)))

    for database in opened:
        await database.close()
    with pytest.raises(StorageError, match="newer agentkit"):
        await Database.open(postgres_url, [NOTES])
    with pytest.raises(StorageError, match="Migration 1 of notes differs"):
        await Database.open(postgres_url, [Migration("notes", 1, "CREATE TABLE notes (id INTEGER)"), second])


async def test_a_migration_that_fails_leaves_the_database_as_it_was(postgres_url: str) -> None:
    await (await Database.open(postgres_url, [NOTES])).close()
    broken = Migration("notes", 2, "ALTER TABLE notes ADD COLUMN tag TEXT; CREATE TABLE notes (id INTEGER);")

    with pytest.raises(StorageError, match="DuplicateTable"):
        await Database.open(postgres_url, [NOTES, broken])

    await (await Database.open(postgres_url, [NOTES])).close()


async def test_a_connection_that_broke_while_idle_is_replaced_unnoticed(postgres_url: str) -> None:
    database = await Database.open(postgres_url, [NOTES])
    await database.write(lambda it: add(it, "before"))
    number, alive = await database.sessions()

    await break_connections(postgres_url)
    await database.write(lambda it: add(it, "after"))

    assert await database.read(texts) == ["before", "after"]
    assert alive == {number}
    assert await database.sessions() == (number, alive)
    await database.close()


async def test_jobs_of_a_broken_transaction_get_an_error_and_later_ones_work(postgres_url: str) -> None:
    database = await Database.open(postgres_url, [NOTES])
    entered, leave = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        add(connection, "lost")
        loop.call_soon_threadsafe(entered.set)
        leave.wait(HANG)
        add(connection, "lost too")

    task = asyncio.create_task(database.write(slow))
    with anyio.fail_after(HANG):
        await entered.wait()
    await break_connections(postgres_url)
    leave.set()

    with pytest.raises(StorageError, match="broke"):
        await task
    await database.write(lambda it: add(it, "later"))
    assert await database.read(texts) == ["later"]
    await database.close()


async def test_transactions_that_block_each_other_are_tried_again(postgres_url: str) -> None:
    one = await Database.open(postgres_url, [NOTES])
    two = await Database.open(postgres_url, [NOTES])
    await one.write(lambda it: [add(it, "a"), add(it, "b")])
    meeting = threading.Barrier(2)

    def touch(connection: Connection, order: str, meets: list[bool]) -> None:
        connection.execute("UPDATE notes SET text = text WHERE text = ?", (order[0],))
        if meets.pop():
            meeting.wait(HANG)
        connection.execute("UPDATE notes SET text = text WHERE text = ?", (order[1],))

    first, second = [False, False, False, True], [False, False, False, True]
    with anyio.fail_after(HANG):
        await asyncio.gather(
            one.write(lambda it: touch(it, "ab", first)), two.write(lambda it: touch(it, "ba", second))
        )

    assert min(len(first), len(second)) < 3
    await one.close()
    await two.close()


async def test_every_process_has_a_number_as_long_as_it_lives(postgres_url: str) -> None:
    one = await Database.open(postgres_url, [NOTES])
    two = await Database.open(postgres_url, [NOTES])
    (first, alive), (second, _) = await one.sessions(), await two.sessions()

    await two.close()

    assert alive == {first, second}
    with anyio.fail_after(HANG):
        while await one.sessions() != (first, frozenset({first})):
            await anyio.lowlevel.checkpoint()
    await one.close()


async def test_after_a_restart_of_the_server_nobody_counts_as_dead_who_has_yet_to_come_back(postgres_url: str) -> None:
    one = await Database.open(postgres_url, [NOTES])
    two = await Database.open(postgres_url, [NOTES])
    (first, alive), (second, _) = await one.sessions(), await two.sessions()

    with anyio.fail_after(HANG):
        await break_connections(postgres_url)
        # It writes nothing in between: asking is enough to come back.
        assert await one.sessions() == (first, alive)
        assert await two.sessions() == (second, alive)

    assert alive == {first, second}
    await one.close()
    await two.close()


async def test_notifications_of_other_processes_are_heard_again_after_the_connection_broke(postgres_url: str) -> None:
    database = await Database.open(postgres_url, [NOTES])
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    await database.listen("notes", heard.put_nowait)

    with anyio.fail_after(HANG):
        await asyncio.to_thread(execute, postgres_url, "NOTIFY notes, 'one'")
        assert await heard.get() == "one"
        await break_connections(postgres_url)
        assert await heard.get() is None
        assert await heard.get() is None
        await asyncio.to_thread(execute, postgres_url, "NOTIFY notes, 'two'")
        assert await heard.get() == "two"
    await database.close()


async def test_an_address_that_leads_nowhere_is_refused_without_its_password() -> None:
    with pytest.raises(StorageError, match=r"postgresql://127\.0\.0\.1:1/agentkit cannot be reached") as refused:
        await Database.open("postgresql://somebody:canary-9c@127.0.0.1:1/agentkit?application_name=x", [NOTES])

    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("password", ["canary/9c", "9/canary@9", "canary?9c", "canary#9c", "canary@9c", "%zzcanary"])
def test_a_password_that_is_misspelled_in_the_address_is_not_shown_either(password: str) -> None:
    named = shown(f"postgresql://somebody:{password}@127.0.0.1:1/agentkit?application_name=x")

    assert named.startswith("postgresql://")
    assert "canary" not in named
    assert "9" not in named


@pytest.mark.parametrize("address", ["postgresql:/u:canary@h/db", "postgres:u:canary@h/db", "host=h password=canary"])
async def test_an_address_that_is_almost_one_of_postgresql_becomes_no_file(address: str) -> None:
    with pytest.raises(StorageError, match="not supported") as refused:
        await Database.open(address, [NOTES])

    assert "canary" not in str(refused.value)


async def test_without_the_driver_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "agentkit.storage.postgres", None)

    with pytest.raises(ConfigurationError, match=r"corti-agentkit\[postgres\]"):
        await Database.open("postgresql://127.0.0.1:1/agentkit", [NOTES])
