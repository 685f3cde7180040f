"""A turn that waits for a moment costs a row, and goes on by itself (design, section 7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from agentkit.compose import CONTINUATION_KEY, WAKE_KEY, RunContext, status_update
from agentkit.engine import InlineEngine
from agentkit.errors import TaskNotContinuable
from agentkit.models import Event, JsonObject, Message, StatusUpdate, Task, TaskState
from agentkit.storage import Database
from agentkit.tasks import Scope, SqlRepository, TaskService
from tests.deadline import HANG
from tests.tasks.agents import ALICE, ScriptedAgent, chunk
from tests.tasks.ledger import Ledger, LedgerEngine

pytestmark = pytest.mark.anyio

FAR = datetime(2999, 1, 1, tzinfo=UTC)
PAST = datetime(2000, 1, 1, tzinfo=UTC)


def parked(context: RunContext, until: datetime, left: JsonObject | None = None) -> StatusUpdate:
    metadata: JsonObject = {WAKE_KEY: until.isoformat(), CONTINUATION_KEY: left or {"n": 1}}
    return status_update(context, TaskState.WORKING, Message.agent("Waiting."), metadata)


class Sleeper(ScriptedAgent):
    """Waits so often, then answers with what it was asked and what it had left behind."""

    name = "sleeper"
    composite = True

    def __init__(self, until: datetime = FAR, naps: int = 1, *, durable: bool = False) -> None:
        super().__init__(self._nap)
        self.durable = durable
        self._until = until
        self._naps = naps

    async def _nap(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        slept = int(str((context.continuation or {}).get("n", 0)))
        if slept < self._naps:
            yield chunk(context, f"nap {slept}", append=slept > 0)
            yield parked(context, self._until, {"n": slept + 1})
        else:
            yield message.reply(f"{message.text} after {slept}")


@asynccontextmanager
async def serving(
    database: Database, agent: Sleeper, ledger: Ledger | None = None
) -> AsyncGenerator[tuple[TaskService, LedgerEngine]]:
    engine = LedgerEngine(ledger or Ledger())
    service = TaskService(SqlRepository(database), InlineEngine(), durable=engine)

    async def resolve(scope: Scope) -> Sleeper | None:
        return agent if scope.agent_id == agent.name else None

    await service.recover(resolve)
    yield service, engine
    await service.close()


async def parked_task(service: TaskService, agent: Sleeper) -> Task:
    """A task that has come to its timer."""
    with anyio.fail_after(HANG):
        followed = service.stream(agent, Message.user("hi"), ALICE, agent_id=agent.name)
        task = await anext(followed)
        assert isinstance(task, Task)
        async for event in followed:
            if isinstance(event, StatusUpdate) and event.status.message is not None:
                break
        await followed.aclose()
        while service._station.live:  # pyright: ignore[reportPrivateUsage]
            await service.get(task.id, ALICE, agent_id=agent.name)
    return await service.get(task.id, ALICE, agent_id=agent.name)


async def test_a_turn_that_waits_is_working_and_shows_neither_timer_nor_continuation(database: Database) -> None:
    agent = Sleeper(durable=True)
    async with serving(database, agent) as (service, engine):
        task = await parked_task(service, agent)

        assert (task.status.state, task.text) == (TaskState.WORKING, "Waiting.")
        assert task.metadata is None
        assert list(engine.ledger.timers) == [f"{task.id}.4"]
        assert engine.ledger.timers[f"{task.id}.4"][1] == FAR
        assert not engine.ledger.runs


async def test_a_blocking_sender_and_every_follower_wait_through_the_timer(database: Database) -> None:
    agent = Sleeper(durable=True)
    async with serving(database, agent) as (service, engine):
        task = await parked_task(service, agent)
        message, _ = agent.runs[0]
        again = message.model_copy(update={"task_id": None, "context_id": None})
        with anyio.fail_after(HANG):
            sending = asyncio.create_task(service.send(agent, again, ALICE, agent_id=agent.name))
            following = asyncio.create_task(texts(service, task.id, agent))
            for _ in range(5):
                await service.get(task.id, ALICE, agent_id=agent.name)
            await engine.wake(f"{task.id}.4")

            assert (await sending).text == "hi after 1"
            assert await following == ["Waiting.", None, "hi after 1"]
        assert [context.run_id for _, context in agent.runs] == [f"{task.id}.1", f"{task.id}.4"]
        assert [context.resumed for _, context in agent.runs] == [False, True]
        assert agent.runs[0][0] == agent.runs[1][0]


async def texts(service: TaskService, task_id: str, agent: Sleeper) -> list[str | None]:
    events = [event async for event in service.subscribe(task_id, ALICE, agent_id=agent.name)]
    statuses = [event.status for event in events if isinstance(event, Task | StatusUpdate)]
    return [status.message.text if status.message else None for status in statuses]


@pytest.mark.parametrize("durable", [False, True])
async def test_timers_are_set_again_after_a_restart(durable: bool, database: Database) -> None:
    agent = Sleeper(naps=2, durable=durable)
    async with serving(database, agent) as (service, _):
        task = await parked_task(service, agent)
    agent._until = PAST  # pyright: ignore[reportPrivateUsage]
    ledger = Ledger()
    async with serving(database, agent, ledger) as (service, engine):
        if durable:
            await engine.wake(f"{task.id}.4")
            with anyio.fail_after(HANG):
                while not engine.ledger.timers:
                    await service.get(task.id, ALICE, agent_id=agent.name)
            (second,) = engine.ledger.timers
            await engine.wake(second)
            ended = await end_of(service, task.id, agent)
            assert ended.text == "hi after 2"
            assert [part.text for part in ended.artifacts[0].parts] == ["nap 0", "nap 1"]
        else:
            waiting = await service.get(task.id, ALICE, agent_id=agent.name)
            assert waiting.status.state is TaskState.WORKING


async def end_of(service: TaskService, task_id: str, agent: Sleeper) -> Task:
    with anyio.fail_after(HANG):
        while not (task := await service.get(task_id, ALICE, agent_id=agent.name)).status.state.is_settled:
            pass
    return task


async def test_a_moment_that_has_passed_is_no_wait(database: Database) -> None:
    agent = Sleeper(PAST, naps=3)
    async with serving(database, agent) as (service, _):
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("hi"), ALICE, agent_id=agent.name)

    assert task.text == "hi after 3"
    assert [part.text for part in task.artifacts[0].parts] == ["nap 0", "nap 1", "nap 2"]


async def test_cancel_stops_the_timer_and_tells_the_agent_what_it_had_left(database: Database) -> None:
    """A2A-CAN-01: a leaf finds the remote task that it waits for."""
    agent = Sleeper(durable=True)
    async with serving(database, agent) as (service, engine):
        task = await parked_task(service, agent)
        canceled = await service.cancel(task.id, ALICE, agent_id=agent.name, agent=agent)

        assert canceled.status.state is TaskState.CANCELED
        assert not engine.ledger.timers
        assert [(one.run_id, one.continuation) for one in agent.cancelled] == [(f"{task.id}.4", {"n": 1})]


async def test_a_wake_up_that_comes_after_the_end_does_nothing(database: Database) -> None:
    agent = Sleeper(durable=True)
    async with serving(database, agent) as (service, engine):
        task = await parked_task(service, agent)
        timer = engine.ledger.timers[f"{task.id}.4"]
        await service.cancel(task.id, ALICE, agent_id=agent.name, agent=agent)
        engine.ledger.timers[f"{task.id}.4"] = timer
        await engine.wake(f"{task.id}.4")
        await engine.wait(f"{task.id}.4")

        assert len(agent.runs) == 1
        assert (await service.get(task.id, ALICE, agent_id=agent.name)).status.state is TaskState.CANCELED


async def test_a_run_that_ended_at_its_timer_is_not_carried_out_again(database: Database) -> None:
    """A crash between the timer that is stored and the run that ends."""
    agent = Sleeper(durable=True)
    async with serving(database, agent) as (service, engine):
        task = await parked_task(service, agent)
        payload = dict(engine.started[0][1])
        await engine.start(f"{task.id}.1", payload)
        await engine.wait(f"{task.id}.1")

        assert len(agent.runs) == 1


async def test_a_message_to_a_task_that_waits_for_a_timer_is_refused(database: Database) -> None:
    agent = Sleeper(durable=True)
    async with serving(database, agent) as (service, _):
        task = await parked_task(service, agent)
        with pytest.raises(TaskNotContinuable):
            await service.send(agent, Message.user("hurry", task_id=task.id), ALICE, agent_id=agent.name)


async def test_a_service_that_does_not_know_its_agents_sets_no_timers(service: TaskService) -> None:
    agent = Sleeper()
    with anyio.fail_after(HANG):
        task = await service.send(agent, Message.user("hi"), ALICE, agent_id=agent.name)

    assert task.status.state is TaskState.FAILED
    assert "recover" in task.text


async def test_an_unreadable_moment_fails_the_task(database: Database) -> None:
    async def script(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield status_update(context, TaskState.WORKING, None, {WAKE_KEY: "tomorrow"})
        yield message

    agent = Sleeper()
    agent._script = script  # pyright: ignore[reportPrivateUsage]
    async with serving(database, agent) as (service, _):
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("hi"), ALICE, agent_id=agent.name)

    assert task.status.state is TaskState.FAILED
    assert "ISO 8601" in task.text


async def test_a_parked_task_holds_nothing_in_this_process(database: Database) -> None:
    agent = Sleeper(datetime.now(UTC) + timedelta(days=3))
    async with serving(database, agent) as (service, _):
        before = asyncio.all_tasks()
        await parked_task(service, agent)

        assert not [task for task in asyncio.all_tasks() - before if not task.done()]
