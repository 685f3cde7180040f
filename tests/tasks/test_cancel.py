"""Cancelling: the run stops, what it set going elsewhere is told, the task says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import anyio
import pytest

from agentkit.compose import RunContext
from agentkit.engine import InlineEngine
from agentkit.errors import TaskNotCancelable, TaskNotFound
from agentkit.models import Event, JsonObject, Message, Task, TaskState
from agentkit.storage import Database
from agentkit.tasks import SqlRepository, TaskService
from agentkit.tasks.repository import Append, ContextPolicy, Opened, Repeated, Scope, StoredTask
from tests.deadline import HANG
from tests.tasks.agents import ALICE, ALICE_ELSEWHERE, BOB, Gate, ScriptedAgent, ask_then_answer, chunk, echo

pytestmark = pytest.mark.anyio


async def test_a_running_task_is_stopped_and_everybody_learns_it(service: TaskService) -> None:
    """A2A-CAN-01, A2A-CAN-02."""
    gate = Gate()
    agent = ScriptedAgent(gate)
    with anyio.fail_after(HANG):
        send = asyncio.create_task(service.send(agent, Message.user("x"), ALICE, agent_id="a"))
        await gate.began.wait()
        task_id = agent.runs[0][1].task_id
        stream = service.subscribe(task_id, ALICE, agent_id="a")
        await anext(stream)

        cancelled = await service.cancel(task_id, ALICE, agent_id="a", agent=agent)
        seen = [event async for event in stream]

        assert cancelled.status.state is TaskState.CANCELED
        assert (await send).status.state is TaskState.CANCELED
    assert len(seen) == 1
    assert [context.task_id for context in agent.cancelled] == [task_id]
    assert (await service.get(task_id, ALICE, agent_id="a")).status.state is TaskState.CANCELED


async def test_a_waiting_task_is_cancelled_too(service: TaskService) -> None:
    agent = ScriptedAgent(ask_then_answer)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")

    cancelled = await service.cancel(task.id, ALICE, agent_id="a", agent=agent)

    assert cancelled.status.state is TaskState.CANCELED
    assert [message.text for message in cancelled.history] == ["x", "Which one?"]
    assert len(agent.cancelled) == 1


async def test_an_ended_task_cannot_be_cancelled(service: TaskService) -> None:
    """A2A-CAN-01: also when it was canceled already."""
    agent = ScriptedAgent(ask_then_answer)
    done = await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")
    canceled = await service.send(agent, Message.user("x"), ALICE, agent_id="a")
    await service.cancel(canceled.id, ALICE, agent_id="a", agent=agent)

    for task in (done, canceled):
        with pytest.raises(TaskNotCancelable):
            await service.cancel(task.id, ALICE, agent_id="a", agent=agent)


async def test_a_foreign_or_unknown_task_is_not_found_and_runs_on(service: TaskService) -> None:
    """A2A-SEC-02."""
    gate = Gate()
    agent = ScriptedAgent(gate)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a", blocking=False)

    for caller, agent_id, task_id in ((BOB, "a", task.id), (ALICE, "b", task.id), (ALICE, "a", "unknown")):
        with pytest.raises(TaskNotFound):
            await service.cancel(task_id, caller, agent_id=agent_id, agent=agent)
    assert (await service.get(task.id, ALICE, agent_id="a")).status.state is TaskState.WORKING
    assert agent.cancelled == []


async def test_what_was_produced_before_the_cancellation_is_kept(service: TaskService) -> None:
    gate = Gate()

    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield chunk(context, "kept")
        async for event in gate(message, context):
            yield event

    agent = ScriptedAgent(produce)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a", blocking=False)
    with anyio.fail_after(HANG):
        await gate.began.wait()
        cancelled = await service.cancel(task.id, ALICE, agent_id="a", agent=agent)

    assert cancelled.artifacts[0].text == "kept"


async def test_a_failure_elsewhere_does_not_hold_up_the_cancellation(service: TaskService) -> None:
    """A2A-CMP-01."""

    class Stubborn(ScriptedAgent):
        async def cancel(self, context: RunContext) -> None:
            raise ConnectionError("gone")

    agent = Stubborn(ask_then_answer)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")

    assert (await service.cancel(task.id, ALICE, agent_id="a", agent=agent)).status.state is TaskState.CANCELED


async def test_a_cancellation_at_any_moment_leaves_a_settled_task(service: TaskService) -> None:
    for turns in range(25):
        agent = ScriptedAgent(echo)
        task = await service.send(agent, Message.user("x"), ALICE, agent_id="a", blocking=False)
        for _ in range(turns):
            await asyncio.sleep(0)
        with anyio.fail_after(HANG):
            try:
                ended: Task = await service.cancel(task.id, ALICE, agent_id="a", agent=agent)
            except TaskNotCancelable:
                ended = await service.get(task.id, ALICE, agent_id="a")
        assert ended.status.state in {TaskState.CANCELED, TaskState.COMPLETED}
        assert await service.get(task.id, ALICE, agent_id="a") == ended


async def test_two_cancellations_at_once_agree(service: TaskService) -> None:
    gate = Gate()
    agent = ScriptedAgent(gate)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a", blocking=False)
    with anyio.fail_after(HANG):
        await gate.began.wait()
        results = await asyncio.gather(
            *(service.cancel(task.id, ALICE, agent_id="a", agent=agent) for _ in range(2)), return_exceptions=True
        )

    states = [one.status.state for one in results if isinstance(one, Task)]
    assert states
    assert set(states) == {TaskState.CANCELED}


async def ask_then_wait(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    if context.resumed:
        await asyncio.Event().wait()
    async for event in ask_then_answer(message, context):
        yield event


class AnsweredMeanwhile(SqlRepository):
    """Lets an answer start the next turn between the look at a task and the word that it is canceled."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.send = asyncio.Event()
        self.began = asyncio.Event()

    async def load(self, scope: Scope, task_id: str, history_length: int | None = None) -> StoredTask | None:
        stored = await super().load(scope, task_id, history_length)
        if not self.send.is_set():
            self.send.set()
            await self.began.wait()
        return stored


