"""Conversations across agents: their list, their counts, and their end; on both database systems."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agentkit.errors import ContextNotFound
from agentkit.models import Message, TaskState, new_id
from agentkit.storage import Database
from agentkit.tasks import RetentionPolicy, Scope, SqlRepository
from agentkit.tasks.codec import micros, moment
from agentkit.tasks.contexts import ContextFilter, Contexts
from agentkit.tasks.counting import Counted, count_calls
from agentkit.tasks.repository import Opened, StoredTask
from tests.tasks.turns import ALICE, BOB, START, opened, take, write

pytestmark = pytest.mark.anyio

HOUR = 3_600_000_000
DAY = 24 * HOUR
MONTH = timedelta(days=30)
OTHER = Scope(ALICE.tenant, ALICE.owner, "another")
MONDAY = datetime(1969, 12, 29, tzinfo=UTC)


async def begin(
    repository: SqlRepository, scope: Scope = ALICE, *, now: int = START, lifetime: timedelta | None = None
) -> StoredTask:
    """A conversation whose first task has ended."""
    taken = await repository.accept(
        scope,
        Message.user("canary-first"),
        policy="refuse",
        new_task_id=new_id(),
        new_context_id=new_id(),
        now=now,
        lifetime=None if lifetime is None else int(lifetime.total_seconds() * 1_000_000),
    )
    assert isinstance(taken, Opened)
    ended = await write(repository, taken.stored, TaskState.COMPLETED, "canary-answer", now=now)
    assert ended is not None
    return ended


async def go_on(repository: SqlRepository, context_id: str, *, now: int, scope: Scope = ALICE) -> None:
    """Another task of a conversation."""
    taken = await take(repository, "canary-second", scope=scope, context_id=context_id, now=now)
    await write(repository, taken.stored, TaskState.COMPLETED, "canary-answer", now=now)


async def test_conversations_are_listed_newest_first_and_pages_join(address: str) -> None:
    """V2-EP-18, V2-PAGE-01."""
    async with opened(address) as (repository, database):
        contexts = Contexts(database)
        made = [
            (await begin(repository, scope, now=START + number * DAY)).task.context_id
            for number, scope in enumerate((ALICE, OTHER, ALICE, OTHER, ALICE))
        ]
        await begin(repository, BOB)
        await go_on(repository, made[0], now=START + 9 * DAY)

        found: list[str] = []
        page = await contexts.page("clinic", "alice", ContextFilter(), limit=2)
        while page:
            found += [one.id for one in page]
            page = await contexts.page("clinic", "alice", ContextFilter(), limit=2, before=page[-1].number)
        assert found == made[::-1]

        (oldest,) = await contexts.page("clinic", "alice", ContextFilter(until=moment(START + 1)), limit=9)
        assert (oldest.id, oldest.agent_id, oldest.tasks) == (made[0], "echo", 2)
        assert (oldest.created, oldest.updated) == (moment(START), moment(START + 9 * DAY))
        assert await contexts.find("clinic", "alice", made[0]) == oldest
        chosen = ContextFilter("another", since=moment(START + DAY), until=moment(START + 3 * DAY))
        assert [one.id for one in await contexts.page("clinic", "alice", chosen, limit=9)] == [made[1]]


async def test_a_foreign_conversation_is_a_missing_one(address: str) -> None:
    async with opened(address) as (repository, database):
        contexts = Contexts(database)
        context_id = (await begin(repository)).task.context_id
        assert await contexts.scope("clinic", "alice", context_id) == ALICE
        for tenant, owner in (("clinic", "bob"), ("elsewhere", "alice"), ("", "")):
            assert await contexts.scope(tenant, owner, context_id) is None
            assert await contexts.find(tenant, owner, context_id) is None
        assert await repository.delete_context(ALICE, context_id, START)
        assert await contexts.scope("clinic", "alice", context_id) is None
        assert await contexts.page("clinic", "alice", ContextFilter(), limit=9) == []


async def test_a_conversation_ends_so_long_after_what_happened_last_in_it(address: str) -> None:
    """CTX-04, CON-09."""
    async with opened(address) as (repository, database):
        silent = (await begin(repository, lifetime=MONTH)).task.context_id
        lively = (await begin(repository, lifetime=MONTH)).task.context_id
        endless = (await begin(repository)).task.context_id
        await go_on(repository, lively, now=START + 20 * DAY)

        assert await repository.hide_expired(START + 30 * DAY - 1, 10) == ()
        assert await repository.hide_expired(START + 30 * DAY, 10) == [(ALICE, silent)]
        with pytest.raises(ContextNotFound):
            await go_on_refused(repository, silent)
        assert await repository.hide_expired(START + 50 * DAY, 10) == [(ALICE, lively)]
        assert await repository.hide_expired(START + 9999 * DAY, 10) == ()
        assert await repository.scrub() == 3
        assert await Contexts(database).scope("clinic", "alice", endless) == ALICE


async def go_on_refused(repository: SqlRepository, context_id: str) -> None:
    await repository.accept(
        ALICE,
        Message.user("x", context_id=context_id),
        policy="refuse",
        new_task_id=new_id(),
        new_context_id=new_id(),
        now=START,
    )


async def test_conversations_with_an_agent_that_is_gone_get_an_end(address: str) -> None:
    async with opened(address) as (repository, database):
        contexts = Contexts(database)
        gone = (await begin(repository, OTHER)).task.context_id
        await begin(repository)
        assert sorted(await contexts.endless_agents()) == ["another", "echo"]

        await contexts.give_end(["another"], MONTH)

        assert await contexts.endless_agents() == ["echo"]
        assert await repository.hide_expired(START + 30 * DAY, 10) == [(OTHER, gone)]


async def test_what_retention_leaves_of_a_conversation_is_still_listed_and_still_ends(address: str) -> None:
    async with opened(address) as (repository, database):
        context_id = (await begin(repository, lifetime=MONTH)).task.context_id
        await go_on(repository, context_id, now=START + DAY)
        await go_on(repository, context_id, now=START + 9 * DAY)

        assert await RetentionPolicy(timedelta(days=5)).apply(repository, moment(START + 10 * DAY)) == 2

        (left,) = await Contexts(database).page("clinic", "alice", ContextFilter(), limit=9)
        assert (left.id, left.tasks) == (context_id, 1)
        assert await repository.hide_expired(START + 39 * DAY, 10) == [(ALICE, context_id)]


async def counted(
    database: Database, owner: str | None, length: timedelta, since: int, until: int, origin: datetime = MONDAY
) -> Counted:
    return await count_calls(
        database, "clinic", "echo", owner, since=moment(since), until=moment(until), length=length, origin=origin
    )


async def test_calls_are_counted_by_period_and_survive_deletion(address: str) -> None:
    """V2-EP-14, V2-OBJ-21: half-open, in UTC, only periods with activity, oldest first."""
    noon = micros(datetime(2026, 11, 20, 12, tzinfo=UTC))  # a Friday
    async with opened(address) as (repository, database):
        first = await begin(repository, now=noon)
        await go_on(repository, first.task.context_id, now=noon + 30 * 60_000_000)
        asked = await take(repository, now=noon + 2 * HOUR)
        waiting = await write(repository, asked.stored, TaskState.INPUT_REQUIRED, "?", now=noon + 2 * HOUR)
        assert waiting is not None
        await take(repository, "that", task_id=waiting.task.id, now=noon + 3 * DAY)
        await begin(repository, BOB, now=noon)
        await begin(repository, OTHER, now=noon)

        for _ in range(2):
            hours = await counted(database, None, timedelta(hours=1), noon, noon + 3 * DAY)
            assert [(one.start, one.invocations, one.contexts) for one in hours.periods] == [
                (moment(noon), 3, 2),
                (moment(noon + 2 * HOUR), 1, 1),
            ]
            assert (hours.total.invocations, hours.total.contexts) == (4, 3)
            weeks = await counted(database, "alice", timedelta(weeks=1), noon, noon + 3 * DAY + 1)
            assert [(one.start.isoformat(), one.invocations, one.contexts) for one in weeks.periods] == [
                ("2026-11-16T00:00:00+00:00", 3, 2),
                ("2026-11-23T00:00:00+00:00", 1, 1),
            ]
            assert (weeks.total.invocations, weeks.total.contexts) == (4, 2)
            await repository.delete_context(ALICE, first.task.context_id, noon)
            await repository.delete_context(ALICE, asked.stored.task.context_id, noon)


async def test_lists_and_ends_are_found_by_an_index(tmp_path: Path, plans: dict[str, list[str]]) -> None:
    async with opened(f"sqlite:///{tmp_path / 'tasks.db'}") as (repository, database):
        contexts = Contexts(database)
        context_id = (await begin(repository, lifetime=MONTH)).task.context_id
        plans.clear()
        await contexts.page("clinic", "alice", ContextFilter("echo", moment(START)), limit=9, before=99)
        await contexts.find("clinic", "alice", context_id)
        await contexts.scope("clinic", "alice", context_id)
        await contexts.give_end(["echo"], MONTH)
        await repository.hide_expired(START + 30 * DAY, 10)
        await counted(database, "alice", timedelta(days=1), START, START + DAY)

    scans = {sql: plan for sql, plan in plans.items() if any(step.startswith("SCAN tasks") for step in plan)}
    assert scans == {}
    assert len(plans) > 6
