"""What a platform keeps of tasks, room by room, is deleted with them and in the same transaction."""

from __future__ import annotations

from agentkit.engine import erase_records
from agentkit.memory import ContextMemory
from agentkit.platform.feedback import FeedbackStore
from agentkit.platform.orchestration.interview_store import InterviewStore
from agentkit.platform.traces.rows import forget_tasks
from agentkit.storage import Database
from agentkit.tasks import Repository


def erase_with_tasks(repository: Repository, database: Database, memory: ContextMemory) -> None:
    """Have everything that is kept of tasks deleted with them: memory, interviews, traces, feedback, recorded steps.

    Args:
        repository: Of the tasks.
        database: Of a platform, with the tables of all its rooms.
        memory: The one that is in use, which keeps things in memory, too.
    """
    interviews = InterviewStore(database)
    for hook in (
        *(memory.forget_tasks, interviews.forget_tasks, forget_tasks),
        *(FeedbackStore.forget_tasks, erase_records),
    ):
        repository.on_delete(hook)


async def is_platforms(database: Database) -> bool:
    """Whether a platform has used a database."""
    row = await database.read(
        lambda it: it.execute("SELECT 1 FROM agentkit_migrations WHERE room = 'platform' LIMIT 1").fetchone()
    )
    return row is not None
