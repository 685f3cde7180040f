"""What an agent of the double answers: written by the test, spelled by each generation's wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from tests.contract.corti_double.gates import Gate

State: TypeAlias = Literal[
    "submitted",
    "working",
    "input-required",
    "completed",
    "canceled",
    "failed",
    "rejected",
    "auth-required",
    "unknown",
]
"""A task's state in the words of v1 (V1-OBJ-19); v2 spells the same ones its own way (V2-OBJ-15)."""

FINAL: frozenset[str] = frozenset({"completed", "canceled", "failed", "rejected"})
INTERRUPTED: frozenset[str] = frozenset({"input-required", "auth-required"})


@dataclass(frozen=True)
class Part:
    """A piece of content; `text`, `data`, `uri` and `content` exclude each other."""

    text: str | None = None
    data: Mapping[str, Any] | None = None
    uri: str | None = None
    content: str | None = None
    """Base64."""
    name: str | None = None
    media_type: str | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Produce:
    """An artifact, or a piece of one; the pieces of one artifact carry the same id."""

    parts: Sequence[Part] = ()
    id: str | None = None
    name: str | None = None
    description: str | None = None
    append: bool = False
    last: bool = True
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Report:
    """A status update on the way."""

    text: str | None = None
    state: State = "working"
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Hold:
    """The turn stands still until the gate is opened."""

    gate: Gate


Step: TypeAlias = Produce | Report | Hold


@dataclass(frozen=True)
class Usage:
    """What a turn cost (V1-OBJ-21, V2-OBJ-14)."""

    input_tokens: int
    output_tokens: int
    credits: float | None = None
    model: str | None = None
    cached_input_tokens: int | None = None


@dataclass(frozen=True)
class Turn:
    """One turn of an agent: working, the gate, the steps, the artifacts, then the final status."""

    text: str | None = None
    """The text of the final status message; None: it has none, unless there are `parts`."""
    state: State | str = "completed"
    """Also one that nobody knows."""
    steps: Sequence[Step] = ()
    artifacts: Sequence[Produce] = ()
    gate: Gate | None = None
    parts: Sequence[Part] = ()
    """Further parts of the final status message."""
    usage: Usage | None = None
    metadata: Mapping[str, Any] | None = None
    """Of the task, beside the usage."""
    as_message: bool = False
    """Answer with a message instead of a task (V1-SEND-05)."""

    @property
    def answer(self) -> list[Part]:
        """The parts of the final message."""
        return [*([Part(text=self.text)] if self.text is not None else []), *self.parts]


@dataclass(frozen=True)
class Received:
    """What a turn may look at; the message is as it was stored, without credentials."""

    text: str
    data: Sequence[Mapping[str, Any]]
    message: Mapping[str, Any]
    agent_id: str
    context_id: str
    task_id: str
    earlier: int = field(default=0)
    """How many turns the context has seen before."""


TurnSource: TypeAlias = str | Turn | Callable[[Received], Turn]
"""A text, a turn, or a function of what came in."""


def text_part(text: str, **metadata: Any) -> Part:
    """A text."""
    return Part(text=text, metadata=metadata or None)


def data_part(data: Mapping[str, Any], **metadata: Any) -> Part:
    """An object."""
    return Part(data=data, metadata=metadata or None)


def in_pieces(artifact_id: str, *texts: str, name: str | None = None) -> list[Produce]:
    """One artifact that is streamed in pieces."""
    last = len(texts) - 1
    return [
        Produce([Part(text=text)], artifact_id, name, append=index > 0, last=index == last)
        for index, text in enumerate(texts)
    ]
