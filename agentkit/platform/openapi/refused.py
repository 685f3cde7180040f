"""How the planes spell errors, as schemas and answers (AUTH-09, V1-ERR-01, V1-ERR-02, V2-ERR-01, V2-ERR-02)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from agentkit.models import JsonObject
from agentkit.platform.openapi.grammar import ANYTHING, JSON, listed, record, ref, text
from agentkit.platform.planes import Plane

ALWAYS: Final[Mapping[Plane, tuple[int, ...]]] = {
    Plane.V1: (401, 403, 429, 431, 500),
    Plane.MANAGEMENT: (401, 403, 429, 431, 500),
    Plane.A2A: (401, 403, 429, 431, 500),
    Plane.LOGIN: (404, 429, 431, 500, 503),
}
"""What every operation of a plane may answer."""

BODY: Final[Mapping[Plane, tuple[int, ...]]] = {
    Plane.V1: (400, 408, 413, 415, 422),
    Plane.MANAGEMENT: (400, 408, 413, 415, 422),
    Plane.A2A: (400, 408, 413, 415),
    Plane.LOGIN: (400, 408),
}
"""What an operation with a body may answer besides."""

_SCHEMAS: Final = {Plane.V1: "Error", Plane.MANAGEMENT: "Problem", Plane.A2A: "A2aError", Plane.LOGIN: "OAuthError"}
_WAIT: Final[JsonObject] = {"description": "Seconds to wait.", "required": True, "schema": {"type": "string"}}
_CHALLENGE: Final[JsonObject] = {"description": "Why.", "required": True, "schema": {"type": "string"}}
_TEXTS: Final[Mapping[int, str]] = {
    400: "Malformed: the syntax, an id, or a parameter of the query.",
    401: "The bearer token is missing or not valid.",
    403: "Not for this token, or not for this caller.",
    404: "Not there, or not the caller's.",
    408: "The body came too slowly.",
    409: "It does not fit what is there.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    422: "The body does not fit the schema.",
    429: "Too much at once, or too often.",
    431: "The headers are too large.",
    500: "The server failed.",
    501: "Not offered.",
    503: "The server cannot answer now.",
}

SCHEMAS: Final[Mapping[Plane, Mapping[str, JsonObject]]] = {
    Plane.V1: {
        "Error": record(
            {"code": text(), "description": text()},
            {"howToFix": text(), "details": ANYTHING, "cause": ref("Error")},
        ),
        "ValidationError": record(
            {
                "code": text(),
                "description": text(),
                "detail": listed(
                    record(
                        {"msg": text(), "type": text(), "reason": text(), "howToFix": text()},
                        {"errors": listed(record({}, {"location": text(), "reason": text()}))},
                    )
                ),
            },
            {"howToFix": text()},
        ),
    },
    Plane.MANAGEMENT: {
        "Problem": record(
            {
                "error": record(
                    {"code": {"type": "string", "pattern": "^[A-Z0-9_]+$"}, "message": text()},
                    {
                        "howToFix": text(),
                        "details": record(
                            {}, {"validationErrors": listed(record({"field": text(), "reason": text()}))}
                        ),
                        "requestId": text(),
                    },
                )
            }
        )
    },
    Plane.A2A: {
        "A2aError": record(
            {
                "error": record(
                    {
                        "code": {"type": "integer"},
                        "status": {"type": "string", "pattern": "^[A-Z_]+$"},
                        "message": text(),
                        "details": listed(record({"@type": text()})),
                    }
                )
            }
        )
    },
    Plane.LOGIN: {"OAuthError": record({"error": text()}, {"error_description": text()})},
}
"""The error bodies of each plane."""


def refusals(plane: Plane, statuses: Iterable[int]) -> dict[int, JsonObject]:
    """The answers for errors of these statuses."""
    return {status: _refusal(plane, status) for status in statuses}


def _refusal(plane: Plane, status: int) -> JsonObject:
    name = "ValidationError" if (plane, status) == (Plane.V1, 422) else _SCHEMAS[plane]
    answer: JsonObject = {"description": _TEXTS[status], "content": {JSON: {"schema": ref(name)}}}
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": _CHALLENGE}
    if status == 429:
        answer["headers"] = {"Retry-After": _WAIT}
    return answer
