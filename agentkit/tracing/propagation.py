"""One trace through all hops: `traceparent`, in and out."""

from __future__ import annotations

from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from agentkit.tracing.recording import new_trace_id

if TYPE_CHECKING:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator


def inject(headers: MutableMapping[str, str]) -> None:
    """Add `traceparent` of the current span to outgoing headers; baggage, which may say anything, stays here."""
    trace_context().inject(headers)


@contextmanager
def continued(headers: Mapping[str, str]) -> Generator[None]:
    """Make the caller's `traceparent` the parent of the spans opened in the block; baggage is not taken over."""
    from opentelemetry import context

    token = context.attach(trace_context().extract(dict(headers)))
    try:
        yield
    finally:
        context.detach(token)


def around() -> tuple[int, int]:
    """The ids of the trace and of the span that what happens now belongs to; without any, a new trace and 0."""
    from opentelemetry import trace

    current = trace.get_current_span().get_span_context()
    return (current.trace_id, current.span_id) if current.is_valid else (new_trace_id(), 0)


@cache
def trace_context() -> TraceContextTextMapPropagator:
    """W3C's `traceparent`; loaded when it is first needed, since making a client must stay cheap."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()
