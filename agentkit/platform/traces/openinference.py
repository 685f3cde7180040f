"""Spans in OpenInference's words, as the trace endpoint shows them and a collector gets them (V2-OBJ-19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentkit.platform.v2.ids import Kind, shown_id
from agentkit.tracing import AttributeValue, Recorded

KIND: Final = "openinference.span.kind"

_KINDS: Final = {
    "platform.turn": "CHAIN",
    "platform.decide": "LLM",
    "expert.work": "AGENT",
    "agent.call": "AGENT",
    "mcp.call": "TOOL",
}
_NAMES: Final = {
    "agentkit.agent.name": "agent.name",
    "agentkit.expert.name": "agent.name",
    "gen_ai.request.model": "llm.model_name",
    "gen_ai.response.finish_reason": "llm.finish_reason",
    "gen_ai.usage.input_tokens": "llm.token_count.prompt",
    "gen_ai.usage.output_tokens": "llm.token_count.completion",
    "mcp.tool.name": "tool.name",
}
_IDS: Final = {
    "agentkit.agent.id": Kind.AGENT,
    "agentkit.context.id": Kind.CONTEXT,
    "agentkit.task.id": Kind.TASK,
}
_SHOWN_AS: Final = {"AGENT": "agent.name", "TOOL": "tool.name"}


def named(span: Recorded) -> str:
    """What a span is called: the tool, the agent, else the hop without its room."""
    for name in ("mcp.tool.name", "agentkit.expert.name", "agentkit.agent.name"):
        if _NAMES[name] == _SHOWN_AS.get(_kind(span)) and name in span.attributes:
            return str(span.attributes[name])
    return span.name.partition(".")[2] or span.name


def attributes(span: Recorded, context_id: str) -> dict[str, AttributeValue]:
    """The attributes of a span; what OpenInference has no word for keeps its name."""
    shown: dict[str, AttributeValue] = {KIND: _kind(span), "session.id": shown_id(Kind.CONTEXT, context_id)}
    for name, value in span.attributes.items():
        kind = _IDS.get(name)
        shown[_NAMES.get(name, name)] = value if kind is None else shown_id(kind, str(value))
    tokens = _tokens(span.attributes)
    if tokens is not None:
        shown["llm.token_count.total"] = tokens
    if span.error is not None:
        shown["error.type"] = span.error
    if span.asked is not None:
        shown["input.value"] = span.asked
    if span.answered is not None:
        shown["output.value"] = span.answered
    return shown


def shown_span_id(trace_id: int, span_id: int) -> str:
    """A span's id as v2 spells it, a UUID that holds both of ours (V2-ID-01)."""
    trace, span = f"{trace_id:032x}", f"{span_id:016x}"
    return shown_id(Kind.SPAN, f"{trace[:8]}-{trace[8:12]}-7{trace[13:16]}-8{span[1:4]}-{span[4:]}")


def _kind(span: Recorded) -> str:
    return _KINDS.get(span.name, "CHAIN")


def _tokens(told: Mapping[str, AttributeValue]) -> int | None:
    counts = [told.get("gen_ai.usage.input_tokens"), told.get("gen_ai.usage.output_tokens")]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known else None
