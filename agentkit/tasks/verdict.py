"""Last states that do not come from a run, and what is stopped elsewhere then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from datetime import datetime
from typing import Final

from agentkit.compose import Agent, RunContext
from agentkit.models import JsonObject, Message, StatusUpdate, Task, TaskState, TaskStatus
from agentkit.tasks.codec import encode, micros, stamped
from agentkit.tasks.repository import Append, Repository, StoredTask

STOP_SECONDS: Final = 10.0
"""How long a cancelled agent may take to stop, and to stop what it set going elsewhere."""

_log = logging.getLogger("agentkit.tasks")


def interrupted(task: Task, reason: str = "The work was interrupted and is not resumed.") -> StatusUpdate:
    """What becomes of a task whose process ended before it did (design, section 7)."""
    message = stamped(Message.agent(reason), task.id, task.context_id)
    return StatusUpdate(
        task_id=task.id,
        context_id=task.context_id,
        status=TaskStatus(state=TaskState.FAILED, message=message),
        metadata={"error": "interrupted"},
    )


async def end_stored(repository: Repository, stored: StoredTask, update: StatusUpdate, now: datetime) -> bool:
    """Write the last state of a task that has no run; False when somebody else wrote in between.

    Raises:
        StorageError: The store refused.
    """
    status = update.status.model_copy(update={"timestamp": now})
    changes: dict[str, object] = {"status": status}
    if update.metadata:
        merged: JsonObject = {**(stored.task.metadata or {}), **update.metadata}
        changes["metadata"] = merged
    task = stored.task.model_copy(update=changes)
    entry = encode(update.model_copy(update={"status": status}))
    return await repository.append(Append(stored.key, stored.scope, stored.version + 1, (entry,), task, micros(now)))


async def stopped_elsewhere(agent: Agent, context: RunContext) -> None:
    """Have an agent stop what a turn set going elsewhere; what fails there holds up nothing here (A2A-CMP-01)."""
    try:
        await within(agent.cancel(context))
    except Exception as error:
        _log.warning("cancel of agent %s raised %s", agent.name, type(error).__name__)


async def within(work: Awaitable[object]) -> None:
    """Wait for something that stops, for a bounded time."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await work
    except TimeoutError:
        _log.warning("something did not stop within %s seconds", STOP_SECONDS)
