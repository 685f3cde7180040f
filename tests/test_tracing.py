from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import anyio.lowlevel
import pytest

from agentkit import tracing
from agentkit.tracing import SpanRecord

pytestmark = pytest.mark.anyio


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


class Kept:
    """A recorder that keeps all."""

    def __init__(self, *, wants_content: bool = False) -> None:
        self.trace_id = 7
        self.wants_content = wants_content
        self.travels = False
        self.spans: list[tracing.Recorded] = []

    def record(self, span: tracing.Recorded) -> None:
        self.spans.append(span)

    def tree(self) -> set[tuple[str | None, str]]:
        """Each span with its parent, by name."""
        names = {span.span_id: span.name for span in self.spans}
        return {(names.get(span.parent_id), span.name) for span in self.spans}


def test_a_recorder_gets_what_is_opened_below_its_span_and_nothing_else() -> None:
    kept = Kept()
    with tracing.long_span("turn", recorder=kept) as hop:
        assert hop.is_recording
        with tracing.span("beside"):
            pass
        with hop.current(), tracing.span("inside"), tracing.span("deeper"):
            pass
    with tracing.span("later"):
        pass
    assert kept.tree() == {(None, "turn"), ("turn", "inside"), ("inside", "deeper")}
    assert all(span.started <= span.ended for span in kept.spans)


async def test_tasks_that_run_at_once_keep_their_spans_apart() -> None:
    kept = Kept()

    async def work(name: str) -> None:
        with tracing.span(name):
            await anyio.lowlevel.checkpoint()
            with tracing.span(f"{name} inside"):
                await anyio.lowlevel.checkpoint()

    with tracing.long_span("turn", recorder=kept) as hop, hop.current():
        async with anyio.create_task_group() as group:
            for name in ("one", "two"):
                group.start_soon(work, name)
    assert kept.tree() == {
        (None, "turn"),
        ("turn", "one"),
        ("turn", "two"),
        ("one", "one inside"),
        ("two", "two inside"),
    }


@pytest.mark.parametrize("wanted", [False, True])
def test_content_goes_to_a_recorder_that_wants_it_and_to_nobody_else(wanted: bool) -> None:
    """Design D11."""
    kept, records = Kept(wants_content=wanted), list[SpanRecord]()
    with tracing.listen(collect(records)), tracing.long_span("turn", recorder=kept) as hop:
        assert hop.wants_content is wanted
        hop.content(asked="Anna")
        hop.content(answered="Berg")
    (span,) = kept.spans
    assert (span.asked, span.answered) == (("Anna", "Berg") if wanted else (None, None))
    assert "Anna" not in repr(records)
    assert "Anna" not in repr(kept.spans)
    with tracing.span("nobody records") as hop:
        assert not hop.wants_content
        hop.content(asked="Anna")


async def test_a_stream_that_was_read_far_enough_did_not_fail() -> None:
    kept = Kept()

    async def stream() -> AsyncGenerator[int]:
        with tracing.long_span("turn", recorder=kept):
            yield 1
            yield 2

    async with aclosing(stream()) as numbers:
        assert await anext(numbers) == 1
    assert [span.error for span in kept.spans] == [None]
