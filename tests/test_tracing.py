from __future__ import annotations

import pytest

from agentkit import tracing
from agentkit.tracing import SpanRecord


def collect(records: list[SpanRecord]) -> tracing.SpanListener:
    return records.append


def test_a_finished_span_is_reported_with_its_attributes() -> None:
    records: list[SpanRecord] = []
    with tracing.listen(collect(records)), tracing.span("mcp.call", {"mcp.server.name": "ehr"}) as span:
        span.set("http.response.status_code", 200)
        span.set("agentkit.task.id", None)
    (record,) = records
    assert record.name == "mcp.call"
    assert record.attributes == {"mcp.server.name": "ehr", "http.response.status_code": 200}
    assert record.error is None
    assert record.duration >= 0


def test_nobody_is_told_after_listening_ended() -> None:
    records: list[SpanRecord] = []
    with tracing.listen(collect(records)):
        pass
    with tracing.span("mcp.call"):
        pass
    assert records == []


def test_an_error_marks_the_span_by_class_and_not_by_text() -> None:
    """Design D11."""
    records: list[SpanRecord] = []
    with tracing.listen(collect(records)), pytest.raises(ValueError, match="Anna"), tracing.span("task.run"):
        raise ValueError("Anna Berg")
    assert records[0].error == "ValueError"
    assert "Anna" not in repr(records[0])


@pytest.mark.parametrize("name", ["patient.name", "input.value"])
def test_an_attribute_off_the_allow_list_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="never content"), tracing.span("x", {name: "v"}):
        pass
    with tracing.span("x") as span, pytest.raises(ValueError, match="never content"):
        span.set(name, "v")


def test_the_callers_trace_goes_on_in_outgoing_headers() -> None:
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    outgoing: dict[str, str] = {}
    with tracing.continued({"traceparent": traceparent}):
        tracing.inject(outgoing)
    assert outgoing["traceparent"].split("-")[1] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_baggage_of_a_caller_goes_no_further() -> None:
    """Design D11: it may hold anything, and the next hop may belong to somebody else."""
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    outgoing: dict[str, str] = {}
    with tracing.continued({"traceparent": traceparent, "baggage": "patient=Anna"}):
        tracing.inject(outgoing)
    assert outgoing == {"traceparent": traceparent}
