"""Durable turns: stored first, started by id, gone on with after a restart (design, section 7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import pytest
from opentelemetry.sdk.trace import TracerProvider

from agentkit import tracing
from agentkit.compose import CONTINUATION_KEY, RunContext
from agentkit.credentials import Token, build
from agentkit.engine import InlineEngine
from agentkit.errors import AuthRequired, EngineError, StorageError, TaskNotContinuable
from agentkit.models import ArtifactUpdate, Event, Message, Part, StatusUpdate, Task, TaskState
from agentkit.storage import Database
from agentkit.storage.connection import Job
from agentkit.tasks import Scope, SqlRepository, TaskService
from agentkit.tracing import SpanRecord, listen, span
from tests.deadline import HANG
from tests.tasks.agents import ALICE, ScriptedAgent, asked, chunk, echo, working
from tests.tasks.ledger import Ledger, LedgerEngine

pytestmark = pytest.mark.anyio


class DurableAgent(ScriptedAgent):
    """Runs again after a crash; it records its own steps."""

    name = "durable"
    durable = True
    composite = True
    mcp_names = None


class DurableLeaf(ScriptedAgent):
    name = "leaf"
    durable = True


class House:
    """Starts one service after the other on the same store and ledger, as restarts do."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger = Ledger()
        self.engine = LedgerEngine(self.ledger)

    @asynccontextmanager
    async def started(self, *agents: ScriptedAgent, recovered: bool = True) -> AsyncGenerator[TaskService]:
        self.engine = LedgerEngine(self.ledger)
        service = TaskService(SqlRepository(self.database), InlineEngine(), durable=self.engine)

        async def resolve(scope: Scope) -> ScriptedAgent | None:
            return next((agent for agent in agents if agent.name == scope.agent_id), None)

        if recovered:
            await service.recover(resolve)
        yield service
        await service.close()


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


async def settled(service: TaskService, task_id: str, agent: ScriptedAgent) -> Task:
    with anyio.fail_after(HANG), suppress(TaskNotContinuable):
        async for _ in service.subscribe(task_id, ALICE, agent_id=agent.name):
            pass
    return await service.get(task_id, ALICE, agent_id=agent.name)


class Interrupted:
    """A script whose first run stops behind its step until its process ends; the next one goes on."""

    def __init__(self, before: Callable[[RunContext], list[Event]] = lambda _: []) -> None:
        self.began = asyncio.Event()
        self.executed = 0
        self.tries = 0
        self._before = before

    async def __call__(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self.tries += 1
        for event in self._before(context):
            yield event

        async def work() -> str:
            self.executed += 1
            return f"{message.text}!"

        said = await context.engine.step(context.run_id, "work", work)
        if self.tries == 1:
            self.began.set()
            await asyncio.Event().wait()
        yield message.reply(str(said))


async def test_a_durable_agent_is_refused_without_an_engine_that_survives(service: TaskService) -> None:
    with pytest.raises(EngineError, match="corti-agentkit\\[durable\\]"):
        await service.send(DurableAgent(echo), Message.user("x"), ALICE, agent_id="durable")


async def test_only_ids_reach_the_engine(house: House) -> None:
    """D13."""
    agent = DurableAgent(echo)
    message = Message.user("secret words").model_copy(
        update={"parts": (Part(text="secret words"), build(Token("ehr", "secret token")))}
    )
    async with house.started(agent) as service:
        task = await service.send(
            agent, message, ALICE, agent_id="durable", context_policy="adopt", metadata={"secret": "metadata"}
        )
        assert task.text == "You said: secret words"
        (run,) = house.engine.started
        run_id, payload = run
        assert run_id == f"{task.id}.1"
        assert {key: payload[key] for key in payload if key != "traceparent"} == {
            "taskId": task.id,
            "version": 1,
            "run": 1,
            "tenant": "north",
            "owner": "alice",
            "agentId": "durable",
        }
        assert agent.runs[0][1].run_id == run_id
        assert agent.runs[0][1].credentials
        assert not house.ledger.runs


async def test_a_turn_goes_on_after_a_restart_without_its_recorded_steps(house: House) -> None:
    script = Interrupted(lambda context: [working(context, "one"), chunk(context, "a", append=False)])
    agent = DurableAgent(script)
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("hi"), ALICE, agent_id="durable", blocking=False)
            await script.began.wait()
    async with house.started(agent) as service:
        ended = await settled(service, task.id, agent)

        assert (ended.status.state, ended.text) == (TaskState.COMPLETED, "hi!")
        assert (script.tries, script.executed) == (2, 1)
        assert [message.text for message in ended.history] == ["hi", "one"]
        assert [artifact.text for artifact in ended.artifacts] == ["a"]
        versions = [number async for number, _ in numbered(service, task.id, agent)]
        assert versions == list(range(2, versions[-1] + 1))
        assert not house.ledger.runs


async def numbered(service: TaskService, task_id: str, agent: ScriptedAgent) -> AsyncGenerator[tuple[int, Event]]:
    followed = service.subscribe(task_id, ALICE, agent_id=agent.name, after=1)
    async for event in followed:
        yield followed.version, event


