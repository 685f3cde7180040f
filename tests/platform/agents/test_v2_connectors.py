"""The connectors of an agent one by one, on the v2 wire (section 14 of the API contract)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agentkit.models import JsonObject
from agentkit.platform import PlatformSettings
from agentkit.platform.agents.registry import RegistryEntry
from agentkit.specs import ExpertSpec
from tests.platform.agents.calls import UNKNOWN, V1, V2, Caller, caller, error, refused_fields, v1_path, v2_path

pytestmark = pytest.mark.anyio

EHR: dict[str, Any] = {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr/mcp"}
RECALL: dict[str, Any] = {"type": "registry", "name": "memory-expert"}
DONE: dict[str, Any] = {"type": "schema", "name": "triage", "schema": {"type": "object"}, "transition": "complete"}
REMOTE: dict[str, Any] = {"type": "a2a", "url": "https://agents.example.org/card.json", "name": "remote"}
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "maxResults": {"type": "integer", "default": 5},
        "search": {"type": "object", "properties": {"language": {"type": "string", "default": "en"}}},
    },
}
LITERATURE = RegistryEntry(
    ExpertSpec(name="pubmed-expert", description="Searches PubMed."), "PubMed", SCHEMA, ("literature",)
)
OFFERING = PlatformSettings(registry=(LITERATURE,))


async def agent_with(api: Caller, *connectors: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The path of an agent, and its connectors as shown."""
    agent = await api.made(V2, {"name": "visit-helper", "connectors": list(connectors)})
    return v2_path(agent["id"]), agent["connectors"]


async def test_connectors_of_all_five_types_come_and_go() -> None:
    """V2-EP-15, V2-EP-16, V2-OBJ-04, V2-OBJ-05, V2-OBJ-06, V2-OBJ-07, V2-OBJ-08, V2-OBJ-09, SDKC-03."""
    async with caller(OFFERING) as api:
        other = await api.made(V2, {"name": "other"})
        path, _ = await agent_with(api)
        specs: list[dict[str, Any]] = [
            {"type": "registry", "name": "pubmed-expert", "config": {"maxResults": 2}},
            {**EHR, "auth": {"type": "apiKey", "ref": "ehr-key"}},
            {"type": "agent", "agentId": other["id"][4:]},
            {**REMOTE, "enabled": False},
            {**DONE, "transition": "input_required", "description": "d"},
        ]
        answers = [await api.post(f"{path}/connectors", spec) for spec in specs]
        made = [answer.json() for answer in answers]
        listed = (await api.read(f"{path}/connectors"))["connectors"]
        one_by_one = [await api.read(f"{path}/connectors/{one['id']}") for one in made]
        agent = await api.read(path)
        bare = await api.read(f"{path}/connectors/{made[0]['id'][4:]}")
        gone = [await api.delete(f"{path}/connectors/{made[1]['id']}") for _ in range(2)]
        left = (await api.read(f"{path}/connectors"))["connectors"]
    assert [answer.status_code for answer in answers] == [201] * 5
    assert [answer.headers["location"] for answer in answers] == [
        f"http://127.0.0.1:8700{path}/connectors/{one['id']}" for one in made
    ]
    assert [{key: value for key, value in one.items() if key != "id"} for one in made] == [
        {"enabled": True, **spec, **({"agentId": other["id"]} if spec["type"] == "agent" else {})} for spec in specs
    ]
    assert made == listed == one_by_one == agent["connectors"]
    assert bare == made[0]
    assert [answer.status_code for answer in gone] == [204, 404]
    assert error(gone[1]) == (404, "CONNECTOR_NOT_FOUND")
    assert left == [made[0], *made[2:]]


async def test_a_second_connector_of_a_name_is_a_conflict() -> None:
    """V2-EP-15, V2-ERR-01, MCPAUTH-03."""
    async with caller() as api:
        path, _ = await agent_with(api, EHR, RECALL, REMOTE, DONE)
        for spec in (EHR, {**EHR, "name": " ehr "}, RECALL, REMOTE, DONE, {**DONE, "name": "remote"}):
            assert error(await api.post(f"{path}/connectors", spec)) == (409, "ASSIGNMENT_CONFLICT"), spec
        assert len((await api.read(f"{path}/connectors"))["connectors"]) == 4


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"type": "openapi"}, "type"),
        ({"name": "x"}, "type"),
        ({**EHR, "transportType": "sse"}, "transportType"),
        ({**EHR, "url": ""}, "url"),
        ({"type": "mcp", "name": "x"}, "url"),
        ({"type": "agent"}, "agentId"),
        ({"type": "agent", "agentId": UNKNOWN}, "agentId"),
        ({"type": "registry", "name": "nobody"}, "name"),
        ({"type": "registry", "name": "pubmed-expert", "config": {"maxResults": "many"}}, "config.maxResults"),
        ({"type": "registry", "name": "pubmed-expert", "config": []}, "config"),
    ],
)
async def test_a_connector_that_fits_none_of_the_forms_is_a_422(spec: dict[str, Any], field: str) -> None:
    """V2-ERR-01, V2-OBJ-05, V2-OBJ-09."""
    async with caller(OFFERING) as api:
        path, _ = await agent_with(api)
        assert refused_fields(await api.post(f"{path}/connectors", spec)) == [field]


