"""An agent as v1 shows it (V1-OBJ-06 to V1-OBJ-10)."""

from __future__ import annotations

from typing import Final

from agentkit.models import AgentInfo, ExpertInfo, ExpertReference, McpServerInfo
from agentkit.platform.agents.connector import (
    AgentConnector,
    InlineExpert,
    McpConnector,
    McpServer,
    RegistryConnector,
)
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.registry import entry_id
from agentkit.specs import Authorization

DEFAULT_PROMPT: Final = (
    "You are an orchestrator. Find out what the user needs, choose the expert that can do it, give it a clear task, "
    "and answer with what it found. Do no specialist work yourself. Ask when something is missing or ambiguous, and "
    "say plainly what cannot be done."
)
"""What v1 shows of an agent without a prompt of its own, and what it works by (V1-OBJ-01)."""

Expert = InlineExpert | RegistryConnector | AgentConnector
"""The connectors that v1 calls experts. Remote agents and output schemas have no form there and are not shown."""

_AUTHORIZATION: Final = {Authorization.API_KEY: Authorization.BEARER}
"""v1 has no keys: what its clients can give a server that wants one is a token."""


def shown_v1(record: AgentRecord) -> AgentInfo:
    """The agent as an answer of v1."""
    experts = [expert_shown(one) for one in record.connectors if isinstance(one, Expert)]
    return AgentInfo(
        id=record.id,
        name=record.name,
        description=record.description or "",
        system_prompt=DEFAULT_PROMPT if record.prompt is None else record.prompt,
        experts=tuple(experts),
        mcp_servers=tuple(server_shown(one) for one in record.connectors if isinstance(one, McpConnector)),
    )


def expert_shown(connector: Expert) -> ExpertInfo | ExpertReference:
    """An expert as an answer of v1 (V1-OBJ-08, V1-OBJ-09)."""
    match connector:
        case InlineExpert():
            return ExpertInfo(
                id=connector.id,
                name=connector.name,
                description=connector.description,
                system_prompt=connector.prompt or "",
                mcp_servers=tuple(server_shown(server) for server in connector.servers),
            )
        case RegistryConnector():
            return ExpertReference(
                id=entry_id(connector.entry),
                name=connector.entry,
                system_prompt=connector.prompt,
                resolved_config=connector.resolved_config,
            )
        case AgentConnector():
            return ExpertReference(id=connector.agent_id, name=connector.name, system_prompt=connector.prompt)


def server_shown(server: McpServer) -> McpServerInfo:
    """An MCP server as an answer of v1: without its token (V1-OBJ-10)."""
    return McpServerInfo(
        id=server.id,
        name=server.name,
        transport_type=server.transport.value,
        authorization_type=_AUTHORIZATION.get(server.authorization, server.authorization).value,
        url=server.url,
        authorization_scope=server.scope,
        redirect_url=server.redirect_url,
        description=server.description,
    )
