"""Properties of both management planes: nothing is lost on the way, nothing crashes a decoder."""

from __future__ import annotations

import contextlib
import json as stdlib_json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from agentkit.errors import WireError
from agentkit.models import AgentInfo, ConnectorInfo, Json, JsonObject, RegistryConnector
from agentkit.specs import AgentChanges, AgentSpec
from agentkit.wire import v1, v2
from agentkit.wire.generations import supported_generations
from agentkit.wire.v2.mapping import references_of, servers_of
from tests.wire import spec_strategies as specs
from tests.wire import strategies

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DOCUMENTED: list[tuple[Callable[[object], object], JsonObject]] = [
    (v2.decode_create_agent, {"name": "n", "connectors": [{"type": "mcp", "name": "a", "url": "https://x.org"}]}),
    (v2.decode_update_agent, {"name": "n", "labels": {"a": "b"}, "connectors": [{"type": "agent", "agentId": ""}]}),
    (v2.decode_agent, {"id": "i", "name": "n", "connectors": [{"type": "schema", "name": "a", "schema": {}}]}),
    (v2.decode_card, {"name": "n", "version": "1", "capabilities": {}, "supportedInterfaces": [{"url": "x"}]}),
    (v1.decode_create_agent, {"name": "n", "description": "d", "experts": [{"type": "reference", "name": "x"}]}),
    (v1.decode_card, {"name": "n", "description": "d", "url": "u", "version": "1", "protocolVersion": "0.3.0"}),
    (v1.decode_send, {"message": {"kind": "message"}, "configuration": {"pushNotificationConfig": {"url": "x"}}}),
]


def over_the_wire(wire: JsonObject) -> object:
    return stdlib_json.loads(stdlib_json.dumps(wire))


@quick
@given(specs.v1_specs)
def test_a_spec_survives_v1(spec: AgentSpec) -> None:
    assert v1.decode_create_agent(over_the_wire(v1.encode_create_agent(spec))) == spec
    assert supported_generations(spec)["v1"] == ()


@quick
@given(specs.v2_specs)
def test_a_spec_survives_v2(spec: AgentSpec) -> None:
    assert v2.decode_create_agent(over_the_wire(v2.encode_create_agent(spec))) == spec
    assert supported_generations(spec)["v2"] == ()


@quick
@given(specs.v2_changes)
def test_changes_survive_v2(changes: AgentChanges) -> None:
    assert v2.decode_update_agent(over_the_wire(v2.encode_update_agent(changes))) == changes


@quick
@given(specs.v2_agents)
def test_an_agent_survives_v2(agent: AgentInfo) -> None:
    again = v2.decode_agent(over_the_wire(v2.encode_agent(agent)))
    shown = {"experts": references_of(agent.connectors), "mcp_servers": servers_of(agent.connectors)}
    assert again == agent.model_copy(update=shown)


@quick
@given(specs.v1_agents)
def test_an_agent_survives_v1(agent: AgentInfo) -> None:
    assert v1.decode_agent(over_the_wire(v1.encode_agent(agent))) == agent


@quick
@given(specs.connectors)
def test_a_connector_survives_v2(connector: ConnectorInfo) -> None:
    assert v2.decode_connector(over_the_wire(v2.encode_connector(connector))) == connector


@quick
@given(specs.registry_connectors)
def test_a_registry_entry_survives_v2(entry: RegistryConnector) -> None:
    assert v2.decode_registry_connector(over_the_wire(v2.encode_registry_connector(entry))) == entry


@pytest.mark.parametrize(
    "decode",
    [
        v2.decode_agent,
        v2.decode_agents,
        v2.decode_card,
        v2.decode_connector,
        v2.decode_connectors,
        v2.decode_create_agent,
        v2.decode_create_connector,
        v2.decode_registry,
        v2.decode_registry_connector,
        v2.decode_update_agent,
        v2.decode_update_connector,
    ],
)
@quick
@given(strategies.json)
def test_arbitrary_json_is_read_or_refused(decode: Callable[[object], object], value: Json) -> None:
    with contextlib.suppress(WireError):
        decode(value)


@pytest.mark.parametrize(("decode", "documented"), DOCUMENTED)
@quick
@given(value=strategies.json)
def test_documented_json_with_one_field_spoilt_is_read_or_refused(
    decode: Callable[[object], object], documented: JsonObject, value: Json
) -> None:
    for spoilt in _spoil(documented, value):
        with contextlib.suppress(WireError):
            decode(spoilt)


def _spoil(wire: JsonObject, value: Json) -> list[JsonObject]:
    """Each field replaced in turn, down to the first item of a list."""
    found: list[JsonObject] = []
    for key, inner in wire.items():
        found.append({**wire, key: value})
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            found.extend({**wire, key: [item]} for item in _spoil(inner[0], value))
        if isinstance(inner, dict):
            found.extend({**wire, key: item} for item in _spoil(inner, value))
    return found
