"""Requests that mean no good, at every address of the turns: the documented status and body, and never a 5xx."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import anyio
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.web.bounds import Bounds
from tests.deadline import HANG
from tests.platform.turns.parts import House, house, reason, rpc, v1_send, v2_send

pytestmark = pytest.mark.anyio

ADDRESSES: Final = ["v1/message:send", "v1", "v2/message:send", "v2/message:stream", "v2"]
EVERYWHERE: Final = pytest.mark.parametrize("address", ADDRESSES)


def url_of(home: House, address: str) -> str:
    generation, _, rest = address.partition("/")
    return f"{home.v1 if generation == 'v1' else home.v2}/{rest}".rstrip("/")


async def post(home: House, address: str, content: bytes | AsyncIterator[bytes], **headers: str) -> httpx2.Response:
    named = {"content-type": "application/json", **home.headers, **headers}
    return await home.http.post(url_of(home, address), content=content, headers=named)


def told(answer: httpx2.Response, address: str) -> tuple[int, Any]:
    """Status, and the code (v1), the reason (v2) or the number (JSON-RPC) of a refusal."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    if address in {"v1", "v2"}:
        assert answer.status_code == 200
        assert body["jsonrpc"] == "2.0"
        return 200, body["error"]["code"]
    if address.startswith("v1"):
        assert {"code", "description"} <= set(body)
        return answer.status_code, body["code"]
    assert body["error"]["code"] == answer.status_code
    return answer.status_code, reason(body["error"])


def wrapped(address: str, params: Any) -> Any:
    """The body of a send at an address."""
    method = {"v1": "message/send", "v2": "SendMessage"}.get(address)
    return params if method is None else rpc(method, params)


def good(address: str, text: str = "hello") -> Any:
    return wrapped(address, v1_send(text) if address.startswith("v1") else v2_send(text))


MALFORMED: Final = [
    b"",
    b"{",
    b"{} {}",
    b"nope",
    b'{"message": NaN}',
    b'{"a": 1e400}',
    b'{"a": "\xff"}',
    b'{"a": "\\ud800"}',
    b"\x00",
    '{"a": 1}'.encode("utf-16"),
]


@EVERYWHERE
async def test_what_is_no_json_is_malformed(home: House, address: str) -> None:
    """V1-ERR-02, V2-ERR-01, V2-ERR-02."""
    for content in MALFORMED:
        assert told(await post(home, address, content), address) == {
            "v1/message:send": (400, "invalid_json"),
            "v2/message:send": (400, "INVALID_REQUEST"),
            "v2/message:stream": (400, "INVALID_REQUEST"),
        }.get(address, (200, -32700)), content


@EVERYWHERE
async def test_json_that_is_no_request_is_refused(home: House, address: str) -> None:
    """V1-ERR-02, V2-ERR-02; there are no batches."""
    for content in (b"[]", b"1", b'"text"', b"null", b"{}", b'[{"jsonrpc":"2.0"}]'):
        assert told(await post(home, address, content), address) == {
            "v1/message:send": (422, "validation_failed"),
            "v2/message:send": (400, "INVALID_PARAMS"),
            "v2/message:stream": (400, "INVALID_PARAMS"),
        }.get(address, (200, -32600)), content


@EVERYWHERE
async def test_what_is_nested_too_deeply_is_refused(home: House, address: str) -> None:
    """Nothing is half stored."""
    text = json.dumps(good(address)).replace('"hello"', "[" * 100 + "]" * 100)
    status, code = told(await post(home, address, text.encode()), address)
    assert (status, code) == {
        "v1/message:send": (422, "validation_failed"),
        "v2/message:send": (400, "INVALID_REQUEST"),
        "v2/message:stream": (400, "INVALID_REQUEST"),
    }.get(address, (200, -32600))
    assert home.reasoner.seen == []


@EVERYWHERE
async def test_another_media_type_is_refused(home: House, address: str) -> None:
    content = json.dumps(good(address)).encode()
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "json"):
        answer = await post(home, address, content, **{"content-type": media_type})
        assert told(answer, address) == {
            "v1/message:send": (415, "unsupported_media_type"),
            "v2/message:send": (415, "CONTENT_TYPE_NOT_SUPPORTED"),
            "v2/message:stream": (415, "CONTENT_TYPE_NOT_SUPPORTED"),
        }.get(address, (200, -32005)), media_type


