"""`agent.connectors`: what an agent of v2 may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentkit.client.v2 import connectors

if TYPE_CHECKING:
    from agentkit.client.session import AsyncSession
    from agentkit.models import ConnectorInfo
    from agentkit.specs import ConnectorChanges, ConnectorSpec


class Connectors:
    """What an agent may use, one by one: `agent.connectors`; v2 only (V2-EP-15 to V2-EP-17).

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: AsyncSession, agent_id: str) -> None:
        """Made by `AgentHandle`."""
        self._session = session
        self._agent_id = agent_id

    async def create(self, spec: ConnectorSpec) -> ConnectorInfo:
        """Add a connector."""
        return await self._session.call(connectors.create_connector(self._agent_id, spec))

    async def get(self, connector_id: str) -> ConnectorInfo:
        """A connector by its id."""
        return await self._session.call(connectors.get_connector(self._agent_id, connector_id))

    async def list(self) -> tuple[ConnectorInfo, ...]:
        """All connectors of the agent; the API does not page them."""
        return await self._session.call(connectors.list_connectors(self._agent_id))

    async def update(self, connector_id: str, changes: ConnectorChanges) -> ConnectorInfo:
        """Change the given fields of a connector; Corti answers 501 today (`NotImplementedByServerError`)."""
        return await self._session.call(connectors.update_connector(self._agent_id, connector_id, changes))

    async def delete(self, connector_id: str) -> None:
        """Remove a connector."""
        await self._session.call(connectors.delete_connector(self._agent_id, connector_id))
