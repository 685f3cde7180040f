"""Messages, tasks and events as v2 spells them: A2A 1.0 with prefixed ids (V2-OBJ-11 to V2-OBJ-18, V2-ID-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self, cast

from agentkit.errors import ContextNotFound, TaskNotFound
from agentkit.models import Artifact, Event, JsonObject, Message, SendRequest, StatusUpdate, Task, TaskState, new_id
from agentkit.models.base import altered
from agentkit.platform.refusals import NO_PUSH, Refused
from agentkit.platform.settings import PlatformSettings
from agentkit.platform.shortfalls import Shortfall
from agentkit.platform.v2.ids import Kind, bare_id, shown_id, shown_if_ours
from agentkit.wire import a2a
from agentkit.wire.usage import USAGE_KEY

_PUSH: Final = ("taskPushNotificationConfig", "pushNotificationConfig")
_ASKING: Final = a2a.encode_state(TaskState.AUTH_REQUIRED)
_FAILED: Final = a2a.encode_state(TaskState.FAILED)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How tasks and events are written.

    Attributes:
        usage: With what a turn used (V2-OBJ-14, CON-14).
        asks_for_credentials: A task that waits for a credential says so; Corti's REST calls it failed (V2-AUTH-01).
    """

    usage: bool = True
    asks_for_credentials: bool = True

    @classmethod
    def of(cls, settings: PlatformSettings) -> Self:
        """How HTTP+JSON writes them."""
        return cls(
            usage=not settings.falls_short(Shortfall.TASK_USAGE),
            asks_for_credentials=not settings.falls_short(Shortfall.AUTH_REQUIRED),
        )

    def task(self, task: Task) -> JsonObject:
        """A task (V2-OBJ-14)."""
        wire = a2a.encode_task(altered(task, {"artifacts": ()}) if task.artifacts else task)
        wire["id"] = shown_id(Kind.TASK, task.id)
        wire["contextId"] = shown_id(Kind.CONTEXT, task.context_id)
        self._status(wire)
        if task.artifacts:
            wire["artifacts"] = [self.artifact(artifact) for artifact in task.artifacts]
        for message in cast("list[JsonObject]", wire.get("history", [])):
            _prefix_message(message)
        return wire

    def artifact(self, artifact: Artifact) -> JsonObject:
        """What a task made (V2-OBJ-16)."""
        wire = a2a.encode_artifact(artifact)
        wire["artifactId"] = shown_if_ours(Kind.ARTIFACT, artifact.artifact_id)
        return wire

    def event(self, event: Event) -> JsonObject:
        """An event of a stream, and the answer to a send (V2-OBJ-18)."""
        if isinstance(event, Task):
            return {"task": self.task(event)}
        wire = a2a.encode_event(event)
        if isinstance(event, Message):
            _prefix_message(cast(JsonObject, wire["message"]))
            return wire
        update = cast(JsonObject, next(iter(wire.values())))
        update["taskId"] = shown_id(Kind.TASK, event.task_id)
        update["contextId"] = shown_id(Kind.CONTEXT, event.context_id)
        if isinstance(event, StatusUpdate):
            self._status(update)
        else:
            _prefix(cast(JsonObject, update["artifact"]), "artifactId", Kind.ARTIFACT)
        return wire

    def _status(self, wire: JsonObject) -> None:
        status = cast(JsonObject, wire["status"])
        message = status.get("message")
        if isinstance(message, dict):
            _prefix_message(message)
        if not self.asks_for_credentials and status["state"] == _ASKING:
            status["state"] = _FAILED
        metadata = wire.get("metadata")
        if not self.usage and isinstance(metadata, dict) and USAGE_KEY in metadata:
            kept: JsonObject = {key: value for key, value in metadata.items() if key != USAGE_KEY}
            wire["metadata"] = kept
            if not kept:
                del wire["metadata"]


COMPLETE: Final = Spelling()
"""Everything there is."""


def read_send(body: JsonObject) -> SendRequest:
    """What a send asks for, with bare ids (V2-OBJ-13).

    Raises:
        WireError: A required field is missing, or one does not fit.
        ContextNotFound: The id of the context is none of ours (V2-SEND-02).
        TaskNotFound: The id of the task is none of ours.
        Refused: It asks to be told by push, which v2 does not offer.
    """
    configuration, message = body.get("configuration"), body.get("message")
    if isinstance(configuration, dict) and any(configuration.get(name) is not None for name in _PUSH):
        raise Refused(NO_PUSH, "Push notifications are not supported.")
    if isinstance(message, dict) and message.get("messageId") is None:
        body = {**body, "message": {**message, "messageId": shown_id(Kind.MESSAGE, new_id())}}
    request = a2a.decode_send_request(body)
    changes = _bare(request.message)
    return altered(request, {"message": altered(request.message, changes)}) if changes else request


def read_context_id(text: str) -> str:
    """The bare id of a context.

    Raises:
        ContextNotFound: It is none of ours (V2-SEND-02).
    """
    bare = bare_id(Kind.CONTEXT, text)
    if bare is None:
        raise ContextNotFound("There is no such context.")
    return bare


def read_task_id(text: str) -> str:
    """The bare id of a task.

    Raises:
        TaskNotFound: It is none of ours.
    """
    bare = bare_id(Kind.TASK, text)
    if bare is None:
        raise TaskNotFound("There is no such task.")
    return bare


def _bare(message: Message) -> dict[str, object]:
    changes: dict[str, object] = {}
    if message.context_id is not None:
        changes["context_id"] = read_context_id(message.context_id)
    if message.task_id is not None:
        changes["task_id"] = read_task_id(message.task_id)
    if message.reference_task_ids:
        changes["reference_task_ids"] = tuple(bare_id(Kind.TASK, one) or one for one in message.reference_task_ids)
    return changes


def _prefix(wire: JsonObject, name: str, kind: Kind) -> None:
    wire[name] = shown_if_ours(kind, cast(str, wire[name]))


def _prefix_message(wire: JsonObject) -> None:
    """A user's `messageId` is the client's own, and comes back as it was (V2-ID-02)."""
    if wire["role"] == "ROLE_AGENT":
        _prefix(wire, "messageId", Kind.MESSAGE)
    for name, kind in (("contextId", Kind.CONTEXT), ("taskId", Kind.TASK)):
        if name in wire:
            _prefix(wire, name, kind)
    named = wire.get("referenceTaskIds")
    if isinstance(named, list):
        wire["referenceTaskIds"] = [shown_if_ours(Kind.TASK, cast(str, one)) for one in named]
