"""Tasks and events as stored: pydantic's own JSON, encoded once, with exactly the fields that were set."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic_core import from_json

from agentkit.errors import EngineError, StorageError
from agentkit.models import Artifact, ArtifactUpdate, Json, JsonObject, Message, StatusUpdate, Task
from agentkit.models.base import altered
from agentkit.tasks.repository import Entry, Record

_CLASSES: Final[dict[str, type[Message | StatusUpdate | ArtifactUpdate]]] = {
    "message": Message,
    "status": StatusUpdate,
    "artifact": ArtifactUpdate,
}
_ELSEWHERE: Final = {"history", "artifacts"}
_SURELY_READABLE: Final = 100


MICROSECOND: Final = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, the way moments are stored. Without zone it is UTC."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def moment(microseconds: int) -> datetime:
    """The moment of a stored number."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def stamped(message: Message, task_id: str, context_id: str) -> Message:
    """The message with the ids of its task; its own id counts as set, so it is stored too."""
    if message.task_id == task_id and message.context_id == context_id and "message_id" in message.model_fields_set:
        return message
    return altered(message, {"message_id": message.message_id, "task_id": task_id, "context_id": context_id})


def encode(record: Record) -> Entry:
    """A record as the event log holds it.

    Raises:
        EngineError: It holds what cannot be stored and read again.
    """
    body = _json(record)
    match record:
        case Message():
            return Entry("message", True, body)
        case StatusUpdate():
            return Entry("status", record.status.message is not None, body)
        case ArtifactUpdate():
            return Entry("artifact", False, body)


def decode(kind: str, body: str) -> Record:
    """The record of a stored row.

    Raises:
        StorageError: A newer agentkit wrote a kind this one does not know.
    """
    model = _CLASSES.get(kind)
    if model is None:
        raise StorageError(f"The event log has an event of kind {kind!r}.", remedy="Use a newer agentkit.")
    return model.model_validate_json(body)


def said(record: Record) -> Message | None:
    """The message of a record, for histories."""
    match record:
        case Message():
            return record
        case StatusUpdate():
            return record.status.message
        case ArtifactUpdate():
            return None


def encode_task(task: Task) -> str:
    """The snapshot of a task; its history stays in the event log, its artifacts have rows of their own.

    Raises:
        EngineError: It holds what cannot be stored and read again.
    """
    return _json(task, exclude=_ELSEWHERE)


def decode_task(body: str) -> Task:
    """The task of a snapshot, without history and artifacts."""
    return Task.model_validate_json(body)


def encode_artifact(artifact: Artifact) -> str:
    """An artifact as its row holds it.

    Raises:
        EngineError: It holds what cannot be stored and read again.
    """
    return _json(artifact)


def decode_artifact(body: str) -> Artifact:
    """The artifact of a row."""
    return Artifact.model_validate_json(body)


def encode_object(value: JsonObject | None) -> str | None:
    """A continuation, or the metadata of a request, as JSON.

    Raises:
        EngineError: It is not made of JSON values.
    """
    return None if value is None else encode_json(value)


def encode_json(value: Json) -> str:
    """A JSON value.

    Raises:
        EngineError: It is not made of JSON values.
    """
    try:
        text = json.dumps(value, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise _unstorable() from None
    return text


def decode_object(text: str | None) -> JsonObject | None:
    """The JSON object of a column."""
    return None if text is None else json.loads(text)


def _json(model: Record | Task | Artifact, *, exclude: set[str] | None = None) -> str:
    try:
        # What only draws a warning here could not be read again, nor could what is nested too deeply for the parser;
        # an artifact lies one level deeper in a task than in its event.
        body = model.model_dump_json(exclude_unset=True, exclude=exclude, warnings="error")
        if body.count("[") + body.count("{") > _SURELY_READABLE:
            from_json(f"[{body}]")
        return body
    except (TypeError, ValueError, RecursionError):
        raise _unstorable() from None


def _unstorable() -> EngineError:
    return EngineError(
        "An event holds a value that cannot be stored.",
        remedy="Build events from JSON values, and texts without half surrogate pairs.",
    )
