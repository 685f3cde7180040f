"""`/v2/agentic/agents/{id}/connectors`: the five types, and what becomes of them (V2-EP-15 to V2-EP-17)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double import v2_agents
from tests.contract.corti_double.bodies import read_body
from tests.contract.corti_double.ids import prefixed_id, read_prefixed_id
from tests.contract.corti_double.records import AgentRecord, ServerFacts
from tests.contract.corti_double.schema import JsonObject, Rule, anything, by, flag, record, shape, text, word
from tests.contract.corti_double.troubles import Trouble, invalid

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

# V2-OBJ-10.
_AUTH = shape(
    {"type": word("none", "bearer", "apiKey", "oauth2", "inherit")},
    {"scope": text(), "redirectUrl": text(), "ref": text()},
    closed=True,
)


def _form(required: dict[str, Rule], optional: dict[str, Rule]) -> Rule:
    return shape({"type": anything, **required}, {"enabled": flag, **optional}, closed=True)


# V2-OBJ-04 to V2-OBJ-09: the create forms are closed.
CREATE = by(
    "type",
    {
        "registry": _form({"name": text(1)}, {"config": record(anything)}),
        "mcp": _form({"name": text(1), "url": text(1)}, {"auth": _AUTH}),
        "agent": _form({"agentId": text(1)}, {}),
        "a2a": _form({"url": text(1)}, {"name": text(1)}),
        "schema": _form(
            {"name": text(1), "schema": record(anything)},
            {"description": text(), "transition": word("complete", "input_required")},
        ),
    },
)
_PATCH = shape(
    {},
    {"enabled": flag, "name": text(1), "url": text(1), "config": record(anything), "auth": _AUTH},
    closed=True,
)
_AUTHORIZATION = {"bearer": "bearer", "oauth2": "oauth2.0", "inherit": "inherit"}


def provision(
    double: CortiDouble, specs: Sequence[JsonObject], before: Sequence[JsonObject], place: str | None = None
) -> list[JsonObject]:
    """Connectors as answers show them; one whose spec is unchanged keeps its id (V2-OBJ-09).

    Raises:
        Trouble: A connector points to nothing.
    """
    kept = list(before)
    made: list[JsonObject] = []
    for number, spec in enumerate(specs):
        wire = _answer(double, spec, place if place is not None else f"connectors[{number}].")
        same = next((old for old in kept if {**old, "id": ""} == {**wire, "id": ""}), None)
        if same is not None:
            kept.remove(same)
        made.append(same or wire)
    return made


def servers_of(double: CortiDouble, agent: AgentRecord) -> list[ServerFacts]:
    """The MCP servers that an agent reaches, its sub-agents' included."""
    facts: list[ServerFacts] = []
    for connector in agent.wire["connectors"]:
        if connector["type"] == "mcp":
            kind = connector.get("auth", {}).get("type", "none")
            facts.append(ServerFacts(connector["name"], _AUTHORIZATION.get(kind, "none")))
        elif connector["type"] == "agent":
            other = double.v2.agents.get(connector["agentId"])
            facts += servers_of(double, other) if other else []
    return facts


def _answer(double: CortiDouble, spec: JsonObject, place: str) -> JsonObject:
    wire: JsonObject = {"id": prefixed_id("con"), **spec}
    match spec["type"]:
        case "registry":
            if all(entry["id"] != spec["name"] for entry in double.connectors):
                raise invalid([(f"{place}name", "is not in the registry")])
            if double.as_of_today:
                wire.pop("config", None)
        case "agent":
            target = read_prefixed_id("agt", spec["agentId"])
            if target not in double.v2.agents:
                raise invalid([(f"{place}agentId", "is no agent")])
            wire["agentId"] = target
        case _:
            pass
    if double.as_of_today and spec["type"] != "schema":
        wire.pop("enabled", None)
    else:
        wire.setdefault("enabled", True)
    return wire


class Connectors:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._double = double

    async def list(self, request: Request) -> Response:
        """V2-EP-15."""
        agent = v2_agents.find(self._double, request.path_params["agent_id"])
        return JSONResponse({"connectors": agent.wire["connectors"]})

    async def create(self, request: Request) -> Response:
        """V2-EP-15."""
        agent = v2_agents.find(self._double, request.path_params["agent_id"])
        body = await read_body(request, CREATE)
        name = body.get("name")
        if name is not None and any(
            old.get("name") == name and old["type"] == body["type"] for old in agent.wire["connectors"]
        ):
            raise Trouble("conflict", "The agent has a connector of this type and name.")
        (made,) = provision(self._double, [body], [], "")
        agent.wire["connectors"] = [*agent.wire["connectors"], made]
        v2_agents.touch(self._double, agent)
        location = f"{self._double.url}/v2/agentic/agents/{agent.id}/connectors/{made['id']}"
        return JSONResponse(made, 201, {"Location": location})

    async def get(self, request: Request) -> Response:
        """V2-EP-16."""
        return JSONResponse(self._find(request)[1])

    async def delete(self, request: Request) -> Response:
        """V2-EP-16."""
        agent, connector = self._find(request)
        agent.wire["connectors"] = [old for old in agent.wire["connectors"] if old["id"] != connector["id"]]
        v2_agents.touch(self._double, agent)
        return Response(status_code=204)

    async def patch(self, request: Request) -> Response:
        """V2-EP-17: 501 today."""
        agent, connector = self._find(request)
        if self._double.as_of_today:
            raise Trouble("not_implemented", "Connectors cannot be changed yet; replace them.")
        body = await v2_agents.read_patch(request, _PATCH)
        changed = {**connector, **body}
        agent.wire["connectors"] = [
            changed if old["id"] == connector["id"] else old for old in agent.wire["connectors"]
        ]
        v2_agents.touch(self._double, agent)
        return JSONResponse(changed)

    def _find(self, request: Request) -> tuple[AgentRecord, JsonObject]:
        agent = v2_agents.find(self._double, request.path_params["agent_id"])
        wanted = read_prefixed_id("con", request.path_params["connector_id"])
        for connector in agent.wire["connectors"]:
            if connector["id"] == wanted:
                return agent, connector
        raise Trouble("connector_unknown", "The connector does not exist.")