async def test_a_crash_between_the_message_and_its_run_is_made_good(house: House) -> None:
    agent = DurableAgent(echo)
    async with house.started(agent) as first:
        house.engine.stalled = True
        sending = asyncio.create_task(first.send(agent, Message.user("kept"), ALICE, agent_id="durable"))
        with anyio.fail_after(HANG):
            while not (page := await first.list_tasks(ALICE, agent_id="durable")).tasks:
                pass
        task = page.tasks[0]
        assert task.status.state is TaskState.SUBMITTED

        async with house.started(agent) as second:
            assert (await settled(second, task.id, agent)).text == "You said: kept"
        sending.cancel()
        for accepting in asyncio.all_tasks() - {asyncio.current_task()}:
            if "_accept" in repr(accepting):
                accepting.cancel()


async def test_a_run_that_the_engine_refuses_fails_and_is_not_forgotten(house: House) -> None:
    agent = DurableAgent(echo)
    async with house.started(agent) as service:
        house.engine.refusing = EngineError("The engine is full.")
        with pytest.raises(EngineError, match="full"):
            await service.send(agent, Message.user("x"), ALICE, agent_id="durable")
        page = await service.list_tasks(ALICE, agent_id="durable")

        assert [task.status.state for task in page.tasks] == [TaskState.FAILED]


@pytest.mark.parametrize("served", [False, True])
async def test_what_nobody_can_go_on_with_fails_with_a_reason(served: bool, house: House) -> None:
    script = Interrupted()
    agent = DurableAgent(script)
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("hi"), ALICE, agent_id="durable", blocking=False)
            await script.began.wait()
    if served:
        house.ledger.runs.clear()
    async with house.started(*(agent,) * served) as service:
        ended = await settled(service, task.id, agent)

    assert ended.status.state is TaskState.FAILED
    assert ended.metadata == {"error": "interrupted"}
    assert ("not done again" if served else "not served") in ended.text
    assert script.tries == 1


async def test_without_a_durable_engine_durable_work_fails_with_a_reason(house: House) -> None:
    script = Interrupted()
    agent = DurableAgent(script)
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("hi"), ALICE, agent_id="durable", blocking=False)
            await script.began.wait()
    plain = TaskService(SqlRepository(house.database), InlineEngine())

    async def resolve(_scope: Scope) -> DurableAgent:
        return agent

    assert await plain.recover(resolve) == 1
    ended = await plain.get(task.id, ALICE, agent_id="durable")
    assert ended.status.state is TaskState.FAILED
    assert "no engine" in ended.text
    await plain.close()


