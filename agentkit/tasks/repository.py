"""What the task service needs of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from agentkit.compose import Caller
from agentkit.models import ArtifactUpdate, JsonObject, Message, StatusUpdate, Task, TaskState

ContextPolicy = Literal["refuse", "adopt"]
"""What happens to an unknown `contextId`: `refuse` it (Corti), or `adopt` it as given (A2A-CTX-02)."""

Record = Message | StatusUpdate | ArtifactUpdate
"""What the event log holds: user messages and updates."""


class Entry(NamedTuple):
    """A record as the event log holds it.

    Attributes:
        kind: `message`, `status` or `artifact`.
        talk: It belongs into a history.
        body: The record as JSON.
    """

    kind: str
    talk: bool
    body: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows: tenant, owner and agent together (A2A-SEC-04, V1-ID-02)."""

    tenant: str
    owner: str
    agent_id: str

    @classmethod
    def of(cls, caller: Caller, agent_id: str) -> Scope:
        """The scope of a caller at an agent."""
        return cls(caller.tenant, caller.owner, agent_id)


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task as it is kept.

    Attributes:
        key: The store's own number of the task.
        task: With the history that was asked for.
        version: Of the last event.
        scope: Whose it is.
        continuation: What the agent left behind when it was interrupted.
    """

    key: int
    task: Task
    version: int
    scope: Scope
    continuation: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The message was stored: it opened a task, or continues an interrupted one (`resumed`)."""

    stored: StoredTask
    message: Message
    resumed: bool


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same message was stored before, in this task (A2A-SEND-09)."""

    task_id: str


@dataclass(frozen=True, slots=True)
class Append:
    """Events of one task to be added, with the snapshot they lead to.

    Attributes:
        key: The store's number of the task.
        scope: Whose it is.
        first: The version of the first event; the stored version must be the one before.
        events: In order.
        snapshot: The task after them, without history.
        updated: When, in microseconds since 1970.
        continuation: For a task that is interrupted, as JSON.
    """

    key: int
    scope: Scope
    first: int
    events: Sequence[Entry]
    snapshot: Task
    updated: int
    continuation: str | None = None


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks to list; None does not restrict.

    Attributes:
        context_id: Of this conversation.
        state: In this state.
        since: Whose status is not older, in microseconds since 1970.
    """

    context_id: str | None = None
    state: TaskState | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of tasks, newest status first.

    Attributes:
        tasks: The page.
        cursor: For the next page; None on the last one.
        total: How many tasks the filter finds in all.
    """

    tasks: tuple[Task, ...]
    cursor: tuple[int, int] | None
    total: int


class Repository(Protocol):
    """Keeps tasks and their events; every call is bound to a scope, and a foreign row is a missing row.

    Calls for one task take effect in the order they were made.
    """

    async def accept(
        self, scope: Scope, message: Message, *, policy: ContextPolicy, new_task_id: str, new_context_id: str, now: int
    ) -> Opened | Repeated:
        """Store a user's message, once: open a task for it or continue the one it names.

        Raises:
            ContextNotFound: The context is unknown and not adopted, or was deleted.
            TaskNotFound: The task is unknown.
            TaskNotContinuable: The task is final or still at work.
            ContextMismatch: The context is not the task's.
            MessageConflict: The same `messageId` came with another content.
        """
        ...

    async def append(self, batch: Append) -> bool:
        """Add events and replace the snapshot; False when somebody else wrote in between, then nothing is stored."""
        ...

    async def load(self, scope: Scope, task_id: str, history_length: int | None = None) -> StoredTask | None:
        """A task with its newest messages (V1-TASK-01)."""
        ...

    async def events(self, key: int, scope: Scope, after: int, limit: int) -> Sequence[tuple[int, Record]]:
        """Events behind a version, with theirs, oldest first."""
        ...

    async def tasks(
        self, scope: Scope, chosen: TaskFilter, *, limit: int, after: tuple[int, int] | None, history_length: int | None
    ) -> tuple[Sequence[tuple[tuple[int, int], Task]], int]:
        """A page of tasks, newest status first, each with its cursor; and how many there are in all."""
        ...

    async def context(self, scope: Scope, context_id: str, *, limit: int | None, offset: int) -> Sequence[Task] | None:
        """The tasks of a context, oldest first; None when there is no such context."""
        ...

    async def unsettled(self) -> Sequence[StoredTask]:
        """Everybody's tasks at work."""
        ...

    async def delete_context(self, scope: Scope, context_id: str, now: int) -> bool:
        """Scrub what was said in a context, keep that it was there; False when there is no such context."""
        ...
