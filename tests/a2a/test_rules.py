"""Rules of a2a.md section 4 that belong to no single operation, on every binding."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, cast

import anyio
import httpx2
import pytest

from agentkit.a2a import build_card
from agentkit.compose import RunContext
from agentkit.models import Event, Message, Task
from tests.a2a.desk import (
    URL,
    Desk,
    Peer,
    RestPeer,
    RpcPeer,
    Served,
    all_events,
    http_client,
    message,
    refused,
    served_desk,
)
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

UNKNOWN = "00000000-0000-4000-8000-000000000000"
EXTENSION = "https://example.org/ext/visit/v1"
ENUM = re.compile(r"(TASK_STATE|ROLE)_[A-Z_]+")


async def waiting(peer: Peer, desk: Desk) -> str:
    params = message("wait") | {"configuration": {"returnImmediately": True}}
    task_id = (await peer.ask("SendMessage", params)).task["id"]
    with anyio.fail_after(HANG):
        await desk.started.wait()
    return task_id


async def test_metadata_of_a_cancel_reaches_the_agent_a2a_can_02(peer: Peer, desk: Desk) -> None:
    running = await waiting(peer, desk)
    await peer.ask("CancelTask", {"id": running, "metadata": {"reason": "the visit is over"}})
    parked = (await peer.ask("SendMessage", message("ask"))).task["id"]
    await peer.ask("CancelTask", {"id": parked, "metadata": {"reason": "no answer"}})
    assert [context.metadata for context in desk.cancellations] == [
        {"reason": "the visit is over"},
        {"reason": "no answer"},
    ]


class Historian(Desk):
    """Says which tasks a message refers to."""

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:
        self.found: tuple[Task, ...] = await context.references()
        async for event in super().run(message, context):
            yield event


async def test_tasks_that_a_message_refers_to_reach_the_agent_a2a_task_02(grpc_poller: None) -> None:
    agent = Historian()
    async with served_desk(agent=agent) as served, http_client(served.app) as http, grpc_channel(served) as channel:
        for peer in (RpcPeer(http), RestPeer(http), GrpcPeer(channel)):
            first = (await peer.ask("SendMessage", message("one"))).task
            foreign = (await peer.ask("SendMessage", message("two"))).task
            named = [first["id"], UNKNOWN, foreign["id"], "", first["id"]]
            sent = message("three", contextId=first["contextId"], referenceTaskIds=named)
            answer = await peer.ask("SendMessage", sent)
            assert answer.task["status"]["state"] == "TASK_STATE_COMPLETED"
            assert [task.id for task in agent.found] == [first["id"]]
            assert agent.found[0].history[0].text == "one"
        await RpcPeer(http).ask("SendMessage", message("four"))
        assert agent.found == ()


async def test_names_are_camel_case_and_enums_words_a2a_json_01(http_peer: Peer) -> None:
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            fields = cast(dict[str, Any], value)
            for key, inner in fields.items():
                assert re.fullmatch(r"[a-z][A-Za-z0-9]*", key), key
                if key in {"state", "role"}:
                    found.append(inner)
                walk(inner)
        elif isinstance(value, list):
            entries = cast(list[Any], value)
            for inner in entries:
                walk(inner)

    task = (await http_peer.ask("SendMessage", message("chunks"))).result
    walk(task)
    walk((await http_peer.ask("ListTasks", {})).result)
    for event in await all_events(http_peer.stream("SendStreamingMessage", message("chunks"))):
        walk(event.data)
    assert found
    assert all(ENUM.fullmatch(word) for word in found)


async def test_timestamps_are_utc_with_milliseconds_a2a_json_02(peer: Peer) -> None:
    task = (await peer.ask("SendMessage", message("hello"))).task
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z", task["status"]["timestamp"])


async def test_unknown_fields_are_ignored_a2a_json_03(http_peer: Peer, desk: Desk) -> None:
    params = message("hello", colour="red") | {"future": {"a": 1}, "configuration": {"speed": "high"}}
    assert (await http_peer.ask("SendMessage", params)).task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert desk.seen[0].text == "hello"


@pytest.mark.parametrize("name", ["A2A-VERSION", "a2a-version", "A2A-Version"])
async def test_service_parameters_are_headers_of_any_case_a2a_http_08(served: Served, name: str) -> None:
    async with http_client(served.app, version=None) as http:
        raw = [(name.encode(), b"1.0")]
        assert (await http.send(_with_headers(http.build_request("GET", "/tasks"), raw))).status_code == 200


async def test_several_extensions_come_in_one_header_separated_by_commas_a2a_http_08_ext_02() -> None:
    other = "https://example.org/ext/other/v1"
    card = build_card(Desk(), url=URL, required_extensions=[EXTENSION, other])
    async with served_desk(card=card) as served, http_client(served.app) as http:
        http.headers["A2A-Extensions"] = f"{EXTENSION},https://example.org/unknown , {other}"
        assert (await http.post("/message:send", json=message("x"))).status_code == 200
        # Another version of an extension is another extension.
        http.headers["A2A-Extensions"] = f"{EXTENSION.replace('v1', 'v2')}, {other}"
        assert (await RestPeer(http).ask("SendMessage", message("x"))).reason == "EXTENSION_SUPPORT_REQUIRED"


async def test_what_follows_a_request_for_a_credential_is_taken_and_authorizes_once_a2a_ar_02_ar_03(
    peer: Peer, desk: Desk
) -> None:
    task = (await peer.ask("SendMessage", message("login"))).task
    assert task["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
    token = {"data": {"type": "token", "mcp_name": "ehr", "token": "t-1"}}
    parts = [{"text": "login"}, token]
    again = (await peer.ask("SendMessage", message("x", parts=parts, taskId=task["id"]))).task
    assert again["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
    await peer.ask("SendMessage", message("hello", taskId=task["id"]))
    assert [bool(context.credentials.secrets()) for context in desk.contexts] == [False, True, False]


@pytest.mark.parametrize("kind", ["rpc", "rest", "grpc"])
async def test_a_card_with_everything_off_refuses_what_it_does_not_promise_a2a_card_08(kind: str) -> None:
    card = build_card(Desk(), url=URL, streaming=False)
    async with served_desk(card=card) as served, http_client(served.app) as http, grpc_channel(served) as channel:
        peers: dict[str, Peer] = {"rpc": RpcPeer(http), "rest": RestPeer(http), "grpc": GrpcPeer(channel)}
        peer = peers[kind]
        task = (await peer.ask("SendMessage", message("ask"))).task
        assert (await refused(peer.stream("SendStreamingMessage", message("x")))).reason == "UNSUPPORTED_OPERATION"
        assert (await refused(peer.stream("SubscribeToTask", {"id": task["id"]}))).reason == "UNSUPPORTED_OPERATION"
        for operation in ("Create", "Get", "Delete"):
            params = {"taskId": task["id"], "id": "c", "url": "https://example.org"}
            answer = await peer.ask(f"{operation}TaskPushNotificationConfig", params)
            assert answer.reason == "PUSH_NOTIFICATION_NOT_SUPPORTED"
        assert (await peer.ask("CancelTask", {"id": task["id"]})).status == 200
        assert (await peer.ask("ListTasks", {})).result["totalSize"] == 1


@pytest.mark.parametrize("kind", ["rpc", "rest", "grpc"])
async def test_a_card_with_a_required_extension_wants_it_named_everywhere_a2a_ext_01(kind: str) -> None:
    card = build_card(Desk(), url=URL, required_extensions=[EXTENSION])
    async with served_desk(card=card) as served, http_client(served.app) as http, grpc_channel(served) as channel:
        over_grpc = GrpcPeer(channel)
        peers: dict[str, Peer] = {"rpc": RpcPeer(http), "rest": RestPeer(http), "grpc": over_grpc}
        peer = peers[kind]
        calls: list[tuple[str, dict[str, Any]]] = [
            ("SendMessage", message("x")),
            ("GetTask", {"id": "t"}),
            ("ListTasks", {}),
            ("CancelTask", {"id": "t"}),
        ]
        for operation, params in calls:
            assert (await peer.ask(operation, params)).reason == "EXTENSION_SUPPORT_REQUIRED"
        assert (await refused(peer.stream("SubscribeToTask", {"id": "t"}))).reason == "EXTENSION_SUPPORT_REQUIRED"
        http.headers["A2A-Extensions"] = EXTENSION
        over_grpc.metadata.append(("a2a-extensions", EXTENSION))
        assert (await peer.ask("SendMessage", message("hello"))).task["status"]["state"] == "TASK_STATE_COMPLETED"
        with anyio.fail_after(HANG):
            assert await all_events(peer.stream("SendStreamingMessage", message("chunks")))
    assert len(served.agent.seen) == 2


async def test_a_header_may_come_in_several_lines_a2a_http_08() -> None:
    other = "https://example.org/ext/other/v1"
    card = build_card(Desk(), url=URL, required_extensions=[EXTENSION, other])
    async with served_desk(card=card) as served, http_client(served.app) as http:
        raw = [(b"a2a-extensions", EXTENSION.encode()), (b"A2A-Extensions", other.encode())]
        response = await http.send(_with_headers(http.build_request("POST", "/message:send", json=message("x")), raw))
        assert response.status_code == 200
        assert response.headers["a2a-extensions"] == f"{EXTENSION}, {other}"


def _with_headers(request: httpx2.Request, raw: list[tuple[bytes, bytes]]) -> httpx2.Request:
    request.headers = httpx2.Headers([*request.headers.raw, *raw])
    return request
