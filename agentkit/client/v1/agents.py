"""Agents and the registry of v1 (V1-EP-01 to V1-EP-06, V1-EP-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.answers import read_json, read_nothing
from agentkit.client.operation import Operation, path, query
from agentkit.specs import AnyExpert, ExpertSpec, McpServerSpec
from agentkit.specs.agent import given
from agentkit.wire import v1

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentkit.models import AgentCard, AgentInfo, AgentReference, RegistryExpert
    from agentkit.specs import AgentChanges, AgentSpec


def create_agent(spec: AgentSpec) -> Operation[AgentInfo | AgentReference]:
    """Create an agent; `ephemeral` travels in the query (V1-EP-01)."""
    body = v1.encode_create_agent(spec)
    return Operation(
        name="client.agents.create",
        method="POST",
        path="/agents",
        query=query(ephemeral=True if spec.ephemeral else None),
        body=body,
        parse=read_json(v1.decode_agent),
        attributes={"agentkit.agent.name": spec.name},
        secrets=_static_tokens(spec.experts, spec.servers),
    )


def list_agents(
    limit: int | None, offset: int | None, ephemeral: bool | None
) -> Operation[tuple[AgentInfo | AgentReference, ...]]:
    """A page of agents (V1-EP-02)."""
    return Operation(
        name="client.agents.list",
        method="GET",
        path="/agents",
        query=query(limit=limit, offset=offset, ephemeral=ephemeral),
        parse=read_json(v1.decode_agents),
    )


def get_agent(agent_id: str) -> Operation[AgentInfo | AgentReference]:
    """One agent (V1-EP-03)."""
    return Operation(
        name="client.agents.get",
        method="GET",
        path=path("/agents/{agent_id}", agent_id=agent_id),
        parse=read_json(v1.decode_agent),
        attributes={"agentkit.agent.id": agent_id},
    )


def update_agent(agent_id: str, changes: AgentChanges) -> Operation[AgentInfo | AgentReference]:
    """Change the given fields of an agent (V1-EP-04)."""
    return Operation(
        name="client.agents.update",
        method="PATCH",
        path=path("/agents/{agent_id}", agent_id=agent_id),
        body=v1.encode_update_agent(changes),
        parse=read_json(v1.decode_agent),
        attributes={"agentkit.agent.id": agent_id},
        secrets=_static_tokens(given(changes.experts), given(changes.servers)),
    )


def edit_agent(before: AgentInfo, after: AgentInfo) -> Operation[AgentInfo | AgentReference]:
    """Send what differs between two states of an agent (V1-EP-04)."""
    return Operation(
        name="client.agents.edit",
        method="PATCH",
        path=path("/agents/{agent_id}", agent_id=before.id),
        body=v1.encode_edit_agent(before, after),
        parse=read_json(v1.decode_agent),
        attributes={"agentkit.agent.id": before.id},
    )


def delete_agent(agent_id: str) -> Operation[None]:
    """Delete an agent; whatever stands in the answer is not read (V1-EP-05, SDKC-04)."""
    return Operation(
        name="client.agents.delete",
        method="DELETE",
        path=path("/agents/{agent_id}", agent_id=agent_id),
        parse=read_nothing,
        attributes={"agentkit.agent.id": agent_id},
    )


def get_card(agent_id: str) -> Operation[AgentCard]:
    """An agent's card (V1-EP-06)."""
    return Operation(
        name="client.agents.card",
        method="GET",
        path=path("/agents/{agent_id}/agent-card.json", agent_id=agent_id),
        parse=read_json(v1.decode_card),
        attributes={"agentkit.agent.id": agent_id},
    )


def list_experts(limit: int | None, offset: int | None) -> Operation[tuple[RegistryExpert, ...]]:
    """The experts of the registry (V1-EP-12)."""
    return Operation(
        name="client.experts.list",
        method="GET",
        path="/agents/registry/experts",
        query=query(limit=limit, offset=offset),
        parse=read_json(v1.decode_registry),
    )


def _static_tokens(experts: Iterable[AnyExpert], servers: Iterable[McpServerSpec]) -> frozenset[str]:
    """The bearers in a spec (V1-OBJ-05)."""
    nested = (server for expert in experts if isinstance(expert, ExpertSpec) for server in expert.servers)
    return frozenset(server.token for server in (*servers, *nested) if server.token)
