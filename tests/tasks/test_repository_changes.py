"""Who waits for news of a task is woken: by this process, or by another one on PostgreSQL (design, section 7)."""

from __future__ import annotations

import anyio
import pytest

from agentkit.models import TaskState
from tests.deadline import HANG
from tests.tasks.turns import ALICE, START, finish, opened, take, write

pytestmark = pytest.mark.anyio


async def test_a_watch_wakes_for_its_own_task_only_and_never_misses_a_write(address: str) -> None:
    async with opened(address) as (repository, _):
        taken = await take(repository)
        async with repository.watch(taken.stored.task.id) as watch:
            await finish(repository)
            working = await write(repository, taken.stored, TaskState.WORKING)
            with anyio.fail_after(HANG):
                await watch.changed()
            assert working is not None
            after = taken.stored.version
            with anyio.fail_after(HANG):
                while not (events := await repository.events(taken.stored.key, ALICE, after, 10)):
                    await watch.changed()

            assert [version for version, _ in events] == [2]


async def test_a_cancelled_wait_leaves_the_news_for_the_next(address: str) -> None:
    async with opened(address) as (repository, _):
        taken = await take(repository)
        async with repository.watch(taken.stored.task.id) as watch:
            watch.news.clear()
            with anyio.move_on_after(0):
                await watch.changed()
            await write(repository, taken.stored, TaskState.COMPLETED)
            with anyio.fail_after(HANG):
                await watch.changed()


async def test_the_write_of_another_process_wakes_and_is_there(postgres_url: str) -> None:
    async with opened(postgres_url) as (one, _), opened(postgres_url) as (two, _):
        taken = await take(one)
        keys: list[int] = []
        end = two.on_change(keys.append)
        async with two.watch(taken.stored.task.id) as watch:
            await write(one, taken.stored, TaskState.COMPLETED, "done")
            with anyio.fail_after(HANG):
                while not (events := await two.events(taken.stored.key, ALICE, 1, 10)):
                    await watch.changed()
            assert [version for version, _ in events] == [2]
            with anyio.fail_after(HANG):
                while taken.stored.key not in keys:
                    await watch.changed()
        end()


async def test_deletion_wakes_too_and_a_listener_hears_of_every_task_until_it_ends(address: str) -> None:
    async with opened(address) as (repository, _):
        keys: list[int] = []
        end = repository.on_change(keys.append)
        ended = await finish(repository)
        async with repository.watch(ended.task.id) as watch:
            await repository.delete_context(ALICE, ended.task.context_id, START)
            with anyio.fail_after(HANG):
                await watch.changed()
            assert await repository.load(ALICE, ended.task.id) is None
        end()
        heard = set(keys)
        await finish(repository)

        assert heard == {ended.key}
        assert set(keys) == heard