@pytest.mark.parametrize(
    "schema",
    [{"type": "nope"}, {"properties": []}, {"required": "answer"}, {"type": "object", "minProperties": -1}],
    ids=str,
)
async def test_an_output_whose_schema_is_none_is_refused_when_it_is_written(schema: dict[str, Any]) -> None:
    """V2-OBJ-08, V2-ERR-01: no call could ever fit it."""
    connector = {"type": "schema", "name": "triage", "schema": schema}
    async with caller() as api:
        assert refused_fields(await api.post(V2, {"name": "a", "connectors": [connector]})) == ["connectors[0].schema"]
        agent = await api.made(V2, {"name": "a"})
        place = v2_path(agent["id"])
        assert refused_fields(await api.patch(place, {"connectors": [connector]})) == ["connectors[0].schema"]
        assert refused_fields(await api.post(f"{place}/connectors", connector)) == ["schema"]
        assert (await api.read(place))["connectors"] == []


async def test_a_connector_keeps_its_id_while_its_spec_is_unchanged() -> None:
    """V2-OBJ-09: whatever else the list becomes."""
    async with caller() as api:
        path, before = await agent_with(api, EHR, RECALL, REMOTE, DONE)
        ehr, recall, remote, done = before
        mixed = [DONE, {**EHR, "auth": {"type": "bearer"}}, REMOTE, RECALL]
        after = (await api.patch(path, {"connectors": mixed})).json()["connectors"]
    assert [after[0], after[2], after[3]] == [done, remote, recall]
    assert after[1]["id"] != ehr["id"]


async def test_connectors_that_are_alike_keep_an_id_each() -> None:
    """V2-OBJ-09."""
    async with caller() as api:
        nameless = {"type": "a2a", "url": "https://agents.example.org/card.json"}
        path, before = await agent_with(api, nameless, nameless)
        after = (await api.patch(path, {"connectors": [nameless, nameless, nameless]})).json()["connectors"]
    assert after[:2] == before
    assert len({one["id"] for one in after}) == 3


