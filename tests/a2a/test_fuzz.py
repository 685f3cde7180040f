"""Whatever comes over the wire gets a documented answer, never a 500, and the server goes on (issue 5, bad input)."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.a2a.operations import Offers
from agentkit.web.bounds import Bounds
from tests.a2a.desk import RestPeer, http_client, message, served_desk
from tests.a2a.grpc_peer import SERVICES, GrpcPeer, grpc_channel, held_poller

REST_STATUS = {200, 400, 403, 404, 405, 408, 413, 415}
SMALL = Bounds(body=20_000, parts=4, part=4000, metadata=400, identifier=60, listed=4)

words = st.sampled_from(["", "x", "a/b", "TASK_STATE_WORKING", "ROLE_USER", "user", "1.0", "\ud800", "\x00", "é" * 80])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(),
    st.just(10**400),
    words,
    st.text(max_size=8),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)

SENT = {
    "message": {
        "messageId": "m",
        "role": "ROLE_USER",
        "parts": [
            {"text": "hello", "mediaType": "text/plain", "metadata": {"a": 1}},
            {"data": {"a": [1]}},
            {"raw": "aGk=", "filename": "a.txt", "mediaType": "text/plain"},
        ],
        "contextId": "c",
        "metadata": {"b": 2},
        "extensions": ["urn:x"],
        "referenceTaskIds": ["r"],
    },
    "configuration": {
        "acceptedOutputModes": ["text/plain"],
        "historyLength": 1,
        "returnImmediately": False,
        "taskPushNotificationConfig": None,
    },
    "metadata": {"c": 3},
    "tenant": "",
}
OLD: dict[str, Any] = {
    "message": {
        "kind": "message",
        "messageId": "m",
        "role": "user",
        "parts": [
            {"kind": "text", "text": "hello", "metadata": {}},
            {"kind": "data", "data": {"a": 1}},
            {"kind": "file", "file": {"bytes": "aGk=", "mimeType": "text/plain"}},
        ],
        "contextId": "c",
    },
    "configuration": {"blocking": True, "historyLength": 1, "pushNotificationConfig": None},
}
PROTO = {
    "message": {
        "messageId": "m",
        "role": "ROLE_USER",
        "content": [
            {"text": "hello"},
            {"data": {"data": {"a": 1}}},
            {"file": {"fileWithBytes": "aGk=", "mimeType": "text/plain"}},
        ],
    },
    "configuration": {"blocking": True, "pushNotification": None},
}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "SendMessage": ("1.0", SENT),
    "SendStreamingMessage": ("1.0", SENT),
    "GetTask": ("1.0", {"id": "t", "historyLength": 1, "tenant": ""}),
    "ListTasks": (
        "1.0",
        {
            "contextId": "c",
            "status": "TASK_STATE_WORKING",
            "pageSize": 5,
            "pageToken": "",
            "historyLength": 1,
            "statusTimestampAfter": "2026-01-01T00:00:00Z",
            "includeArtifacts": True,
        },
    ),
    "CancelTask": ("1.0", {"id": "t", "metadata": {"a": 1}}),
    "SubscribeToTask": ("1.0", {"id": "t"}),
    "GetTaskPushNotificationConfig": ("1.0", {"taskId": "t", "id": "c"}),
    "GetExtendedAgentCard": ("1.0", {}),
    "message/send": ("0.3", OLD),
    "message/stream": ("0.3", OLD),
    "tasks/get": ("0.3", {"id": "t", "historyLength": 1}),
    "tasks/cancel": ("0.3", {"id": "t", "metadata": {}}),
    "tasks/resubscribe": ("0.3", {"id": "t"}),
    "tasks/pushNotificationConfig/set": ("0.3", {"taskId": "t", "pushNotificationConfig": {"url": "https://x"}}),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a document."""
    found = [path] if path else []
    inside: Any = value
    entries: Any = inside.items() if isinstance(value, dict) else enumerate(inside) if isinstance(value, list) else ()
    for key, inner in entries:
        found += places(inner, (*path, key))
    return found


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with something else in one place."""
    made = copy.deepcopy(document)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return made


@st.composite
def spoiled_calls(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A method, its version, and parameters with one or two places spoiled."""
    method = draw(st.sampled_from(sorted(CALLS)))
    version, params = CALLS[method]
    for _ in range(draw(st.integers(1, 2))):
        known = places(params)
        if known:
            params = changed(params, draw(st.sampled_from(known)), draw(values))
    return version, method, params


spoiled_bodies = st.sampled_from(
    ["/message:send", "/message:stream", "/v1/message:send", "/v1/message:stream"]
).flatmap(
    lambda path: st.tuples(
        st.just(path),
        st.sampled_from(places(PROTO if path.startswith("/v1") else SENT)),
        values,
    )
)


def text(document: Any) -> str:
    """JSON with everything a hostile client writes: NaN, half surrogates, huge numbers."""
    return json.dumps(document)


def check_rpc(response: httpx2.Response) -> None:
    assert response.status_code in {200, 403}
    if response.headers["content-type"].startswith("text/event-stream"):
        return
    body = response.json()
    if response.status_code == 403:
        return
    assert body["jsonrpc"] == "2.0"
    assert ("result" in body) != ("error" in body)
    if "error" in body:
        assert body["error"]["code"] in {-32700, -32600, -32601, -32602, *range(-32009, -32000)}, body
        check_details(body["error"]["data"])


