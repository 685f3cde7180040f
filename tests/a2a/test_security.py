"""Who may ask, and who sees what (A2A-SEC, A2A-CTX-06)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from agentkit.a2a import BearerAuth, Gate, Security
from tests.a2a.desk import Peer, RestPeer, RpcPeer, Served, all_events, http_client, message, refused, served_desk

pytestmark = pytest.mark.anyio

KINDS = pytest.mark.parametrize("kind", [RpcPeer, RestPeer])


@pytest.fixture
async def guarded() -> AsyncIterator[Served]:
    gate = Gate(Security(BearerAuth({"alice": "alice-token", "bob": "bob-token"})))
    async with served_desk(gate=gate) as served:
        yield served


def client(guarded: Served, token: str | None) -> httpx2.AsyncClient:
    return http_client(guarded.app, token)


@pytest.mark.parametrize(("method", "path"), [("POST", "/a2a"), ("POST", "/message:send"), ("GET", "/tasks")])
async def test_a_request_without_a_known_token_is_challenged_a2a_sec_01(
    guarded: Served, method: str, path: str
) -> None:
    async with client(guarded, None) as http:
        missing = await http.request(method, path)
        assert missing.status_code == 401
        assert missing.headers["www-authenticate"] == 'Bearer realm="agentkit"'
        basic = await http.request(method, path, headers={"Authorization": "Basic YTpi"})
        assert basic.status_code == 401
        wrong = await http.request(method, path, headers={"Authorization": "Bearer alice-tokem"})
        assert wrong.status_code == 401
        assert wrong.headers["www-authenticate"] == 'Bearer realm="agentkit", error="invalid_token"'
        assert "alice" not in wrong.text
    assert guarded.agent.seen == []


async def test_the_card_is_public_and_declares_the_scheme_a2a_sec_01(guarded: Served) -> None:
    async with client(guarded, None) as http:
        card = (await http.get("/.well-known/agent-card.json")).json()
    assert card["securitySchemes"]["bearer"]["httpAuthSecurityScheme"]["scheme"] == "Bearer"


@KINDS
async def test_a_foreign_task_looks_like_a_missing_one_a2a_sec_02(
    guarded: Served, kind: type[RpcPeer | RestPeer]
) -> None:
    async with client(guarded, "alice-token") as hers, client(guarded, "bob-token") as his:
        alice: Peer = kind(hers)
        bob: Peer = kind(his)
        task = (await alice.ask("SendMessage", message("ask", contextId="visit"))).task
        known, unknown = {"id": task["id"]}, {"id": "00000000-0000-4000-8000-000000000000"}
        for operation in ("GetTask", "CancelTask"):
            assert await bob.ask(operation, known) == await bob.ask(operation, unknown)
        assert (await refused(bob.stream("SubscribeToTask", known))).reason == "TASK_NOT_FOUND"
        assert (await bob.ask("SendMessage", message("x", taskId=task["id"]))).reason == "TASK_NOT_FOUND"
        assert (await bob.ask("ListTasks", {})).result["totalSize"] == 0
        assert (await bob.ask("ListTasks", {"contextId": "visit"})).result["totalSize"] == 0
        assert (await alice.ask("GetTask", known)).status == 200


@KINDS
async def test_a_foreign_context_id_is_unknown_and_leads_nowhere_a2a_ctx_06(
    guarded: Served, kind: type[RpcPeer | RestPeer]
) -> None:
    async with client(guarded, "alice-token") as hers, client(guarded, "bob-token") as his:
        alice: Peer = kind(hers)
        bob: Peer = kind(his)
        await alice.ask("SendMessage", message("hello", contextId="visit"))
        task = (await bob.ask("SendMessage", message("hello", contextId="visit"))).task
        assert task["contextId"] == "visit"
        listed = (await bob.ask("ListTasks", {"contextId": "visit"})).result
        assert [one["id"] for one in listed["tasks"]] == [task["id"]]
        assert (await alice.ask("ListTasks", {"contextId": "visit"})).result["totalSize"] == 1


async def test_the_run_knows_its_caller(guarded: Served) -> None:
    async with client(guarded, "alice-token") as http:
        await all_events(RpcPeer(http).stream("SendStreamingMessage", message("hello")))
    caller = guarded.agent.contexts[0].caller
    assert (caller.owner, caller.bearer) == ("alice", "alice-token")
    assert "alice-token" not in repr(caller)
