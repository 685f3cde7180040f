"""The one write that takes a message in: idempotency, ownership, and the first rows of a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentkit.errors import ContextMismatch, ContextNotFound, MessageConflict, TaskNotContinuable, TaskNotFound
from agentkit.models import Message, Task, TaskState, TaskStatus
from agentkit.models.base import altered, assembled
from agentkit.storage import Connection
from agentkit.tasks.codec import decode, decode_object, decode_task, encode, encode_task, moment, stamped
from agentkit.tasks.repository import ContextPolicy, Opened, Repeated, Scope, StoredTask

SCOPE: Final = "(SELECT number FROM scopes WHERE tenant = ? AND owner = ? AND agent_id = ?)"
"""The number of a scope; takes its three values."""

TIMESTAMP_KEY: Final = "$timestamp"
"""Where in the metadata of a message stands when it came in, for faces that show it (V2-OBJ-11)."""

_NEW_SCOPE: Final = "INSERT INTO scopes (tenant, owner, agent_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_MESSAGE: Final = (
    "INSERT INTO events (task, version, tenant, owner, kind, talk, body, request, sent)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CLAIM: Final = (
    "INSERT INTO sends (tenant, owner, agent_id, context_id, message_id, task_id, version)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_CLAIMED: Final = (
    "SELECT tasks.key, tasks.id, sends.version, tasks.deleted FROM sends JOIN tasks ON tasks.id = sends.task_id"
    " WHERE sends.message_id = ? AND sends.context_id = ? AND sends.tenant = ? AND sends.owner = ?"
    " AND sends.agent_id = ?"
)
_CONTEXT: Final = f"SELECT deleted FROM tasks WHERE context_id = ? AND listed IN ({SCOPE}, -{SCOPE}) LIMIT 1"  # noqa: S608
_OPEN: Final = (
    "INSERT INTO tasks (id, tenant, owner, agent_id, context_id, state, version, said, created, updated, body, worker,"  # noqa: S608
    f" opens, listed) VALUES (?, ?, ?, ?, ?, ?, 1, 0, ?, ?, ?, ?, ?, {SCOPE}) RETURNING key, listed"
)
_FIND: Final = (
    "SELECT key, version, context_id, body, continuation FROM tasks"
    " WHERE id = ? AND tenant = ? AND owner = ? AND agent_id = ? AND deleted IS NULL"
)
_CONTINUE: Final = (
    "UPDATE tasks SET state = ?, version = ?, turn = ?, said = 0, updated = ?, body = ?, worker = ?"
    " WHERE key = ? AND version = ?"
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A message to take in; a job for the writer thread.

    Attributes:
        scope: Whose message it is.
        message: As it came in.
        policy: What happens to an unknown context.
        new_task_id: For a new task.
        new_context_id: For a new task without context.
        now: Microseconds since 1970.
        request: The request's metadata as JSON.
        worker: The number of this process.
        row_lock: `Database.row_lock`.
        lifetime: How long a context that this message opens is kept after what happened last in it, in microseconds;
            None for ever.
    """

    scope: Scope
    message: Message
    policy: ContextPolicy
    new_task_id: str
    new_context_id: str
    now: int
    request: str | None
    worker: int
    row_lock: str
    lifetime: int | None

    def __call__(self, connection: Connection) -> Opened | Repeated:
        """Take the message in, or say in which task it already is."""
        return self._open(connection) if self.message.task_id is None else self._continue(connection)

    def _claim(self, connection: Connection, context_id: str, task_id: str, version: int) -> bool:
        """Whether the message is new in its context (CLI-10); one that opens a context is in none yet: the empty id."""
        scope = self.scope
        row = (scope.tenant, scope.owner, scope.agent_id, context_id, self.message.message_id)
        return connection.execute(_CLAIM, (*row, task_id, version)).rowcount == 1

    def _open(self, connection: Connection) -> Opened | Repeated:
        scope, given = self.scope, self.message.context_id
        if not self._claim(connection, given or "", self.new_task_id, 1):
            return self._repeat(connection, given or "")
        opens = given is None or not self._check_context(connection, given)
        context_id = given or self.new_context_id
        message = stamped(self.message, self.new_task_id, context_id)
        task = assembled(Task, {"id": self.new_task_id, "context_id": context_id, "status": self._submitted()}, {})
        own = (scope.tenant, scope.owner, scope.agent_id)
        key, listed = connection.execute(
            _OPEN,
            (
                *(self.new_task_id, *own, context_id, TaskState.SUBMITTED.value),
                *(self.now, self.now, encode_task(task), self.worker),
                *(((self.lifetime or 0) if opens else None), *own),
            ),
        ).fetchone()
        if listed is None:
            connection.execute(_NEW_SCOPE, own)
            connection.execute(f"UPDATE tasks SET listed = {SCOPE} WHERE key = ?", (*own, key))  # noqa: S608
        self._store(connection, key, 1, message)
        task = altered(task, {"history": (message,)})
        return Opened(StoredTask(key, task, 1, scope, worker=self.worker), message, resumed=False)

    def _submitted(self) -> TaskStatus:
        return assembled(TaskStatus, {"state": TaskState.SUBMITTED, "timestamp": moment(self.now)}, {})

    def _store(self, connection: Connection, key: int, version: int, message: Message) -> None:
        kind, talk, body = encode(message)
        own = (self.scope.tenant, self.scope.owner)
        connection.execute(_MESSAGE, (key, version, *own, kind, int(talk), body, self.request, self.now))

    def _check_context(self, connection: Connection, context_id: str) -> bool:
        """Whether the context is there."""
        scope = self.scope
        own = (scope.tenant, scope.owner, scope.agent_id)
        row = connection.execute(_CONTEXT + self.row_lock, (context_id, *own, *own)).fetchone()
        if (row is None and self.policy == "refuse") or (row is not None and row[0] is not None):
            raise ContextNotFound(
                "There is no such context.",
                context_id=context_id,
                remedy="Send the first message without contextId; the answer names the context.",
            )
        return row is not None

    def _continue(self, connection: Connection) -> Opened | Repeated:
        scope, task_id = self.scope, self.message.task_id
        own = (scope.tenant, scope.owner, scope.agent_id)
        row = connection.execute(_FIND + self.row_lock, (task_id, *own)).fetchone()
        if row is None or task_id is None:
            raise TaskNotFound("There is no such task.", task_id=task_id)
        key, version, context_id, body, continuation = row
        if self.message.context_id not in (None, context_id):
            raise ContextMismatch(
                "The task belongs to another context.",
                task_id=task_id,
                context_id=self.message.context_id,
                remedy="Leave contextId out, or give the task's.",
            )
        version += 1
        if not self._claim(connection, context_id, task_id, version):
            return self._repeat(connection, context_id)
        task = decode_task(body)
        _check_waiting(task)
        task = altered(task, {"status": self._submitted()})
        message = stamped(self.message, task_id, context_id)
        self._store(connection, key, version, message)
        connection.execute(
            _CONTINUE,
            (TaskState.SUBMITTED.value, version, version, self.now, encode_task(task), self.worker, key, version - 1),
        )
        stored = StoredTask(key, task, version, scope, decode_object(continuation), version, self.worker)
        return Opened(stored, message, resumed=True)

    def _repeat(self, connection: Connection, context_id: str) -> Repeated:
        scope, message = self.scope, self.message
        key, task_id, version, deleted = connection.execute(
            _CLAIMED, (message.message_id, context_id, scope.tenant, scope.owner, scope.agent_id)
        ).fetchone()
        if deleted is not None:
            raise ContextNotFound("The context was deleted.", context_id=message.context_id)
        kind, body = connection.execute(
            "SELECT kind, body FROM events WHERE task = ? AND version = ?", (key, version)
        ).fetchone()
        earlier = decode(kind, body)
        given_task = None if version == 1 else task_id
        if not isinstance(earlier, Message) or message.task_id != given_task or not _same(earlier, message):
            raise MessageConflict(
                "Another message with this messageId was sent before.",
                task_id=task_id,
                remedy="Give every message its own messageId, and repeat one only with the same content.",
            )
        return Repeated(task_id)


def _check_waiting(task: Task) -> None:
    state = task.status.state
    if state.is_interrupted:
        return
    if state.is_terminal:
        raise TaskNotContinuable(
            f"The task is {state.value}.",
            task_id=task.id,
            context_id=task.context_id,
            remedy="Send the message without taskId: a new task of the same context starts.",
        )
    raise TaskNotContinuable(
        "The task is still at work.",
        task_id=task.id,
        context_id=task.context_id,
        remedy="Wait until it asks for something or ends.",
    )


def _same(earlier: Message, later: Message) -> bool:
    return _timeless(later) == altered(_timeless(earlier), {"task_id": later.task_id, "context_id": later.context_id})


def _timeless(message: Message) -> Message:
    """The message without when it came in, which a repeated one has anew."""
    kept = {key: value for key, value in (message.metadata or {}).items() if key != TIMESTAMP_KEY}
    return altered(message, {"metadata": kept or None})
