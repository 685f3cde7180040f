"""Agents, experts and MCP servers of v1 as a server shows them (V1-OBJ-06 to V1-OBJ-11)."""

from __future__ import annotations

from collections.abc import Iterable

from agentkit.errors import WireError
from agentkit.models import (
    AgentInfo,
    AgentReference,
    ExpertInfo,
    ExpertReference,
    JsonObject,
    McpServerInfo,
    RegistryExpert,
    RegistryServer,
)
from agentkit.wire.reader import Reader, put

_SERVER = frozenset(
    {
        "id",
        "name",
        "transportType",
        "authorizationType",
        "authorizationScope",
        "url",
        "redirectUrl",
        "description",
        "token",
    }
)
_EXPERT = frozenset({"type", "id", "name", "description", "systemPrompt", "mcpServers"})
_REFERENCE = frozenset({"type", "id", "name", "systemPrompt", "resolvedConfig"})
_AGENT = frozenset({"type", "id", "name", "description", "systemPrompt", "experts", "mcpServers"})
_REGISTRY = frozenset({"name", "description", "displayName", "displayDescription", "mcpServers", "configSchema"})


def encode_server(server: McpServerInfo) -> JsonObject:
    """An MCP server as an answer shows it, never with a token (V1-OBJ-10)."""
    wire: JsonObject = {
        "id": server.id,
        "name": server.name,
        "transportType": server.transport_type,
        "authorizationType": server.authorization_type,
    }
    put(
        wire,
        {
            "url": server.url,
            "authorizationScope": server.authorization_scope,
            "redirectUrl": server.redirect_url,
            "description": server.description,
        },
    )
    return put(wire, server.unknown_fields)


def decode_server(value: object, path: str = "mcpServer") -> McpServerInfo:
    """An MCP server from an answer; a token a server might show is dropped.

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    return reader.build(
        McpServerInfo,
        _SERVER,
        id=reader.text("id"),
        name=reader.text("name"),
        transport_type=reader.text("transportType"),
        authorization_type=reader.text("authorizationType"),
        url=reader.optional_text("url"),
        authorization_scope=reader.optional_text("authorizationScope"),
        redirect_url=reader.optional_text("redirectUrl"),
        description=reader.optional_text("description"),
    )


def encode_expert(expert: ExpertInfo | ExpertReference) -> JsonObject:
    """An expert as an answer shows it (V1-OBJ-08, V1-OBJ-09)."""
    if isinstance(expert, ExpertReference):
        wire: JsonObject = {"type": expert.unknown_fields.get("type", "reference")}
        put(
            wire,
            {
                "id": expert.id,
                "name": expert.name,
                "systemPrompt": expert.system_prompt,
                "resolvedConfig": expert.resolved_config,
            },
        )
        return put(wire, expert.unknown_fields)
    wire = {
        "type": "expert",
        "id": expert.id,
        "name": expert.name,
        "description": expert.description,
        "systemPrompt": expert.system_prompt,
        "mcpServers": [encode_server(server) for server in expert.mcp_servers],
    }
    return put(wire, expert.unknown_fields)


def decode_expert(value: object, path: str = "expert") -> ExpertInfo | ExpertReference:
    """An expert from an answer; one of an unknown type is a reference that keeps its `type` (CLI-12, SDKC-02).

    Raises:
        WireError: A required field does not fit.
    """
    reader = Reader(value, path)
    kind = reader.optional_text("type")
    if kind == "expert":
        return reader.build(
            ExpertInfo,
            _EXPERT,
            id=reader.text("id"),
            name=reader.text("name"),
            description=reader.optional_text("description") or "",
            system_prompt=reader.optional_text("systemPrompt") or "",
            mcp_servers=reader.items("mcpServers", decode_server),
        )
    return reader.build(
        ExpertReference,
        _REFERENCE if kind == "reference" else _REFERENCE - {"type"},
        id=reader.optional_text("id"),
        name=reader.optional_text("name"),
        system_prompt=reader.optional_text("systemPrompt"),
        resolved_config=reader.optional_object("resolvedConfig"),
    )


def encode_agent(agent: AgentInfo | AgentReference) -> JsonObject:
    """An agent as an answer shows it; `systemPrompt` is always there (SDKC-01)."""
    if isinstance(agent, AgentReference):
        reference: JsonObject = {"type": "reference"}
        put(reference, {"id": agent.id, "name": agent.name})
        return put(reference, agent.unknown_fields)
    wire: JsonObject = {
        "id": agent.id,
        "name": agent.name,
        "description": agent.description,
        "systemPrompt": agent.system_prompt,
        "experts": [encode_expert(expert) for expert in agent.experts],
        "mcpServers": [encode_server(server) for server in agent.mcp_servers],
    }
    return put(wire, agent.unknown_fields)


def decode_agent(value: object, path: str = "agent") -> AgentInfo | AgentReference:
    """An agent, or a reference to one, from an answer (V1-EP-03).

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    if reader.raw("type") == "reference":
        return reader.build(
            AgentReference, _REFERENCE, id=reader.optional_text("id"), name=reader.optional_text("name")
        )
    return reader.build(
        AgentInfo,
        _AGENT,
        id=reader.text("id"),
        name=reader.text("name"),
        description=reader.optional_text("description") or "",
        system_prompt=reader.optional_text("systemPrompt") or "",
        experts=reader.items("experts", decode_expert),
        mcp_servers=reader.items("mcpServers", decode_server),
    )


def decode_agents(value: object, path: str = "agents") -> tuple[AgentInfo | AgentReference, ...]:
    """The bare array of a list (V1-EP-02).

    Raises:
        WireError: It is no array, or an item does not fit.
    """
    if value is None:
        raise WireError(path, "type", "must be an array")
    return Reader({path: value}, "").items(path, decode_agent)


def encode_registry(experts: Iterable[RegistryExpert]) -> JsonObject:
    """The experts on offer (V1-EP-12)."""
    return {"experts": [_encode_registry_expert(expert) for expert in experts]}


def decode_registry(value: object, path: str = "") -> tuple[RegistryExpert, ...]:
    """The experts on offer; a missing list is an empty one (V1-EP-12).

    Raises:
        WireError: An entry does not fit.
    """
    return Reader(value, path).items("experts", _decode_registry_expert)


def _encode_registry_expert(expert: RegistryExpert) -> JsonObject:
    wire: JsonObject = {"name": expert.name, "description": expert.description}
    put(
        wire,
        {
            "displayName": expert.display_name,
            "displayDescription": expert.display_description,
            "mcpServers": [
                {"name": server.name, "authorizationType": server.authorization_type, **server.unknown_fields}
                for server in expert.mcp_servers
            ]
            or None,
            "configSchema": expert.config_schema,
        },
    )
    return put(wire, expert.unknown_fields)


def _decode_registry_expert(value: object, path: str) -> RegistryExpert:
    reader = Reader(value, path)
    return reader.build(
        RegistryExpert,
        _REGISTRY,
        name=reader.text("name"),
        description=reader.optional_text("description") or "",
        display_name=reader.optional_text("displayName"),
        display_description=reader.optional_text("displayDescription"),
        mcp_servers=reader.items("mcpServers", _decode_registry_server),
        config_schema=reader.optional_object("configSchema"),
    )


def _decode_registry_server(value: object, path: str) -> RegistryServer:
    reader = Reader(value, path)
    known = frozenset({"name", "authorizationType"})
    return reader.build(
        RegistryServer, known, name=reader.text("name"), authorization_type=reader.text("authorizationType")
    )
