"""Agents, registry and cards (V1-EP-01 to V1-EP-06, V1-EP-12)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from starlette.responses import Response

from agentkit.errors import AgentNotFound
from agentkit.models import AgentCapabilities, AgentCard
from agentkit.platform.agents.drafting import Drafting
from agentkit.platform.answers import json_answer
from agentkit.platform.orchestration.orchestrator import Orchestrator
from agentkit.platform.problems import bad_request, unknown_agent
from agentkit.platform.requests import path_id, query_flag, query_page, read_json
from agentkit.platform.v1.gate import Call
from agentkit.wire import v1

_MODES: Final = ("text/plain", "application/json")
_VERSION: Final = version("corti-agentkit")


async def create(call: Call) -> Response:
    """POST /agents (V1-EP-01)."""
    ephemeral = query_flag(call.request, "ephemeral")
    body = await read_json(call.request, call.services.settings.limits)
    spec = v1.decode_create_agent(body, ephemeral=ephemeral)
    try:
        record = await _drafting(call).create(spec)
    except AgentNotFound as error:
        raise bad_request("expert_not_found", error.message, error.remedy) from None
    await call.services.agents.add(call.ownership, record)
    return json_answer(v1.encode_agent(record.info), 201)


async def page(call: Call) -> Response:
    """GET /agents (V1-EP-02)."""
    limit, offset = query_page(call.request)
    ephemeral = query_flag(call.request, "ephemeral")
    infos = await call.services.agents.page(call.ownership, limit=limit, offset=offset, ephemeral=ephemeral)
    return json_answer([v1.encode_agent(info) for info in infos])


async def get(call: Call) -> Response:
    """GET /agents/{agent} (V1-EP-03)."""
    return json_answer(v1.encode_agent((await call.agent()).info))


async def update(call: Call) -> Response:
    """PATCH /agents/{agent} (V1-EP-04)."""
    missing = unknown_agent("agent_not_found", "expert_not_found")
    agent_id = (await call.agent(missing)).info.id
    changes = v1.decode_update_agent(await read_json(call.request, call.services.settings.limits))
    drafting = _drafting(call)
    try:
        changed = await call.services.agents.change(
            call.ownership, agent_id, lambda record: drafting.change(record, changes)
        )
    except AgentNotFound as error:
        raise bad_request("expert_not_found", error.message, error.remedy) from None
    if changed is None:
        raise missing
    return json_answer(v1.encode_agent(changed.info))


async def delete(call: Call) -> Response:
    """DELETE /agents/{agent} (V1-EP-05)."""
    if not await call.services.agents.delete(call.ownership, path_id(call.request, "agent")):
        raise unknown_agent("agent_delete_failed", "expert_delete_failed", "expert_not_found")
    return Response(status_code=204)


async def card(call: Call) -> Response:
    """GET /agents/{agent}/agent-card.json (V1-EP-06, V1-CARD-01)."""
    record = await call.agent()
    orchestrator = Orchestrator(call.services.workshop, record, first=False)
    shown = AgentCard(
        name=orchestrator.name,
        description=orchestrator.description,
        url=f"{call.services.settings.url.rstrip('/')}/agents/{record.info.id}/v1",
        version=_VERSION,
        capabilities=AgentCapabilities(),
        default_input_modes=_MODES,
        default_output_modes=_MODES,
        skills=orchestrator.skills,
    )
    return json_answer(v1.encode_card(shown))


async def registry(call: Call) -> Response:
    """GET /agents/registry/experts (V1-EP-12)."""
    limit, offset = query_page(call.request)
    entries = list(call.services.registry)[offset:]
    return json_answer(v1.encode_registry(entry.shown() for entry in entries[:limit]))


def _drafting(call: Call) -> Drafting:
    return Drafting(call.services.agents, call.services.registry, call.ownership)
