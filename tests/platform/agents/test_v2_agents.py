"""Agents on the v2 wire, in JSON typed from the reference (section 14 of the API contract)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agentkit.platform import PlatformSettings
from agentkit.platform.agents.store import AgentStore
from agentkit.platform.v2.paging import page_token
from tests.platform.agents.calls import (
    MERGE,
    UNKNOWN,
    UUID7,
    V2,
    caller,
    error,
    refused_fields,
    v1_path,
    v2_path,
)

pytestmark = pytest.mark.anyio

EHR = {"type": "mcp", "name": "ehr", "url": "https://mcp.example.org/ehr/mcp", "auth": {"type": "bearer"}}
RECALL = {"type": "registry", "name": "memory-expert"}
DONE = {"type": "schema", "name": "triage", "schema": {"type": "object"}, "transition": "complete"}


async def test_a_name_is_enough_and_the_rest_has_its_defaults() -> None:
    """V2-EP-01, V2-EP-03, V2-OBJ-01, V2-OBJ-03, V2-ID-01."""
    async with caller() as api:
        created = await api.post(V2, {"name": "visit-helper"})
        agent = created.json()
        found = [await api.read(f"{V2}/{agent_id}") for agent_id in (agent["id"], agent["id"][4:])]
    assert created.status_code == 201
    assert created.headers["location"] == f"http://127.0.0.1:8700{V2}/{agent['id']}"
    assert re.fullmatch(rf"agt\.{UUID7}", agent["id"])
    assert re.fullmatch(r"usr\.[0-9a-f-]{36}", agent["createdBy"])
    assert datetime.fromisoformat(agent["createdAt"]) == datetime.fromisoformat(agent["updatedAt"])
    assert {key: value for key, value in agent.items() if key not in {"id", "createdBy", "createdAt", "updatedAt"}} == {
        "name": "visit-helper",
        "description": None,
        "systemPrompt": None,
        "model": None,
        "visibility": "private",
        "lifecycle": "ephemeral",
        "connectors": [],
        "labels": {},
    }
    assert found == [agent, agent]


async def test_everything_an_author_says_is_shown() -> None:
    """V2-OBJ-01, V2-OBJ-03 to V2-OBJ-10."""
    async with caller() as api:
        other = await api.made(V2, {"name": "colleague"})
        said: dict[str, Any] = {
            "name": "n" * 128,
            "description": "d" * 4096,
            "systemPrompt": "Be brief.",
            "model": "corti-default",
            "visibility": "unlisted",
            "lifecycle": "persistent",
            "labels": {"team/ward.1-a_b": "x" * 256, "empty": ""},
            "connectors": [
                {**EHR, "auth": {"type": "oauth2", "scope": "s", "redirectUrl": "https://x.example", "ref": "r"}},
                {**RECALL, "config": {"any": {"thing": [1, None]}}},
                {"type": "agent", "agentId": other["id"]},
                {"type": "a2a", "url": "https://agents.example.org/card.json", "name": "remote", "enabled": False},
                {**DONE, "description": "When sure.", "transition": "input_required"},
                {"type": "mcp", "name": "open", "url": "http://open.example/mcp"},
            ],
        }
        agent = await api.made(V2, said)
    shown = [{key: value for key, value in one.items() if key != "id"} for one in agent["connectors"]]
    assert shown == [{"enabled": True, **connector} for connector in said["connectors"]]
    assert all(re.fullmatch(rf"con\.{UUID7}", one["id"]) for one in agent["connectors"])
    assert {key: agent[key] for key in said if key != "connectors"} == {
        key: value for key, value in said.items() if key != "connectors"
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": 7}, "name"),
        ({"description": "x" * 4097}, "description"),
        ({"agentType": "expert"}, "agentType"),
        ({"visibility": "secret"}, "visibility"),
        ({"lifecycle": "brief"}, "lifecycle"),
        ({"labels": {"a b": "c"}}, "labels"),
        ({"labels": {"": "c"}}, "labels"),
        ({"labels": {"a": "c" * 257}}, "labels.a"),
        ({"labels": {"a": None}}, "labels"),
        ({"labels": {str(number): "" for number in range(65)}}, "labels"),
        ({"connectors": {}}, "connectors"),
        ({"connectors": [{"type": "openapi"}]}, "connectors[0].type"),
        ({"connectors": [RECALL, {}]}, "connectors[1].type"),
        ({"connectors": [{**EHR, "transportType": "sse"}]}, "connectors[0].transportType"),
        ({"connectors": [{**EHR, "auth": {"type": "basic"}}]}, "connectors[0].auth.type"),
        ({"connectors": [{**EHR, "auth": {"type": "bearer", "token": "x"}}]}, "connectors[0].auth.token"),
        ({"connectors": [{**EHR, "url": "ftp://x"}]}, "connectors[0].url"),
        ({"connectors": [{**EHR, "enabled": "yes"}]}, "connectors[0].enabled"),
        ({"connectors": [RECALL, EHR, EHR]}, "connectors[2].name"),
        ({"connectors": [RECALL, RECALL]}, "connectors[1].name"),
        ({"connectors": [DONE, DONE]}, "connectors[1].name"),
        ({"connectors": [{"type": "registry", "name": "no-such-expert"}]}, "connectors[0].name"),
        ({"connectors": [{"type": "agent", "agentId": UNKNOWN}]}, "connectors[0].agentId"),
        ({"connectors": [{"type": "agent", "agentId": "x"}]}, "connectors[0].agentId"),
        ({"connectors": [{"type": "schema", "name": "x"}]}, "connectors[0].schema"),
        ({"connectors": [{**DONE, "transition": "fail"}]}, "connectors[0].transition"),
    ],
)
async def test_closed_objects_and_bad_values_are_a_422_that_names_the_field(change: dict[str, Any], field: str) -> None:
    """V2-ERR-01, V2-OBJ-01, V2-OBJ-05, V2-OBJ-09, V2-OBJ-10; nothing is made, nothing is changed."""
    body = {key: value for key, value in ({"name": "x"} | change).items() if value is not None}
    async with caller() as api:
        assert refused_fields(await api.post(V2, body)) == [field]
        assert (await api.read(V2))["agents"] == []
        agent = await api.made(V2, {"name": "y"})
        if change not in ({"name": None}, {"labels": {"a": None}}):
            assert refused_fields(await api.patch(v2_path(agent["id"]), change)) == [field]
        assert await api.read(v2_path(agent["id"])) == agent


@pytest.mark.parametrize("body", ["[]", "null", "7", '"x"'])
async def test_a_body_that_is_no_object_is_refused(body: str) -> None:
    """V2-ERR-01."""
    async with caller() as api:
        agent = await api.made(V2, {"name": "y"})
        path = v2_path(agent["id"])
        answers = [
            await api.call("POST", V2, content=body, headers={"content-type": "application/json"}),
            await api.call("PATCH", path, content=body, headers=MERGE),
            await api.call("POST", f"{path}/connectors", content=body, headers={"content-type": "application/json"}),
        ]
        broken = await api.call("PATCH", path, content=body[:0] + "{", headers=MERGE)
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert broken.status_code == 400


async def test_the_name_of_another_agent_cannot_be_taken() -> None:
    """V2-EP-01, V2-EP-04, V2-ERR-01: 409 for a new agent; a patch declares none, so there it is a 422."""
    async with caller() as api:
        first = await api.made(V2, {"name": "visit-helper"})
        again = await api.post(V2, {"name": "visit-helper"})
        second = await api.made(V2, {"name": "second"})
        taken = await api.patch(v2_path(second["id"]), {"name": "visit-helper"})
        same = await api.patch(v2_path(second["id"]), {"name": "second"})
        await api.delete(v2_path(first["id"]))
        free = await api.post(V2, {"name": "visit-helper"})
        v1 = await api.post("/agents", {"name": "second", "description": "v1 never asked for it"})
    assert error(again) == (409, "ASSIGNMENT_CONFLICT")
    assert refused_fields(taken) == ["name"]
    assert (same.status_code, free.status_code, v1.status_code) == (200, 201, 201)


async def test_a_merge_patch_keeps_clears_and_replaces() -> None:
    """V2-EP-04, V2-OBJ-02, V2-OBJ-09."""
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    async with caller(PlatformSettings(clock=lambda: now[0])) as api:
        agent = await api.made(
            V2,
            {
                "name": "visit-helper",
                "description": "d",
                "systemPrompt": "p",
                "model": "corti-default",
                "labels": {"a": "1", "b": "2"},
                "connectors": [EHR, RECALL],
            },
        )
        path = v2_path(agent["id"])
        now[0] += timedelta(minutes=1)
        untouched = (await api.patch(path, {})).json()
        changed = (await api.patch(path, {"description": None, "model": None, "labels": {"a": None, "c": "3"}})).json()
        grown = (await api.patch(path, {"connectors": [DONE, RECALL, {**EHR, "enabled": False}]})).json()
        cleared = (await api.patch(path, {"connectors": None, "labels": None, "systemPrompt": None})).json()
        moved = (await api.patch(path, {"visibility": "public", "lifecycle": "persistent", "name": "new"})).json()
        final = await api.read(path)
    assert untouched == {**agent, "updatedAt": "2026-03-01T00:01:00.000Z"}
    assert changed == {**untouched, "description": None, "model": None, "labels": {"b": "2", "c": "3"}}
    ehr, recall = agent["connectors"]
    assert grown["connectors"][1] == recall
    assert grown["connectors"][2] == {**ehr, "enabled": False, "id": grown["connectors"][2]["id"]}
    assert {**cleared, "connectors": 0} == {**changed, "connectors": 0, "labels": {}, "systemPrompt": None}
    assert cleared["connectors"] == []
    assert moved == {**cleared, "visibility": "public", "lifecycle": "persistent", "name": "new"} == final


async def test_an_empty_text_is_taken_by_a_patch_as_it_is_by_a_create() -> None:
    """V2-OBJ-01, V2-OBJ-02: `description` has a greatest length and no least one."""
    async with caller() as api:
        agent = await api.made(V2, {"name": "a", "description": "", "systemPrompt": "", "model": "m"})
        assert (agent["description"], agent["systemPrompt"]) == (None, None)
        place = v2_path(agent["id"])
        assert (await api.patch(place, {"description": "d", "systemPrompt": "s"})).status_code == 200
        emptied = await api.patch(place, {"description": "", "systemPrompt": ""})
        assert emptied.status_code == 200, emptied.text
        assert (emptied.json()["description"], emptied.json()["systemPrompt"]) == (None, None)
        assert (await api.read(v1_path(agent["id"])))["description"] == ""


@pytest.mark.parametrize("field", ["name", "visibility", "lifecycle"])
async def test_what_an_agent_cannot_be_without_cannot_be_cleared(field: str) -> None:
    """V2-OBJ-02."""
    async with caller() as api:
        agent = await api.made(V2, {"name": "x"})
        assert refused_fields(await api.patch(v2_path(agent["id"]), {field: None})) == [field]


async def test_a_patch_must_be_called_a_merge_patch() -> None:
    """V2-EP-04."""
    async with caller() as api:
        agent = await api.made(V2, {"name": "x"})
        path = v2_path(agent["id"])
        plain = await api.call("PATCH", path, json={"name": "y"})
        parameters = await api.call(
            "PATCH",
            path,
            content='{"name":"y"}',
            headers={"content-type": "Application/Merge-Patch+JSON; charset=x"},
        )
    assert error(plain) == (400, "UNSUPPORTED_MEDIA_TYPE")
    assert (parameters.status_code, parameters.json()["name"]) == (200, "y")


async def test_labels_of_a_patch_add_up_to_no_more_than_an_agent_may_have() -> None:
    """V2-OBJ-01, V2-OBJ-02."""
    async with caller() as api:
        agent = await api.made(V2, {"name": "x", "labels": {f"a{number}": "" for number in range(40)}})
        patch = {"labels": {f"b{number}": "" for number in range(40)}}
        assert refused_fields(await api.patch(v2_path(agent["id"]), patch)) == ["labels"]


async def test_an_id_that_is_none_names_nothing() -> None:
    """V2-ID-01, V2-EP-03 to V2-EP-06."""
    async with caller() as api:
        agent = await api.made(V2, {"name": "x"})
        bare = agent["id"][4:]
        for wrong in (UNKNOWN, f"agt.{UNKNOWN}", f"ctx.{bare}", bare.upper(), "x", "agt."):
            path = v2_path(wrong)
            answers = [
                await api.get(path),
                await api.patch(path, {}),
                await api.delete(path),
                await api.get(f"{path}/.well-known/agent-card.json"),
                await api.get(f"{path}/connectors"),
            ]
            assert [error(answer) for answer in answers] == [(404, "AGENT_NOT_FOUND")] * 5, wrong


async def test_deleting_twice_is_no_error_but_deleting_nothing_is() -> None:
    """V2-EP-05, V1-AGENT-08."""
    async with caller() as api:
        agent = await api.made(V2, {"name": "x"})
        path = v2_path(agent["id"])
        answers = [await api.delete(path), await api.delete(v2_path(agent["id"][4:]))]
        gone = [await api.get(path), await api.patch(path, {}), await api.get(v1_path(agent["id"]))]
        never = await api.delete(v2_path(UNKNOWN))
        v1_again = await api.delete(v1_path(agent["id"]))
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert [answer.status_code for answer in gone] == [404, 404, 404]
    assert error(never) == (404, "AGENT_NOT_FOUND")
    assert error(v1_again) == (404, "agent_delete_failed")


async def test_an_ephemeral_agent_expires_in_place() -> None:
    """V2-EP-05, V1-AGENT-05: afterwards it is like one that was deleted; a persistent one stays."""
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    async with caller(PlatformSettings(clock=lambda: now[0])) as api:
        short = await api.made(V2, {"name": "short"})
        kept = await api.made(V2, {"name": "kept"})
        late = await api.made(V2, {"name": "late", "lifecycle": "persistent"})
        await api.patch(v2_path(kept["id"]), {"lifecycle": "persistent"})
        now[0] += timedelta(hours=23)
        await api.patch(v2_path(late["id"]), {"lifecycle": "ephemeral"})
        assert len((await api.read(V2))["agents"]) == 3
        now[0] += timedelta(hours=1)
        assert error(await api.get(v2_path(short["id"]))) == (404, "AGENT_NOT_FOUND")
        assert [agent["name"] for agent in (await api.read(V2))["agents"]] == ["kept", "late"]
        assert (await api.delete(v2_path(short["id"]))).status_code == 204
        assert (await api.post(V2, {"name": "short"})).status_code == 201
        assert (await api.delete(v2_path(short["id"]))).status_code == 204
        now[0] += timedelta(hours=23)
        assert [agent["name"] for agent in (await api.read(V2))["agents"]] == ["kept", "short"]


async def test_the_list_is_paged_by_cursor() -> None:
    """V2-EP-02, V2-PAGE-01."""
    names = [f"agent-{number}" for number in range(5)]
    async with caller() as api:
        for name in names:
            await api.made(V2, {"name": name})
        seen: list[str] = []
        path, pages = f"{V2}?pageSize=2", 0
        while path:
            page = await api.read(path)
            pages += 1
            seen += [agent["name"] for agent in page["agents"]]
            token = page["nextPageToken"]
            path = f"{V2}?pageSize=2&pageToken={token}" if token else ""
        exact = await api.read(f"{V2}?pageSize=5")
    assert (seen, pages) == (names, 3)
    assert exact["nextPageToken"] is None


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=0",
        "pageSize=201",
        "pageSize=-1",
        "pageSize=x",
        "pageSize=",
        "pageSize=99999999999999999999",
        "pageToken=x",
        "pageToken=%25%25",
        "pageToken=AAAAAAAAMQ",
        "pageToken=%F0%9F%98%80",
        "visibility=secret",
        "visibility=public&visibility=x",
        "lifecycle=brief",
        "label=nothing",
    ],
)
async def test_a_query_that_makes_no_sense_is_a_400(query: str) -> None:
    """V2-EP-02, V2-PAGE-01."""
    async with caller() as api:
        assert error(await api.get(f"{V2}?{query}")) == (400, "INVALID_QUERY")


async def test_a_token_of_another_list_is_refused() -> None:
    """V2-PAGE-01."""
    async with caller() as api:
        for name in "ab":
            await api.made(V2, {"name": name})
        token = (await api.read(f"{V2}?pageSize=1"))["nextPageToken"]
        assert error(await api.get(f"/v2/agentic/registry/connectors?pageToken={token}")) == (400, "INVALID_QUERY")
        changed = token[:-1] + ("A" if token[-1] != "A" else "B")
        assert error(await api.get(f"{V2}?pageToken={changed}")) == (400, "INVALID_QUERY")
        for forged in ("x", "9" * 30, "-1", "\u0661"):
            answer = await api.get(f"{V2}?pageToken={page_token('agents', forged)}")
            assert error(answer) == (400, "INVALID_QUERY")


async def test_the_filters_of_the_list_count() -> None:
    """V2-EP-02, V2-LOC-01."""
    async with caller() as api:
        for name, visibility, lifecycle in (
            ("Äpfel", "public", "ephemeral"),
            ("b", "unlisted", "persistent"),
            ("c", "private", "persistent"),
        ):
            labels = {"n": name, "all": "yes", "x": "a=b"}
            spec = {"visibility": visibility, "lifecycle": lifecycle, "labels": labels, "description": f"Of {name}."}
            await api.made(V2, {"name": name, **spec})

        async def names(query: str) -> list[str]:
            return [agent["name"] for agent in (await api.read(f"{V2}?{query}"))["agents"]]

        assert await names("label=n%3Db") == ["b"]
        assert await names("label=all%3Dyes&label=n%3Dc") == ["c"]
        assert await names("label=x%3Da%3Db&pageSize=1") == ["Äpfel"]
        assert await names("label=n%3D") == []
        assert await names("visibility=unlisted&visibility=public") == ["Äpfel", "b"]
        assert await names("visibility=private") == ["c"]
        assert await names("lifecycle=persistent") == ["b", "c"]
        assert await names("lifecycle=ephemeral&visibility=private") == []
        assert await names("q=%C3%A4PF") == ["Äpfel"]
        assert await names("q=of%20C") == ["c"]
        assert await names("q=") == ["Äpfel", "b", "c"]


async def test_a_page_holds_fifty_unless_told_otherwise() -> None:
    """V2-PAGE-01."""
    async with caller() as api:
        for number in range(51):
            await api.made(V2, {"name": f"agent-{number}"})
        page = await api.read(V2)
        rest = await api.read(f"{V2}?pageToken={page['nextPageToken']}")
        whole = await api.read(f"{V2}?pageSize=200")
    assert (len(page["agents"]), len(rest["agents"]), rest["nextPageToken"]) == (50, 1, None)
    assert whole["agents"] == [*page["agents"], *rest["agents"]]


async def test_an_unexpected_error_is_a_500_with_the_id_of_the_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """V2-ERR-01: under which the log tells more; no content in either, and no such id where the caller erred."""

    async def broken(*_: object) -> None:
        raise RuntimeError("canary: what the user said")

    async with caller() as api:
        refused = await api.get(v2_path(UNKNOWN))
        monkeypatch.setattr(AgentStore, "find", broken)
        answer = await api.get(v2_path(UNKNOWN))
    assert error(answer) == (500, "INTERNAL_ERROR")
    assert answer.json()["error"]["requestId"] in caplog.text
    assert "requestId" not in refused.json()["error"]
    assert "canary" not in answer.text + caplog.text
