"""Contexts and lists: whose they are, their order, their pages, and their end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from agentkit.compose import CONTINUATION_KEY, Caller, RunContext
from agentkit.errors import ContextNotFound, TaskNotFound
from agentkit.models import Event, Message, Task, TaskState
from agentkit.tasks import ContextPolicy, Scope, TaskService
from tests.deadline import HANG
from tests.tasks.agents import ALICE, BOB, Gate, ScriptedAgent, ask_then_answer, asked, echo

pytestmark = pytest.mark.anyio


async def conversation(service: TaskService, *texts: str) -> list[Task]:
    tasks: list[Task] = []
    for text in texts:
        context_id = tasks[0].context_id if tasks else None
        message = Message.user(text, context_id=context_id)
        tasks.append(await service.send(ScriptedAgent(echo), message, ALICE, agent_id="a"))
    return tasks


async def test_a_context_lists_its_tasks_oldest_first(service: TaskService) -> None:
    """V1-CTXEP-01."""
    tasks = await conversation(service, "one", "two", "three")

    context = await service.context(tasks[0].context_id, ALICE, agent_id="a")
    page = await service.context(tasks[0].context_id, ALICE, agent_id="a", limit=1, offset=1)
    beyond = await service.context(tasks[0].context_id, ALICE, agent_id="a", offset=7)

    assert context.items == tuple(tasks)
    assert page.items == (tasks[1],)
    assert beyond.items == ()


async def test_a_foreign_context_looks_like_a_missing_one(service: TaskService) -> None:
    """A2A-CTX-06, V1-ID-02."""
    tasks = await conversation(service, "one")

    for caller, agent_id in ((BOB, "a"), (ALICE, "b"), (Caller("alice"), "a")):
        with pytest.raises(ContextNotFound):
            await service.context(tasks[0].context_id, caller, agent_id=agent_id)
        with pytest.raises(ContextNotFound):
            await service.delete_context(tasks[0].context_id, caller, agent_id=agent_id)
        message = Message.user("x", context_id=tasks[0].context_id)
        with pytest.raises(ContextNotFound):
            await service.send(ScriptedAgent(echo), message, caller, agent_id=agent_id)
    assert len((await service.context(tasks[0].context_id, ALICE, agent_id="a")).items) == 1


def contents(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(folder.glob("tasks.db*")))


async def test_a_deleted_context_is_gone_for_good(service: TaskService, tmp_path: Path) -> None:
    """V1-CTXEP-02."""
    tasks = await conversation(service, "canary-11", "canary-12")
    other = await conversation(service, "another")
    context_id = tasks[0].context_id

    await service.delete_context(context_id, ALICE, agent_id="a")

    with pytest.raises(ContextNotFound):
        await service.context(context_id, ALICE, agent_id="a")
    with pytest.raises(ContextNotFound):
        await service.delete_context(context_id, ALICE, agent_id="a")
    with pytest.raises(TaskNotFound):
        await service.get(tasks[0].id, ALICE, agent_id="a")
    policies: tuple[ContextPolicy, ...] = ("refuse", "adopt")
    for policy in policies:
        message = Message.user("x", context_id=context_id)
        with pytest.raises(ContextNotFound):
            await service.send(ScriptedAgent(echo), message, ALICE, agent_id="a", context_policy=policy)
    written = contents(tmp_path)
    assert b"canary-1" not in written
    assert tasks[0].id.encode() in written
    assert await service.get(other[0].id, ALICE, agent_id="a") == other[0]


async def test_a_message_of_a_deleted_context_is_not_run_again(service: TaskService) -> None:
    agent, message = ScriptedAgent(echo), Message.user("x")
    task = await service.send(agent, message, ALICE, agent_id="a")
    await service.delete_context(task.context_id, ALICE, agent_id="a")

    with pytest.raises(ContextNotFound):
        await service.send(agent, message, ALICE, agent_id="a")
    assert len(agent.runs) == 1


async def test_deleting_a_context_stops_its_work_and_tells_the_listeners(service: TaskService) -> None:
    told: list[tuple[Scope, str]] = []

    async def listener(scope: Scope, context_id: str) -> None:
        told.append((scope, context_id))

    service.forgetting.on_context_deleted(listener)
    gate = Gate()
    task = await service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a", blocking=False)
    with anyio.fail_after(HANG):
        await gate.began.wait()
        await service.delete_context(task.context_id, ALICE, agent_id="a")

    assert told == [(Scope.of(ALICE, "a"), task.context_id)]
    assert await service.recover() == 0


async def test_a_deleted_question_cannot_be_answered(service: TaskService, tmp_path: Path) -> None:
    async def ask(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield asked(context, f"{message.text}?", {CONTINUATION_KEY: {"kept": "canary-state"}})

    agent = ScriptedAgent(ask)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")
    assert b"canary-state" in contents(tmp_path)
    await service.delete_context(task.context_id, ALICE, agent_id="a")

    with pytest.raises(TaskNotFound):
        await service.send(agent, Message.user("y", task_id=task.id), ALICE, agent_id="a")
    assert b"canary-state" not in contents(tmp_path)


async def test_a_page_of_tasks_is_newest_first_and_pages_join(service: TaskService) -> None:
    """A2A-LIST-01, A2A-LIST-03."""
    tasks = [await service.send(ScriptedAgent(echo), Message.user(str(n)), ALICE, agent_id="a") for n in range(7)]
    await service.send(ScriptedAgent(echo), Message.user("other"), BOB, agent_id="a")

    found: list[Task] = []
    page = await service.list_tasks(ALICE, agent_id="a", limit=3)
    found += page.tasks
    while page.cursor is not None:
        page = await service.list_tasks(ALICE, agent_id="a", limit=3, cursor=page.cursor)
        found += page.tasks

    assert found == tasks[::-1]
    assert page.total == 7
    assert (await service.list_tasks(ALICE, agent_id="a", limit=7)).cursor is None


async def test_lists_are_filtered_by_context_state_and_time(service: TaskService) -> None:
    """A2A-LIST-05."""
    first = await conversation(service, "one", "two")
    middle = datetime.now(UTC)
    waiting = await service.send(ScriptedAgent(ask_then_answer), Message.user("x"), ALICE, agent_id="a")

    by_context = await service.list_tasks(ALICE, agent_id="a", context_id=first[0].context_id)
    by_state = await service.list_tasks(ALICE, agent_id="a", state=TaskState.INPUT_REQUIRED)
    by_time = await service.list_tasks(ALICE, agent_id="a", since=middle, history_length=0)

    assert [task.id for task in by_context.tasks] == [first[1].id, first[0].id]
    assert by_state.tasks == (waiting,)
    assert [(task.id, task.history) for task in by_time.tasks] == [(waiting.id, ())]
