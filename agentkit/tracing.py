"""Spans over the OpenTelemetry API: few, named after hops, with ids and sizes only (design D11).

Every hop opens one span. Its attributes pass an allow-list, so content cannot slip in. A span is also reported as a
`SpanRecord` to whoever asked with `listen`: the command line shows the hops of a run that way without an exporter.
`traceparent` travels on every hop, so one trace id runs through all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

AttributeValue = str | int | float | bool

ALLOWED_ATTRIBUTES: Final = frozenset(
    {
        "agentkit.agent.id",
        "agentkit.agent.name",
        "agentkit.artifact.count",
        "agentkit.authorization",
        "agentkit.context.id",
        "agentkit.credits",
        "agentkit.event.count",
        "agentkit.expert.name",
        "agentkit.message.id",
        "agentkit.part.count",
        "agentkit.retry.count",
        "agentkit.step.key",
        "agentkit.task.id",
        "agentkit.task.state",
        "agentkit.text.length",
        "error.type",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "http.request.body.size",
        "http.request.method",
        "http.response.body.size",
        "http.response.status_code",
        "mcp.method.name",
        "mcp.server.name",
        "mcp.tool.name",
        "server.address",
        "server.port",
        "url.path",
    }
)
"""The only attributes a span may carry: ids, names, counts and sizes."""


class SpanKind(Enum):
    """Where a span stands between processes."""

    INTERNAL = auto()
    CLIENT = auto()
    SERVER = auto()


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

_listeners: list[SpanListener] = []


class Span:
    """An open span; `set` adds attributes while the hop goes on."""

    __slots__ = ("_attributes", "_otel")

    def __init__(self, otel: OtelSpan, attributes: dict[str, AttributeValue]) -> None:
        """Wrap an OpenTelemetry span."""
        self._otel = otel
        self._attributes = attributes

    @property
    def otel(self) -> OtelSpan:
        """The OpenTelemetry span."""
        return self._otel

    def set(self, name: str, value: AttributeValue | None) -> None:
        """Add an attribute; None adds nothing.

        Raises:
            ValueError: The attribute is not on the allow-list.
        """
        if value is None:
            return
        _check(name)
        self._attributes[name] = value
        self._otel.set_attribute(name, value)

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Add `traceparent` of this span to outgoing headers; baggage, which may say anything, stays here."""
        from opentelemetry.trace import set_span_in_context

        _trace_context().inject(headers, context=set_span_in_context(self._otel))


@contextmanager
def span(
    name: str, attributes: Mapping[str, AttributeValue | None] | None = None, *, kind: SpanKind = SpanKind.INTERNAL
) -> Generator[Span]:
    """Open a span around a hop.

    Args:
        name: The hop, for example `client.send`.
        attributes: Allowed attributes; None values are left out.
        kind: CLIENT for a call that leaves the process, SERVER for one that enters it.

    Yields:
        The open span. An exception marks it as failed with its class name, never with its text.

    Raises:
        ValueError: An attribute is not on the allow-list.
    """
    from opentelemetry import context, trace

    with long_span(name, attributes, kind=kind) as opened:
        token = context.attach(trace.set_span_in_context(opened.otel))  # what start_as_current_span does, for less
        try:
            yield opened
        finally:
            context.detach(token)


@contextmanager
def long_span(
    name: str, attributes: Mapping[str, AttributeValue | None] | None = None, *, kind: SpanKind = SpanKind.INTERNAL
) -> Generator[Span]:
    """Open a span that is not the current one: for what stays open while the caller's own code runs, as a stream does.

    Raises:
        ValueError: An attribute is not on the allow-list.
    """
    from opentelemetry import trace  # here and above, because making a client must stay cheap

    given: dict[str, AttributeValue] = {}
    for key, value in (attributes or {}).items():
        if value is not None:
            _check(key)
            given[key] = value
    started = time.perf_counter()
    error: str | None = None
    otel = _tracer().start_span(
        name, kind=trace.SpanKind[kind.name], attributes=given, record_exception=False, set_status_on_exception=False
    )
    try:
        yield Span(otel, given)
    except BaseException as exception:
        error = type(exception).__name__
        otel.set_attribute("error.type", error)
        otel.set_status(trace.StatusCode.ERROR)
        raise
    finally:
        otel.end()
        if _listeners:
            trace_id = f"{otel.get_span_context().trace_id:032x}"
            record = SpanRecord(name, started, time.perf_counter() - started, trace_id, error, dict(given))
            for listener in tuple(_listeners):
                listener(record)


@contextmanager
def listen(listener: SpanListener) -> Generator[None]:
    """Report every finished span of this process to a listener while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def inject(headers: MutableMapping[str, str]) -> None:
    """Add `traceparent` of the current span to outgoing headers; baggage, which may say anything, stays here."""
    _trace_context().inject(headers)


@contextmanager
def continued(headers: Mapping[str, str]) -> Generator[None]:
    """Make the caller's `traceparent` the parent of the spans opened in the block; baggage is not taken over."""
    from opentelemetry import context

    token = context.attach(_trace_context().extract(dict(headers)))
    try:
        yield
    finally:
        context.detach(token)


@cache
def _trace_context() -> TraceContextTextMapPropagator:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


@cache
def _tracer() -> Tracer:
    from opentelemetry import trace

    return trace.get_tracer("agentkit")


def _check(name: str) -> None:
    if name not in ALLOWED_ATTRIBUTES:
        raise ValueError(f"span attribute {name!r} is not allowed: spans carry ids and sizes, never content")
