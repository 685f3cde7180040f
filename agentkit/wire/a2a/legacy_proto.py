"""A2A 0.3 as ProtoJSON, which its HTTP+JSON binding and gRPC speak: `content`, nested `file` and `data`, enum names.

Readers take both spellings of a name (`messageId`, `message_id`), as ProtoJSON parsers must. `fileWithBytes` is the
content in base64; the official 0.3 library encodes it twice, which no definition asks for.
"""

from __future__ import annotations

import re
from typing import Final, cast

from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    File,
    Json,
    JsonObject,
    Message,
    Part,
    Role,
    SendRequest,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.wire.a2a.legacy import WRAPPED, check_base64, unwrapped
from agentkit.wire.a2a.task import encode_state, encode_timestamp
from agentkit.wire.reader import Reader, put

_SNAKE: Final = re.compile(r"_([a-z])")
_ROLES: Final = {"ROLE_USER": Role.USER, "ROLE_AGENT": Role.AGENT, 1: Role.USER, 2: Role.AGENT}
_ROLE_WORDS: Final = {Role.USER: "ROLE_USER", Role.AGENT: "ROLE_AGENT"}


def camel_case(value: object) -> object:
    """The fields of an object under their JSON names; values are left alone."""
    if not isinstance(value, dict):
        return value
    fields = cast(JsonObject, value)
    return {_SNAKE.sub(lambda found: found[1].upper(), key): inner for key, inner in fields.items()}


def decode_proto_send(value: object, path: str = "") -> SendRequest:
    """A send; where `configuration` is given without `blocking`, that is false, as in protobuf.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(camel_case(value), path)
    name = "request" if reader.has("request") and not reader.has("message") else "message"
    message = _decode_message(reader.given(name), reader.at(name))
    given = reader.optional_object("configuration")
    configuration = Reader(camel_case(given or {}), reader.at("configuration"))
    return SendRequest.model_construct(
        message=message,
        blocking=given is None or configuration.flag("blocking", False),
        history_length=configuration.count("historyLength") or None,
        accepted_output_modes=configuration.texts("acceptedOutputModes"),
        metadata=reader.optional_object("metadata"),
    )


def encode_proto_event(event: Event) -> JsonObject:
    """A `StreamResponse`, which has the form of a `SendMessageResponse` too."""
    match event:
        case Task():
            return {"task": encode_proto_task(event)}
        case Message():
            return {"message": _encode_message(event)}
        case StatusUpdate():
            wire: JsonObject = {
                "taskId": event.task_id,
                "contextId": event.context_id,
                "status": _encode_status(event.status),
                "final": event.status.state.is_settled,
            }
            return {"statusUpdate": put(wire, {"metadata": event.metadata})}
        case ArtifactUpdate():
            wire = {
                "taskId": event.task_id,
                "contextId": event.context_id,
                "artifact": _encode_artifact(event.artifact),
                "append": event.append,
                "lastChunk": event.last_chunk,
            }
            return {"artifactUpdate": put(wire, {"metadata": event.metadata})}


def encode_proto_task(task: Task) -> JsonObject:
    """A task."""
    wire: JsonObject = {"id": task.id, "contextId": task.context_id, "status": _encode_status(task.status)}
    if task.artifacts:
        wire["artifacts"] = [_encode_artifact(artifact) for artifact in task.artifacts]
    if task.history:
        wire["history"] = [_encode_message(message) for message in task.history]
    return put(wire, {"metadata": task.metadata})


def _decode_message(value: object, path: str) -> Message:
    reader = Reader(camel_case(value), path)
    role = reader.raw("role")
    if role is None:
        reader.fail("role", "missing", "is required")
    if not isinstance(role, str | int) or role not in _ROLES:
        reader.fail("role", "value", "must be ROLE_USER or ROLE_AGENT")
    message = Message.model_construct(
        role=_ROLES[role],
        message_id=reader.words("messageId"),
        parts=reader.items("content", _decode_part),
        context_id=reader.optional_text("contextId") or None,
        task_id=reader.optional_text("taskId") or None,
        extensions=reader.texts("extensions"),
        metadata=reader.optional_object("metadata"),
    )
    if not message.parts:
        reader.fail("content", "value" if reader.has("content") else "missing", "must not be empty")
    return message


def _decode_part(value: object, path: str) -> Part:
    reader = Reader(camel_case(value), path)
    given = [name for name in ("text", "file", "data") if reader.has(name)]
    if len(given) != 1:
        reader.fail("text", "value", "a part needs exactly one of text, file and data")
    metadata = reader.optional_object("metadata")
    match given[0]:
        case "text":
            return Part(text=reader.text("text"), metadata=metadata)
        case "file":
            return Part(file=reader.nested("file", _decode_file), metadata=metadata)
        case _:
            data = Reader(reader.raw("data"), reader.at("data"))
            return unwrapped(Part(data=data.optional_object("data") or {}, metadata=metadata))


def _decode_file(value: object, path: str) -> File:
    reader = Reader(camel_case(value), path)
    uri, content = reader.optional_text("fileWithUri"), reader.optional_text("fileWithBytes")
    if (uri is None) == (content is None):
        reader.fail("fileWithUri", "value", "a file needs one of fileWithUri and fileWithBytes")
    if content is not None:
        check_base64(content, path)
    name, media_type = reader.optional_text("name"), reader.optional_text("mimeType")
    return File(uri=uri, content=content, name=name or None, media_type=media_type or None)


def _encode_message(message: Message) -> JsonObject:
    wire: JsonObject = {
        "messageId": message.message_id,
        "role": _ROLE_WORDS[message.role],
        "content": [_encode_part(part) for part in message.parts],
    }
    extensions: list[Json] | None = list(message.extensions) or None
    return put(
        wire,
        {
            "contextId": message.context_id,
            "taskId": message.task_id,
            "metadata": message.metadata,
            "extensions": extensions,
        },
    )


def _encode_artifact(artifact: Artifact) -> JsonObject:
    wire: JsonObject = {
        "artifactId": artifact.artifact_id,
        "parts": [_encode_part(part) for part in artifact.parts],
    }
    extensions: list[Json] | None = list(artifact.extensions) or None
    return put(
        wire,
        {
            "name": artifact.name,
            "description": artifact.description,
            "metadata": artifact.metadata,
            "extensions": extensions,
        },
    )


def _encode_part(part: Part) -> JsonObject:
    metadata = part.metadata
    wire: JsonObject = {}
    if part.text is not None:
        wire["text"] = part.text
    elif (file := part.file) is not None:
        content: JsonObject = {"fileWithBytes": file.content} if file.content is not None else {"fileWithUri": file.uri}
        wire["file"] = put(content, {"mimeType": file.media_type or part.media_type, "name": file.name})
    elif isinstance(part.data, dict):
        wire["data"] = {"data": part.data}
    else:
        wire["data"] = {"data": {"value": part.data}}
        metadata = {**(metadata or {}), WRAPPED: True}
    return put(wire, {"metadata": metadata})


def _encode_status(status: TaskStatus) -> JsonObject:
    canceled = status.state is TaskState.CANCELED
    wire: JsonObject = {"state": "TASK_STATE_CANCELLED" if canceled else encode_state(status.state)}
    if status.message is not None:
        wire["message"] = _encode_message(status.message)
    if status.timestamp is not None:
        wire["timestamp"] = encode_timestamp(status.timestamp)
    return wire
