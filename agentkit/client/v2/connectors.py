"""The connectors of one agent of v2 (V2-EP-15 to V2-EP-17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.answers import read_json, read_nothing
from agentkit.client.operation import Operation, path
from agentkit.client.v2.agents import MERGE_PATCH
from agentkit.wire import v2

if TYPE_CHECKING:
    from agentkit.models import ConnectorInfo
    from agentkit.specs import ConnectorChanges, ConnectorSpec


def list_connectors(agent_id: str) -> Operation[tuple[ConnectorInfo, ...]]:
    """All connectors of an agent (V2-EP-15)."""
    return Operation(
        name="client.connectors.list",
        method="GET",
        root="base",
        path=path("/agentic/agents/{agent_id}/connectors", agent_id=agent_id),
        parse=read_json(v2.decode_connectors),
        attributes={"agentkit.agent.id": agent_id},
    )


def create_connector(agent_id: str, spec: ConnectorSpec) -> Operation[ConnectorInfo]:
    """Give an agent another connector (V2-EP-15).

    Raises:
        UnsupportedByGeneration: The spec uses what only v1 can do.
    """
    return Operation(
        name="client.connectors.create",
        method="POST",
        root="base",
        path=path("/agentic/agents/{agent_id}/connectors", agent_id=agent_id),
        body=v2.encode_create_connector(spec),
        parse=read_json(v2.decode_connector),
        attributes={"agentkit.agent.id": agent_id},
    )


def get_connector(agent_id: str, connector_id: str) -> Operation[ConnectorInfo]:
    """One connector (V2-EP-16)."""
    return Operation(
        name="client.connectors.get",
        method="GET",
        root="base",
        path=_one(agent_id, connector_id),
        parse=read_json(v2.decode_connector),
        attributes={"agentkit.agent.id": agent_id},
    )


def update_connector(agent_id: str, connector_id: str, changes: ConnectorChanges) -> Operation[ConnectorInfo]:
    """Change a connector, as a merge patch (V2-EP-17); Corti answers 501 today."""
    return Operation(
        name="client.connectors.update",
        method="PATCH",
        root="base",
        path=_one(agent_id, connector_id),
        body=v2.encode_update_connector(changes),
        content_type=MERGE_PATCH,
        parse=read_json(v2.decode_connector),
        attributes={"agentkit.agent.id": agent_id},
    )


def delete_connector(agent_id: str, connector_id: str) -> Operation[None]:
    """Take a connector from an agent (V2-EP-16)."""
    return Operation(
        name="client.connectors.delete",
        method="DELETE",
        root="base",
        path=_one(agent_id, connector_id),
        parse=read_nothing,
        attributes={"agentkit.agent.id": agent_id},
    )


def _one(agent_id: str, connector_id: str) -> str:
    template = "/agentic/agents/{agent_id}/connectors/{connector_id}"
    return path(template, agent_id=agent_id, connector_id=connector_id)
