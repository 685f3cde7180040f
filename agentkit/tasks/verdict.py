"""Last states that do not come from a run."""

from __future__ import annotations

from datetime import datetime

from agentkit.models import JsonObject, Message, StatusUpdate, Task, TaskState, TaskStatus
from agentkit.tasks.codec import encode, micros, stamped
from agentkit.tasks.repository import Append, Repository, StoredTask


def interrupted(task: Task) -> StatusUpdate:
    """What becomes of a task whose process ended before it did (design, section 7)."""
    message = stamped(Message.agent("The work was interrupted and is not resumed."), task.id, task.context_id)
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
