"""A2A 0.3 at the same addresses as 1.0 (A2A-VER-06, A2A-VER-07, A2A-03-01 to -06)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx2
import pytest
from a2a.compat.v0_3 import types as legacy

from agentkit.a2a import build_card
from tests.a2a.desk import URL, Desk, Served, http_client, message, served_desk
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def old(served: Served) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that knows of no version header."""
    async with http_client(served.app, version=None) as client:
        yield client


def said(text: str, **changes: Any) -> dict[str, Any]:
    made = {"kind": "message", "messageId": f"old-{text}", "role": "user", "parts": [{"kind": "text", "text": text}]}
    return {"message": made | changes}


def proto_said(text: str, **changes: Any) -> dict[str, Any]:
    made = {"messageId": f"proto-{text}", "role": "ROLE_USER", "content": [{"text": text}]}
    return {"message": made | changes}


async def call(http: httpx2.AsyncClient, method: str, params: dict[str, Any]) -> dict[str, Any]:
    response = await http.post("/a2a", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    return response.json()


async def events(http: httpx2.AsyncClient, method: str, path: str, body: Any) -> list[dict[str, Any]]:
    async with http.stream(method, path, json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line async for line in response.aiter_lines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize("version", [None, "", "0.3", "0.3.0"])
async def test_a_method_of_0_3_gets_an_answer_of_0_3_a2a_03_03_ver_02(served: Served, version: str | None) -> None:
    async with http_client(served.app, version=version) as http:
        task = (await call(http, "message/send", said("hello")))["result"]
    assert task["kind"] == "task"
    assert task["status"]["state"] == "completed"
    assert task["status"]["message"]["parts"] == [{"kind": "text", "text": "echo: hello"}]
    assert task["history"][0]["role"] == "user"
    assert legacy.Task.model_validate(task).id == task["id"]


async def test_a_stream_of_0_3_ends_with_final_a2a_03_03(old: httpx2.AsyncClient) -> None:
    body = {"jsonrpc": "2.0", "id": 7, "method": "message/stream", "params": said("chunks")}
    with anyio.fail_after(HANG):
        found = [one["result"] for one in await events(old, "POST", "/a2a", body)]
    assert [one["kind"] for one in found] == [
        "task",
        "status-update",
        "artifact-update",
        "artifact-update",
        "status-update",
    ]
    assert [one.get("final") for one in found] == [None, False, None, None, True]
    assert found[-1]["status"]["state"] == "completed"
    for one in found:
        answer = {"jsonrpc": "2.0", "id": 7, "result": one}
        legacy.SendStreamingMessageSuccessResponse.model_validate(answer)


async def test_tasks_are_got_cancelled_and_resubscribed_in_0_3(old: httpx2.AsyncClient, desk: Desk) -> None:
    asked = (await call(old, "message/send", said("ask")))["result"]
    assert asked["status"]["state"] == "input-required"
    got = (await call(old, "tasks/get", {"id": asked["id"], "historyLength": 1}))["result"]
    assert got["status"]["state"] == "input-required"
    canceled = (await call(old, "tasks/cancel", {"id": asked["id"], "metadata": {"why": "visit over"}}))["result"]
    assert canceled["status"]["state"] == "canceled"
    assert desk.cancellations[0].metadata == {"why": "visit over"}
    waiting = said("wait") | {"configuration": {"blocking": False}}
    task = (await call(old, "message/send", waiting))["result"]
    with anyio.fail_after(HANG):
        await desk.started.wait()
        body = {"jsonrpc": "2.0", "id": 1, "method": "tasks/resubscribe", "params": {"id": task["id"]}}
        async with old.stream("POST", "/a2a", json=body) as response:
            lines = response.aiter_lines()
            while not (line := await anext(lines)).startswith("data: "):
                pass
            assert json.loads(line.removeprefix("data: "))["result"]["id"] == task["id"]
            desk.go_on.set()
            rest = [line async for line in lines if line.startswith("data: ")]
    assert json.loads(rest[-1].removeprefix("data: "))["result"]["final"] is True


@pytest.mark.parametrize("method", ["message/send", "tasks/get", "tasks/cancel", "message/stream"])
async def test_a_method_of_0_3_under_a_1_0_header_is_a_version_error_a2a_ver_06(
    http: httpx2.AsyncClient, method: str
) -> None:
    assert (await call(http, method, said("x")))["error"]["code"] == -32009


@pytest.mark.parametrize("version", ["0.2", "0.4", "1.9", "0.30"])
async def test_a_version_nobody_speaks_is_refused_for_both_kinds_of_method_a2a_ver_03(
    old: httpx2.AsyncClient, version: str
) -> None:
    old.headers["A2A-Version"] = version
    for method, params in (("message/send", said("x")), ("SendMessage", message("x"))):
        assert (await call(old, method, params))["error"]["code"] == -32009
    rest = await old.post("/v1/message:send", json=proto_said("x"))
    assert rest.json()["error"]["details"][0]["reason"] == "VERSION_NOT_SUPPORTED"


async def test_an_unknown_method_is_not_found_in_either_version(old: httpx2.AsyncClient) -> None:
    assert (await call(old, "tasks/list", {}))["error"]["code"] == -32601
    assert (await call(old, "Nothing", {}))["error"]["code"] == -32601


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "message"),
        ({"message": 7}, "message"),
        (said("x", parts=[]), "message.parts"),
        (said("x", kind="task"), "message.kind"),
        (said("x", role="ROLE_USER"), "message.role"),
        (said("x", messageId=""), "message.messageId"),
        (said("x", parts=[{"kind": "text"}]), "message.parts[0].text"),
        (said("x", parts=[{"kind": "data", "data": 7}]), "message.parts[0].data"),
        (said("x", parts=[{"kind": "file", "file": {}}]), "message.parts[0].file"),
        (said("x", parts=[{"kind": "file", "file": {"bytes": "%%"}}]), "message.parts[0].file.bytes"),
        (said("x", parts=[{"kind": "image"}]), "message.parts[0].kind"),
        (said("x") | {"configuration": {"blocking": "yes"}}, "configuration.blocking"),
    ],
)
async def test_invalid_parameters_of_0_3_get_their_code_and_the_field_a2a_03_04(
    old: httpx2.AsyncClient, desk: Desk, params: dict[str, Any], field: str
) -> None:
    error = (await call(old, "message/send", params))["error"]
    assert error["code"] == -32602
    assert error["data"][1]["fieldViolations"][0]["field"] == field
    assert desk.seen == []


