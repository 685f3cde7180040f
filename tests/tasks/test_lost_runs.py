"""Runs that their engine holds back, gives up or does twice, and whose store is overtaken or away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from agentkit.engine import InlineEngine, Runner
from agentkit.errors import EngineError, StorageError
from agentkit.models import JsonObject, Message, TaskState
from agentkit.storage import Database
from agentkit.tasks import Limits, Scope, SqlRepository, TaskService
from agentkit.tasks.repository import Append, StoredTurn
from agentkit.tasks.running import GIVEN_UP, TRIES
from tests.deadline import HANG
from tests.tasks.agents import ALICE, Gate, ScriptedAgent, echo
from tests.tasks.ledger import Ledger, LedgerEngine

pytestmark = pytest.mark.anyio


class DurableAgent(ScriptedAgent):
    name = "durable"
    durable = True


class HoldingBack(InlineEngine):
    """Takes runs, and never begins one."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = asyncio.Event()

    async def start(self, run_id: str, payload: JsonObject) -> None:
        self.taken.set()


class GivingUp(LedgerEngine):
    """Gives up each run of an earlier process."""

    async def launch(self, runner: Runner, *, given_up: Runner | None = None) -> None:
        assert given_up is not None
        for run_id, payload in self.ledger.runs.items():
            await given_up(run_id, payload)
        self.ledger.runs.clear()
        await super().launch(runner)


class Twice(LedgerEngine):
    """Can carry out a run again that goes on already."""

    async def repeat(self, run_id: str) -> None:
        assert self._runner is not None
        await self._runner(run_id, self.ledger.runs[run_id])


class Full(LedgerEngine):
    """Takes runs, and begins none before there is room."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.taken = asyncio.Event()
        self.room = asyncio.Event()

    async def _drive(self, run_id: str, payload: JsonObject) -> None:
        self.taken.set()
        await self.room.wait()
        await super()._drive(run_id, payload)


class Overtaken(SqlRepository):
    """Somebody else writes first, so many times; and the store is away, so many times."""

    def __init__(self, database: Database, *, overtaken: int, away: int = 0) -> None:
        super().__init__(database)
        self.overtaken = overtaken
        self.away = away

    async def append(self, batch: Append) -> bool:
        if self.overtaken:
            self.overtaken -= 1
            return False
        return await super().append(batch)

    async def turn(self, scope: Scope, task_id: str, version: int) -> StoredTurn | None:
        if self.away:
            self.away -= 1
            raise StorageError("The database refused (DiskFull).")
        return await super().turn(scope, task_id, version)


@asynccontextmanager
async def serving(repository: SqlRepository, engine: LedgerEngine, agent: ScriptedAgent) -> AsyncGenerator[TaskService]:
    service = TaskService(repository, InlineEngine(), durable=engine)

    async def resolve(_scope: Scope) -> ScriptedAgent:
        return agent

    await service.recover(resolve)
    yield service
    await service.close()


async def test_whoever_waits_for_a_run_that_never_began_is_told_when_the_service_closes(database: Database) -> None:
    engine = HoldingBack()
    service = TaskService(SqlRepository(database), engine)
    with anyio.fail_after(HANG):
        send = asyncio.create_task(service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a"))
        await engine.taken.wait()
        await service.close()
        with pytest.raises(EngineError, match="The service is closed"):
            await send


async def test_a_durable_run_that_is_cancelled_before_it_begins_lets_go_of_its_sender_and_its_place(
    database: Database,
) -> None:
    """A2A-CAN-01."""
    agent, engine = DurableAgent(echo), Full(Ledger())
    service = TaskService(SqlRepository(database), InlineEngine(), durable=engine, limits=Limits(runs=1))
    with anyio.fail_after(HANG):
        send = asyncio.create_task(service.send(agent, Message.user("x"), ALICE, agent_id="durable"))
        await engine.taken.wait()
        (task,) = (await service.list_tasks(ALICE, agent_id="durable")).tasks
        canceled = await service.cancel(task.id, ALICE, agent_id="durable", agent=agent)

        assert canceled.status.state is TaskState.CANCELED
        assert (await send).status.state is TaskState.CANCELED
        other = await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")
        assert other.status.state is TaskState.COMPLETED
    assert agent.runs == []
    await service.close()


async def test_whoever_waits_for_a_durable_run_that_did_not_begin_is_told_when_the_service_closes(
    database: Database,
) -> None:
    agent, engine = DurableAgent(echo), Full(Ledger())
    service = TaskService(SqlRepository(database), InlineEngine(), durable=engine)
    with anyio.fail_after(HANG):
        send = asyncio.create_task(service.send(agent, Message.user("x"), ALICE, agent_id="durable"))
        await engine.taken.wait()
        await service.close()
        assert (await send).status.state is TaskState.SUBMITTED


async def test_a_run_that_the_engine_gives_up_ends_failed_but_not_one_that_ended_before(database: Database) -> None:
    gate, ledger, repository = Gate(), Ledger(), SqlRepository(database)
    with anyio.fail_after(HANG):
        async with serving(repository, LedgerEngine(ledger), DurableAgent(echo)) as service:
            ended = await service.send(DurableAgent(echo), Message.user("x"), ALICE, agent_id="durable")
            payload: JsonObject = {"taskId": ended.id, "version": 1, "run": 1}
            at_work = await service.send(
                DurableAgent(gate), Message.user("x"), ALICE, agent_id="durable", blocking=False
            )
            await gate.began.wait()
        who: JsonObject = {"tenant": "north", "owner": "alice", "agentId": "durable"}
        ledger.runs[f"{ended.id}.1"] = {**payload, **who}
        ledger.runs["nobody.1"] = {**payload, **who, "taskId": "nobody"}
        assert f"{at_work.id}.1" in ledger.runs
        async with serving(repository, GivingUp(ledger), DurableAgent(gate)) as service:
            failed = await service.get(at_work.id, ALICE, agent_id="durable")
            assert await service.get(ended.id, ALICE, agent_id="durable") == ended

    assert (failed.status.state, failed.text) == (TaskState.FAILED, GIVEN_UP)


@pytest.mark.parametrize(("overtaken", "state"), [(TRIES - 1, TaskState.COMPLETED), (TRIES, TaskState.FAILED)])
async def test_a_run_that_is_overtaken_again_and_again_ends_failed(
    database: Database, overtaken: int, state: TaskState
) -> None:
    agent, repository, engine = DurableAgent(echo), Overtaken(database, overtaken=overtaken), LedgerEngine(Ledger())
    with anyio.fail_after(HANG):
        async with serving(repository, engine, agent) as service:
            sent = await service.send(agent, Message.user("x"), ALICE, agent_id="durable")
            await engine.wait(f"{sent.id}.1")
            task = await service.get(sent.id, ALICE, agent_id="durable")

    assert task.status.state is state
    assert repository.overtaken == 0
    assert len(agent.runs) == (state is TaskState.COMPLETED)


async def test_a_run_waits_until_the_store_is_back(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("agentkit.tasks.running.PAUSE", 0)
    agent, repository, engine = DurableAgent(echo), Overtaken(database, overtaken=1, away=2), LedgerEngine(Ledger())
    with anyio.fail_after(HANG):
        async with serving(repository, engine, agent) as service:
            sent = await service.send(agent, Message.user("x"), ALICE, agent_id="durable")
            await engine.wait(f"{sent.id}.1")
            task = await service.get(sent.id, ALICE, agent_id="durable")

    assert task.status.state is TaskState.COMPLETED
    assert caplog.text.count("waits for the store") == 2
