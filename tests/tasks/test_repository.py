"""One repository on SQLite and on PostgreSQL: what the task service relies on, on both (design D6)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import anyio
import anyio.lowlevel
import pytest

from agentkit.errors import EngineError, MessageConflict, StateTooLarge, TaskNotContinuable
from agentkit.models import Json, Message, TaskState, new_id
from agentkit.tasks import Scope, SqlRepository, TaskFilter
from agentkit.tasks.conversation import STATE_BYTES
from agentkit.tasks.repository import Opened, Repeated
from tests.deadline import HANG
from tests.tasks.turns import ALICE, BOB, EVE, START, finish, opened, piece, take, write

pytestmark = pytest.mark.anyio


async def test_a_task_is_continued_and_shown_with_its_history(address: str) -> None:
    async with opened(address) as (repository, _):
        taken = await take(repository, "first")
        asked = await write(repository, taken.stored, TaskState.INPUT_REQUIRED, "which?")
        assert asked is not None
        again = await take(repository, "that", task_id=taken.stored.task.id)
        await write(repository, again.stored, TaskState.COMPLETED, "done")

        loaded = await repository.load(ALICE, taken.stored.task.id)

        assert loaded is not None
        assert loaded.version == 4
        assert [message.text for message in loaded.task.history or ()] == ["first", "which?", "that"]
        assert loaded.task.status.message is not None
        assert loaded.task.status.message.text == "done"
        newest = await repository.load(ALICE, taken.stored.task.id, 1)
        assert newest is not None
        assert [message.text for message in newest.task.history or ()] == ["that"]


@pytest.mark.parametrize("other", [BOB, EVE])
async def test_a_foreign_row_is_a_missing_row(address: str, other: Scope) -> None:
    async with opened(address) as (repository, _):
        mine = await finish(repository)
        context = mine.task.context_id

        assert await repository.load(other, mine.task.id) is None
        assert await repository.turn(other, mine.task.id, 1) is None
        assert await repository.events(mine.key, other, 0, 10) == []
        assert await repository.context(other, context, limit=None, offset=0) is None
        assert not await repository.delete_context(other, context, START)
        page, total = await repository.tasks(other, TaskFilter(), limit=10, after=None, history_length=0)
        assert (page, total) == ([], 0)
        await repository.keep_state(ALICE, context, "echo/id", "kept", START)
        assert await repository.state(other, context, "echo/id") is None


async def test_a_message_sent_twice_at_the_same_time_is_taken_in_once(address: str) -> None:
    async with AsyncExitStack() as stack:
        one, _ = await stack.enter_async_context(opened(address))
        two = one
        if address.startswith("postgresql"):
            two, _ = await stack.enter_async_context(opened(address))

        async def send(repository: SqlRepository, message: Message) -> Opened | Repeated:
            return await repository.accept(
                ALICE, message, policy="adopt", new_task_id=new_id(), new_context_id=new_id(), now=START
            )

        for number in range(20):
            message = Message.user(f"once {number}")
            taken = await asyncio.gather(send(one, message), send(two, message))

            ids = {it.stored.task.id if isinstance(it, Opened) else it.task_id for it in taken}
            assert len(ids) == 1
            assert sorted(type(it).__name__ for it in taken) == ["Opened", "Repeated"]
        _, total = await one.tasks(ALICE, TaskFilter(), limit=1, after=None, history_length=0)
        assert total == 20


async def test_a_question_answered_by_two_processes_at_once_is_answered_once(postgres_url: str) -> None:
    async with opened(postgres_url) as (one, _), opened(postgres_url) as (two, _):
        for number in range(10):
            taken = await take(one)
            await write(one, taken.stored, TaskState.INPUT_REQUIRED, "which?")

            results = await asyncio.gather(
                take(one, f"this {number}", task_id=taken.stored.task.id),
                take(two, f"that {number}", task_id=taken.stored.task.id),
                return_exceptions=True,
            )

            assert sorted(type(result).__name__ for result in results) == ["Opened", "TaskNotContinuable"]
            loaded = await one.load(ALICE, taken.stored.task.id)
            assert loaded is not None
            assert loaded.version == 3


async def test_of_two_writers_of_a_task_one_is_refused(address: str) -> None:
    async with opened(address) as (repository, _):
        taken = await take(repository)

        results = await asyncio.gather(
            *(write(repository, taken.stored, TaskState.COMPLETED, f"{number}") for number in range(5))
        )

        assert len([result for result in results if result is not None]) == 1
        loaded = await repository.load(ALICE, taken.stored.task.id)
        assert loaded is not None
        assert loaded.version == 2


async def test_the_same_id_with_another_content_is_a_conflict_also_in_a_second_turn(address: str) -> None:
    async with opened(address) as (repository, _):
        taken = await take(repository)
        await write(repository, taken.stored, TaskState.INPUT_REQUIRED, "which?")
        answer = Message.user("this", task_id=taken.stored.task.id)

        async def send(message: Message) -> Opened | Repeated:
            return await repository.accept(
                ALICE, message, policy="adopt", new_task_id=new_id(), new_context_id=new_id(), now=START
            )

        assert isinstance(await send(answer), Opened)
        assert isinstance(await send(answer), Repeated)
        with pytest.raises(MessageConflict):
            await send(answer.model_copy(update={"parts": Message.user("other").parts}))
        with pytest.raises(TaskNotContinuable):
            await take(repository, "more", task_id=taken.stored.task.id)


async def test_what_a_turn_started_from_is_there_after_a_restart(address: str) -> None:
    async with opened(address) as (repository, _):
        taken = await take(repository, "first", metadata={"trace": "a", "n": 1})
        await write(repository, taken.stored, TaskState.INPUT_REQUIRED, "which?", continuation={"step": 1})
        again = await take(repository, "that", task_id=taken.stored.task.id)
        assert again.stored.continuation == {"step": 1}
        await write(repository, again.stored, TaskState.WORKING)

    async with opened(address) as (repository, _):
        (left,) = await repository.unsettled()
        turn = await repository.turn(ALICE, left.task.id, left.turn)
        first = await repository.turn(ALICE, left.task.id, 1)

        assert (left.turn, left.version, left.continuation) == (3, 4, {"step": 1})
        assert turn is not None
        assert turn.message.text == "that"
        assert turn.metadata is None
        assert turn.stored.continuation == {"step": 1}
        assert first is not None
        assert (first.message.text, first.metadata) == ("first", {"trace": "a", "n": 1})
        assert await repository.turn(ALICE, left.task.id, 4) is None
        await write(repository, left, TaskState.COMPLETED, "done")
        settled = await repository.load(ALICE, left.task.id)
        assert settled is not None
        assert settled.continuation is None


async def test_a_parked_turn_leaves_its_continuation_and_stays_at_work(address: str) -> None:
    async with opened(address) as (repository, _):
        taken = await take(repository)
        parked = await write(repository, taken.stored, TaskState.WORKING, continuation={"wake": 7})
        assert parked is not None

        loaded = await repository.load(ALICE, taken.stored.task.id)
        assert loaded is not None
        assert loaded.continuation == {"wake": 7}
        assert await repository.open_tasks(ALICE.tenant, ALICE.owner) == 1
        await write(repository, parked, TaskState.COMPLETED)
        assert await repository.open_tasks(ALICE.tenant, ALICE.owner) == 0


async def test_tasks_at_work_are_found_page_by_page(address: str) -> None:
    async with opened(address) as (repository, _):
        ids = [(await take(repository, f"{number}")).stored.task.id for number in range(5)]
        await finish(repository)

    async with opened(address) as (repository, _):
        first = await repository.unsettled(limit=3)
        rest = await repository.unsettled(after=first[-1].key, limit=3)

        assert [one.task.id for one in (*first, *rest)] == ids


async def test_the_tasks_of_a_living_process_are_no_orphans_and_those_of_a_dead_one_are_taken_over_once(
    postgres_url: str,
) -> None:
    async with opened(postgres_url) as (one, _), opened(postgres_url) as (two, _):
        await take(one)
        async with opened(postgres_url) as (dying, _):
            lost = (await take(dying)).stored
            assert await two.unsettled() == []

        with anyio.fail_after(HANG):
            while not (orphans := await two.unsettled()):
                await anyio.lowlevel.checkpoint()
        (found,) = orphans
        claims = await asyncio.gather(one.claim(found), two.claim(found))

        assert found.task.id == lost.task.id
        assert sorted(claims) == [False, True]
        assert await one.unsettled() == []


async def test_artifacts_are_shown_whether_or_not_the_batch_that_settles_brings_them(address: str) -> None:
    async with opened(address) as (repository, _):
        for brings in (True, False):
            taken = await take(repository)
            pieces = [piece(taken.stored, "a", "one"), piece(taken.stored, "a", "two", append=True)]
            working = await write(repository, taken.stored, TaskState.WORKING, artifacts=pieces)
            assert working is not None
            early = await repository.load(ALICE, taken.stored.task.id)
            assert early is not None
            assert [artifact.text for artifact in early.task.artifacts or ()] == ["one\ntwo"]

            changed = early.task.artifacts if brings else None
            asked = await write(repository, working, TaskState.INPUT_REQUIRED, "more?", changed=changed)
            assert asked is not None
            again = await take(repository, "yes", task_id=taken.stored.task.id)
            assert not again.stored.task.artifacts
            more = [piece(taken.stored, "b", "three"), piece(taken.stored, "a", "four", append=True)]
            ended = await write(repository, again.stored, TaskState.COMPLETED, artifacts=more)
            assert ended is not None
            late = await repository.load(ALICE, taken.stored.task.id)

            assert late is not None
            assert [artifact.text for artifact in late.task.artifacts or ()] == ["one\ntwo\nfour", "three"]


async def test_artifacts_brought_after_a_turn_that_did_not_bring_them_are_not_doubled(address: str) -> None:
    async with opened(address) as (repository, _):
        taken = await take(repository)
        first = piece(taken.stored, "a", "one")
        await write(repository, taken.stored, TaskState.INPUT_REQUIRED, "more?", artifacts=[first])
        again = await take(repository, "yes", task_id=taken.stored.task.id)
        second = piece(taken.stored, "a", "two", append=True)
        whole = first.artifact.model_copy(update={"parts": (*first.artifact.parts, *second.artifact.parts)})
        await write(repository, again.stored, TaskState.COMPLETED, artifacts=[second], changed=[whole])

        loaded = await repository.load(ALICE, taken.stored.task.id)
        page, _ = await repository.tasks(ALICE, TaskFilter(), limit=5, after=None, history_length=0, artifacts=False)

        assert loaded is not None
        assert [artifact.text for artifact in loaded.task.artifacts or ()] == ["one\ntwo"]
        assert not any(task.artifacts for _, task in page)


async def test_state_belongs_to_a_context_and_goes_with_it(address: str) -> None:
    async with opened(address) as (repository, _):
        context = (await finish(repository)).task.context_id
        value: Json = {"remote": "context-1", "n": [1, 2.5, None]}
        await repository.keep_state(ALICE, context, "echo/remote", "before", START)
        await repository.keep_state(ALICE, context, "echo/remote", value, START)
        await repository.keep_state(ALICE, context, "echo/other", "x", START)
        await repository.keep_state(ALICE, context, "echo/other", None, START)
        await repository.keep_state(ALICE, "nowhere", "echo/remote", "lost", START)

        assert await repository.state(ALICE, context, "echo/remote") == value
        assert await repository.state(ALICE, context, "echo/other") is None
        assert await repository.state(ALICE, "nowhere", "echo/remote") is None

        await repository.delete_context(ALICE, context, START)
        await repository.keep_state(ALICE, context, "echo/remote", "late", START)
        assert await repository.state(ALICE, context, "echo/remote") is None


async def test_state_that_is_too_large_or_no_json_is_refused_and_what_was_there_stays(address: str) -> None:
    async with opened(address) as (repository, _):
        context = (await finish(repository)).task.context_id
        await repository.keep_state(ALICE, context, "echo/a", "x" * (STATE_BYTES - 2), START)

        with pytest.raises(StateTooLarge, match=r"echo/a.*65537 bytes.*65536 are allowed"):
            await repository.keep_state(ALICE, context, "echo/a", "x" * (STATE_BYTES - 1), START)
        with pytest.raises(EngineError):
            await repository.keep_state(ALICE, context, "echo/a", object(), START)  # pyright: ignore[reportArgumentType]

        assert await repository.state(ALICE, context, "echo/a") == "x" * (STATE_BYTES - 2)


async def test_pages_follow_each_other_and_know_how_many_there_are(address: str) -> None:
    async with opened(address) as (repository, _):
        made = [await finish(repository, f"{number}", now=START + number // 3) for number in range(10)]
        waiting = await take(repository, "waits", context_id=made[0].task.context_id, now=START + 100)
        await finish(repository, scope=BOB)
        seen: list[str] = []
        cursor: tuple[int, int] | None = None
        while True:
            page, total = await repository.tasks(ALICE, TaskFilter(), limit=4, after=cursor, history_length=0)
            assert total == 11
            seen += [task.id for _, task in page]
            if not page:
                break
            cursor = page[-1][0]

        assert seen == [waiting.stored.task.id, *(one.task.id for one in reversed(made))]
        for chosen, count in (
            (TaskFilter(state=TaskState.COMPLETED), 10),
            (TaskFilter(state=TaskState.SUBMITTED), 1),
            (TaskFilter(context_id=made[0].task.context_id), 2),
            (TaskFilter(since=START + 3), 2),
            (TaskFilter(made[0].task.context_id, TaskState.COMPLETED, START + 3), 0),
        ):
            page, total = await repository.tasks(ALICE, chosen, limit=50, after=None, history_length=0)
            assert (len(page), total) == (count, count)


async def test_a_total_is_right_at_once_after_every_kind_of_write(address: str) -> None:
    async with opened(address) as (repository, _):

        async def totals() -> tuple[int, int]:
            page = partial(repository.tasks, ALICE, limit=1, after=None, history_length=0)
            return (await page(TaskFilter()))[1], (await page(TaskFilter(state=TaskState.COMPLETED)))[1]

        first = await finish(repository)
        assert await totals() == await totals() == (1, 1)
        taken = await take(repository)
        assert await totals() == (2, 1)
        await write(repository, taken.stored, TaskState.COMPLETED)
        assert await totals() == (2, 2)
        await repository.delete_context(ALICE, first.task.context_id, START)
        assert await totals() == (1, 1)


async def test_ids_with_strange_characters_are_ids_like_others(address: str) -> None:
    async with opened(address) as (repository, _):
        for strange in ("\0", "a\0b", "'; DROP TABLE tasks; --", "?", "$1", "%s", "\u2028", "x" * 10_000):
            taken = await take(repository, strange, context_id=strange)
            tasks = await repository.context(ALICE, strange, limit=None, offset=0)
            assert tasks is not None
            assert [task.context_id for task in tasks] == [strange]
            assert await repository.load(ALICE, strange) is None
            assert [message.text for message in tasks[0].history or ()] == [strange]
            assert taken.stored.task.context_id == strange