async def test_a_connector_is_changed_under_its_id() -> None:
    """V2-EP-17, V2-LOC-01, RFC 7396."""
    async with caller(OFFERING) as api:
        pubmed = {
            "type": "registry",
            "name": "pubmed-expert",
            "config": {"maxResults": 2, "search": {"language": "da"}},
        }
        path, before = await agent_with(api, {**EHR, "auth": {"type": "oauth2", "scope": "s"}}, pubmed, REMOTE, DONE)
        ehr, literature, remote, done = before

        async def change(connector: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
            answer = await api.patch(f"{path}/connectors/{connector['id']}", patch)
            assert answer.status_code == 200, answer.text
            return answer.json()

        assert await change(ehr, {}) == ehr
        assert await change(ehr, {"enabled": False}) == {**ehr, "enabled": False}
        moved = await change(ehr, {"url": "https://other.example/mcp", "name": "records", "enabled": True})
        assert moved == {**ehr, "url": "https://other.example/mcp", "name": "records"}
        merged = await change(ehr, {"auth": {"type": "bearer", "ref": "secret"}})
        assert merged["auth"] == {"type": "bearer", "scope": "s", "ref": "secret"}
        opened = await change(ehr, {"auth": None})
        assert "auth" not in opened
        narrowed = await change(literature, {"config": {"maxResults": None, "search": {"deep": True}}})
        assert narrowed == {**literature, "config": {"search": {"language": "da", "deep": True}}}
        assert "config" not in await change(literature, {"config": None})
        assert await change(remote, {"url": "https://new.example"}) == {**remote, "url": "https://new.example"}
        assert await change(done, {"name": "renamed"}) == {**done, "name": "renamed"}
        assert [one["id"] for one in (await api.read(path))["connectors"]] == [one["id"] for one in before]


@pytest.mark.parametrize(
    ("place", "patch", "field"),
    [
        (0, {"type": "a2a"}, "type"),
        (0, {"config": {}}, "config"),
        (0, {"name": None}, "name"),
        (0, {"enabled": None}, "enabled"),
        (0, {"url": None}, "url"),
        (0, {"url": "nowhere"}, "url"),
        (0, {"auth": {"type": "basic"}}, "auth.type"),
        (0, {"auth": {"scope": "s"}}, "auth.type"),
        (0, {"name": "spare"}, "name"),
        (1, {"url": "https://x.example"}, "url"),
        (1, {"name": "nobody"}, "name"),
        (3, {"schema": {}}, "schema"),
    ],
)
async def test_a_change_that_does_not_fit_changes_nothing(place: int, patch: dict[str, Any], field: str) -> None:
    """V2-EP-17: closed, `type` immutable, and only what its type has."""
    async with caller() as api:
        path, before = await agent_with(api, EHR, RECALL, REMOTE, DONE, {**EHR, "name": "spare"})
        answer = await api.patch(f"{path}/connectors/{before[place]['id']}", patch)
        assert refused_fields(answer) == [field]
        assert (await api.read(path))["connectors"] == before


async def test_a_change_is_a_merge_patch_of_a_connector_that_is_there() -> None:
    """V2-EP-17."""
    async with caller() as api:
        path, (connector,) = await agent_with(api, EHR)
        one = f"{path}/connectors/{connector['id']}"
        assert error(await api.call("PATCH", one, json={})) == (400, "UNSUPPORTED_MEDIA_TYPE")
        for wrong in (UNKNOWN, f"agt.{connector['id'][4:]}", "x"):
            for answer in (
                await api.get(f"{path}/connectors/{wrong}"),
                await api.patch(f"{path}/connectors/{wrong}", {}),
                await api.delete(f"{path}/connectors/{wrong}"),
            ):
                assert error(answer) == (404, "CONNECTOR_NOT_FOUND"), wrong


async def test_connectors_added_at_once_are_all_kept() -> None:
    """V2-EP-15: no addition undoes another."""
    async with caller() as api:
        path, _ = await agent_with(api)
        answers = await asyncio.gather(
            *(api.post(f"{path}/connectors", {**EHR, "name": f"server-{number}"}) for number in range(8))
        )
        names = [one["name"] for one in (await api.read(path))["connectors"]]
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(names) == [f"server-{number}" for number in range(8)]


async def test_the_registry_is_searched_and_paged() -> None:
    """V2-EP-26, V2-OBJ-23, V2-LOC-01."""
    root = "/v2/agentic/registry/connectors"
    coding = ExpertSpec(name="@corti/medical-coding", description="Codes clinical text.")
    async with caller(PlatformSettings(registry=(LITERATURE, coding))) as api:
        every = (await api.read(f"{root}?pageSize=200"))["connectors"]
        found = {
            words: [one["id"] for one in (await api.read(f"{root}?q={words}"))["connectors"]]
            for words in ("PubMed", "literature", "clinical%20TEXT", "no-such-words")
        }
        first = await api.read(f"{root}?pageSize=1")
        second = await api.read(f"{root}?pageSize=1&pageToken={first['nextPageToken']}")
        entry = await api.read(f"{root}/pubmed-expert")
        slashed = await api.read(f"{root}/@corti/medical-coding")
        missing = await api.get(f"{root}/nobody")
        refused = await api.get(f"{root}?pageSize=0")
    assert entry == {
        "id": "pubmed-expert",
        "type": "registry",
        "name": "pubmed-expert",
        "title": "PubMed",
        "description": "Searches PubMed.",
        "tags": ["literature"],
        "configSchema": SCHEMA,
    }
    assert entry in every
    assert slashed["id"] == "@corti/medical-coding"
    assert found == {
        "PubMed": ["pubmed-expert"],
        "literature": ["pubmed-expert"],
        "clinical%20TEXT": ["@corti/medical-coding"],
        "no-such-words": [],
    }
    assert [*first["connectors"], *second["connectors"]] == every[:2]
    assert error(missing) == (404, "CONNECTOR_NOT_FOUND")
    assert refused.status_code == 400


async def test_a_configuration_is_merged_over_the_defaults_and_shown_resolved_in_v1() -> None:
    """V1-OBJ-04, V1-OBJ-09, V1-OBJ-11, V2-OBJ-04."""
    reference = {"type": "reference", "name": "pubmed-expert", "config": {"search": {"deep": True}, "free": [1]}}
    body = {"name": "a", "description": "d", "experts": [reference]}
    async with caller(OFFERING) as api:
        (shown,) = (agent := await api.made(V1, body))["experts"]
        (connector,) = (await api.read(v2_path(agent["id"])))["connectors"]
        refused = await api.post(V1, {**body, "experts": [{**reference, "config": {"maxResults": "x"}}]})
        entries = (await api.read("/agents/registry/experts"))["experts"]
        back = (await api.patch(v1_path(agent["id"]), agent)).json()
        reset = (await api.patch(v1_path(agent["id"]), {"experts": [{**reference, "config": {}}]})).json()
        unschemed = {"type": "reference", "name": "memory-expert", "config": {"ignored": True}}
        ignored = await api.made(V1, {"name": "b", "description": "d", "experts": [unschemed]})
    assert shown["resolvedConfig"] == {"maxResults": 5, "search": {"language": "en", "deep": True}, "free": [1]}
    assert connector["config"] == {"search": {"deep": True}, "free": [1]}
    assert error(refused) == (422, "validation_failed")
    assert refused.json()["detail"][0]["errors"][0]["location"] == "experts[0].config.maxResults"
    assert next(one for one in entries if one["name"] == "pubmed-expert") == {
        "name": "pubmed-expert",
        "description": "Searches PubMed.",
        "displayName": "PubMed",
        "displayDescription": "Searches PubMed.",
        "configSchema": SCHEMA,
    }
    assert back == agent
    assert reset["experts"][0]["resolvedConfig"] == {"maxResults": 5, "search": {"language": "en"}}
    assert "resolvedConfig" not in ignored["experts"][0]
