"""Sending: one message, one task, stored once and told plainly when it goes wrong."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from agentkit.compose import RunContext, Sequential, status_update
from agentkit.credentials import Token, build
from agentkit.errors import (
    ContextMismatch,
    ContextNotFound,
    CredentialError,
    McpAuthRequired,
    MessageConflict,
    StorageError,
    TaskNotContinuable,
    TaskNotFound,
)
from agentkit.models import Artifact, Event, Message, Part, Role, Task, TaskState, TaskStatus
from agentkit.storage import Connection, Database
from agentkit.tasks import TaskService
from agentkit.tasks.live import LiveTask
from agentkit.tracing import SpanRecord, listen
from tests.deadline import HANG
from tests.tasks.agents import ALICE, Gate, ScriptedAgent, ask_then_answer, asked, chunk, echo, working

pytestmark = pytest.mark.anyio


def contents(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(folder.glob("tasks.db*")))


async def test_a_message_opens_a_task_that_completes_with_the_answer(service: TaskService) -> None:
    task = await service.send(ScriptedAgent(echo), Message.user("hello"), ALICE, agent_id="a")

    assert task.status.state is TaskState.COMPLETED
    assert task.text == "You said: hello"
    assert task.status.message is not None
    assert (task.status.message.task_id, task.status.message.context_id) == (task.id, task.context_id)
    assert [message.text for message in task.history] == ["hello"]
    assert (task.history[0].task_id, task.history[0].context_id) == (task.id, task.context_id)
    assert task.status.timestamp is not None
    assert task.status.timestamp.tzinfo is not None
    assert await service.get(task.id, ALICE, agent_id="a") == task


async def test_a_send_that_does_not_block_returns_the_task_before_its_end(service: TaskService) -> None:
    gate = Gate()
    with anyio.fail_after(HANG):
        task = await service.send(ScriptedAgent(gate), Message.user("go"), ALICE, agent_id="a", blocking=False)

        assert task.status.state is TaskState.SUBMITTED
        await gate.began.wait()
        assert (await service.get(task.id, ALICE, agent_id="a")).status.state is TaskState.WORKING
        gate.open.set()
        async for _ in service.subscribe(task.id, ALICE, agent_id="a"):
            pass
    assert (await service.get(task.id, ALICE, agent_id="a")).text == "done"


async def test_an_agent_that_says_nothing_completes_without_a_message(service: TaskService) -> None:
    async def silent(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        return
        yield message

    task = await service.send(ScriptedAgent(silent), Message.user("x"), ALICE, agent_id="a")

    assert task.status.state is TaskState.COMPLETED
    assert task.status.message is None


async def test_a_question_moves_into_the_history_when_the_answer_comes(service: TaskService) -> None:
    agent = ScriptedAgent(ask_then_answer)
    first = await service.send(agent, Message.user("one"), ALICE, agent_id="a")
    assert first.status.state is TaskState.INPUT_REQUIRED
    assert [message.text for message in first.history] == ["one"]

    second = await service.send(agent, Message.user("This", task_id=first.id), ALICE, agent_id="a")

    assert second.id == first.id
    assert second.context_id == first.context_id
    assert second.text == "This it is."
    assert [message.text for message in second.history] == ["one", "Which one?", "This"]
    assert await service.get(first.id, ALICE, agent_id="a") == second
    assert [context.resumed for _, context in agent.runs] == [False, True]


@pytest.mark.parametrize(
    ("length", "texts"),
    [(None, ["one", "Which one?", "This"]), (0, []), (2, ["Which one?", "This"]), (9, ["one", "Which one?", "This"])],
)
async def test_history_length_takes_the_newest_messages(
    length: int | None, texts: list[str], service: TaskService
) -> None:
    """V1-TASK-01, A2A-SEND-08."""
    agent = ScriptedAgent(ask_then_answer)
    task = await service.send(agent, Message.user("one"), ALICE, agent_id="a")
    answer = Message.user("This", task_id=task.id)

    sent = await service.send(agent, answer, ALICE, agent_id="a", history_length=length)
    read = await service.get(task.id, ALICE, agent_id="a", history_length=length)

    assert [message.text for message in sent.history] == texts
    assert [message.text for message in read.history] == texts


async def test_what_the_agent_says_on_the_way_is_history_in_order(service: TaskService) -> None:
    async def talk(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield working(context, "one")
        yield working(context, "two")
        yield message.reply("three")

    task = await service.send(ScriptedAgent(talk), Message.user("zero"), ALICE, agent_id="a")

    assert [message.text for message in task.history] == ["zero", "one", "two"]
    assert await service.get(task.id, ALICE, agent_id="a") == task


async def test_artifacts_are_replaced_or_grow_by_their_id(service: TaskService) -> None:
    """A2A-STR-05, V1-SEND-09."""

    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield chunk(context, "old", append=False)
        yield chunk(context, "Peni", append=False)
        yield chunk(context, "other", artifact="b")
        yield chunk(context, "cillin.")
        yield message.reply("see artifacts")

    task = await service.send(ScriptedAgent(produce), Message.user("x"), ALICE, agent_id="a")

    assert [(one.artifact_id, [part.text for part in one.parts]) for one in task.artifacts] == [
        ("a", ["Peni", "cillin."]),
        ("b", ["other"]),
    ]
    assert await service.get(task.id, ALICE, agent_id="a") == task


async def test_a_later_turn_adds_to_the_artifacts_of_an_earlier_one(service: TaskService) -> None:
    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield chunk(context, message.text)
        if not context.resumed:
            yield asked(context, "more?")

    agent = ScriptedAgent(produce)
    task = await service.send(agent, Message.user("one"), ALICE, agent_id="a")
    task = await service.send(agent, Message.user("two", task_id=task.id), ALICE, agent_id="a")

    assert [part.text for part in task.artifacts[0].parts] == ["one", "two"]
    assert (await service.get(task.id, ALICE, agent_id="a")).artifacts == task.artifacts


async def test_the_metadata_of_the_last_update_becomes_the_tasks(service: TaskService) -> None:
    async def report(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        if context.resumed:
            yield status_update(context, TaskState.COMPLETED, message.reply("ok"), {"steps": 2, "credits": 0.5})
        else:
            yield asked(context, "?", {"steps": 1, "kept": {"a": None}})

    agent = ScriptedAgent(report)
    first = await service.send(agent, Message.user("x"), ALICE, agent_id="a")
    second = await service.send(agent, Message.user("y", task_id=first.id), ALICE, agent_id="a")

    assert first.metadata == {"steps": 1, "kept": {"a": None}}
    assert second.metadata == {"steps": 2, "kept": {"a": None}, "credits": 0.5}
    assert await service.get(first.id, ALICE, agent_id="a") == second


async def test_a_task_an_agent_yields_is_taken_over(service: TaskService) -> None:
    async def hand_over(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        artifact = Artifact(artifact_id="r", parts=(Part(data={"n": 1}),))
        status = TaskStatus(state=TaskState.REJECTED, message=Message.agent("Not mine."))
        yield Task(id="remote", context_id="remote", status=status, artifacts=(artifact,))

    task = await service.send(ScriptedAgent(hand_over), Message.user("x"), ALICE, agent_id="a")

    assert task.id != "remote"
    assert task.status.state is TaskState.REJECTED
    assert task.text == "Not mine."
    assert task.artifacts[0].parts[0].data == {"n": 1}


async def test_everything_a_message_holds_survives_the_store(service: TaskService) -> None:
    message = Message.model_validate(
        {
            "role": Role.AGENT,
            "parts": (
                Part(data=None),
                Part(data=[1, 2.5, "x", None]),
                Part(text="naïve \u2028 \x00 text", metadata={"k": None}),
                Part.model_validate({"file": {"uri": "https://example.org/f", "odd": 1}}),
            ),
            "message_id": "any string ' \" \u00e9",
            "reference_task_ids": ("t",),
            "extensions": ("e",),
            "metadata": {"deep": [{}]},
            "future": {"field": [1]},
        }
    )

    task = await service.send(ScriptedAgent(echo), message, ALICE, agent_id="a")
    stored = (await service.get(task.id, ALICE, agent_id="a")).history[0]

    assert stored == message.model_copy(update={"task_id": task.id, "context_id": task.context_id})
    assert stored.unknown_fields == {"future": {"field": [1]}}


async def test_the_same_message_again_is_the_same_task_and_one_run(service: TaskService) -> None:
    """A2A-SEND-09."""
    agent, message = ScriptedAgent(echo), Message.user("once")

    first = await service.send(agent, message, ALICE, agent_id="a")
    again = await service.send(agent, message, ALICE, agent_id="a")

    assert again == first
    assert len(agent.runs) == 1


async def test_a_hundred_sends_of_one_message_at_once_are_one_task_and_one_run(service: TaskService) -> None:
    gate = Gate()
    agent, message = ScriptedAgent(gate), Message.user("once")
    sends = [asyncio.create_task(service.send(agent, message, ALICE, agent_id="a")) for _ in range(100)]

    with anyio.fail_after(HANG):
        await gate.began.wait()
        gate.open.set()
        tasks = await asyncio.gather(*sends)

    assert len({task.id for task in tasks}) == 1
    assert all(task == tasks[0] for task in tasks)
    assert tasks[0].text == "done"
    assert len(agent.runs) == 1


async def test_the_same_answer_again_is_not_a_second_turn(service: TaskService) -> None:
    agent = ScriptedAgent(ask_then_answer)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")
    answer = Message.user("This", task_id=task.id)

    first = await service.send(agent, answer, ALICE, agent_id="a")
    again = await service.send(agent, answer, ALICE, agent_id="a")

    assert first == again
    assert len(agent.runs) == 2


async def test_a_message_id_with_another_content_is_a_conflict(service: TaskService) -> None:
    agent, message = ScriptedAgent(echo), Message.user("one")
    task = await service.send(agent, message, ALICE, agent_id="a")
    others = [
        message.model_copy(update={"parts": (Part(text="two"),)}),
        message.model_copy(update={"metadata": {"a": 1}}),
        message.model_copy(update={"role": Role.AGENT}),
    ]

    for other in others:
        with pytest.raises(MessageConflict) as conflict:
            await service.send(agent, other, ALICE, agent_id="a")
        assert conflict.value.task_id == task.id
    assert len(agent.runs) == 1


async def test_the_same_message_id_in_two_contexts_is_two_tasks(service: TaskService) -> None:
    agent, message = ScriptedAgent(echo), Message.user("one")
    first = await service.send(agent, message, ALICE, agent_id="a")

    inside = message.model_copy(update={"context_id": first.context_id})
    second = await service.send(agent, inside, ALICE, agent_id="a")

    assert second.id != first.id
    assert second.context_id == first.context_id


async def test_a_repeated_message_may_carry_another_credential(service: TaskService) -> None:
    message = Message.user("x")
    agent = ScriptedAgent(echo)
    with_one = message.model_copy(update={"parts": (*message.parts, build(Token("ehr", "one")))})
    with_two = message.model_copy(update={"parts": (*message.parts, build(Token("ehr", "two")))})

    first = await service.send(agent, with_one, ALICE, agent_id="a")

    assert await service.send(agent, with_two, ALICE, agent_id="a") == first


async def test_credentials_reach_the_agent_and_no_file(service: TaskService, tmp_path: Path) -> None:
    """MCPAUTH-15, D4."""
    agent, secret = ScriptedAgent(echo), "canary-f00d"
    message = Message.user("hello")
    message = message.model_copy(update={"parts": (*message.parts, build(Token("ehr", secret)))})

    task = await service.send(agent, message, ALICE, agent_id="a")

    _, context = agent.runs[0]
    assert context.credentials["ehr"] == Token("ehr", secret)
    assert [part.kind for part in task.history[0].parts] == ["text"]
    written = contents(tmp_path)
    assert b"hello" in written
    assert secret.encode() not in written


async def test_a_bad_credential_is_refused_before_anything_is_stored(service: TaskService) -> None:
    message = Message.user("x", data=[{"type": "token", "mcp_name": "ehr"}])

    with pytest.raises(CredentialError, match="no token"):
        await service.send(ScriptedAgent(echo), message, ALICE, agent_id="a")

    assert (await service.list_tasks(ALICE, agent_id="a")).total == 0


async def test_an_unknown_context_is_refused_or_adopted(service: TaskService) -> None:
    """V1-SEND-04, A2A-CTX-02."""
    agent, message = ScriptedAgent(echo), Message.user("x", context_id="mine")

    with pytest.raises(ContextNotFound):
        await service.send(agent, message, ALICE, agent_id="a")
    assert (await service.list_tasks(ALICE, agent_id="a")).total == 0

    task = await service.send(agent, message, ALICE, agent_id="a", context_policy="adopt")
    assert task.context_id == "mine"


async def test_a_task_that_cannot_take_the_message_says_why(service: TaskService) -> None:
    agent = ScriptedAgent(ask_then_answer)
    done = await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")
    open_task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")

    with pytest.raises(TaskNotFound):
        await service.send(agent, Message.user("y", task_id="unknown"), ALICE, agent_id="a")
    with pytest.raises(TaskNotContinuable, match="completed"):
        await service.send(agent, Message.user("y", task_id=done.id), ALICE, agent_id="a")
    with pytest.raises(ContextMismatch):
        await service.send(
            agent, Message.user("y", task_id=open_task.id, context_id=done.context_id), ALICE, agent_id="a"
        )
    refused = Message.user("y", task_id=done.id)
    for _ in range(2):
        with pytest.raises(TaskNotContinuable):
            await service.send(agent, refused, ALICE, agent_id="a")
    assert len(agent.runs) == 1


async def test_a_task_at_work_takes_no_second_message(service: TaskService) -> None:
    gate = Gate()
    task = await service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a", blocking=False)

    with pytest.raises(TaskNotContinuable, match="still at work"):
        await service.send(ScriptedAgent(echo), Message.user("y", task_id=task.id), ALICE, agent_id="a")


async def test_of_two_answers_at_once_one_is_taken(service: TaskService) -> None:
    agent = ScriptedAgent(ask_then_answer)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")
    answers = [service.send(agent, Message.user(text, task_id=task.id), ALICE, agent_id="a") for text in "ab"]

    results = await asyncio.gather(*answers, return_exceptions=True)

    assert sorted(type(one).__name__ for one in results) == ["Task", "TaskNotContinuable"]
    assert len(agent.runs) == 2


async def test_an_error_of_ours_fails_the_task_with_its_text(service: TaskService) -> None:
    async def fail(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        raise StorageError("The shelf is full.", remedy="Clear it.")
        yield message

    task = await service.send(ScriptedAgent(fail), Message.user("x"), ALICE, agent_id="a")

    assert task.status.state is TaskState.FAILED
    assert task.text == "The shelf is full. Clear it."


async def test_a_missing_authorization_names_the_server(service: TaskService) -> None:
    async def need(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        if not context.credentials:
            raise McpAuthRequired("ehr", "wants a token.")
        yield message.reply("ok")

    agent = ScriptedAgent(need)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a")

    assert task.status.state is TaskState.AUTH_REQUIRED
    assert "ehr" in task.text
    assert (task.metadata or {})["mcp_name"] == "ehr"
    answer = Message.user(task_id=task.id).model_copy(update={"parts": (build(Token("ehr", "t")),)})
    assert (await service.send(agent, answer, ALICE, agent_id="a")).text == "ok"


async def test_the_credential_alone_is_answer_enough(service: TaskService) -> None:
    """A2A-CMP-02, A2A-AR-03."""

    async def need(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        if not context.credentials:
            raise McpAuthRequired("ehr", "wants a token.")
        yield message.reply(f"{message.text} {message.data}")

    agent = Sequential("chain", [ScriptedAgent(need)])
    for nested in (agent, ScriptedAgent(need)):
        task = await service.send(nested, Message.user("labs of", data=[{"id": "7"}]), ALICE, agent_id="a")
        assert task.status.state is TaskState.AUTH_REQUIRED
        answer = Message.user(task_id=task.id).model_copy(update={"parts": (build(Token("ehr", "t")),)})

        done = await service.send(nested, answer, ALICE, agent_id="a")

        assert done.text == "labs of ({'id': '7'},)"


async def test_an_unexpected_error_fails_with_a_reference_and_no_content(
    service: TaskService, caplog: pytest.LogCaptureFixture
) -> None:
    """A2A-ERR-02, D11."""

    async def explode(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        raise ValueError("Jane Example has penicillin allergy")
        yield message

    with caplog.at_level(logging.DEBUG):
        task = await service.send(ScriptedAgent(explode), Message.user("x"), ALICE, agent_id="a")

    assert task.status.state is TaskState.FAILED
    reference = task.text.removesuffix(".").rpartition(" ")[2]
    assert reference in caplog.text
    assert "ValueError" in caplog.text
    assert "Jane" not in caplog.text + repr(task) + task.text


async def test_a_run_survives_its_sender_at_every_moment(service: TaskService) -> None:
    began: asyncio.Queue[str] = asyncio.Queue()

    async def announce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        began.put_nowait(context.task_id)
        yield message.reply("done")

    agent = ScriptedAgent(announce)
    for turns in range(1, 13):
        send = asyncio.create_task(service.send(agent, Message.user(f"{turns}"), ALICE, agent_id="a"))
        for _ in range(turns):
            await asyncio.sleep(0)
        send.cancel()
        await asyncio.wait([send])

    with anyio.fail_after(HANG):
        ids = [await began.get() for _ in range(12)]
        await service.close()
    states = {(await service.get(task_id, ALICE, agent_id="a")).text for task_id in ids}
    assert states == {"done"}


async def test_a_refused_write_reaches_the_sender_as_a_storage_error(service: TaskService, database: Database) -> None:
    await database.close()

    with anyio.fail_after(HANG), pytest.raises(StorageError, match="closed"):
        await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")


async def test_a_store_that_fails_once_leaves_no_task_at_work(service: TaskService, database: Database) -> None:
    gate = Gate()

    async def produce(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        async for event in gate(message, context):
            yield chunk(context, "lost")
            yield event

    def forbid(connection: Connection) -> None:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.kind = 'artifact'"
            " BEGIN SELECT raise(ABORT, 'disk full'); END"
        )

    send = asyncio.create_task(service.send(ScriptedAgent(produce), Message.user("x"), ALICE, agent_id="a"))
    await gate.began.wait()
    await database.write(forbid)
    gate.open.set()

    with anyio.fail_after(HANG), pytest.raises(StorageError, match="disk full"):
        await send
    page = await service.list_tasks(ALICE, agent_id="a")
    assert [task.status.state for task in page.tasks] == [TaskState.FAILED]


async def test_a_store_that_fails_in_mid_run_reaches_the_sender(service: TaskService, database: Database) -> None:
    gate = Gate()
    send = asyncio.create_task(service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a"))
    await gate.began.wait()
    await database.close()
    gate.open.set()

    with anyio.fail_after(HANG), pytest.raises(StorageError):
        await send


async def test_the_run_is_one_span_with_ids_and_no_content(service: TaskService) -> None:
    spans: list[SpanRecord] = []
    with listen(spans.append):
        task = await service.send(ScriptedAgent(echo), Message.user("hello"), ALICE, agent_id="agent-7")

    assert [one.name for one in spans] == ["task.run"]
    assert spans[0].attributes == {
        "agentkit.task.id": task.id,
        "agentkit.context.id": task.context_id,
        "agentkit.agent.id": "agent-7",
        "agentkit.agent.name": "scripted",
        "agentkit.task.state": "completed",
    }


async def test_the_request_metadata_reaches_the_agent(service: TaskService) -> None:
    agent = ScriptedAgent(echo)

    await service.send(agent, Message.user("x"), ALICE, agent_id="a", metadata={"locale": "da"})

    assert agent.runs[0][1].metadata == {"locale": "da"}


async def test_what_a_turn_needed_is_freed_when_it_ends_and_waits_for_no_collector(service: TaskService) -> None:
    """`agentkit serve` lets the collector look seldom: what it has to find would be memory that grows."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")
        with anyio.fail_after(HANG):
            while kept := sum(type(one) is LiveTask for one in gc.get_objects()):
                assert kept <= 1, "of the turns before the last one"
                await asyncio.sleep(0)
    finally:
        gc.enable()
