"""Push configurations and the extended card on every binding and in both versions (A2A-PUSH-01, -02, A2A-XC-01)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx2
import pytest
from a2a.compat.v0_3 import types as legacy

from agentkit.a2a import a2a_app, build_card
from agentkit.a2a.operations import Offers
from agentkit.compose import Caller
from tests.a2a.desk import URL, Desk, Peer, RestPeer, RpcPeer, Served, http_client, message, served_desk
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel
from tests.a2a.push.receiver import HOOK, Receiver, notifying
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

UNKNOWN = "00000000-0000-4000-8000-000000000000"
AUTHENTICATION = {"scheme": "Bearer", "credentials": "s-1"}


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def pushing(receiver: Receiver) -> AsyncIterator[Served]:
    """A desk that notifies."""
    async with notifying(receiver) as host:
        offers = Offers(push=host.push)
        app = a2a_app(host.agent, host.service, url=URL, offers=offers)
        card = build_card(host.agent, url=URL, push=True)
        yield Served(host.agent, app, host.service, host.database, card, None, offers)


@pytest.fixture(params=["rpc", "rest", "grpc"])
async def peer(request: pytest.FixtureRequest, pushing: Served) -> AsyncIterator[Peer]:
    """A client of each binding."""
    if request.param == "grpc":
        async with grpc_channel(pushing) as channel:
            yield GrpcPeer(channel)
    else:
        async with http_client(pushing.app) as http:
            yield {"rpc": RpcPeer, "rest": RestPeer}[request.param](http)


async def asked(peer: Peer) -> str:
    return (await peer.ask("SendMessage", message("ask"))).task["id"]


async def test_configurations_are_created_read_listed_and_deleted_a2a_push_02(peer: Peer) -> None:
    task_id = await asked(peer)
    config = {"taskId": task_id, "url": HOOK, "token": "t-1", "authentication": AUTHENTICATION}
    made = (await peer.ask("CreateTaskPushNotificationConfig", config)).result
    assert made["id"]
    assert {key: made[key] for key in config} == config
    named = {"taskId": task_id, "id": made["id"]}
    assert (await peer.ask("GetTaskPushNotificationConfig", named)).result == made
    listed = (await peer.ask("ListTaskPushNotificationConfigs", {"taskId": task_id})).result
    assert listed["configs"] == [made]
    for _ in range(2):
        assert (await peer.ask("DeleteTaskPushNotificationConfig", named)).result == {}
    assert (await peer.ask("GetTaskPushNotificationConfig", named)).reason == "TASK_NOT_FOUND"


async def test_configurations_of_unknown_tasks_are_not_found_a2a_push_02(peer: Peer) -> None:
    for operation in ("Create", "Get", "Delete"):
        params = {"taskId": UNKNOWN, "url": HOOK, "id": "c"}
        assert (await peer.ask(f"{operation}TaskPushNotificationConfig", params)).reason == "TASK_NOT_FOUND"
    assert (await peer.ask("ListTaskPushNotificationConfigs", {"taskId": UNKNOWN})).reason == "TASK_NOT_FOUND"


@pytest.mark.parametrize("stream", [False, True], ids=["send", "stream"])
async def test_a_configuration_in_a_send_tells_of_that_task(peer: Peer, receiver: Receiver, stream: bool) -> None:
    params = message("chunks") | {"configuration": {"taskPushNotificationConfig": {"url": HOOK, "token": "t-1"}}}
    with anyio.fail_after(HANG):
        if stream:
            assert [event async for event in peer.stream("SendStreamingMessage", params)]
        else:
            assert (await peer.ask("SendMessage", params)).task["status"]["state"] == "TASK_STATE_COMPLETED"
        while "TASK_STATE_COMPLETED" not in receiver.states:
            await receiver.until(len(receiver.received) + 1)
    assert receiver.received[0].headers["x-a2a-notification-token"] == "t-1"


@pytest.mark.parametrize("url", ["http://hooks.example.org/visits", "ftp://x", "", "https://u:p@hooks.example.org/"])
async def test_a_webhook_that_may_not_be_called_is_refused_before_a_task_opens(peer: Peer, url: str) -> None:
    params = message("hello") | {"configuration": {"taskPushNotificationConfig": {"url": url}}}
    answer = await peer.ask("SendMessage", params)
    assert answer.reason == "INVALID_PARAMS"
    assert answer.violations == ["configuration.taskPushNotificationConfig.url"]
    assert (await peer.ask("ListTasks", {})).result["totalSize"] == 0


async def test_configurations_of_0_3_are_nested_a2a_03_04(pushing: Served) -> None:
    async with http_client(pushing.app, version="0.3") as http:

        async def call(method: str, **params: Any) -> Any:
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            answer = (await http.post("/a2a", json=body)).json()
            return answer.get("result", answer.get("error"))

        said = {"kind": "message", "messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "ask"}]}
        task_id = (await call("message/send", message=said))["id"]
        nested = {"url": HOOK, "token": "t-1", "authentication": {"schemes": ["Bearer"], "credentials": "s-1"}}
        prefix = "tasks/pushNotificationConfig"
        made = await call(f"{prefix}/set", taskId=task_id, pushNotificationConfig=nested)
        config = legacy.TaskPushNotificationConfig.model_validate(made)
        assert config.push_notification_config.url == HOOK
        config_id = made["pushNotificationConfig"]["id"]
        assert made == {"taskId": task_id, "pushNotificationConfig": nested | {"id": config_id}}
        assert await call(f"{prefix}/get", id=task_id, pushNotificationConfigId=config_id) == made
        assert await call(f"{prefix}/get", id=task_id) == made
        assert await call(f"{prefix}/list", id=task_id) == [made]
        assert await call(f"{prefix}/delete", id=task_id, pushNotificationConfigId=config_id) is None
        assert await call(f"{prefix}/list", id=task_id) == []
        assert (await call(f"{prefix}/set", taskId=UNKNOWN, pushNotificationConfig=nested))["code"] == -32001
        assert (await call(f"{prefix}/set", taskId=task_id))["code"] == -32602
        assert (await call(f"{prefix}/set", taskId=task_id, pushNotificationConfig=7))["code"] == -32602


async def test_configurations_below_v1_have_names_of_resources(pushing: Served) -> None:
    async with http_client(pushing.app, version="0.3") as http:
        said = {"messageId": "m", "role": "ROLE_USER", "content": [{"text": "ask"}]}
        task_id = (await http.post("/v1/message:send", json={"message": said})).json()["task"]["id"]
        configs = f"/v1/tasks/{task_id}/pushNotificationConfigs"
        nested = {"url": HOOK, "authentication": {"schemes": ["Bearer"], "credentials": "s-1"}}
        # As its definition says, and as the official client sends it.
        made = (await http.post(configs, json={"pushNotificationConfig": nested})).json()
        whole = {"parent": f"tasks/{task_id}", "config_id": "mine", "config": {"push_notification_config": nested}}
        second = (await http.post(configs, json=whole)).json()
        config_id = made["pushNotificationConfig"]["id"]
        assert made["name"] == f"tasks/{task_id}/pushNotificationConfigs/{config_id}"
        assert second["pushNotificationConfig"]["id"] == "mine"
        assert (await http.get(f"{configs}/{config_id}")).json() == made
        listed = (await http.get(configs)).json()
        assert sorted(one["name"] for one in listed["configs"]) == sorted([made["name"], second["name"]])
        assert (await http.delete(f"{configs}/mine")).json() == {}
        assert len((await http.get(configs)).json()["configs"]) == 1


def extended_card(agent: Desk) -> Any:
    async def card_for(caller: Caller) -> Any:
        assert caller == Caller()
        card = build_card(agent, url=URL, extended=True)
        card.description = "For those who may see it"
        return card

    return card_for


async def test_the_extended_card_comes_in_the_words_of_the_version_a2a_xc_01(grpc_poller: None) -> None:
    offers = Offers(extended_card=extended_card(Desk()))
    card = build_card(Desk(), url=URL, extended=True)
    async with served_desk(offers=offers, card=card) as served, http_client(served.app) as http:
        rpc = await RpcPeer(http).ask("GetExtendedAgentCard", {})
        assert rpc.result["description"] == "For those who may see it"
        assert (await http.get("/extendedAgentCard")).json() == rpc.result
        async with grpc_channel(served) as channel:
            answer = await GrpcPeer(channel).ask("GetExtendedAgentCard", {})
        assert answer.result["description"] == "For those who may see it"
        old = {"A2A-Version": "0.3"}
        body = {"jsonrpc": "2.0", "id": 1, "method": "agent/getAuthenticatedExtendedCard"}
        shown = (await http.post("/a2a", json=body, headers=old)).json()["result"]
        assert legacy.AgentCard.model_validate(shown).description == "For those who may see it"
        assert "supportedInterfaces" not in shown
        assert (await http.get("/v1/card", headers=old)).json()["url"] == f"{URL}/a2a"


async def test_an_extended_card_that_is_promised_and_not_there_is_not_configured_a2a_xc_01() -> None:
    card = build_card(Desk(), url=URL, extended=True)
    async with served_desk(card=card) as served, http_client(served.app) as http:
        assert (await RpcPeer(http).ask("GetExtendedAgentCard", {})).error["code"] == -32007
        answer = await http.get("/extendedAgentCard")
        assert answer.json()["error"]["details"][0]["reason"] == "EXTENDED_AGENT_CARD_NOT_CONFIGURED"


async def test_notifications_that_the_card_does_not_promise_are_not_supported_a2a_push_01_card_08(
    pushing: Served,
) -> None:
    card = build_card(Desk(), url=URL, push=False)
    app = a2a_app(pushing.agent, pushing.service, url=URL, offers=pushing.offers, card=card)
    async with http_client(app) as http:
        task_id = await asked(RestPeer(http))
        configs = f"/tasks/{task_id}/pushNotificationConfigs"
        refused: httpx2.Response = await http.post(configs, json={"url": HOOK})
        assert refused.json()["error"]["details"][0]["reason"] == "PUSH_NOTIFICATION_NOT_SUPPORTED"
