"""The task service's store on SQL, the same on SQLite and PostgreSQL (design D6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.models import Message, Task
from agentkit.storage import Connection, Database
from agentkit.tasks.acceptance import INSERT_EVENT, Acceptance
from agentkit.tasks.codec import (
    decode,
    decode_continuation,
    decode_task,
    encode_task,
    said,
)
from agentkit.tasks.repository import (
    Append,
    ContextPolicy,
    Opened,
    Record,
    Repeated,
    Scope,
    StoredTask,
    TaskFilter,
)

_OWN: Final = "tenant = ? AND owner = ? AND agent_id = ?"
_ADVANCE: Final = (
    "UPDATE tasks SET state = ?, version = ?, said = coalesce(?, said), updated = ?, body = ?, continuation = ?"
    " WHERE key = ? AND version = ? AND tenant = ? AND owner = ? AND agent_id = ? AND deleted IS NULL"
)
_LOAD: Final = (
    "SELECT key, version, said, body, continuation FROM tasks"
    " WHERE id = ? AND tenant = ? AND owner = ? AND agent_id = ? AND deleted IS NULL"
)
_TALK: Final = (
    "SELECT kind, body FROM events WHERE task = ? AND tenant = ? AND owner = ? AND talk = 1 AND version != ?"
    " ORDER BY version DESC LIMIT ?"
)
_EVENTS: Final = (
    "SELECT version, kind, body FROM events WHERE task = ? AND tenant = ? AND owner = ? AND version > ?"
    " ORDER BY version LIMIT ?"
)
_UNSETTLED: Final = (
    "SELECT key, version, body, tenant, owner, agent_id FROM tasks WHERE state IN ('submitted', 'working')"
    " AND deleted IS NULL"
)


class SqlRepository:
    """Implements `Repository` on a `Database` that was opened with `MIGRATIONS`."""

    def __init__(self, database: Database) -> None:
        """Use a database; it is closed by whoever opened it."""
        self._database = database

    async def accept(
        self, scope: Scope, message: Message, *, policy: ContextPolicy, new_task_id: str, new_context_id: str, now: int
    ) -> Opened | Repeated:
        """Store a user's message, once: open a task for it or continue the one it names."""
        return await self._database.write(Acceptance(scope, message, policy, new_task_id, new_context_id, now))

    async def append(self, batch: Append) -> bool:
        """Add events and replace the snapshot; False when somebody else wrote in between, then nothing is stored."""
        scope = batch.scope
        version, talk, rows = batch.first, None, list[tuple[object, ...]]()
        for version, entry in enumerate(batch.events, batch.first):
            rows.append((batch.key, version, scope.tenant, scope.owner, *entry))
            if entry.kind == "status":
                talk = version if entry.talk else 0
        task = batch.snapshot
        values = (
            *(task.status.state.value, version, talk, batch.updated, encode_task(task)),
            *(batch.continuation, batch.key, batch.first - 1),
            *(scope.tenant, scope.owner, scope.agent_id),
        )

        def advance(connection: Connection) -> bool:
            if connection.execute(_ADVANCE, values).rowcount != 1:
                return False
            connection.executemany(INSERT_EVENT, rows)
            return True

        return await self._database.write(advance)

    async def load(self, scope: Scope, task_id: str, history_length: int | None = None) -> StoredTask | None:
        """A task with its newest messages (V1-TASK-01)."""

        def find(connection: Connection) -> StoredTask | None:
            row = connection.execute(_LOAD, (task_id, scope.tenant, scope.owner, scope.agent_id)).fetchone()
            if row is None:
                return None
            key, version, spoken, body, continuation = row
            task = _with_history(connection, scope, key, spoken, decode_task(body), history_length)
            return StoredTask(key, task, version, scope, decode_continuation(continuation))

        return await self._database.read(find)

    async def events(self, key: int, scope: Scope, after: int, limit: int) -> Sequence[tuple[int, Record]]:
        """Events behind a version, with theirs, oldest first."""

        def find(connection: Connection) -> list[tuple[int, Record]]:
            rows = connection.execute(_EVENTS, (key, scope.tenant, scope.owner, after, limit))
            return [(version, decode(kind, body)) for version, kind, body in rows]

        return await self._database.read(find)

    async def tasks(
        self, scope: Scope, chosen: TaskFilter, *, limit: int, after: tuple[int, int] | None, history_length: int | None
    ) -> tuple[Sequence[tuple[tuple[int, int], Task]], int]:
        """A page of tasks, newest status first, each with its cursor; and how many there are in all."""
        where, values = _restrict(scope, chosen)

        def find(connection: Connection) -> tuple[list[tuple[tuple[int, int], Task]], int]:
            total: int = connection.execute(f"SELECT count(*) FROM tasks WHERE {where}", values).fetchone()[0]  # noqa: S608
            beyond = "" if after is None else " AND (updated, key) < (?, ?)"
            rows = connection.execute(
                f"SELECT updated, key, said, body FROM tasks WHERE {where}{beyond}"  # noqa: S608
                " ORDER BY updated DESC, key DESC LIMIT ?",
                (*values, *(after or ()), limit),
            ).fetchall()
            return [
                ((updated, key), _with_history(connection, scope, key, spoken, decode_task(body), history_length))
                for updated, key, spoken, body in rows
            ], total

        return await self._database.read(find)

    async def context(self, scope: Scope, context_id: str, *, limit: int | None, offset: int) -> Sequence[Task] | None:
        """The tasks of a context, oldest first; None when there is no such context."""
        where, values = _restrict(scope, TaskFilter(context_id=context_id))

        def find(connection: Connection) -> list[Task] | None:
            if connection.execute(f"SELECT 1 FROM tasks WHERE {where} LIMIT 1", values).fetchone() is None:  # noqa: S608
                return None
            rows = connection.execute(
                f"SELECT key, said, body FROM tasks WHERE {where} ORDER BY key LIMIT ? OFFSET ?",  # noqa: S608
                (*values, -1 if limit is None else limit, offset),
            ).fetchall()
            return [
                _with_history(connection, scope, key, spoken, decode_task(body), None) for key, spoken, body in rows
            ]

        return await self._database.read(find)

    async def unsettled(self) -> Sequence[StoredTask]:
        """Everybody's tasks at work."""

        def find(connection: Connection) -> list[StoredTask]:
            return [
                StoredTask(key, decode_task(body), version, Scope(tenant, owner, agent_id))
                for key, version, body, tenant, owner, agent_id in connection.execute(_UNSETTLED)
            ]

        return await self._database.read(find)

    async def delete_context(self, scope: Scope, context_id: str, now: int) -> bool:
        """Scrub what was said in a context, keep that it was there; False when there is no such context."""
        where, values = _restrict(scope, TaskFilter(context_id=context_id))

        def scrub(connection: Connection) -> bool:
            rows = connection.execute(f"SELECT key, body FROM tasks WHERE {where}", values).fetchall()  # noqa: S608
            for key, body in rows:
                connection.execute("UPDATE events SET body = '' WHERE task = ?", (key,))
                connection.execute(
                    "UPDATE tasks SET deleted = ?, body = ?, continuation = NULL WHERE key = ?",
                    (now, encode_task(_scrubbed(decode_task(body))), key),
                )
            return bool(rows)

        found = await self._database.write(scrub)
        if found:
            await self._database.erase_traces()
        return found


def _restrict(scope: Scope, chosen: TaskFilter) -> tuple[str, tuple[object, ...]]:
    conditions, values = [_OWN, "deleted IS NULL"], list[object]((scope.tenant, scope.owner, scope.agent_id))
    if chosen.context_id is not None:
        conditions.append("context_id = ?")
        values.append(chosen.context_id)
    if chosen.state is not None:
        conditions.append("state = ?")
        values.append(chosen.state.value)
    if chosen.since is not None:
        conditions.append("updated >= ?")
        values.append(chosen.since)
    return " AND ".join(conditions), tuple(values)


def _with_history(connection: Connection, scope: Scope, key: int, spoken: int, task: Task, length: int | None) -> Task:
    if length == 0:
        return task
    limit = -1 if length is None else length
    rows = connection.execute(_TALK, (key, scope.tenant, scope.owner, spoken, limit)).fetchall()
    messages = [said(decode(kind, body)) for kind, body in reversed(rows)]
    return task.model_copy(update={"history": tuple(message for message in messages if message is not None)})


def _scrubbed(task: Task) -> Task:
    return Task.model_construct(
        id=task.id,
        context_id=task.context_id,
        status=task.status.model_copy(update={"message": None}),
    )
