"""What is deleted is gone from every table and file; what is kept for audit says who, when and in which state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from agentkit.errors import ConfigurationError, ContextNotFound
from agentkit.models import Message, TaskState, new_id
from agentkit.storage import Connection, Database
from agentkit.tasks import RetentionPolicy, Scope, SqlRepository, TaskFilter
from agentkit.tasks.codec import moment
from agentkit.tasks.repository import StoredTask
from agentkit.tasks.retention import erase
from tests.tasks.turns import ALICE, BOB, EVE, START, finish, opened, piece, take, write

pytestmark = pytest.mark.anyio

CANARY = "canary-4b1f"
DAY = 86_400_000_000
NOW = moment(START + 10 * DAY)


async def talk(repository: SqlRepository, scope: Scope = ALICE, *, now: int = START) -> StoredTask:
    """A task that waits for an answer, with content in every table."""
    taken = await take(repository, CANARY, scope=scope, metadata={"about": CANARY}, now=now)
    await repository.keep_state(scope, taken.stored.task.context_id, "echo/about", CANARY, now)
    artifact = piece(taken.stored, "a", CANARY)
    changed = [artifact.artifact]
    asked = await write(
        repository,
        taken.stored,
        TaskState.INPUT_REQUIRED,
        CANARY,
        artifacts=[artifact],
        changed=changed,
        continuation={"about": CANARY},
        now=now,
    )
    assert asked is not None
    return asked


def contents(folder: Path) -> bytes:
    """What the files of the database hold."""
    return b"".join(file.read_bytes() for file in folder.glob("tasks.db*"))


async def rows(database: Database) -> dict[str, int]:
    """How many rows the tables have, and how often the canary is in them."""

    def count(connection: Connection) -> dict[str, int]:
        found: dict[str, int] = {}
        for table in ("tasks", "events", "artifacts", "conversation_state", "sends"):
            content = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
            found[table] = len(content)
            found[f"{table} with content"] = sum(CANARY in str(row) for row in content)
        return found

    return await database.read(count)


async def test_an_owner_is_erased_everywhere_and_nobody_else(address: str, tmp_path: Path) -> None:
    async with opened(address) as (repository, database):
        for _ in range(3):
            await talk(repository)
            await talk(repository, Scope(ALICE.tenant, ALICE.owner, "another agent"))
        kept = [await talk(repository, BOB), await talk(repository, EVE)]
        told: list[str] = []
        repository.on_delete(lambda _, ids: told.extend(ids))

        assert await erase(repository, ALICE.tenant, ALICE.owner, NOW) == 6

        found = await rows(database)
        assert (found["tasks"], found["tasks with content"], found["events with content"]) == (8, 2, 6)
        assert (found["artifacts"], found["conversation_state"]) == (2, 2)
        assert len(set(told)) == 6
        assert await repository.tasks(ALICE, TaskFilter(), limit=5, after=None, history_length=0) == ([], 0)
        for one in kept:
            assert await repository.load(one.scope, one.task.id) is not None
        audit = await database.read(
            lambda it: it.execute(
                "SELECT DISTINCT tenant, owner, state, updated FROM tasks WHERE deleted IS NOT NULL"
            ).fetchall()
        )
        assert audit == [("clinic", "alice", "input-required", START)]
        assert await erase(repository, ALICE.tenant, None, NOW) == 1
        assert await erase(repository, EVE.tenant, None, NOW) == 1
        assert await rows(database) | {"tasks": 8} == await rows(database)
    assert CANARY.encode() not in contents(tmp_path)


async def test_an_erased_context_takes_no_message_and_a_repeated_one_opens_nothing(address: str) -> None:
    async with opened(address) as (repository, _):
        message = Message.user("first", context_id="mine")

        async def send(message: Message) -> object:
            return await repository.accept(
                ALICE, message, policy="adopt", new_task_id=new_id(), new_context_id=new_id(), now=START
            )

        await send(message)
        assert await repository.delete_context(ALICE, "mine", START)

        with pytest.raises(ContextNotFound):
            await send(message)
        with pytest.raises(ContextNotFound):
            await take(repository, context_id="mine")
        assert not await repository.delete_context(ALICE, "mine", START)
        assert (await take(repository, scope=BOB, context_id="mine")).stored.task.context_id == "mine"


async def test_a_running_turn_of_an_erased_owner_can_store_nothing_more(address: str) -> None:
    async with opened(address) as (repository, database):
        taken = await take(repository)

        await erase(repository, ALICE.tenant, ALICE.owner, NOW)

        assert await write(repository, taken.stored, TaskState.COMPLETED, CANARY) is None
        assert (await rows(database))["events with content"] == 0


async def test_what_a_crash_left_half_erased_is_finished_by_the_next_deletion(address: str) -> None:
    async with opened(address) as (repository, database):
        await talk(repository)
        await database.write(lambda it: it.execute("UPDATE tasks SET deleted = ?, listed = -listed", (START,)).rowcount)

        await RetentionPolicy(timedelta(days=365)).apply(repository, NOW)

        found = await rows(database)
        assert (found["tasks"], found["tasks with content"], found["events with content"]) == (1, 0, 0)
        assert found["artifacts"] == 0


async def test_tasks_go_as_a_whole_when_they_ended_long_enough_ago(address: str) -> None:
    async with opened(address) as (repository, database):
        old = [await finish(repository, CANARY, now=START) for _ in range(3)]
        young = await finish(repository, now=START + 9 * DAY)
        waiting = await talk(repository)
        await take(repository, "at work")
        told: list[Sequence[str]] = []
        repository.on_delete(lambda _, ids: told.append(ids))

        assert await RetentionPolicy(timedelta(days=5)).apply(repository, NOW) == 3

        assert sorted(one for ids in told for one in ids) == sorted(one.task.id for one in old)
        found = await rows(database)
        assert (found["tasks"], found["sends"], found["conversation_state"]) == (3, 3, 1)
        assert await repository.load(ALICE, old[0].task.id) is None
        assert await repository.load(ALICE, young.task.id) is not None

        policy = RetentionPolicy(timedelta(days=5), waiting=timedelta(days=9))
        assert await policy.apply(repository, NOW) == 1
        assert await repository.load(ALICE, waiting.task.id) is None
        found = await rows(database)
        assert (found["tasks"], found["artifacts"], found["conversation_state"]) == (2, 0, 0)
        assert await policy.apply(repository, NOW) == 0


async def test_a_young_task_keeps_the_state_of_its_context(address: str) -> None:
    async with opened(address) as (repository, _):
        first = await finish(repository, now=START)
        context = first.task.context_id
        await repository.keep_state(ALICE, context, "echo/a", 1, START)
        await take(repository, context_id=context, now=START + 9 * DAY)

        assert await RetentionPolicy(timedelta(days=5)).apply(repository, NOW) == 1

        assert await repository.state(ALICE, context, "echo/a") == 1


async def test_more_tasks_than_a_batch_are_deleted_batch_by_batch(address: str) -> None:
    async with opened(address) as (repository, database):
        sizes: list[int] = []
        repository.on_delete(lambda _, ids: sizes.append(len(ids)))
        for number in range(230):
            await take(repository, f"{number}", context_id="many")

        assert await repository.delete_context(ALICE, "many", START)

        assert sum(sizes) == 230
        assert max(sizes) <= 100
        assert (await rows(database))["tasks"] == 230


async def test_a_hook_that_fails_undoes_the_deletion(address: str) -> None:
    async with opened(address) as (repository, database):
        await finish(repository, CANARY)

        def fail(connection: Connection, ids: Sequence[str]) -> None:
            raise ValueError("no")

        repository.on_delete(fail)
        with pytest.raises(ValueError, match="no"):
            await RetentionPolicy(timedelta(0)).apply(repository, NOW)

        assert (await rows(database))["tasks"] == 1


def test_a_policy_that_deletes_what_is_not_there_yet_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="waiting"):
        RetentionPolicy(timedelta(0), waiting=timedelta(days=-1))
