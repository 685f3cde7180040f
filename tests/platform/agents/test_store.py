"""Agents as they are kept: read once, never stale, sealed, and gone without a trace of their content."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from agentkit.errors import StorageError
from agentkit.models import new_id
from agentkit.platform.agents.cache import RecordCache
from agentkit.platform.agents.connector import InlineExpert, McpConnector, McpServer, SchemaConnector
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.agents.selection import Selection
from agentkit.platform.agents.store import AgentStore
from agentkit.platform.agents.tables import NameTaken
from agentkit.platform.schema import MIGRATIONS
from agentkit.specs import Authorization, Transition, Visibility
from agentkit.storage import Connection, Database
from agentkit.storage.connection import Job, Row
from agentkit.storage.sealing import Sealer
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

OWNER = Ownership("base", "clinic")
NOW = datetime(2026, 3, 1, 10, 0, 0, 123456, UTC)
KEY = bytes(32)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind, which several processes may use."""
    return request.getfixturevalue("postgres_url") if request.param == "postgresql" else str(tmp_path / "agents.db")


@asynccontextmanager
async def opened(
    url: str | None = None, *, shared: bool = False, key: bytes = KEY
) -> AsyncGenerator[tuple[AgentStore, Database], None]:
    database = await Database.open(url, MIGRATIONS, shared=shared)
    try:
        yield AgentStore(database, Sealer(key), ephemeral_lifetime=timedelta(hours=1), clock=lambda: NOW), database
    finally:
        await database.close()


def agent(name: str = "visit-helper", **more: object) -> AgentRecord:
    server = McpServer(id=new_id(), name="ehr", url="https://mcp.example.org/mcp", authorization=Authorization.BEARER)
    reader = InlineExpert(id=new_id(), name="reader", description="Reads.", prompt="p", servers=(server,))
    own = McpConnector(id=new_id(), name="calc", url="https://calc.example/mcp", enabled=False)
    done = SchemaConnector(
        id=new_id(), name="done", output_schema={"a": [1, None]}, transition=Transition.INPUT_REQUIRED
    )
    record = AgentRecord(
        id=new_id(),
        name=name,
        ownership=OWNER,
        created=NOW,
        updated=NOW,
        description="d",
        model="corti-default",
        visibility=Visibility.UNLISTED,
        expires=NOW + timedelta(hours=1),
        labels={"ward": "3"},
        connectors=(reader, own, done),
        tokens={server.id: SecretStr("canary-1"), own.id: SecretStr("canary-2")},
    )
    return replace(record, **more)


async def renamed(record: AgentRecord) -> AgentRecord:
    return replace(record, name="renamed")


class Counting:
    """Counts how often the database is read."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = 0
        read = database.read

        async def counted(job: Job[object]) -> object:
            self.reads += 1
            return await read(job)

        monkeypatch.setattr(database, "read", counted)


async def test_a_record_comes_back_as_it_was_kept(url: str) -> None:
    """V1-OBJ-05: with its tokens."""
    record = agent("na\0me", labels={"nul": "\0"})
    async with opened(url, shared=True) as (store, _):
        await store.add(record)
    async with opened(url, shared=True) as (store, _):
        found = await store.find(OWNER, record.id)
    assert found == record


async def test_an_agent_is_read_once_and_then_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    record = agent()
    reader = next(record.inline_experts())
    async with opened() as (store, database):
        await store.add(record)
        counting = Counting(database, monkeypatch)
        found = [await store.find(OWNER, record.id) for _ in range(5)]
        experts = [await store.find(OWNER, reader.id) for _ in range(5)]
        assert counting.reads == 2
        assert all(one is found[0] for one in found)
        assert all(one is experts[0] and one is not None and one.part_of == record.id for one in experts)
        await store.change(record.id, renamed)
        after, expert = await store.find(OWNER, record.id), await store.find(OWNER, reader.id)
        assert (after and after.name, expert and expert.part_of) == ("renamed", record.id)
        assert await store.delete(record.id)
        assert [await store.find(OWNER, one) for one in (record.id, reader.id)] == [None, None]
        assert not await store.delete(record.id)
        assert await store.change(record.id, renamed) is None


async def test_what_another_process_changed_is_seen_at_once(url: str) -> None:
    """The version of the row is asked for where the database is not this process's alone."""
    record = agent()
    reader = next(record.inline_experts())
    async with opened(url, shared=True) as (mine, _), opened(url, shared=True) as (theirs, _):
        await mine.add(record)
        assert await mine.find(OWNER, record.id) is await mine.find(OWNER, record.id)
        assert await mine.find(OWNER, reader.id)
        await theirs.change(record.id, renamed)
        found = await mine.find(OWNER, record.id)
        assert found is not None
        assert found.name == "renamed"

        async def without_experts(now: AgentRecord) -> AgentRecord:
            return replace(now, connectors=(), tokens={})

        await theirs.change(record.id, without_experts)
        assert await mine.find(OWNER, reader.id) is None
        await theirs.delete(record.id)
        assert await mine.find(OWNER, record.id) is None
        assert await mine.was_here(OWNER, record.id)


