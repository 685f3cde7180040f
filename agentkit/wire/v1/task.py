"""Tasks, artifacts, contexts and stream events of v1 (V1-OBJ-17 to V1-OBJ-20, V1-RPC-02 to V1-RPC-05)."""

from __future__ import annotations

from agentkit.errors import WireError
from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Context,
    Event,
    JsonObject,
    Message,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.wire.reader import Reader, put, read_time, write_time
from agentkit.wire.v1.message import check_kind, decode_message, decode_part, encode_message, encode_part

_STATUS = frozenset({"state", "message", "timestamp"})
_ARTIFACT = frozenset({"artifactId", "parts", "name", "description", "extensions", "metadata"})
_TASK = frozenset({"kind", "id", "contextId", "status", "history", "artifacts", "metadata"})
_STATUS_UPDATE = frozenset({"kind", "taskId", "contextId", "status", "final", "metadata"})
_ARTIFACT_UPDATE = frozenset({"kind", "taskId", "contextId", "artifact", "append", "lastChunk", "metadata"})
_CONTEXT = frozenset({"id", "items"})
_EVENTS = ("task", "message", "status-update", "artifact-update")


def encode_artifact(artifact: Artifact) -> JsonObject:
    """An artifact as v1 spells it."""
    wire: JsonObject = {
        "artifactId": artifact.artifact_id,
        "parts": [encode_part(part) for part in artifact.parts],
    }
    if artifact.name is not None:
        wire["name"] = artifact.name
    if artifact.description is not None:
        wire["description"] = artifact.description
    if artifact.extensions:
        wire["extensions"] = list(artifact.extensions)
    if artifact.metadata is not None:
        wire["metadata"] = artifact.metadata
    return put(wire, artifact.unknown_fields)


def decode_artifact(value: object, path: str = "artifact") -> Artifact:
    """An artifact from v1.

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
    """A task as v1 spells it."""
    wire: JsonObject = {
        "kind": "task",
        "id": task.id,
        "contextId": task.context_id,
        "status": _encode_status(task.status),
        "history": [encode_message(message) for message in task.history],
        "artifacts": [encode_artifact(artifact) for artifact in task.artifacts],
    }
    if task.metadata is not None:
        wire["metadata"] = task.metadata
    return put(wire, task.unknown_fields)


def decode_task(value: object, path: str = "task") -> Task:
    """A task from v1; an unknown state becomes `TaskState.UNKNOWN` (SDKC-06), repeated artifacts stay (V1-SEND-09).

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    check_kind(reader, "task")
    return reader.assemble(
        Task,
        _TASK,
        id=reader.text("id"),
        context_id=reader.text("contextId"),
        status=_status(reader),
        history=reader.items("history", decode_message),
        artifacts=reader.items("artifacts", decode_artifact),
        metadata=reader.optional_object("metadata"),
    )


def encode_context(context: Context) -> JsonObject:
    """A context as v1 spells it."""
    wire: JsonObject = {
        "items": [encode_task(item) if isinstance(item, Task) else encode_message(item) for item in context.items]
    }
    put(wire, {"id": context.id})
    return put(wire, context.unknown_fields)


def decode_context(value: object, path: str = "context") -> Context:
    """A context from v1.

    Raises:
        WireError: An item is neither a task nor a message.
    """
    reader = Reader(value, path)
    return reader.assemble(Context, _CONTEXT, id=reader.optional_text("id"), items=reader.items("items", decode_item))


def encode_status_update(update: StatusUpdate) -> JsonObject:
    """A status update; `final` is true when the stream ends with it (V1-RPC-04)."""
    wire: JsonObject = {
        "kind": "status-update",
        "taskId": update.task_id,
        "contextId": update.context_id,
        "status": _encode_status(update.status),
        "final": update.status.state.is_settled,
    }
    if update.metadata is not None:
        wire["metadata"] = update.metadata
    return put(wire, update.unknown_fields)


def encode_artifact_update(update: ArtifactUpdate) -> JsonObject:
    """An artifact update (V1-RPC-05)."""
    wire: JsonObject = {
        "kind": "artifact-update",
        "taskId": update.task_id,
        "contextId": update.context_id,
        "artifact": encode_artifact(update.artifact),
        "append": update.append,
        "lastChunk": update.last_chunk,
    }
    if update.metadata is not None:
        wire["metadata"] = update.metadata
    return put(wire, update.unknown_fields)


def encode_event(event: Event) -> JsonObject:
    """A stream event, told apart by `kind`."""
    match event:
        case Task():
            return encode_task(event)
        case Message():
            return encode_message(event)
        case StatusUpdate():
            return encode_status_update(event)
        case ArtifactUpdate():
            return encode_artifact_update(event)


def decode_event(value: object, path: str = "result") -> Event:
    """A stream event (V1-RPC-02).

    Raises:
        WireError: `kind` is unknown or a required field does not fit.
    """
    reader = Reader(value, path)
    match reader.text("kind"):
        case "status-update":
            return reader.assemble(
                StatusUpdate,
                _STATUS_UPDATE,
                task_id=reader.text("taskId"),
                context_id=reader.text("contextId"),
                status=_status(reader),
                metadata=reader.optional_object("metadata"),
            )
        case "artifact-update":
            return reader.assemble(
                ArtifactUpdate,
                _ARTIFACT_UPDATE,
                task_id=reader.text("taskId"),
                context_id=reader.text("contextId"),
                artifact=decode_artifact(reader.given("artifact"), reader.at("artifact")),
                append=reader.flag("append", False),
                last_chunk=reader.flag("lastChunk", True),
                metadata=reader.optional_object("metadata"),
            )
        case _:
            return decode_item(value, path)


def decode_stream_event(value: object, path: str = "result") -> Event | None:
    """One event of a stream as a client reads it; None for a kind this version does not know (CLI-12).

    Raises:
        WireError: An event of a known kind does not fit.
    """
    kind = Reader(value, path).raw("kind")
    return decode_event(value, path) if kind in _EVENTS else None


def decode_item(value: object, path: str = "result") -> Task | Message:
    """A task or a message, told apart by `kind` (V1-OBJ-20); also the result of `message/send` (V1-RPC-01).

    Raises:
        WireError: It is neither, or does not fit.
    """
    match Reader(value, path).text("kind"):
        case "task":
            return decode_task(value, path)
        case "message":
            return decode_message(value, path)
        case _:
            raise WireError(f"{path}.kind", "value", "is no known kind")


def _encode_status(status: TaskStatus) -> JsonObject:
    wire: JsonObject = {"state": status.state.value}
    if status.message is not None:
        wire["message"] = encode_message(status.message)
    if status.timestamp is not None:
        wire["timestamp"] = write_time(status.timestamp)
    return put(wire, status.unknown_fields)


def _status(reader: Reader) -> TaskStatus:
    return _decode_status(reader.given("status"), reader.at("status"))


def _decode_status(value: object, path: str) -> TaskStatus:
    reader = Reader(value, path)
    word = reader.text("state")
    known = word in TaskState.__members__.values()
    return reader.assemble(
        TaskStatus,
        _STATUS,
        state=TaskState(word) if known else TaskState.UNKNOWN,
        message=reader.nested("message", decode_message),
        timestamp=read_time(reader.optional_text("timestamp")),
    )
