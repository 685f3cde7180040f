"""Names must be unique: delegation is bound to an expert's, credentials to an MCP server's (MCPAUTH-03)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from agentkit.errors import WireError
from agentkit.platform.agents.connector import (
    AgentConnector,
    Connector,
    InlineExpert,
    McpConnector,
    McpServer,
    RegistryConnector,
)
from agentkit.platform.agents.registry import Registry

MOST: Final = 256
"""So many connectors an agent may have at most, and so many MCP servers with those of its experts."""

Placed = tuple[str, Connector]
"""A connector and where its author wrote it, for example `experts[0]`."""


def check_names(placed: Iterable[Placed], registry: Registry) -> None:
    """Refuse two experts of one name, two MCP servers of one name, and too many of either, over the whole agent.

    An agent that is asked counts by its id: its name is its own, and may change.

    Raises:
        WireError: A name occurs twice, and the error names the later place; or there are too many.
    """
    placed = list(placed)
    check_count("", len(placed))
    agents: set[str] = set()
    experts: set[str] = set()
    servers: set[str] = set()
    for place, connector in placed:
        if isinstance(connector, AgentConnector):
            if connector.agent_id in agents:
                raise WireError(place, "value", "names an agent that is an expert here already")
            agents.add(connector.agent_id)
        elif not isinstance(connector, McpConnector) and connector.name:
            if connector.name in experts:
                raise _doubled(field_at(place, "name"), "expert", connector.name)
            experts.add(connector.name)
        for where, name in _servers(place, connector, registry):
            if name in servers:
                raise _doubled(where, "MCP server", name)
            servers.add(name)
    check_count("", len(servers))


def check_count(place: str, count: int) -> None:
    """Refuse more experts, MCP servers or connectors than an agent may have, before anybody looks at each.

    Raises:
        WireError: There are too many.
    """
    if count > MOST:
        raise WireError(place, "value", f"there may be at most {MOST} of them")


def field_at(place: str, name: str) -> str:
    """The path of a field of what stands at a place; the place is empty for the body itself."""
    return f"{place}.{name}" if place else name


def _servers(place: str, connector: Connector, registry: Registry) -> Iterable[tuple[str, str]]:
    match connector:
        case McpServer():
            return [(field_at(place, "name"), connector.name)]
        case InlineExpert():
            return [
                (f"{place}.mcpServers[{index}].name", server.name) for index, server in enumerate(connector.servers)
            ]
        case RegistryConnector():
            entry = registry.by_name(connector.entry)
            return [(field_at(place, "name"), server.name.strip()) for server in entry.servers] if entry else []
        case _:
            return []


def _doubled(place: str, what: str, name: str) -> WireError:
    return WireError(
        place, "value", f"another {what} is called {name!r}", remedy="Names must be unique within the agent."
    )
