"""Spans over the OpenTelemetry API: few, named after hops, with ids and sizes only (design D11).

Every hop opens one span. Its attributes pass an allow-list, so content cannot slip in. A span is also reported as a
`SpanRecord` to whoever asked with `listen`: the command line shows the hops of a run that way without an exporter.
`traceparent` travels on every hop, so one trace id runs through all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import SpanKind as OtelSpanKind
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

    @property
    def is_recording(self) -> bool:
        """Somebody looks at spans, so it matters which one is whose child."""
        return self._otel.get_span_context().is_valid

    @contextmanager
    def current(self) -> Generator[None]:
        """Make a long span the parent of those opened in the block; the block must not be left open by a `yield`."""
        from opentelemetry import context, trace

        token = context.attach(trace.set_span_in_context(self._otel))
        try:
            yield
        finally:
            context.detach(token)

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Add `traceparent` of this span to outgoing headers; baggage, which may say anything, stays here."""
        if not self._otel.get_span_context().is_valid:
            return
        from opentelemetry.trace import set_span_in_context  # here and below: making a client must stay cheap

        _trace_context().inject(headers, context=set_span_in_context(self._otel))


def span(
    name: str,
    attributes: Mapping[str, AttributeValue | None] | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    began: float | None = None,
) -> AbstractContextManager[Span]:
    """Open a span around a hop.

    An exception marks it as failed with its class name, never with its text.

    Args:
        name: The hop, for example `client.send`.
        attributes: Allowed attributes; None values are left out.
        kind: CLIENT for a call that leaves the process, SERVER for one that enters it.
        began: When the hop began, if not now, in seconds of `time.perf_counter`.

    Raises:
        ValueError: On entry: an attribute is not on the allow-list.
    """
    return _Hop(name, attributes or {}, kind, current=True, began=began)


def long_span(
    name: str, attributes: Mapping[str, AttributeValue | None] | None = None, *, kind: SpanKind = SpanKind.INTERNAL
) -> AbstractContextManager[Span]:
    """Open a span that is not the current one: for what stays open while the caller's own code runs, as a stream does.

    Raises:
        ValueError: On entry: an attribute is not on the allow-list.
    """
    return _Hop(name, attributes or {}, kind, current=False, began=None)


class _Hop(AbstractContextManager[Span]):
    """A span around a block. A class, since two generators cost a client more than all else that is told of a call."""

    __slots__ = ("_attributes", "_began", "_given", "_is_current", "_kind", "_name", "_otel", "_started", "_token")

    _otel: OtelSpan
    _started: float

    def __init__(
        self, name: str, given: Mapping[str, AttributeValue | None], kind: SpanKind, current: bool, began: float | None
    ) -> None:
        self._name = name
        self._attributes = given
        self._kind = kind
        self._is_current = current
        self._began = began
        self._given: dict[str, AttributeValue] = {}
        self._token: Token[Context] | None = None

    def __enter__(self) -> Span:
        for key, value in self._attributes.items():
            if value is not None:
                _check(key)
                self._given[key] = value
        now = time.perf_counter()
        self._started = now if self._began is None else self._began
        self._otel = _tracer().start_span(
            self._name,
            kind=_otel_kinds()[self._kind],
            attributes=self._given,
            start_time=None if self._began is None else time.time_ns() - int((now - self._began) * 1e9),
            record_exception=False,
            set_status_on_exception=False,
        )
        # A span that is not valid is nobody's parent: without an SDK there is nothing to make current.
        if self._is_current and self._otel.get_span_context().is_valid:
            from opentelemetry import context, trace

            self._token = context.attach(trace.set_span_in_context(self._otel))
        return Span(self._otel, self._given)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            from opentelemetry import context

            context.detach(self._token)
        if kind is not None:
            from opentelemetry.trace import StatusCode

            self._otel.set_attribute("error.type", kind.__name__)
            self._otel.set_status(StatusCode.ERROR)
        self._otel.end()
        if _listeners:
            duration = time.perf_counter() - self._started
            trace_id = f"{self._otel.get_span_context().trace_id:032x}"
            failed = kind.__name__ if kind else None
            record = SpanRecord(self._name, self._started, duration, trace_id, failed, dict(self._given))
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
def _otel_kinds() -> Mapping[SpanKind, OtelSpanKind]:
    from opentelemetry import trace

    return {kind: trace.SpanKind[kind.name] for kind in SpanKind}


@cache
def _tracer() -> Tracer:
    from opentelemetry import trace

    return trace.get_tracer("agentkit")


def _check(name: str) -> None:
    if name not in ALLOWED_ATTRIBUTES:
        raise ValueError(f"span attribute {name!r} is not allowed: spans carry ids and sizes, never content")
