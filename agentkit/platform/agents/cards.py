"""Agents as cards of both generations (V1-OBJ-12, V2-OBJ-17)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from agentkit.models import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from agentkit.models.ids import AgentId, ConnectorId
from agentkit.platform.agents.connector import (
    AgentConnector,
    Connector,
    InlineExpert,
    McpConnector,
    RegistryConnector,
    RemoteConnector,
    SchemaConnector,
)
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.view_v1 import Expert

_MODES: Final = ("text/plain", "application/json")
_VERSION: Final = version("corti-agentkit")
_CAPABILITIES: Final = AgentCapabilities(streaming=True)


def card_v1(record: AgentRecord, url: str) -> AgentCard:
    """The A2A 0.3 card: its address is that of the JSON-RPC endpoint (V1-CARD-01), its skills are the experts.

    Args:
        record: The agent.
        url: The address of the platform.
    """
    return AgentCard(
        name=record.name,
        description=record.description or "",
        url=f"{url.rstrip('/')}/agents/{record.id}/v1",
        version=_VERSION,
        capabilities=_CAPABILITIES,
        default_input_modes=_MODES,
        default_output_modes=_MODES,
        skills=tuple(_skill(one, one.id) for one in record.connectors if one.enabled and isinstance(one, Expert)),
    )


def card_v2(record: AgentRecord, url: str) -> AgentCard:
    """The A2A 1.0 card: both bindings at one address, and each connector is a skill (V2-OBJ-17)."""
    address = f"{url.rstrip('/')}/v2/agentic/agents/{AgentId(record.id)}/a2a"
    interfaces = tuple(
        AgentInterface(url=address, protocol_binding=binding, protocol_version="1.0")
        for binding in ("JSONRPC", "HTTP+JSON")
    )
    return AgentCard(
        name=record.name,
        description=record.description or "",
        url=address,
        version=_VERSION,
        capabilities=_CAPABILITIES,
        supported_interfaces=interfaces,
        default_input_modes=_MODES,
        default_output_modes=_MODES,
        skills=tuple(_skill(one, ConnectorId(one.id)) for one in record.connectors if one.enabled),
    )


def _skill(connector: Connector, skill_id: str) -> AgentSkill:
    name, description, tag = _words(connector)
    return AgentSkill(id=skill_id, name=name, description=description, tags=(tag,))


def _words(connector: Connector) -> tuple[str, str, str]:
    match connector:
        case InlineExpert():
            return connector.name, connector.description, "expert"
        case RegistryConnector():
            return connector.name, f"Uses {connector.name}.", "expert"
        case AgentConnector():
            name = connector.name or connector.agent_id
            return name, f"Asks the agent {name}.", "agent"
        case RemoteConnector():
            name = connector.name or connector.url
            return name, f"Asks the agent {name}.", "a2a"
        case McpConnector():
            return connector.name, connector.description or f"Uses the tools of {connector.name}.", "mcp"
        case SchemaConnector():
            return connector.name, connector.description or f"Answers in the form {connector.name}.", "schema"
