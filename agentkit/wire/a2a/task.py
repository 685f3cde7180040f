"""Tasks, artifacts and stream events of A2A 1.0 (section 2; A2A-JSON-02, A2A-STR-05)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from agentkit.errors import WireError
from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    JsonObject,
    Message,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.wire.a2a.message import decode_message, decode_part, encode_message, encode_part
from agentkit.wire.reader import Reader, put, read_time

_STATUS: Final = frozenset({"state", "message", "timestamp"})
_ARTIFACT: Final = frozenset({"artifactId", "parts", "name", "description", "extensions", "metadata"})
_TASK: Final = frozenset({"id", "contextId", "status", "history", "artifacts", "metadata"})
_STATUS_UPDATE: Final = frozenset({"taskId", "contextId", "status", "metadata"})
_ARTIFACT_UPDATE: Final = frozenset({"taskId", "contextId", "artifact", "append", "lastChunk", "metadata"})
_EVENTS: Final = ("task", "message", "statusUpdate", "artifactUpdate")
_STATE_WORDS: Final = {
    state: f"TASK_STATE_{'UNSPECIFIED' if state is TaskState.UNKNOWN else state.name}" for state in TaskState
}
_STATES: Final = {word: state for state, word in _STATE_WORDS.items()}


def encode_state(state: TaskState) -> str:
    """The word for a state, for example `TASK_STATE_WORKING`; `unknown` is `TASK_STATE_UNSPECIFIED`."""
    return _STATE_WORDS[state]


def decode_state(word: str) -> TaskState | None:
    """The state of a word, or None for one that A2A 1.0 does not know."""
    return _STATES.get(word)


def encode_timestamp(time: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z` (A2A-JSON-02). Without zone it is UTC."""
    utc = time if time.tzinfo is UTC or time.tzinfo is None else time.astimezone(UTC)
    return f"{utc.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def encode_status(status: TaskStatus) -> JsonObject:
    """A status as A2A 1.0 spells it."""
    wire: JsonObject = {"state": _STATE_WORDS[status.state]}
    if status.message is not None:
        wire["message"] = encode_message(status.message)
    if status.timestamp is not None:
        wire["timestamp"] = encode_timestamp(status.timestamp)
    return put(wire, status.unknown_fields)


def encode_artifact(artifact: Artifact) -> JsonObject:
    """An artifact as A2A 1.0 spells it."""
    wire: JsonObject = {
        "artifactId": artifact.artifact_id,
        "parts": [encode_part(part) for part in artifact.parts],
    }
    if artifact.name is not None:
        wire["name"] = artifact.name
    if artifact.description is not None:
        wire["description"] = artifact.description
    if artifact.metadata is not None:
        wire["metadata"] = artifact.metadata
    if artifact.extensions:
        wire["extensions"] = list(artifact.extensions)
    return put(wire, artifact.unknown_fields)


def decode_artifact(value: object, path: str = "artifact") -> Artifact:
    """An artifact from A2A 1.0.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    return reader.assemble(
        Artifact,
        _ARTIFACT,
        artifact_id=reader.text("artifactId"),
        parts=reader.items("parts", decode_part),
        name=reader.optional_text("name"),
        description=reader.optional_text("description"),
        extensions=reader.texts("extensions"),
        metadata=reader.optional_object("metadata"),
    )


def encode_task(task: Task) -> JsonObject:
    """A task as A2A 1.0 spells it; empty `history` and `artifacts` are left out."""
    wire: JsonObject = {"id": task.id, "contextId": task.context_id, "status": encode_status(task.status)}
    if task.artifacts:
        wire["artifacts"] = [encode_artifact(artifact) for artifact in task.artifacts]
    if task.history:
        wire["history"] = [encode_message(message) for message in task.history]
    if task.metadata is not None:
        wire["metadata"] = task.metadata
    return put(wire, task.unknown_fields)


def decode_task(value: object, path: str = "task") -> Task:
    """A task from A2A 1.0; an unknown state becomes `TaskState.UNKNOWN`, an absent `contextId` an empty one.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    return reader.assemble(
        Task,
        _TASK,
        id=reader.words("id"),
        context_id=reader.optional_text("contextId") or "",
        status=_status(reader),
        history=reader.items("history", decode_message),
        artifacts=reader.items("artifacts", decode_artifact),
        metadata=reader.optional_object("metadata"),
    )


