"""Agents and their cards (V2-EP-01 to V2-EP-06)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from agentkit.errors import WireError
from agentkit.models import AgentInfo, Json, JsonObject
from agentkit.platform.agents.cards import card_v2
from agentkit.platform.agents.drafting_v2 import DraftingV2
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.selection import Selection
from agentkit.platform.agents.tables import NameTaken
from agentkit.platform.agents.view_v2 import shown_v2
from agentkit.platform.answers import json_answer
from agentkit.platform.problems import Problem
from agentkit.platform.requests import read_json
from agentkit.platform.shortfalls import Shortfall
from agentkit.platform.turns import delete_agent
from agentkit.platform.v2.gate import Call
from agentkit.platform.v2.ids import Kind, shown_id
from agentkit.platform.v2.paging import bad_query, page_token, read_page
from agentkit.platform.v2.problems import unknown
from agentkit.specs import Visibility
from agentkit.wire import v2

_LISTING: Final = "agents"
_MERGE_PATCH: Final = "application/merge-patch+json"
_LIFECYCLES: Final = {"ephemeral": True, "persistent": False}


async def create(call: Call) -> Response:
    """POST /agents (V2-EP-01)."""
    record = await drafting(call).create(await read_document(call))
    try:
        await call.services.agents.add(record, unique_name=True)
    except NameTaken as error:
        raise conflict(error.message, error.remedy) from None
    url = f"{call.services.settings.url.rstrip('/')}/v2/agentic/agents/{shown_id(Kind.AGENT, record.id)}"
    return json_answer(document(call, record), 201, {"Location": url})


async def page(call: Call) -> Response:
    """GET /agents (V2-EP-02)."""
    wanted = read_page(call.request, _LISTING)
    selection = _selection(call.request)
    if call.services.settings.falls_short(Shortfall.AGENT_FILTERS):
        selection = Selection()
    found = await call.services.agents.listed(call.ownership, selection, after=wanted.number, limit=wanted.size + 1)
    shown = found[: wanted.size]
    token = page_token(_LISTING, str(shown[-1].number)) if len(found) > wanted.size else None
    return json_answer(v2.encode_page("agents", (document(call, one.record) for one in shown), token))


async def get(call: Call) -> Response:
    """GET /agents/{agent} (V2-EP-03)."""
    return json_answer(document(call, await call.agent()))


async def update(call: Call) -> Response:
    """PATCH /agents/{agent} (V2-EP-04)."""
    record = own(call, await call.agent())
    patch = await read_patch(call)
    made = drafting(call)
    try:
        changed = await call.services.agents.change(record.id, lambda now: made.change(now, patch), unique_name=True)
    except NameTaken as error:  # v2 declares no 409 here
        raise WireError("name", "value", error.message, remedy=error.remedy) from None
    if changed is None:
        raise unknown(Kind.AGENT)
    return json_answer(document(call, changed))


async def delete(call: Call) -> Response:
    """DELETE /agents/{agent}: again and again (V2-EP-05)."""
    agent_id = call.path_id("agent", Kind.AGENT)
    record = await call.services.agents.find(call.ownership, agent_id)
    if record is not None:
        await delete_agent(call.services, own(call, record))
    elif not await call.services.agents.was_here(call.ownership, agent_id):
        raise unknown(Kind.AGENT)
    return Response(status_code=204)


async def card(call: Call) -> Response:
    """GET /agents/{agent}/.well-known/agent-card.json (V2-EP-06, V2-VER-01)."""
    shown = card_v2(await call.agent(), call.services.settings.url)
    return json_answer(v2.encode_card(shown), headers={"A2A-Version": "1.0"})


def drafting(call: Call) -> DraftingV2:
    """What makes records for the caller."""
    services = call.services
    return DraftingV2(services.agents, services.registry, call.ownership, services.settings)


def own(call: Call, record: AgentRecord) -> AgentRecord:
    """The agent, when the caller may change it.

    Raises:
        Problem: 403, it is somebody else's, or an expert that is changed with its agent.
    """
    if record.ownership != call.ownership:
        raise Problem(403, "forbidden", "The agent belongs to somebody else.", how_to_fix="Its owner can change it.")
    if record.part_of is not None:
        how_to_fix = f"Change {shown_id(Kind.AGENT, record.part_of)} instead."
        raise Problem(403, "forbidden", "The agent is an expert inside another one.", how_to_fix=how_to_fix)
    return record


def conflict(message: str, remedy: str | None = None) -> Problem:
    """409 for a name that is taken (V2-ERR-01)."""
    return Problem(409, "assignment_conflict", message, how_to_fix=remedy)


async def read_document(call: Call) -> Json:
    """The body as JSON."""
    return await read_json(call.request, call.services.settings.limits.bounds)


async def read_patch(call: Call) -> Json:
    """A merge patch (V2-EP-04).

    Raises:
        Problem: 400, it is called something else.
    """
    media_type = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _MERGE_PATCH:
        raise Problem(
            400, "unsupported_media_type", f"A patch is sent as {_MERGE_PATCH}.", how_to_fix="Set the Content-Type."
        )
    return await read_document(call)


def document(call: Call, record: AgentRecord) -> JsonObject:
    """The agent as an answer."""
    info: AgentInfo = shown_v2(record)
    wire = v2.encode_agent(info)
    wire["connectors"] = [connector_document(call, v2.encode_connector(one)) for one in info.connectors]
    return wire


def connector_document(call: Call, wire: JsonObject) -> JsonObject:
    """A connector as an answer (V2-OBJ-09)."""
    if wire["type"] != "schema" and call.services.settings.falls_short(Shortfall.CONNECTOR_ENABLED):
        del wire["enabled"]
    return wire


def _selection(request: Request) -> Selection:
    """The filters of a list.

    Raises:
        Problem: 400, one of them is no word of the contract, or a label has no `=`.
    """
    query = request.query_params
    visibilities: list[Visibility] = []
    for word in query.getlist("visibility"):
        if word not in frozenset(Visibility):
            raise bad_query("visibility", "must be private, unlisted or public")
        visibilities.append(Visibility(word))
    lifecycle = query.get("lifecycle")
    if lifecycle is not None and lifecycle not in _LIFECYCLES:
        raise bad_query("lifecycle", "must be ephemeral or persistent")
    labels: list[tuple[str, str]] = []
    for label in query.getlist("label"):
        key, equals, value = label.partition("=")
        if not equals:
            raise bad_query("label", "must be key=value")
        labels.append((key, value))
    return Selection(
        visibilities=frozenset(visibilities),
        ephemeral=None if lifecycle is None else _LIFECYCLES[lifecycle],
        labels=tuple(labels),
        words=query.get("q", ""),
    )
