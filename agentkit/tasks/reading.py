"""Tasks put together from their rows: the snapshot, the newest messages, the artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.compose import ArtifactStore
from agentkit.models import ArtifactUpdate, Message, Task
from agentkit.storage import Connection
from agentkit.storage.connection import Row
from agentkit.tasks.acceptance import SCOPE
from agentkit.tasks.codec import decode, decode_artifact, decode_object, decode_task, said
from agentkit.tasks.repository import Scope, StoredTask, StoredTurn
from agentkit.tasks.selection import TaskFilter

_LOAD: Final = (
    "SELECT key, version, said, folded, turn, worker, body, continuation FROM tasks"
    " WHERE id = ? AND tenant = ? AND owner = ? AND agent_id = ? AND deleted IS NULL"
)
_TALK: Final = (
    "SELECT kind, body FROM events WHERE task = ? AND tenant = ? AND owner = ? AND talk = 1 AND version != ?"
    " ORDER BY version DESC LIMIT ?"
)
_SHOWN: Final = "key, version, said, folded, body"
_MESSAGE: Final = "SELECT kind, body, request FROM events WHERE task = ? AND version = ?"
_ARTIFACTS: Final = "SELECT body FROM artifacts WHERE task = ? ORDER BY version, ordinal"
_UNFOLDED: Final = "SELECT kind, body FROM events WHERE task = ? AND version > ? AND kind = 'artifact' ORDER BY version"
_EVERYTHING: Final = 1 << 62
_COUNTS: Final = 1024

SORTED: Final = 200
"""The tasks of a context that has more are not sorted, but picked from those of the scope, which an index sorts."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a task is shown with.

    Attributes:
        history_length: At most so many of its newest messages; None for all.
        artifacts: With its artifacts.
    """

    history_length: int | None = None
    artifacts: bool = True


def load(connection: Connection, scope: Scope, task_id: str, parts: Parts) -> StoredTask | None:
    """A task of a scope; None when there is none."""
    row = connection.execute(_LOAD, (task_id, scope.tenant, scope.owner, scope.agent_id)).fetchone()
    if row is None:
        return None
    key, version, spoken, folded, turn, worker, body, continuation = row
    task = complete(connection, scope, (key, version, spoken, folded, body), parts)
    return StoredTask(key, task, version, scope, decode_object(continuation), turn, worker)


def load_turn(connection: Connection, scope: Scope, task_id: str, version: int) -> StoredTurn | None:
    """What a turn started from; None when the task or the message is not there."""
    stored = load(connection, scope, task_id, Parts(history_length=0))
    row = None if stored is None else connection.execute(_MESSAGE, (stored.key, version)).fetchone()
    if stored is None or row is None:
        return None
    message = decode(row[0], row[1])
    return StoredTurn(stored, message, decode_object(row[2])) if isinstance(message, Message) else None


def complete(connection: Connection, scope: Scope, row: Sequence[Row], parts: Parts) -> Task:
    """A task with what was asked for beside its snapshot.

    Args:
        connection: To read from.
        scope: Whose task it is.
        row: Its `key, version, said, folded, body`.
        parts: What to show.
    """
    key, version, spoken, folded, body = row
    changes: dict[str, object] = {}
    if parts.artifacts:
        store = ArtifactStore(decode_artifact(one) for (one,) in connection.execute(_ARTIFACTS, (key,)))
        if folded < version:
            for kind, update in connection.execute(_UNFOLDED, (key, folded)):
                record = decode(kind, update)
                if isinstance(record, ArtifactUpdate):
                    store.add(record)
        if artifacts := store.all():
            changes["artifacts"] = artifacts
    if parts.history_length != 0:
        limit = _EVERYTHING if parts.history_length is None else parts.history_length
        rows = connection.execute(_TALK, (key, scope.tenant, scope.owner, spoken, limit)).fetchall()
        messages = [said(decode(kind, talk)) for kind, talk in reversed(rows)]
        changes["history"] = tuple(message for message in messages if message is not None)
    task = decode_task(body)
    return task.model_copy(update=changes) if changes else task


class Totals:
    """How many tasks a filter finds, counted anew only when something was written since; for the reader's thread.

    A count reads an index entry for each task it finds: 30 ns each, which is a third of the price of a page of 50 when
    there are 10,000.
    """

    def __init__(self, version_query: str | None) -> None:
        """Use `Database.version_query`."""
        self._version_query = version_query
        self._version: object = None
        self._known: dict[tuple[Scope, TaskFilter], int] = {}

    def count(self, connection: Connection, scope: Scope, chosen: TaskFilter) -> int:
        """How many there are in the snapshot of the job."""
        total = self._recall(connection).get((scope, chosen))
        if total is None:
            where, values = _restrict(scope, chosen)
            total = int(connection.execute(f"SELECT count(*) FROM tasks WHERE {where}", values).fetchone()[0])  # noqa: S608
            self._known[scope, chosen] = total
        return total

    def _recall(self, connection: Connection) -> dict[tuple[Scope, TaskFilter], int]:
        version = None if self._version_query is None else connection.execute(self._version_query).fetchone()
        if version is None or version != self._version or len(self._known) >= _COUNTS:
            self._version = version
            self._known.clear()
        return self._known


def page(
    connection: Connection,
    scope: Scope,
    chosen: TaskFilter,
    total: int,
    limit: int,
    after: tuple[int, int] | None,
    parts: Parts,
) -> list[tuple[tuple[int, int], Task]]:
    """Tasks that pass a filter, which finds a total, newest status first, each with its cursor."""
    where, values = _restrict(scope, chosen)
    if chosen.context_id is not None and total > SORTED:
        # An index in the order of each context would make every turn dearer; so its own index shall not be used.
        where = where.replace("context_id = ?", "context_id || '' = ?")
    beyond = "" if after is None else " AND (updated, key) < (?, ?)"
    rows = connection.execute(
        f"SELECT updated, {_SHOWN} FROM tasks WHERE {where}{beyond} ORDER BY updated DESC, key DESC LIMIT ?",  # noqa: S608
        (*values, *(after or ()), limit),
    ).fetchall()
    return [((updated, row[0]), complete(connection, scope, row, parts)) for updated, *row in rows]


def load_context(
    connection: Connection, scope: Scope, context_id: str, limit: int | None, offset: int, parts: Parts
) -> list[Task] | None:
    """The tasks of a context, oldest first; None when it has none."""
    where, values = _restrict(scope, TaskFilter(context_id=context_id))
    if connection.execute(f"SELECT 1 FROM tasks WHERE {where} LIMIT 1", values).fetchone() is None:  # noqa: S608
        return None
    rows = connection.execute(
        f"SELECT {_SHOWN} FROM tasks WHERE {where} ORDER BY key LIMIT ? OFFSET ?",  # noqa: S608
        (*values, _EVERYTHING if limit is None else limit, offset),
    ).fetchall()
    return [complete(connection, scope, row, parts) for row in rows]


def _restrict(scope: Scope, chosen: TaskFilter) -> tuple[str, tuple[object, ...]]:
    conditions, values = [f"listed = {SCOPE}"], list[object]((scope.tenant, scope.owner, scope.agent_id))
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
