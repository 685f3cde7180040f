"""The blocking API by resource: the twin of `resources`, method by method (a test compares the two)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agentkit.client import v1
from agentkit.client.outgoing import send_operation
from agentkit.client.reply import Reply

if TYPE_CHECKING:
    from agentkit.client.blocking_session import BlockingSession
    from agentkit.credentials import Credential
    from agentkit.models import AgentCard, AgentInfo, AgentReference, Context, JsonObject, Message, RegistryExpert, Task
    from agentkit.specs import AgentChanges, AgentSpec


class BlockingAgentHandle:
    """An agent that exists at Corti, to be talked to.

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession, info: AgentInfo | AgentReference, agent_id: str = "") -> None:
        """Handles come from `corti.agents`."""
        self._session = session
        self._info = info
        self._id = info.id or agent_id

    def __repr__(self) -> str:
        """Names the agent."""
        return f"BlockingAgentHandle(id={self.id!r})"

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

    def send(
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
        return Reply(self._session.call(operation))

    def task(self, task_id: str, *, history_length: int | None = None) -> Task:
        """A task of this agent, with at most `history_length` messages (V1-TASK-01)."""
        return self._session.call(v1.get_task(self.id, task_id, history_length))

    def context(self, context_id: str, *, limit: int | None = None, offset: int | None = None) -> Context:
        """A conversation with this agent, or a page of its items (V1-CTXEP-01)."""
        return self._session.call(v1.get_context(self.id, context_id, limit, offset))

    def delete_context(self, context_id: str) -> None:
        """Delete a conversation and its memory for good (V1-CTXEP-02)."""
        self._session.call(v1.delete_context(self.id, context_id))

    def card(self) -> AgentCard:
        """The agent's card."""
        return self._session.call(v1.get_card(self.id))


class BlockingAgents:
    """`corti.agents`.

    Every method raises an `AgentKitError`: `ApiError` by status, `AuthenticationError`, `TransportError`, `WireError`.
    """

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def create(self, spec: AgentSpec) -> BlockingAgentHandle:
        """Create an agent."""
        return BlockingAgentHandle(self._session, self._session.call(v1.create_agent(spec)))

    def get(self, agent_id: str) -> BlockingAgentHandle:
        """An agent by its id."""
        return BlockingAgentHandle(self._session, self._session.call(v1.get_agent(agent_id)), agent_id)

    def list(
        self, *, limit: int | None = None, offset: int | None = None, ephemeral: bool | None = None
    ) -> tuple[BlockingAgentHandle, ...]:
        """Agents in the order of their creation; without a limit all that the server gives (V1-AGENT-07).

        Args:
            limit: At most so many.
            offset: How many to leave out at the start.
            ephemeral: Show ephemeral ones too (V1-AGENT-05).
        """
        found = self._session.call(v1.list_agents(limit, offset, ephemeral))
        return tuple(BlockingAgentHandle(self._session, info) for info in found)

    def update(self, agent_id: str, changes: AgentChanges) -> BlockingAgentHandle:
        """Change the given fields of an agent; sequences replace the old ones (V1-AGENT-03)."""
        info = self._session.call(v1.update_agent(agent_id, changes))
        return BlockingAgentHandle(self._session, info, agent_id)

    def delete(self, agent_id: str) -> None:
        """Delete an agent and the experts made with it (V1-AGENT-06)."""
        self._session.call(v1.delete_agent(agent_id))

    def card(self, agent_id: str) -> AgentCard:
        """An agent's card."""
        return self._session.call(v1.get_card(agent_id))


class BlockingExperts:
    """`corti.experts`: the registry."""

    def __init__(self, session: BlockingSession) -> None:
        """Made by `Corti`."""
        self._session = session

    def list(self, *, limit: int | None = None, offset: int | None = None) -> tuple[RegistryExpert, ...]:
        """The experts on offer (EXP-03)."""
        return self._session.call(v1.list_experts(limit, offset))
