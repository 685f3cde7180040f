"""v1 of the agents API (`/agents`): documented, deprecated upstream (section 6 of the API contract)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from agentkit.client import v1
from agentkit.client.operation import Answer, Operation
from agentkit.client.page import Page
from agentkit.errors import UnsupportedByGeneration

if TYPE_CHECKING:
    from agentkit.client.generation import AgentQuery, Binding
    from agentkit.client.operation import StreamOperation
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

T = TypeVar("T")

PAGE_SIZE: Final = 100
"""Items of a page; the service may cap one without saying so (V1-AGENT-07), so a list ends with an empty page."""


class V1:
    """The first generation; `Generation` tells what the methods do."""

    name: GenerationName = "v1"

    def __init__(self, binding: Binding | None = None) -> None:
        """Speak v1.

        Args:
            binding: How messages travel. REST where nothing is said; streams and cancelling exist over JSON-RPC only
                (V1-RPC-01).
        """
        self._binding = binding

    def create_agent(self, spec: AgentSpec) -> Operation[AgentInfo | AgentReference]:
        """Create an agent."""
        return v1.create_agent(spec)

    def list_agents(self, query: AgentQuery, token: str | None) -> Operation[Page[AgentInfo | AgentReference]]:
        """A page of agents; the token is an offset.

        Raises:
            UnsupportedByGeneration: Something is searched for.
        """
        for feature, value in (("text", query.text), ("visibility", query.visibility), ("labels", query.labels)):
            if value:
                raise UnsupportedByGeneration(f"listing agents by {feature}", "v1", ("v2",))
        size, offset = _window(query.limit, query.offset, token)
        return _paged(v1.list_agents(size, offset, query.ephemeral), offset, size)

    def get_agent(self, agent_id: str) -> Operation[AgentInfo | AgentReference]:
        """One agent."""
        return v1.get_agent(agent_id)

    def update_agent(self, agent_id: str, changes: AgentChanges) -> Operation[AgentInfo | AgentReference]:
        """Change an agent."""
        return v1.update_agent(agent_id, changes)

    def edit_agent(self, before: AgentInfo, after: AgentInfo) -> Operation[AgentInfo | AgentReference]:
        """Turn an agent from one state into another."""
        return v1.edit_agent(before, after)

    def delete_agent(self, agent_id: str) -> Operation[None]:
        """Delete an agent."""
        return v1.delete_agent(agent_id)

    def get_card(self, agent_id: str) -> Operation[AgentCard]:
        """An agent's card."""
        return v1.get_card(agent_id)

    def send(
        self, agent_id: str, request: SendRequest, secrets: frozenset[str], *, is_repeatable: bool
    ) -> Operation[Task | Message]:
        """Send a message and wait for the answer."""
        send = v1.rpc.send_message if self._binding == "JSONRPC" else v1.send_message
        operation = send(agent_id, request, secrets)
        return operation if is_repeatable else replace(operation, is_repeatable=False)

    def stream(
        self, agent_id: str, request: SendRequest, secrets: frozenset[str], *, is_repeatable: bool
    ) -> StreamOperation[Event]:
        """Send a message and get the events of the turn (V1-RPC-01)."""
        return replace(v1.rpc.stream_message(agent_id, request, secrets), is_repeatable=is_repeatable)

    def subscribe(self, agent_id: str, task_id: str) -> StreamOperation[Event] | None:
        """Nothing: a task of v1 can only be looked at (V1-TASK-02)."""
        return None

    def get_task(self, agent_id: str, task_id: str, history_length: int | None) -> Operation[Task]:
        """One task."""
        get = v1.rpc.get_task if self._binding == "JSONRPC" else v1.get_task
        return get(agent_id, task_id, history_length)

    def list_tasks(
        self, agent_id: str, context_id: str | None, limit: int | None, token: str | None
    ) -> Operation[Page[Task]]:
        """Nothing.

        Raises:
            UnsupportedByGeneration: Always.
        """
        raise UnsupportedByGeneration("listing tasks", "v1", ("v2",))

    def cancel_task(self, agent_id: str, task_id: str) -> Operation[Task]:
        """Cancel a task; whether Corti's v1 offers it is unknown (V1-RPC-01)."""
        return v1.rpc.cancel_task(agent_id, task_id)

    def get_context(
        self, agent_id: str, context_id: str, *, limit: int | None, offset: int | None, history_length: int | None
    ) -> Operation[Context]:
        """One context.

        Raises:
            UnsupportedByGeneration: A history length is given.
        """
        if history_length is not None:
            raise UnsupportedByGeneration("a context with a history length", "v1", ("v2",))
        return v1.get_context(agent_id, context_id, limit, offset)

    def delete_context(self, agent_id: str, context_id: str) -> Operation[None]:
        """Delete a context."""
        return v1.delete_context(agent_id, context_id)

    def list_experts(
        self, text: str | None, limit: int | None, offset: int | None, token: str | None
    ) -> Operation[Page[RegistryExpert]]:
        """A page of the registry; the token is an offset.

        Raises:
            UnsupportedByGeneration: Something is searched for.
        """
        if text:
            raise UnsupportedByGeneration("searching the registry", "v1", ("v2",))
        size, begin = _window(limit, offset, token)
        return _paged(v1.list_experts(size, begin), begin, size)


def _window(limit: int | None, offset: int | None, token: str | None) -> tuple[int, int]:
    """How many items to ask for and where they begin: a page, or what is left of the limit."""
    first = offset or 0
    begin = int(token) if token else first
    return (PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - (begin - first))), begin


def _paged(operation: Operation[tuple[T, ...]], offset: int, size: int) -> Operation[Page[T]]:
    """The operation with its items as a page; the next one begins behind them."""

    def parse(answer: Answer) -> Page[T]:
        items = operation.parse(answer)
        return Page(items, str(offset + len(items)) if items else None, is_full=len(items) == size)

    return Operation(
        name=operation.name,
        method=operation.method,
        path=operation.path,
        query=operation.query,
        parse=parse,
        attributes=operation.attributes,
    )
