"""The double's v2 management plane: agents, connectors, registry (section 14)."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from tests.contract.corti_double import CortiDouble
from tests.contract.serving import calling

pytestmark = pytest.mark.anyio

AGENTS = "/v2/agentic/agents"
UNKNOWN = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"
ID = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MERGE = {"content-type": "application/merge-patch+json"}


async def patch(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> httpx2.Response:
    return await client.patch(path, json=body, headers=MERGE)


async def test_a_new_agent_has_prefixed_ids_and_defaults() -> None:
    """V2-EP-01, V2-EP-03, V2-OBJ-01, V2-OBJ-03, V2-ID-01."""
    async with calling(CortiDouble()) as client:
        created = await client.post(AGENTS, json={"name": "visit-helper"})
        agent = created.json()
        found = [(await client.get(f"{AGENTS}/{agent_id}")).json() for agent_id in (agent["id"], agent["id"][4:])]
        missing = [await client.get(f"{AGENTS}/{agent_id}") for agent_id in (UNKNOWN, f"ctx.{agent['id'][4:]}", "x")]
        twice = await client.post(AGENTS, json={"name": "visit-helper"})
    assert created.status_code == 201
    assert created.headers["location"].endswith(f"{AGENTS}/{agent['id']}")
    assert re.fullmatch(rf"agt\.{ID}", agent["id"])
    assert re.fullmatch(rf"usr\.{ID}", agent["createdBy"])
    assert {name: agent[name] for name in ("visibility", "lifecycle", "connectors", "labels", "description")} == {
        "visibility": "private",
        "lifecycle": "ephemeral",
        "connectors": [],
        "labels": {},
        "description": None,
    }
    assert found == [agent, agent]
    assert [answer.status_code for answer in missing] == [404, 404, 404]
    assert missing[0].json() == {"error": {"code": "AGENT_NOT_FOUND", "message": "The agent does not exist."}}
    assert twice.status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "x", "agentType": "expert"}, "agentType"),
        ({"name": "x", "visibility": "secret"}, "visibility"),
        ({"name": "x", "labels": {"a b": "c"}}, "labels.a b"),
        ({"name": "x", "labels": {"a": "c" * 257}}, "labels.a"),
        ({"name": "x", "connectors": [{"type": "openapi"}]}, "connectors[0].type"),
        (
            {"name": "x", "connectors": [{"type": "mcp", "name": "e", "url": "u", "transportType": "sse"}]},
            "connectors[0].transportType",
        ),
        (
            {"name": "x", "connectors": [{"type": "mcp", "name": "e", "url": "u", "auth": {"type": "basic"}}]},
            "connectors[0].auth.type",
        ),
    ],
)
async def test_closed_objects_refuse_what_they_do_not_know(body: dict[str, Any], field: str) -> None:
    """V2-ERR-01, V2-OBJ-01, V2-OBJ-05, V2-OBJ-09, V2-OBJ-10."""
    async with calling(CortiDouble()) as client:
        answer = await client.post(AGENTS, json=body)
        malformed = await client.post(AGENTS, content=b"{")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "VALIDATION_FAILED")
    assert [entry["field"] for entry in error["details"]["validationErrors"]] == [field]
    assert malformed.status_code == 400


async def test_a_merge_patch_keeps_clears_and_replaces() -> None:
    """V2-EP-04, V2-OBJ-02, V2-OBJ-09: a connector whose spec is unchanged keeps its id."""
    double = CortiDouble()
    pubmed = {"type": "registry", "name": "pubmed-expert"}
    agent = double.add_v2_agent(description="d", labels={"a": "1", "b": "2"}, connectors=[pubmed])
    path = f"{AGENTS}/{agent}"
    async with calling(double) as client:
        before = (await client.get(path)).json()
        changed = (await patch(client, path, {"description": None, "labels": {"a": None, "c": "3"}})).json()
        web = {"type": "registry", "name": "web-search-expert"}
        grown = (await patch(client, path, {"connectors": [web, pubmed]})).json()
        cleared = (await patch(client, path, {"connectors": None, "labels": None})).json()
        plain = await client.patch(path, json={"name": "x"})
        nameless = await patch(client, path, {"name": None})
    assert (changed["description"], changed["labels"], changed["name"]) == (None, {"b": "2", "c": "3"}, "visit-helper")
    assert grown["connectors"][1] == before["connectors"][0]
    assert (cleared["connectors"], cleared["labels"]) == ([], {})
    assert (plain.status_code, nameless.status_code) == (400, 422)


async def test_deleting_twice_is_no_error_but_deleting_nothing_is() -> None:
    """V2-EP-05."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    async with calling(double) as client:
        answers = [await client.delete(f"{AGENTS}/{agent_id}") for agent_id in (agent, agent[4:], UNKNOWN)]
        gone = await client.get(f"{AGENTS}/{agent}")
    assert [answer.status_code for answer in answers] == [204, 204, 404]
    assert gone.status_code == 404


