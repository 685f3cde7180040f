"""Tasks and events as v1 shows them: with its own words for what a turn used, and without what only v2 tells."""

from __future__ import annotations

from typing import Final, cast

from agentkit.models import Context, Event, JsonObject, StatusUpdate, Task
from agentkit.tasks import TIMESTAMP_KEY
from agentkit.wire import v1
from agentkit.wire.usage import USAGE_KEY, encode_v1_usage

_FREE: Final[JsonObject] = {"credits": 0.0}


def shown_task(task: Task) -> JsonObject:
    """A task (V1-OBJ-17, V1-OBJ-21)."""
    wire = v1.encode_task(task)
    status = cast(JsonObject, wire["status"])
    _without_time(status.get("message"))
    for message in cast("list[JsonObject]", wire["history"]):
        _without_time(message)
    if task.metadata is not None:
        wire["metadata"] = _usage(task.metadata)
    return wire


def shown_event(event: Event) -> JsonObject:
    """An event of a stream; the last one tells what the turn cost (V1-RPC-02 to V1-RPC-05)."""
    if isinstance(event, Task):
        return shown_task(event)
    wire = v1.encode_event(event)
    _without_time(wire)
    if isinstance(event, StatusUpdate):
        _without_time(cast(JsonObject, wire["status"]).get("message"))
        metadata = _usage(event.metadata or {})
        if event.status.state.is_settled:
            metadata = {**_FREE, **metadata}
        if metadata:
            wire["metadata"] = metadata
    return wire


def shown_context(context: Context) -> JsonObject:
    """A conversation (V1-OBJ-20)."""
    wire = v1.encode_context(context.model_copy(update={"items": ()}))
    wire["items"] = [shown_event(item) for item in context.items]
    return wire


def _usage(metadata: JsonObject) -> JsonObject:
    """V1-OBJ-21: `_usage` and `credits` in place of v2's `$usage`."""
    if USAGE_KEY not in metadata:
        return metadata
    return {**{key: value for key, value in metadata.items() if key != USAGE_KEY}, **encode_v1_usage(metadata)}


def _without_time(message: object) -> None:
    """When a message came is told in v2 only."""
    if not isinstance(message, dict):
        return
    wire = cast(JsonObject, message)
    metadata = wire.get("metadata")
    if isinstance(metadata, dict) and TIMESTAMP_KEY in metadata:
        kept: JsonObject = {key: value for key, value in metadata.items() if key != TIMESTAMP_KEY}
        if kept:
            wire["metadata"] = kept
        else:
            del wire["metadata"]
