"""What an author wants of v1: agents to be created or changed (V1-OBJ-01 to V1-OBJ-05)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.errors import UnsupportedByGeneration, WireError
from agentkit.models import Json, JsonObject
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    AgentType,
    AnyExpert,
    Authorization,
    Clear,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transport,
)
from agentkit.specs.agent import given
from agentkit.wire.authoring import read_spec, read_word
from agentkit.wire.generations import check_kind, require_generation
from agentkit.wire.reader import Reader, put

_WIRE_WORDS: Final = {
    "servers": "mcpServers",
    "prompt": "systemPrompt",
    "authorization": "authorizationType",
    "transport": "transportType",
    "scope": "authorizationScope",
    "redirect_url": "redirectUrl",
    "agent_type": "agentType",
}
_V2_AUTHORIZATIONS: Final = frozenset({Authorization.API_KEY})


def encode_create_agent(spec: AgentSpec) -> JsonObject:
    """The body of a create; `ephemeral` travels in the query (V1-OBJ-01).

    Raises:
        UnsupportedByGeneration: The spec uses what only v2 can do.
    """
    check_kind(spec, AgentSpec)
    require_generation(spec, "v1")
    wire: JsonObject = {"name": spec.name, "description": spec.description}
    return put(
        wire,
        {
            "agentType": spec.agent_type.value if spec.agent_type else None,
            "systemPrompt": spec.prompt,
            "experts": _encode_experts(spec.experts) or None,
            "mcpServers": _encode_servers(spec.servers) or None,
        },
    )


def decode_create_agent(value: object, *, ephemeral: bool = False) -> AgentSpec:
    """A create as a server reads it.

    Raises:
        WireError: A field is missing or does not fit.
    """
    reader = Reader(value, "")
    return read_spec(
        reader,
        lambda: AgentSpec(
            name=reader.words("name"),
            description=reader.words("description"),
            prompt=reader.optional_text("systemPrompt"),
            experts=reader.items("experts", _decode_new_expert),
            servers=reader.items("mcpServers", _decode_server),
            agent_type=read_word(reader, "agentType", AgentType),
            ephemeral=ephemeral,
        ),
        _WIRE_WORDS,
    )


def encode_update_agent(changes: AgentChanges) -> JsonObject:
    """The body of an update: the given fields only (V1-OBJ-02).

    Raises:
        UnsupportedByGeneration: The changes use what only v2 can do.
    """
    check_kind(changes, AgentChanges)
    require_generation(changes, "v1")
    return put(
        {},
        {
            "name": changes.name,
            "description": _text(changes.description),
            "systemPrompt": _text(changes.prompt),
            "experts": None if changes.experts is None else _encode_experts(given(changes.experts)),
            "mcpServers": None if changes.servers is None else _encode_servers(given(changes.servers)),
        },
    )


def decode_update_agent(value: object) -> AgentChanges:
    """An update as a server reads it; a full agent in its answer form is accepted too (CON-21, SDKC-11).

    Raises:
        WireError: A field does not fit.
    """
    reader = Reader(value, "")
    return read_spec(
        reader,
        lambda: AgentChanges(
            name=reader.words("name") if reader.has("name") else None,
            # An agent without a description, made through v2, is shown with an empty one and sent back so (CON-21).
            description=CLEAR if reader.raw("description") == "" else reader.optional_text("description"),
            prompt=reader.optional_text("systemPrompt"),
            experts=reader.items("experts", _decode_any_expert) if reader.has("experts") else None,
            servers=reader.items("mcpServers", _decode_server) if reader.has("mcpServers") else None,
        ),
        _WIRE_WORDS,
    )


def _text(value: str | Clear | None) -> str | None:
    return None if isinstance(value, Clear) else value


def _encode_experts(experts: Sequence[AnyExpert]) -> list[Json]:
    return [_encode_expert(expert) for expert in experts]


def _encode_expert(expert: AnyExpert) -> JsonObject:
    wire: JsonObject = {"type": "reference"}
    match expert:
        case str():
            return {**wire, "name": expert}
        case ExpertReferenceSpec():
            return put(
                wire,
                {"id": expert.id, "name": expert.name, "systemPrompt": expert.prompt, "config": expert.config},
            )
        case AgentReferenceSpec():
            return put(wire, {"id": expert.id, "systemPrompt": expert.prompt})
        case ExpertSpec():
            wire = {"type": "new", "name": expert.name, "description": expert.description}
            return put(wire, {"systemPrompt": expert.prompt, "mcpServers": _encode_servers(expert.servers) or None})
        case RemoteAgentSpec() | OutputSchemaSpec():
            raise UnsupportedByGeneration("remote agents and output schemas", "v1", ("v2",))


def _encode_servers(servers: Sequence[McpServerSpec]) -> list[Json]:
    return [_encode_server(server) for server in servers]


def _encode_server(server: McpServerSpec) -> JsonObject:
    wire: JsonObject = {
        "name": server.name,
        "transportType": server.transport.value,
        "authorizationType": server.authorization.value,
        "url": server.url,
    }
    return put(
        wire,
        {
            "description": server.description,
            "authorizationScope": server.scope,
            "redirectUrl": server.redirect_url,
            "token": server.token,
        },
    )


def _decode_new_expert(value: object, path: str) -> ExpertSpec | ExpertReferenceSpec:
    if Reader(value, path).text("type") == "expert":
        message = "must be 'new' or 'reference'; 'expert' is the form of answers (CON-03)"
        raise WireError(f"{path}.type", "value", message)
    return _decode_any_expert(value, path)


def _decode_any_expert(value: object, path: str) -> ExpertSpec | ExpertReferenceSpec:
    reader = Reader(value, path)
    match reader.text("type"):
        case "new" | "expert":
            return read_spec(
                reader,
                lambda: ExpertSpec(
                    name=reader.words("name"),
                    description=reader.words("description"),
                    prompt=reader.optional_text("systemPrompt"),
                    servers=reader.items("mcpServers", _decode_server),
                ),
                _WIRE_WORDS,
            )
        case "reference":
            return read_spec(
                reader,
                lambda: ExpertReferenceSpec(
                    id=reader.optional_text("id"),
                    name=reader.optional_text("name"),
                    prompt=reader.optional_text("systemPrompt"),
                    config=reader.optional_object("config"),
                ),
                _WIRE_WORDS,
            )
        case _:
            raise WireError(reader.at("type"), "value", "must be 'new' or 'reference'")


def _decode_server(value: object, path: str) -> McpServerSpec:
    reader = Reader(value, path)
    transport = read_word(reader, "transportType", Transport)
    authorization = read_word(reader, "authorizationType", Authorization, without=_V2_AUTHORIZATIONS)
    if transport is None or authorization is None:
        reader.fail("transportType" if transport is None else "authorizationType", "missing", "is required")
    return read_spec(
        reader,
        lambda: McpServerSpec(
            name=reader.words("name"),
            url=reader.text("url"),
            authorization=authorization,
            transport=transport,
            scope=reader.optional_text("authorizationScope"),
            redirect_url=reader.optional_text("redirectUrl"),
            description=reader.optional_text("description"),
            token=reader.optional_text("token"),
        ),
        _WIRE_WORDS,
    )
