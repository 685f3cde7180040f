"""Error bodies of the v1 API and the token endpoint (section 11, AUTH-09)."""

from __future__ import annotations

import pytest

from agentkit.errors import (
    ApiError,
    BadRequestError,
    NotFoundError,
    RateLimitedError,
    UnprocessableEntityError,
    WireError,
)
from agentkit.wire.errors import (
    decode_api_error,
    decode_oauth_error,
    encode_error,
    encode_validation_error,
)


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
