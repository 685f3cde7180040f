"""Messages and parts of A2A 1.0 (section 2; A2A-JSON-01)."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from agentkit.models import File, JsonObject, Message, Part, Role
from agentkit.wire.reader import Reader, put

_MESSAGE: Final = frozenset(
    {"messageId", "role", "parts", "contextId", "taskId", "metadata", "extensions", "referenceTaskIds"}
)
_PART: Final = frozenset({"text", "raw", "url", "data", "mediaType", "metadata"})
_FILE_PART: Final = _PART | {"filename"}
_CONTENTS: Final = ("text", "raw", "url", "data")
_ROLES: Final = {"ROLE_USER": Role.USER, "ROLE_AGENT": Role.AGENT}
_ROLE_WORDS: Final = {role: word for word, role in _ROLES.items()}
_URL_SAFE: Final = str.maketrans("-_", "+/")


def encode_part(part: Part) -> JsonObject:
    """A part as A2A 1.0 spells it: the member's name tells its kind."""
    wire: JsonObject = {}
    media_type = part.media_type
    if part.text is not None:
        wire["text"] = part.text
    elif (file := part.file) is not None:
        if file.content is not None:
            wire["raw"] = file.content
        else:
            wire["url"] = file.uri or ""
        if file.name is not None:
            wire["filename"] = file.name
        media_type = file.media_type or media_type
    else:
        wire["data"] = part.data
    if media_type is not None:
        wire["mediaType"] = media_type
    if part.metadata is not None:
        wire["metadata"] = part.metadata
    return put(wire, part.unknown_fields)


def decode_part(value: object, path: str = "part") -> Part:
    """A part from A2A 1.0.

    Raises:
        WireError: It has none or several of `text`, `raw`, `url` and `data`, or one that does not fit.
    """
    reader = Reader(value, path)
    kind = _content_of(reader, value)
    media_type = reader.optional_text("mediaType")
    metadata = reader.optional_object("metadata")
    match kind:
        case "text":
            text = reader.text("text")
            return reader.assemble(Part, _PART, text=text, media_type=media_type, metadata=metadata)
        case "data":
            return reader.assemble(Part, _PART, data=reader.given("data"), media_type=media_type, metadata=metadata)
        case _:
            file = File(
                uri=reader.optional_text("url"),
                content=_base64(reader) if kind == "raw" else None,
                name=reader.optional_text("filename"),
                media_type=media_type,
            )
            return reader.assemble(Part, _FILE_PART, file=file, metadata=metadata)


def encode_message(message: Message) -> JsonObject:
    """A message as A2A 1.0 spells it."""
    wire: JsonObject = {
        "messageId": message.message_id,
        "role": _ROLE_WORDS[message.role],
        "parts": [encode_part(part) for part in message.parts],
    }
    if message.context_id is not None:
        wire["contextId"] = message.context_id
    if message.task_id is not None:
        wire["taskId"] = message.task_id
    if message.metadata is not None:
        wire["metadata"] = message.metadata
    if message.extensions:
        wire["extensions"] = list(message.extensions)
    if message.reference_task_ids:
        wire["referenceTaskIds"] = list(message.reference_task_ids)
    return put(wire, message.unknown_fields)


def decode_message(value: object, path: str = "message") -> Message:
    """A message from A2A 1.0. An empty `contextId` or `taskId` counts as absent (A2A-GAP-23).

    Raises:
        WireError: A required field is missing or does not fit (A2A-SEND-07).
    """
    reader = Reader(value, path)
    message_id = reader.words("messageId")
    role = _ROLES.get(reader.text("role"))
    if role is None:
        reader.fail("role", "value", "must be ROLE_USER or ROLE_AGENT")
    if not reader.has("parts"):
        reader.fail("parts", "missing", "is required")
    return reader.assemble(
        Message,
        _MESSAGE,
        role=role,
        message_id=message_id,
        parts=reader.items("parts", decode_part),
        context_id=reader.optional_text("contextId") or None,
        task_id=reader.optional_text("taskId") or None,
        reference_task_ids=reader.texts("referenceTaskIds"),
        extensions=reader.texts("extensions"),
        metadata=reader.optional_object("metadata"),
    )


def _content_of(reader: Reader, value: object) -> str:
    """The one content member. `data` may be null; a null or, beside another one, empty other counts as absent."""
    given = [name for name in _CONTENTS if reader.has(name)]
    if len(given) > 1:
        given = [name for name in given if reader.raw(name) != ""]
    if not given and isinstance(value, dict) and "data" in value:
        return "data"
    if not given:
        reader.fail("text", "missing", "a part needs one of text, raw, url and data")
    if len(given) > 1:
        reader.fail(given[1], "value", "a part has only one of text, raw, url and data")
    return given[0]


def _base64(reader: Reader) -> str:
    content = reader.text("raw")
    standard = content.translate(_URL_SAFE).rstrip("=")
    try:
        base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        reader.fail("raw", "value", "must be base64")
    return content
