"""Versions, media types, envelopes, error tables and hostile bodies (A2A-VER, A2A-HTTP, A2A-ERR, A2A-EXT)."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from agentkit.a2a import CREDENTIALS_EXTENSION, build_card
from agentkit.a2a.operations import Offers
from agentkit.web.bounds import Bounds
from tests.a2a.desk import URL, Desk, RestPeer, RpcPeer, Served, http_client, message, served_desk

pytestmark = pytest.mark.anyio

UNKNOWN = "00000000-0000-4000-8000-000000000000"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def rpc(method: str, params: Any = None, **changes: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params} | changes


@pytest.mark.parametrize("version", ["1.0", "1.0.1", "1.0.0.5"])
async def test_version_1_0_is_taken_whatever_its_patch_a2a_ver_01_ver_05(
    http: httpx2.AsyncClient, version: str
) -> None:
    headers = {"A2A-Version": version}
    assert (await http.post("/message:send", json=message("x"), headers=headers)).status_code == 200
    body = (await http.post("/a2a", json=rpc("SendMessage", message("x")), headers=headers)).json()
    assert "result" in body


@pytest.mark.parametrize("version", ["", "0.3", "1", "1.9", "2.0", "one", "1.0beta"])
async def test_other_versions_and_none_are_refused_a2a_ver_02_ver_03(http: httpx2.AsyncClient, version: str) -> None:
    headers = {"A2A-Version": version}
    rest = await http.post("/message:send", json=message("x"), headers=headers)
    assert rest.status_code == 400
    assert rest.json()["error"]["status"] == "FAILED_PRECONDITION"
    assert rest.json()["error"]["details"][0]["reason"] == "VERSION_NOT_SUPPORTED"
    answer = await http.post("/a2a", json=rpc("SendMessage", message("x")), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["id"]) == (200, -32009, 1)


async def test_the_version_is_also_read_from_the_query_a2a_ver_04(http: httpx2.AsyncClient) -> None:
    del http.headers["A2A-Version"]
    assert (await http.get("/tasks?A2A-Version=1.0")).status_code == 200
    assert (await http.get("/tasks?A2A-Version=0.3")).status_code == 400
    assert (await http.get("/tasks")).status_code == 400
    assert "result" in (await http.post("/a2a?A2A-Version=1.0", json=rpc("ListTasks"))).json()


@pytest.mark.parametrize("method", ["message/send", "tasks/get", "agent/getAuthenticatedExtendedCard"])
async def test_a_method_of_0_3_is_a_version_error_a2a_ver_06(http: httpx2.AsyncClient, method: str) -> None:
    assert (await http.post("/a2a", json=rpc(method, {}))).json()["error"]["code"] == -32009


async def test_json_rpc_answers_json_with_status_200_a2a_http_01_http_04(http: httpx2.AsyncClient) -> None:
    for path in ("/a2a", "/a2a/"):
        good = await http.post(path, json=rpc("SendMessage", message("x")))
        bad = await http.post(path, json=rpc("GetTask", {"id": UNKNOWN}))
        for response in (good, bad):
            assert response.status_code == 200
            assert response.headers["content-type"] == "application/json"
        assert bad.json()["error"] == {
            "code": -32001,
            "message": "Task not found",
            "data": [{"@type": ERROR_INFO, "reason": "TASK_NOT_FOUND", "domain": "a2a-protocol.org", "metadata": {}}],
        }


async def test_rest_speaks_a2a_json_and_takes_json_too_a2a_http_02_err_01(http: httpx2.AsyncClient) -> None:
    for media_type in ("application/a2a+json", "application/json; charset=utf-8"):
        response = await http.post(
            "/message:send", content=json.dumps(message("x")), headers={"Content-Type": media_type}
        )
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/a2a+json"
    missing = await http.get(f"/tasks/{UNKNOWN}")
    assert missing.status_code == 404
    assert missing.json() == {
        "error": {
            "code": 404,
            "status": "NOT_FOUND",
            "message": "Task not found",
            "details": [
                {"@type": ERROR_INFO, "reason": "TASK_NOT_FOUND", "domain": "a2a-protocol.org", "metadata": {}}
            ],
        }
    }


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_media_type_is_refused_a2a_http_03(http: httpx2.AsyncClient, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    rest = await http.post("/message:send", content=json.dumps(message("x")), headers=headers)
    assert rest.status_code == 415
    assert rest.json()["error"]["details"][0]["reason"] == "CONTENT_TYPE_NOT_SUPPORTED"
    answer = await http.post("/a2a", content=json.dumps(rpc("SendMessage", message("x"))), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, -32005)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b'{"x": NaN}', -32700),
        (b"[]", -32600),
        (b"[" + json.dumps(rpc("ListTasks")).encode() + b"]", -32600),
        (json.dumps(rpc("ListTasks", jsonrpc="1.0")).encode(), -32600),
        (json.dumps(rpc("ListTasks", id=True)).encode(), -32600),
        (json.dumps(rpc("ListTasks", id={})).encode(), -32600),
        (json.dumps({"jsonrpc": "2.0", "id": 1}).encode(), -32600),
        (json.dumps(rpc("Dance")).encode(), -32601),
        (json.dumps(rpc("ListTasks", [])).encode(), -32602),
        (json.dumps(rpc("GetTask", {})).encode(), -32602),
        (json.dumps(rpc("GetTask", {"id": 7})).encode(), -32602),
    ],
)
async def test_a_malformed_request_gets_its_json_rpc_code(http: httpx2.AsyncClient, body: bytes, code: int) -> None:
    response = await http.post("/a2a", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["data"][0]["domain"] == "a2a-protocol.org"


@pytest.mark.parametrize("body", [b"{", b'"text"', b"[]"])
async def test_a_malformed_rest_body_is_a_bad_request(http: httpx2.AsyncClient, body: bytes) -> None:
    response = await http.post("/message:send", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("pageSize=ten", "pageSize"),
        ("pageSize=0", "pageSize"),
        ("historyLength=1.5", "historyLength"),
        ("includeArtifacts=yes", "includeArtifacts"),
        ("status=done", "status"),
        ("statusTimestampAfter=yesterday", "statusTimestampAfter"),
    ],
)
async def test_query_parameters_are_checked_a2a_http_07(http: httpx2.AsyncClient, query: str, field: str) -> None:
    response = await http.get(f"/tasks?{query}")
    assert response.status_code == 400
    assert response.json()["error"]["details"][1]["fieldViolations"][0]["field"] == field


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(desk: Desk) -> None:
    async with served_desk(offers=Offers(bounds=Bounds(body=1000))) as served, http_client(served.app) as http:
        large = message("x" * 2000)
        rest = await http.post("/message:send", json=large)
        assert (rest.status_code, rest.json()["error"]["details"][0]["reason"]) == (413, "INVALID_REQUEST")

        async def unannounced() -> AsyncIterator[bytes]:
            yield json.dumps(large).encode()

        headers = {"Content-Type": "application/json"}
        assert (await http.post("/message:send", content=unannounced(), headers=headers)).status_code == 413
        assert (await http.post("/a2a", json=rpc("SendMessage", large))).json()["error"]["code"] == -32600
    assert desk.seen == []


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
async def test_a_body_nested_too_deeply_is_refused(http: httpx2.AsyncClient, opening: str) -> None:
    closing = {"[": "]", "{": "}"}
    text = opening * 400 + "1" + "".join(closing[one] for one in reversed(opening * 400) if one in closing)
    body = json.dumps(message("x", parts=[{"data": "HERE"}])).replace('"HERE"', text)
    headers = {"Content-Type": "application/json"}
    response = await http.post("/message:send", content=body, headers=headers)
    assert response.status_code == 400
    unbalanced = await http.post("/message:send", content="[" * 100_000, headers=headers)
    assert unbalanced.status_code == 400


async def test_brackets_in_text_are_no_nesting(http: httpx2.AsyncClient) -> None:
    text = '[{"\\' * 500
    answer = await RestPeer(http).ask("SendMessage", message(text))
    assert answer.task["status"]["message"]["parts"] == [{"text": f"echo: {text}"}]


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/tasks/t/pushNotificationConfigs", "CreateTaskPushNotificationConfig"),
        ("GET", "/tasks/t/pushNotificationConfigs", "ListTaskPushNotificationConfigs"),
        ("GET", "/tasks/t/pushNotificationConfigs/c", "GetTaskPushNotificationConfig"),
        ("DELETE", "/tasks/t/pushNotificationConfigs/c", "DeleteTaskPushNotificationConfig"),
    ],
)
async def test_push_configurations_are_not_supported_a2a_push_01(
    http: httpx2.AsyncClient, method: str, path: str, operation: str
) -> None:
    rest = await http.request(method, path)
    assert rest.status_code == 400
    assert rest.json()["error"]["details"][0]["reason"] == "PUSH_NOTIFICATION_NOT_SUPPORTED"
    assert (await http.post("/a2a", json=rpc(operation, {}))).json()["error"]["code"] == -32003


async def test_the_extended_card_is_unsupported_a2a_xc_01(http: httpx2.AsyncClient) -> None:
    rest = await http.get("/extendedAgentCard")
    assert rest.json()["error"]["details"][0]["reason"] == "UNSUPPORTED_OPERATION"
    assert (await http.post("/a2a", json=rpc("GetExtendedAgentCard"))).json()["error"]["code"] == -32004


async def test_a_required_extension_must_be_named_a2a_ext_01_ext_03() -> None:
    uri = "https://example.org/ext/visit/v1"
    card = build_card(Desk(), url=URL, required_extensions=[uri])
    async with served_desk(card=card) as served, http_client(served.app) as http:
        assert (await RpcPeer(http).ask("SendMessage", message("x"))).error["code"] == -32008
        assert (await RestPeer(http).ask("SendMessage", message("x"))).reason == "EXTENSION_SUPPORT_REQUIRED"
        http.headers["A2A-Extensions"] = f"{uri}, https://example.org/unknown, {CREDENTIALS_EXTENSION}"
        response = await http.post("/message:send", json=message("x"))
        assert response.status_code == 200
        assert response.headers["a2a-extensions"] == f"{uri}, {CREDENTIALS_EXTENSION}"


async def test_an_address_that_does_not_exist_answers_in_the_same_form(http: httpx2.AsyncClient) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("GET", "/a2a", 405), ("PUT", "/tasks", 405)):
        response = await http.request(method, path)
        assert response.status_code == status
        assert response.json()["error"]["details"][0]["reason"] == "METHOD_NOT_FOUND"


async def test_an_unexpected_failure_says_nothing_but_a_reference_a2a_err_02(
    served: Served, http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await served.service.close()
    with caplog.at_level(logging.ERROR, "agentkit.a2a"):
        answer = await RestPeer(http).ask("SendMessage", message("Jane Doe"))
    assert (answer.status, answer.reason) == (500, "INTERNAL_ERROR")
    reference = answer.details[0]["metadata"]["reference"]
    assert answer.error["message"] == f"Internal error, reference {reference}"
    assert reference in caplog.text
    assert "Jane" not in caplog.text
