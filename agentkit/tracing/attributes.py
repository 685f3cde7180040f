"""What a span may carry: ids, names, counts and sizes."""

from __future__ import annotations

from typing import Final

AttributeValue = str | int | float | bool

ALLOWED_ATTRIBUTES: Final = frozenset(
    {
        "agentkit.agent.id",
        "agentkit.agent.name",
        "agentkit.artifact.count",
        "agentkit.authorization",
        "agentkit.context.id",
        "agentkit.credits",
        "agentkit.decision",
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
        "gen_ai.request.model",
        "gen_ai.response.finish_reason",
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
"""The only attributes a span may carry."""


def check_attribute(name: str) -> None:
    """Refuse what is not on the list.

    Raises:
        ValueError: It is not.
    """
    if name not in ALLOWED_ATTRIBUTES:
        raise ValueError(f"span attribute {name!r} is not allowed: spans carry ids and sizes, never content")
