"""What a stream has told about its task so far, without I/O; and what a later look at the task adds to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    Message,
    Part,
    Role,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.models.artifacts import ArtifactStore
from agentkit.models.ids import TaskId

if TYPE_CHECKING:
    from agentkit.models import JsonObject


class Progress:
    """The task as its events tell it.

    Events of one connection pass as they come. After a connection broke, what the server tells again is compared with
    what was told before, so that every event is seen once. What a task does not keep cannot be told later: a state
    that was passed without a word, and where chunks of an artifact began and ended.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._task: Task | None = None
        self._message: Message | None = None
        self._artifacts = ArtifactStore()
        self._told: set[str] = set()
        self._past: set[str] = set()
        self._again: dict[str, Artifact] = {}
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
    def is_in_unknown_state(self) -> bool:
        """The task is in a state this version does not know, so whether anything will come shows at the server only."""
        return self._task is not None and self._task.status.state is TaskState.UNKNOWN

    @property
    def answer(self) -> Task | Message | None:
        """What `send` would have brought back, as far as it is known."""
        if self._task is None:
            return self._message
        return self._task.model_copy(update={"artifacts": self._artifacts.all()})

    def resume(self) -> None:
        """The connection broke: what comes next may have been told before."""
        self._has_resumed = True

    def is_of_another_task(self, event: Event) -> bool:
        """Whether it tells of another task than the stream is about: v2 writes ids with their prefix (V2-ID-01)."""
        named = event.id if isinstance(event, Task) else event.task_id
        if self._task is None or named is None:
            return False
        return named.removeprefix(TaskId.PREFIX) != self._task.id.removeprefix(TaskId.PREFIX)

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
        known = self._task
        if known is None:
            self._keep(task)
            self._artifacts = ArtifactStore(task.artifacts)
            self._told.update(message.message_id for message in _talk(task))
            yield task
            return
        missed = [message for message in _turn(task) if message.message_id not in self._told]
        is_news = self._is_news(task.status)
        self._told.update(message.message_id for message in _talk(task))
        self._keep(self._merged(known, task, is_news=is_news))
        for message in missed:
            yield self._status(task, TaskStatus(state=TaskState.WORKING, message=message))
        for artifact in ArtifactStore(task.artifacts).all():
            yield from self._missing(
                ArtifactUpdate(task_id=task.id, context_id=known.context_id or task.context_id, artifact=artifact)
            )
        if is_news:
            yield from self._replaced()
            yield self._status(task, task.status, task.metadata)

    def _status_event(self, update: StatusUpdate) -> Iterator[Event]:
        task = self._known(update.task_id, update.context_id)
        is_news = not self._has_resumed or self._is_news(update.status)
        metadata: JsonObject = {**(task.metadata or {}), **(update.metadata or {})}
        changes: dict[str, object] = {"metadata": metadata or task.metadata}
        if is_news:
            changes |= {"status": update.status, "history": self._history(task, update.status)}
        self._task = task.model_copy(update=changes)
        if update.status.message is not None:
            self._told.add(update.status.message.message_id)
        if is_news:
            yield from self._replaced()
            yield update

    def _artifact_event(self, update: ArtifactUpdate) -> Iterator[Event]:
        self._known(update.task_id, update.context_id)
        before = self._again.get(update.artifact.artifact_id)
        if before is not None and update.append:
            parts = (*before.parts, *update.artifact.parts)
            whole = before.model_copy(update={"parts": parts})
            yield from self._missing(update.model_copy(update={"artifact": whole, "append": False}))
        elif self._has_resumed and not update.append:
            yield from self._missing(update)
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

    def _keep(self, task: Task) -> None:
        self._task = task
        self._past = {message.message_id for message in task.history}

    def _is_news(self, seen: TaskStatus) -> bool:
        """Whether a status was not told before.

        Words are told apart by their id. Times do not count, for they may be told with another precision. A server may
        also lag behind what it told, or tell a task from its beginning; no task is submitted twice.
        """
        if seen.state is TaskState.SUBMITTED:
            return False
        is_other = self._task is None or self._task.status.state is not seen.state
        return is_other or (seen.message is not None and seen.message.message_id not in self._told)

    def _history(self, task: Task, status: TaskStatus) -> tuple[Message, ...]:
        """The history behind another status: the words of the one before become history, as servers keep it."""
        said = task.status.message
        if said is None or said.message_id in self._past:
            return task.history
        if status.message is not None and status.message.message_id == said.message_id:
            return task.history
        self._past.add(said.message_id)
        return (*task.history, said)

    def _merged(self, known: Task, seen: Task, *, is_news: bool) -> Task:
        """What is seen counts, unless it is older than what is known; what only earlier events told is kept."""
        metadata: JsonObject = {**(known.metadata or {}), **(seen.metadata or {})}
        status = seen.status if is_news else known.status
        history = self._history(known, status)
        is_whole = seen.status.state.is_settled or len(seen.history) >= len(history)
        return seen.model_copy(
            update={
                "context_id": seen.context_id or known.context_id,
                "status": status,
                "history": seen.history if seen.history and is_whole else history,
                "metadata": metadata or seen.metadata,
            }
        )

    def _status(self, task: Task, status: TaskStatus, metadata: JsonObject | None = None) -> StatusUpdate:
        return StatusUpdate(task_id=task.id, context_id=task.context_id, status=status, metadata=metadata)

    def _missing(self, update: ArtifactUpdate) -> Iterator[Event]:
        """What a whole artifact adds to what was told of it; nothing while it is the beginning of that."""
        artifact = update.artifact
        known = next((one for one in self._artifacts.all() if one.artifact_id == artifact.artifact_id), None)
        self._again.pop(artifact.artifact_id, None)
        if known is None:
            self._artifacts.add(update)
            yield update
            return
        count = len(artifact.parts)
        if count < len(known.parts) and known.parts[:count] == artifact.parts:
            # The same parts, not equal ones: with the next chunk they are compared once more, and there may be many.
            self._again[artifact.artifact_id] = artifact.model_copy(update={"parts": known.parts[:count]})
            return
        added = _added(known.parts, artifact.parts)
        if added is None and _added(artifact.parts, known.parts) is not None:
            self._again[artifact.artifact_id] = artifact
            return
        self._artifacts.add(update)
        if added is None:
            yield update
        elif added:
            rest: Artifact = artifact.model_copy(update={"parts": added})
            yield update.model_copy(update={"artifact": rest, "append": True})

    def _replaced(self) -> Iterator[Event]:
        """Artifacts that are the beginning of what was told, and stay so in the end: they were made anew."""
        task = self._task
        if task is None or not task.status.state.is_settled:
            return
        for artifact in self._again.values():
            update = ArtifactUpdate(task_id=task.id, context_id=task.context_id, artifact=artifact)
            self._artifacts.add(update)
            yield update
        self._again.clear()


