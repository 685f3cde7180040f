"""What v2's codec refuses, and how it says so (V2-ERR-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentkit.errors import SpecError, WireError
from agentkit.specs import AgentChanges, AgentSpec
from agentkit.wire import v2

U = "0198f6a2-5c1e-7a3b-8c4d-0123456789ab"
MCP: dict[str, Any] = {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/mcp"}


def create(*connectors: object, **changes: object) -> dict[str, object]:
    return {"name": "n", "connectors": list(connectors), **changes}


CASES: list[tuple[Callable[..., object], object, str, str]] = [
    (v2.decode_create_agent, [], "", "type"),
    (v2.decode_create_agent, {}, "name", "missing"),
    (v2.decode_create_agent, {"name": ""}, "name", "value"),
    (v2.decode_create_agent, {"name": "n" * 129}, "name", "value"),
    (v2.decode_create_agent, {"name": "n", "description": "d" * 4097}, "description", "value"),
    (v2.decode_create_agent, {"name": "n", "agentType": "expert"}, "agentType", "value"),
    (v2.decode_create_agent, {"name": "n", "visibility": "secret"}, "visibility", "value"),
    (v2.decode_create_agent, {"name": "n", "lifecycle": "eternal"}, "lifecycle", "value"),
    (v2.decode_create_agent, {"name": "n", "labels": []}, "labels", "type"),
    (v2.decode_create_agent, {"name": "n", "labels": {"secret words": 1}}, "labels", "type"),
    (v2.decode_create_agent, {"name": "n", "labels": {"secret words": None}}, "labels", "value"),
    (v2.decode_create_agent, {"name": "n", "labels": {"a b": "secret words"}}, "labels", "value"),
    (v2.decode_create_agent, {"name": "n", "connectors": {}}, "connectors", "type"),
    (v2.decode_create_agent, create({}), "connectors[0].type", "missing"),
    (v2.decode_create_agent, create({"type": "openapi"}), "connectors[0].type", "value"),
    (v2.decode_create_agent, create({"type": "custom"}), "connectors[0].type", "value"),
    (v2.decode_create_agent, create({**MCP, "transportType": "sse"}), "connectors[0].transportType", "value"),
    (v2.decode_create_agent, create({**MCP, "secret words": "none"}), "connectors[0]", "value"),
    (v2.decode_create_agent, create({**MCP, "id": "con.x"}), "connectors[0].id", "value"),
    (v2.decode_create_agent, create({"type": "mcp", "name": "a"}), "connectors[0].url", "missing"),
    (v2.decode_create_agent, create({**MCP, "url": "ftp://x"}), "connectors[0].url", "value"),
    (v2.decode_create_agent, create({**MCP, "url": "https://x?t=secret words"}), "connectors[0].url", "value"),
    (v2.decode_create_agent, create({**MCP, "auth": {}}), "connectors[0].auth.type", "missing"),
    (v2.decode_create_agent, create({**MCP, "auth": {"type": "oauth2.0"}}), "connectors[0].auth.type", "value"),
    (
        v2.decode_create_agent,
        create({**MCP, "auth": {"type": "none", "token": 1}}),
        "connectors[0].auth.token",
        "value",
    ),
    (v2.decode_create_agent, create({**MCP, "enabled": "yes"}), "connectors[0].enabled", "type"),
    (v2.decode_create_agent, create({"type": "registry"}), "connectors[0].name", "missing"),
    (v2.decode_create_agent, create({"type": "registry", "name": "x", "config": 1}), "connectors[0].config", "type"),
    (v2.decode_create_agent, create({"type": "agent"}), "connectors[0].agentId", "missing"),
    (v2.decode_create_agent, create({"type": "agent", "agentId": "nobody"}), "connectors[0].agentId", "value"),
    (v2.decode_create_agent, create({"type": "agent", "agentId": f"ctx.{U}"}), "connectors[0].agentId", "value"),
    (v2.decode_create_agent, create({"type": "agent", "agentId": U, "name": "x"}), "connectors[0].name", "value"),
    (v2.decode_create_agent, create({"type": "a2a"}), "connectors[0].url", "missing"),
    (v2.decode_create_agent, create({"type": "a2a", "url": "x"}), "connectors[0].url", "value"),
    (v2.decode_create_agent, create({"type": "schema", "schema": {}}), "connectors[0].name", "missing"),
    (v2.decode_create_agent, create({"type": "schema", "name": "t"}), "connectors[0].schema", "missing"),
    (v2.decode_create_agent, create({"type": "schema", "name": "t", "schema": []}), "connectors[0].schema", "type"),
    (
        v2.decode_create_agent,
        create({"type": "schema", "name": "t", "schema": {}, "transition": "failed"}),
        "connectors[0].transition",
        "value",
    ),
    (v2.decode_update_agent, {"name": None}, "name", "value"),
    (v2.decode_update_agent, {"visibility": None}, "visibility", "value"),
    (v2.decode_update_agent, {"lifecycle": None}, "lifecycle", "value"),
    (v2.decode_update_agent, {"experts": []}, "experts", "value"),
    (v2.decode_update_agent, {"connectors": [MCP, {}]}, "connectors[1].type", "missing"),
    (v2.decode_update_connector, {"type": "mcp"}, "type", "value"),
    (v2.decode_update_connector, {"enabled": None}, "enabled", "value"),
    (v2.decode_update_connector, {"name": ""}, "name", "value"),
    (v2.decode_update_connector, {"url": "x"}, "url", "value"),
    (v2.decode_agent, {"name": "n"}, "agent.id", "missing"),
    (v2.decode_agent, {"id": "x", "name": "n", "labels": {"a": 1}}, "agent.labels", "type"),
    (v2.decode_agent, {"id": "x", "name": "n", "connectors": [1]}, "agent.connectors[0]", "type"),
    (v2.decode_connector, {"type": "mcp", "auth": "bearer"}, "connector.auth", "type"),
    (v2.decode_agents, [], "", "type"),
    (v2.decode_agents, {"agents": [{}]}, "agents[0].id", "missing"),
    (v2.decode_registry, {"connectors": [{"id": "x"}]}, "connectors[0].type", "missing"),
    (v2.decode_card, {"name": "n", "version": "1", "capabilities": {}}, "card.supportedInterfaces", "missing"),
]


@pytest.mark.parametrize(("decode", "wire", "path", "reason"), CASES)
def test_a_refusal_names_the_place_and_the_kind_of_fault_but_no_value(
    decode: Callable[..., object], wire: object, path: str, reason: str
) -> None:
    with pytest.raises(WireError) as refused:
        decode(wire)
    assert (refused.value.path, refused.value.reason) == (path, reason)
    assert "secret words" not in str(refused.value)


def test_a_foreign_field_is_named_only_when_it_looks_like_one() -> None:
    with pytest.raises(WireError, match="agentType: is not known"):
        v2.decode_create_agent({"name": "n", "agentType": "expert"})
    with pytest.raises(WireError) as refused:
        v2.decode_create_agent({"name": "n", "Anna Berg, born 1980": 1})
    assert "Anna" not in str(refused.value)


def test_two_servers_of_one_name_are_refused() -> None:
    with pytest.raises(WireError, match="another MCP server"):
        v2.decode_create_agent(create(MCP, MCP))


@pytest.mark.parametrize(
    ("encode", "field"),
    [
        (lambda: v2.encode_create_agent(AgentSpec(name="n" * 129)), "AgentSpec.name"),
        (lambda: v2.encode_create_agent(AgentSpec(name="n", description="d" * 4097)), "AgentSpec.description"),
        (lambda: v2.encode_update_agent(AgentChanges(name="n" * 129)), "AgentChanges.name"),
    ],
)
def test_a_text_that_is_too_long_is_refused_before_it_is_sent(encode: Callable[[], object], field: str) -> None:
    """V2-OBJ-01."""
    with pytest.raises(SpecError) as refused:
        encode()
    assert refused.value.field == field