async def test_errors_of_0_3_have_the_codes_of_the_table(old: httpx2.AsyncClient) -> None:
    done = (await call(old, "message/send", said("hello")))["result"]
    assert (await call(old, "tasks/get", {"id": UNKNOWN}))["error"]["code"] == -32001
    assert (await call(old, "tasks/cancel", {"id": done["id"]}))["error"]["code"] == -32002
    config = {"taskId": done["id"], "pushNotificationConfig": {"url": "https://example.org"}}
    assert (await call(old, "tasks/pushNotificationConfig/set", config))["error"]["code"] == -32003
    for word in ("get", "list", "delete"):
        method = f"tasks/pushNotificationConfig/{word}"
        assert (await call(old, method, {"id": done["id"]}))["error"]["code"] == -32003
    assert (await call(old, "agent/getAuthenticatedExtendedCard", {}))["error"]["code"] == -32004
    assert (await call(old, "tasks/resubscribe", {"id": done["id"]}))["error"]["code"] == -32004
    pushed = said("again") | {"configuration": {"pushNotificationConfig": {"url": "https://example.org"}}}
    assert (await call(old, "message/send", pushed))["error"]["code"] == -32003


async def test_history_length_zero_means_everything_in_0_3(old: httpx2.AsyncClient) -> None:
    """Its definition says so; in 1.0 it means none."""
    task = (await call(old, "message/send", said("hello") | {"configuration": {"historyLength": 0}}))["result"]
    assert len(task["history"]) == 1
    assert len((await call(old, "tasks/get", {"id": task["id"], "historyLength": 0}))["result"]["history"]) == 1


