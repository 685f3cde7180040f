"""Processes that share a PostgreSQL database: what one leaves behind when it dies, another one looks after."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel
import psycopg
import pytest

from agentkit.a2a import standalone
from agentkit.a2a.standalone import agent_app
from agentkit.models import Task, TaskState
from agentkit.tasks import Scope
from agentkit.testing.asgi import running
from tests.a2a.desk import Desk
from tests.deadline import HANG
from tests.tasks.turns import opened, take

pytestmark = pytest.mark.anyio

URL = "https://agents.example.org"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once."""
    monkeypatch.setattr(standalone, "LOOK_EVERY", 0)


async def left_behind(url: str, agent: str) -> Task:
    """A task that was accepted by a process that is gone."""
    async with opened(url) as (repository, _):
        return (await take(repository, scope=Scope("clinic", "alice", agent))).stored.task


async def ended(url: str, task: Task, agent: str) -> Task:
    async with opened(url) as (repository, _):
        while True:
            found = await repository.turn(Scope("clinic", "alice", agent), task.id, 1)
            assert found is not None
            if found.stored.task.status.state is not TaskState.SUBMITTED:
                return found.stored.task


async def execute(url: str, sql: str) -> None:
    def on_a_connection() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.encode())

    await asyncio.to_thread(on_a_connection)


@pytest.mark.parametrize(("agent", "served"), [("desk", True), ("nobody", False)])
async def test_what_a_process_leaves_behind_later_is_ended(postgres_url: str, agent: str, served: bool) -> None:
    with anyio.fail_after(HANG):
        async with running(agent_app(Desk(), url=URL, database=postgres_url, push=None)):
            task = await ended(postgres_url, await left_behind(postgres_url, agent), agent)

    assert task.status.state is TaskState.FAILED
    assert task.metadata == {"error": "interrupted"}
    assert ("not served any more" in task.text) is not served


async def test_a_store_that_refuses_for_a_while_does_not_end_the_looking(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with anyio.fail_after(HANG):
        async with running(agent_app(Desk(), url=URL, database=postgres_url, push=None)):
            await execute(postgres_url, "ALTER TABLE tasks RENAME TO away")
            while "could not be looked after" not in caplog.text:
                await anyio.lowlevel.checkpoint()
            await execute(postgres_url, "ALTER TABLE away RENAME TO tasks")
            task = await ended(postgres_url, await left_behind(postgres_url, "desk"), "desk")

    assert task.status.state is TaskState.FAILED


async def test_nothing_looks_any_more_when_the_app_has_ended(postgres_url: str) -> None:
    def looking() -> list[str]:
        return [one.get_name() for one in asyncio.all_tasks() if one.get_name() == "agentkit-a2a-taking-over"]

    async with running(agent_app(Desk(), url=URL, database=postgres_url, push=None)):
        assert len(looking()) == 1
    assert looking() == []
