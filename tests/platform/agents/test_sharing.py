"""Who sees an agent, who asks it, and who changes it (V2-OBJ-01, V1-ERR-04)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platform.agents.calls import V1, V2, callers, error, v1_path, v2_path

pytestmark = pytest.mark.anyio


def message(text: str) -> dict[str, Any]:
    """The body of a send of v1."""
    parts = [{"kind": "text", "text": text}]
    return {"message": {"kind": "message", "role": "user", "messageId": "m-1", "parts": parts}}


async def test_a_private_agent_is_unknown_to_everybody_else() -> None:
    """V2-OBJ-01, V1-ERR-04, V2-EP-03 to V2-EP-06."""
    async with callers() as (owner, other):
        agent = await owner.made(V2, {"name": "mine"})
        path, v1 = v2_path(agent["id"]), v1_path(agent["id"])
        answers = [
            await other.get(path),
            await other.patch(path, {}),
            await other.delete(path),
            await other.get(f"{path}/connectors"),
            await other.get(f"{path}/.well-known/agent-card.json"),
        ]
        in_v1 = [await other.get(v1), await other.patch(v1, {}), await other.delete(v1)]
        attached = await other.post(V2, {"name": "x", "connectors": [{"type": "agent", "agentId": agent["id"]}]})
        same_name = await other.post(V2, {"name": "mine"})
        lists = [await other.read(V2), await other.read(f"{V1}?ephemeral=true")]
    assert [error(answer) for answer in answers] == [(404, "AGENT_NOT_FOUND")] * 5
    assert [error(answer) for answer in in_v1] == [
        (404, "expert_not_found"),
        (404, "agent_not_found"),
        (404, "agent_delete_failed"),
    ]
    assert attached.status_code == 422
    assert same_name.status_code == 201
    assert agent["id"] not in str(lists)


@pytest.mark.parametrize(("visibility", "listed"), [("unlisted", []), ("public", ["shared"])])
async def test_a_shared_agent_is_seen_and_asked_and_changed_by_its_owner_alone(
    visibility: str, listed: list[str]
) -> None:
    """V2-OBJ-01: the one by its id only, the other in the lists of the tenant too."""
    async with callers() as (owner, other):
        agent = await owner.made(V2, {"name": "shared", "visibility": visibility, "lifecycle": "persistent"})
        path, v1 = v2_path(agent["id"]), v1_path(agent["id"])
        assert await other.read(path) == agent
        assert (await other.read(v1))["name"] == "shared"
        assert [one["name"] for one in (await other.read(V2))["agents"]] == listed
        assert [one["name"] for one in (await other.call("GET", V1)).json()] == listed
        assert error(await other.post(V2, {"name": "shared"})) == (409, "ASSIGNMENT_CONFLICT")
        chief = await other.made(V2, {"name": "chief", "connectors": [{"type": "agent", "agentId": agent["id"]}]})
        for answer in (
            await other.patch(path, {"name": "taken"}),
            await other.delete(path),
            await other.post(f"{path}/connectors", {"type": "registry", "name": "memory-expert"}),
            await other.patch(v1, {"name": "taken"}),
            await other.delete(v1),
        ):
            assert answer.status_code == 403
            assert error(answer)[1].lower() == "forbidden"
        assert await owner.read(path) == agent
        answer = await other.post(f"{v1}/v1/message:send", message("hello"))
        assert answer.status_code == 200
        task = answer.json()["task"]
        assert (await other.get(f"{v1}/v1/tasks/{task['id']}")).status_code == 200
        assert (await owner.get(f"{v1}/v1/tasks/{task['id']}")).status_code == 404
        assert (await owner.patch(path, {"visibility": "private"})).status_code == 200
        assert (await other.get(path)).status_code == 404
        assert (await other.read(v2_path(chief["id"])))["connectors"] == chief["connectors"]


async def test_a_tombstone_is_its_owner_s_alone() -> None:
    """V2-EP-05: for others the id was never there."""
    async with callers() as (owner, other):
        agent = await owner.made(V2, {"name": "shared", "visibility": "public"})
        path = v2_path(agent["id"])
        assert (await owner.delete(path)).status_code == 204
        assert error(await other.delete(path)) == (404, "AGENT_NOT_FOUND")
        assert (await owner.delete(path)).status_code == 204
