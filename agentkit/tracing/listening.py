"""Finished spans of this process, reported to whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from agentkit.tracing.attributes import AttributeValue


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """One finished span.

    Attributes:
        name: The hop, for example `mcp.call`.
        started: Seconds of `time.perf_counter`.
        duration: Seconds.
        trace_id: 32 hex digits, zeros without an OpenTelemetry SDK.
        error: The class name of the exception that ended it, or None.
        attributes: Only allowed ones.
    """

    name: str
    started: float
    duration: float
    trace_id: str
    error: str | None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue])


SpanListener = Callable[[SpanRecord], None]

listeners: list[SpanListener] = []
"""Those who asked."""


@contextmanager
def listen(listener: SpanListener) -> Generator[None]:
    """Report every finished span of this process to a listener while the block runs."""
    listeners.append(listener)
    try:
        yield
    finally:
        listeners.remove(listener)