@EVERYWHERE
async def test_json_by_another_name_is_taken(home: House, address: str) -> None:
    with anyio.fail_after(HANG):
        for media_type in ("application/json; charset=utf-8", "Application/JSON", "application/a2a+json"):
            content = json.dumps(good(address)).encode()
            answer = await post(home, address, content, **{"content-type": media_type})
            assert answer.status_code == 200
            assert "error" not in answer.text


@EVERYWHERE
async def test_a_body_that_is_too_large_or_too_slow_is_refused(address: str) -> None:
    bounds = Bounds(body=4096, body_seconds=0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await anyio.sleep_forever()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 1024

    limits = PlatformLimits(bounds=bounds)
    with anyio.fail_after(HANG):
        async with house(PlatformSettings(limits=limits)) as home:
            large = await post(home, address, b'"' + b"x" * 5000 + b'"')
            more = await post(home, address, endless())
            late = await post(home, address, slow())
    too_large = {"v1": 413, "v2": 413}.get(address[:2]) if "/" in address else 200
    assert {large.status_code, more.status_code} == {too_large}
    assert told(large, address)[1] == {
        "v1/message:send": "payload_too_large",
        "v2/message:send": "INVALID_REQUEST",
        "v2/message:stream": "INVALID_REQUEST",
    }.get(address, -32600)
    assert late.status_code == (408 if "/" in address else 200)


def bent(address: str, *path: str | int, value: Any) -> Any:
    """A good send with another value somewhere in its message or configuration."""
    body = v1_send("hello", configuration={"a": 1}) if address.startswith("v1") else v2_send("hello")
    place: Any = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return wrapped(address, body)


BENT: Final[list[tuple[tuple[str | int, ...], Any]]] = [
    (("message",), None),
    (("message",), []),
    (("message", "parts"), None),
    (("message", "parts"), {}),
    (("message", "parts", 0), "text"),
    (("message", "parts", 0, "text"), 7),
    (("message", "role"), "doctor"),
    (("message", "role"), None),
    (("message", "messageId"), 7),
    (("message", "messageId"), "x" * 300),
    (("message", "contextId"), 7),
    (("message", "metadata"), []),
    (("message", "metadata"), {"a": "x" * 70_000}),
    (("message", "referenceTaskIds"), "x"),
    (("message", "referenceTaskIds"), ["x"] * 65),
    (("message", "extensions"), [1]),
    (("message", "parts"), [{"kind": "text", "text": "x"}] * 201),
    (("configuration",), []),
    (("configuration",), {"historyLength": -1}),
    (("configuration",), {"historyLength": "1"}),
    (("configuration",), {"historyLength": True}),
    (("configuration",), {"historyLength": 2**40}),
    (("configuration",), {"acceptedOutputModes": "text"}),
    (("metadata",), "x"),
]


@EVERYWHERE
async def test_a_field_that_does_not_fit_is_named(home: House, address: str) -> None:
    """V1-SEND-10, V1-ERR-02, V2-ERR-02, V1-OBJ-14: the place, and never what was there."""
    for path, value in BENT:
        content = json.dumps(bent(address, *path, value=value)).encode()
        answer = await post(home, address, content)
        assert told(answer, address) == {
            "v1/message:send": (422, "validation_failed"),
            "v2/message:send": (400, "INVALID_PARAMS"),
            "v2/message:stream": (400, "INVALID_PARAMS"),
        }.get(address, (200, -32602)), path
        assert "doctor" not in answer.text
        assert "xxx" not in answer.text
        assert str(path[-1]) in answer.text or path[-1] == 0
    assert home.reasoner.seen == []


async def test_duplicate_keys_are_read_as_json_parsers_do(home: House) -> None:
    """The last one counts; nothing breaks."""
    content = json.dumps(v1_send("hello")).replace('"kind": "message"', '"kind": "nonsense", "kind": "message"', 1)
    answer = await post(home, "v1/message:send", content.encode())
    assert answer.status_code == 200


@pytest.mark.parametrize("address", ["v1", "v2"])
async def test_what_is_no_call_is_an_invalid_request(home: House, address: str) -> None:
    """V1-EP-08, V2-EP-07."""
    wrong_ids: list[Any] = [{}, 1.5, True, "x" * 300, 2**70]
    for member, values in (("jsonrpc", ["1.0", None]), ("id", wrong_ids), ("method", [7, None])):
        for value in values:
            answer = await post(home, address, json.dumps({**good(address), member: value}).encode())
            assert told(answer, address) == (200, -32600)
            assert answer.json()["id"] == (None if member == "id" else 1)


@pytest.mark.parametrize("address", ["v1", "v2"])
async def test_parameters_by_position_are_refused(home: House, address: str) -> None:
    answer = await post(home, address, json.dumps({**good(address), "params": [1]}).encode())
    assert told(answer, address) == (200, -32602)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "v1"),
        ("PUT", "v1/message:send"),
        ("DELETE", "v2"),
        ("GET", "v2/message:send"),
        ("POST", "v2/tasks"),
        ("GET", "v2/tasks/x:cancel/y"),
        ("POST", "v2/message:sned"),
        ("POST", "v1/message:stream"),
    ],
)
async def test_what_is_not_served_is_told_in_the_planes_own_words(home: House, method: str, path: str) -> None:
    """V1-ERR-01, V2-ERR-02, SDKC-05, V1-TASK-02, CON-05: JSON, so that a client finds its error class."""
    answer = await home.http.request(method, url_of(home, path), headers=home.headers)
    assert answer.status_code in {404, 405}
    if path.startswith("v1"):
        assert answer.json()["code"] in {"not_found", "method_not_allowed"}
    else:
        assert reason(answer.json()["error"]) == "METHOD_NOT_FOUND"


