"""Traces of v2, in snake_case as OpenInference writes them (V2-OBJ-19)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from agentkit.models import JsonObject, Trace, TraceSpan
from agentkit.wire.reader import Reader, put, read_time, write_time
from agentkit.wire.v2.paging import decode_page

_TRACE: Final = frozenset(
    {"id", "name", "thread_id", "start_time", "end_time", "input", "output", "metadata", "tags", "spans"}
)
_SPAN: Final = frozenset({"name", "span_id", "parent_span_id", "start_time", "end_time", "attributes"})


def encode_trace(trace: Trace) -> JsonObject:
    """A trace and its spans side by side; what is not known is left out, but an end that is not there yet is null."""
    head: JsonObject = {
        "id": trace.id,
        "name": trace.name,
        "start_time": _written(trace.start_time),
        "end_time": _written(trace.end_time),
        "tags": list(trace.tags),
    }
    put(
        head,
        {"thread_id": trace.thread_id, "input": trace.input, "output": trace.output, "metadata": trace.metadata},
    )
    return {"trace": head, "spans": [_encode_span(span) for span in trace.spans]}


def _encode_span(span: TraceSpan) -> JsonObject:
    wire: JsonObject = {
        "name": span.name,
        "span_id": span.span_id,
        "start_time": _written(span.start_time),
        "end_time": _written(span.end_time),
    }
    return put(wire, {"parent_span_id": span.parent_span_id, "attributes": span.attributes})


def _written(time: datetime | None) -> str | None:
    return None if time is None else write_time(time)


def decode_trace(value: object, path: str = "trace") -> Trace:
    """A trace and its spans, which the wire keeps side by side.

    Raises:
        WireError: An id or a name is missing, or a field does not fit.
    """
    item = Reader(value, path)
    reader = Reader(item.given("trace"), item.at("trace"))
    return reader.build(
        Trace,
        _TRACE,
        id=reader.words("id"),
        name=reader.optional_text("name") or "",
        thread_id=reader.optional_text("thread_id"),
        start_time=read_time(reader.optional_text("start_time")),
        end_time=read_time(reader.optional_text("end_time")),
        input=reader.optional_object("input"),
        output=reader.optional_object("output"),
        metadata=reader.optional_object("metadata"),
        tags=reader.texts("tags"),
        spans=item.items("spans", _span),
    )


def decode_traces(value: object, path: str = "") -> tuple[tuple[Trace, ...], str | None]:
    """A page of traces, newest first, and the token of the next one (V2-EP-21).

    Raises:
        WireError: It does not fit.
    """
    return decode_page(value, "traces", decode_trace, path)


def _span(value: object, path: str) -> TraceSpan:
    reader = Reader(value, path)
    return reader.build(
        TraceSpan,
        _SPAN,
        span_id=reader.words("span_id"),
        name=reader.optional_text("name") or "",
        parent_span_id=reader.optional_text("parent_span_id") or None,
        start_time=read_time(reader.optional_text("start_time")),
        end_time=read_time(reader.optional_text("end_time")),
        attributes=reader.optional_object("attributes"),
    )
