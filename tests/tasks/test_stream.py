"""Following a task: the same events in the same order for everybody, at everybody's own pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import anyio
import pytest

from agentkit.compose import RunContext, status_update
from agentkit.engine import InlineEngine
from agentkit.errors import ContextNotFound, StorageError, TaskNotContinuable, TaskNotFound
from agentkit.models import ArtifactUpdate, Event, Message, StatusUpdate, Task, TaskState
from agentkit.storage import Connection, Database
from agentkit.tasks import SqlRepository, TaskService
from agentkit.tasks.repository import Append
from agentkit.tasks.writing import FLUSH_EVENTS
from tests.deadline import HANG
from tests.tasks.agents import ALICE, BOB, Gate, ScriptedAgent, ask_then_answer, chunk, echo, working

pytestmark = pytest.mark.anyio


async def gathered(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


def names(events: list[Event]) -> list[str]:
    return [
        event.status.state.value if isinstance(event, StatusUpdate | Task) else type(event).__name__ for event in events
    ]


async def test_a_stream_is_the_task_then_its_updates_to_the_settled_state(service: TaskService) -> None:
    """A2A-STR-02."""

    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield chunk(context, "a")
        yield working(context, "nearly")
        yield message.reply("done")

    with anyio.fail_after(HANG):
        events = await gathered(service.stream(ScriptedAgent(produce), Message.user("x"), ALICE, agent_id="a"))

    assert names(events) == ["submitted", "working", "ArtifactUpdate", "working", "completed"]
    first = events[0]
    assert isinstance(first, Task)
    assert [message.text for message in first.history] == ["x"]
    assert {event.task_id for event in events[1:] if not isinstance(event, Task)} == {first.id}


async def test_a_question_ends_the_stream_and_the_answer_opens_the_next(service: TaskService) -> None:
    """A2A-STR-04."""
    agent = ScriptedAgent(ask_then_answer)
    with anyio.fail_after(HANG):
        first = await gathered(service.stream(agent, Message.user("x"), ALICE, agent_id="a"))
        task = first[0]
        assert isinstance(task, Task)
        second = await gathered(service.stream(agent, Message.user("This", task_id=task.id), ALICE, agent_id="a"))

    assert names(first) == ["submitted", "working", "input-required"]
    assert names(second) == ["submitted", "working", "completed"]
    again = second[0]
    assert isinstance(again, Task)
    assert [message.text for message in again.history] == ["x", "Which one?", "This"]


async def test_all_followers_see_the_same_events_in_the_same_order(service: TaskService) -> None:
    """A2A-STR-03."""
    go, half = asyncio.Event(), asyncio.Event()

    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        await go.wait()
        for index in range(50):
            yield chunk(context, str(index))
        half.set()
        for index in range(50, 200):
            yield chunk(context, str(index))
            await asyncio.sleep(0)
        yield message.reply("done")

    with anyio.fail_after(HANG):
        stream = service.stream(ScriptedAgent(produce), Message.user("x"), ALICE, agent_id="a")
        task = await anext(stream)
        assert isinstance(task, Task)
        early = [asyncio.create_task(gathered(service.subscribe(task.id, ALICE, agent_id="a"))) for _ in range(3)]
        await asyncio.sleep(0)
        go.set()
        await half.wait()
        late = await gathered(service.subscribe(task.id, ALICE, agent_id="a"))
        seen = await gathered(stream)
        others = [await one for one in early]

    updates = [event for event in seen if isinstance(event, ArtifactUpdate)]
    assert [event.artifact.text for event in updates] == [str(index) for index in range(200)]
    snapshot = late[0]
    assert isinstance(snapshot, Task)
    # Who comes when all is done sees the task alone.
    assert seen[len(seen) - len(late) + 1 :] == late[1:]
    assert len(snapshot.artifacts[0].parts) + sum(isinstance(one, ArtifactUpdate) for one in late) == 200
    for other in others:
        head = other[0]
        assert isinstance(head, Task)
        assert other[1:] == seen[len(seen) - len(other) + 1 :]


async def test_a_follower_that_leaves_harms_nobody(service: TaskService) -> None:
    """A2A-STR-03."""
    gate = Gate()
    with anyio.fail_after(HANG):
        leaving = service.stream(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a")
        task = await anext(leaving)
        assert isinstance(task, Task)
        staying = asyncio.create_task(gathered(service.subscribe(task.id, ALICE, agent_id="a")))
        await gate.began.wait()
        waiting = asyncio.create_task(anext(leaving))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        await leaving.aclose()
        gate.open.set()
        events = await staying

    assert names(events)[-1] == "completed"
    assert (await service.get(task.id, ALICE, agent_id="a")).text == "done"


async def test_a_follower_far_behind_reads_the_rest_from_the_log(service: TaskService) -> None:
    written = asyncio.Event()

    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        for index in range(3000):
            yield chunk(context, str(index))
        written.set()
        yield message.reply("done")

    with anyio.fail_after(HANG):
        stream = service.stream(ScriptedAgent(produce), Message.user("x"), ALICE, agent_id="a")
        await anext(stream)
        await written.wait()
        events = await gathered(stream)

    assert [one.artifact.text for one in events if isinstance(one, ArtifactUpdate)] == [str(n) for n in range(3000)]
    assert names(events)[-1] == "completed"


async def test_events_are_stored_soon_although_the_agent_is_silent(service: TaskService, database: Database) -> None:
    gate = Gate()

    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield chunk(context, "first")
        async for event in gate(message, context):
            yield event

    def stored(connection: Connection) -> bool:
        return connection.execute("SELECT 1 FROM events WHERE kind = 'artifact'").fetchone() is not None

    await service.send(ScriptedAgent(produce), Message.user("x"), ALICE, agent_id="a", blocking=False)
    await gate.began.wait()
    with anyio.fail_after(HANG):
        while not await database.read(stored):
            continue
    gate.open.set()


async def test_a_repeated_message_follows_the_task_that_is_there(service: TaskService) -> None:
    gate, message = Gate(), Message.user("x")
    agent = ScriptedAgent(gate)
    with anyio.fail_after(HANG):
        first = asyncio.create_task(gathered(service.stream(agent, message, ALICE, agent_id="a")))
        await gate.began.wait()
        second = asyncio.create_task(gathered(service.stream(agent, message, ALICE, agent_id="a")))
        third = service.stream(agent, message, ALICE, agent_id="a")
        await anext(third)
        gate.open.set()
        rest = await gathered(third)
        assert names(await first)[-1] == names(await second)[-1] == names(rest)[-1] == "completed"
        done = await gathered(service.stream(agent, message, ALICE, agent_id="a"))

    assert names(done) == ["completed"]
    assert len(agent.runs) == 1


async def test_an_ended_task_has_nothing_to_follow(service: TaskService) -> None:
    """A2A-SUB-02."""
    task = await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")

    with pytest.raises(TaskNotContinuable, match="completed"):
        await gathered(service.subscribe(task.id, ALICE, agent_id="a"))
    with pytest.raises(TaskNotFound):
        await gathered(service.subscribe("unknown", ALICE, agent_id="a"))


async def test_a_task_that_waits_for_an_answer_is_shown_and_the_stream_ends(service: TaskService) -> None:
    task = await service.send(ScriptedAgent(ask_then_answer), Message.user("x"), ALICE, agent_id="a")

    assert await gathered(service.subscribe(task.id, ALICE, agent_id="a")) == [task]


async def test_errors_known_before_the_first_event_come_with_the_first_step(service: TaskService) -> None:
    """A2A-HTTP-06."""
    stream = service.stream(ScriptedAgent(echo), Message.user("x", context_id="unknown"), ALICE, agent_id="a")

    with pytest.raises(ContextNotFound):
        await anext(stream)


async def test_a_foreign_task_cannot_be_followed(service: TaskService) -> None:
    """A2A-SEC-02."""
    gate = Gate()
    task = await service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a", blocking=False)

    for caller, agent_id in ((BOB, "a"), (ALICE, "b")):
        with pytest.raises(TaskNotFound):
            await gathered(service.subscribe(task.id, caller, agent_id=agent_id))


async def test_a_store_that_fails_ends_the_stream_with_its_error(service: TaskService, database: Database) -> None:
    gate = Gate()
    stream = service.stream(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a")
    await anext(stream)
    await gate.began.wait()
    await database.close()
    gate.open.set()

    with anyio.fail_after(HANG), pytest.raises(StorageError):
        await gathered(stream)


async def test_a_status_the_agent_sets_itself_is_not_doubled(service: TaskService) -> None:
    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield status_update(context, TaskState.WORKING)
        yield message.reply("done")

    task = await service.send(ScriptedAgent(produce), Message.user("x"), ALICE, agent_id="a", blocking=False)
    with anyio.fail_after(HANG):
        states = names(await gathered(service.subscribe(task.id, ALICE, agent_id="a")))

    assert states.count("working") <= 2
    assert states[-1] == "completed"


class Slow(SqlRepository):
    """Stores nothing before it is told so, and counts what waits."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.go_on = asyncio.Event()
        self.waiting = 0

    async def append(self, batch: Append) -> bool:
        self.waiting += 1
        await self.go_on.wait()
        return await super().append(batch)


async def test_a_slow_store_slows_down_the_agent_instead_of_filling_the_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentkit.tasks.writing.FLUSH_SECONDS", 0)
    repository = Slow(database)
    service = TaskService(repository, InlineEngine())
    said = 0

    async def talkative(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        nonlocal said
        while said < 1000:
            said += 1
            yield working(context, "still")
            await asyncio.sleep(0)
        yield message.reply("done")

    with anyio.fail_after(HANG):
        task = await service.send(ScriptedAgent(talkative), Message.user("x"), ALICE, agent_id="a", blocking=False)
        for _ in range(1000):
            await asyncio.sleep(0)
        waiting, meanwhile = repository.waiting, said
        repository.go_on.set()
        events = await gathered(service.subscribe(task.id, ALICE, agent_id="a"))
    assert names(events)[-1] == "completed"
    assert said == 1000
    assert waiting <= 2
    assert meanwhile <= 2 * FLUSH_EVENTS
    await service.close()
