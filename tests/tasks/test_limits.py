"""Nothing grows without bound: turns at work, open tasks, what a turn says, how long it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import pytest

from agentkit.compose import RunContext
from agentkit.engine import InlineEngine
from agentkit.errors import ServiceOverloaded, TaskNotContinuable
from agentkit.models import Event, Message, TaskState
from agentkit.storage import Database
from agentkit.tasks import Scope, SqlRepository, TaskService
from agentkit.tasks.limits import Limits, OpenTasks, Slots
from tests.deadline import HANG, skip
from tests.tasks.agents import ALICE, BOB, Gate, ScriptedAgent, ask_then_answer, chunk, echo, working

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def limited(database: Database, limits: Limits) -> AsyncGenerator[TaskService]:
    service = TaskService(SqlRepository(database), InlineEngine(), limits=limits)
    yield service
    await service.close()


async def test_messages_wait_in_line_and_beyond_it_are_refused(database: Database) -> None:
    gate = Gate()
    async with limited(database, Limits(runs=2, waiting=1)) as service:
        with anyio.fail_after(HANG):
            sending = [
                asyncio.create_task(service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a"))
                for _ in range(3)
            ]
            await gate.began.wait()
            with pytest.raises(ServiceOverloaded):
                await service.send(ScriptedAgent(echo), Message.user("x"), BOB, agent_id="a")
            gate.open.set()
            assert {task.text for task in await asyncio.gather(*sending)} == {"done"}
            assert (await service.send(ScriptedAgent(echo), Message.user("x"), BOB, agent_id="a")).text == "You said: x"
        page = await service.list_tasks(BOB, agent_id="a")
        assert page.total == 1


async def test_who_leaves_the_line_leaves_its_place(database: Database) -> None:
    gate = Gate()
    async with limited(database, Limits(runs=1, waiting=1)) as service:
        with anyio.fail_after(HANG):
            first = asyncio.create_task(service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a"))
            await gate.began.wait()
            second = asyncio.create_task(service.send(ScriptedAgent(echo), Message.user("y"), ALICE, agent_id="a"))
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.wait([second])
            third = asyncio.create_task(service.send(ScriptedAgent(echo), Message.user("z"), ALICE, agent_id="a"))
            await asyncio.sleep(0)
            gate.open.set()
            assert [(await one).text for one in (first, third)] == ["done", "You said: z"]
        assert (await service.list_tasks(ALICE, agent_id="a")).total == 2


async def test_a_place_handed_to_one_that_leaves_goes_to_the_next() -> None:
    slots, scope = Slots(Limits(runs=1, waiting=2)), Scope("north", "alice", "a")
    await slots.take(scope)
    first, second = asyncio.create_task(slots.take(scope)), asyncio.create_task(slots.take(scope))
    await asyncio.sleep(0)
    slots.give(scope)
    first.cancel()
    with anyio.fail_after(HANG):
        await second
    assert first.cancelled()


async def test_who_leaves_the_line_as_a_place_becomes_free_counts_no_more() -> None:
    slots, scope = Slots(Limits(runs=1, runs_per_owner=2)), Scope("north", "alice", "a")
    await slots.take(scope)
    leaves = asyncio.create_task(slots.take(scope))
    await asyncio.sleep(0)
    leaves.cancel()
    slots.give(scope)
    await asyncio.wait([leaves])
    assert leaves.cancelled()
    await slots.take(scope)
    waits = asyncio.create_task(slots.take(scope))
    await asyncio.sleep(0)
    slots.give(scope)
    with anyio.fail_after(HANG):
        await waits


async def test_no_owner_takes_all_places(database: Database) -> None:
    gate = Gate()
    async with limited(database, Limits(runs=3, runs_per_owner=2, waiting=1)) as service:
        with anyio.fail_after(HANG):
            for agent_id in ("a", "b"):
                await service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id=agent_id, blocking=False)
            with pytest.raises(ServiceOverloaded, match="2 tasks of this caller"):
                await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="c", blocking=False)
            assert (await service.send(ScriptedAgent(echo), Message.user("x"), BOB, agent_id="a")).text == "You said: x"
            gate.open.set()
            for agent_id in ("a", "b"):
                waiting = (await service.list_tasks(ALICE, agent_id=agent_id)).tasks[0]
                with suppress(TaskNotContinuable):
                    async for _ in service.subscribe(waiting.id, ALICE, agent_id=agent_id):
                        pass
            assert (await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="c")).text
        assert (await service.list_tasks(ALICE, agent_id="c")).total == 1


async def test_who_waits_in_line_counts_for_its_owner_too() -> None:
    slots, alice, bob = (
        Slots(Limits(runs=1, runs_per_owner=2, waiting=9)),
        Scope("n", "alice", "a"),
        Scope("n", "b", "a"),
    )
    await slots.take(bob)
    waiting = [asyncio.create_task(slots.take(alice)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(ServiceOverloaded):
        await slots.take(alice)
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    third = asyncio.create_task(slots.take(alice))
    for scope in (bob, alice, alice):
        await asyncio.sleep(0)
        slots.give(scope)
    with anyio.fail_after(HANG):
        await asyncio.gather(waiting[1], third)


async def test_callers_without_a_name_share_all_places() -> None:
    slots, nobody = Slots(Limits(runs=2, runs_per_owner=1)), Scope("n", "", "a")
    with anyio.fail_after(HANG):
        await slots.take(nobody)
        await slots.take(nobody)


async def test_an_owner_has_so_many_open_tasks(database: Database) -> None:
    agent = ScriptedAgent(ask_then_answer)
    async with limited(database, Limits(open_tasks=3)) as service:
        tasks = [await service.send(agent, Message.user("x"), ALICE, agent_id="a") for _ in range(3)]
        with pytest.raises(ServiceOverloaded, match="3 tasks"):
            await service.send(agent, Message.user("x"), ALICE, agent_id="b")
        assert (await service.send(agent, Message.user("x"), BOB, agent_id="a")).status.state.is_interrupted

        answered = await service.send(agent, Message.user("this", task_id=tasks[0].id), ALICE, agent_id="a")
        assert answered.status.state is TaskState.COMPLETED
        await service.send(agent, Message.user("x"), ALICE, agent_id="a")
        with pytest.raises(ServiceOverloaded):
            await service.send(agent, Message.user("x"), ALICE, agent_id="a")
        await service.cancel(tasks[1].id, ALICE, agent_id="a", agent=agent)
        await service.send(agent, Message.user("x"), ALICE, agent_id="a")


async def test_open_tasks_of_an_earlier_process_count(database: Database) -> None:
    agent = ScriptedAgent(ask_then_answer)
    async with limited(database, Limits()) as service:
        for _ in range(3):
            await service.send(agent, Message.user("x"), ALICE, agent_id="a")
    async with limited(database, Limits(open_tasks=3)) as service:
        with pytest.raises(ServiceOverloaded):
            await service.send(agent, Message.user("x"), ALICE, agent_id="a")


async def test_the_store_is_asked_at_most_once_in_a_second(database: Database) -> None:
    class Counting(SqlRepository):
        asked = 0

        async def open_tasks(self, tenant: str, owner: str) -> int:
            self.asked += 1
            return await super().open_tasks(tenant, owner)

    now = 0.0
    repository = Counting(database)
    open_tasks = OpenTasks(repository, 1, lambda: now)
    scope = Scope("north", "alice", "a")
    await open_tasks.admit(scope)
    for _ in range(3):
        with pytest.raises(ServiceOverloaded):
            await open_tasks.admit(scope)
    assert repository.asked == 1
    now = 1.0
    await open_tasks.admit(scope)
    assert repository.asked == 2


async def chatter(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    while True:
        yield working(context, "and")
    yield message


async def hoarder(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    while True:
        yield chunk(context, "x" * 10_000)
    yield message


@pytest.mark.parametrize(
    ("script", "limits", "said"),
    [(chatter, Limits(events=500), "500 events"), (hoarder, Limits(size=200_000), "200000 characters")],
)
async def test_a_turn_that_says_too_much_fails_and_the_server_lives(
    script: Callable[[Message, RunContext], AsyncGenerator[Event]], limits: Limits, said: str, database: Database
) -> None:
    async with limited(database, limits) as service:
        with anyio.fail_after(HANG):
            task = await service.send(ScriptedAgent(script), Message.user("x"), ALICE, agent_id="a")
            assert (await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")).text

    assert task.status.state is TaskState.FAILED
    assert said in task.text
    assert task.metadata is not None
    assert task.metadata["error"] == "TurnExceeded"


@pytest.mark.parametrize(("limits", "seconds"), [(Limits(seconds=50.0), 50.0), (Limits(), 3600.0)])
async def test_a_turn_that_takes_too_long_fails_and_is_stopped_elsewhere(
    limits: Limits, seconds: float, database: Database
) -> None:
    began = asyncio.Event()

    async def stuck(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        began.set()
        await asyncio.Event().wait()
        yield message

    agent = ScriptedAgent(stuck)
    async with limited(database, limits) as service:
        with anyio.fail_after(HANG * 100):
            sending = asyncio.create_task(service.send(agent, Message.user("x"), ALICE, agent_id="a"))
            await began.wait()
            skip(seconds + 1)
            task = await sending

    assert task.status.state is TaskState.FAILED
    assert f"{seconds} seconds" in task.text
    assert len(agent.cancelled) == 1
