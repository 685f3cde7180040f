"""What a stream has told about its task so far, without I/O; and what a later look at the task adds to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentkit.models import Artifact, ArtifactUpdate, Event, Message, Part, StatusUpdate, Task, TaskState, TaskStatus
from agentkit.models.artifacts import ArtifactStore

if TYPE_CHECKING:
    from agentkit.models import JsonObject


class Progress:
    """The task as its events tell it.

    Events of one connection pass as they come. After a connection broke, what the server tells again is compared with
    what was told before, so that every event is seen once: nothing is lost, nothing repeated.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._task: Task | None = None
        self._message: Message | None = None
        self._artifacts = ArtifactStore()
        self._told: set[str] = set()
        self._has_resumed = False

    @property
    def task_id(self) -> str | None:
        """The task, as soon as an event named it."""
        return self._task.id if self._task else None

    @property
    def is_finished(self) -> bool:
        """Nothing more will come: the task is settled, or the agent answered with a message alone."""
        return self._message is not None or (self._task is not None and self._task.status.state.is_settled)

    @property
    def answer(self) -> Task | Message | None:
        """What `send` would have brought back, as far as it is known."""
        if self._task is None:
            return self._message
        return self._task.model_copy(update={"artifacts": self._artifacts.all()})

    def resume(self) -> None:
        """The connection broke: what comes next may have been told before."""
        self._has_resumed = True

    def take(self, event: Event) -> Iterator[Event]:
        """The events to be told for one that came: itself, or what it adds after a broken connection."""
        match event:
            case Task():
                yield from self._task_event(event)
            case StatusUpdate():
                yield from self._status_event(event)
            case ArtifactUpdate():
                yield from self._artifact_event(event)
            case Message():
                yield from self._message_event(event)

    def _task_event(self, task: Task) -> Iterator[Event]:
        if self._task is None:
            self._task, self._artifacts = task, ArtifactStore(task.artifacts)
            yield task
            return
        for artifact in task.artifacts:
            yield from self._missing(artifact, task)
        known, self._task = self._task, _merged(self._task, task)
        if not _is_same(known.status, task.status):
            yield StatusUpdate(
                task_id=task.id, context_id=self._task.context_id, status=task.status, metadata=task.metadata
            )

    def _status_event(self, update: StatusUpdate) -> Iterator[Event]:
        task = self._known(update.task_id, update.context_id)
        is_repeated = self._has_resumed and _is_same(task.status, update.status)
        metadata: JsonObject = {**(task.metadata or {}), **(update.metadata or {})}
        self._task = task.model_copy(update={"status": update.status, "metadata": metadata or None})
        if not is_repeated:
            yield update

    def _artifact_event(self, update: ArtifactUpdate) -> Iterator[Event]:
        task = self._known(update.task_id, update.context_id)
        if self._has_resumed and not update.append:
            yield from self._missing(update.artifact, task)
        else:
            self._artifacts.add(update)
            yield update

    def _message_event(self, message: Message) -> Iterator[Event]:
        """Beside a task a message is one more turn of talk; alone it is the whole answer (V1-SEND-05)."""
        if self._task is None:
            self._message = message
        is_repeated = self._has_resumed and message.message_id in self._told
        self._told.add(message.message_id)
        if not is_repeated:
            yield message

    def _known(self, task_id: str, context_id: str) -> Task:
        task = self._task or Task(id=task_id, context_id=context_id, status=TaskStatus(state=TaskState.WORKING))
        if not task.context_id:
            task = task.model_copy(update={"context_id": context_id})
        self._task = task
        return task

    def _missing(self, artifact: Artifact, task: Task) -> Iterator[Event]:
        known = next((one for one in self._artifacts.all() if one.artifact_id == artifact.artifact_id), None)
        update = ArtifactUpdate(task_id=task.id, context_id=task.context_id, artifact=artifact)
        if known is not None:
            added = _added(known.parts, artifact.parts)
            if added is not None and not added:
                return
            if added is not None:
                rest = artifact.model_copy(update={"parts": added})
                update = update.model_copy(update={"artifact": rest, "append": True})
        self._artifacts.add(update)
        yield update


def _merged(known: Task, seen: Task) -> Task:
    """What is seen counts; what only earlier events told is kept."""
    metadata: JsonObject = {**(known.metadata or {}), **(seen.metadata or {})}
    return seen.model_copy(
        update={
            "context_id": seen.context_id or known.context_id,
            "history": seen.history or known.history,
            "metadata": metadata or None,
        }
    )


def _is_same(known: TaskStatus, seen: TaskStatus) -> bool:
    """The same state with the same words; times may be told with another precision."""
    return known.state is seen.state and _words(known.message) == _words(seen.message)


def _words(message: Message | None) -> tuple[Part, ...]:
    return message.parts if message else ()


def _added(known: tuple[Part, ...], seen: tuple[Part, ...]) -> tuple[Part, ...] | None:
    """The parts behind those known; None where the artifact was replaced. A server may join chunks of text."""
    if seen[: len(known)] == known:
        return seen[len(known) :]
    before, now = _text(known), _text(seen)
    if before is None or now is None or not now.startswith(before):
        return None
    return (Part(text=now[len(before) :]),) if len(now) > len(before) else ()


def _text(parts: tuple[Part, ...]) -> str | None:
    texts = [part.text for part in parts]
    return "".join(text for text in texts if text is not None) if None not in texts else None
