"""What a version of A2A is made of: which operations there are, and how their parameters and results are spelled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from agentkit.a2a.operations import NumberedEvents, Operations
from agentkit.compose import Caller
from agentkit.models import Event, Json, JsonObject

Unary = Callable[[Operations, JsonObject, Caller], Awaitable[Json]]
"""An operation with one answer."""

Streaming = Callable[[Operations, JsonObject, Caller, int | None], Awaitable[NumberedEvents]]
"""An operation with a stream of answers; the number is that of the event the client saw last (`Last-Event-ID`)."""


@dataclass(frozen=True, slots=True)
class Language:
    """One version of A2A in one spelling.

    Attributes:
        version: Major and minor, for example `1.0`.
        unary: Operations with one answer, by the name of their method.
        streaming: Operations with a stream of answers.
        encode: An event as the stream shows it.
        names: What a method is called in A2A 1.0, where it has another name; spans carry that one.
    """

    version: str
    unary: Mapping[str, Unary]
    streaming: Mapping[str, Streaming]
    encode: Callable[[Event], Json]
    names: Mapping[str, str]

    def knows(self, method: str) -> bool:
        """Whether there is such a method."""
        return method in self.unary or method in self.streaming
