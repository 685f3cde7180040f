"""Interviews under way, by context; gone with the tasks that led them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.memory import Scope
from agentkit.models import TaskState
from agentkit.storage import Connection, Database, Migration

MIGRATIONS: Final = (
    Migration(
        "interviews",
        1,
        """
        CREATE TABLE interviews (
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            context_id TEXT NOT NULL,
            name TEXT NOT NULL,
            touched INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            task_id TEXT NOT NULL,
            message_id TEXT NOT NULL,
            document TEXT NOT NULL,
            session TEXT NOT NULL,
            before TEXT,
            PRIMARY KEY (context_id, name, tenant, owner)
        );
        CREATE INDEX interviews_task ON interviews (task_id);
        """,
    ),
)
"""A row for each questionnaire of a context. `before`: the session before the last turn, for when that turn failed."""

_COLUMNS: Final = "name, revision, task_id, message_id, document, session, before, touched"
_READ: Final = (
    f"SELECT {_COLUMNS}, (SELECT state FROM tasks WHERE tasks.id = interviews.task_id)"  # noqa: S608
    " FROM interviews WHERE context_id = ? AND tenant = ? AND owner = ? ORDER BY touched DESC"
)
_PUT: Final = (
    "INSERT INTO interviews (tenant, owner, context_id, name, touched, revision, task_id, message_id, document,"
    " session, before) SELECT ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ? FROM tasks WHERE id = ? AND deleted IS NULL{row_lock}"
    " ON CONFLICT (context_id, name, tenant, owner) DO UPDATE SET touched = excluded.touched,"
    " revision = interviews.revision + 1, task_id = excluded.task_id, message_id = excluded.message_id,"
    " session = excluded.session, before = excluded.before WHERE interviews.revision = ?"
)
"""Whoever hides the task waits for this, or this for him: then the row is there to be deleted, or is not made."""

_UNDONE: Final = frozenset({TaskState.FAILED.value, TaskState.CANCELED.value, TaskState.REJECTED.value})


@dataclass(frozen=True, slots=True, repr=False)
class StoredInterview:
    """One interview of a context as it is kept.

    Attributes:
        name: Which questionnaire in which version; one interview of a context has it.
        revision: Counts its changes; 0 for one that is not kept yet.
        task_id: The task that changed it last.
        message_id: The message that did.
        document: The questionnaire as it was sent (QNC-20).
        session: The engine's session as JSON; None before the first turn.
        before: The session before the last turn.
        touched: Orders the interviews of a context; the greatest is the present one.
        state: Of the task that changed it last; None when nobody knows.
    """

    name: str
    revision: int
    task_id: str
    message_id: str
    document: str
    session: str | None
    before: str | None
    touched: int
    state: str | None = None

    def present(self, task_id: str, message_id: str) -> str | None:
        """The session to go on with.

        A turn whose answer nobody got does not count: neither one that failed or was cancelled after its session was
        kept, nor one that is done again because the process ended.
        """
        again = self.task_id == task_id and self.message_id == message_id
        return self.before if again or self.state in _UNDONE else self.session


class InterviewStore:
    """Interviews in the database of the tasks; opened with `MIGRATIONS` of both rooms."""

    def __init__(self, database: Database) -> None:
        """Use a database."""
        self._database = database
        self._put = _PUT.format(row_lock=database.row_lock)

    async def of(self, scope: Scope) -> tuple[StoredInterview, ...]:
        """The interviews of a context, the present one first.

        Raises:
            StorageError: The store refused.
        """

        def job(connection: Connection) -> tuple[StoredInterview, ...]:
            rows = connection.execute(_READ, (scope.context_id, scope.tenant, scope.owner)).fetchall()
            return tuple(StoredInterview(*row) for row in rows)

        return await self._database.read(job)

    async def put(self, scope: Scope, interview: StoredInterview) -> bool:
        """Keep an interview that was read with its revision, or that is new.

        Returns:
            Whether it was kept; another turn may have been faster, or the context is gone.

        Raises:
            StorageError: The store refused.
        """
        row = (
            scope.tenant,
            scope.owner,
            scope.context_id,
            interview.name,
            interview.touched,
            interview.task_id,
            interview.message_id,
            interview.document,
            interview.session,
            interview.before,
            interview.task_id,
            interview.revision,
        )
        return await self._database.write(lambda connection: connection.execute(self._put, row).rowcount == 1)

    def forget_tasks(self, connection: Connection, task_ids: Sequence[str]) -> None:
        """Erase what tasks have asked, in the transaction that erases them; for `Repository.on_delete`."""
        connection.executemany("DELETE FROM interviews WHERE task_id = ?", [(task_id,) for task_id in task_ids])
