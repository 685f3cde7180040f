"""Workflows behind the task service: over a restart, cancelled while they wait, and by who asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agentkit.compose import Caller, RunContext, Workflow, workflow
from agentkit.credentials import Token, build
from agentkit.engine import InlineEngine
from agentkit.errors import EngineError
from agentkit.models import Message, TaskState
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from tests.compose.agents import Leaf
from tests.compose.test_workflow_pauses import Locked

pytestmark = pytest.mark.anyio

ANN = Caller("ann")


@asynccontextmanager
async def service(folder: Path) -> AsyncGenerator[TaskService]:
    database = await Database.open(folder / "t.db", MIGRATIONS)
    tasks = TaskService(SqlRepository(database), InlineEngine())
    yield tasks
    await tasks.close()
    await database.close()


class Remote(Leaf):
    """Asks, and is told when its task is cancelled."""

    def __init__(self) -> None:
        super().__init__("remote", "ask")
        self.told: list[RunContext] = []

    async def cancel(self, context: RunContext) -> None:
        self.told.append(context)


def intake(first: Leaf, last: Leaf) -> Workflow:
    @workflow("intake", durable=False, agents=[first, last])
    async def flow(ctx: RunContext, message: Message) -> Message:
        history = await ctx.call(first, message)
        ok = await ctx.approve("File this?", proposal={"text": history.text})
        return await ctx.call(last, history) if ok else history.reply(f"Declined: {ok.reason}")

    return flow


async def test_an_approval_outlives_the_process(tmp_path: Path) -> None:
    leaves = [Leaf("first"), Leaf("last")]
    async with service(tmp_path) as tasks:
        asked = await tasks.send(intake(*leaves), Message.user("x"), ANN, agent_id="i")
        assert asked.status.state is TaskState.INPUT_REQUIRED
    async with service(tmp_path) as tasks:
        answer = Message.user(data=[{"approved": True}], task_id=asked.id)
        done = await tasks.send(intake(*leaves), answer, ANN, agent_id="i")

        assert (done.status.state, done.text) == (TaskState.COMPLETED, "last(first(x))")
        assert [len(leaf.heard) for leaf in leaves] == [1, 1]
        (record,) = done.artifacts
        assert record.artifact_id == "approval"
        data = record.parts[0].data
        assert isinstance(data, dict)
        assert (data["by"], data["approved"]) == ("ann", True)


async def test_a_credential_sent_alone_resumes_the_agent_inside(tmp_path: Path) -> None:
    """A2A-AR-03."""
    locked = Locked("locked")

    @workflow("labs", durable=False)
    async def labs(ctx: RunContext, message: Message) -> Message:
        return await ctx.call(locked, message)

    async with service(tmp_path) as tasks:
        lacking = await tasks.send(labs, Message.user("x"), ANN, agent_id="l")
        assert lacking.status.state is TaskState.AUTH_REQUIRED
        token = Message.user(task_id=lacking.id).model_copy(update={"parts": (build(Token("ehr", "secret")),)})
        done = await tasks.send(labs, token, ANN, agent_id="l")

    assert done.text == "locked(x)"
    assert (lacking.metadata or {})["mcp_name"] == "ehr"
    assert done.metadata is None, "what was missing is not missing any more"
    assert b"secret" not in (tmp_path / "t.db").read_bytes()


async def test_whoever_waits_inside_is_told_when_the_task_is_cancelled(tmp_path: Path) -> None:
    """A2A-CMP-01."""
    remote = Remote()
    async with service(tmp_path) as tasks:
        asked = await tasks.send(intake(remote, Leaf("last")), Message.user("x"), ANN, agent_id="i")
        assert asked.text == "remote?"
    remote = Remote()
    async with service(tmp_path) as tasks:
        cancelled = await tasks.cancel(asked.id, ANN, agent_id="i", agent=intake(remote, Leaf("last")))

    assert cancelled.status.state is TaskState.CANCELED
    assert [told.path for told in remote.told] == [("intake", "remote")]


async def test_a_durable_workflow_is_refused_where_nothing_is_durable(tmp_path: Path) -> None:
    @workflow("flow")
    async def flow(ctx: RunContext, message: Message) -> str:
        return "never"

    async with service(tmp_path) as tasks:
        with pytest.raises(EngineError, match="durable"):
            await tasks.send(flow, Message.user("x"), ANN, agent_id="f")