async def test_the_list_is_paged_by_cursor_and_filtered_as_declared() -> None:
    """V2-EP-02, V2-PAGE-01, V2-LOC-01."""
    double = CortiDouble()
    for name in "abc":
        double.add_v2_agent(name, labels={"n": name}, visibility="public" if name == "a" else "unlisted")
    async with calling(double) as client:
        first = (await client.get(f"{AGENTS}?pageSize=2")).json()
        second = (await client.get(f"{AGENTS}?pageSize=2&pageToken={first['nextPageToken']}")).json()
        queries = (
            "label=n%3Da",
            "visibility=unlisted&visibility=public",
            "visibility=private",
            "q=B",
            "lifecycle=persistent",
        )
        filtered = [(await client.get(f"{AGENTS}?{query}")).json()["agents"] for query in queries]
        refused = [
            await client.get(f"{AGENTS}?{query}")
            for query in ("pageSize=0", "pageSize=201", "pageToken=x", "pageToken=%%")
        ]
        double.as_of_today = True
        today = (await client.get(f"{AGENTS}?label=n%3Da")).json()["agents"]
    assert [agent["name"] for agent in (*first["agents"], *second["agents"])] == ["a", "b", "c"]
    assert second["nextPageToken"] is None
    assert [[agent["name"] for agent in agents] for agents in filtered] == [["a"], ["a", "b", "c"], [], ["b"], []]
    assert [answer.status_code for answer in refused] == [400] * 4
    assert len(today) == 3


async def test_connectors_of_all_five_types_come_and_go() -> None:
    """V2-EP-15 to V2-EP-17, V2-OBJ-04 to V2-OBJ-09."""
    double = CortiDouble()
    other, agent = double.add_v2_agent("other"), double.add_v2_agent()
    path = f"{AGENTS}/{agent}/connectors"
    specs: list[dict[str, Any]] = [
        {"type": "registry", "name": "pubmed-expert", "config": {"maxResults": 2}},
        {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/x", "auth": {"type": "oauth2", "scope": "s"}},
        {"type": "agent", "agentId": other[4:]},
        {"type": "a2a", "url": "https://a.example.org", "enabled": False},
        {"type": "schema", "name": "done", "schema": {"type": "object"}, "transition": "input_required"},
    ]
    async with calling(double) as client:
        made = [await client.post(path, json=spec) for spec in specs]
        again = await client.post(path, json=specs[1])
        lost = await client.post(path, json={"type": "agent", "agentId": UNKNOWN})
        listed = (await client.get(path)).json()["connectors"]
        one = f"{path}/{listed[1]['id']}"
        changed = await patch(client, one, {"enabled": False})
        retyped = await patch(client, one, {"type": "a2a"})
        double.as_of_today = True
        today = await patch(client, one, {"enabled": True})
        deleted, missing = await client.delete(one), await client.get(one)
    assert [answer.status_code for answer in made] == [201] * 5
    assert [answer.json() for answer in made] == listed
    assert [re.fullmatch(rf"con\.{ID}", connector["id"]) is not None for connector in listed] == [True] * 5
    assert [connector["enabled"] for connector in listed] == [True, True, True, False, True]
    assert listed[2]["agentId"] == other
    assert (again.status_code, lost.status_code, retyped.status_code) == (409, 422, 422)
    assert changed.json() == {**listed[1], "enabled": False}
    assert (today.status_code, today.json()["error"]["code"]) == (501, "NOT_IMPLEMENTED")
    assert (deleted.status_code, missing.status_code) == (204, 404)


async def test_today_most_of_a_new_agent_is_ignored() -> None:
    """V2-OBJ-01, V2-OBJ-04, V2-OBJ-09, V2-LOC-01."""
    double = CortiDouble()
    double.as_of_today = True
    spec = {
        "name": "x",
        "visibility": "public",
        "labels": {"a": "b"},
        "connectors": [{"type": "registry", "name": "pubmed-expert", "config": {"maxResults": 1}, "enabled": True}],
    }
    async with calling(double) as client:
        agent = (await client.post(AGENTS, json=spec)).json()
    assert (agent["visibility"], agent["labels"]) == ("private", {})
    assert set(agent["connectors"][0]) == {"id", "type", "name"}


async def test_the_card_offers_both_bindings_at_one_address() -> None:
    """V2-EP-06, V2-OBJ-17, V2-VER-01."""
    double = CortiDouble()
    agent = double.add_v2_agent(connectors=[{"type": "registry", "name": "pubmed-expert"}])
    async with calling(double) as client:
        answer = await client.get(f"{AGENTS}/{agent}/.well-known/agent-card.json")
    card = answer.json()
    assert answer.headers["a2a-version"] == "1.0"
    assert [(face["protocolBinding"], face["protocolVersion"]) for face in card["supportedInterfaces"]] == [
        ("JSONRPC", "1.0"),
        ("HTTP+JSON", "1.0"),
    ]
    assert {face["url"] for face in card["supportedInterfaces"]} == {f"http://127.0.0.1:8700{AGENTS}/{agent}/a2a"}
    assert re.fullmatch(rf"con\.{ID}", card["skills"][0]["id"])


async def test_the_registry_offers_connectors() -> None:
    """V2-EP-26, V2-OBJ-23."""
    path = "/v2/agentic/registry/connectors"
    double = CortiDouble()
    async with calling(double) as client:
        found = (await client.get(f"{path}?q=pubmed")).json()
        entry = await client.get(f"{path}/@corti/medical-coding")
        missing = await client.get(f"{path}/nobody")
        double.as_of_today = True
        today = (await client.get(f"{path}?q=pubmed&pageSize=2")).json()
    assert [item["id"] for item in found["connectors"]] == ["pubmed-expert"]
    assert entry.json()["id"] == "@corti/medical-coding"
    assert missing.status_code == 404
    assert len(today["connectors"]) == 2
    assert today["nextPageToken"]


async def test_base_url_clients_leave_the_version_away() -> None:
    """LOC-02: `baseUrl` replaces the base with its `/v2` too."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    async with calling(double) as client:
        found = await client.get(f"/agentic/agents/{agent}")
    assert found.json()["id"] == agent
    assert double.targets == [f"GET /agentic/agents/{agent}"]
