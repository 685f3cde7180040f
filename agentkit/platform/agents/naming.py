"""Names must be unique: delegation is bound to an expert's, credentials to an MCP server's (MCPAUTH-03)."""

from __future__ import annotations

from collections.abc import Iterable

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

Placed = tuple[str, Connector]
"""A connector and where its author wrote it, for example `experts[0]`."""


def check_names(placed: Iterable[Placed], registry: Registry) -> None:
    """Refuse two experts of one name, and two MCP servers of one name, over the whole agent.

    An agent that is asked counts by its id: its name is its own, and may change.

    Raises:
        WireError: A name occurs twice; the error names the later place.
    """
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
