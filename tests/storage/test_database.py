"""The database: one writer, grouped commits, nothing on the loop (design D6)."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import anyio
import pytest

from agentkit.errors import StorageError
from agentkit.storage import Connection, Database, Migration
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

NOTES = Migration("notes", 1, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);")


def add(connection: Connection, text: str) -> int:
    (row,) = connection.execute("INSERT INTO notes (text) VALUES (?) RETURNING id", (text,)).fetchone()
    return row


def texts(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY id")]


def contents(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(folder.glob("notes.db*")))


@pytest.mark.parametrize("place", ["url", "path", "text", "memory"])
async def test_what_was_written_is_read_from_every_kind_of_address(place: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "notes.db"
    address = {"url": f"sqlite:///{path}", "path": path, "text": str(path), "memory": None}[place]
    database = await Database.open(address, [NOTES])

    await database.write(lambda connection: add(connection, "one"))

    assert await database.read(texts) == ["one"]
    await database.close()


async def test_a_write_is_there_after_reopening(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "notes.db", [NOTES])
    await database.write(lambda connection: add(connection, "kept"))
    await database.close()

    database = await Database.open(tmp_path / "notes.db", [NOTES])

    assert await database.read(texts) == ["kept"]
    await database.close()


async def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "data" / "notes.db"
    database = await Database.open(path, [NOTES])
    await database.write(lambda connection: add(connection, "private"))

    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    await database.close()

    assert set(modes) >= {"notes.db", "notes.db-wal"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_failing_job_undoes_itself_and_none_of_its_neighbours(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "notes.db", [NOTES])

    def fail_late(connection: Connection) -> None:
        add(connection, "never")
        raise ValueError("no")

    jobs = [database.write(lambda connection, n=n: add(connection, f"note {n}")) for n in range(50)]
    results = await asyncio.gather(*jobs[:25], database.write(fail_late), *jobs[25:], return_exceptions=True)

    assert [type(one) for one in results if isinstance(one, BaseException)] == [ValueError]
    assert await database.read(texts) == [f"note {n}" for n in range(50)]
    await database.close()


async def test_a_lone_failing_job_leaves_nothing_behind() -> None:
    database = await Database.open(None, [NOTES])

    def fail_late(connection: Connection) -> None:
        add(connection, "never")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(fail_late)

    assert await database.read(texts) == []
    await database.close()


async def test_what_sqlite_refuses_is_a_storage_error_without_the_value() -> None:
    database = await Database.open(None, [NOTES])
    await database.write(lambda connection: add(connection, "Jane Example"))

    with pytest.raises(StorageError) as refused:
        await database.write(lambda connection: add(connection, "Jane Example"))

    assert "notes.text" in str(refused.value)
    assert "Jane" not in str(refused.value)
    await database.close()


async def test_jobs_take_effect_in_the_order_of_the_calls_also_when_the_queue_is_full() -> None:
    database = await Database.open(None, [NOTES], capacity=4)

    await asyncio.gather(*(database.write(lambda connection, n=n: add(connection, f"{n:03}")) for n in range(100)))

    assert await database.read(texts) == [f"{n:03}" for n in range(100)]
    await database.close()


async def test_waiting_callers_may_be_cancelled_without_blocking_the_others() -> None:
    database = await Database.open(None, [NOTES], capacity=2)
    tasks = [asyncio.create_task(database.write(lambda connection, n=n: add(connection, str(n)))) for n in range(20)]
    await asyncio.sleep(0)

    for task in tasks[1::2]:
        task.cancel()
    with anyio.fail_after(HANG):
        await asyncio.wait(tasks)
        await database.write(lambda connection: add(connection, "last"))

    kept = await database.read(texts)
    assert kept[-1] == "last"
    assert {str(n) for n in range(0, 20, 2)} <= set(kept)
    await database.close()


async def test_a_cancelled_caller_does_not_cut_its_job_in_half() -> None:
    database = await Database.open(None, [NOTES])

    def both(connection: Connection) -> None:
        add(connection, "first")
        add(connection, "second")

    task = asyncio.create_task(database.write(both))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await database.read(texts) in (["first", "second"], [])
    await database.close()


async def test_the_reader_cannot_write(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "notes.db", [NOTES])

    with pytest.raises(StorageError, match="readonly"):
        await database.read(lambda connection: add(connection, "sneaky"))

    await database.close()


async def test_a_file_in_use_is_refused_by_another_name_too(tmp_path: Path) -> None:
    path, link = tmp_path / "notes.db", tmp_path / "elsewhere" / "linked.db"
    database = await Database.open(path, [NOTES])
    link.parent.mkdir()
    link.symlink_to(path)

    with pytest.raises(StorageError, match="in use"):
        await Database.open(link, [NOTES])

    await database.close()


async def test_those_who_share_a_file_see_what_the_others_committed_and_keep_out_who_does_not(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    one = await Database.open(path, [NOTES], shared=True)
    two = await Database.open(path, [NOTES], shared=True)
    await one.write(lambda connection: add(connection, "from one"))
    assert await two.read(lambda connection: connection.execute("SELECT count(*) FROM notes").fetchone()) == (1,)

    with pytest.raises(StorageError, match="in use"):
        await Database.open(path, [NOTES])
    await one.close()
    with pytest.raises(StorageError, match="in use"):
        await Database.open(path, [NOTES])
    await two.close()
    alone = await Database.open(path, [NOTES])
    with pytest.raises(StorageError, match="in use"):
        await Database.open(path, [NOTES], shared=True)
    await alone.close()


async def test_a_second_user_of_the_file_is_refused_and_welcome_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    database = await Database.open(path, [NOTES])

    with pytest.raises(StorageError, match="in use"):
        await Database.open(path, [NOTES])
    await database.close()

    again = await Database.open(path, [NOTES])
    await again.close()


async def test_a_closed_database_refuses_and_closing_twice_is_fine(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "notes.db", [NOTES])
    await database.close()
    await database.close()

    with pytest.raises(StorageError, match="closed"):
        await database.write(texts)
    with pytest.raises(StorageError, match="closed"):
        await database.read(texts)


async def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    database = await Database.open(path, [NOTES])
    tasks = [asyncio.create_task(database.write(lambda connection, n=n: add(connection, str(n)))) for n in range(30)]
    await asyncio.sleep(0)

    await database.close()
    await asyncio.gather(*tasks)

    database = await Database.open(path, [NOTES])
    assert len(await database.read(texts)) == 30
    await database.close()


async def test_another_event_loop_is_refused() -> None:
    database = await Database.open(None, [NOTES])

    def elsewhere() -> None:
        asyncio.run(database.read(texts))  # pyright: ignore[reportArgumentType]

    with pytest.raises(StorageError, match="another event loop"):
        await asyncio.to_thread(elsewhere)
    await database.close()


@pytest.mark.parametrize("place", ["mysql://x", ""])
async def test_another_database_system_is_refused_with_the_remedy(place: str) -> None:
    with pytest.raises(StorageError, match="sqlite:///PATH"):
        await Database.open(place, [NOTES])


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, this is not a database. " * 100)

    with pytest.raises(StorageError, match="not a database"):
        await Database.open(path, [NOTES])


async def test_a_path_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageError, match="cannot be made"):
        await Database.open(tmp_path / "file" / "notes.db", [NOTES])


async def test_a_lock_file_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.db.lock").mkdir()

    with pytest.raises(StorageError, match=r"notes\.db\.lock cannot be made"):
        await Database.open(tmp_path / "notes.db", [NOTES])


async def test_erased_content_is_in_no_file_any_more(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "notes.db", [NOTES])
    await database.write(lambda connection: add(connection, "canary-7d1f"))
    before = contents(tmp_path)

    await database.write(lambda connection: connection.execute("DELETE FROM notes").rowcount)
    await database.erase_traces()
    after = contents(tmp_path)

    assert b"canary-7d1f" in before
    assert b"canary-7d1f" not in after
    await database.close()


async def test_a_full_disk_refuses_what_does_not_fit_and_the_database_stays_usable(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "notes.db", [NOTES])

    await database.write(lambda connection: connection.execute("PRAGMA max_page_count = 8").fetchall())
    big = "x" * 20_000
    jobs = [database.write(lambda connection, n=n: add(connection, f"{n}{big}")) for n in range(6)]
    results = await asyncio.gather(*jobs, return_exceptions=True)

    refused = [one for one in results if isinstance(one, StorageError)]
    assert refused
    assert all("full" in str(one) for one in refused)
    await database.write(lambda connection: connection.execute("PRAGMA max_page_count = 10000").fetchall())
    await database.write(lambda connection: add(connection, "fits"))
    assert len(await database.read(texts)) == len(results) - len(refused) + 1
    await database.close()


async def test_a_posted_job_is_done_before_every_later_write_and_nobody_waits(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "notes.db", [NOTES], capacity=1)
    posted = [database.post(lambda connection, n=number: add(connection, f"posted {n}")) for number in range(3)]
    await database.write(lambda connection: add(connection, "written"))
    assert [await one for one in posted] == [1, 2, 3]
    assert await database.read(texts) == ["posted 0", "posted 1", "posted 2", "written"]
    await database.close()