def encode_event(event: Event) -> JsonObject:
    """A `StreamResponse`: the event under the member that names its kind. A `SendMessageResponse` has the same form."""
    match event:
        case StatusUpdate():
            return {"statusUpdate": _encode_status_update(event)}
        case ArtifactUpdate():
            return {"artifactUpdate": _encode_artifact_update(event)}
        case Task():
            return {"task": encode_task(event)}
        case Message():
            return {"message": encode_message(event)}


def decode_event(value: object, path: str = "") -> Event:
    """An event from a `StreamResponse` or `SendMessageResponse`.

    Raises:
        WireError: It has none or several of the four members, or one that does not fit (A2A-SEND-01).
    """
    reader = Reader(value, path)
    given = [name for name in _EVENTS if reader.has(name)]
    if len(given) != 1:
        raise WireError(path, "value", "must have exactly one of task, message, statusUpdate and artifactUpdate")
    match given[0]:
        case "task":
            return decode_task(reader.raw("task"), reader.at("task"))
        case "message":
            return decode_message(reader.raw("message"), reader.at("message"))
        case "statusUpdate":
            return _decode_status_update(reader.raw("statusUpdate"), reader.at("statusUpdate"))
        case _:
            return _decode_artifact_update(reader.raw("artifactUpdate"), reader.at("artifactUpdate"))


def decode_stream_event(value: object, path: str = "event") -> Event | None:
    """One event of a stream as a client reads it; None for a kind this version does not know (CLI-12).

    Raises:
        WireError: An event of a known kind does not fit.
    """
    reader = Reader(value, path)
    return decode_event(value, path) if any(reader.has(name) for name in _EVENTS) else None


def decode_answer(value: object, path: str = "answer") -> Task | Message:
    """What a send brings back: `{task}` or `{message}` (A2A-SEND-01, V2-EP-08).

    Raises:
        WireError: There is none, or both, or it does not fit.
    """
    reader = Reader(value, path)
    match reader.has("task"), reader.has("message"):
        case True, False:
            return decode_task(reader.raw("task"), reader.at("task"))
        case False, True:
            return decode_message(reader.raw("message"), reader.at("message"))
        case _:
            raise WireError(path, "value", "must have exactly one of task and message")


def _encode_status_update(update: StatusUpdate) -> JsonObject:
    wire: JsonObject = {
        "taskId": update.task_id,
        "contextId": update.context_id,
        "status": encode_status(update.status),
    }
    if update.metadata is not None:
        wire["metadata"] = update.metadata
    return put(wire, update.unknown_fields)


def _encode_artifact_update(update: ArtifactUpdate) -> JsonObject:
    wire: JsonObject = {
        "taskId": update.task_id,
        "contextId": update.context_id,
        "artifact": encode_artifact(update.artifact),
    }
    if update.append:
        wire["append"] = True
    if update.last_chunk:
        wire["lastChunk"] = True
    if update.metadata is not None:
        wire["metadata"] = update.metadata
    return put(wire, update.unknown_fields)


def _decode_status_update(value: object, path: str) -> StatusUpdate:
    reader = Reader(value, path)
    return reader.assemble(
        StatusUpdate,
        _STATUS_UPDATE,
        task_id=reader.words("taskId"),
        context_id=reader.text("contextId"),
        status=_status(reader),
        metadata=reader.optional_object("metadata"),
    )


def _decode_artifact_update(value: object, path: str) -> ArtifactUpdate:
    """Corti leaves out `contextId` and `append` (CON-28)."""
    reader = Reader(value, path)
    return reader.assemble(
        ArtifactUpdate,
        _ARTIFACT_UPDATE,
        task_id=reader.words("taskId"),
        context_id=reader.optional_text("contextId") or "",
        artifact=decode_artifact(reader.given("artifact"), reader.at("artifact")),
        append=reader.flag("append", False),
        last_chunk=reader.flag("lastChunk", False),
        metadata=reader.optional_object("metadata"),
    )


def _status(parent: Reader) -> TaskStatus:
    reader = Reader(parent.given("status"), parent.at("status"))
    return reader.assemble(
        TaskStatus,
        _STATUS,
        state=_STATES.get(reader.text("state"), TaskState.UNKNOWN),
        message=reader.nested("message", decode_message),
        timestamp=read_time(reader.optional_text("timestamp")),
    )
