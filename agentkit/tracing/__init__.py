"""Spans over the OpenTelemetry API: few, named after hops, with ids and sizes only (design D11).

Every hop opens one span. Its attributes pass an allow-list, so content cannot slip in. A span is also reported as a
`SpanRecord` to whoever asked with `listen`: the command line shows the hops of a run that way without an exporter.
`traceparent` travels on every hop, so one trace id runs through all of them. A span may be given a recorder: it
then gets that span and all below it, with what was asked and answered where somebody switched that on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from enum import Enum, auto
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING

from agentkit.tracing.attributes import ALLOWED_ATTRIBUTES, AttributeValue, check_attribute
from agentkit.tracing.listening import SpanListener, SpanRecord, listen, listeners
from agentkit.tracing.propagation import around, continued, inject, trace_context
from agentkit.tracing.recording import Place, Recorded, Recorder, new_span_id, place
from agentkit.tracing.within import Within

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import SpanKind as OtelSpanKind
    from opentelemetry.trace import Tracer

__all__ = [
    "ALLOWED_ATTRIBUTES",
    "AttributeValue",
    "Recorded",
    "Recorder",
    "Span",
    "SpanKind",
    "SpanListener",
    "SpanRecord",
    "around",
    "continued",
    "inject",
    "listen",
    "long_span",
    "span",
]


class SpanKind(Enum):
    """Where a span stands between processes."""

    INTERNAL = auto()
    CLIENT = auto()
    SERVER = auto()


class Span:
    """An open span; `set` adds attributes while the hop goes on."""

    __slots__ = ("_attributes", "_otel", "_place", "_said")

    def __init__(self, otel: OtelSpan, attributes: dict[str, AttributeValue], below: Place | None = None) -> None:
        """Wrap an OpenTelemetry span; `below` is the place of what happens inside it."""
        self._otel = otel
        self._attributes = attributes
        self._place = below
        self._said: tuple[str | None, str | None] = (None, None)

    @property
    def otel(self) -> OtelSpan:
        """The OpenTelemetry span."""
        return self._otel

    @property
    def place(self) -> Place | None:
        """Where spans inside this one belong; None when nobody records."""
        return self._place

    @property
    def said(self) -> tuple[str | None, str | None]:
        """What was asked and answered, as far as somebody wants it."""
        return self._said

    def set(self, name: str, value: AttributeValue | None) -> None:
        """Add an attribute; None adds nothing.

        Raises:
            ValueError: The attribute is not on the allow-list.
        """
        if value is None:
            return
        check_attribute(name)
        self._attributes[name] = value
        self._otel.set_attribute(name, value)

    @property
    def wants_content(self) -> bool:
        """Somebody switched on that what is asked and answered is kept with spans."""
        return self._place is not None and self._place.recorder.wants_content

    def content(self, *, asked: str | None = None, answered: str | None = None) -> None:
        """Say what was asked or answered; it goes to a recorder that wants it, and nowhere else (design D11)."""
        if self.wants_content:
            before = self._said
            self._said = (before[0] if asked is None else asked, before[1] if answered is None else answered)

    @property
    def is_recording(self) -> bool:
        """Somebody looks at spans, so it matters which one is whose child."""
        return self._place is not None or self._otel.get_span_context().is_valid

    def current(self) -> AbstractContextManager[None]:
        """Make a long span the parent of those opened in the block; the block must not be left open by a `yield`."""
        return Within(self._otel, self._place)

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Add `traceparent` of this span to outgoing headers; baggage, which may say anything, stays here."""
        if not self._otel.get_span_context().is_valid:
            return
        from opentelemetry.trace import set_span_in_context  # here and below: making a client must stay cheap

        trace_context().inject(headers, context=set_span_in_context(self._otel))


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
    return _Hop(name, attributes or {}, kind, current=True, began=began, recorder=None)


def long_span(
    name: str,
    attributes: Mapping[str, AttributeValue | None] | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    recorder: Recorder | None = None,
) -> AbstractContextManager[Span]:
    """Open a span that is not the current one: for what stays open while the caller's own code runs, as a stream does.

    Args:
        name: The hop.
        attributes: Allowed attributes; None values are left out.
        kind: CLIENT for a call that leaves the process, SERVER for one that enters it.
        recorder: Gets this span, as the outermost one, and all that are opened below it.

    Raises:
        ValueError: On entry: an attribute is not on the allow-list.
    """
    return _Hop(name, attributes or {}, kind, current=False, began=None, recorder=recorder)


class _Hop(AbstractContextManager[Span]):
    """A span around a block. A class, since two generators cost a client more than all else that is told of a call."""

    __slots__ = (
        *("_attributes", "_began", "_given", "_is_current", "_kind", "_name", "_otel", "_place", "_span", "_started"),
        "_within",
    )

    _otel: OtelSpan
    _span: Span
    _started: float

    def __init__(
        self,
        name: str,
        given: Mapping[str, AttributeValue | None],
        kind: SpanKind,
        *,
        current: bool,
        began: float | None,
        recorder: Recorder | None,
    ) -> None:
        self._name = name
        self._attributes = given
        self._kind = kind
        self._is_current = current
        self._began = began
        self._given: dict[str, AttributeValue] = {}
        self._place = None if recorder is None else Place(recorder, 0)
        self._within: Within | None = None

    def __enter__(self) -> Span:
        for key, value in self._attributes.items():
            if value is not None:
                check_attribute(key)
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
        below = self._place = self._place or place.get()
        if below is not None:
            below = self._recorded_below(below)
        if self._is_current:
            self._within = Within(self._otel, below)
            self._within.__enter__()
        self._span = Span(self._otel, self._given, below)
        return self._span

    def _recorded_below(self, around: Place) -> Place:
        """The place inside this span; it has the id of its OpenTelemetry span where an SDK made one."""
        if self._otel.is_recording():
            return Place(around.recorder, self._otel.get_span_context().span_id)
        inside = Place(around.recorder, new_span_id())
        if around.recorder.travels:
            from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

            sampled = TraceFlags(TraceFlags.SAMPLED)
            self._otel = NonRecordingSpan(SpanContext(inside.recorder.trace_id, inside.span_id, False, sampled))
        return inside

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._within is not None:
            self._within.__exit__(kind, error, trace)
        if kind is GeneratorExit:  # whoever read this stream has read enough
            kind = None
        if kind is not None:
            from opentelemetry.trace import StatusCode

            self._otel.set_attribute("error.type", kind.__name__)
            self._otel.set_status(StatusCode.ERROR)
        self._otel.end()
        if self._place is not None or listeners:
            self._tell(time.perf_counter(), kind.__name__ if kind else None)

    def _tell(self, ended: float, failed: str | None) -> None:
        around, below = self._place, self._span.place
        if around is not None and below is not None:
            asked, answered = self._span.said
            ids = (below.span_id, around.span_id)
            around.recorder.record(
                Recorded(self._name, *ids, self._started, ended, failed, self._given, asked, answered)
            )
        if listeners:
            trace_id = f"{self._otel.get_span_context().trace_id:032x}"
            record = SpanRecord(self._name, self._started, ended - self._started, trace_id, failed, dict(self._given))
            for listener in tuple(listeners):
                listener(record)


@cache
def _otel_kinds() -> Mapping[SpanKind, OtelSpanKind]:
    from opentelemetry import trace

    return {kind: trace.SpanKind[kind.name] for kind in SpanKind}


@cache
def _tracer() -> Tracer:
    from opentelemetry import trace

    return trace.get_tracer("agentkit")
