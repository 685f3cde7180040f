"""v2 of the agents API (`/agentic`): the successor, in beta (section 14 of the API contract)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from agentkit.client.v2 import agents, contexts, messages, registry, rpc
from agentkit.errors import UnsupportedByGeneration

if TYPE_CHECKING:
    from agentkit.client.generation import AgentQuery, Binding
    from agentkit.client.operation import Operation, StreamOperation
    from agentkit.client.page import Page
    from agentkit.models import (
        AgentCard,
        AgentInfo,
        AgentReference,
        Context,
        Event,
        Message,
        RegistryConnector,
        RegistryExpert,
        SendRequest,
        Task,
    )
    from agentkit.specs import AgentChanges, AgentSpec
    from agentkit.wire.generations import GenerationName

LARGEST_PAGE: Final = 200
"""Items of the largest page (V2-PAGE-01)."""


class V2:
    """The second generation; `Generation` tells what the methods do."""

    name: GenerationName = "v2"

    def __init__(self, binding: Binding | None = None) -> None:
        """Speak v2.

        Args:
            binding: How messages travel. JSON-RPC where nothing is said: only there Corti tells what a turn used
                (V2-OBJ-14), and over HTTP+JSON it shows `auth-required` as `failed` (V2-AUTH-01).
        """
        self._a2a = messages if binding == "HTTP+JSON" else rpc

    def create_agent(self, spec: AgentSpec) -> Operation[AgentInfo | AgentReference]:
        """Create an agent."""
        return agents.create_agent(spec)

    def list_agents(self, query: AgentQuery, token: str | None) -> Operation[Page[AgentInfo | AgentReference]]:
        """A page of agents.

        Raises:
            UnsupportedByGeneration: An offset is given.
        """
        if query.offset is not None:
            raise UnsupportedByGeneration("listing agents from an offset", "v2", ("v1",))
        return agents.list_agents(
            page_size=page_size(query.limit),
            page_token=token,
            visibility=query.visibility,
            lifecycle="persistent" if query.ephemeral is False else None,
            labels=query.labels,
            text=query.text,
        )

    def get_agent(self, agent_id: str) -> Operation[AgentInfo | AgentReference]:
        """One agent."""
        return agents.get_agent(agent_id)

    def update_agent(self, agent_id: str, changes: AgentChanges) -> Operation[AgentInfo | AgentReference]:
        """Change an agent."""
        return agents.update_agent(agent_id, changes)

    def edit_agent(self, before: AgentInfo, after: AgentInfo) -> Operation[AgentInfo | AgentReference]:
        """Turn an agent from one state into another."""
        return agents.edit_agent(before, after)

    def delete_agent(self, agent_id: str) -> Operation[None]:
        """Delete an agent."""
        return agents.delete_agent(agent_id)

    def get_card(self, agent_id: str) -> Operation[AgentCard]:
        """An agent's card."""
        return agents.get_card(agent_id)

    def send(
        self, agent_id: str, request: SendRequest, secrets: frozenset[str], *, is_repeatable: bool
    ) -> Operation[Task | Message]:
        """Send a message and wait for the answer.

        Raises:
            UnsupportedByGeneration: A push configuration is given (V2-OBJ-13).
        """
        _check(request)
        operation = self._a2a.send_message(agent_id, request, secrets)
        return operation if is_repeatable else replace(operation, is_repeatable=False)

    def stream(
        self, agent_id: str, request: SendRequest, secrets: frozenset[str], *, is_repeatable: bool
    ) -> StreamOperation[Event]:
        """Send a message and get the events of the turn.

        Raises:
            UnsupportedByGeneration: A push configuration is given (V2-OBJ-13).
        """
        _check(request)
        operation = self._a2a.stream_message(agent_id, request, secrets)
        return replace(operation, is_repeatable=is_repeatable)

    def subscribe(self, agent_id: str, task_id: str) -> StreamOperation[Event] | None:
        """The events of a task from now on."""
        return self._a2a.subscribe(agent_id, task_id)

    def get_task(self, agent_id: str, task_id: str, history_length: int | None) -> Operation[Task]:
        """One task."""
        return self._a2a.get_task(agent_id, task_id, history_length)

    def list_tasks(
        self, agent_id: str, context_id: str | None, limit: int | None, token: str | None
    ) -> Operation[Page[Task]]:
        """A page of an agent's tasks."""
        return self._a2a.list_tasks(agent_id, context_id=context_id, page_size=page_size(limit), page_token=token)

    def cancel_task(self, agent_id: str, task_id: str) -> Operation[Task]:
        """Cancel a task."""
        return self._a2a.cancel_task(agent_id, task_id)

    def get_context(
        self, agent_id: str, context_id: str, *, limit: int | None, offset: int | None, history_length: int | None
    ) -> Operation[Context]:
        """One context, whichever agent it is with.

        Raises:
            UnsupportedByGeneration: A limit or an offset is given.
        """
        if limit is not None or offset is not None:
            raise UnsupportedByGeneration("a page of a context", "v2", ("v1",))
        return contexts.get_context(context_id, history_length)

    def delete_context(self, agent_id: str, context_id: str) -> Operation[None]:
        """Delete a context."""
        return contexts.delete_context(context_id)

    def list_experts(
        self, text: str | None, limit: int | None, offset: int | None, token: str | None
    ) -> Operation[Page[RegistryExpert]]:
        """A page of the registry.

        Raises:
            UnsupportedByGeneration: An offset is given.
        """
        if offset is not None:
            raise UnsupportedByGeneration("listing the registry from an offset", "v2", ("v1",))
        return registry.list_registry_connectors(page_size=page_size(limit), page_token=token, text=text)

    def get_registry_connector(self, connector_id: str) -> Operation[RegistryConnector]:
        """One entry of the registry."""
        return registry.get_registry_connector(connector_id)


def page_size(limit: int | None) -> int | None:
    """How many items to ask for at once, so that no more come than are wanted (V2-PAGE-01)."""
    return None if limit is None else max(1, min(limit, LARGEST_PAGE))


def _check(request: SendRequest) -> None:
    if request.push_notification is not None:
        raise UnsupportedByGeneration("a push configuration", "v2", ("v1",))
