"""Turns of one conversation that are at work at once, behind a real task service: they share what is known of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from agentkit.a2a.remote import remote_agent
from agentkit.compose import Caller, CortiAgent, Sequential
from agentkit.engine import InlineEngine
from agentkit.models import Message, Task, TaskState
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from tests.a2a.desk import URL as DESK
from tests.a2a.desk import served_desk
from tests.a2a.remote.parts import pool
from tests.client.connecting import connected
from tests.contract.corti_double import CortiDouble
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

ANN = Caller("ann")


@asynccontextmanager
async def service() -> AsyncGenerator[TaskService]:
    database = await Database.open(None, MIGRATIONS)
    made = TaskService(SqlRepository(database), InlineEngine())
    try:
        yield made
    finally:
        await made.close()
        await database.close()


async def three_at_once(made: TaskService, chain: Sequential) -> list[Task]:
    tasks: list[Task] = []

    async def say(text: str) -> None:
        message = Message.user(text, context_id="our-conversation")
        tasks.append(await made.send(chain, message, ANN, agent_id="front", context_policy="adopt"))

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            for text in ("one", "two", "three"):
                group.start_soon(say, text)
    return tasks


async def test_first_turns_at_once_behind_a_server_get_one_context_at_a_remote_agent() -> None:
    async with service() as made, served_desk() as desk, remote_agent(DESK, name="desk", http=pool(desk.app)) as remote:
        tasks = await three_at_once(made, Sequential("front", [remote]))
        assert [task.status.state for task in tasks] == [TaskState.COMPLETED] * 3
        assert len({context.context_id for context in desk.agent.contexts}) == 1


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_first_turns_at_once_behind_a_server_get_one_context_at_corti(generation: str) -> None:
    double = CortiDouble()
    agent_id = double.add_agent() if generation == "v1" else double.add_v2_agent()
    async with service() as made, connected(double, max_retries=0, generation=generation) as corti:
        chain = Sequential("front", [CortiAgent(await corti.agents.get(agent_id), name="corti")])
        tasks = await three_at_once(made, chain)
        assert [task.status.state for task in tasks] == [TaskState.COMPLETED] * 3
        known = (double.v1 if generation == "v1" else double.v2).tasks
        assert len({one.context_id for one in known.values()}) == 1
