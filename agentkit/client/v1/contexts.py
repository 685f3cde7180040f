"""Contexts of v1 (V1-EP-10, V1-EP-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.answers import read_json, read_nothing
from agentkit.client.operation import Operation, path, query
from agentkit.wire import v1

if TYPE_CHECKING:
    from agentkit.models import Context


def get_context(agent_id: str, context_id: str, limit: int | None, offset: int | None) -> Operation[Context]:
    """One context, or a page of it (V1-EP-10)."""
    return Operation(
        name="client.context",
        method="GET",
        path=path("/agents/{agent_id}/v1/contexts/{context_id}", agent_id=agent_id, context_id=context_id),
        query=query(limit=limit, offset=offset),
        parse=read_json(v1.decode_context),
        attributes={"agentkit.agent.id": agent_id, "agentkit.context.id": context_id},
    )


def delete_context(agent_id: str, context_id: str) -> Operation[None]:
    """Delete a context (V1-EP-11)."""
    return Operation(
        name="client.context.delete",
        method="DELETE",
        path=path("/agents/{agent_id}/v1/contexts/{context_id}", agent_id=agent_id, context_id=context_id),
        parse=read_nothing,
        attributes={"agentkit.agent.id": agent_id, "agentkit.context.id": context_id},
    )
