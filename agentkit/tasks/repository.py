"""What the task service needs of a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from agentkit.compose import Caller
from agentkit.models import Artifact, ArtifactUpdate, Json, JsonObject, Message, StatusUpdate, Task
from agentkit.tasks.changes import Changed, Watch
from agentkit.tasks.erasure import Erasure
from agentkit.tasks.selection import TaskFilter

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
        continuation: What the agent left behind when it was interrupted, or parked itself; kept until the turn that
            goes on from it has settled.
        turn: Version of the user's message that is, or was, worked on.
        worker: Number of the process that wrote last (`Database.sessions`).
    """

    key: int
    task: Task
    version: int
    scope: Scope
    continuation: JsonObject | None = None
    turn: int = 1
    worker: int = 0


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """What a turn started from, for doing it again after a crash.

    Attributes:
        stored: The task as it is now, with artifacts, without history.
        message: The user's message.
        metadata: Of the request that brought it.
    """

    stored: StoredTask
    message: Message
    metadata: JsonObject | None


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
        snapshot: The task after them; of its history and artifacts nothing is stored here.
        updated: When, in microseconds since 1970.
        continuation: As JSON, for a task that is interrupted or parks itself. A settled task without one forgets what
            it had, one at work keeps it.
        artifacts: With the batch that settles: those that changed since the message of this turn, complete (all of the
            task is right too). None where that is not known: then they are gathered from the events at each load.
    """

    key: int
    scope: Scope
    first: int
    events: Sequence[Entry]
    snapshot: Task
    updated: int
    continuation: str | None = None
    artifacts: Sequence[Artifact] | None = None


class Repository(Erasure, Protocol):
    """Keeps tasks and their events; what has a scope finds nothing but its rows: a foreign row is a missing row.

    Calls for one task take effect in the order they were made.
    """

    async def accept(
        self,
        scope: Scope,
        message: Message,
        *,
        policy: ContextPolicy,
        new_task_id: str,
        new_context_id: str,
        now: int,
        metadata: JsonObject | None = None,
        lifetime: int | None = None,
    ) -> Opened | Repeated:
        """Store a user's message, once: open a task for it or continue the one it names.

        The task of a continuing message comes without artifacts, so that its price does not grow with them.

        Args:
            scope: Whose message it is.
            message: Without credentials.
            policy: What happens to an unknown context.
            new_task_id: For a new task.
            new_context_id: For a new task without context.
            now: Microseconds since 1970.
            metadata: Of the request; comes back with `turn`.
            lifetime: How long a context that the message opens is kept after what happened last in it, in microseconds;
                None for ever.

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

    async def turn(self, scope: Scope, task_id: str, version: int) -> StoredTurn | None:
        """What the turn started from whose message led to a version; None when it is not there (any more)."""
        ...

    async def events(self, key: int, scope: Scope, after: int, limit: int) -> Sequence[tuple[int, Record]]:
        """Events behind a version, with theirs, oldest first."""
        ...

    async def tasks(
        self,
        scope: Scope,
        chosen: TaskFilter,
        *,
        limit: int,
        after: tuple[int, int] | None,
        history_length: int | None,
        artifacts: bool = True,
    ) -> tuple[Sequence[tuple[tuple[int, int], Task]], int]:
        """A page of tasks, newest status first, each with its cursor; and how many there are in all."""
        ...

    async def context(
        self, scope: Scope, context_id: str, *, limit: int | None, offset: int, history_length: int | None = None
    ) -> Sequence[Task] | None:
        """The tasks of a context, oldest first; None when there is no such context."""
        ...

    async def open_tasks(self, tenant: str, owner: str) -> int:
        """How many tasks of an owner, at all agents, have not ended."""
        ...

    async def unsettled(self, *, after: int = 0, limit: int = 500) -> Sequence[StoredTask]:
        """Everybody's tasks at work whose process is gone, by key, without history and artifacts.

        On PostgreSQL the tasks of other living processes are left out, so that this may be asked again and again.

        Args:
            after: The key behind which to go on.
            limit: At most so many.
        """
        ...

    async def at_work(self, tenant: str, agent_id: str) -> Sequence[tuple[Scope, str]]:
        """Everybody's tasks that are at work at an agent, in whichever process: whose they are, and their ids."""
        ...

    async def claim(self, stored: StoredTask) -> bool:
        """Take over a task whose process is gone; False when another process did, or it was written since."""
        ...

    async def state(self, scope: Scope, context_id: str, key: str) -> Json:
        """What agents kept of a conversation under a key; None for nothing."""
        ...

    async def keep_state(self, scope: Scope, context_id: str, key: str, value: Json, now: int) -> None:
        """Keep a small value with a context; None forgets it. A context that is not there (any more) keeps nothing.

        Raises:
            StateTooLarge: The value has more than `STATE_BYTES` as JSON.
            EngineError: It is not made of JSON values.
        """
        ...

    def watch(self, task_id: str) -> AbstractAsyncContextManager[Watch]:
        """Wait for news of a task, written by this process or another."""
        ...

    def on_change(self, listener: Changed) -> Callable[[], None]:
        """Tell a listener the key of each task that is written, by this process or another; returns what ends it."""
        ...