async def test_without_a_token_nothing_is_looked_at(home: House) -> None:
    """AUTH-10, V2-ERR-02."""
    home.headers = {}
    for address in ADDRESSES:
        answer = await post(home, address, b"{")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        body = answer.json()
        if address.startswith("v2"):
            assert (body["error"]["status"], reason(body["error"])) == ("UNAUTHENTICATED", "UNAUTHENTICATED")
        else:
            assert body["code"] == "missing_token"


SCALARS: Final = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text()
MEMBERS: Final = """
    message messageId role parts kind text data raw url file bytes uri metadata contextId taskId id method params
    jsonrpc configuration historyLength blocking returnImmediately tenant extensions type token mcp_name
"""
KEYS: Final = st.sampled_from(MEMBERS.split())
WORDS: Final = st.sampled_from(["ROLE_USER", "user", "message", "text", "data", "file", "2.0", "SendMessage", "token"])
DOCUMENTS: Final = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=DOCUMENTS, address=st.sampled_from(ADDRESSES), wrap=st.booleans())
async def test_no_document_whatsoever_is_answered_by_a_5xx(
    home: House, document: Any, address: str, wrap: bool
) -> None:
    """The issue's own words: every malformed body gets the documented error body and status."""
    content = json.dumps(wrapped(address, document) if wrap else document).encode()
    answer = await post(home, address, content)
    assert answer.status_code in {200, 400, 401, 404, 409, 422}, answer.text
    if answer.status_code != 200:
        told(answer, address)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(["contextId", "taskId", "messageId"]),
    value=st.text(min_size=1, max_size=300),
    address=st.sampled_from(["v1/message:send", "v2/message:send"]),
)
async def test_no_id_whatsoever_is_answered_by_a_5xx(home: House, field: str, value: str, address: str) -> None:
    """V1-ID-01, V2-ID-02."""
    body = good(address, "hello")
    body["message"][field] = value
    answer = await post(home, address, json.dumps(body).encode("utf-8", "surrogatepass"))
    assert answer.status_code in {200, 400, 404, 409, 422}, answer.text


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(
        ["pageSize", "pageToken", "historyLength", "contextId", "status", "statusTimestampAfter", "includeArtifacts"]
    ),
    value=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
async def test_no_query_whatsoever_is_answered_by_a_5xx(home: House, name: str, value: str) -> None:
    """V2-EP-10, V2-PAGE-01."""
    answer = await home.http.get(f"{home.v2}/tasks", params={name: value}, headers=home.headers)
    assert answer.status_code in {200, 400}, answer.text
