"""Outcomes as JSON: how steps are recorded and how paused agents keep what was found."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from agentkit.compose.outcome import Outcome
from agentkit.errors import EngineError
from agentkit.models import Artifact, Json, JsonObject, Message, Model, Part, TaskState


def dump_outcome(outcome: Outcome) -> JsonObject:
    """An outcome as JSON; what is empty is left out."""
    record: JsonObject = {"state": outcome.state.value}
    if outcome.message is not None:
        record["message"] = dump_message(outcome.message)
    if outcome.artifacts:
        record["artifacts"] = [_dump(artifact) for artifact in outcome.artifacts]
    if outcome.metadata is not None:
        record["metadata"] = outcome.metadata
    if outcome.continuation is not None:
        record["continuation"] = outcome.continuation
    if outcome.wake is not None:
        record["wake"] = outcome.wake.isoformat()
    return record


def load_outcome(record: Json) -> Outcome:
    """The outcome of a record.

    Raises:
        EngineError: It is not a record of ours.
    """
    fields = record if isinstance(record, dict) else {}
    try:
        message, artifacts, wake = fields.get("message"), fields.get("artifacts"), fields.get("wake")
        return Outcome(
            TaskState(str(fields["state"])),
            None if message is None else Message.model_validate(message),
            tuple(Artifact.model_validate(one) for one in artifacts) if isinstance(artifacts, list) else (),
            object_of(fields.get("metadata")),
            object_of(fields.get("continuation")),
            None if wake is None else datetime.fromisoformat(str(wake)),
        )
    except (KeyError, ValueError):
        raise EngineError("What was recorded of a step cannot be read.", remedy="Start a new task.") from None


def dump_message(message: Message) -> JsonObject:
    """A message as JSON, with its id."""
    # An id made by the default counts as set, so that it is kept.
    return _dump(message.model_copy(update={"message_id": message.message_id}))


def dump_parts(parts: tuple[Part, ...]) -> list[Json]:
    """Parts as JSON."""
    return [_dump(part) for part in parts]


def load_parts(record: Json) -> tuple[Part, ...]:
    """Parts of a record; none where it is no list."""
    return tuple(Part.model_validate(one) for one in record) if isinstance(record, list) else ()


def object_of(value: Json) -> JsonObject | None:
    """A JSON object, or None where it is something else."""
    return value if isinstance(value, dict) else None


def _dump(model: Model) -> JsonObject:
    return cast(JsonObject, model.model_dump(mode="json", exclude_unset=True))
