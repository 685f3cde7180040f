"""Contexts, traces, feedback, usage, lifetime and erasure on PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from datetime import timedelta

import anyio
import pytest

from agentkit.memory import Scope as MemoryScope
from agentkit.models import Message, Task
from agentkit.platform import PlatformSettings
from agentkit.platform.feedback import MIGRATIONS as FEEDBACK
from agentkit.platform.feedback import FeedbackStore
from agentkit.platform.orchestration.interview_store import MIGRATIONS as INTERVIEWS
from agentkit.platform.orchestration.interview_store import InterviewStore, StoredInterview
from agentkit.platform.traces import rows
from agentkit.platform.traces.rows import MIGRATIONS as TRACES
from agentkit.reasoning import Act, Answer, Situation
from agentkit.storage import Connection, Database
from agentkit.tasks import MIGRATIONS, Scope, SqlRepository
from agentkit.tasks.erasing import mark_context
from agentkit.tasks.repository import Opened
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.contexts.dying import CANARY
from tests.platform.contexts.parts import ROOT, ids, ward
from tests.platform.parts import body, signed_in, talk

pytestmark = pytest.mark.anyio


async def test_all_of_it_works_on_postgresql_too(postgres_url: str) -> None:
    secret_key = base64.urlsafe_b64encode(bytes(32)).decode()
    async with ward(database=postgres_url, secret_key=secret_key, trace_content=True) as home:
        agent, gone = await home.agent(), await home.agent()
        task = await home.send(agent, f"tool {CANARY}")
        old = await home.send_v1(agent, f"tool {CANARY}")
        left = await home.send(gone, CANARY)
        context = f"/contexts/{task['contextId']}"
        feedback = f"{ROOT}{context}/tasks/{task['id']}/feedback"
        body = {"rating": {"scale": "binary", "value": 1}, "reason": CANARY}
        made = [await home.jane.made(feedback, body) for _ in range(2)]

        listed = ids((await home.read("/contexts?pageSize=2"))["contexts"])
        assert listed == [left["contextId"], f"ctx.{old['contextId']}"]
        assert (await home.read(context))["taskCount"] == 1
        assert len((await home.read(f"{context}/trace"))["traces"]) == 1
        assert (await home.jane.delete(f"{feedback}/{made[0]['id']}")).status_code == 204
        assert ids((await home.jane.read(feedback))["feedbacks"]) == [made[1]["id"]]
        home.clock.advance(timedelta(seconds=1))
        report = await home.read(f"/agents/{agent}/usage?granularity=week")
        assert report["totals"] == {"invocations": 2, "uniqueContexts": 2}
        assert [bucket["periodStart"] for bucket in report["buckets"]] == ["2026-11-16T00:00:00.000Z"]

        assert await home.status("DELETE", f"/agents/{gone}") == (204, "")
        home.clock.advance(timedelta(minutes=2))
        assert len((await home.read("/contexts"))["contexts"]) == 3
        home.clock.advance(timedelta(days=31))
        assert ids((await home.read("/contexts"))["contexts"]) == [task["contextId"]]
        assert await home.status("DELETE", context) == (204, "")

    assert await _canary(postgres_url) == []


async def test_what_is_erased_does_not_come_back_with_a_turn_that_ends_later_in_another_process(
    postgres_url: str,
) -> None:
    """V1-CTXEP-02: the other process hears of nothing, and its turn goes on to its end."""

    class Slow:
        def __init__(self) -> None:
            self.began, self.open = anyio.Event(), anyio.Event()

        async def decide(self, situation: Situation) -> Act:
            if situation.text.startswith("wait"):
                self.began.set()
                await self.open.wait()
            return Answer(f"It is {CANARY}.")

    settings = PlatformSettings(
        database=postgres_url, secret_key=base64.urlsafe_b64encode(bytes(32)).decode(), trace_content=True
    )
    slow = Slow()
    async with LocalPlatform(settings, reasoner=slow) as one, LocalPlatform(settings, reasoner=slow) as two:
        here = await talk(one)
        there = await signed_in(two)
        first = await here.send(CANARY)
        with anyio.fail_after(HANG):
            async with anyio.create_task_group() as group:
                group.start_soon(here.post, body(f"wait {CANARY}", context=first["contextId"]))
                await slow.began.wait()
                deleted = await there.delete(f"/agents/{here.agent}/v1/contexts/{first['contextId']}")
                assert deleted.status_code == 204
                slow.open.set()
    assert await _canary(postgres_url) == []


async def _keep_interview(database: Database, scope: Scope, task: Task) -> object:
    kept = StoredInterview("x", 0, task.id, "m", CANARY, "{}", None, 1)
    return await InterviewStore(database).put(MemoryScope(scope.tenant, scope.owner, task.context_id), kept)


async def _keep_trace(database: Database, scope: Scope, task: Task) -> object:
    del scope
    return await database.write(lambda it: rows.insert(it, task.id, CANARY, database.row_lock))


async def _keep_feedback(database: Database, scope: Scope, task: Task) -> object:
    return await FeedbackStore(database).add(scope, task.context_id, task.id, "f", {"reason": CANARY})


async def _keep_state(database: Database, scope: Scope, task: Task) -> object:
    return await SqlRepository(database).keep_state(scope, task.context_id, "key", CANARY, 1)


@pytest.mark.parametrize("keep", [_keep_interview, _keep_trace, _keep_feedback, _keep_state])
async def test_what_another_process_keeps_of_a_context_while_it_is_erased_is_not_left(
    postgres_url: str, keep: Callable[[Database, Scope, Task], Coroutine[None, None, object]]
) -> None:
    """V1-CTXEP-02: who keeps something finds the task there, while somebody erases it and has not committed."""
    migrations = (*MIGRATIONS, *TRACES, *FEEDBACK, *INTERVIEWS)
    loop, scope = asyncio.get_running_loop(), Scope("north", "alice", "a")
    async with AsyncExitStack() as stack:
        one, two = [await Database.open(postgres_url, migrations) for _ in range(2)]
        stack.push_async_callback(one.close)
        stack.push_async_callback(two.close)
        opened = await SqlRepository(one).accept(
            scope, Message.user("x"), policy="refuse", new_task_id="task", new_context_id="context", now=0
        )
        assert isinstance(opened, Opened)
        task = opened.stored.task
        keeping: list[Future[object]] = []

        def erase(connection: Connection) -> None:
            assert mark_context(connection, scope, task.context_id, 1)
            for hook in (InterviewStore(one).forget_tasks, rows.forget_tasks, FeedbackStore.forget_tasks):
                hook(connection, [task.id])
            keeping.append(asyncio.run_coroutine_threadsafe(keep(two, scope, task), loop))
            while not keeping[0].done() and connection.execute(_HELD_UP).fetchone() is None:
                pass

        with anyio.fail_after(HANG):
            await one.write(erase)
            await asyncio.wrap_future(keeping[0])
    assert await _canary(postgres_url) == []


_HELD_UP = "SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
"""Asks whether anybody waits for the transaction it is part of."""


async def _canary(url: str) -> list[str]:
    """The tables in which the canary stands."""

    def look(connection: Connection) -> list[str]:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return [
            name
            for (name,) in names
            if any(CANARY in str(row) for row in connection.execute(f'SELECT * FROM "{name}"'))  # noqa: S608
        ]

    database = await Database.open(url, MIGRATIONS)
    try:
        return await database.read(look)
    finally:
        await database.close()
