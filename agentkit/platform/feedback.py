"""What callers think of results: kept with the task, and erased with it (V2-EP-24, V2-EP-25)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, cast

from agentkit.models import JsonObject
from agentkit.storage import Connection, Database, Migration
from agentkit.tasks import Scope

MIGRATIONS: Final = (
    Migration(
        "feedback",
        1,
        """
        CREATE TABLE platform_feedback (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            task INTEGER NOT NULL,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            body TEXT NOT NULL
        );
        CREATE INDEX platform_feedback_task ON platform_feedback (task, number);
        """,
    ),
)
"""For `Database.open`, behind those of the tasks."""

# The task is looked up where the row is written, so that nothing is kept of one that was erased meanwhile.
_PLACE: Final = "id = ? AND context_id = ? AND tenant = ? AND owner = ? AND agent_id = ? AND deleted IS NULL"
_TASK: Final = f"(SELECT key FROM tasks WHERE {_PLACE})"  # noqa: S608
_INSERT: Final = (
    "INSERT INTO platform_feedback (id, task, tenant, owner, body)"  # noqa: S608
    f" SELECT ?, key, tenant, owner, ? FROM tasks WHERE {_PLACE}"
)
_COUNT: Final = f"SELECT count(*) FROM platform_feedback WHERE task = {_TASK}"  # noqa: S608
_LIST: Final = f"SELECT body FROM platform_feedback WHERE task = {_TASK} ORDER BY number DESC"  # noqa: S608
_DELETE: Final = f"DELETE FROM platform_feedback WHERE task = {_TASK}"  # noqa: S608
_FORGET: Final = "DELETE FROM platform_feedback WHERE task = (SELECT key FROM tasks WHERE id = ?)"

MOST: Final = 1000
"""So much feedback may one task have; a list has no pages."""


class FeedbackStore:
    """Feedback of each caller on his own tasks; whose task it is, is whose feedback it is."""

    def __init__(self, database: Database) -> None:
        """Use a database that was opened with `MIGRATIONS`."""
        self._database = database

    async def add(self, scope: Scope, context_id: str, task_id: str, feedback_id: str, shown: JsonObject) -> bool:
        """Keep feedback as it is shown; False when the task has as much as it may have, or is not there."""
        body = json.dumps(shown)
        place = (task_id, context_id, scope.tenant, scope.owner, scope.agent_id)
        insert = _INSERT + self._database.row_lock

        def job(connection: Connection) -> bool:
            (count,) = connection.execute(_COUNT, place).fetchone()
            return count < MOST and connection.execute(insert, (feedback_id, body, *place)).rowcount == 1

        return await self._database.write(job)

    async def listed(self, scope: Scope, context_id: str, task_id: str) -> list[JsonObject]:
        """The feedback on a task, newest first."""
        place = (task_id, context_id, scope.tenant, scope.owner, scope.agent_id)
        rows = await self._database.read(lambda it: it.execute(_LIST, place).fetchall())
        return [cast(JsonObject, json.loads(body)) for (body,) in rows]

    async def delete(self, scope: Scope, context_id: str, task_id: str, feedback_id: str | None) -> None:
        """Delete one piece of feedback on a task, or with None all of it; what is not there is no error."""
        place = (task_id, context_id, scope.tenant, scope.owner, scope.agent_id)
        one = ("", ()) if feedback_id is None else (" AND id = ?", (feedback_id,))
        await self._database.write(lambda it: it.execute(_DELETE + one[0], (*place, *one[1])).rowcount)
        await self._database.erase_traces()

    @staticmethod
    def forget_tasks(connection: Connection, task_ids: Sequence[str]) -> None:
        """Delete the feedback on tasks whose rows are still there; an `agentkit.tasks.erasure.DeleteHook`."""
        connection.executemany(_FORGET, [(task_id,) for task_id in task_ids])
