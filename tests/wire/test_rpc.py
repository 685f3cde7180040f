"""The JSON-RPC envelope and its errors (V1-ERR-05, V1-RPC-01; A2A section 3)."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings

from agentkit.errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    NotImplementedByServerError,
    UnauthorizedError,
    WireError,
)
from agentkit.models import Json
from agentkit.wire.rpc import decode_result, decode_rpc_error, encode_call
from tests.wire import strategies


def info(reason: str) -> dict[str, Any]:
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": reason, "domain": "a2a-protocol.org", "metadata": {}}


def test_a_call_is_written_as_the_official_client_writes_it() -> None:
    """Section 14: `{"id","method","params","jsonrpc":"2.0"}`."""
    assert encode_call("GetTask", {"id": "task.1"}, 7) == {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "GetTask",
        "params": {"id": "task.1"},
    }


def test_a_result_is_taken_out_of_its_envelope() -> None:
    assert decode_result({"jsonrpc": "2.0", "id": 1, "result": {"task": {}}}) == {"task": {}}
    assert decode_result({"jsonrpc": "2.0", "id": 1, "error": None, "result": 0}) == 0


@pytest.mark.parametrize(
    ("answer", "path", "reason"),
    [
        ([], "answer", "type"),
        ("<html>", "answer", "type"),
        ({}, "answer.result", "missing"),
        ({"jsonrpc": "2.0", "id": 1, "result": None}, "answer.result", "missing"),
    ],
)
def test_what_is_neither_result_nor_error_is_refused(answer: object, path: str, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        decode_result(answer)
    assert (refused.value.path, refused.value.reason) == (path, reason)


MEANINGS: list[tuple[int, str, type[ApiError], int]] = [
    (-32001, "TASK_NOT_FOUND", NotFoundError, 404),
    (-32002, "TASK_NOT_CANCELABLE", ConflictError, 409),
    (-32003, "PUSH_NOTIFICATION_NOT_SUPPORTED", BadRequestError, 400),
    (-32004, "UNSUPPORTED_OPERATION", BadRequestError, 400),
    (-32005, "CONTENT_TYPE_NOT_SUPPORTED", BadRequestError, 400),
    (-32006, "INVALID_AGENT_RESPONSE", InternalServerError, 500),
    (-32009, "VERSION_NOT_SUPPORTED", BadRequestError, 400),
    (-32700, "INVALID_REQUEST", BadRequestError, 400),
    (-32600, "INVALID_REQUEST", BadRequestError, 400),
    (-32602, "INVALID_PARAMS", BadRequestError, 400),
    (-32603, "INTERNAL_ERROR", InternalServerError, 500),
    (-32602, "CONTEXT_NOT_FOUND", NotFoundError, 404),
    (-32603, "agent_not_found", NotFoundError, 404),
    (-32602, "missing_inherited_token", UnauthorizedError, 401),
]


@pytest.mark.parametrize(("number", "reason", "kind", "status"), MEANINGS)
def test_an_error_is_the_one_it_would_be_over_plain_http(
    number: int, reason: str, kind: type[ApiError], status: int
) -> None:
    """A2A section 3; V1-ERR-05 for -32603, V2-EP-12 for -32002. The HTTP status of these answers is 200."""
    answer = {"jsonrpc": "2.0", "id": 1, "error": {"code": number, "message": "no", "data": [info(reason)]}}
    with pytest.raises(kind) as raised:
        decode_result(answer)
    error = raised.value
    assert (error.status, error.code, error.reason, error.description) == (status, str(number), reason, "no")


def test_a_method_the_server_does_not_know_is_not_implemented() -> None:
    """V1-RPC-01: anything else is -32601."""
    with pytest.raises(NotImplementedByServerError) as raised:
        decode_result({"jsonrpc": "2.0", "id": None, "error": {"code": -32601, "message": "Method not found"}})
    assert (raised.value.status, raised.value.code, raised.value.reason) == (501, "-32601", None)


def test_refused_parameters_are_named() -> None:
    violations = {"fieldViolations": [{"field": "message.role", "description": "is required"}]}
    error = decode_rpc_error({"code": -32602, "message": "no", "data": [info("INVALID_PARAMS"), violations]})
    assert error.faults == ("message.role: is required",)


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ({"code": -32050, "data": [info("TASK_NOT_FOUND")]}, 404),
        ({"code": -32050, "data": info("TASK_NOT_CANCELABLE")}, 409),
        ({"code": 403, "message": "no"}, 403),
        ({"code": -31999}, 500),
        ({"code": "x"}, 500),
        ({"code": True}, 500),
        ({"code": 10**5000}, 500),
        ("broken", 500),
        ([], 500),
    ],
)
def test_an_error_nobody_documented_is_typed_too(value: object, status: int) -> None:
    assert decode_rpc_error(value).status == status


@settings(max_examples=150, deadline=None)
@given(strategies.json, strategies.json)
def test_arbitrary_json_is_a_result_or_a_typed_error(value: Json, other: Json) -> None:
    for answer in (value, {"error": value}, {"error": {"code": value, "data": other}}, {"result": value}):
        with contextlib.suppress(ApiError, WireError):
            decode_result(answer)
