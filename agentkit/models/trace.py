"""What an agent did inside a context, as OpenInference spans (V2-OBJ-19)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from agentkit.models.base import JsonObject, Model


class TraceSpan(Model):
    """One step: a chain, a model's call, a tool's call.

    Attributes:
        span_id: Its id.
        name: What was done.
        parent_span_id: The step it belongs to; None for the outermost.
        start_time: When it began.
        end_time: When it ended; None while it runs.
        attributes: In OpenInference's words, for example `tool.name`; they may hold what was said.
    """

    span_id: str
    name: str
    parent_span_id: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    attributes: JsonObject | None = None

    @property
    def kind(self) -> str | None:
        """`CHAIN`, `LLM`, `TOOL` or another word of `openinference.span.kind`; None where it is not told."""
        kind = (self.attributes or {}).get("openinference.span.kind")
        return kind if isinstance(kind, str) else None


@dataclass(frozen=True, slots=True)
class SpanNode:
    """A span and the spans inside it, by start.

    Attributes:
        span: The step.
        depth: 0 for the outermost.
        children: The steps inside it.
    """

    span: TraceSpan
    depth: int
    children: tuple[SpanNode, ...]


class Trace(Model):
    """One turn of a context, step by step.

    Attributes:
        id: 32 hex digits.
        name: What was traced.
        thread_id: The context it belongs to.
        start_time: When it began.
        end_time: When it ended; None while it runs.
        input: What was asked.
        output: What was answered.
        metadata: Free JSON object of the server.
        tags: Free words of the server.
        spans: The steps, as the server orders them; they arrive late (V2-EP-21), so ask again until none is added.
    """

    id: str
    name: str
    thread_id: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    input: JsonObject | None = None
    output: JsonObject | None = None
    metadata: JsonObject | None = None
    tags: tuple[str, ...] = ()
    spans: tuple[TraceSpan, ...] = ()

    def tree(self) -> tuple[SpanNode, ...]:
        """The spans nested: each once, below the span it names as parent, else at the top.

        A parent that has not arrived yet, or that would close a circle, counts as none.
        """
        spans = {span.span_id: span for span in self.spans}
        ordered = sorted(spans.values(), key=_start)
        children: defaultdict[str, list[TraceSpan]] = defaultdict(list)
        tops: list[TraceSpan] = []
        for span in ordered:
            parent = span.parent_span_id
            if parent is None or parent not in spans:
                tops.append(span)
            else:
                children[parent].append(span)
        order = _outside_in(tops, children)
        reached = {span.span_id for span, _ in order}
        for span in ordered:  # what is left goes in a circle; the earliest of each circle stands for its top
            if span.span_id not in reached:
                tops.append(span)
                children[span.parent_span_id or ""].remove(span)
                order += (more := _outside_in([span], children))
                reached |= {inner.span_id for inner, _ in more}
        nodes: dict[str, SpanNode] = {}
        for span, depth in reversed(order):
            inside = tuple(nodes[child.span_id] for child in children[span.span_id])
            nodes[span.span_id] = SpanNode(span, depth, inside)
        return tuple(nodes[span.span_id] for span in tops)


def _outside_in(tops: list[TraceSpan], children: defaultdict[str, list[TraceSpan]]) -> list[tuple[TraceSpan, int]]:
    """Every span below the tops with its depth, parents before children."""
    order = [(span, 0) for span in tops]
    for span, depth in order:
        order.extend((child, depth + 1) for child in children[span.span_id])
    return order


def _start(span: TraceSpan) -> float:
    return span.start_time.timestamp() if span.start_time else float("inf")
