"""Agents, registry and cards (V1-EP-01 to V1-EP-06, V1-EP-12)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from starlette.responses import Response

from agentkit.errors import WireError
from agentkit.platform.agents.cards import card_v1
from agentkit.platform.agents.connecting import UNKNOWN
from agentkit.platform.agents.drafting_v1 import DraftingV1
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.selection import Selection
from agentkit.platform.agents.view_v1 import shown_v1
from agentkit.platform.answers import json_answer
from agentkit.platform.problems import Problem, bad_request, unknown_agent
from agentkit.platform.requests import query_flag, query_page, read_json
from agentkit.platform.turns import delete_agent
from agentkit.platform.v1.gate import Call
from agentkit.wire import v1


async def create(call: Call) -> Response:
    """POST /agents (V1-EP-01)."""
    ephemeral = query_flag(call.request, "ephemeral")
    body = await read_json(call.request, call.services.settings.limits.bounds)
    spec = v1.decode_create_agent(body, ephemeral=ephemeral)
    with _references_known():
        record = await _drafting(call).create(spec)
    await call.services.agents.add(record)
    return json_answer(v1.encode_agent(shown_v1(record)), 201)


async def page(call: Call) -> Response:
    """GET /agents (V1-EP-02)."""
    limit, offset = query_page(call.request)
    every = query_flag(call.request, "ephemeral")
    selection = Selection(ephemeral=None if every else False)
    found = await call.services.agents.listed(call.ownership, selection, limit=limit, offset=offset)
    return json_answer([v1.encode_agent(shown_v1(listed.record)) for listed in found])


async def get(call: Call) -> Response:
    """GET /agents/{agent} (V1-EP-03)."""
    return json_answer(v1.encode_agent(shown_v1(await call.agent())))


async def update(call: Call) -> Response:
    """PATCH /agents/{agent} (V1-EP-04)."""
    missing = unknown_agent("agent_not_found", "expert_not_found")
    record = _own(call, await call.agent(missing))
    body = await read_json(call.request, call.services.settings.limits.bounds)
    changes, ids = v1.decode_update_agent(body), v1.decode_shown_ids(body)
    drafting = _drafting(call)
    with _references_known():
        changed = await call.services.agents.change(record.id, lambda now: drafting.change(now, changes, ids))
    if changed is None:
        raise missing
    return json_answer(v1.encode_agent(shown_v1(changed)))


async def delete(call: Call) -> Response:
    """DELETE /agents/{agent} (V1-EP-05, V1-AGENT-08)."""
    missing = unknown_agent("agent_delete_failed", "expert_delete_failed", "expert_not_found")
    record = _own(call, await call.agent(missing))
    if not await delete_agent(call.services, record):
        raise missing
    return Response(status_code=204)


async def card(call: Call) -> Response:
    """GET /agents/{agent}/agent-card.json (V1-EP-06, V1-CARD-01)."""
    return json_answer(v1.encode_card(card_v1(await call.agent(), call.services.settings.url)))


async def registry(call: Call) -> Response:
    """GET /agents/registry/experts (V1-EP-12)."""
    limit, offset = query_page(call.request)
    entries = list(call.services.registry)[offset:]
    return json_answer(v1.encode_registry(entry.shown_v1() for entry in entries[:limit]))


def _drafting(call: Call) -> DraftingV1:
    return DraftingV1(call.services.agents, call.services.registry, call.ownership)


def _own(call: Call, record: AgentRecord) -> AgentRecord:
    """The agent, when the caller may change it.

    Raises:
        Problem: 403, it is somebody else's; 400, it is an expert of an agent and changed with it.
    """
    if record.ownership != call.ownership:
        raise Problem(403, "forbidden", "The agent belongs to somebody else.", how_to_fix="Its owner can change it.")
    if record.part_of is not None:
        how_to_fix = f"Change it with its agent: PATCH /agents/{record.part_of}."
        raise bad_request("expert_of_an_agent", "The expert is part of an agent.", how_to_fix)
    return record


@contextmanager
def _references_known() -> Generator[None]:
    """A reference to nothing is a 400 in v1 (V1-AGENT-01, V1-AGENT-04)."""
    try:
        yield
    except WireError as error:
        if error.reason != UNKNOWN:
            raise
        raise bad_request("expert_not_found", error.message, error.remedy) from None