def check_rest(response: httpx2.Response) -> None:
    assert response.status_code in REST_STATUS, response.text
    if response.status_code == 200:
        return
    error = response.json()["error"]
    assert error["code"] == response.status_code
    assert error["status"].isupper()
    check_details(error["details"])


def check_details(details: list[dict[str, Any]]) -> None:
    assert details[0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert details[0]["domain"] == "a2a-protocol.org"
    assert details[0]["reason"].isupper()


async def is_healthy(http: httpx2.AsyncClient) -> None:
    http.headers["A2A-Version"] = "1.0"
    answer = await RestPeer(http).ask("SendMessage", message("hello"))
    assert answer.task["status"]["state"] == "TASK_STATE_COMPLETED"


SLOWLY = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@SLOWLY
@given(st.lists(spoiled_calls(), min_size=4, max_size=12))
def test_spoiled_parameters_of_json_rpc_get_an_answer_of_the_table(calls: list[tuple[str, str, Any]]) -> None:
    async def live() -> None:
        async with served_desk(offers=Offers(bounds=SMALL)) as served, http_client(served.app) as http:
            for version, method, params in calls:
                body = text({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
                headers = {"A2A-Version": version, "Content-Type": "application/json"}
                check_rpc(await http.post("/a2a", content=body, headers=headers))
            await is_healthy(http)

    asyncio.run(live())


@SLOWLY
@given(st.lists(spoiled_bodies, min_size=4, max_size=12))
def test_spoiled_bodies_of_http_json_get_an_answer_of_the_table(bodies: list[tuple[str, Any, Any]]) -> None:
    async def live() -> None:
        async with served_desk(offers=Offers(bounds=SMALL)) as served, http_client(served.app) as http:
            for path, place, value in bodies:
                legacy = path.startswith("/v1")
                body = text(changed(PROTO if legacy else SENT, place, value))
                headers = {"A2A-Version": "0.3" if legacy else "1.0", "Content-Type": "application/json"}
                check_rest(await http.post(path, content=body, headers=headers))
            await is_healthy(http)

    asyncio.run(live())


envelopes = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": scalars | st.just("2.0"),
        "id": values,
        "method": words | st.sampled_from(sorted(CALLS)) | values,
        "params": values,
    },
)


@SLOWLY
@given(st.lists(envelopes | values | st.binary(max_size=60), min_size=4, max_size=12))
def test_anything_posted_to_json_rpc_gets_an_answer_of_the_table(bodies: list[Any]) -> None:
    async def live() -> None:
        async with served_desk(offers=Offers(bounds=SMALL)) as served, http_client(served.app) as http:
            for body in bodies:
                content = body if isinstance(body, bytes) else text(body).encode()
                headers = {"Content-Type": "application/json"}
                check_rpc(await http.post("/a2a", content=content, headers=headers))
            await is_healthy(http)

    asyncio.run(live())


segments = st.sampled_from(
    ["tasks", "t", "message:send", "v1", "acme", "a2a", "%00", "%ff", "..", "x" * 300, ":cancel"]
)
queries = st.dictionaries(
    st.sampled_from(["pageSize", "historyLength", "status", "pageToken", "tenant", "includeArtifacts", "A2A-Version"]),
    st.sampled_from(["", "1", "-1", "9" * 30, "true", "TASK_STATE_WORKING", "x", "a\n", "\x00", "é" * 200]),
    max_size=3,
)


@SLOWLY
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "DELETE", "PUT", "OPTIONS"]), st.lists(segments, max_size=5), queries
        ),
        min_size=5,
        max_size=25,
    )
)
def test_any_address_and_query_gets_an_answer_of_the_table(requests: list[tuple[str, list[str], Any]]) -> None:
    async def live() -> None:
        async with served_desk(offers=Offers(bounds=SMALL)) as served, http_client(served.app) as http:
            for verb, path, query in requests:
                response = await http.request(verb, f"/{'/'.join(path)}", params=query)
                if response.headers.get("content-type", "").startswith("application/json") and path != ["a2a"]:
                    check_rest(response)
                assert response.status_code < 500
            await is_healthy(http)

    asyncio.run(live())


@SLOWLY
@given(
    st.lists(
        st.tuples(
            st.sampled_from([("1.0", name) for name in SERVICES["1.0"].methods_by_name])
            | st.sampled_from([("0.3", name) for name in SERVICES["0.3"].methods_by_name]),
            st.binary(max_size=80),
        ),
        min_size=5,
        max_size=25,
    )
)
def test_any_bytes_over_grpc_get_a_status_of_the_table(calls: list[tuple[tuple[str, str], bytes]]) -> None:
    async def live() -> None:
        async with (
            served_desk(offers=Offers(bounds=SMALL)) as served,
            http_client(served.app) as http,
            grpc_channel(served) as channel,
        ):
            for (version, method), sent in calls:
                peer = GrpcPeer(channel, version=version)
                call = peer.call(method)[0]
                if SERVICES[version].methods_by_name[method].server_streaming:
                    answers = [one async for one in peer.stream_raw(call, sent)]
                    assert answers
                    assert all(getattr(one, "status", 200) in {200, 400, 404} for one in answers), answers
                else:
                    answer = await peer.ask_raw(method, sent, call)
                    assert answer.status in {200, 400, 404}, answer
            await is_healthy(http)

    with held_poller():
        asyncio.run(live())
