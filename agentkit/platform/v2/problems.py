"""Errors on v2's management plane (V2-ERR-01): one place decides status, code and body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agentkit.errors import (
    AgentNotFound,
    BodyRefused,
    ContextNotFound,
    CredentialError,
    MessageConflict,
    ServiceOverloaded,
    TaskError,
    TaskNotFound,
    TooManyRequests,
    WireError,
)
from agentkit.models import JsonObject
from agentkit.platform.answers import json_answer, retry_after
from agentkit.platform.problems import Problem, logged
from agentkit.platform.v2.ids import Kind

_TASK_STATUS: Final[Mapping[type[TaskError], int]] = {
    TaskNotFound: 404,
    ContextNotFound: 404,
    AgentNotFound: 404,
    MessageConflict: 409,
}
_HTTP_CODES: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
_NAMES: Final = {
    Kind.AGENT: "agent",
    Kind.CONNECTOR: "connector",
    Kind.CONTEXT: "context",
    Kind.TASK: "task",
    Kind.MESSAGE: "message",
    Kind.ARTIFACT: "artifact",
    Kind.FEEDBACK: "feedback",
}


def unknown(kind: Kind) -> Problem:
    """404 for what is not there, or not the caller's; an id that is none names nothing either."""
    name = _NAMES.get(kind, "resource")
    return Problem(404, f"{name}_not_found", f"There is no such {name}.")


def encode_problem(
    code: str,
    message: str,
    how_to_fix: str | None = None,
    *,
    invalid: Mapping[str, str] | None = None,
    request_id: str | None = None,
) -> JsonObject:
    """The body of an error answer.

    Args:
        code: In capitals.
        message: What went wrong, without content of the request.
        how_to_fix: What the caller can do.
        invalid: Why a field is refused, by its place.
        request_id: Under what the log tells more, of a failure of the server.
    """
    error: JsonObject = {"code": code, "message": message}
    if how_to_fix:
        error["howToFix"] = how_to_fix
    if invalid:
        error["details"] = {"validationErrors": [{"field": field, "reason": why} for field, why in invalid.items()]}
    if request_id:
        error["requestId"] = request_id
    return {"error": error}


async def answer_problem(_request: Request, error: Exception) -> Response:
    """The JSON answer for any error a route of the management plane raised."""
    match error:
        case Problem():
            body = encode_problem(error.code.upper(), error.message, error.remedy)
            return json_answer(body, error.status, headers=error.headers)
        case BodyRefused():
            return _answer(error.status, error.code.upper(), error.detail, error.remedy)
        case WireError(reason="json"):
            return _answer(400, "MALFORMED_REQUEST", "The body is not valid JSON.", "Send one JSON document in UTF-8.")
        case WireError():
            text = "The request does not fit the schema."
            invalid = {error.path: error.detail}
            return json_answer(encode_problem("VALIDATION_FAILED", text, error.remedy, invalid=invalid), 422)
        case CredentialError():
            status = 401 if error.code == "missing_inherited_token" else 400
            return _answer(status, error.code.upper(), error.message, error.remedy)
        case TooManyRequests():
            return _answer(429, "TOO_MANY_REQUESTS", error.message, error.remedy, retry_after(error))
        case ServiceOverloaded():
            return _answer(429, error.code.upper(), error.message, error.remedy, retry_after(error))
        case TaskError():
            return _answer(_TASK_STATUS.get(type(error), 400), error.code.upper(), error.message, error.remedy)
        case HTTPException():
            body = encode_problem(_HTTP_CODES.get(error.status_code, "HTTP_ERROR"), str(error.detail))
            return json_answer(body, error.status_code, headers=dict(error.headers or {}))
        case _:
            reference = logged(error)
            return json_answer(encode_problem("INTERNAL_ERROR", "The server failed.", request_id=reference), 500)


def _answer(
    status: int, code: str, message: str, remedy: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    return json_answer(encode_problem(code, message, remedy), status, headers)
