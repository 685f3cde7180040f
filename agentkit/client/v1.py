"""The endpoints of the v1 agents API as operations (section 6 of the API contract)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from agentkit.client.operation import Answer, Operation, path, query
from agentkit.specs import AnyExpert, ExpertSpec, McpServerSpec
from agentkit.specs.agent import given
from agentkit.wire import v1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agentkit.models import (
        AgentCard,
        AgentInfo,
        AgentReference,
        Context,
        Message,
        RegistryExpert,
        SendRequest,
        Task,
    )
    from agentkit.specs import AgentChanges, AgentSpec

T = TypeVar("T")


def create_agent(spec: AgentSpec) -> Operation[AgentInfo | AgentReference]:
    """Create an agent; `ephemeral` travels in the query (V1-EP-01)."""
    return Operation(
        name="client.agents.create",
        method="POST",
        path="/agents",
        query=query(ephemeral=True if spec.ephemeral else None),
        body=v1.encode_create_agent(spec),
        parse=_json(v1.decode_agent),
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
        parse=_json(v1.decode_agents),
    )


def get_agent(agent_id: str) -> Operation[AgentInfo | AgentReference]:
    """One agent (V1-EP-03)."""
    return Operation(
        name="client.agents.get",
        method="GET",
        path=path("/agents/{agent_id}", agent_id=agent_id),
        parse=_json(v1.decode_agent),
        attributes={"agentkit.agent.id": agent_id},
    )


def update_agent(agent_id: str, changes: AgentChanges) -> Operation[AgentInfo | AgentReference]:
    """Change the given fields of an agent (V1-EP-04)."""
    return Operation(
        name="client.agents.update",
        method="PATCH",
        path=path("/agents/{agent_id}", agent_id=agent_id),
        body=v1.encode_update_agent(changes),
        parse=_json(v1.decode_agent),
        attributes={"agentkit.agent.id": agent_id},
        secrets=_static_tokens(given(changes.experts), given(changes.servers)),
    )


def delete_agent(agent_id: str) -> Operation[None]:
    """Delete an agent; whatever stands in the answer is not read (V1-EP-05, SDKC-04)."""
    return Operation(
        name="client.agents.delete",
        method="DELETE",
        path=path("/agents/{agent_id}", agent_id=agent_id),
        parse=_nothing,
        attributes={"agentkit.agent.id": agent_id},
    )


def get_card(agent_id: str) -> Operation[AgentCard]:
    """An agent's card (V1-EP-06)."""
    return Operation(
        name="client.agents.card",
        method="GET",
        path=path("/agents/{agent_id}/agent-card.json", agent_id=agent_id),
        parse=_json(v1.decode_card),
        attributes={"agentkit.agent.id": agent_id},
    )


def send_message(agent_id: str, request: SendRequest, secrets: frozenset[str]) -> Operation[Task | Message]:
    """Send a message (V1-EP-07)."""
    message = request.message
    return Operation(
        name="client.send",
        method="POST",
        path=path("/agents/{agent_id}/v1/message:send", agent_id=agent_id),
        body=v1.encode_send(request),
        parse=_json(v1.decode_send_answer),
        attributes={
            "agentkit.agent.id": agent_id,
            "agentkit.message.id": message.message_id,
            "agentkit.context.id": message.context_id,
            "agentkit.task.id": message.task_id,
            "agentkit.part.count": len(message.parts),
        },
        secrets=secrets,
    )


def get_task(agent_id: str, task_id: str, history_length: int | None) -> Operation[Task]:
    """One task (V1-EP-09)."""
    return Operation(
        name="client.task",
        method="GET",
        path=path("/agents/{agent_id}/v1/tasks/{task_id}", agent_id=agent_id, task_id=task_id),
        query=query(historyLength=history_length),
        parse=_json(v1.decode_task),
        attributes={"agentkit.agent.id": agent_id, "agentkit.task.id": task_id},
    )


def get_context(agent_id: str, context_id: str, limit: int | None, offset: int | None) -> Operation[Context]:
    """One context, or a page of it (V1-EP-10)."""
    return Operation(
        name="client.context",
        method="GET",
        path=path("/agents/{agent_id}/v1/contexts/{context_id}", agent_id=agent_id, context_id=context_id),
        query=query(limit=limit, offset=offset),
        parse=_json(v1.decode_context),
        attributes={"agentkit.agent.id": agent_id, "agentkit.context.id": context_id},
    )


def delete_context(agent_id: str, context_id: str) -> Operation[None]:
    """Delete a context (V1-EP-11)."""
    return Operation(
        name="client.context.delete",
        method="DELETE",
        path=path("/agents/{agent_id}/v1/contexts/{context_id}", agent_id=agent_id, context_id=context_id),
        parse=_nothing,
        attributes={"agentkit.agent.id": agent_id, "agentkit.context.id": context_id},
    )


def list_experts(limit: int | None, offset: int | None) -> Operation[tuple[RegistryExpert, ...]]:
    """The experts of the registry (V1-EP-12)."""
    return Operation(
        name="client.experts.list",
        method="GET",
        path="/agents/registry/experts",
        query=query(limit=limit, offset=offset),
        parse=_json(v1.decode_registry),
    )


def _static_tokens(experts: Iterable[AnyExpert], servers: Iterable[McpServerSpec]) -> frozenset[str]:
    """The bearers in a spec (V1-OBJ-05)."""
    nested = (server for expert in experts if isinstance(expert, ExpertSpec) for server in expert.servers)
    return frozenset(server.token for server in (*servers, *nested) if server.token)


def _json(decode: Callable[[object], T]) -> Callable[[Answer], T]:
    return lambda answer: decode(answer.json())


def _nothing(_answer: Answer) -> None:
    return None
