"""The JSON dialect of A2A 0.3 as a server speaks it (a2a.md, section 5): `kind`, lower-case states, `final`.

Corti's v1 has the same objects, so its codec does the work. What is stricter here: a server refuses what a lenient
client would pass over, and its data parts are objects, because official 0.3 clients read nothing else.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from agentkit.models import Event, Json, JsonObject, Part, SendRequest
from agentkit.wire import v1
from agentkit.wire.reader import Reader

WRAPPED: Final = "data_part_compat"
"""Metadata of a data part whose value is no object and stands under `value`, as the official library writes it."""


def decode_legacy_send(value: object, path: str = "") -> SendRequest:
    """A send from A2A 0.3; `historyLength` 0 asks for everything, as its definition says.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    request = v1.decode_send(value, path)
    message = request.message
    place = Reader({}, f"{path}.message" if path else "message")
    if not message.parts:
        place.fail("parts", "value", "must not be empty")
    parts = tuple(_checked(part, f"{place.at('parts')}[{index}]") for index, part in enumerate(message.parts))
    changes = {"parts": parts, "context_id": message.context_id or None, "task_id": message.task_id or None}
    return request.model_copy(
        update={"message": message.model_copy(update=changes), "history_length": request.history_length or None}
    )


def encode_legacy_event(event: Event) -> Json:
    """An event of a stream, or the result of a send, as A2A 0.3 spells it."""
    return _wrapped(v1.encode_event(event))


def unwrapped(part: Part) -> Part:
    """A data part with the value that `encode` wrapped."""
    metadata = part.metadata or {}
    if metadata.get(WRAPPED) is not True or not isinstance(part.data, dict) or "value" not in part.data:
        return part
    rest: JsonObject = {key: value for key, value in metadata.items() if key != WRAPPED}
    return Part(data=part.data["value"], media_type=part.media_type, metadata=rest or None)


def check_base64(content: str, path: str) -> None:
    """Refuse what is no base64.

    Raises:
        WireError: It is not.
    """
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        Reader({}, path).fail("bytes", "value", "must be base64")


def _checked(part: Part, path: str) -> Part:
    if part.file is not None:
        if (part.file.uri is None) == (part.file.content is None):
            Reader({}, path).fail("file", "value", "needs one of uri and bytes")
        if part.file.content is not None:
            check_base64(part.file.content, f"{path}.file")
    elif part.text is None and not isinstance(part.data, dict):
        Reader({}, path).fail("data", "type", "must be an object")
    return unwrapped(part)


def _wrapped(wire: JsonObject) -> JsonObject:
    """The parts of an event, wherever they are, with objects as data."""
    for holder in _holders(wire):
        parts = holder.get("parts")
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and part.get("kind") == "data" and not isinstance(part.get("data"), dict):
                metadata = part.get("metadata")
                part["data"] = {"value": part.get("data")}
                part["metadata"] = {**(metadata if isinstance(metadata, dict) else {}), WRAPPED: True}
    return wire


def _holders(wire: JsonObject) -> list[JsonObject]:
    status = wire.get("status")
    found: list[Json] = [wire, wire.get("artifact"), status.get("message") if isinstance(status, dict) else None]
    for name in ("history", "artifacts"):
        entries = wire.get(name)
        found += entries if isinstance(entries, list) else []
    return [holder for holder in found if isinstance(holder, dict)]
