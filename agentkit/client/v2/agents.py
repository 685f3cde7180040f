"""Agents of v2 (V2-EP-01 to V2-EP-06). Ids may be prefixed or bare (V2-ID-01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from agentkit.client.answers import read_json, read_nothing, read_page
from agentkit.client.operation import Operation, path, query
from agentkit.wire import v2

if TYPE_CHECKING:
    from agentkit.client.page import Page
    from agentkit.models import AgentCard, AgentInfo
    from agentkit.specs import AgentChanges, AgentSpec

MERGE_PATCH: Final = "application/merge-patch+json"
"""The media type of changes (V2-EP-04, V2-EP-17)."""


def create_agent(spec: AgentSpec) -> Operation[AgentInfo]:
    """Create an agent (V2-EP-01); a name that is taken is answered by 409.

    Raises:
        UnsupportedByGeneration: The spec uses what only v1 can do.
        SpecError: A text is longer than v2 takes.
    """
    return Operation(
        name="client.agents.create",
        method="POST",
        root="base",
        path="/agentic/agents",
        body=v2.encode_create_agent(spec),
        parse=read_json(v2.decode_agent),
        attributes={"agentkit.agent.name": spec.name},
    )


def list_agents(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    visibility: Sequence[str] = (),
    lifecycle: str | None = None,
    labels: Mapping[str, str] | None = None,
    text: str | None = None,
) -> Operation[Page[AgentInfo]]:
    """A page of agents (V2-EP-02). Corti takes the filters and does not honour them today (V2-LOC-01).

    Args:
        page_size: 1 to 200; the server's default is 50.
        page_token: `Page.next_token` of the page before.
        visibility: Of these visibilities only.
        lifecycle: `ephemeral` or `persistent` only.
        labels: With these labels only.
        text: Words to search for.
    """
    filters = query(pageSize=page_size, pageToken=page_token, lifecycle=lifecycle, q=text)
    repeated = {
        "visibility": tuple(visibility),
        "label": tuple(f"{key}={value}" for key, value in (labels or {}).items()),
    }
    return Operation(
        name="client.agents.list",
        method="GET",
        root="base",
        path="/agentic/agents",
        query={**filters, **{key: values for key, values in repeated.items() if values}},
        parse=read_page(v2.decode_agents),
    )


def get_agent(agent_id: str) -> Operation[AgentInfo]:
    """One agent (V2-EP-03)."""
    return Operation(
        name="client.agents.get",
        method="GET",
        root="base",
        path=path("/agentic/agents/{agent_id}", agent_id=agent_id),
        parse=read_json(v2.decode_agent),
        attributes={"agentkit.agent.id": agent_id},
    )


def update_agent(agent_id: str, changes: AgentChanges) -> Operation[AgentInfo]:
    """Change the given fields of an agent, as a merge patch (V2-EP-04).

    Raises:
        UnsupportedByGeneration: The changes use what only v1 can do.
        SpecError: A text is longer than v2 takes.
    """
    return Operation(
        name="client.agents.update",
        method="PATCH",
        root="base",
        path=path("/agentic/agents/{agent_id}", agent_id=agent_id),
        body=v2.encode_update_agent(changes),
        content_type=MERGE_PATCH,
        parse=read_json(v2.decode_agent),
        attributes={"agentkit.agent.id": agent_id},
    )


def edit_agent(before: AgentInfo, after: AgentInfo) -> Operation[AgentInfo]:
    """Send what differs between two states of an agent, as a merge patch (V2-EP-04).

    Raises:
        WireError: A connector lacks what its type needs.
    """
    return Operation(
        name="client.agents.edit",
        method="PATCH",
        root="base",
        path=path("/agentic/agents/{agent_id}", agent_id=before.id),
        body=v2.encode_edit_agent(before, after),
        content_type=MERGE_PATCH,
        parse=read_json(v2.decode_agent),
        attributes={"agentkit.agent.id": before.id},
    )


def delete_agent(agent_id: str) -> Operation[None]:
    """Delete an agent; doing it again is no error (V2-EP-05)."""
    return Operation(
        name="client.agents.delete",
        method="DELETE",
        root="base",
        path=path("/agentic/agents/{agent_id}", agent_id=agent_id),
        parse=read_nothing,
        attributes={"agentkit.agent.id": agent_id},
    )


def get_card(agent_id: str) -> Operation[AgentCard]:
    """An agent's A2A 1.0 card (V2-EP-06)."""
    return Operation(
        name="client.agents.card",
        method="GET",
        root="base",
        path=path("/agentic/agents/{agent_id}/.well-known/agent-card.json", agent_id=agent_id),
        parse=read_json(v2.decode_card),
        attributes={"agentkit.agent.id": agent_id},
    )
