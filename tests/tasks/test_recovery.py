"""After a crash no task is left at work, and what was accepted is still there (A2A-CMP-06)."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from agentkit.engine import InlineEngine
from agentkit.models import Message, TaskState
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from tests.deadline import HANG
from tests.tasks.agents import ALICE, Gate, ScriptedAgent, ask_then_answer, echo

pytestmark = pytest.mark.anyio

CRASHING = """
import asyncio, sys
from agentkit.compose import Caller
from agentkit.engine import InlineEngine
from agentkit.models import Message
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService

class Endless:
    name, description, skills = "endless", "", ()
    async def run(self, message, context):
        await asyncio.Event().wait()
        yield message
    async def cancel(self, context): ...

async def main():
    database = await Database.open(sys.argv[1], MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    message = Message.user("before the crash")
    task = await service.send(Endless(), message, Caller("alice", "north"), agent_id="a", blocking=False)
    print(task.id, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def crash(path: Path) -> str:
    with subprocess.Popen([sys.executable, "-c", CRASHING, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        task_id = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    return task_id


async def test_a_killed_process_leaves_failed_tasks_and_no_lost_message(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    task_id = await asyncio.to_thread(crash, path)
    database = await Database.open(path, MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    assert (await service.get(task_id, ALICE, agent_id="a")).status.state is TaskState.SUBMITTED

    assert await service.recover() == 1
    assert await service.recover() == 0

    task = await service.get(task_id, ALICE, agent_id="a")
    assert task.status.state is TaskState.FAILED
    assert task.metadata == {"error": "interrupted"}
    assert "interrupted" in task.text
    assert [message.text for message in task.history] == ["before the crash"]
    await service.close()
    await database.close()


async def test_recovery_leaves_running_waiting_and_ended_tasks_alone(service: TaskService) -> None:
    gate = Gate()
    waiting = await service.send(ScriptedAgent(ask_then_answer), Message.user("x"), ALICE, agent_id="a")
    ended = await service.send(ScriptedAgent(echo), Message.user("x"), ALICE, agent_id="a")
    running = await service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a", blocking=False)

    assert await service.recover() == 0

    states = [(await service.get(task.id, ALICE, agent_id="a")).status.state for task in (waiting, ended, running)]
    assert states == [TaskState.INPUT_REQUIRED, TaskState.COMPLETED, TaskState.WORKING]


async def test_closing_fails_what_runs_and_tells_whoever_waits(service: TaskService) -> None:
    gate = Gate()
    with anyio.fail_after(HANG):
        send = asyncio.create_task(service.send(ScriptedAgent(gate), Message.user("x"), ALICE, agent_id="a"))
        await gate.began.wait()
        await service.close()
        task = await send

    assert task.status.state is TaskState.FAILED
    assert task.metadata == {"error": "interrupted"}
    assert await service.get(task.id, ALICE, agent_id="a") == task


async def test_a_waiting_task_goes_on_after_a_restart(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "tasks.db", MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    task = await service.send(ScriptedAgent(ask_then_answer), Message.user("x"), ALICE, agent_id="a")
    await service.close()
    await database.close()

    database = await Database.open(tmp_path / "tasks.db", MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    await service.recover()
    answer = Message.user("This", task_id=task.id)

    assert (await service.send(ScriptedAgent(ask_then_answer), answer, ALICE, agent_id="a")).text == "This it is."
    await service.close()
    await database.close()
