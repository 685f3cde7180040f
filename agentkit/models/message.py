"""Messages and their parts, in A2A's words (V1-OBJ-15, V1-OBJ-16; A2A section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from agentkit.models.base import Json, JsonObject, Model
from agentkit.models.identity import new_id


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    AGENT = "agent"


class File(Model):
    """A file by address or by content; exactly one of `uri` and `content`.

    Attributes:
        uri: Where the file lies.
        content: The file itself, base64 as on the wire.
        name: The file's name.
        media_type: For example `application/pdf`.
    """

    uri: str | None = None
    content: str | None = None
    name: str | None = None
    media_type: str | None = None


class Part(Model):
    """One piece of a message or artifact: exactly one of `text`, `data` and `file`.

    Attributes:
        text: Plain text.
        data: Any JSON value; Corti sends objects only. Numbers become doubles on some hops (A2A-CO-06), so keep
            identifiers as strings.
        file: A file by address or by content.
        media_type: The media type of a text or data part where the wire names one.
        metadata: Free JSON object of the sender.
    """

    text: str | None = None
    data: Json = None
    file: File | None = None
    media_type: str | None = None
    metadata: JsonObject | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = (self.text is not None) + ("data" in self.model_fields_set) + (self.file is not None)
        if given != 1:
            raise ValueError("a part has exactly one of text, data and file")
        return self

    @property
    def kind(self) -> str:
        """`text`, `data` or `file`."""
        if self.text is not None:
            return "text"
        return "file" if self.file is not None else "data"


def _parts(text: str | None, data: Sequence[JsonObject]) -> tuple[Part, ...]:
    spoken = () if text is None else (Part(text=text),)
    return (*spoken, *(Part(data=item) for item in data))


class Message(Model):
    """One turn of talk.

    Attributes:
        role: Who speaks.
        parts: What is said, in order.
        message_id: Made by the sender and kept over retries: the idempotency key of a send (A2A-SEND-09).
        context_id: The conversation; None on the first message, the server makes it (CTX-01).
        task_id: The task this message continues or belongs to.
        reference_task_ids: Past tasks of the same context to be weighted as explicit input (CTX-07).
        extensions: URIs of the A2A extensions used.
        metadata: Free JSON object of the sender.
    """

    role: Role
    parts: tuple[Part, ...]
    message_id: str = Field(default_factory=new_id)
    context_id: str | None = None
    task_id: str | None = None
    reference_task_ids: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    metadata: JsonObject | None = None

    @classmethod
    def user(
        cls,
        text: str | None = None,
        *,
        data: Sequence[JsonObject] = (),
        context_id: str | None = None,
        task_id: str | None = None,
    ) -> Self:
        """A user's message with a text part and any number of data parts."""
        return cls(role=Role.USER, parts=_parts(text, data), context_id=context_id, task_id=task_id)

    @classmethod
    def agent(
        cls,
        text: str | None = None,
        *,
        data: Sequence[JsonObject] = (),
        context_id: str | None = None,
        task_id: str | None = None,
    ) -> Self:
        """An agent's message with a text part and any number of data parts."""
        return cls(role=Role.AGENT, parts=_parts(text, data), context_id=context_id, task_id=task_id)

    @property
    def text(self) -> str:
        """All text parts, joined by a line break."""
        return "\n".join(part.text for part in self.parts if part.text is not None)

    @property
    def data(self) -> tuple[Json, ...]:
        """The values of all data parts, in order."""
        return tuple(part.data for part in self.parts if part.kind == "data")

    def reply(self, text: str | None = None, *, data: Sequence[JsonObject] = ()) -> Message:
        """An agent's answer in the same context and task."""
        return Message.agent(text, data=data, context_id=self.context_id, task_id=self.task_id)
