"""Error bodies of the v1 API and the token endpoint (section 11, AUTH-09)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from agentkit.errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    InternalServerError,
    NotFoundError,
    RateLimitedError,
    UnprocessableEntityError,
    WireError,
)
from agentkit.models import JsonObject
from agentkit.wire.errors import (
    decode_api_error,
    decode_oauth_error,
    encode_error,
    encode_validation_error,
)
from tests.wire import strategies

MANAGEMENT: dict[str, Any] = {
    "error": {
        "code": "VALIDATION_FAILED",
        "message": "The request is invalid",
        "howToFix": "Correct the fields",
        "details": {"validationErrors": [{"field": "name", "reason": "too long"}, {"field": "labels", "reason": "x"}]},
    }
}
PLANE: dict[str, Any] = {
    "error": {
        "code": 404,
        "status": "NOT_FOUND",
        "message": "Task not found",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "TASK_NOT_FOUND",
                "domain": "a2a-protocol.org",
                "metadata": {},
            }
        ],
    }
}


def test_the_documented_error_with_its_causes_is_read() -> None:
    """V1-ERR-01, V1-ERR-03."""
    error = decode_api_error(
        404,
        {
            "code": "agent_delete_failed",
            "description": "The agent could not be deleted",
            "howToFix": "Check the id.",
            "cause": {"code": "expert_delete_failed", "cause": {"code": "expert_not_found"}},
        },
    )
    assert isinstance(error, NotFoundError)
    assert (error.code, error.how_to_fix) == ("agent_delete_failed", "Check the id.")
    assert error.cause_codes == ("expert_delete_failed", "expert_not_found")


def test_a_validation_error_names_each_field() -> None:
    """V1-ERR-02."""
    body = encode_validation_error([WireError("message.role", "missing", "is required")])
    error = decode_api_error(422, body)
    assert isinstance(error, UnprocessableEntityError)
    assert error.details[0]["type"] == "missing"
    assert error.details[0]["errors"] == [{"location": "message.role", "reason": "is required"}]
    assert error.faults == ("message.role: is required",)
    assert "message.role: is required" in str(error)


NINE: list[dict[str, object]] = [{"location": f"x[{number}]", "reason": "r"} for number in range(9)]
FAULTS: list[tuple[object, tuple[str, ...]]] = [
    ([{"msg": "must be a string"}], ("must be a string",)),
    ([{"reason": "wrong", "errors": [{"location": "a"}, {"reason": "b"}, {}, 7]}], ("a", "b")),
    ([{"errors": NINE}], ("x[0]: r", "x[1]: r", "x[2]: r")),
    ([7, None, {}], ()),
    ("one text", ()),
]


@pytest.mark.parametrize(("detail", "faults"), FAULTS)
def test_the_first_faults_are_told_in_whatever_shape_they_come(detail: object, faults: tuple[str, ...]) -> None:
    assert decode_api_error(422, {"code": "c", "detail": detail}).faults == faults


@pytest.mark.parametrize("body", [None, "<html>", [], {}, {"code": 7}, {"cause": {"cause": {}}}])
def test_a_body_of_another_shape_keeps_the_class_of_its_status(body: object) -> None:
    assert isinstance(decode_api_error(400, body), BadRequestError)
    assert isinstance(decode_api_error(429, body), RateLimitedError)
    assert type(decode_api_error(418, body)) is ApiError


def test_a_cause_without_end_is_cut() -> None:
    cause: dict[str, object] = {"code": "again"}
    cause["cause"] = cause
    assert len(decode_api_error(500, {"cause": cause}).cause_codes) == 8


def test_what_is_written_is_read_back() -> None:
    body = encode_error("a", "b", how_to_fix="c", details={"id": "1"}, cause=encode_error("d", "e"))
    error = decode_api_error(409, body)
    assert (error.status, error.code, error.description, error.how_to_fix) == (409, "a", "b", "c")
    assert error.details == ({"id": "1"},)
    assert error.cause_codes == ("d",)


def test_a_refused_client_is_told_which_half_was_wrong() -> None:
    """AUTH-09."""
    wrong_id = decode_oauth_error(401, {"error": "invalid_client", "error_description": "x"})
    wrong_secret = decode_oauth_error(401, {"error": "unauthorized_client"})
    assert "CORTI_CLIENT_ID" in str(wrong_id)
    assert "CORTI_CLIENT_SECRET" in str(wrong_secret)
    assert decode_oauth_error(502, "<html>").code == "unreadable_answer"


def test_a_refusal_of_the_management_plane_names_each_field() -> None:
    """V2-ERR-01."""
    error = decode_api_error(422, MANAGEMENT)
    assert isinstance(error, UnprocessableEntityError)
    assert (error.code, error.how_to_fix) == ("VALIDATION_FAILED", "Correct the fields")
    assert error.faults == ("name: too long", "labels: x")
    assert error.details[0] == {"field": "name", "reason": "too long"}
    assert error.reason is None


def test_the_request_id_of_a_failing_server_is_kept_and_told() -> None:
    """V2-ERR-01: 500 only."""
    error = decode_api_error(500, {"error": {"code": "INTERNAL_ERROR", "message": "broken", "requestId": "req-7"}})
    assert isinstance(error, InternalServerError)
    assert error.request_id == "req-7"
    assert "req-7" in str(error)


def test_an_error_of_the_a2a_plane_tells_status_and_reason() -> None:
    """V2-ERR-02: the class follows the HTTP status, the number in the body only repeats it."""
    error = decode_api_error(404, PLANE)
    assert isinstance(error, NotFoundError)
    assert (error.code, error.reason, error.description) == ("NOT_FOUND", "TASK_NOT_FOUND", "Task not found")
    assert error.details[0]["domain"] == "a2a-protocol.org"
    assert error.faults == ()


def test_a_task_that_cannot_be_cancelled_is_a_conflict() -> None:
    """V2-EP-12, V2-ERR-02."""
    body = {
        "error": {
            "code": 409,
            "status": "FAILED_PRECONDITION",
            "message": "final",
            "details": [{"reason": "TASK_NOT_CANCELABLE"}],
        }
    }
    error = decode_api_error(409, body)
    assert isinstance(error, ConflictError)
    assert error.reason == "TASK_NOT_CANCELABLE"


def test_wrong_parameters_of_the_a2a_plane_name_each_field() -> None:
    """A2A section 3: BadRequest.fieldViolations beside the ErrorInfo."""
    details = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "INVALID_PARAMS"},
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "message.parts", "description": "must not be empty"}],
        },
    ]
    body = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "invalid", "details": details}}
    error = decode_api_error(400, body)
    assert (error.reason, error.faults) == ("INVALID_PARAMS", ("message.parts: must not be empty",))


CORE: list[tuple[object, tuple[str, ...]]] = [
    (None, ()),
    ([{"field": "encounter", "reason": "is required"}], ("encounter: is required",)),
    ([{"encounter.status": "is required"}, 7, {"a": 1}], ("encounter.status: is required",)),
]


@pytest.mark.parametrize(("errors", "faults"), CORE)
def test_an_error_of_the_core_api_is_read(errors: object, faults: tuple[str, ...]) -> None:
    """REST-14."""
    body = {"requestid": "r-1", "status": 403, "type": "forbidden", "detail": "Not yours", "validationErrors": errors}
    error = decode_api_error(403, body)
    assert isinstance(error, ForbiddenError)
    assert (error.code, error.description, error.request_id) == ("forbidden", "Not yours", "r-1")
    assert error.faults == faults


def test_an_error_in_the_words_of_keycloak_is_read() -> None:
    """AUTH-09, at an address that is not the token endpoint."""
    error = decode_api_error(403, {"error": "access_denied", "error_description": "not allowed"})
    assert (type(error), error.code, error.description) == (ForbiddenError, "access_denied", "not allowed")


@settings(max_examples=150, deadline=None)
@given(strategies.json)
def test_arbitrary_json_gives_the_error_of_its_status(value: strategies.Json) -> None:
    """V1-ERR-06: whatever the body is, and wherever it stands."""
    for body in (value, {"error": value}, {"detail": value}, {"error": {"status": value, "details": value}}):
        error = decode_api_error(404, body)
        assert isinstance(error, NotFoundError)
        assert str(error)


@pytest.mark.parametrize(
    "body",
    [
        {"code": "bad\x1b[2J", "description": "no\r\nlevel=INFO forged\u2028line\x9b"},
        {"error": {"code": "BAD", "message": "no\r\nlevel=INFO forged\x1b]0;title\x07"}},
        {"error": {"code": 404, "status": "NOT_FOUND", "message": "no\nlevel=INFO forged"}},
    ],
)
def test_a_servers_text_moves_no_cursor_and_starts_no_line_in_a_log(body: JsonObject) -> None:
    shown = str(decode_api_error(404, body))
    assert "level=INFO forged" in shown
    assert shown.isprintable()
