"""What a platform keeps of tasks, room by room, is deleted with them and in the same transaction."""

from __future__ import annotations

from agentkit.engine import erase_records
from agentkit.memory import ContextMemory
from agentkit.memory.context import HasTask
from agentkit.platform.feedback import FeedbackStore
from agentkit.platform.orchestration.interview_store import InterviewStore
from agentkit.platform.traces.rows import forget_tasks
from agentkit.storage import Connection, Database
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


def has_task(database: Database) -> HasTask:
    """A check for jobs that keep something of a task: one that is hidden takes nothing more.

    Who hides it waits for the transaction that asked, so that whatever is kept of it is there to be deleted.
    """
    query = f"SELECT 1 FROM tasks WHERE id = ? AND deleted IS NULL{database.row_lock}"  # noqa: S608

    def check(connection: Connection, task_id: str) -> bool:
        return connection.execute(query, (task_id,)).fetchone() is not None

    return check


async def is_platforms(database: Database) -> bool:
    """Whether a platform has used a database."""
    row = await database.read(
        lambda it: it.execute("SELECT 1 FROM agentkit_migrations WHERE room = 'platform' LIMIT 1").fetchone()
    )
    return row is not None
