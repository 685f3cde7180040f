"""The one write that takes a message in: idempotency, ownership, and the first rows of a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentkit.errors import ContextMismatch, ContextNotFound, MessageConflict, TaskNotContinuable, TaskNotFound
from agentkit.models import Message, Task, TaskState, TaskStatus
from agentkit.storage import Connection
from agentkit.tasks.codec import decode, decode_continuation, decode_task, encode, encode_task, moment, stamped
from agentkit.tasks.repository import ContextPolicy, Opened, Repeated, Scope, StoredTask

INSERT_EVENT: Final = "INSERT INTO events (task, version, tenant, owner, kind, talk, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
_CLAIM: Final = (
    "INSERT INTO sends (tenant, owner, agent_id, context_id, message_id, task_id, version)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_CLAIMED: Final = (
    "SELECT tasks.key, tasks.id, sends.version, tasks.deleted FROM sends JOIN tasks ON tasks.id = sends.task_id"
    " WHERE sends.message_id = ? AND sends.context_id = ? AND sends.tenant = ? AND sends.owner = ?"
    " AND sends.agent_id = ?"
)
_CONTEXT: Final = "SELECT deleted FROM tasks WHERE context_id = ? AND tenant = ? AND owner = ? AND agent_id = ? LIMIT 1"
_OPEN: Final = (
    "INSERT INTO tasks (id, tenant, owner, agent_id, context_id, state, version, said, created, updated, body)"
    " VALUES (?, ?, ?, ?, ?, ?, 1, 0, ?, ?, ?) RETURNING key"
)
_FIND: Final = (
    "SELECT key, version, context_id, body, continuation FROM tasks"
    " WHERE id = ? AND tenant = ? AND owner = ? AND agent_id = ? AND deleted IS NULL"
)
_CONTINUE: Final = (
    "UPDATE tasks SET state = ?, version = ?, said = 0, updated = ?, body = ?, continuation = NULL WHERE key = ?"
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A message to take in; a job for the writer thread."""

    scope: Scope
    message: Message
    policy: ContextPolicy
    new_task_id: str
    new_context_id: str
    now: int

    def __call__(self, connection: Connection) -> Opened | Repeated:
        """Take the message in, or say in which task it already is."""
        return self._open(connection) if self.message.task_id is None else self._continue(connection)

    def _claim(self, connection: Connection, task_id: str, version: int) -> bool:
        scope = self.scope
        row = (scope.tenant, scope.owner, scope.agent_id, self.message.context_id or "", self.message.message_id)
        return connection.execute(_CLAIM, (*row, task_id, version)).rowcount == 1

    def _open(self, connection: Connection) -> Opened | Repeated:
        if not self._claim(connection, self.new_task_id, 1):
            return self._repeat(connection)
        scope, given = self.scope, self.message.context_id
        if given is not None:
            self._check_context(connection, given)
        context_id = given or self.new_context_id
        message = stamped(self.message, self.new_task_id, context_id)
        status = TaskStatus.model_construct(state=TaskState.SUBMITTED, timestamp=moment(self.now))
        task = Task.model_construct(id=self.new_task_id, context_id=context_id, status=status)
        (key,) = connection.execute(
            _OPEN,
            (
                *(self.new_task_id, scope.tenant, scope.owner, scope.agent_id, context_id),
                *(TaskState.SUBMITTED.value, self.now, self.now, encode_task(task)),
            ),
        ).fetchone()
        connection.execute(INSERT_EVENT, (key, 1, scope.tenant, scope.owner, *encode(message)))
        task = task.model_copy(update={"history": (message,)})
        return Opened(StoredTask(key, task, 1, scope), message, resumed=False)

    def _check_context(self, connection: Connection, context_id: str) -> None:
        scope = self.scope
        row = connection.execute(_CONTEXT, (context_id, scope.tenant, scope.owner, scope.agent_id)).fetchone()
        if (row is None and self.policy == "refuse") or (row is not None and row[0] is not None):
            raise ContextNotFound(
                "There is no such context.",
                context_id=context_id,
                remedy="Send the first message without contextId; the answer names the context.",
            )

    def _continue(self, connection: Connection) -> Opened | Repeated:
        scope, task_id = self.scope, self.message.task_id
        row = connection.execute(_FIND, (task_id, scope.tenant, scope.owner, scope.agent_id)).fetchone()
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
        if not self._claim(connection, task_id, version):
            return self._repeat(connection)
        task = decode_task(body)
        _check_waiting(task)
        status = TaskStatus.model_construct(state=TaskState.SUBMITTED, timestamp=moment(self.now))
        task = task.model_copy(update={"status": status})
        message = stamped(self.message, task_id, context_id)
        connection.execute(INSERT_EVENT, (key, version, scope.tenant, scope.owner, *encode(message)))
        connection.execute(_CONTINUE, (TaskState.SUBMITTED.value, version, self.now, encode_task(task), key))
        stored = StoredTask(key, task, version, scope, decode_continuation(continuation))
        return Opened(stored, message, resumed=True)

    def _repeat(self, connection: Connection) -> Repeated:
        scope, message = self.scope, self.message
        key, task_id, version, deleted = connection.execute(
            _CLAIMED, (message.message_id, message.context_id or "", scope.tenant, scope.owner, scope.agent_id)
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
    return later == earlier.model_copy(update={"task_id": later.task_id, "context_id": later.context_id})
