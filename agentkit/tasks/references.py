"""Earlier tasks that a message points to, read when an agent asks for them (A2A-TASK-02)."""

from __future__ import annotations

from agentkit.compose import References, no_references
from agentkit.models import Message, Task
from agentkit.tasks.repository import Repository, Scope

MOST_REFERENCES = 16
"""So many tasks of one message are read; the rest is left out."""


def referenced(repository: Repository, scope: Scope, message: Message) -> References:
    """What `RunContext.references` is for a message that was taken in.

    Tasks of another caller or conversation are left out as if there were none (A2A-SEC-02), and so is the message's
    own.
    """
    task_ids = tuple(dict.fromkeys(message.reference_task_ids))[:MOST_REFERENCES]
    if not task_ids:
        return no_references

    async def load() -> tuple[Task, ...]:
        found = [await repository.load(scope, task_id, None) for task_id in task_ids if task_id != message.task_id]
        return tuple(one.task for one in found if one is not None and one.task.context_id == message.context_id)

    return load