async def test_credentials_are_gone_after_a_restart_and_metadata_is_not(house: House) -> None:
    """D13: a leaf that misses its credential says so."""
    stopped = asyncio.Event()

    async def needy(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        if context.credentials:
            stopped.set()
            await asyncio.Event().wait()
        raise AuthRequired("A credential is needed.", mcp_name="ehr")
        yield message

    agent = DurableAgent(needy)
    message = Message.user("x")
    message = message.model_copy(update={"parts": (*message.parts, build(Token("ehr", "t")))})
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            task = await service.send(
                agent, message, ALICE, agent_id="durable", blocking=False, metadata={"locale": "da"}
            )
            await stopped.wait()
    async with house.started(agent) as service:
        ended = await settled(service, task.id, agent)

    assert ended.status.state is TaskState.AUTH_REQUIRED
    assert ended.metadata is not None
    assert ended.metadata["mcp_name"] == "ehr"
    assert [context.metadata for _, context in agent.runs] == [{"locale": "da"}] * 2
    assert [context.caller for _, context in agent.runs] == [ALICE] * 2


async def test_a_turn_that_answers_keeps_its_continuation_over_a_restart(house: House) -> None:
    stopped = asyncio.Event()

    async def script(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        if not context.resumed:
            yield asked(context, "Which?", {CONTINUATION_KEY: {"step": 3}})
        elif not stopped.is_set():
            stopped.set()
            await asyncio.Event().wait()
        else:
            yield message.reply(f"{context.continuation} {message.text}")

    agent = DurableAgent(script)
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("x"), ALICE, agent_id="durable")
            answer = Message.user("this", task_id=task.id)
            await service.send(agent, answer, ALICE, agent_id="durable", blocking=False)
            await stopped.wait()
    async with house.started(agent) as service:
        ended = await settled(service, task.id, agent)

    assert ended.text == "{'step': 3} this"
    assert [run_id for run_id, _ in house.engine.started] == []
    assert agent.runs[-1][1].run_id == agent.runs[-2][1].run_id == f"{task.id}.4"


async def test_a_doubled_send_attaches_to_the_durable_run(house: House) -> None:
    """A2A-SEND-09."""
    script = Interrupted()
    agent = DurableAgent(script)
    message = Message.user("hi")
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            first = await service.send(agent, message, ALICE, agent_id="durable", blocking=False)
            second = await service.send(agent, message, ALICE, agent_id="durable", blocking=False)
            await script.began.wait()
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            third = await service.send(agent, message, ALICE, agent_id="durable")

    assert first.id == second.id == third.id
    assert third.text == "hi!"
    assert script.executed == 1


async def test_a_sender_that_goes_away_loses_nothing(house: House) -> None:
    agent = DurableAgent(echo)
    async with house.started(agent) as service:
        sending = asyncio.create_task(service.send(agent, Message.user("x"), ALICE, agent_id="durable"))
        await asyncio.sleep(0)
        sending.cancel()
        with anyio.fail_after(HANG):
            while not (page := await service.list_tasks(ALICE, agent_id="durable")).tasks:
                pass
        assert (await settled(service, page.tasks[0].id, agent)).text == "You said: x"


async def test_a_leaf_served_by_itself_is_a_recorded_step(house: House) -> None:
    async def leaf(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield working(context, "on it")
        yield chunk(context, "part")
        yield message.reply("done")

    agent = DurableLeaf(leaf)
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("x"), ALICE, agent_id="leaf")

    assert task.text == "done"
    assert [artifact.text for artifact in task.artifacts] == ["part"]
    assert [(run, key.partition("~")[0]) for run, key in house.ledger.steps] == [(f"{task.id}.1", "leaf")]


async def test_a_store_that_refuses_for_a_while_ends_no_durable_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentkit.tasks.running.PAUSE", 0)
    executed, tries, write = list[str](), list[str](), house.database.write
    refusing = 0

    async def refused(job: Job[object]) -> object:
        nonlocal refusing
        if refusing:
            refusing -= 1
            raise StorageError("The database refused (DiskFull).")
        return await write(job)

    async def script(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        nonlocal refusing
        tries.append("try")

        async def work() -> str:
            executed.append("work")
            return "done"

        said = await context.engine.step(context.run_id, "work", work)
        if len(tries) == 1:
            refusing = 5
        yield working(context, "on it")
        yield message.reply(str(said))

    monkeypatch.setattr(house.database, "write", refused)
    agent = DurableAgent(script)
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("x"), ALICE, agent_id="durable", blocking=False)
            while not task.status.state.is_settled:
                task = await service.get(task.id, ALICE, agent_id="durable")

    assert (task.status.state, task.text) == (TaskState.COMPLETED, "done")
    assert executed == ["work"]
    assert not house.ledger.runs


async def test_cancel_stops_a_durable_run_for_good(house: House) -> None:
    script = Interrupted()
    agent = DurableAgent(script)
    async with house.started(agent) as service:
        with anyio.fail_after(HANG):
            task = await service.send(agent, Message.user("hi"), ALICE, agent_id="durable", blocking=False)
            await script.began.wait()
            canceled = await service.cancel(task.id, ALICE, agent_id="durable", agent=agent)

    assert canceled.status.state is TaskState.CANCELED
    assert not house.ledger.runs
    assert [(one.run_id, one.task_id) for one in agent.cancelled] == [(f"{task.id}.1", task.id)]


async def test_one_trace_runs_through_a_restart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A2A-CMP-05."""
    # OpenTelemetry takes one provider per process, and this test is not the one to choose it.
    provider = TracerProvider()
    monkeypatch.setattr(tracing, "_tracer", lambda: provider.get_tracer("test"))
    script = Interrupted()
    agent = DurableAgent(script)
    spans: list[SpanRecord] = []
    with listen(spans.append):
        async with house.started(agent) as service:
            with anyio.fail_after(HANG), span("test"):
                task = await service.send(agent, Message.user("hi"), ALICE, agent_id="durable", blocking=False)
                await script.began.wait()
        async with house.started(agent) as service:
            await settled(service, task.id, agent)

    runs = [one.trace_id for one in spans if one.name == "task.run"]
    assert len(runs) == 2
    assert {*runs, *(one.trace_id for one in spans if one.name == "test")} == {runs[0]}


async def test_followers_see_only_what_is_stored(house: House) -> None:
    """What a durable run showed it never takes back, so a cursor holds over a crash."""
    script = Interrupted(lambda context: [working(context, str(number)) for number in range(5)])
    agent = DurableAgent(script)
    seen: list[int] = []
    async with house.started(agent) as service:
        followed = service.stream(agent, Message.user("hi"), ALICE, agent_id="durable")
        with anyio.fail_after(HANG):
            async for event in followed:
                seen.append(followed.version)
                if isinstance(event, StatusUpdate) and event.status.message and event.status.message.text == "3":
                    break
        await followed.aclose()
        await script.began.wait()
    async with house.started(agent) as service:
        followed = service.subscribe(task_of(agent), ALICE, agent_id="durable", after=seen[-1])
        texts: list[str] = []
        with anyio.fail_after(HANG):
            async for event in followed:
                seen.append(followed.version)
                assert isinstance(event, StatusUpdate | ArtifactUpdate)
                if isinstance(event, StatusUpdate) and event.status.message:
                    texts.append(event.status.message.text)

    assert texts == ["4", "hi!"]
    assert seen == list(range(1, len(seen) + 1))


def task_of(agent: ScriptedAgent) -> str:
    return agent.runs[0][1].task_id