def _talk(task: Task) -> tuple[Message, ...]:
    """Everything that was said."""
    return (*task.history, task.status.message) if task.status.message else task.history


def _turn(task: Task) -> tuple[Message, ...]:
    """What the agent said in the last turn, before what it says now."""
    latest = takewhile(lambda message: message.role is Role.AGENT, reversed(task.history))
    now = task.status.message.message_id if task.status.message else None
    return tuple(message for message in latest if message.message_id != now)[::-1]


def _added(known: tuple[Part, ...], seen: tuple[Part, ...]) -> tuple[Part, ...] | None:
    """The parts behind those known; None where the artifact was replaced. A server may join chunks of text."""
    if seen[: len(known)] == known:
        return seen[len(known) :]
    *before, last = _joined(known)
    now = _joined(seen)
    if now[: len(before)] != before or len(now) <= len(before):
        return None
    grown, rest = now[len(before)], tuple(now[len(before) + 1 :])
    if grown == last:
        return rest
    if last.text is None or grown.text is None or not grown.text.startswith(last.text) or not _are_alike(last, grown):
        return None
    return (grown.model_copy(update={"text": grown.text.removeprefix(last.text)}), *rest)


def _joined(parts: tuple[Part, ...]) -> list[Part]:
    """The parts with neighbouring texts made one."""
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last is not None and last.text is not None and part.text is not None and _are_alike(last, part):
            joined[-1] = last.model_copy(update={"text": last.text + part.text})
        else:
            joined.append(part)
    return joined


def _are_alike(one: Part, other: Part) -> bool:
    """Whether two texts differ in nothing but their words."""
    return one.model_copy(update={"text": ""}) == other.model_copy(update={"text": ""})
