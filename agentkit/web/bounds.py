"""How much one request may bring, and how long anybody may take: what a hostile client runs into."""

from __future__ import annotations

from dataclasses import dataclass

from agentkit.models import Json, Message, Part, SendRequest
from agentkit.wire.jsontext import dump_json
from agentkit.wire.reader import Reader

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one served agent; each refusal names the field and the limit, never what was sent.

    Attributes:
        body: Largest request body in bytes; beyond it 413 (JSON-RPC -32600, gRPC RESOURCE_EXHAUSTED).
        parts: Most parts of a message.
        part: Largest part in characters of text, of base64, or of JSON.
        metadata: Largest metadata of a request, message or part in bytes of JSON.
        identifier: Longest id a client may choose, in characters.
        listed: Most entries of any other list in a message, for example `referenceTaskIds`.
        body_seconds: How long a body may take to arrive; beyond it 408.
        write_seconds: How long a client may leave an event of a stream unread; beyond it the stream is closed.
        ping_seconds: How often a silent stream says that it lives.
    """

    body: int = 10 * _MIB
    parts: int = 200
    part: int = 8 * _MIB
    metadata: int = 64 * 1024
    identifier: int = 256
    listed: int = 64
    body_seconds: float = 30.0
    write_seconds: float = 30.0
    ping_seconds: float = 15.0

    def check(self, request: SendRequest) -> None:
        """Refuse a send that brings too much.

        Raises:
            WireError: It names the field and the limit (-32602 / 400).
        """
        if self._fits(request):
            return
        message, place = request.message, Reader({}, "message")
        for name, identifier in (
            ("messageId", message.message_id),
            ("contextId", message.context_id),
            ("taskId", message.task_id),
        ):
            self._check_id(place, name, identifier)
        if len(message.parts) > self.parts:
            place.fail("parts", "value", f"has more than {self.parts} entries")
        for name, entries in (("extensions", message.extensions), ("referenceTaskIds", message.reference_task_ids)):
            self._check_list(place, name, entries)
        self._check_list(Reader({}, "configuration"), "acceptedOutputModes", request.accepted_output_modes)
        self._check_metadata(Reader({}, ""), request.metadata)
        self._check_contents(place, message)

    def check_id(self, name: str, identifier: str) -> str:
        """An id as it stands in a path, a parameter or a header.

        Raises:
            WireError: It is too long.
        """
        self._check_id(Reader({}, ""), name, identifier)
        return identifier

    def _fits(self, request: SendRequest) -> bool:
        """Whether it is one of the many that bring so little that nothing needs a closer look."""
        message, longest = request.message, self.identifier
        if message.metadata or request.metadata or len(message.parts) > self.parts:
            return False
        if message.extensions or message.reference_task_ids or len(request.accepted_output_modes) > self.listed:
            return False
        if any(len(one or "") > longest for one in (message.message_id, message.context_id, message.task_id)):
            return False
        if any(len(mode) > longest for mode in request.accepted_output_modes):
            return False
        return all(part.metadata is None and _size(part) <= self.part for part in message.parts)

    def _check_contents(self, place: Reader, message: Message) -> None:
        self._check_metadata(place, message.metadata)
        for index, part in enumerate(message.parts):
            if _size(part) > self.part:
                place.fail(f"parts[{index}]", "value", f"is larger than {self.part} bytes")
            if part.metadata is not None:
                self._check_metadata(Reader({}, f"message.parts[{index}]"), part.metadata)

    def _check_id(self, place: Reader, name: str, identifier: str | None) -> None:
        if identifier is not None and len(identifier) > self.identifier:
            place.fail(name, "value", f"is longer than {self.identifier} characters")

    def _check_list(self, place: Reader, name: str, entries: tuple[str, ...]) -> None:
        if len(entries) > self.listed:
            place.fail(name, "value", f"has more than {self.listed} entries")
        for index, entry in enumerate(entries):
            self._check_id(place, f"{name}[{index}]", entry)

    def _check_metadata(self, place: Reader, metadata: Json) -> None:
        if metadata is not None and len(dump_json(metadata)) > self.metadata:
            place.fail("metadata", "value", f"is larger than {self.metadata} bytes")


def _size(part: Part) -> int:
    if part.text is not None:
        return len(part.text)
    if part.file is not None:
        return len(part.file.content or part.file.uri or "")
    return len(dump_json(part.data))
