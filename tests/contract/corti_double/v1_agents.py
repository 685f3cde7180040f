"""`/agents` of v1: create, list, get, update, delete, card, registry (V1-EP-01 to V1-EP-06, V1-EP-12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.contract.corti_double.bodies import page, read_body, read_flag, spelled
from tests.contract.corti_double.errors import v1_error
from tests.contract.corti_double.ids import bare_id, is_bare_id
from tests.contract.corti_double.records import AgentRecord, ServerFacts
from tests.contract.corti_double.schema import (
    JsonObject,
    Problem,
    Rule,
    anything,
    array,
    by,
    nullable,
    problems,
    record,
    shape,
    text,
    word,
)
from tests.contract.corti_double.troubles import Trouble, invalid

if TYPE_CHECKING:
    from tests.contract.corti_double.double import CortiDouble

DEFAULT_PROMPT = "You are an orchestrator. Plan, choose experts, and answer."

_MCP_FIELDS: dict[str, Rule] = {
    "description": text(),
    "authorizationScope": text(),
    "redirectUrl": nullable(text()),
    "token": text(),
}


def _mcp_server(value: object, path: str, found: list[Problem]) -> None:
    shape(
        {
            "name": text(1),
            "transportType": word("stdio", "streamable_http", "sse"),
            "authorizationType": word("none", "bearer", "inherit", "oauth2.0"),
            "url": text(1),
        },
        _MCP_FIELDS,
    )(value, path, found)
    # V1-AGENT-09.
    fields = cast("JsonObject", value) if isinstance(value, dict) else {}
    if fields.get("authorizationType") == "oauth2.0" and fields.get("transportType") != "streamable_http":
        found.append((f"{path}.authorizationType", "oauth2.0 needs the transport streamable_http"))


_SERVERS = array(_mcp_server)
_NEW: dict[str, Rule] = {"name": text(1), "description": text()}
_NEW_OPTIONAL: dict[str, Rule] = {"systemPrompt": text(), "mcpServers": _SERVERS}
_EXPERTS: dict[str, Rule] = {
    "new": shape(_NEW, _NEW_OPTIONAL),
    "reference": shape({}, {"id": text(1), "name": text(1), "systemPrompt": text(), "config": record(anything)}),
}
_COMMON: dict[str, Rule] = {"systemPrompt": text(), "mcpServers": _SERVERS}
_CREATE = shape(
    {"name": text(1), "description": text()},
    {
        **_COMMON,
        "experts": array(by("type", _EXPERTS)),
        "agentType": word("expert", "orchestrator", "interviewing-expert"),
    },
)
# The answer may be sent back whole, with experts in the form of the answer (SDKC-11, CON-21).
_KEPT: dict[str, Rule] = {"expert": shape({"id": text(1), **_NEW}, _NEW_OPTIONAL)}
_UPDATE = shape(
    {}, {**_COMMON, "experts": array(by("type", {**_EXPERTS, **_KEPT})), "name": text(1), "description": text()}
)


def routes(double: CortiDouble) -> list[Route]:
    """The routes, also below the alias of CON-01."""
    agents = _Agents(double)
    table = (
        ("", agents.create, ["POST"]),
        ("", agents.list, ["GET"]),
        ("/registry/experts", agents.registry, ["GET"]),
        ("/{agent_id}", agents.get, ["GET"]),
        ("/{agent_id}", agents.update, ["PATCH"]),
        ("/{agent_id}", agents.delete, ["DELETE"]),
        ("/{agent_id}/agent-card.json", agents.card, ["GET"]),
    )
    return [
        Route(f"{root}{path}", spelled(v1_error)(endpoint), methods=methods)
        for root in ("/agents", "/v2/agents")
        for path, endpoint, methods in table
    ]


def find(double: CortiDouble, agent_id: str) -> AgentRecord:
    """The agent of an id (V1-ID-01, V1-ERR-03).

    Raises:
        Trouble: It is no id, or nobody's.
    """
    if not is_bare_id(agent_id):
        raise Trouble("bad_id", "The agent id is not a UUID.")
    found = double.v1.agents.get(agent_id)
    if found is None:
        raise Trouble("agent_unknown", "The expert could not be found.")
    return found


def create(double: CortiDouble, body: JsonObject, *, ephemeral: bool) -> AgentRecord:
    """Make an agent (V1-AGENT-01, V1-OBJ-06).

    Raises:
        Trouble: The body is not valid, or names an expert that does not exist.
    """
    if found := problems(_CREATE, body):
        raise invalid(found)
    agent_id = bare_id()
    wire: JsonObject = {
        "id": agent_id,
        "name": body["name"],
        "description": body["description"],
        "systemPrompt": body.get("systemPrompt", DEFAULT_PROMPT),
    }
    made = AgentRecord(agent_id, wire, double.now(), ephemeral)
    _fill(double, made, body)
    double.v1.agents[agent_id] = made
    return made


def servers_of(double: CortiDouble, agent: AgentRecord) -> list[ServerFacts]:
    """The MCP servers that an agent reaches, its experts' and its sub-agents' included."""
    facts = [_facts(agent, server) for server in agent.wire.get("mcpServers", [])]
    for expert in agent.wire.get("experts", []):
        facts += [_facts(agent, server) for server in expert.get("mcpServers", [])]
        if expert["type"] == "reference":
            other = double.v1.agents.get(expert["id"])
            facts += servers_of(double, other) if other else _registered(double, expert["name"])
    return facts


def _facts(agent: AgentRecord, server: JsonObject) -> ServerFacts:
    return ServerFacts(server["name"], server["authorizationType"], agent.secrets.get(server["name"]))


def _registered(double: CortiDouble, name: str) -> list[ServerFacts]:
    return [
        ServerFacts(server["name"], server["authorizationType"])
        for entry in double.experts
        if entry["name"] == name
        for server in entry.get("mcpServers", [])
    ]


def _fill(double: CortiDouble, agent: AgentRecord, body: JsonObject) -> None:
    experts = [
        _expert(double, agent, expert, f"experts[{number}]") for number, expert in enumerate(body.get("experts", []))
    ]
    if "experts" in body:
        agent.wire["experts"] = experts
    if "mcpServers" in body:
        agent.wire["mcpServers"] = [_server(agent, server) for server in body["mcpServers"]]


def _server(agent: AgentRecord, server: JsonObject) -> JsonObject:
    """V1-OBJ-10: the token stays here."""
    if "token" in server:
        agent.secrets[server["name"]] = server["token"]
    answer = {name: server[name] for name in ("name", "transportType", "authorizationType", "url")}
    scope = {"authorizationScope": server["authorizationScope"]} if "authorizationScope" in server else {}
    return {"id": bare_id(), **answer, **scope, "redirectUrl": server.get("redirectUrl")}


def _expert(double: CortiDouble, agent: AgentRecord, expert: JsonObject, place: str) -> JsonObject:
    own = next((known for known in agent.wire.get("experts", []) if known["id"] == expert.get("id")), None)
    if expert["type"] in {"new", "expert"}:
        if expert["type"] == "expert" and own is None:
            raise Trouble("expert_unknown", "The expert is none of this agent's.")
        servers = {"mcpServers": [_server(agent, server) for server in expert.get("mcpServers", [])]}
        return {
            "type": "expert",
            "id": own["id"] if own else bare_id(),
            "name": expert["name"],
            "description": expert["description"],
            "systemPrompt": expert.get("systemPrompt", ""),
            **servers,
        }
    prompt = {"systemPrompt": expert["systemPrompt"]} if "systemPrompt" in expert else {}
    if own is not None:
        return {**own, **prompt}
    if "id" in expert:
        return {"type": "reference", "id": expert["id"], "name": _name_of(double, expert["id"]), **prompt}
    if "name" not in expert:
        raise invalid([(f"{place}.name", "is required, or an id")])
    entry = next((known for known in double.experts if known["name"] == expert["name"]), None)
    if entry is None:
        raise Trouble("expert_unknown", "The referenced expert could not be found.")
    resolved = _resolved(entry, expert.get("config", {}), f"{place}.config")
    return {"type": "reference", "id": bare_id(), "name": entry["name"], **prompt, **resolved}


def _name_of(double: CortiDouble, expert_id: str) -> str:
    for agent in double.v1.agents.values():
        inline: Sequence[Any] = agent.wire.get("experts", [])
        for known in (agent.wire, *(expert for expert in inline if expert["type"] == "expert")):
            if known["id"] == expert_id:
                return known["name"]
    raise Trouble("expert_unknown", "The referenced expert could not be found.")


def _resolved(entry: JsonObject, config: JsonObject, place: str) -> JsonObject:
    """V1-OBJ-04: merged over the defaults and checked, where there is a schema."""
    if "configSchema" not in entry:
        return {}
    known: JsonObject = entry["configSchema"]["properties"]
    types: dict[str, type] = {"integer": int, "string": str}
    wrong = [
        name for name, value in config.items() if name in known and not isinstance(value, types[known[name]["type"]])
    ]
    if wrong:
        raise invalid([(f"{place}.{name}", "does not fit the schema of the expert") for name in wrong])
    return {"resolvedConfig": {**{name: rule["default"] for name, rule in known.items()}, **config}}


class _Agents:
    def __init__(self, double: CortiDouble) -> None:
        self._double = double

    async def create(self, request: Request) -> Response:
        body = await read_body(request, _CREATE)
        ephemeral = read_flag(request, "ephemeral")
        return JSONResponse(create(self._double, body, ephemeral=ephemeral).wire, 201)

    async def list(self, request: Request) -> Response:
        """V1-AGENT-05, V1-AGENT-07."""
        hidden = not read_flag(request, "ephemeral")
        agents = [agent.wire for agent in self._double.v1.agents.values() if not (hidden and agent.ephemeral)]
        return JSONResponse(page(request, [*agents, *self._double.references]))

    async def get(self, request: Request) -> Response:
        return JSONResponse(find(self._double, request.path_params["agent_id"]).wire)

    async def update(self, request: Request) -> Response:
        """V1-AGENT-03."""
        try:
            agent = find(self._double, request.path_params["agent_id"])
        except Trouble as trouble:
            return v1_error(trouble, *(["agent_not_found"] if trouble.kind == "agent_unknown" else []))
        body = await read_body(request, _UPDATE)
        changed = AgentRecord(agent.id, dict(agent.wire), agent.created, agent.ephemeral, dict(agent.secrets))
        changed.wire |= {name: body[name] for name in ("name", "description", "systemPrompt") if name in body}
        _fill(self._double, changed, body)
        self._double.v1.agents[agent.id] = changed
        return JSONResponse(changed.wire)

    async def delete(self, request: Request) -> Response:
        try:
            agent = find(self._double, request.path_params["agent_id"])
        except Trouble as trouble:
            around = ["expert_delete_failed", "agent_delete_failed"] if trouble.kind == "agent_unknown" else []
            return v1_error(trouble, *around)
        del self._double.v1.agents[agent.id]
        return Response(status_code=204)

    async def card(self, request: Request) -> Response:
        """V1-OBJ-12, V1-CARD-01, V1-CARD-02."""
        agent = find(self._double, request.path_params["agent_id"])
        card: JsonObject = {
            "protocolVersion": "0.3.0",
            "name": agent.wire["name"],
            "description": agent.wire["description"],
            "url": f"{self._double.url}/agents/{agent.id}/v1",
            "preferredTransport": "JSONRPC",
            "version": "1.0.0",
            "capabilities": {"streaming": True, "pushNotifications": False, "stateTransitionHistory": False},
            "defaultInputModes": ["text/plain", "application/json"],
            "defaultOutputModes": ["text/plain", "application/json"],
            "skills": [
                {"id": expert["id"], "name": expert["name"], "description": expert.get("description", ""), "tags": []}
                for expert in agent.wire.get("experts", [])
            ],
            "provider": {"organization": "Corti", "url": "https://www.corti.ai"},
            "iconUrl": None,
            "securitySchemes": None,
        }
        return JSONResponse(card)

    async def registry(self, request: Request) -> Response:
        """V1-EP-12."""
        return JSONResponse({"experts": page(request, self._double.experts)})
