"""`corti.agents`: the agents of a tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agentkit.client.generation import AgentQuery
from agentkit.client.resources.handle import AgentHandle
from agentkit.client.resources.pages import Pages

if TYPE_CHECKING:
    from agentkit.client.generations import Generations
    from agentkit.client.session import AsyncSession
    from agentkit.models import AgentCard, AgentInfo, AgentReference
    from agentkit.specs import AgentChanges, AgentSpec


class Agents:
    """The agents of a tenant: `corti.agents`.

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`,
    and `UnsupportedByGeneration` for what the chosen generation of the API cannot do.
    """

    def __init__(self, session: AsyncSession, generations: Generations) -> None:
        """Made by `AsyncCorti`."""
        self._session = session
        self._generations = generations

    async def create(self, spec: AgentSpec) -> AgentHandle:
        """Create an agent.

        Raises:
            UnsupportedByGeneration: The spec asks for something that the chosen generation, or with `auto` each
                generation, cannot do.
        """
        generation = self._generations.for_spec(spec)
        return AgentHandle(self._session, generation, await self._session.call(generation.create_agent(spec)))

    async def get(self, agent_id: str) -> AgentHandle:
        """An agent by its id; with `auto` the id tells the generation, `agt.<uuid>` is one of v2."""
        generation = self._generations.for_agent(agent_id)
        info = await self._session.call(generation.get_agent(agent_id))
        return AgentHandle(self._session, generation, info, agent_id)

    def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        ephemeral: bool | None = None,
        text: str | None = None,
        visibility: str | Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
    ) -> Pages[AgentInfo | AgentReference, AgentHandle]:
        """Agents in the server's order.

        Each generation lists its own. With `auto` these are those of v1, unless something is searched for that only v2
        understands; make the client with `generation="v2"` to see those of v2.

        Args:
            limit: At most so many.
            offset: How many to leave out at the start; v1 only.
            ephemeral: Show ephemeral ones too (V1-AGENT-05).
            text: Words to search for; v2 only, and not honoured by Corti today (V2-LOC-01), as the two below.
            visibility: Of this visibility, or these, only; v2 only.
            labels: With these labels only; v2 only.
        """
        query = AgentQuery(
            limit=limit,
            offset=offset,
            ephemeral=ephemeral,
            text=text,
            visibility=(visibility,) if isinstance(visibility, str) else visibility,
            labels=labels or {},
        )
        generation = self._generations.for_query(query)
        generation.list_agents(query, None)  # what it cannot do is said now, not with the first item
        return Pages(
            self._session,
            lambda token: generation.list_agents(query, token),
            lambda info: AgentHandle(self._session, generation, info),
            limit=limit,
        )

    async def update(self, agent_id: str, changes: AgentChanges) -> AgentHandle:
        """Change the given fields of an agent; sequences replace the old ones (V1-AGENT-03, V2-EP-04)."""
        generation = self._generations.for_agent(agent_id)
        info = await self._session.call(generation.update_agent(agent_id, changes))
        return AgentHandle(self._session, generation, info, agent_id)

    async def edit(self, before: AgentInfo, after: AgentInfo) -> AgentHandle:
        """Turn an agent from one state into another: what is equal in both is left alone.

        Where `update` replaces a whole list by what an author writes, here the items that stay keep what the API does
        not show of them (a static token) or lets nobody write, and in v1 an expert that changes keeps its id.

        Args:
            before: The agent as it was got.
            after: The same, changed with `model_copy(update=...)`: name, description and system prompt, in v1 experts
                and MCP servers (without an id they are new), in v2 connectors. Other fields are not looked at.
        """
        generation = self._generations.for_agent(before.id)
        info = await self._session.call(generation.edit_agent(before, after))
        return AgentHandle(self._session, generation, info, before.id)

    async def delete(self, agent_id: str) -> None:
        """Delete an agent and the experts made with it (V1-AGENT-06)."""
        await self._session.call(self._generations.for_agent(agent_id).delete_agent(agent_id))

    async def card(self, agent_id: str) -> AgentCard:
        """An agent's card."""
        return await self._session.call(self._generations.for_agent(agent_id).get_card(agent_id))
