"""Whatever an agent says or raises, its task settles, and what is stored can be read again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import cast

import anyio
import pytest

from agentkit.compose import RunContext, status_update
from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    Json,
    Message,
    Part,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.tasks import TaskService
from tests.deadline import HANG
from tests.tasks.agents import ALICE, Gate, Script, ScriptedAgent, chunk, working

pytestmark = pytest.mark.anyio

HALF_PAIR = "\ud800"


class Outside(BaseException):
    """Not derived from Exception, as some test and plug-in frameworks do it."""


def nested(levels: int) -> Part:
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return Part.model_construct({"data"}, data=value)


async def half_pair_in_answer(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    yield message.reply(HALF_PAIR)


async def half_pair_on_the_way(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    yield working(context, HALF_PAIR)
    yield message.reply("done")


async def half_pair_in_artifact(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    yield chunk(context, HALF_PAIR)
    yield message.reply("done")


async def object_in_metadata(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    yield message.reply("x").model_copy(update={"metadata": {"a": object()}})


async def object_in_continuation(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    metadata = {"agentkit.continuation": {"a": cast(Json, object())}}
    yield status_update(context, TaskState.INPUT_REQUIRED, Message.agent("?"), cast("dict[str, Json]", metadata))


async def wrong_types(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    yield Message.model_construct({"role", "parts"}, role="agent", parts=("a",))  # pyright: ignore[reportArgumentType]


async def too_deep_answer(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    yield message.reply("x").model_copy(update={"parts": (nested(230),)})


async def too_deep_artifact(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    artifact = Artifact.model_construct({"artifact_id", "parts"}, artifact_id="a", parts=(nested(196),))
    yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)


async def no_event(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    yield cast(Event, "done")


async def outside(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    raise Outside
    yield message


async def group(message: Message, context: RunContext) -> AsyncGenerator[Event]:
    raise BaseExceptionGroup("several", [Outside()])
    yield message


@pytest.mark.parametrize(
    "script",
    [
        half_pair_in_answer,
        half_pair_on_the_way,
        half_pair_in_artifact,
        object_in_metadata,
        object_in_continuation,
        wrong_types,
        too_deep_answer,
        too_deep_artifact,
        no_event,
        outside,
        group,
    ],
)
async def test_what_cannot_be_stored_or_understood_fails_the_task_on_every_way(
    service: TaskService, script: Script
) -> None:
    agent = ScriptedAgent(script)
    with anyio.fail_after(HANG):
        sent = await service.send(agent, Message.user("x"), ALICE, agent_id="a")
        stream = service.stream(agent, Message.user("y"), ALICE, agent_id="a")
        last = [event async for event in stream][-1]
        page = await service.list_tasks(ALICE, agent_id="a")

    assert sent.status.state is TaskState.FAILED
    assert isinstance(last, StatusUpdate)
    assert last.status.state is TaskState.FAILED
    assert [task.status.state for task in page.tasks] == [TaskState.FAILED, TaskState.FAILED]


async def test_ids_of_somebody_else_become_those_of_the_task(service: TaskService) -> None:
    async def foreign(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        said = Message.agent("mine", context_id="elsewhere", task_id="another")
        yield StatusUpdate(
            task_id="another", context_id="elsewhere", status=TaskStatus(state=TaskState.COMPLETED, message=said)
        )

    task = await service.send(ScriptedAgent(foreign), Message.user("x"), ALICE, agent_id="a")

    assert task.status.message is not None
    assert (task.status.message.task_id, task.status.message.context_id) == (task.id, task.context_id)


async def test_a_state_nobody_knows_is_work_which_a_restart_would_find(service: TaskService) -> None:
    gate = Gate()

    async def strange(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        yield status_update(context, TaskState.UNKNOWN)
        yield Task(id="t", context_id="c", status=TaskStatus(state=TaskState.UNKNOWN))
        async for event in gate(message, context):
            yield event

    agent = ScriptedAgent(strange)
    task = await service.send(agent, Message.user("x"), ALICE, agent_id="a", blocking=False)
    with anyio.fail_after(HANG):
        await gate.began.wait()
        assert (await service.get(task.id, ALICE, agent_id="a")).status.state is TaskState.WORKING


async def test_a_time_without_zone_is_utc(service: TaskService) -> None:
    async def early(message: Message, context: RunContext) -> AsyncGenerator[Event]:
        status = TaskStatus(state=TaskState.WORKING, timestamp=datetime.min)  # noqa: DTZ901 - that is the point
        yield StatusUpdate(task_id=context.task_id, context_id=context.context_id, status=status)
        await asyncio.sleep(0)
        yield message.reply("done")

    task = await service.send(ScriptedAgent(early), Message.user("x"), ALICE, agent_id="a")

    assert task.status.state is TaskState.COMPLETED
