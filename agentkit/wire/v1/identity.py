"""The ids in an agent that is sent back as it was shown: who is meant, whatever the name is now (CON-21, SDKC-11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentkit.models import Json


@dataclass(frozen=True, slots=True)
class ShownIds:
    """Ids by place, None where there is none.

    Attributes:
        experts: Of the experts in the form of answers.
        expert_servers: Of the MCP servers of each expert.
        servers: Of the agent's own MCP servers.
    """

    experts: tuple[str | None, ...] = ()
    expert_servers: tuple[tuple[str | None, ...], ...] = ()
    servers: tuple[str | None, ...] = ()


def decode_shown_ids(value: Json) -> ShownIds:
    """The ids in the body of an update; whatever is no id is none."""
    experts = list(_objects(value, "experts"))
    return ShownIds(
        experts=tuple(_id(expert) if expert.get("type") == "expert" else None for expert in experts),
        expert_servers=tuple(tuple(_id(server) for server in _objects(expert, "mcpServers")) for expert in experts),
        servers=tuple(_id(server) for server in _objects(value, "mcpServers")),
    )


def _objects(value: Json, key: str) -> Iterator[dict[str, Json]]:
    listed = value.get(key) if isinstance(value, dict) else None
    for item in listed if isinstance(listed, list) else []:
        yield item if isinstance(item, dict) else {}


def _id(fields: dict[str, Json]) -> str | None:
    value = fields.get("id")
    return value.lower() if isinstance(value, str) else None
