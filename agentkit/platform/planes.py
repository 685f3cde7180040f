"""The planes of the platform: each spells errors its own way, and an address tells which one it is.

For what answers in front of the routes: faults on demand, and bounds on how much is asked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from agentkit.models import JsonObject
from agentkit.platform.refusals import Refusal, Row
from agentkit.platform.v2.problems import encode_problem
from agentkit.wire.errors import encode_error, encode_oauth_error

_V2: Final = "/v2/agentic/"
_LOGIN: Final = ("/protocol/openid-connect/", "/.well-known/openid-configuration")
_WORDS: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_CODES: Final[Mapping[int, str]] = {
    401: "invalid_token",
    413: "payload_too_large",
    422: "validation_failed",
    500: "internal_error",
}
_LATEST_CLIENT_ERROR: Final = 499


class Plane(StrEnum):
    """How errors are spelled."""

    LOGIN = "login"
    V1 = "v1"
    MANAGEMENT = "management"
    A2A = "a2a"

    @classmethod
    def of(cls, path: str) -> Plane:
        """The plane of an address."""
        if any(mark in path for mark in _LOGIN):
            return cls.LOGIN
        if not f"{path}/".startswith(_V2):
            return cls.V1
        return cls.A2A if "/a2a/" in path or path.endswith("/a2a") else cls.MANAGEMENT

    def error(self, status: int, message: str, how_to_fix: str | None = None) -> JsonObject:
        """The documented body of an error (AUTH-09, V1-ERR-01, V1-ERR-02, V2-ERR-01, V2-ERR-02).

        Args:
            status: The HTTP status, which tells the code.
            message: What went wrong.
            how_to_fix: What the caller can do.
        """
        code = _code(status)
        match self:
            case Plane.LOGIN:
                return encode_oauth_error("server_error" if status > _LATEST_CLIENT_ERROR else code, message)
            case Plane.MANAGEMENT:
                return encode_problem(code.upper(), message, how_to_fix)
            case Plane.A2A:
                word = _WORDS.get(status, "INTERNAL" if status > _LATEST_CLIENT_ERROR else "INVALID_ARGUMENT")
                return Refusal(Row(status, word, code.upper(), 0), message).rest()
            case Plane.V1:
                body = encode_error(code, message, how_to_fix=how_to_fix)
                if status == HTTPStatus.UNPROCESSABLE_ENTITY:
                    body["detail"] = []
                return body


def _code(status: int) -> str:
    """The word for a status, for example `service_unavailable`."""
    if status in _CODES:
        return _CODES[status]
    try:
        return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    except ValueError:
        return "http_error"