class BeginsLate(SqlRepository):
    """Holds a stored answer back until the task is canceled."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.stored = asyncio.Event()
        self.go_on = asyncio.Event()
        self.began = asyncio.Event()

    async def accept(
        self,
        scope: Scope,
        message: Message,
        *,
        policy: ContextPolicy,
        new_task_id: str,
        new_context_id: str,
        now: int,
        metadata: JsonObject | None = None,
        lifetime: int | None = None,
    ) -> Opened | Repeated:
        taken = await super().accept(
            scope,
            message,
            policy=policy,
            new_task_id=new_task_id,
            new_context_id=new_context_id,
            now=now,
            metadata=metadata,
            lifetime=lifetime,
        )
        if message.task_id is not None or message.context_id is not None:
            self.stored.set()
            await self.go_on.wait()
        return taken

    async def append(self, batch: Append) -> bool:
        done = await super().append(batch)
        if self.stored.is_set() and not self.go_on.is_set():
            self.go_on.set()
            await self.began.wait()
        return done

    async def hide_context(self, scope: Scope, context_id: str, now: int) -> bool:
        done = await super().hide_context(scope, context_id, now)
        self.go_on.set()
        await self.began.wait()
        return done


class Began(ScriptedAgent):
    """Says when its second turn begins."""

    event: asyncio.Event

    def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        if message.text == "again":
            self.event.set()
        return super().run(message, context)


async def test_a_turn_that_begins_while_its_task_is_cancelled_is_stopped_too(database: Database) -> None:
    repository = AnsweredMeanwhile(database)
    service = TaskService(repository, InlineEngine())
    agent = Began(ask_then_wait)
    agent.event = repository.began
    with anyio.fail_after(HANG):
        task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")
        cancel = asyncio.create_task(service.cancel(task.id, ALICE, agent_id="a", agent=agent))
        await repository.send.wait()
        answer = asyncio.create_task(service.send(agent, Message.user("again", task_id=task.id), ALICE, agent_id="a"))

        assert (await cancel).status.state is TaskState.CANCELED
        assert (await answer).status.state is TaskState.CANCELED
    await service.close()


async def test_a_turn_that_begins_behind_its_cancellation_is_stopped_too(database: Database) -> None:
    repository = BeginsLate(database)
    service = TaskService(repository, InlineEngine())
    agent = Began(ask_then_wait)
    agent.event = repository.began
    with anyio.fail_after(HANG):
        task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")
        answer = asyncio.create_task(service.send(agent, Message.user("again", task_id=task.id), ALICE, agent_id="a"))
        await repository.stored.wait()

        cancelled = await service.cancel(task.id, ALICE, agent_id="a", agent=agent)

        assert cancelled.status.state is TaskState.CANCELED
        assert (await answer).status.state is TaskState.CANCELED
    await service.close()


async def test_a_turn_that_begins_behind_the_deletion_of_its_context_is_stopped_too(database: Database) -> None:
    repository = BeginsLate(database)
    service = TaskService(repository, InlineEngine())
    agent = Began(endless)
    agent.event = repository.began
    with anyio.fail_after(HANG):
        task = await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")
        message = Message.user("again", context_id=task.context_id)
        send = asyncio.create_task(service.send(agent, message, ALICE, agent_id="a"))
        await repository.stored.wait()

        await service.delete_context(task.context_id, ALICE, agent_id="a")

        with pytest.raises(TaskNotFound):
            await send
    await service.close()


async def test_what_a_turn_set_going_elsewhere_is_stopped_when_its_context_is_deleted(service: TaskService) -> None:
    """V1-CTXEP-02, A2A-CMP-01: as when it is canceled."""
    gate = Gate()
    agent = ScriptedAgent(gate)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a", blocking=False)
    with anyio.fail_after(HANG):
        await gate.began.wait()
        await service.delete_context(task.context_id, ALICE, agent_id="a")
    assert [context.task_id for context in agent.cancelled] == [task.id]


async def test_what_is_at_work_at_an_agent_is_stopped_whoever_sent_it(service: TaskService) -> None:
    gates, other = (Gate(), Gate()), Gate()
    agent, elsewhere = ScriptedAgent(gates[0]), ScriptedAgent(other)
    with anyio.fail_after(HANG):
        sending = [
            asyncio.create_task(service.send(ScriptedAgent(gate), Message.user("x"), caller, agent_id="a"))
            for gate, caller in zip(gates, (ALICE, BOB), strict=True)
        ]
        done = await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")
        for caller, agent_id in ((ALICE, "b"), (ALICE_ELSEWHERE, "a")):
            await service.send(elsewhere, Message.user("x"), caller, agent_id=agent_id, blocking=False)
        for gate in (*gates, other):
            await gate.began.wait()

        await service.stop_agent("north", "a", agent)

        assert [(await one).status.state for one in sending] == [TaskState.CANCELED, TaskState.CANCELED]
    assert (await service.get(done.id, ALICE, agent_id="a")).status.state is TaskState.COMPLETED
    assert len(agent.cancelled) == 2
    for _, context in elsewhere.runs:
        agent_id = "b" if context.caller == ALICE else "a"
        assert not (await service.get(context.task_id, context.caller, agent_id=agent_id)).status.state.is_settled


async def test_an_agent_that_fails_at_its_cancellation_is_canceled_all_the_same(service: TaskService) -> None:
    began = asyncio.Event()

    async def clumsy(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("closing failed")
        yield message

    agent = ScriptedAgent(clumsy)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a", blocking=False)
    with anyio.fail_after(HANG):
        await began.wait()
        assert (await service.cancel(task.id, ALICE, agent_id="a", agent=agent)).status.state is TaskState.CANCELED


async def endless(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    await asyncio.Event().wait()
    yield message
