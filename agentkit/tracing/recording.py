"""Who keeps the spans of a turn: a recorder, found by whatever opens a span below it, in tasks of its own too."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final, NamedTuple, Protocol

from agentkit.tracing.attributes import AttributeValue

_SPAN_BITS: Final = 64
_TRACE_BITS: Final = 128


class Recorded(NamedTuple):
    """One finished span, as a recorder gets it; a tuple, because it is made in the middle of a turn.

    Attributes:
        name: The hop, for example `mcp.call`.
        span_id: 64 bits.
        parent_id: The recorded span around it; 0 for the outermost.
        started: Seconds of `time.perf_counter`.
        ended: The same.
        error: The class name of the exception that ended it, or None.
        attributes: Only allowed ones.
        asked: What was asked, if the recorder wants content.
        answered: What was answered, likewise.
    """

    name: str
    span_id: int
    parent_id: int
    started: float
    ended: float
    error: str | None
    attributes: Mapping[str, AttributeValue]
    asked: str | None = None
    answered: str | None = None

    def __repr__(self) -> str:
        """The hop and its id; what was said is not for logs."""
        return f"Recorded({self.name!r}, span_id={self.span_id:016x})"


class Recorder(Protocol):
    """Keeps the spans of one turn."""

    @property
    def trace_id(self) -> int:
        """128 bits."""
        ...

    @property
    def wants_content(self) -> bool:
        """What was asked and answered is kept too; off unless somebody switched it on (design D11)."""
        ...

    @property
    def travels(self) -> bool:
        """The ids of these spans go out in `traceparent`, because they are exported."""
        ...

    def record(self, span: Recorded) -> None:
        """Take a finished span; must neither wait nor raise."""
        ...


class Place(NamedTuple):
    """Where new spans belong: to a recorder, below a span."""

    recorder: Recorder
    span_id: int


place: Final[ContextVar[Place | None]] = ContextVar("agentkit.tracing.place", default=None)
"""The place of whatever runs now; None when nobody records."""


def new_span_id() -> int:
    """A random id, never 0, which stands for none."""
    return random.getrandbits(_SPAN_BITS) or 1


def new_trace_id() -> int:
    """A random id, never 0."""
    return random.getrandbits(_TRACE_BITS) or 1