async def test_changes_of_several_processes_lose_nothing_of_each_other(url: str) -> None:
    """V1-AGENT-03."""
    record = agent(labels={})

    def labelled(key: str):
        async def make(now: AgentRecord) -> AgentRecord:
            await asyncio.sleep(0)
            return replace(now, labels={**now.labels, key: "yes"})

        return make

    async with opened(url, shared=True) as (mine, _), opened(url, shared=True) as (theirs, _):
        await mine.add(record)
        await asyncio.gather(
            *(
                store.change(record.id, labelled(f"{side}{n}"))
                for n in range(3)
                for side, store in enumerate((mine, theirs))
            )
        )
        found = await mine.find(OWNER, record.id)
    assert found is not None
    assert sorted(found.labels) == ["00", "01", "02", "10", "11", "12"]


async def test_a_change_given_up_by_its_caller_is_made_and_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job runs although nobody waits, so what was kept in memory is dropped all the same."""
    record = agent()
    async with opened() as (store, database):
        await store.add(record)
        await store.find(OWNER, record.id)
        write, at_work, held, written = database.write, asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def slow(job: Job[bool]) -> bool:
            at_work.set()
            await held.wait()
            done = await write(job)
            asyncio.get_running_loop().call_soon(written.set)
            return done

        monkeypatch.setattr(database, "write", slow)
        with anyio.fail_after(HANG):
            changing = asyncio.create_task(store.change(record.id, renamed))
            await at_work.wait()
            changing.cancel()
            await asyncio.gather(changing, return_exceptions=True)
            assert changing.cancelled()
            before = await store.find(OWNER, record.id)
            held.set()
            await written.wait()
            await asyncio.sleep(0)
        found = await store.find(OWNER, record.id)
        assert (before and before.name, found and found.name) == ("visit-helper", "renamed")


def test_what_was_read_before_a_write_is_not_kept_after_it() -> None:
    cache, record = RecordCache(), agent()
    stamp = cache.stamp
    cache.forget(record.id)
    cache.keep(record, 1, stamp)
    assert cache.get(record.id) is None
    cache.keep(record, 2, cache.stamp)
    assert cache.get(record.id) == (record, 2)


def test_the_agents_unused_for_longest_are_forgotten_first() -> None:
    cache = RecordCache(capacity=2)
    first, second, third = agent("a"), agent("b"), agent("c")
    for record in (first, second):
        cache.keep(record, 1, cache.stamp)
    cache.get(first.id)
    cache.keep(third, 1, cache.stamp)
    assert [cache.get(record.id) is not None for record in (first, second, third)] == [True, False, True]


async def test_a_tombstone_holds_nothing_of_the_agent(url: str) -> None:
    """V2-EP-05: neither of one that was deleted nor of one that expired."""
    deleted, expired = agent("deleted"), agent("expired", expires=NOW)
    async with opened(url, shared=True) as (store, database):
        await store.add(deleted)
        await store.add(expired)
        await store.delete(deleted.id)
        await store.add(agent("third"))
        await store.bury_expired()

        def job(connection: Connection) -> tuple[list[Row], int, int]:
            rows = connection.execute(
                "SELECT id, name, body, expires FROM platform_agents WHERE gone IS NOT NULL ORDER BY number"
            ).fetchall()
            tokens = connection.execute("SELECT count(*) FROM platform_tokens").fetchone()[0]
            return rows, tokens, connection.execute("SELECT count(*) FROM platform_inline_experts").fetchone()[0]

        rows, tokens, experts = await database.read(job)
        assert [tuple(row) for row in rows] == [(deleted.id, "", "", None), (expired.id, "", "", None)]
        assert (tokens, experts) == (2, 1)
        assert [await store.was_here(OWNER, one.id) for one in (deleted, expired)] == [True, True]
        assert not await store.was_here(Ownership("base", "other"), deleted.id)
        assert not await store.was_here(OWNER, new_id())


async def test_a_name_must_be_free_where_that_is_asked_for(url: str) -> None:
    """V2-EP-01: among what the owner can see."""
    other = Ownership("base", "other")
    async with opened(url, shared=True) as (store, _):
        first = agent("taken")
        await store.add(first, unique_name=True)
        await store.add(agent("hidden", visibility=Visibility.PRIVATE), unique_name=True)
        for owner in (OWNER, other):
            with pytest.raises(NameTaken):
                await store.add(agent("taken", ownership=owner), unique_name=True)
        await store.add(agent("hidden", ownership=other), unique_name=True)
        await store.add(agent("taken", ownership=Ownership("elsewhere", "clinic")), unique_name=True)
        with pytest.raises(NameTaken):
            await store.change(first.id, lambda now: _named(now, "hidden"), unique_name=True)
        assert await store.change(first.id, lambda now: _named(now, "taken"), unique_name=True)


async def test_a_change_that_takes_its_time_holds_no_other_agent_up() -> None:
    slow, quick = agent("slow"), agent("quick")
    async with opened() as (store, _), anyio.create_task_group() as group:
        await store.add(slow)
        await store.add(quick)
        began, go_on = anyio.Event(), anyio.Event()

        async def waiting(now: AgentRecord) -> AgentRecord:
            began.set()
            await go_on.wait()
            return now

        group.start_soon(store.change, slow.id, waiting)
        with anyio.fail_after(HANG):
            await began.wait()
            changed = await store.change(quick.id, renamed)
        assert changed is not None
        go_on.set()


async def test_of_several_processes_one_alone_gets_a_name(url: str) -> None:
    """V2-EP-01."""
    async with opened(url, shared=True) as (mine, _), opened(url, shared=True) as (theirs, _):
        for number in range(30):
            name = f"wanted-{number}"
            made = [store.add(agent(name), unique_name=True) for store in (mine, theirs)]
            found = await asyncio.gather(*made, return_exceptions=True)
            assert sorted(type(one).__name__ for one in found) == ["NameTaken", "NoneType"], name


async def _named(record: AgentRecord, name: str) -> AgentRecord:
    return replace(record, name=name)


async def test_a_list_holds_one_s_own_agents_and_the_public_ones_of_the_tenant(url: str) -> None:
    """V2-OBJ-01, V1-AGENT-07."""
    async with opened(url, shared=True) as (store, _):
        for visibility in Visibility:
            for owner in (OWNER, Ownership("base", "other"), Ownership("elsewhere", "clinic")):
                name = f"{visibility}-{owner.tenant}-{owner.owner}"
                await store.add(agent(name, visibility=visibility, ownership=owner))
        every = await store.listed(OWNER, Selection())
        names = [listed.record.name for listed in every]
        assert names == ["private-base-clinic", "unlisted-base-clinic", "public-base-clinic", "public-base-other"]
        assert await store.listed(OWNER, Selection(), offset=1, limit=2) == every[1:3]
        assert await store.listed(OWNER, Selection(), after=every[1].number) == every[2:]
        assert await store.listed(OWNER, Selection(), limit=0) == []
        assert await store.listed(OWNER, Selection(words="OTHER"), offset=0, limit=1) == every[3:]


async def test_a_token_sealed_with_a_lost_key_is_a_token_nobody_gave(tmp_path: Path) -> None:
    """Design D13."""
    record, url = agent(), str(tmp_path / "agents.db")
    async with opened(url) as (store, _):
        await store.add(record)
    async with opened(url, key=b"x" * 32) as (store, _):
        found = await store.find(OWNER, record.id)
    assert found == replace(record, tokens={})
    assert b"canary" not in (tmp_path / "agents.db").read_bytes()
    assert "canary" not in repr(record)


async def test_a_row_that_is_none_of_ours_is_a_typed_error() -> None:
    record = agent()
    async with opened() as (store, database):
        await store.add(record)
        await database.write(lambda connection: connection.execute("UPDATE platform_agents SET body = '{\"a\": 1}'"))
        with pytest.raises(StorageError):
            await store.find(OWNER, record.id)
