"""Bad input on all bindings: refused as documented, bounded, logged without content, the server healthy afterwards."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import anyio
import httpx2
import pytest

from agentkit.a2a.operations import Offers
from agentkit.errors import ServiceOverloaded
from agentkit.web.bounds import Bounds
from tests.a2a.desk import Desk, Peer, RestPeer, RpcPeer, Served, http_client, message, served_desk
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

UNKNOWN = "00000000-0000-4000-8000-000000000000"
SMALL = Bounds(body=20_000, parts=3, part=500, metadata=100, identifier=40, listed=2, body_seconds=0.05)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def strict() -> AsyncIterator[Served]:
    """A desk with small bounds."""
    async with served_desk(offers=Offers(bounds=SMALL)) as served:
        yield served


@pytest.fixture(params=["rpc", "rest", "grpc"])
async def bounded(request: pytest.FixtureRequest, strict: Served) -> AsyncIterator[Peer]:
    """A client of each binding at the desk with small bounds."""
    if request.param == "grpc":
        async with grpc_channel(strict) as channel:
            yield GrpcPeer(channel)
    else:
        async with http_client(strict.app) as http:
            yield {"rpc": RpcPeer, "rest": RestPeer}[request.param](http)


TOO_MUCH: list[tuple[str, dict[str, Any]]] = [
    ("message.parts", message("x", parts=[{"text": "a"}] * 4)),
    ("message.parts[0]", message("x", parts=[{"text": "a" * 501}])),
    ("message.parts[1]", message("x", parts=[{"text": "a"}, {"data": {"a": "b" * 501}}])),
    ("message.parts[0]", message("x", parts=[{"raw": "aGlh" * 200, "mediaType": "text/plain"}])),
    ("message.parts[0].metadata", message("x", parts=[{"text": "a", "metadata": {"a": "b" * 100}}])),
    ("message.metadata", message("x", metadata={"a": "b" * 100})),
    ("metadata", message("x") | {"metadata": {"a": "b" * 100}}),
    ("message.messageId", message("x", messageId="m" * 41)),
    ("message.contextId", message("x", contextId="c" * 41)),
    ("message.taskId", message("x", taskId="t" * 41)),
    ("message.extensions", message("x", extensions=["a", "b", "c"])),
    ("message.referenceTaskIds[0]", message("x", referenceTaskIds=["t" * 41])),
    ("configuration.acceptedOutputModes", message("x") | {"configuration": {"acceptedOutputModes": ["a", "b", "c"]}}),
]


@pytest.mark.parametrize(("field", "params"), TOO_MUCH, ids=[field for field, _ in TOO_MUCH])
async def test_what_is_too_much_is_refused_by_name_before_anything_is_stored(
    bounded: Peer, strict: Served, field: str, params: dict[str, Any]
) -> None:
    answer = await bounded.ask("SendMessage", params)
    assert (answer.reason, answer.violations) == ("INVALID_PARAMS", [field])
    assert strict.agent.seen == []
    assert (await bounded.ask("ListTasks", {})).result["totalSize"] == 0
    assert (await bounded.ask("SendMessage", message("hello"))).status == 200


@pytest.mark.parametrize("operation", ["GetTask", "CancelTask"])
async def test_an_id_that_is_too_long_is_refused(bounded: Peer, operation: str) -> None:
    assert (await bounded.ask(operation, {"id": "t" * 41})).violations == ["id"]


async def test_a_body_that_is_too_large_is_refused_on_every_binding(bounded: Peer, strict: Served) -> None:
    answer = await bounded.ask("SendMessage", message("a" * 30_000))
    assert answer.status in {200, 413, 429}
    assert answer.error
    assert strict.agent.seen == []
    assert (await bounded.ask("SendMessage", message("hello"))).status == 200


@pytest.mark.parametrize("path", ["/a2a", "/message:send", "/v1/message:send"])
async def test_a_body_that_never_ends_is_given_up_after_a_bounded_time(strict: Served, path: str) -> None:
    async def slow() -> AsyncGenerator[bytes]:
        yield b'{"jsonrpc": "2.0", '
        await anyio.sleep_forever()

    async with http_client(strict.app, version="0.3" if "v1" in path else "1.0") as http:
        with anyio.fail_after(HANG):
            response = await http.post(path, content=slow(), headers=JSON)
        if path == "/a2a":
            assert (response.status_code, response.json()["error"]["code"]) == (200, -32600)
        else:
            assert (response.status_code, response.json()["error"]["code"]) == (408, 408)
        http.headers["A2A-Version"] = "1.0"
        assert (await http.get("/tasks")).json()["totalSize"] == 0


HOSTILE_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "half a document": b'{"message": {',
    "not a number": b'{"message": NaN}',
    "infinity": b'{"message": -Infinity}',
    "a huge exponent": b'{"metadata": {"n": 1e999999}}',
    "half a surrogate": b'{"metadata": {"s": "\\ud800"}}',
    "invalid UTF-8": b'{"metadata": {"s": "\xff\xfe"}}',
    "another encoding": '{"metadata": {}}'.encode("utf-16"),
    "a bomb of brackets": b"[" * 15_000,
    "deep objects": b'{"a":' * 200 + b"1" + b"}" * 200,
    "two documents": b"{} {}",
    "a batch": b"[{}, {}]",
    "text": b'"text"',
    "null": b"null",
    "a null byte": b"\x00",
}


@pytest.mark.parametrize("name", HOSTILE_BODIES)
@pytest.mark.parametrize("path", ["/a2a", "/message:send", "/message:stream", "/v1/message:send"])
async def test_a_body_that_is_no_request_is_refused(
    strict: Served, caplog: pytest.LogCaptureFixture, path: str, name: str
) -> None:
    async with http_client(strict.app, version="0.3" if "v1" in path else "1.0") as http:
        with caplog.at_level(logging.DEBUG, "agentkit"):
            response = await http.post(path, content=HOSTILE_BODIES[name], headers=JSON)
    error = response.json()["error"]
    if path == "/a2a":
        assert response.status_code == 200
        assert error["code"] in {-32700, -32600, -32602}
    else:
        assert response.status_code == 400
        assert error["status"] == "INVALID_ARGUMENT"
    assert caplog.text == ""
    assert strict.agent.seen == []


async def test_of_two_members_with_one_name_one_counts_and_nothing_breaks(http: httpx2.AsyncClient, desk: Desk) -> None:
    body = (
        b'{"message": {"messageId": "a", "messageId": "b", "role": "ROLE_USER", "parts": [{"text": "x", "text": "y"}]}}'
    )
    task = (await http.post("/message:send", content=body, headers=JSON)).json()["task"]
    assert task["history"][0]["messageId"] == "b"
    assert desk.seen[0].text == "y"


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/xml", "multipart/form-data; boundary=x", "json"])
async def test_another_media_type_is_refused_on_both_http_bindings_a2a_http_03(
    http: httpx2.AsyncClient, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    rpc = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks"}
    answer = await http.post("/a2a", content=json.dumps(rpc), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, -32005)
    rest = await http.post("/message:send", content=json.dumps(message("x")), headers=headers)
    assert (rest.status_code, rest.json()["error"]["details"][0]["reason"]) == (415, "CONTENT_TYPE_NOT_SUPPORTED")


@pytest.mark.parametrize("request_id", [True, 1.5, [], {}, "x" * 300, 10**30])
async def test_an_id_of_json_rpc_that_is_none_is_refused_and_not_given_back(
    http: httpx2.AsyncClient, request_id: Any
) -> None:
    body = {"jsonrpc": "2.0", "id": request_id, "method": "ListTasks"}
    answer = (await http.post("/a2a", json=body)).json()
    assert (answer["id"], answer["error"]["code"]) == (None, -32600)


@pytest.mark.parametrize(
    "headers",
    [
        {"A2A-Extensions": "x" * 6000},
        {"A2A-Extensions": "urn:a\tb, ,,,"},
        {"A2A-Version": "1.0" + ".1" * 2000},
        {"A2A-Version": "9" * 3000},
        {"traceparent": "00-" + "f" * 5000},
        {"traceparent": "\xff\xfe"},
        {"Last-Event-ID": "9" * 5000},
        {"Content-Length": "99999999999999999999"},
        {"Content-Length": "-5"},
        {"Accept": "x" * 4000},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_long_and_broken_headers_break_nothing(http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    sent = [*raw, (b"content-type", b"application/json")]
    sent += [] if "A2A-Version" in headers else [(b"a2a-version", b"1.0")]
    request = http.build_request("POST", "/message:send", content=json.dumps(message("x")))
    request.headers = httpx2.Headers(sent)
    response = await http.send(request)
    assert response.status_code in {200, 400, 413}
    assert "\n" not in str(response.headers.get("a2a-extensions", ""))
    assert (await http.get("/tasks")).status_code == 200


async def test_what_a_client_names_does_not_come_back_in_headers(http: httpx2.AsyncClient) -> None:
    response = await http.get("/tasks", headers={"A2A-Extensions": "urn:evil, X-Injected: yes"})
    assert "a2a-extensions" not in response.headers


async def test_unknown_operations_are_not_found_on_every_binding(http: httpx2.AsyncClient, served: Served) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "DropTables"}
    assert (await http.post("/a2a", json=body)).json()["error"]["code"] == -32601
    assert (await http.post("/tables:drop")).status_code == 404
    async with grpc_channel(served) as channel:
        wire: Any = channel
        call = wire.unary_unary("/lf.a2a.v1.A2AService/DropTables")
        answer = await GrpcPeer(channel).ask_raw("DropTables", b"", call)
    assert answer.error["status"] == "UNIMPLEMENTED"


@pytest.mark.parametrize("task_id", [UNKNOWN, "../../etc/passwd", "'; DROP TABLE tasks; --", "0", "é" * 30, "%2e%2e"])
async def test_guessed_ids_lead_nowhere(peer: Peer, task_id: str) -> None:
    for operation in ("GetTask", "CancelTask"):
        if isinstance(peer, RestPeer) and "/" in task_id:
            continue
        assert (await peer.ask(operation, {"id": task_id})).reason == "TASK_NOT_FOUND"
    assert (await peer.ask("SendMessage", message("x", taskId=task_id))).reason == "TASK_NOT_FOUND"


async def test_bytes_that_are_no_message_of_grpc_are_refused_with_details(strict: Served) -> None:
    async with grpc_channel(strict) as channel:
        peer = GrpcPeer(channel)
        broken = [b"\xff\xff\xff", b"\x0a\x05ab", b"\x0a\x02\xc3\x28", b"\x12\xff\xff\xff\xff\x0f"]
        for sent in broken:
            answer = await peer.ask_raw("SendMessage", sent)
            assert (answer.error["status"], answer.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
        not_said = await peer.ask_raw("GetTask", b"")
        assert not_said.violations == ["id"]
        assert (await peer.ask("SendMessage", message("hello"))).status == 200


async def test_numbers_that_json_cannot_say_are_refused_over_grpc(strict: Served) -> None:
    async with grpc_channel(strict) as channel:
        peer = GrpcPeer(channel)
        _, request, _ = peer.call("SendMessage")
        for number in (float("nan"), float("inf")):
            sent = request()
            sent.message.message_id = "m"
            sent.message.role = 1
            sent.message.parts.add().data.number_value = number
            answer = await peer.ask_raw("SendMessage", sent)
            assert (answer.status, answer.reason) == (400, "INVALID_PARAMS")
        deep = request()
        value = deep.message.parts.add().data
        for _ in range(80):
            value = value.list_value.values.add()
        value.string_value = "deep"
        assert (await peer.ask_raw("SendMessage", deep)).reason == "INVALID_REQUEST"
    assert strict.agent.seen == []


@pytest.mark.parametrize("number", ["1" + "0" * 400, "-" + "9" * 309, "1" + "0" * 5000])
async def test_a_whole_number_beyond_every_double_is_refused_before_it_is_stored(
    http_peer: Peer, served: Served, number: str
) -> None:
    # Kept, it would break every page of tasks over gRPC, whose numbers are doubles.
    params = message("x", parts=[{"data": {"n": 424242}}])
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params}
    path = "/a2a" if isinstance(http_peer, RpcPeer) else "/message:send"
    sent = json.dumps(body if path == "/a2a" else params).replace("424242", number)
    async with http_client(served.app) as http:
        error = (await http.post(path, content=sent, headers=JSON)).json()["error"]
    assert "INVALID_REQUEST" in json.dumps(error)
    assert served.agent.seen == []
    largest = message("x", parts=[{"data": {"n": 10**308}}])
    assert (await http_peer.ask("SendMessage", largest)).status == 200


async def test_a_service_that_is_full_says_so_and_what_helps_on_every_binding(
    peer: Peer, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_args: object, **_options: object) -> None:
        # Waiting would help against other limits, and never against this one.
        raise ServiceOverloaded("There are 3 tasks that have not ended.", remedy="Answer or cancel some of them.")

    monkeypatch.setattr(served.service, "send", full)
    answer = await peer.ask("SendMessage", message("x"))
    assert answer.reason == "SERVICE_OVERLOADED"
    assert answer.error["message"] == "There are 3 tasks that have not ended. Answer or cancel some of them."
    assert answer.error["code"] in {-32000, 429}
    if not isinstance(peer, RpcPeer):
        assert answer.error["status"] == "RESOURCE_EXHAUSTED"
    monkeypatch.undo()
    assert (await peer.ask("SendMessage", message("hello"))).status == 200
