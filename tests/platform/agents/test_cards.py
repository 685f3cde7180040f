"""The cards of an agent in both generations (V1-OBJ-12, V1-OBJ-13, V2-OBJ-17)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platform.agents.calls import V1, V2, caller, v1_path, v2_path

pytestmark = pytest.mark.anyio

ROOT = "http://127.0.0.1:8700"


async def test_the_card_of_v2_offers_both_bindings_at_one_address_and_a_skill_for_each_connector() -> None:
    """V2-EP-06, V2-OBJ-17, V2-VER-01, V1-CARD-02."""
    connectors: list[dict[str, Any]] = [
        {"type": "registry", "name": "memory-expert"},
        {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr/mcp"},
        {"type": "a2a", "url": "https://agents.example.org/card.json"},
        {"type": "schema", "name": "triage", "schema": {}, "description": "How urgent it is."},
    ]
    async with caller() as api:
        agent = await api.made(V2, {"name": "visit-helper", "connectors": connectors})
        colleague = await api.made(V2, {"name": "x", "connectors": [{"type": "agent", "agentId": agent["id"]}]})
        path = v2_path(agent["id"])
        answer = await api.get(f"{path}/.well-known/agent-card.json")
        other = await api.read(f"{v2_path(colleague['id'])}/.well-known/agent-card.json")
    assert answer.headers["a2a-version"] == "1.0"
    card = answer.json()
    skills = card.pop("skills")
    version = card.pop("version")
    assert card == {
        "name": "visit-helper",
        "capabilities": {"streaming": True, "pushNotifications": False},
        "supportedInterfaces": [
            {"protocolBinding": "JSONRPC", "protocolVersion": "1.0", "url": f"{ROOT}{path}/a2a"},
            {"protocolBinding": "HTTP+JSON", "protocolVersion": "1.0", "url": f"{ROOT}{path}/a2a"},
        ],
        "defaultInputModes": ["text/plain", "application/json"],
        "defaultOutputModes": ["text/plain", "application/json"],
    }
    assert version
    assert [skill["id"] for skill in skills] == [connector["id"] for connector in agent["connectors"]]
    assert [skill["name"] for skill in skills] == [
        "memory-expert",
        "ehr",
        "https://agents.example.org/card.json",
        "triage",
    ]
    assert skills[3]["description"] == "How urgent it is."
    assert all(skill["description"] and skill["tags"] and "examples" not in skill for skill in skills)
    assert [skill["name"] for skill in other["skills"]] == ["visit-helper"]


async def test_the_card_of_v1_is_an_a2a_0_3_card_of_the_same_agent() -> None:
    """V1-EP-06, V1-OBJ-12, V1-CARD-01, CON-08: its address is the JSON-RPC endpoint, its skills are the experts."""
    reader = {"type": "new", "name": "record-reader", "description": "Reads the record"}
    async with caller() as api:
        agent = await api.made(V1, {"name": "visit-helper", "description": "d", "experts": [reader]})
        card = await api.read(f"{v1_path(agent['id'])}/agent-card.json")
        expert = await api.read(f"{v1_path(agent['experts'][0]['id'])}/agent-card.json")
        in_v2 = await api.read(f"{v2_path(agent['id'])}/.well-known/agent-card.json")
    assert (card["protocolVersion"], card["url"]) == ("0.3.0", f"{ROOT}/agents/{agent['id']}/v1")
    assert card["preferredTransport"] == "JSONRPC"
    assert card["capabilities"] == {"streaming": True, "pushNotifications": False}
    assert card["skills"] == [
        {
            "id": agent["experts"][0]["id"],
            "name": "record-reader",
            "description": "Reads the record",
            "tags": ["expert"],
        }
    ]
    assert (expert["name"], expert["description"]) == ("record-reader", "Reads the record")
    assert [skill["id"] for skill in in_v2["skills"]] == [f"con.{agent['experts'][0]['id']}"]


async def test_a_connector_that_is_off_is_no_skill() -> None:
    """V2-OBJ-09, V2-OBJ-17."""
    off = {"type": "registry", "name": "memory-expert", "enabled": False}
    async with caller() as api:
        agent = await api.made(V2, {"name": "visit-helper", "connectors": [off]})
        card = await api.read(f"{v2_path(agent['id'])}/.well-known/agent-card.json")
        in_v1 = await api.read(f"{v1_path(agent['id'])}/agent-card.json")
    assert (card["skills"], in_v1["skills"]) == ([], [])
