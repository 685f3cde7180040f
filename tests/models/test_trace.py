"""Spans, nested (V2-OBJ-19, V2-EP-21)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.models import SpanNode, Trace, TraceSpan

START = datetime(2026, 1, 1, tzinfo=UTC)


def span(name: str, parent: str | None = None, second: int | None = 0) -> TraceSpan:
    start = None if second is None else START + timedelta(seconds=second)
    return TraceSpan(span_id=name, name=name, parent_span_id=parent, start_time=start)


def shape(*spans: TraceSpan) -> str:
    def show(node: SpanNode) -> str:
        inner = " ".join(show(child) for child in node.children)
        return f"{node.span.name}{node.depth}({inner})" if inner else f"{node.span.name}{node.depth}"

    return " ".join(show(node) for node in Trace(id="1", name="turn", spans=spans).tree())


def test_spans_are_nested_in_the_order_they_began() -> None:
    assert shape(span("b", "a", 2), span("c", "a", 1), span("d", "b", 3), span("a")) == "a0(c1 b1(d2))"
    assert shape(span("late", None, None), span("a"), span("b", None, 1)) == "a0 b0 late0"


def test_a_parent_that_has_not_arrived_counts_as_none() -> None:
    assert shape(span("a"), span("b", "missing", 1)) == "a0 b0"


def test_a_circle_is_cut_where_it_began_first() -> None:
    assert shape(span("a", "b", 2), span("b", "a", 1), span("c", "a", 3)) == "b0(a1(c2))"
    assert shape(span("a", "a")) == "a0"


def test_no_spans_are_no_tree() -> None:
    assert Trace(id="1", name="turn").tree() == ()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 12), st.none() | st.integers(0, 5)), max_size=12)
)
def test_every_span_stands_in_the_tree_once(given_spans: list[tuple[int, int | None, int | None]]) -> None:
    spans = [span(str(name), None if parent is None else str(parent), second) for name, parent, second in given_spans]
    found: list[str] = []
    layer = list(Trace(id="1", name="turn", spans=tuple(spans)).tree())
    while layer:
        found += [node.span.span_id for node in layer]
        layer = [child for node in layer for child in node.children]
    assert sorted(found) == sorted({one.span_id for one in spans})


def test_a_deep_trace_is_nested_without_recursion() -> None:
    spans = tuple(span(str(number), str(number - 1) if number else None, number) for number in range(5000))
    (top,) = Trace(id="1", name="turn", spans=spans).tree()
    depth = 0
    while top.children:
        (top,) = top.children
        depth += 1
    assert depth == 4999
