"""Agents on the v1 wire, in JSON typed from the reference (sections 6 to 8 and 11 of the API contract)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from agentkit.platform import PlatformSettings
from agentkit.platform.agents.view_v1 import DEFAULT_PROMPT
from agentkit.specs import Authorization, ExpertSpec, McpServerSpec
from agentkit.testing.local_platform import LocalPlatform

pytestmark = pytest.mark.anyio

UNKNOWN = "11111111-1111-4111-8111-111111111111"
SERVER = {
    "name": "ehr",
    "transportType": "streamable_http",
    "authorizationType": "bearer",
    "url": "https://mcp.example.org/ehr/mcp",
}
EXPERT = {"type": "new", "name": "record-reader", "description": "Reads the record", "mcpServers": [SERVER]}
AGENT = {"name": "visit-helper", "description": "Answers questions about one visit", "experts": [EXPERT]}


async def create(api: httpx2.AsyncClient, body: dict[str, Any] | None = None, query: str = "") -> dict[str, Any]:
    answer = await api.post(f"/agents{query}", json=body or AGENT)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_created_agent_is_shown_in_its_answer_form(api: httpx2.AsyncClient) -> None:
    """V1-EP-01, V1-EP-03, V1-OBJ-03, V1-OBJ-06, V1-OBJ-08, V1-OBJ-10, SDKC-01, LOC-03, CON-01."""
    agent = await create(api)
    (expert,) = agent["experts"]
    (server,) = expert["mcpServers"]
    assert agent["name"] == "visit-helper"
    assert isinstance(agent["systemPrompt"], str)
    assert agent["systemPrompt"]
    assert expert["type"] == "expert"
    assert server == {**SERVER, "id": server["id"]}
    assert len({agent["id"], expert["id"], server["id"]}) == 3
    assert (await api.get(f"/agents/{agent['id']}")).json() == agent
    assert (await api.get(f"/v2/agents/{agent['id'].upper()}")).json() == agent


async def test_name_and_description_are_enough(api: httpx2.AsyncClient) -> None:
    """V1-AGENT-01."""
    agent = await create(api, {"name": "a", "description": "d"})
    assert (agent["experts"], agent["mcpServers"]) == ([], [])


async def test_a_namespaced_expert_name_is_accepted(api: httpx2.AsyncClient) -> None:
    """V1-AGENT-02."""
    agent = await create(api, {**AGENT, "experts": [{**EXPERT, "name": "@clinic/reader"}]})
    assert agent["experts"][0]["name"] == "@clinic/reader"


@pytest.mark.parametrize(
    ("change", "location"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"description": None}, "description"),
        ({"agentType": "wizard"}, "agentType"),
        ({"experts": {}}, "experts"),
        ({"experts": [{"type": "expert", "name": "x", "description": "y"}]}, "experts[0].type"),
        ({"experts": [{**EXPERT, "mcpServers": [{**SERVER, "url": "ftp://x"}]}]}, "experts[0].mcpServers[0].url"),
        ({"experts": [EXPERT, {**EXPERT, "name": "second"}]}, "experts[1].mcpServers[0].name"),
        ({"experts": [EXPERT, {**EXPERT, "mcpServers": []}]}, "experts[1].name"),
        ({"mcpServers": [SERVER]}, None),
        (
            {"mcpServers": [{**SERVER, "name": "x", "transportType": "sse", "authorizationType": "oauth2.0"}]},
            "mcpServers[0].authorizationType",
        ),
        ({"mcpServers": [{"name": "x"}]}, "mcpServers[0].transportType"),
    ],
)
async def test_a_body_that_does_not_fit_is_a_422_that_names_the_field(
    api: httpx2.AsyncClient, change: dict[str, Any], location: str | None
) -> None:
    """V1-ERR-02, V1-AGENT-09, CON-03, V1-OBJ-03; nothing is stored."""
    body = {key: value for key, value in (AGENT | change).items() if value is not None}
    answer = await api.post("/agents", json=body)
    assert answer.status_code == 422
    told = answer.json()
    assert {"code", "description", "howToFix", "detail"} <= told.keys()
    (entry,) = told["detail"]
    assert {"msg", "type", "reason", "howToFix"} <= entry.keys()
    if location is not None:
        assert entry["errors"][0]["location"] == location
    assert (await api.get("/agents")).json() == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"name":"\\ud800"}', b"[" * 100_000, b'{"name":NaN}'])
async def test_malformed_json_is_a_400(api: httpx2.AsyncClient, content: bytes) -> None:
    """V1-ERR-02."""
    answer = await api.post("/agents", content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


async def test_a_body_over_the_limit_is_refused_announced_or_not(api: httpx2.AsyncClient) -> None:
    limit = 4 * 1024 * 1024

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(limit + 1):
            yield b"x" * 65536

    announced = await api.post("/agents", content=b"{", headers={"content-length": str(limit + 1)})
    for answer in (announced, await api.post("/agents", content=endless())):
        assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_an_unknown_registry_reference_is_a_400(api: httpx2.AsyncClient) -> None:
    """V1-AGENT-01."""
    for reference in ({"name": "no-such-expert"}, {"id": UNKNOWN}):
        answer = await api.post("/agents", json={**AGENT, "experts": [{"type": "reference", **reference}]})
        assert (answer.status_code, answer.json()["code"]) == (400, "expert_not_found")


async def test_a_registry_expert_can_be_referenced_by_name_and_by_id(api: httpx2.AsyncClient) -> None:
    """V1-OBJ-04, V1-OBJ-09."""
    body = {**AGENT, "experts": [{"type": "reference", "name": "memory-expert", "systemPrompt": "Be brief."}]}
    (by_name,) = (await create(api, body))["experts"]
    assert by_name["type"] == "reference"
    assert by_name["name"] == "memory-expert"
    assert by_name["systemPrompt"] == "Be brief."
    (by_id,) = (await create(api, {**AGENT, "experts": [{"type": "reference", "id": by_name["id"]}]}))["experts"]
    assert by_id["name"] == "memory-expert"


async def test_another_agent_can_be_referenced_and_survives(api: httpx2.AsyncClient) -> None:
    """V1-AGENT-06."""
    helper = await create(api)
    chief = await create(
        api, {"name": "chief", "description": "d", "experts": [{"type": "reference", "id": helper["id"]}]}
    )
    assert chief["experts"] == [{"type": "reference", "id": helper["id"], "name": "visit-helper"}]
    assert (await api.delete(f"/agents/{chief['id']}")).status_code == 204
    assert (await api.get(f"/agents/{helper['id']}")).status_code == 200


async def test_the_registry_offers_at_least_the_memory_and_pages(api: httpx2.AsyncClient) -> None:
    """V1-EP-12, V1-OBJ-11, LOC-05, EXP-03, CON-04."""
    every = (await api.get("/agents/registry/experts?limit=100&offset=0")).json()["experts"]
    assert "memory-expert" in [entry["name"] for entry in every]
    assert all(entry["description"] for entry in every)
    assert (await api.get("/agents/registry/experts?limit=1&offset=0")).json()["experts"] == every[:1]
    assert (await api.get("/agents/registry/experts?offset=1")).json()["experts"] == every[1:]


@pytest.mark.parametrize("path", ["/agents", "/agents/registry/experts"])
@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=1.5", "offset=-1", "offset=x", "limit="])
async def test_a_page_that_makes_no_sense_is_a_400(api: httpx2.AsyncClient, path: str, query: str) -> None:
    """V1-AGENT-07."""
    answer = await api.get(f"{path}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_query")


async def test_the_list_is_a_bare_array_in_the_order_of_creation(api: httpx2.AsyncClient) -> None:
    """V1-EP-02, V1-AGENT-07."""
    names = [(await create(api, {"name": f"agent-{number}", "description": "d"}))["name"] for number in range(3)]
    assert [agent["name"] for agent in (await api.get("/agents")).json()] == names
    assert [agent["name"] for agent in (await api.get("/agents?limit=1&offset=1")).json()] == names[1:2]


async def test_ephemeral_agents_are_hidden_but_fetchable_and_expire() -> None:
    """V1-AGENT-05, V1-EP-01, V1-EP-02."""
    now = [datetime.now(UTC)]
    async with LocalPlatform(PlatformSettings(clock=lambda: now[0], token_lifetime=10**6)) as platform:
        platform.http.headers["authorization"] = f"Bearer {await platform.bearer()}"
        platform.http.base_url = platform.url
        short = await create(platform.http, AGENT, "?ephemeral=true")
        kept = await create(platform.http)
        listed = [agent["id"] for agent in (await platform.http.get("/agents")).json()]
        every = [agent["id"] for agent in (await platform.http.get("/agents?ephemeral=true")).json()]
        assert (listed, every) == ([kept["id"]], [short["id"], kept["id"]])
        assert (await platform.http.get(f"/agents/{short['id']}")).status_code == 200
        now[0] += timedelta(days=2)
        assert (await platform.http.get(f"/agents/{short['id']}")).status_code == 404
        assert [agent["id"] for agent in (await platform.http.get("/agents?ephemeral=true")).json()] == [kept["id"]]


async def test_ephemeral_must_be_true_or_false(api: httpx2.AsyncClient) -> None:
    """V1-EP-01."""
    assert (await api.post("/agents?ephemeral=maybe", json=AGENT)).status_code == 400


async def test_a_patch_changes_the_given_fields_only(api: httpx2.AsyncClient) -> None:
    """V1-EP-04, V1-AGENT-03, CON-21."""
    agent = await create(api)
    url = f"/agents/{agent['id']}"
    assert (await api.patch(url, json={})).json() == agent
    renamed = (await api.patch(url, json={"name": "new name"})).json()
    assert renamed == {**agent, "name": "new name"}
    emptied = (await api.patch(url, json={"experts": []})).json()
    assert emptied == {**renamed, "experts": []}
    assert (await api.get(url)).json() == emptied


async def test_changes_at_once_lose_nothing_of_each_other(api: httpx2.AsyncClient) -> None:
    """V1-AGENT-03, V1-OBJ-02: each changes the fields it gives, and no other."""
    agent = await create(api)
    url = f"/agents/{agent['id']}"
    wanted: dict[str, Any] = {"name": "new", "description": "other", "systemPrompt": "p", "experts": []}
    await asyncio.gather(*(api.patch(url, json={field: value}) for field, value in wanted.items()))
    assert (await api.get(url)).json() == {**agent, **wanted}


async def test_a_full_answer_works_as_a_patch_and_keeps_the_ids(api: httpx2.AsyncClient) -> None:
    """SDKC-11, CON-21."""
    agent = await create(api)
    answer = await api.patch(f"/agents/{agent['id']}", json=agent)
    assert (answer.status_code, answer.json()) == (200, agent)


async def test_a_patch_that_does_not_fit_changes_nothing(api: httpx2.AsyncClient) -> None:
    """V1-AGENT-04."""
    agent = await create(api)
    url = f"/agents/{agent['id']}"
    for body, status in (
        ({"name": ""}, 422),
        ({"experts": [{"type": "reference", "name": "no-such-expert"}]}, 400),
        ({"experts": [EXPERT, EXPERT]}, 422),
        ({"mcpServers": [SERVER]}, 422),
    ):
        assert (await api.patch(url, json=body)).status_code == status
    assert (await api.get(url)).json() == agent


async def test_unknown_agents_have_the_documented_codes(api: httpx2.AsyncClient) -> None:
    """V1-ERR-03, V1-ERR-06, V1-ID-01, V1-EP-03, V1-ERR-01."""
    got = await api.get(f"/agents/{UNKNOWN}")
    assert (got.status_code, got.json()["code"]) == (404, "expert_not_found")
    patched = await api.patch(f"/agents/{UNKNOWN}", json={})
    assert (patched.status_code, patched.json()["code"]) == (404, "agent_not_found")
    assert patched.json()["cause"]["code"] == "expert_not_found"
    deleted = await api.delete(f"/agents/{UNKNOWN}")
    body = deleted.json()
    assert (deleted.status_code, body["code"]) == (404, "agent_delete_failed")
    assert body["cause"]["code"] == "expert_delete_failed"
    assert body["cause"]["cause"]["code"] == "expert_not_found"


@pytest.mark.parametrize("bad", ["x", "agt.11111111-1111-4111-8111-111111111111", "11111111111141118111111111111111"])
async def test_an_id_that_is_no_uuid_is_a_400(api: httpx2.AsyncClient, bad: str) -> None:
    """V1-ID-01."""
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/agent-card.json")):
        answer = await api.request(method, f"/agents/{bad}{path}", json={})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_id")


async def test_an_id_may_be_written_in_upper_case_wherever_it_stands(api: httpx2.AsyncClient) -> None:
    """V1-ID-01: it is the same UUID, in a path as in a reference (V1-AGENT-06)."""
    other = (await create(api))["id"]
    assert (await api.get(f"/agents/{other.upper()}")).json()["id"] == other
    body = {"name": "n", "description": "d", "experts": [{"type": "reference", "id": other.upper()}]}
    created = await api.post("/agents", json=body)
    assert (created.status_code, created.json()["experts"][0]["id"]) == (201, other)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/agents", {"GET", "HEAD", "POST"}),
        (f"/v2/agents/{UNKNOWN}", {"GET", "HEAD", "PATCH", "DELETE"}),
        (f"/agents/{UNKNOWN}/v1/contexts/{UNKNOWN}", {"GET", "HEAD", "DELETE"}),
        (f"/agents/{UNKNOWN}/v1/message:send", {"POST"}),
    ],
)
async def test_a_method_that_is_not_offered_is_told_every_one_that_is(
    api: httpx2.AsyncClient, path: str, methods: set[str]
) -> None:
    answer = await api.put(path, json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == methods


async def test_a_deleted_agent_is_unknown(api: httpx2.AsyncClient) -> None:
    """V1-EP-05, V1-AGENT-08, SDKC-04."""
    agent = await create(api)
    gone = await api.delete(f"/agents/{agent['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await api.get(f"/agents/{agent['id']}")).status_code == 404
    assert (await api.delete(f"/agents/{agent['id']}")).status_code == 404


async def test_the_card_points_to_the_agent(api: httpx2.AsyncClient, platform: LocalPlatform) -> None:
    """V1-EP-06, V1-OBJ-12, V1-OBJ-13, V1-CARD-01, V1-CARD-02, CON-08."""
    agent = await create(api)
    card = (await api.get(f"/agents/{agent['id']}/agent-card.json")).json()
    assert card["url"] == f"{platform.url}/agents/{agent['id']}/v1"
    assert card["protocolVersion"].startswith("0.3")
    assert card["capabilities"] == {"streaming": True, "pushNotifications": False}
    (skill,) = card["skills"]
    assert skill["name"] == "record-reader"
    assert "examples" not in skill
    assert {"name", "description", "version", "defaultInputModes", "defaultOutputModes"} <= card.keys()


async def test_a_static_token_is_never_shown_and_lies_sealed_in_the_database(tmp_path: Path) -> None:
    """V1-OBJ-05, V1-AGENT-10."""
    canary = "canary-4f9d2c-static-token"
    database = tmp_path / "platform.db"
    async with LocalPlatform(PlatformSettings(database=database)) as platform:
        platform.http.headers["authorization"] = f"Bearer {await platform.bearer()}"
        platform.http.base_url = platform.url
        body = {"name": "a", "description": "d", "mcpServers": [{**SERVER, "token": canary}]}
        created = await platform.http.post("/agents", json=body)
        url = f"/agents/{created.json()['id']}"
        answers = [created, await platform.http.get(url), await platform.http.patch(url, json=created.json())]
        files = stored_bytes(tmp_path)
    assert all(canary not in answer.text for answer in answers)
    assert canary.encode() not in files
    assert canary.encode() not in stored_bytes(tmp_path)
    key = database.with_name("platform.db.key")
    assert key.stat().st_mode & 0o777 == 0o600


def stored_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


REFERENCE_EXAMPLE = """{"name":"visit-helper","description":"Answers questions about one visit","experts":[
  {"type":"new","name":"record-reader","description":"Reads the record","mcpServers":[
    {"name":"ehr","transportType":"streamable_http","authorizationType":"bearer","url":"https://mcp.example.org/ehr/mcp"}]},
  {"type":"reference","name":"literature-expert"}]}"""


async def test_the_example_of_the_reference_is_answered_in_the_documented_shape() -> None:
    """V1-OBJ-01, V1-OBJ-06, V1-OBJ-08 to V1-OBJ-10, SDKC-01, SDKC-02: to the last field."""
    offered = ExpertSpec(name="literature-expert", description="Finds papers.")
    async with LocalPlatform(PlatformSettings(registry=(offered,))) as platform:
        platform.http.headers["authorization"] = f"Bearer {await platform.bearer()}"
        platform.http.base_url = platform.url
        answer = await platform.http.post("/agents", content=REFERENCE_EXAMPLE)
    assert answer.status_code == 201
    agent = answer.json()
    reader, literature = agent["experts"]
    assert agent == {
        "id": agent["id"],
        "name": "visit-helper",
        "description": "Answers questions about one visit",
        "systemPrompt": DEFAULT_PROMPT,
        "experts": [
            {
                "type": "expert",
                "id": reader["id"],
                "name": "record-reader",
                "description": "Reads the record",
                "systemPrompt": "",
                "mcpServers": [
                    {
                        "id": reader["mcpServers"][0]["id"],
                        "name": "ehr",
                        "transportType": "streamable_http",
                        "authorizationType": "bearer",
                        "url": "https://mcp.example.org/ehr/mcp",
                    }
                ],
            },
            {"type": "reference", "id": literature["id"], "name": "literature-expert"},
        ],
        "mcpServers": [],
    }


@pytest.mark.parametrize(("transport", "url"), [("sse", "https://mcp.example.org/sse"), ("stdio", "server --stdio")])
@pytest.mark.parametrize("authorization", ["none", "bearer", "inherit", "oauth2.0"])
async def test_every_transport_is_kept_as_data_and_oauth_takes_one_alone(
    api: httpx2.AsyncClient, transport: str, url: str, authorization: str
) -> None:
    """V1-OBJ-05, V1-AGENT-09, CON-07, MCPAUTH-07: at create and at update."""
    server = {"name": "x", "transportType": transport, "authorizationType": authorization, "url": url}
    agent = await create(api, {"name": "n", "description": "d"})
    answer = await api.patch(f"/agents/{agent['id']}", json={"mcpServers": [server]})
    created = await api.post("/agents", json={"name": "m", "description": "d", "mcpServers": [server]})
    if authorization == "oauth2.0":
        assert [one.status_code for one in (answer, created)] == [422, 422]
        assert answer.json()["detail"][0]["errors"][0]["location"] == "mcpServers[0].authorizationType"
        assert (await api.get(f"/agents/{agent['id']}")).json() == agent
    else:
        assert [one.status_code for one in (answer, created)] == [200, 201]
        for shown in (answer.json(), created.json()):
            assert shown["mcpServers"] == [{**server, "id": shown["mcpServers"][0]["id"]}]


async def test_ephemeral_and_unknown_fields_of_a_body_say_nothing(api: httpx2.AsyncClient) -> None:
    """V1-OBJ-01, V1-OBJ-02: the flag is a parameter of the query, and the kind of an agent stays what it is."""
    body = {"name": "n", "description": "d", "ephemeral": True, "agentType": "interviewing-expert", "colour": "red"}
    agent = await create(api, body)
    changed = await api.patch(f"/agents/{agent['id']}", json={"agentType": "wizard", "ephemeral": True, "id": "x"})
    assert changed.status_code == 200
    assert [one["id"] for one in (await api.get("/agents")).json()] == [agent["id"]]


@pytest.mark.parametrize("authorization", ["none", "bearer", "inherit", "oauth2.0"])
async def test_everything_that_may_be_said_of_an_agent_comes_back(api: httpx2.AsyncClient, authorization: str) -> None:
    """V1-OBJ-01, V1-OBJ-03, V1-OBJ-05, V1-OBJ-06, V1-OBJ-08, V1-OBJ-10, CON-06: a server with its description, too."""
    server = {
        "name": "ehr",
        "transportType": "streamable_http",
        "authorizationType": authorization,
        "authorizationScope": "patient/*.rs",
        "url": "https://mcp.example.org/ehr/mcp",
        "redirectUrl": "https://app.example.org/back",
        "description": "The record.",
    }
    expert = {"type": "new", "name": "record-reader", "description": "Reads", "systemPrompt": "Read on."}
    agent = await create(
        api,
        {
            "name": "visit-helper",
            "description": "Answers questions about one visit",
            "agentType": "expert",
            "systemPrompt": "Be brief.",
            "experts": [{**expert, "mcpServers": [server]}],
            "mcpServers": [{**server, "name": "calc"}],
        },
    )
    (reader,), (calc,) = agent["experts"], agent["mcpServers"]
    (ehr,) = reader["mcpServers"]
    assert agent == {
        "id": agent["id"],
        "name": "visit-helper",
        "description": "Answers questions about one visit",
        "systemPrompt": "Be brief.",
        "experts": [{**expert, "type": "expert", "id": reader["id"], "mcpServers": [{**server, "id": ehr["id"]}]}],
        "mcpServers": [{**server, "name": "calc", "id": calc["id"]}],
    }
    assert (await api.get(f"/agents/{agent['id']}")).json() == agent


async def test_the_id_of_a_reference_wins_over_its_name(api: httpx2.AsyncClient) -> None:
    """V1-OBJ-04."""
    helper = await create(api)
    reference = {"type": "reference", "id": helper["id"], "name": "memory-expert"}
    chief = await create(api, {"name": "chief", "description": "d", "experts": [reference]})
    assert chief["experts"] == [{"type": "reference", "id": helper["id"], "name": "visit-helper"}]


async def test_the_registry_tells_the_servers_of_an_expert() -> None:
    """V1-OBJ-11: their names, and which credential each of them wants."""
    url = "https://mcp.example.org/pubmed"
    server = McpServerSpec(name="pubmed", url=url, authorization=Authorization.BEARER)
    offered = ExpertSpec(name="literature-expert", description="Finds papers.", servers=[server])
    async with LocalPlatform(PlatformSettings(registry=(offered,))) as platform:
        headers = {"authorization": f"Bearer {await platform.bearer()}"}
        answer = await platform.http.get(f"{platform.url}/agents/registry/experts", headers=headers)
    (entry,) = [one for one in answer.json()["experts"] if one["name"] == "literature-expert"]
    assert entry["mcpServers"] == [{"name": "pubmed", "authorizationType": "bearer"}]
    assert url not in answer.text
