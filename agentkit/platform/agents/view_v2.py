"""An agent as v2 shows it (V2-OBJ-03 to V2-OBJ-10)."""

from __future__ import annotations

from typing import Final, assert_never

from agentkit.models import AgentId, AgentInfo, ConnectorAuth, ConnectorId, ConnectorInfo
from agentkit.models.ids import UserId
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
from agentkit.specs import Authorization

_AUTH: Final = {Authorization.OAUTH2: "oauth2"}


def shown_v2(record: AgentRecord) -> AgentInfo:
    """The agent as an answer of v2."""
    return AgentInfo(
        id=AgentId(record.id),
        name=record.name,
        description=record.description or "",
        system_prompt=record.prompt or "",
        connectors=tuple(connector_shown(connector) for connector in record.connectors),
        model=record.model,
        visibility=record.visibility.value,
        lifecycle="ephemeral" if record.ephemeral else "persistent",
        labels=dict(record.labels),
        created_at=record.created,
        updated_at=record.updated,
        created_by=UserId(record.ownership.user_id),
    )


def connector_shown(connector: Connector) -> ConnectorInfo:
    """A connector as an answer of v2.

    An expert that v1 wrote into its agent is shown as a connector `agent`, with its own id as that of the agent asked:
    at Corti every agent is an expert. What only v1 can say of a connector is not shown.
    """
    shown = ConnectorInfo(id=ConnectorId(connector.id), type=connector.kind, enabled=connector.enabled)
    match connector:
        case InlineExpert():
            return shown.model_copy(update={"type": "agent", "agent_id": AgentId(connector.id)})
        case RegistryConnector():
            return shown.model_copy(update={"name": connector.entry, "config": connector.config})
        case McpConnector():
            return shown.model_copy(update={"name": connector.name, "url": connector.url, "auth": _auth(connector)})
        case AgentConnector():
            return shown.model_copy(update={"agent_id": AgentId(connector.agent_id)})
        case RemoteConnector():
            return shown.model_copy(update={"name": connector.name, "url": connector.url})
        case SchemaConnector():
            return shown.model_copy(
                update={
                    "name": connector.name,
                    "output_schema": connector.output_schema,
                    "description": connector.description,
                    "transition": connector.transition.value,
                }
            )
        case _:
            assert_never(connector)


def _auth(connector: McpConnector) -> ConnectorAuth | None:
    """Nothing where the server needs nothing."""
    details = (connector.scope, connector.redirect_url, connector.auth_ref)
    if connector.authorization is Authorization.NONE and all(detail is None for detail in details):
        return None
    return ConnectorAuth(
        type=_AUTH.get(connector.authorization, connector.authorization.value),
        scope=connector.scope,
        redirect_url=connector.redirect_url,
        ref=connector.auth_ref,
    )