async def test_data_that_is_no_object_survives_the_way_through_0_3(old: httpx2.AsyncClient, desk: Desk) -> None:
    part = {"kind": "data", "data": {"value": [1, 2]}, "metadata": {"data_part_compat": True, "unit": "mg"}}
    task = (await call(old, "message/send", said("x", parts=[part])))["result"]
    assert desk.seen[0].data == ([1, 2],)
    assert task["history"][0]["parts"] == [part]
    legacy.Task.model_validate(task)


async def test_extensions_are_named_in_the_header_of_0_3(old: httpx2.AsyncClient, served: Served) -> None:
    uri = "https://example.org/ext/visit/v1"
    card = build_card(Desk(), url=URL, required_extensions=[uri])
    async with served_desk(card=card) as strict, http_client(strict.app, version=None) as http:
        assert (await call(http, "message/send", said("x")))["error"]["code"] == -32008
        http.headers["X-A2A-Extensions"] = uri
        response = await http.post(
            "/a2a", json={"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": said("y")}
        )
        assert response.json()["result"]["kind"] == "task"
        assert response.headers["x-a2a-extensions"] == uri


async def test_http_json_of_0_3_speaks_proto_json_below_v1_a2a_03_01(old: httpx2.AsyncClient) -> None:
    response = await old.post("/v1/message:send", json=proto_said("hello"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    task = response.json()["task"]
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert task["status"]["message"]["content"] == [{"text": "echo: hello"}]
    got = await old.get(f"/v1/tasks/{task['id']}", params={"historyLength": "1"})
    assert got.json()["history"][0]["content"] == [{"text": "hello"}]
    missing = await old.get(f"/v1/tasks/{UNKNOWN}")
    assert (missing.status_code, missing.json()["type"]) == (404, "TaskNotFoundError")
    again = await old.post(f"/v1/tasks/{task['id']}:cancel")
    assert again.json()["type"] == "TaskNotCancelableError"


async def test_proto_json_takes_both_spellings_of_a_name(old: httpx2.AsyncClient, desk: Desk) -> None:
    body = {
        "request": {
            "message_id": "snake",
            "role": "ROLE_USER",
            "context_id": "visit-7",
            "content": [
                {"text": "hello"},
                {"data": {"data": {"patient_ref": "example-1"}}},
                {"file": {"file_with_bytes": "aGk=", "mime_type": "text/plain", "name": "a.txt"}},
            ],
        },
        "configuration": {"blocking": True, "accepted_output_modes": ["text/plain"]},
    }
    task = (await old.post("/v1/message:send", json=body)).json()["task"]
    assert task["contextId"] == "visit-7"
    assert desk.seen[0].data == ({"patient_ref": "example-1"},)
    file = desk.seen[0].parts[2].file
    assert file is not None
    assert (file.content, file.media_type, file.name) == ("aGk=", "text/plain", "a.txt")
    assert task["history"][0]["content"][2] == {
        "file": {"fileWithBytes": "aGk=", "mimeType": "text/plain", "name": "a.txt"}
    }


async def test_proto_json_without_blocking_answers_at_once(old: httpx2.AsyncClient, desk: Desk) -> None:
    body = proto_said("wait") | {"configuration": {"historyLength": 3}}
    with anyio.fail_after(HANG):
        task = (await old.post("/v1/message:send", json=body)).json()["task"]
    assert task["status"]["state"] in {"TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"}
    canceled = (await old.post(f"/v1/tasks/{task['id']}:cancel", json={"name": "another"})).json()
    assert canceled["status"]["state"] == "TASK_STATE_CANCELLED"


async def test_a_stream_below_v1_has_its_events(old: httpx2.AsyncClient) -> None:
    with anyio.fail_after(HANG):
        found = await events(old, "POST", "/v1/message:stream", proto_said("chunks"))
    assert [next(iter(one)) for one in found] == [
        "task",
        "statusUpdate",
        "artifactUpdate",
        "artifactUpdate",
        "statusUpdate",
    ]
    assert found[-1]["statusUpdate"]["final"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        (proto_said("x", content=[]), "message.content"),
        (proto_said("x", content=[{}]), "message.content[0].text"),
        (proto_said("x", content=[{"text": "a", "data": {"data": {}}}]), "message.content[0].text"),
        (proto_said("x", content=[{"file": {}}]), "message.content[0].file.fileWithUri"),
        (proto_said("x", content=[{"data": 7}]), "message.content[0].data"),
        (proto_said("x", role="user"), "message.role"),
        ({"request": {"messageId": "m", "role": "ROLE_USER"}}, "request.content"),
    ],
)
async def test_invalid_bodies_below_v1_name_the_field(
    old: httpx2.AsyncClient, desk: Desk, body: dict[str, Any], field: str
) -> None:
    response = await old.post("/v1/message:send", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["details"][1]["fieldViolations"][0]["field"] == field
    assert desk.seen == []


async def test_push_and_card_below_v1_are_refused_as_elsewhere(old: httpx2.AsyncClient) -> None:
    configs = f"/v1/tasks/{UNKNOWN}/pushNotificationConfigs"
    for method, path in (("POST", configs), ("GET", configs), ("GET", f"{configs}/c"), ("DELETE", f"{configs}/c")):
        body = {"config": {"pushNotificationConfig": {"url": "https://example.org"}}} if method == "POST" else None
        answer = await old.request(method, path, json=body)
        assert answer.json()["error"]["details"][0]["reason"] == "PUSH_NOTIFICATION_NOT_SUPPORTED", method
    assert (await old.get("/v1/card")).json()["type"] == "UnsupportedOperationError"


async def test_a_path_of_0_3_under_a_1_0_header_is_a_version_error_a2a_ver_06(http: httpx2.AsyncClient) -> None:
    response = await http.post("/v1/message:send", json=proto_said("x"))
    assert (response.status_code, response.json()["error"]["details"][0]["reason"]) == (400, "VERSION_NOT_SUPPORTED")


async def test_a_server_can_be_told_to_speak_one_version_only_a2a_ver_07() -> None:
    async with served_desk(versions=("1.0",)) as served, http_client(served.app, version=None) as old:
        assert (await call(old, "message/send", said("x")))["error"]["code"] == -32009
        card = (await old.get("/.well-known/agent-card.json")).json()
        assert {one["protocolVersion"] for one in card["supportedInterfaces"]} == {"1.0"}
        assert "url" not in card
        old.headers["A2A-Version"] = "1.0"
        assert "result" in await call(old, "SendMessage", message("x"))
        # Without 0.3, `v1` is a tenant like any other.
        assert (await old.post("/v1/message:send", json=message("y"))).status_code == 200
    async with served_desk(versions=("0.3",)) as served, http_client(served.app) as new:
        assert (await call(new, "SendMessage", message("x")))["error"]["code"] == -32009
        assert (await new.post("/message:send", json=message("x"))).status_code == 404
        del new.headers["A2A-Version"]
        assert "result" in await call(new, "message/send", said("x"))


async def test_the_card_serves_both_versions_in_one_document_a2a_03_02(old: httpx2.AsyncClient) -> None:
    card = (await old.get("/.well-known/agent-card.json")).json()
    versions = [(one["protocolBinding"], one["protocolVersion"]) for one in card["supportedInterfaces"]]
    assert {("JSONRPC", "1.0"), ("HTTP+JSON", "1.0"), ("JSONRPC", "0.3"), ("HTTP+JSON", "0.3")} <= set(versions)
    older = legacy.AgentCard.model_validate(card)
    assert (older.url, older.preferred_transport, older.protocol_version) == (f"{URL}/a2a", "JSONRPC", "0.3")


async def test_the_service_of_0_3_answers_over_grpc_too(served: Served, desk: Desk) -> None:
    async with grpc_channel(served) as channel:
        peer = GrpcPeer(channel, version="0.3")
        task = (await peer.ask("SendMessage", proto_said("hello"))).result["task"]
        assert task["status"]["message"]["content"] == [{"text": "echo: hello"}]
        got = await peer.ask("GetTask", {"name": f"tasks/{task['id']}"})
        assert got.result["id"] == task["id"]
        assert (await peer.ask("GetTask", {"name": "tasks/unknown"})).reason == "TASK_NOT_FOUND"
        assert (await peer.ask("GetTask", {"name": "unknown"})).violations == ["name"]
        peer.metadata = [("a2a-version", "1.0")]
        assert (await peer.ask("GetTask", {"name": "tasks/x"})).reason == "VERSION_NOT_SUPPORTED"
    assert desk.seen[0].text == "hello"
