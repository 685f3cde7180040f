"""Tenants: routing in the address or the parameters, ownership by the credentials (A2A-TEN, A2A-SEC-04, A2A-GAP-04)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest

from agentkit.a2a import Gate
from agentkit.a2a.presented import Presented
from agentkit.compose import Caller
from tests.a2a.desk import RpcPeer, Served, http_client, message, served_desk
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


class House(Gate):
    """Knows one caller, of the tenant in the bearer token."""

    @asynccontextmanager
    async def enter(self, presented: Presented) -> AsyncGenerator[Caller]:
        bearer = (presented.header("authorization") or "").removeprefix("Bearer ")
        yield Caller(owner="alice", tenant=bearer)


@pytest.fixture
async def house() -> AsyncGenerator[Served]:
    async with served_desk(gate=House()) as served:
        yield served


async def sent(http: httpx2.AsyncClient, prefix: str = "", **changes: Any) -> dict[str, Any]:
    response = await http.post(f"{prefix}/message:send", json=message("hello") | changes)
    assert response.status_code == 200, response.text
    return response.json()["task"]


async def listed(http: httpx2.AsyncClient, prefix: str = "") -> list[str]:
    return [task["id"] for task in (await http.get(f"{prefix}/tasks")).json()["tasks"]]


async def test_every_path_exists_again_below_a_tenant_a2a_gap_04(http: httpx2.AsyncClient) -> None:
    task = await sent(http, "/acme")
    assert (await http.get(f"/acme/tasks/{task['id']}")).json()["id"] == task["id"]
    assert await listed(http, "/acme") == [task["id"]]
    assert (await http.post(f"/acme/tasks/{task['id']}:cancel")).json()["error"]["details"][0]["reason"] == (
        "TASK_NOT_CANCELABLE"
    )
    for verb in ("GET", "POST"):
        answer = await http.request(verb, f"/acme/tasks/{task['id']}:subscribe")
        assert answer.json()["error"]["details"][0]["reason"] == "UNSUPPORTED_OPERATION"
    configs = f"/acme/tasks/{task['id']}/pushNotificationConfigs"
    for verb, path in (("POST", configs), ("GET", configs), ("GET", f"{configs}/c"), ("DELETE", f"{configs}/c")):
        answer = await http.request(verb, path)
        assert answer.json()["error"]["details"][0]["reason"] == "PUSH_NOTIFICATION_NOT_SUPPORTED"
    assert (await http.get("/acme/extendedAgentCard")).status_code == 400
    with anyio.fail_after(HANG):
        async with http.stream("POST", "/acme/message:stream", json=message("x")) as response:
            assert response.headers["content-type"].startswith("text/event-stream")


async def test_json_rpc_with_a_slash_is_not_taken_for_a_tenant_a2a_gap_19(http: httpx2.AsyncClient) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {"tenant": "acme"}}
    for path in ("/a2a", "/a2a/"):
        assert (await http.post(path, json=body)).json()["result"]["totalSize"] == 0


async def test_tasks_of_one_tenant_are_unknown_in_another_a2a_sec_04(http: httpx2.AsyncClient) -> None:
    acme, bell = await sent(http, "/acme"), await sent(http, "/bell")
    plain = await sent(http)
    assert await listed(http, "/acme") == [acme["id"]]
    assert await listed(http, "/bell") == [bell["id"]]
    assert await listed(http) == [plain["id"]]
    for prefix, foreign in (("/acme", bell), ("/bell", acme), ("", acme), ("/acme", plain)):
        assert (await http.get(f"{prefix}/tasks/{foreign['id']}")).status_code == 404


async def test_address_body_query_and_parameters_say_the_same(http: httpx2.AsyncClient, served: Served) -> None:
    task = await sent(http, "", tenant="acme")
    assert await listed(http, "/acme") == [task["id"]]
    assert (await http.get("/tasks?tenant=acme")).json()["tasks"][0]["id"] == task["id"]
    peer = RpcPeer(http)
    assert (await peer.ask("GetTask", {"id": task["id"], "tenant": "acme"})).result["id"] == task["id"]
    assert (await peer.ask("GetTask", {"id": task["id"]})).reason == "TASK_NOT_FOUND"
    both = await http.post("/acme/message:send", json=message("x") | {"tenant": "bell"})
    assert both.json()["error"]["details"][1]["fieldViolations"][0]["field"] == "tenant"


@pytest.mark.parametrize("tenant", ["x" * 200, "a\nb", 7, ["acme"]])
async def test_a_tenant_that_is_no_name_is_refused(http: httpx2.AsyncClient, tenant: Any) -> None:
    answer = await http.post("/message:send", json=message("x") | {"tenant": tenant})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][1]["fieldViolations"][0]["field"] == "tenant"


async def test_the_tenant_of_the_credentials_wins_over_the_address_a2a_ten_02(house: Served) -> None:
    async with http_client(house.app, "acme") as hers, http_client(house.app, "bell") as his:
        task = await sent(hers)
        assert await listed(hers) == await listed(hers, "/acme") == [task["id"]]
        assert await listed(his) == []
        for prefix in ("/bell", "/other"):
            refused = await hers.get(f"{prefix}/tasks")
            assert (refused.status_code, refused.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
        body = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {"tenant": "bell"}}
        assert (await hers.post("/a2a", json=body)).status_code == 403
        old = {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"id": task["id"], "tenant": "bell"}}
        assert (await hers.post("/a2a", json=old, headers={"A2A-Version": "0.3"})).status_code == 403
    async with grpc_channel(house) as channel:
        acme = GrpcPeer(channel, "acme")
        assert (await acme.ask("GetTask", {"id": task["id"], "tenant": "acme"})).result["id"] == task["id"]
        assert (await acme.ask("ListTasks", {"tenant": "bell"})).status == 403
        assert (await GrpcPeer(channel, "bell").ask("GetTask", {"id": task["id"]})).reason == "TASK_NOT_FOUND"
    assert {context.caller.tenant for context in house.agent.contexts} == {"acme"}


async def test_contexts_and_message_ids_of_tenants_do_not_meet_a2a_sec_04(http: httpx2.AsyncClient) -> None:
    same = message("hello", contextId="visit-7")
    acme = (await http.post("/acme/message:send", json=same)).json()["task"]
    bell = (await http.post("/bell/message:send", json=same)).json()["task"]
    assert acme["id"] != bell["id"]
    assert (await http.get("/acme/tasks?contextId=visit-7")).json()["totalSize"] == 1
