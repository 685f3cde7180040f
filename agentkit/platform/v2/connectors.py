"""The connectors of an agent, one by one (V2-EP-15 to V2-EP-17)."""

from __future__ import annotations

from starlette.responses import Response

from agentkit.errors import WireError
from agentkit.models import JsonObject
from agentkit.platform.agents.connector import Connector
from agentkit.platform.agents.drafting_v2 import find_connector
from agentkit.platform.agents.naming import check_names
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.view_v2 import connector_shown
from agentkit.platform.answers import json_answer
from agentkit.platform.problems import Problem
from agentkit.platform.shortfalls import Shortfall
from agentkit.platform.v2.agents import conflict, connector_document, drafting, own, read_document, read_patch
from agentkit.platform.v2.gate import Call
from agentkit.platform.v2.ids import Kind, shown_id
from agentkit.platform.v2.problems import unknown
from agentkit.wire import v2


async def page(call: Call) -> Response:
    """GET /agents/{agent}/connectors (V2-EP-15)."""
    record = await call.agent()
    return json_answer({"connectors": [_document(call, connector) for connector in record.connectors]})


async def create(call: Call) -> Response:
    """POST /agents/{agent}/connectors (V2-EP-15)."""
    record = own(call, await call.agent())
    spec = v2.decode_create_connector(await read_document(call))
    made, added = drafting(call), list[Connector]()

    async def attach(now: AgentRecord) -> AgentRecord:
        changed, connector = await made.attach(now, spec)
        try:
            check_names((("", one) for one in changed.connectors), call.services.registry)
        except WireError as error:
            raise conflict(f"In this agent {error.detail}.", error.remedy) from None
        added[:] = [connector]
        return changed

    if await call.services.agents.change(record.id, attach) is None:
        raise unknown(Kind.AGENT)
    (connector,) = added
    place = f"{shown_id(Kind.AGENT, record.id)}/connectors/{shown_id(Kind.CONNECTOR, connector.id)}"
    url = f"{call.services.settings.url.rstrip('/')}/v2/agentic/agents/{place}"
    return json_answer(_document(call, connector), 201, {"Location": url})


async def get(call: Call) -> Response:
    """GET /agents/{agent}/connectors/{connector} (V2-EP-16)."""
    return json_answer(_document(call, _found(call, await call.agent())))


async def update(call: Call) -> Response:
    """PATCH /agents/{agent}/connectors/{connector} (V2-EP-17)."""
    record = own(call, await call.agent())
    connector_id = _found(call, record).id
    if call.services.settings.falls_short(Shortfall.CONNECTOR_PATCH):
        raise Problem(
            501, "not_implemented", "Connectors cannot be changed yet.", how_to_fix="Replace the agent's connectors."
        )
    patch = await read_patch(call)
    made = drafting(call)

    async def change(now: AgentRecord) -> AgentRecord:
        return _still(await made.change_connector(now, connector_id, patch))

    changed = await call.services.agents.change(record.id, change)
    return json_answer(_document(call, _found(call, _still(changed))))


async def delete(call: Call) -> Response:
    """DELETE /agents/{agent}/connectors/{connector} (V2-EP-16)."""
    record = own(call, await call.agent())
    connector_id = _found(call, record).id
    made = drafting(call)

    async def detach(now: AgentRecord) -> AgentRecord:
        return _still(made.detach(now, connector_id))

    await call.services.agents.change(record.id, detach)
    return Response(status_code=204)


def _found(call: Call, record: AgentRecord) -> Connector:
    connector = find_connector(record, call.path_id("connector", Kind.CONNECTOR))
    if connector is None:
        raise unknown(Kind.CONNECTOR)
    return connector


def _still(record: AgentRecord | None) -> AgentRecord:
    """The agent, unless it or its connector went away meanwhile."""
    if record is None:
        raise unknown(Kind.CONNECTOR)
    return record


def _document(call: Call, connector: Connector) -> JsonObject:
    return connector_document(call, v2.encode_connector(connector_shown(connector)))
