"""Tasks, artifacts and contexts (V1-OBJ-17 to V1-OBJ-20; A2A section 2)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from agentkit.models.base import JsonObject, Model
from agentkit.models.message import Message, Part


class TaskState(StrEnum):
    """Where a task stands (V1-OBJ-19, V2-OBJ-15)."""

    SUBMITTED = "submitted"
    WORKING = "working"
    INPUT_REQUIRED = "input-required"
    AUTH_REQUIRED = "auth-required"
    COMPLETED = "completed"
    CANCELED = "canceled"
    FAILED = "failed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @property
    def is_terminal(self) -> bool:
        """The task has ended and takes no further message."""
        return self in _TERMINAL

    @property
    def is_interrupted(self) -> bool:
        """The task waits for an answer or a credential."""
        return self in _INTERRUPTED

    @property
    def is_settled(self) -> bool:
        """Nothing happens until somebody sends a message: terminal or interrupted."""
        return self in _TERMINAL or self in _INTERRUPTED


_TERMINAL = frozenset({TaskState.COMPLETED, TaskState.CANCELED, TaskState.FAILED, TaskState.REJECTED})
_INTERRUPTED = frozenset({TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED})


class TaskStatus(Model):
    """A task's state, since when, and what the agent says with it.

    Attributes:
        state: Where the task stands.
        message: The final text or the question (V1-SEND-06).
        timestamp: When the state was reached, with time zone.
    """

    state: TaskState
    message: Message | None = None
    timestamp: datetime | None = None


class Artifact(Model):
    """A durable product of a task (CTX-10)."""

    artifact_id: str
    parts: tuple[Part, ...]
    name: str | None = None
    description: str | None = None
    extensions: tuple[str, ...] = ()
    metadata: JsonObject | None = None

    @property
    def text(self) -> str:
        """All text parts, joined by a line break."""
        return "\n".join(part.text for part in self.parts if part.text is not None)


class Task(Model):
    """One piece of work of an agent, with its history and results."""

    id: str
    context_id: str
    status: TaskStatus
    history: tuple[Message, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    metadata: JsonObject | None = None

    @property
    def text(self) -> str:
        """The text of the status message: the final answer or the question asked (V1-SEND-06)."""
        return self.status.message.text if self.status.message else ""


class Context(Model):
    """A conversation (V1-OBJ-20, V2-OBJ-22).

    Attributes:
        id: Its id.
        items: Its tasks and top-level messages, oldest first; v2 keeps no messages beside tasks (V2-EP-19), and shows
            none of both in a list of contexts.
        agent_id: The agent it belongs to; v2 only, as all that follows.
        task_count: How many tasks it has.
        created_at: When it began.
        updated_at: When something happened in it last.
        expires_at: When it will be forgotten; None for never (CON-09).
    """

    id: str | None = None
    items: tuple[Task | Message, ...] = ()
    agent_id: str | None = None
    task_count: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks among the items."""
        return tuple(item for item in self.items if isinstance(item, Task))


class StatusUpdate(Model):
    """The task reached a state (A2A `TaskStatusUpdateEvent`)."""

    task_id: str
    context_id: str
    status: TaskStatus
    metadata: JsonObject | None = None


class ArtifactUpdate(Model):
    """An artifact or a chunk of one (A2A `TaskArtifactUpdateEvent`).

    Attributes:
        append: The parts are added to the artifact of the same id.
        last_chunk: Nothing more follows for this artifact.
    """

    task_id: str
    context_id: str
    artifact: Artifact
    append: bool = False
    last_chunk: bool = True
    metadata: JsonObject | None = None


Event = StatusUpdate | ArtifactUpdate | Message | Task
"""What a run yields."""
