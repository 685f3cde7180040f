"""An agent made through one generation, read, changed and asked through the other; nothing is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.platform.agents.view_v1 import DEFAULT_PROMPT
from tests.platform.agents.calls import V1, V2, Caller, caller, error, v1_path, v2_path

pytestmark = pytest.mark.anyio

EHR: dict[str, Any] = {
    "name": "ehr",
    "transportType": "streamable_http",
    "authorizationType": "bearer",
    "url": "https://mcp.example.org/ehr/mcp",
}
CALC: dict[str, Any] = {
    "name": "calc",
    "transportType": "sse",
    "authorizationType": "none",
    "url": "http://calc.internal/mcp",
}
LOCAL: dict[str, Any] = {
    "name": "local",
    "transportType": "stdio",
    "authorizationType": "none",
    "url": "calculator --stdio",
}
READER = {"type": "new", "name": "record-reader", "description": "Reads the record", "mcpServers": [EHR]}
RECALL = {"type": "reference", "name": "memory-expert", "systemPrompt": "Be brief."}


async def made_in_v1(api: Caller) -> dict[str, Any]:
    body = {
        "name": "visit-helper",
        "description": "Answers questions about one visit",
        "experts": [READER, RECALL],
        "mcpServers": [CALC, {**LOCAL, "description": "Local tools."}],
    }
    return await api.made(V1, body)


async def made_in_v2(api: Caller) -> dict[str, Any]:
    colleague = await api.made(V2, {"name": "colleague", "lifecycle": "persistent"})
    return await api.made(
        V2,
        {
            "name": "visit-helper",
            "lifecycle": "persistent",
            "visibility": "unlisted",
            "labels": {"ward": "3"},
            "model": "corti-default",
            "connectors": [
                {"type": "schema", "name": "triage", "schema": {"type": "object"}, "transition": "complete"},
                {
                    "type": "mcp",
                    "name": "ehr",
                    "url": "https://mcp.example.org/ehr/mcp",
                    "auth": {"type": "apiKey", "ref": "ehr-key"},
                    "enabled": False,
                },
                {"type": "registry", "name": "memory-expert", "config": {"x": 1}},
                {"type": "a2a", "url": "https://agents.example.org/card.json"},
                {"type": "agent", "agentId": colleague["id"]},
                {"type": "mcp", "name": "calc", "url": "https://calc.example/mcp", "auth": {"type": "oauth2"}},
            ],
        },
    )


async def test_an_agent_of_v1_is_shown_as_connectors_in_v2() -> None:
    """V2-MIG-01: in their order, an inline expert as an agent under its own id, whatever its transport an `mcp`."""
    async with caller() as api:
        agent = await made_in_v1(api)
        shown = await api.read(v2_path(agent["id"]))
    reader, recall = agent["experts"]
    calc, local = agent["mcpServers"]
    assert shown["id"] == f"agt.{agent['id']}"
    assert (shown["lifecycle"], shown["visibility"], shown["systemPrompt"]) == ("persistent", "private", None)
    assert shown["description"] == "Answers questions about one visit"
    assert [{**one, "id": ""} for one in shown["connectors"]] == [
        {"id": "", "type": "agent", "agentId": f"agt.{reader['id']}", "enabled": True},
        {"id": "", "type": "registry", "name": "memory-expert", "enabled": True},
        {"id": "", "type": "mcp", "name": "calc", "url": "http://calc.internal/mcp", "enabled": True},
        {"id": "", "type": "mcp", "name": "local", "url": "calculator --stdio", "enabled": True},
    ]
    ids = [one["id"] for one in shown["connectors"]]
    assert (ids[0], ids[2:]) == (f"con.{reader['id']}", [f"con.{calc['id']}", f"con.{local['id']}"])
    assert recall["systemPrompt"] == "Be brief."


async def test_an_agent_of_v2_is_shown_as_experts_and_servers_in_v1() -> None:
    """V2-MIG-01, SDKC-01, V1-OBJ-06: what v1 has no form for is not shown."""
    async with caller() as api:
        agent = await made_in_v2(api)
        shown = await api.read(v1_path(agent["id"]))
        listed = (await api.call("GET", V1)).json()
    _, ehr, _, _, colleague, calc = agent["connectors"]
    assert (shown["id"], shown["name"], shown["description"]) == (agent["id"][4:], "visit-helper", "")
    assert shown["systemPrompt"] == DEFAULT_PROMPT
    recall, reference = shown["experts"]
    assert (recall["type"], recall["name"]) == ("reference", "memory-expert")
    assert reference == {"type": "reference", "id": colleague["agentId"][4:], "name": "colleague"}
    common = {"transportType": "streamable_http"}
    assert shown["mcpServers"] == [
        {**common, "id": ehr["id"][4:], "name": "ehr", "authorizationType": "bearer", "url": ehr["url"]},
        {**common, "id": calc["id"][4:], "name": "calc", "authorizationType": "oauth2.0", "url": calc["url"]},
    ]
    assert [one["name"] for one in listed] == ["colleague", "visit-helper"]


async def test_what_one_generation_shows_sent_back_changes_nothing_in_either() -> None:
    """CON-21, SDKC-11, V2-EP-04: also of what it does not show."""
    async with caller() as api:
        for make in (made_in_v1, made_in_v2):
            agent = await make(api)
            v1, v2 = v1_path(agent["id"]), v2_path(agent["id"])
            shown_v1, shown_v2 = await api.read(v1), await api.read(v2)
            assert (await api.patch(v1, shown_v1)).json() == shown_v1
            assert same(await api.read(v2), shown_v2)
            given = {key: shown_v2[key] for key in ("name", "description", "systemPrompt", "model", "visibility")}
            given |= {key: shown_v2[key] for key in ("lifecycle", "labels")}
            connectors = [{key: value for key, value in one.items() if key != "id"} for one in shown_v2["connectors"]]
            answer = await api.patch(v2, {**given, "connectors": connectors})
            assert same(answer.json(), shown_v2)
            assert await api.read(v1) == shown_v1
            await api.delete(v2)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """But for the time of the change."""
    return {**one, "updatedAt": None} == {**other, "updatedAt": None}


async def test_a_change_through_v1_leaves_alone_what_it_cannot_show() -> None:
    """V2-MIG-01: other experts come in the place of the old ones."""
    async with caller() as api:
        agent = await made_in_v2(api)
        v1, v2 = v1_path(agent["id"]), v2_path(agent["id"])
        await api.patch(v1, {"experts": [READER], "mcpServers": [], "systemPrompt": "p", "description": "d"})
        shown = await api.read(v2)
        (reader,) = (await api.read(v1))["experts"]
    triage, _, _, remote, _, _ = agent["connectors"]
    assert shown["connectors"] == [
        triage,
        {"id": f"con.{reader['id']}", "type": "agent", "agentId": f"agt.{reader['id']}", "enabled": True},
        remote,
    ]
    assert (shown["systemPrompt"], shown["description"], shown["labels"]) == ("p", "d", {"ward": "3"})


async def test_a_change_through_v2_keeps_the_experts_that_stay() -> None:
    """V2-OBJ-09, V2-MIG-01: with the prompts, transports and descriptions that only v1 can say."""
    async with caller() as api:
        agent = await made_in_v1(api)
        v1, v2 = v1_path(agent["id"]), v2_path(agent["id"])
        reader, recall, calc, local = (
            {key: value for key, value in one.items() if key != "id"} for one in (await api.read(v2))["connectors"]
        )
        await api.patch(v2, {"connectors": [local, {**reader, "enabled": False}, recall]})
        shown = await api.read(v1)
        await api.patch(v2, {"connectors": [calc]})
        left = await api.read(v1)
    assert shown["experts"] == agent["experts"]
    assert shown["mcpServers"] == agent["mcpServers"][1:]
    assert (left["experts"], [one["transportType"] for one in left["mcpServers"]]) == ([], ["streamable_http"])


async def test_an_inline_expert_is_an_agent_of_its_own_that_nobody_lists() -> None:
    """V1-AGENT-06, V2-MIG-01: it is read and asked by its id, changed with its agent, and dies with it."""
    async with caller() as api:
        agent = await made_in_v1(api)
        reader = agent["experts"][0]
        v1, v2 = v1_path(reader["id"]), v2_path(f"agt.{reader['id']}")
        in_v1, in_v2 = await api.read(v1), await api.read(v2)
        assert (in_v1["id"], in_v1["name"], in_v1["description"]) == (reader["id"], "record-reader", "Reads the record")
        assert in_v1["mcpServers"] == reader["mcpServers"]
        assert in_v2["connectors"] == [
            {
                "id": f"con.{reader['mcpServers'][0]['id']}",
                "type": "mcp",
                "name": "ehr",
                "url": EHR["url"],
                "auth": {"type": "bearer"},
                "enabled": True,
            }
        ]
        assert (await api.get(f"{v1}/agent-card.json")).status_code == 200
        assert [one["id"] for one in (await api.call("GET", f"{V1}?ephemeral=true")).json()] == [agent["id"]]
        assert [one["name"] for one in (await api.read(V2))["agents"]] == ["visit-helper"]
        assert error(await api.patch(v1, {"name": "x"})) == (400, "expert_of_an_agent")
        assert error(await api.delete(v1)) == (400, "expert_of_an_agent")
        assert error(await api.patch(v2, {"name": "x"})) == (403, "FORBIDDEN")
        assert error(await api.delete(v2)) == (403, "FORBIDDEN")
        chief = await api.made(V2, {"name": "chief", "connectors": [{"type": "agent", "agentId": reader["id"]}]})
        renamed = [{**reader, "name": "other-name"}, agent["experts"][1]]
        await api.patch(v1_path(agent["id"]), {"experts": renamed})
        assert (await api.read(v1))["name"] == "other-name"
        await api.delete(v2_path(agent["id"]))
        assert [(await api.get(path)).status_code for path in (v1, v2)] == [404, 404]
        assert (await api.read(v2_path(chief["id"])))["connectors"] == chief["connectors"]


async def test_deleting_through_either_is_deleting() -> None:
    """V1-EP-05, V2-EP-05."""
    async with caller() as api:
        for make, path, other in ((made_in_v1, v2_path, v1_path), (made_in_v2, v1_path, v2_path)):
            agent = await make(api)
            assert (await api.delete(path(agent["id"].removeprefix("agt.")))).status_code == 204
            assert (await api.get(other(agent["id"]))).status_code == 404


async def test_a_full_answer_of_v1_may_rename_and_move_what_it_holds() -> None:
    """CON-21: who is meant is said by the ids, not by the names."""
    async with caller() as api:
        agent = await made_in_v1(api)
        reader, recall = agent["experts"]
        calc, local = agent["mcpServers"]
        moved = {
            **agent,
            "experts": [
                recall,
                {**reader, "name": "new-name", "mcpServers": [{**reader["mcpServers"][0], "name": "n"}]},
            ],
            "mcpServers": [{**local, "url": "other --stdio"}, calc],
        }
        answer = (await api.patch(v1_path(agent["id"]), moved)).json()
    assert answer == moved


async def test_an_agent_of_either_generation_answers_through_both() -> None:
    """V2-MIG-01, V1-EP-07, V2-EP-08: and so does an expert inside it."""
    async with caller() as api:
        old, new = await made_in_v1(api), await api.made(V2, {"name": "new"})
        for agent_id in (old["id"], new["id"], old["experts"][0]["id"]):
            in_v1 = {"kind": "message", "role": "user", "messageId": "m-1", "parts": [{"kind": "text", "text": "hi"}]}
            answer = await api.post(f"{v1_path(agent_id)}/v1/message:send", {"message": in_v1})
            assert answer.status_code == 200, answer.text
            assert answer.json()["task"]["kind"] == "task"
            in_v2 = {"role": "ROLE_USER", "messageId": "m-2", "parts": [{"text": "hi"}]}
            answer = await api.post(f"{v2_path(agent_id)}/a2a/message:send", {"message": in_v2})
            assert answer.status_code == 200, answer.text
            assert answer.json()["task"]["status"]["state"].startswith("TASK_STATE_")
