"""The asynchronous API by resource."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agentkit.client import v1
from agentkit.client.outgoing import send_operation
from agentkit.client.reply import Reply

if TYPE_CHECKING:
    from agentkit.client.session import AsyncSession
    from agentkit.credentials import Credential
    from agentkit.models import AgentCard, AgentInfo, AgentReference, Context, JsonObject, Message, RegistryExpert, Task
    from agentkit.specs import AgentChanges, AgentSpec


class AgentHandle:
    """An agent that exists at Corti, to be talked to.

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: AsyncSession, info: AgentInfo | AgentReference, agent_id: str = "") -> None:
        """Handles come from `corti.agents`."""
        self._session = session
        self._info = info
        self._id = info.id or agent_id

    def __repr__(self) -> str:
        """Names the agent."""
        return f"AgentHandle(id={self.id!r})"

    @property
    def info(self) -> AgentInfo | AgentReference:
        """The agent as the API showed it last."""
        return self._info

    @property
    def id(self) -> str:
        """The agent's id; empty for a reference that has none."""
        return self._id

    @property
    def name(self) -> str:
        """The agent's name; empty for a reference that has none."""
        return self._info.name or ""

    async def send(
        self,
        message: str | Message,
        *,
        context: str | None = None,
        task: str | Task | None = None,
        credentials: Iterable[Credential] = (),
        data: Sequence[JsonObject] = (),
        blocking: bool = True,
        history_length: int | None = None,
    ) -> Reply:
        """Send a message.

        Args:
            message: The text, or a whole message.
            context: The conversation to go on in, `reply.context` of an earlier reply; None starts one (CTX-01).
            task: The task that asked back, to be answered (V1-SEND-02).
            credentials: For the agent's MCP servers; needed on the first message of a context only (MCPAUTH-14).
            data: JSON objects to be sent as data parts.
            blocking: Wait for a final or interrupted state; otherwise ask for the task with `task()` (V1-SEND-08).
            history_length: At most so many messages in the task's history.

        Returns:
            The reply. A task that failed or asks back is a reply too: look at its `state`.
        """
        operation = send_operation(
            self.id,
            message,
            context=context,
            task=task,
            credentials=credentials,
            data=data,
            blocking=blocking,
            history_length=history_length,
        )
        return Reply(await self._session.call(operation))

    async def task(self, task_id: str, *, history_length: int | None = None) -> Task:
        """A task of this agent, with at most `history_length` messages (V1-TASK-01)."""
        return await self._session.call(v1.get_task(self.id, task_id, history_length))

    async def context(self, context_id: str, *, limit: int | None = None, offset: int | None = None) -> Context:
        """A conversation with this agent, or a page of its items (V1-CTXEP-01)."""
        return await self._session.call(v1.get_context(self.id, context_id, limit, offset))

    async def delete_context(self, context_id: str) -> None:
        """Delete a conversation and its memory for good (V1-CTXEP-02)."""
        await self._session.call(v1.delete_context(self.id, context_id))

    async def card(self) -> AgentCard:
        """The agent's card."""
        return await self._session.call(v1.get_card(self.id))


class Agents:
    """`corti.agents`.

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: AsyncSession) -> None:
        """Made by `AsyncCorti`."""
        self._session = session

    async def create(self, spec: AgentSpec) -> AgentHandle:
        """Create an agent."""
        return AgentHandle(self._session, await self._session.call(v1.create_agent(spec)))

    async def get(self, agent_id: str) -> AgentHandle:
        """An agent by its id."""
        return AgentHandle(self._session, await self._session.call(v1.get_agent(agent_id)), agent_id)

    async def list(
        self, *, limit: int | None = None, offset: int | None = None, ephemeral: bool | None = None
    ) -> tuple[AgentHandle, ...]:
        """Agents in the order of their creation; without a limit all that the server gives (V1-AGENT-07).

        Args:
            limit: At most so many.
            offset: How many to leave out at the start.
            ephemeral: Show ephemeral ones too (V1-AGENT-05).
        """
        found = await self._session.call(v1.list_agents(limit, offset, ephemeral))
        return tuple(AgentHandle(self._session, info) for info in found)

    async def update(self, agent_id: str, changes: AgentChanges) -> AgentHandle:
        """Change the given fields of an agent; sequences replace the old ones (V1-AGENT-03)."""
        info = await self._session.call(v1.update_agent(agent_id, changes))
        return AgentHandle(self._session, info, agent_id)

    async def delete(self, agent_id: str) -> None:
        """Delete an agent and the experts made with it (V1-AGENT-06)."""
        await self._session.call(v1.delete_agent(agent_id))

    async def card(self, agent_id: str) -> AgentCard:
        """An agent's card."""
        return await self._session.call(v1.get_card(agent_id))


class Experts:
    """`corti.experts`: the registry."""

    def __init__(self, session: AsyncSession) -> None:
        """Made by `AsyncCorti`."""
        self._session = session

    async def list(self, *, limit: int | None = None, offset: int | None = None) -> tuple[RegistryExpert, ...]:
        """The experts on offer (EXP-03)."""
        return await self._session.call(v1.list_experts(limit, offset))
