"""`/v2/agentic/agents`: create, list, get, patch, delete, card (V2-EP-01 to V2-EP-06)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.contract.corti_double import v2_connectors
from tests.contract.corti_double.bodies import cursor_page, read_body
from tests.contract.corti_double.ids import prefixed_id, read_prefixed_id
from tests.contract.corti_double.records import AgentRecord
from tests.contract.corti_double.running import timestamp
from tests.contract.corti_double.schema import JsonObject, Rule, array, nullable, problems, record, shape, text, word
from tests.contract.corti_double.troubles import Trouble, invalid

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

_LABEL_KEY = re.compile(r"[a-zA-Z0-9._/-]{1,128}")


def _is_label_key(name: str) -> bool:
    return _LABEL_KEY.fullmatch(name) is not None


_NAME = text(1, 128)
_DESCRIPTION = text(0, 4096)
_LABELS = record(text(0, 256), _is_label_key, 64)
_CHOICES: dict[str, Rule] = {
    "visibility": word("private", "unlisted", "public"),
    "lifecycle": word("ephemeral", "persistent"),
}
# V2-OBJ-01 and V2-OBJ-02: both are closed.
_CREATE = shape(
    {"name": _NAME},
    {
        **_CHOICES,
        "description": _DESCRIPTION,
        "systemPrompt": text(),
        "model": text(1),
        "connectors": array(v2_connectors.CREATE),
        "labels": _LABELS,
    },
    closed=True,
)
_PATCH = shape(
    {},
    {
        **_CHOICES,
        "name": _NAME,
        "description": nullable(_DESCRIPTION),
        "systemPrompt": nullable(text()),
        "model": nullable(text(1)),
        "connectors": nullable(array(v2_connectors.CREATE)),
        "labels": nullable(record(nullable(text(0, 256)), _is_label_key, 64)),
    },
    closed=True,
)


def find(double: CortiDouble, agent_id: str) -> AgentRecord:
    """The agent of a prefixed or bare id (V2-ID-01).

    Raises:
        Trouble: It is nobody's.
    """
    found = double.v2.agents.get(read_prefixed_id("agt", agent_id) or "")
    if found is None:
        raise Trouble("agent_unknown", "The agent does not exist.")
    return found


def create_agent(double: CortiDouble, body: JsonObject, caller: str) -> AgentRecord:
    """Make an agent (V2-OBJ-03).

    Raises:
        Trouble: The body is not valid, or the name is taken.
    """
    if found := problems(_CREATE, body):
        raise invalid(found)
    if _is_taken(double, body["name"], None):
        raise Trouble("conflict", "An agent of this name exists already.")
    moment = double.now()
    agent_id = prefixed_id("agt")
    ignored = double.as_of_today
    wire: JsonObject = {
        "id": agent_id,
        "name": body["name"],
        "description": body.get("description"),
        "systemPrompt": body.get("systemPrompt"),
        "model": body.get("model", "corti-default"),
        "visibility": "private" if ignored else body.get("visibility", "private"),
        "lifecycle": body.get("lifecycle", "ephemeral"),
        "connectors": v2_connectors.provision(double, body.get("connectors", []), []),
        "labels": {} if ignored else body.get("labels", {}),
        "createdAt": timestamp(moment),
        "updatedAt": timestamp(moment),
        "createdBy": double.user_id(caller),
    }
    made = AgentRecord(agent_id, wire, moment, wire["lifecycle"] == "ephemeral")
    double.v2.agents[agent_id] = made
    return made


def touch(double: CortiDouble, agent: AgentRecord) -> None:
    """The agent was changed."""
    agent.wire["updatedAt"] = timestamp(double.now())


def _is_taken(double: CortiDouble, name: str, own_id: str | None) -> bool:
    return any(agent.wire["name"] == name and agent.id != own_id for agent in double.v2.agents.values())


class Agents:
    """The endpoints."""

    def __init__(self, double: CortiDouble) -> None:
        """Work on this double's state."""
        self._double = double

    async def create(self, request: Request) -> Response:
        """V2-EP-01."""
        body = await read_body(request, _CREATE)
        made = create_agent(self._double, body, request.scope["corti.caller"])
        location = f"{self._double.url}/v2/agentic/agents/{made.id}"
        return JSONResponse(made.wire, 201, {"Location": location})

    async def list(self, request: Request) -> Response:
        """V2-EP-02; the filters count unless the double is as of today."""
        agents = [agent.wire for agent in self._double.v2.agents.values()]
        if not self._double.as_of_today:
            agents = [agent for agent in agents if _matches(agent, request)]
        kept, token = cursor_page(request, agents)
        return JSONResponse({"agents": kept, "nextPageToken": token})

    async def get(self, request: Request) -> Response:
        """V2-EP-03."""
        return JSONResponse(find(self._double, request.path_params["agent_id"]).wire)

    async def patch(self, request: Request) -> Response:
        """V2-EP-04."""
        agent = find(self._double, request.path_params["agent_id"])
        body = await read_patch(request, _PATCH)
        if "name" in body and _is_taken(self._double, body["name"], agent.id):
            # V2-EP-04 declares no 409.
            raise invalid([("name", "is taken by another agent")])
        changed = dict(agent.wire)
        changed |= {name: body[name] for name in ("name", "description", "systemPrompt", "model") if name in body}
        if "connectors" in body:
            changed["connectors"] = v2_connectors.provision(
                self._double, body["connectors"] or [], agent.wire["connectors"]
            )
        if not self._double.as_of_today:
            changed |= {name: body[name] for name in ("visibility", "lifecycle") if name in body}
            if "labels" in body:
                changed["labels"] = _merged(agent.wire["labels"], body["labels"])
        agent.wire = changed
        touch(self._double, agent)
        return JSONResponse(agent.wire)

    async def delete(self, request: Request) -> Response:
        """V2-EP-05."""
        agent_id = read_prefixed_id("agt", request.path_params["agent_id"]) or ""
        if agent_id not in self._double.v2.deleted:
            agent = find(self._double, agent_id)
            del self._double.v2.agents[agent.id]
            self._double.v2.deleted.add(agent.id)
        return Response(status_code=204)

    async def card(self, request: Request) -> Response:
        """V2-EP-06, V2-OBJ-17."""
        agent = find(self._double, request.path_params["agent_id"])
        url = f"{self._double.url}/v2/agentic/agents/{agent.id}/a2a"
        skills: list[JsonObject] = [
            {"id": item["id"], "name": item.get("name") or item.get("agentId") or item.get("url"), "tags": []}
            for item in agent.wire["connectors"]
        ]
        card: JsonObject = {
            "name": agent.wire["name"],
            "description": agent.wire["description"] or "",
            "version": "1.0.0",
            "capabilities": {"streaming": True, "pushNotifications": False},
            "defaultInputModes": ["text/plain", "application/json"],
            "defaultOutputModes": ["text/plain", "application/json"],
            "provider": {"organization": "Corti", "url": "https://www.corti.ai"},
            "skills": skills,
            "supportedInterfaces": [
                {"protocolBinding": binding, "protocolVersion": "1.0", "url": url}
                for binding in ("JSONRPC", "HTTP+JSON")
            ],
        }
        return JSONResponse(card, headers={"A2A-Version": "1.0"})


async def read_patch(request: Request, rule: Rule) -> JsonObject:
    """A merge patch.

    Raises:
        Trouble: It is no JSON, of another media type, or breaks the rule.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0]
    if media_type != "application/merge-patch+json":
        raise Trouble("malformed", "A patch is sent as application/merge-patch+json.")
    return await read_body(request, rule)


def _merged(labels: JsonObject, patch: JsonObject | None) -> JsonObject:
    """A merge patch reaches into objects: null takes one label away, or all."""
    merged = {} if patch is None else {**labels, **patch}
    return {name: value for name, value in merged.items() if value is not None}


def _matches(agent: JsonObject, request: Request) -> bool:
    query = request.query_params
    visibility: list[Any] = query.getlist("visibility")
    labels = [label.partition("=") for label in query.getlist("label")]
    return (
        (not visibility or agent["visibility"] in visibility)
        and agent["lifecycle"] == query.get("lifecycle", agent["lifecycle"])
        and all(agent["labels"].get(key) == value for key, _, value in labels)
        and query.get("q", "").lower() in f"{agent['name']} {agent['description'] or ''}".lower()
    )
