"""RemoteAgent below our own task service: conversations over turns, questions through two servers, signed cards."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from agentkit.a2a import a2a_app
from agentkit.a2a.client import A2AClient, connect
from agentkit.a2a.remote import remote_agent
from agentkit.compose import Caller, Parallel, Sequential
from agentkit.engine import InlineEngine
from agentkit.models import Message, StatusUpdate, Task, TaskState
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from agentkit.testing.asgi import ASGIApp
from tests.a2a.desk import URL as DESK
from tests.a2a.desk import Served, served_desk
from tests.a2a.remote.parts import pool
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

FRONT = "https://front.test"


@asynccontextmanager
async def house() -> AsyncGenerator[tuple[A2AClient, Served]]:
    """A chain with a remote agent in it, served, and a client of it; the desk lies behind."""
    database = await Database.open(None, MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    async with (
        served_desk() as desk,
        remote_agent(DESK, name="desk", http=pool(desk.app)) as remote,
    ):
        app = a2a_app(Sequential("front", [remote]), service, url=FRONT)
        async with connect(FRONT, http=pool(app)) as client:
            yield client, desk
        await service.close()
    await database.close()


async def said(client: A2AClient, text: str, **ids: Any) -> Task:
    with anyio.fail_after(HANG):
        events = [event async for event in client.stream(Message.user(text, **ids))]
    first = events[0]
    assert isinstance(first, Task)
    return await client.task(first.id)


async def test_a_conversation_keeps_its_remote_context_over_turns_of_the_served_chain() -> None:
    async with house() as (client, desk):
        first = await said(client, "hello")
        await said(client, "again", context_id=first.context_id)
        await said(client, "somebody else")
        contexts = [context.context_id for context in desk.agent.contexts]
    assert contexts[0] == contexts[1]
    assert contexts[2] != contexts[0]


async def test_a_question_goes_through_both_servers_and_its_answer_back_to_the_very_task() -> None:
    """A2A-CMP-02."""
    async with house() as (client, desk):
        asked = await said(client, "ask")
        assert (asked.status.state, asked.text) == (TaskState.INPUT_REQUIRED, "Which one?")
        answered = await said(client, "left", task_id=asked.id)
        assert (answered.id, answered.text) == (asked.id, "echo: left")
        first, second = desk.agent.contexts
    assert first.task_id == second.task_id


async def test_cancelling_the_served_chain_cancels_the_remote_task() -> None:
    """A2A-CMP-01, A2A-CAN-02: one that runs, and one that waits."""
    async with house() as (client, desk):
        with anyio.fail_after(HANG):
            stream = client.stream(Message.user("wait"))
            first = await anext(stream)
            assert isinstance(first, Task)
            await desk.agent.started.wait()
            await client.cancel(first.id)
            rest = [event async for event in stream]
        assert isinstance(rest[-1], StatusUpdate)
        parked = await said(client, "ask")
        await client.cancel(parked.id)
        with anyio.fail_after(HANG):
            while len(desk.agent.cancelled) < 2:
                await anyio.lowlevel.checkpoint()
        assert desk.agent.cancelled == [context.task_id for context in desk.agent.contexts]


async def test_a_question_of_an_agent_behind_another_server_names_the_whole_way_to_it() -> None:
    """A2A-CMP-02: the path goes on where the remote agent is a composition itself."""
    database = await Database.open(None, MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    async with served_desk() as desk, remote_agent(DESK, name="desk", http=pool(desk.app)) as inner:
        middle = a2a_app(Sequential("middle", [inner]), service, url=FRONT)
        async with remote_agent(FRONT, name="beyond", http=pool(middle)) as outer:
            asked = await service.send(
                Sequential("front", [outer]), Message.user("ask"), Caller("ann"), agent_id="front"
            )
            assert asked.status.state is TaskState.INPUT_REQUIRED
            assert (asked.metadata or {}).get("agentkit.agent") == "front/beyond/middle/desk"
    await service.close()
    await database.close()


async def test_a_server_that_asks_itself_twice_comes_to_an_end() -> None:
    """Each send leads to two more; it is the number of hops that bounds them."""
    served: list[ASGIApp] = []

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await served[0](scope, receive, send)

    database = await Database.open(None, MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    async with (
        remote_agent(FRONT, name="left", http=pool(late)) as left,
        remote_agent(FRONT, name="right", http=pool(late)) as right,
    ):
        served.append(a2a_app(Parallel("front", [left, right], on_failure="keep"), service, url=FRONT))
        async with connect(FRONT, http=pool(late)) as client:
            ended = await said(client, "hello")
        await service.close()
    await database.close()
    assert ended.status.state is TaskState.FAILED
