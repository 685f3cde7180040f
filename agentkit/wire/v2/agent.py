"""Agents of v2: as an author sends them, closed objects, and as an answer shows them (V2-OBJ-01 to V2-OBJ-03)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from agentkit.errors import SpecError
from agentkit.models import AgentInfo, Json, JsonObject
from agentkit.specs import CLEAR, AgentChanges, AgentSpec, AnyExpert, Clear, McpServerSpec, Visibility
from agentkit.specs.agent import given
from agentkit.wire.authoring import read_spec, read_word
from agentkit.wire.generations import check_kind, require_generation
from agentkit.wire.reader import Reader, put, read_time, write_time
from agentkit.wire.v2.connector import decode_connector, encode_connector
from agentkit.wire.v2.connector_spec import decode_create_connector, encode_create_connector
from agentkit.wire.v2.mapping import connector_specs, references_of, servers_of, split_connectors, system_prompt
from agentkit.wire.v2.paging import decode_page, encode_page

T = TypeVar("T")

_SPEC: Final = frozenset(
    {"name", "description", "systemPrompt", "model", "visibility", "lifecycle", "connectors", "labels"}
)
_AGENT: Final = _SPEC | {"id", "createdAt", "updatedAt", "createdBy"}
_FIELDS: Final = {
    "prompt": "systemPrompt",
    "servers": "connectors",
    "experts": "connectors",
    "ephemeral": "lifecycle",
}
_LONGEST: Final = {"name": 128, "description": 4096}
_LIFECYCLES: Final = {"ephemeral": True, "persistent": False}


def encode_create_agent(spec: AgentSpec) -> JsonObject:
    """The body of a create (V2-OBJ-01); the lifecycle is always said.

    Raises:
        UnsupportedByGeneration: The spec uses what only v1 can do.
        SpecError: A text is longer than v2 takes.
    """
    check_kind(spec, AgentSpec)
    require_generation(spec, "v2")
    _check_lengths("AgentSpec", spec.name, spec.description)
    wire: JsonObject = {"name": spec.name}
    return put(
        wire,
        {
            "description": spec.description or None,
            "systemPrompt": system_prompt(spec.prompt, spec.experts, spec.servers),
            "model": spec.model,
            "visibility": spec.visibility.value if spec.visibility else None,
            "lifecycle": _lifecycle(spec.ephemeral),
            "connectors": _encode_connectors(spec.experts, spec.servers) or None,
            "labels": dict(spec.labels) if spec.labels else None,
        },
    )


def decode_create_agent(value: object) -> AgentSpec:
    """A create as a server reads it; without a lifecycle the agent is ephemeral (V2-OBJ-01).

    Raises:
        WireError: A field is unknown, missing or does not fit.
    """
    reader = Reader(value, "")
    reader.only(_SPEC)
    experts, servers = split_connectors(reader.items("connectors", decode_create_connector))
    ephemeral = _decode_lifecycle(reader)
    return read_spec(
        reader,
        lambda: AgentSpec(
            name=_limited(reader, "name") or reader.words("name"),
            description=_limited(reader, "description") or "",
            prompt=reader.optional_text("systemPrompt"),
            experts=experts,
            servers=servers,
            ephemeral=True if ephemeral is None else ephemeral,
            model=reader.optional_text("model"),
            visibility=read_word(reader, "visibility", Visibility),
            labels=_texts(reader, "labels"),
        ),
        _FIELDS,
    )


def encode_update_agent(changes: AgentChanges) -> JsonObject:
    """The merge patch of an agent: the given fields only, null for a cleared one (V2-EP-04).

    Raises:
        UnsupportedByGeneration: The changes use what only v1 can do.
        SpecError: A text is longer than v2 takes.
    """
    check_kind(changes, AgentChanges)
    require_generation(changes, "v2")
    _check_lengths("AgentChanges", changes.name, changes.description)
    patch: JsonObject = {}
    put(
        patch,
        {
            "name": changes.name,
            "visibility": changes.visibility.value if changes.visibility else None,
            "lifecycle": None if changes.ephemeral is None else _lifecycle(changes.ephemeral),
        },
    )
    for key, value in (("description", changes.description), ("model", changes.model)):
        if value is not None:
            patch[key] = None if isinstance(value, Clear) else value
    experts, servers = given(changes.experts), given(changes.servers)
    if changes.prompt is not None:
        prompt = None if isinstance(changes.prompt, Clear) else changes.prompt
        patch["systemPrompt"] = system_prompt(prompt, experts, servers)
    if changes.experts is CLEAR and changes.servers is CLEAR:
        patch["connectors"] = None
    elif changes.experts is not None:
        patch["connectors"] = _encode_connectors(experts, servers)
    if changes.labels is not None:
        patch["labels"] = None if isinstance(changes.labels, Clear) else dict(changes.labels)
    return patch


def decode_update_agent(value: object) -> AgentChanges:
    """A merge patch as a server reads it: null clears.

    Raises:
        WireError: A field is unknown or does not fit, or one that cannot be cleared is null.
    """
    reader = Reader(value, "")
    reader.only(_SPEC)
    for key in ("name", "visibility", "lifecycle"):
        if reader.mentions(key) and not reader.has(key):
            reader.fail(key, "value", "must not be null")
    experts: tuple[AnyExpert, ...] | Clear | None = None
    servers: tuple[McpServerSpec, ...] | Clear | None = None
    if reader.has("connectors"):
        experts, servers = split_connectors(reader.items("connectors", decode_create_connector))
    elif reader.mentions("connectors"):
        experts = servers = CLEAR
    return read_spec(
        reader,
        lambda: AgentChanges(
            name=_limited(reader, "name"),
            # An empty one is shown as null, and clears as null does; a create takes it, too.
            description=_cleared(reader, "description", _limited(reader, "description")) or CLEAR
            if reader.mentions("description")
            else None,
            prompt=_cleared(reader, "systemPrompt", reader.optional_text("systemPrompt")),
            experts=experts,
            servers=servers,
            ephemeral=_decode_lifecycle(reader),
            model=_cleared(reader, "model", reader.optional_text("model")),
            visibility=read_word(reader, "visibility", Visibility),
            labels=_cleared(reader, "labels", _removable_texts(reader, "labels")),
        ),
        _FIELDS,
    )


def encode_agent(agent: AgentInfo) -> JsonObject:
    """An agent as an answer shows it (V2-OBJ-03).

    Raises:
        WireError: A connector lacks what its type needs (SDKC-03).
    """
    wire: JsonObject = {
        "id": agent.id,
        "name": agent.name,
        "description": agent.description or None,
        "systemPrompt": agent.system_prompt or None,
        "model": agent.model,
        "visibility": agent.visibility or Visibility.PRIVATE.value,
        "lifecycle": agent.lifecycle or _lifecycle(False),
        "connectors": [encode_connector(connector) for connector in agent.connectors],
    }
    put(
        wire,
        {
            "labels": dict(agent.labels) if agent.labels is not None else None,
            "createdAt": write_time(agent.created_at) if agent.created_at else None,
            "updatedAt": write_time(agent.updated_at) if agent.updated_at else None,
            "createdBy": agent.created_by,
        },
    )
    return put(wire, agent.unknown_fields)


def decode_agent(value: object, path: str = "agent") -> AgentInfo:
    """An agent from an answer; its connectors are shown as experts and MCP servers too (V2-MIG-01).

    Raises:
        WireError: A required field is missing or does not fit.
    """
    reader = Reader(value, path)
    connectors = reader.items("connectors", decode_connector)
    return reader.build(
        AgentInfo,
        _AGENT,
        id=reader.text("id"),
        name=reader.text("name"),
        description=reader.optional_text("description") or "",
        system_prompt=reader.optional_text("systemPrompt") or "",
        experts=references_of(connectors),
        mcp_servers=servers_of(connectors),
        connectors=connectors,
        model=reader.optional_text("model"),
        visibility=reader.optional_text("visibility"),
        lifecycle=reader.optional_text("lifecycle"),
        labels=_texts(reader, "labels"),
        created_at=read_time(reader.optional_text("createdAt")),
        updated_at=read_time(reader.optional_text("updatedAt")),
        created_by=reader.optional_text("createdBy"),
    )


def encode_agents(agents: Iterable[AgentInfo], next_token: str | None = None) -> JsonObject:
    """A page of agents (V2-EP-02)."""
    return encode_page("agents", (encode_agent(agent) for agent in agents), next_token)


def decode_agents(value: object, path: str = "") -> tuple[tuple[AgentInfo, ...], str | None]:
    """A page of agents and the token of the next one.

    Raises:
        WireError: It is no object with an array, or an agent does not fit.
    """
    return decode_page(value, "agents", decode_agent, path)


def _encode_connectors(experts: Iterable[AnyExpert], servers: Iterable[McpServerSpec]) -> list[Json]:
    return [encode_create_connector(spec) for spec in connector_specs(experts, servers)]


def _check_lengths(spec: str, name: str | None, description: str | Clear | None) -> None:
    for field, text in (("name", name), ("description", description)):
        if isinstance(text, str) and len(text) > _LONGEST[field]:
            raise SpecError(f"{spec}.{field}", f"may have at most {_LONGEST[field]} characters in v2")


def _limited(reader: Reader, key: str) -> str | None:
    text = reader.optional_text(key)
    if text is not None and len(text) > _LONGEST[key]:
        reader.fail(key, "value", f"may have at most {_LONGEST[key]} characters")
    return text


def _cleared(reader: Reader, key: str, value: T | None) -> T | Clear | None:
    return CLEAR if reader.mentions(key) and not reader.has(key) else value


def _lifecycle(ephemeral: bool) -> str:
    return "ephemeral" if ephemeral else "persistent"


def _decode_lifecycle(reader: Reader) -> bool | None:
    word = reader.optional_text("lifecycle")
    if word is not None and word not in _LIFECYCLES:
        reader.fail("lifecycle", "value", "must be 'ephemeral' or 'persistent'")
    return None if word is None else _LIFECYCLES[word]


def _texts(reader: Reader, key: str) -> dict[str, str] | None:
    found = _removable_texts(reader, key)
    if found is None:
        return None
    if None in found.values():
        reader.fail(key, "value", "must hold no null")
    return {name: text for name, text in found.items() if text is not None}


def _removable_texts(reader: Reader, key: str) -> dict[str, str | None] | None:
    """A map of texts; a wrong one is not named, because a key may be anything a caller typed."""
    texts: dict[str, str | None] = {}
    found = reader.optional_object(key)
    for name, text in (found or {}).items():
        if text is not None and not isinstance(text, str):
            reader.fail(key, "type", "must map keys to texts")
        texts[name] = text
    return None if found is None else texts
