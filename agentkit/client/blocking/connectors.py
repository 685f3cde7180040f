# Made from resources/connectors.py: change that file, then run `make twins`.
"""`agent.connectors`: what an agent of v2 may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.v2 import connectors

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.models import ConnectorInfo
    from agentkit.specs import ConnectorChanges, ConnectorSpec


class BlockingConnectors:
    """What an agent may use, one by one: `agent.connectors`; v2 only (V2-EP-15 to V2-EP-17).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession, agent_id: str) -> None:
        """Made by `AgentHandle`."""
        self._session = session
        self._agent_id = agent_id

    def create(self, spec: ConnectorSpec) -> ConnectorInfo:
        """Add a connector."""
        return self._session.call(connectors.create_connector(self._agent_id, spec))

    def get(self, connector_id: str) -> ConnectorInfo:
        """A connector by its id."""
        return self._session.call(connectors.get_connector(self._agent_id, connector_id))

    def list(self) -> tuple[ConnectorInfo, ...]:
        """All connectors of the agent; the API does not page them."""
        return self._session.call(connectors.list_connectors(self._agent_id))

    def update(self, connector_id: str, changes: ConnectorChanges) -> ConnectorInfo:
        """Change the given fields of a connector; Corti answers 501 today (`NotImplementedByServerError`)."""
        return self._session.call(connectors.update_connector(self._agent_id, connector_id, changes))

    def delete(self, connector_id: str) -> None:
        """Remove a connector."""
        self._session.call(connectors.delete_connector(self._agent_id, connector_id))
