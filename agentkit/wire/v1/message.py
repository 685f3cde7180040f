"""Messages and parts of v1 (V1-OBJ-15, V1-OBJ-16)."""

from __future__ import annotations

from agentkit.errors import WireError
from agentkit.models import File, JsonObject, Message, Part, Role
from agentkit.wire.reader import Reader, put

_MESSAGE = frozenset(
    {
        "kind",
        "role",
        "messageId",
        "parts",
        "contextId",
        "taskId",
        "referenceTaskIds",
        "extensions",
        "metadata",
    }
)
_PART = frozenset({"kind", "text", "data", "file", "metadata"})
_FILE = frozenset({"uri", "bytes", "name", "mimeType"})


def encode_part(part: Part) -> JsonObject:
    """A part as v1 spells it; `media_type` of text and data has no place there and is left out."""
    wire: JsonObject = {"kind": part.kind}
    if part.text is not None:
        wire["text"] = part.text
    elif part.file is not None:
        wire["file"] = _encode_file(part.file)
    else:
        wire["data"] = part.data
    if part.metadata is not None:
        wire["metadata"] = part.metadata
    return put(wire, part.unknown_fields)


def decode_part(value: object, path: str = "part") -> Part:
    """A part from v1.

    Raises:
        WireError: `kind` is missing or unknown, or its field is missing (V1-SEND-10).
    """
    reader = Reader(value, path)
    metadata = reader.optional_object("metadata")
    match kind := reader.text("kind"):
        case "text":
            return reader.assemble(Part, _PART, text=reader.text("text"), metadata=metadata)
        case "data":
            return reader.assemble(Part, _PART, data=reader.given("data"), metadata=metadata)
        case "file":
            file = reader.nested("file", _decode_file) or File()
            return reader.assemble(Part, _PART, file=file, metadata=metadata)
        case _:
            known = "text, data and file"
            message = f"a part of kind {_word(kind)} is unknown; known are {known}"
            raise WireError(reader.at("kind"), "value", message)


def encode_message(message: Message) -> JsonObject:
    """A message as v1 spells it."""
    wire: JsonObject = {
        "kind": "message",
        "role": message.role.value,
        "messageId": message.message_id,
        "parts": [encode_part(part) for part in message.parts],
    }
    if message.context_id is not None:
        wire["contextId"] = message.context_id
    if message.task_id is not None:
        wire["taskId"] = message.task_id
    if message.reference_task_ids:
        wire["referenceTaskIds"] = list(message.reference_task_ids)
    if message.extensions:
        wire["extensions"] = list(message.extensions)
    if message.metadata is not None:
        wire["metadata"] = message.metadata
    return put(wire, message.unknown_fields)


def decode_message(value: object, path: str = "message") -> Message:
    """A message from v1.

    Raises:
        WireError: A required field is missing or does not fit (V1-SEND-10).
    """
    reader = Reader(value, path)
    check_kind(reader, "message")
    if not reader.has("parts"):
        reader.fail("parts", "missing", "is required")
    return reader.assemble(
        Message,
        _MESSAGE,
        role=_role(reader),
        message_id=reader.words("messageId"),
        parts=reader.items("parts", decode_part),
        context_id=reader.optional_text("contextId"),
        task_id=reader.optional_text("taskId"),
        reference_task_ids=reader.texts("referenceTaskIds"),
        extensions=reader.texts("extensions"),
        metadata=reader.optional_object("metadata"),
    )


def check_kind(reader: Reader, kind: str) -> None:
    """Refuse an object whose discriminator names something else.

    Raises:
        WireError: `kind` is missing (SDKC-02) or another word.
    """
    if reader.text("kind") != kind:
        reader.fail("kind", "value", f"must be {kind!r}")


def _role(reader: Reader) -> Role:
    try:
        return Role(reader.text("role"))
    except ValueError:
        raise WireError(reader.at("role"), "value", "must be 'user' or 'agent'") from None


def _encode_file(file: File) -> JsonObject:
    wire: JsonObject = {}
    put(wire, {"uri": file.uri, "bytes": file.content, "name": file.name, "mimeType": file.media_type})
    return put(wire, file.unknown_fields)


def _decode_file(value: object, path: str) -> File:
    reader = Reader(value, path)
    return reader.assemble(
        File,
        _FILE,
        uri=reader.optional_text("uri"),
        content=reader.optional_text("bytes"),
        name=reader.optional_text("name"),
        media_type=reader.optional_text("mimeType"),
    )


def _word(text: str) -> str:
    """A discriminator, shown only when it looks like one: it may be anything a caller typed."""
    return repr(text) if len(text) <= 20 and text.isidentifier() else "another"
