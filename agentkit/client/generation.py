"""The two generations of the agents API behind one set of words.

v1 (`/agents`) is documented and deprecated upstream; v2 (`/agentic`) is its successor, in beta. A generation turns what
a caller wants into an operation, or raises `UnsupportedByGeneration` and says which one can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from agentkit.errors import ConfigurationError

if TYPE_CHECKING:
    from agentkit.client.operation import Operation, StreamOperation
    from agentkit.client.page import Page
    from agentkit.models import (
        AgentCard,
        AgentInfo,
        AgentReference,
        Context,
        Event,
        Message,
        RegistryExpert,
        SendRequest,
        Task,
    )
    from agentkit.specs import AgentChanges, AgentSpec
    from agentkit.wire.generations import GenerationName

GenerationChoice = Literal["auto", "v1", "v2"]
Binding = Literal["HTTP+JSON", "JSONRPC"]
"""How A2A messages travel, in A2A's words."""


def check_choice(generation: GenerationChoice, binding: Binding | None) -> None:
    """Refuse words that nobody knows.

    Raises:
        ConfigurationError: There is no such generation or binding.
    """
    if generation not in get_args(GenerationChoice):
        raise ConfigurationError("generation", "is unknown", remedy="Use auto, v1 or v2.")
    if binding is not None and binding not in get_args(Binding):
        raise ConfigurationError("binding", "is unknown", remedy="Use HTTP+JSON or JSONRPC.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentQuery:
    """Which agents to list.

    Attributes:
        limit: At most so many.
        offset: How many to leave out at the start; v1 only.
        ephemeral: Show ephemeral ones too (V1-AGENT-05); None leaves it to the server.
        text: Words to search for; v2 only.
        visibility: Of these visibilities only; v2 only.
        labels: With these labels only; v2 only.
    """

    limit: int | None = None
    offset: int | None = None
    ephemeral: bool | None = None
    text: str | None = None
    visibility: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


class Generation(Protocol):
    """One generation of the agents API."""

    @property
    def name(self) -> GenerationName:
        """`v1` or `v2`."""
        ...

    def create_agent(self, spec: AgentSpec) -> Operation[AgentInfo | AgentReference]:
        """Create an agent."""
        ...

    def list_agents(self, query: AgentQuery, token: str | None) -> Operation[Page[AgentInfo | AgentReference]]:
        """A page of agents."""
        ...

    def get_agent(self, agent_id: str) -> Operation[AgentInfo | AgentReference]:
        """One agent."""
        ...

    def update_agent(self, agent_id: str, changes: AgentChanges) -> Operation[AgentInfo | AgentReference]:
        """Change an agent."""
        ...

    def edit_agent(self, before: AgentInfo, after: AgentInfo) -> Operation[AgentInfo | AgentReference]:
        """Turn an agent from one state into another."""
        ...

    def delete_agent(self, agent_id: str) -> Operation[None]:
        """Delete an agent."""
        ...

    def get_card(self, agent_id: str) -> Operation[AgentCard]:
        """An agent's card."""
        ...

    def send(
        self, agent_id: str, request: SendRequest, secrets: frozenset[str], *, is_repeatable: bool
    ) -> Operation[Task | Message]:
        """Send a message and wait for the answer."""
        ...

    def stream(
        self, agent_id: str, request: SendRequest, secrets: frozenset[str], *, is_repeatable: bool
    ) -> StreamOperation[Event]:
        """Send a message and get the events of the turn."""
        ...

    def subscribe(self, agent_id: str, task_id: str) -> StreamOperation[Event] | None:
        """The events of a task from now on; None where a task can only be looked at."""
        ...

    def get_task(self, agent_id: str, task_id: str, history_length: int | None) -> Operation[Task]:
        """One task."""
        ...

    def list_tasks(
        self, agent_id: str, context_id: str | None, limit: int | None, token: str | None
    ) -> Operation[Page[Task]]:
        """A page of an agent's tasks."""
        ...

    def cancel_task(self, agent_id: str, task_id: str) -> Operation[Task]:
        """Cancel a task."""
        ...

    def get_context(
        self, agent_id: str, context_id: str, *, limit: int | None, offset: int | None, history_length: int | None
    ) -> Operation[Context]:
        """One context."""
        ...

    def delete_context(self, agent_id: str, context_id: str) -> Operation[None]:
        """Delete a context."""
        ...

    def list_experts(
        self, text: str | None, limit: int | None, offset: int | None, token: str | None
    ) -> Operation[Page[RegistryExpert]]:
        """A page of the registry."""
        ...
