"""Followers see a task wherever it is at work, all the same events in the same order (A2A-STR-03, A2A-SUB-01)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import anyio
import pytest

from agentkit.compose import RunContext
from agentkit.engine import InlineEngine
from agentkit.errors import TaskNotContinuable
from agentkit.models import Event, Message, StatusUpdate, Task, TaskState
from agentkit.storage import Database
from agentkit.tasks import Followed, SqlRepository, TaskService
from tests.deadline import HANG
from tests.tasks.agents import ALICE, Gate, ScriptedAgent, ask_then_answer, chunk, echo, working

pytestmark = pytest.mark.anyio


async def seen(followed: Followed) -> list[tuple[int, Event]]:
    return [(followed.version, event) async for event in followed]


class Talker:
    """A script that says so much, waits, and says it again."""

    def __init__(self, events: int) -> None:
        self.said = asyncio.Event()
        self.go_on = asyncio.Event()
        self._events = events

    async def __call__(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        for number in range(self._events):
            yield chunk(context, f"{number} ", append=number > 0)
        self.said.set()
        await self.go_on.wait()
        for number in range(self._events):
            yield working(context, f"more {number}")
        yield message.reply("done")


async def test_a_cursor_brings_what_was_missed_and_what_follows(service: TaskService) -> None:
    talker = Talker(20)
    with anyio.fail_after(HANG):
        task = await service.send(ScriptedAgent(talker), Message.user("x"), ALICE, agent_id="a", blocking=False)
        whole = asyncio.create_task(seen(service.subscribe(task.id, ALICE, agent_id="a")))
        await talker.said.wait()
        late = asyncio.create_task(seen(service.subscribe(task.id, ALICE, agent_id="a", after=5)))
        await service.get(task.id, ALICE, agent_id="a")
        talker.go_on.set()
        first, behind = await whole, await late

    assert isinstance(first[0][1], Task)
    assert [number for number, _ in behind] == list(range(6, first[-1][0] + 1))
    assert {number: event for number, event in first[1:] if number > 5}.items() <= dict(behind).items()
    assert not any(isinstance(event, Task) for _, event in behind)


async def test_what_was_missed_of_an_ended_task_is_told_and_then_nothing(service: TaskService) -> None:
    task = await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")
    ((last, end),) = await seen(service.subscribe(task.id, ALICE, agent_id="a", after=1))
    assert isinstance(end, StatusUpdate)
    assert end.status.state is TaskState.COMPLETED
    for after in (None, last, last + 5):
        with pytest.raises(TaskNotContinuable):
            await anext(service.subscribe(task.id, ALICE, agent_id="a", after=after))


async def test_a_cursor_from_an_earlier_turn_leads_through_the_questions_between(service: TaskService) -> None:
    agent = ScriptedAgent(ask_then_answer)
    task = await service.send(agent, Message.user("one"), ALICE, agent_id="a")
    await service.send(agent, Message.user("This", task_id=task.id), ALICE, agent_id="a")

    events = await seen(service.subscribe(task.id, ALICE, agent_id="a", after=1))
    assert [event.status.state.value for _, event in events if isinstance(event, StatusUpdate)] == [
        "input-required",
        "completed",
    ]


async def test_a_cursor_that_the_task_has_not_reached_counts_as_none(service: TaskService) -> None:
    gate = Gate()
    task = await service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a", blocking=False)
    followed = service.subscribe(task.id, ALICE, agent_id="a", after=99)
    with anyio.fail_after(HANG):
        assert isinstance(await anext(followed), Task)
        gate.open.set()
        assert [event async for event in followed]


async def test_a_repeated_stream_goes_on_behind_its_cursor(service: TaskService) -> None:
    """A2A-SEND-09 with a cursor: the client repeats its request and misses nothing."""
    talker = Talker(3)
    message = Message.user("x")
    agent = ScriptedAgent(talker)
    with anyio.fail_after(HANG):
        first = service.stream(agent, message, ALICE, agent_id="a")
        async for _ in first:
            if first.version == 3:
                break
        await first.aclose()
        talker.go_on.set()
        again = await seen(service.stream(agent, message, ALICE, agent_id="a", after=3))

    assert [number for number, _ in again] == list(range(4, 10))
    assert len(agent.runs) == 1


async def test_a_task_at_work_in_another_process_is_followed_by_its_log(database: Database) -> None:
    repository = SqlRepository(database)
    here, there = TaskService(repository, InlineEngine()), TaskService(repository, InlineEngine())
    talker, message = Talker(20), Message.user("x")
    agent = ScriptedAgent(talker)
    with anyio.fail_after(HANG):
        task = await there.send(agent, message, ALICE, agent_id="a", blocking=False)
        await talker.said.wait()
        followers = [asyncio.create_task(seen(here.subscribe(task.id, ALICE, agent_id="a"))) for _ in range(3)]
        sender = asyncio.create_task(here.send(agent, message, ALICE, agent_id="a"))
        for _ in range(5):
            await here.get(task.id, ALICE, agent_id="a")
        talker.go_on.set()
        stories = await asyncio.gather(*followers)

        assert (await sender).text == "done"
    assert all(isinstance(story[0][1], Task) for story in stories)
    assert stories[0][-1][0] == stories[1][-1][0] == stories[2][-1][0]
    last = stories[0][-1][1]
    assert isinstance(last, StatusUpdate)
    assert last.status.state is TaskState.COMPLETED
    assert len(agent.runs) == 1
    await here.close()
    await there.close()


async def test_a_task_deleted_elsewhere_ends_its_followers(database: Database) -> None:
    repository = SqlRepository(database)
    here, there = TaskService(repository, InlineEngine()), TaskService(repository, InlineEngine())
    gate = Gate()
    with anyio.fail_after(HANG):
        task = await there.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a", blocking=False)
        followed = here.subscribe(task.id, ALICE, agent_id="a")
        await anext(followed)
        rest = asyncio.create_task(seen(followed))
        await there.delete_context(task.context_id, ALICE, agent_id="a")
        await rest
    await here.close()
    await there.close()


async def test_closing_the_service_ends_who_waits_for_others(database: Database) -> None:
    repository = SqlRepository(database)
    here, there = TaskService(repository, InlineEngine()), TaskService(repository, InlineEngine())
    gate = Gate()
    with anyio.fail_after(HANG):
        task = await there.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a", blocking=False)
        followed = here.subscribe(task.id, ALICE, agent_id="a")
        await anext(followed)
        rest = asyncio.create_task(seen(followed))
        await here.get(task.id, ALICE, agent_id="a")
        await here.close()
        await rest
        gate.open.set()
    await there.close()


async def test_one_that_never_reads_holds_up_nobody_and_keeps_nothing(service: TaskService) -> None:
    async def script(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        for number in range(3000):
            yield working(context, str(number))
        yield message.reply("done")

    agent = ScriptedAgent(script)
    followed = service.stream(agent, Message.user("x"), ALICE, agent_id="a")
    with anyio.fail_after(HANG):
        task = await anext(followed)
        assert isinstance(task, Task)
        quick = await seen(service.subscribe(task.id, ALICE, agent_id="a"))
        slow = await seen(followed)

    assert slow[-1] == quick[-1]
    assert [number for number, _ in slow] == list(range(2, 3004))
