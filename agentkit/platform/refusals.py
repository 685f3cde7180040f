"""Errors on the A2A plane (V1-ERR-05, V2-ERR-02): one table gives both bindings their status, code, word and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from starlette.exceptions import HTTPException

from agentkit.errors import (
    AgentKitError,
    AgentNotFound,
    BodyRefused,
    ContextMismatch,
    ContextNotFound,
    CredentialError,
    MessageConflict,
    ServiceOverloaded,
    TaskError,
    TaskNotCancelable,
    TaskNotContinuable,
    TaskNotFound,
    TooManyRequests,
    WireError,
)
from agentkit.models import Json, JsonObject
from agentkit.platform.answers import retry_after
from agentkit.platform.problems import Problem, logged

_ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
_DOMAIN: Final = "a2a-protocol.org"
_EMPTY: Final[Mapping[str, str]] = MappingProxyType({})


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        status: Of HTTP, where the binding uses it.
        word: Of gRPC.
        reason: Of the ErrorInfo.
        number: Of JSON-RPC.
    """

    status: int
    word: str
    reason: str
    number: int


INTERNAL: Final = Row(500, "INTERNAL", "INTERNAL_ERROR", -32603)
UNKNOWN_AGENT: Final = Row(404, "NOT_FOUND", "AGENT_NOT_FOUND", -32602)
UNKNOWN_METHOD: Final = Row(404, "NOT_FOUND", "METHOD_NOT_FOUND", -32601)
_WRONG_METHOD: Final = Row(405, "UNIMPLEMENTED", "METHOD_NOT_FOUND", -32601)
UNKNOWN_VERSION: Final = Row(400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED", -32009)
NO_PUSH: Final = Row(400, "FAILED_PRECONDITION", "PUSH_NOTIFICATION_NOT_SUPPORTED", -32003)
_MALFORMED: Final = Row(400, "INVALID_ARGUMENT", "INVALID_REQUEST", -32700)
_INVALID_REQUEST: Final = Row(400, "INVALID_ARGUMENT", "INVALID_REQUEST", -32600)
_INVALID: Final = Row(400, "INVALID_ARGUMENT", "INVALID_PARAMS", -32602)
_TOO_LARGE: Final = Row(413, "RESOURCE_EXHAUSTED", "INVALID_REQUEST", -32600)
_TOO_SLOW: Final = Row(408, "DEADLINE_EXCEEDED", "INVALID_REQUEST", -32600)
_MEDIA_TYPE: Final = Row(415, "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED", -32005)
_BUSY: Final = Row(429, "RESOURCE_EXHAUSTED", "SERVICE_OVERLOADED", -32000)
_UNAUTHENTICATED: Final = Row(401, "UNAUTHENTICATED", "UNAUTHENTICATED", -32600)
_FORBIDDEN: Final = Row(403, "PERMISSION_DENIED", "PERMISSION_DENIED", -32600)
_BODIES: Final = {"size": _TOO_LARGE, "slow": _TOO_SLOW, "media-type": _MEDIA_TYPE}
_TASKS: Final[Mapping[type[TaskError], Row]] = {
    TaskNotFound: Row(404, "NOT_FOUND", "TASK_NOT_FOUND", -32001),
    ContextNotFound: Row(404, "NOT_FOUND", "CONTEXT_NOT_FOUND", -32602),
    AgentNotFound: UNKNOWN_AGENT,
    # A2A itself says 400; Corti documents 409 (V2-EP-12).
    TaskNotCancelable: Row(409, "FAILED_PRECONDITION", "TASK_NOT_CANCELABLE", -32002),
    TaskNotContinuable: Row(400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION", -32004),
    ContextMismatch: _INVALID,
    MessageConflict: Row(400, "INVALID_ARGUMENT", "MESSAGE_CONFLICT", -32602),
}
_PROBLEMS: Final = {401: _UNAUTHENTICATED, 403: _FORBIDDEN, 404: UNKNOWN_AGENT, 429: _BUSY}


class Refused(AgentKitError):
    """A request that the A2A plane refuses by a row of the table."""

    def __init__(self, row: Row, message: str) -> None:
        """Say why, without content of the request."""
        super().__init__(message)
        self.row = row


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as both bindings can spell it.

    Attributes:
        row: Of the table.
        message: What went wrong, without content of the request.
        metadata: Ids and words beside it.
        violations: Why a field is refused, by its place.
        headers: Further headers of an HTTP answer.
    """

    row: Row
    message: str
    metadata: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    violations: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    headers: Mapping[str, str] = field(default_factory=lambda: _EMPTY)

    def rest(self) -> JsonObject:
        """The body of an error answer over HTTP+JSON (V2-ERR-02)."""
        row = self.row
        error: JsonObject = {
            "code": row.status,
            "status": row.word,
            "message": self.message,
            "details": self._details(),
        }
        return {"error": error}

    def rpc(self) -> JsonObject:
        """The `error` of a JSON-RPC answer."""
        return {"code": self.row.number, "message": self.message, "data": self._details()}

    def _details(self) -> list[Json]:
        info: JsonObject = {
            "@type": _ERROR_INFO,
            "reason": self.row.reason,
            "domain": _DOMAIN,
            "metadata": dict(self.metadata),
        }
        if not self.violations:
            return [info]
        fields: list[Json] = [{"field": place, "description": why} for place, why in self.violations.items()]
        return [info, {"@type": _BAD_REQUEST, "fieldViolations": fields}]


def refusal_of(error: Exception) -> Refusal:
    """The refusal for any error; an unexpected one is logged, and shows a reference and nothing else."""
    match error:
        case Refused():
            return Refusal(error.row, error.message)
        case WireError():
            return _wire_refusal(error)
        case Problem():
            row = _PROBLEMS.get(error.status, _INVALID)
            return Refusal(row, error.message, {"code": error.code}, headers=error.headers)
        case CredentialError():
            row = _UNAUTHENTICATED if error.code == "missing_inherited_token" else _INVALID
            return Refusal(row, error.message, {"code": error.code})
        case ServiceOverloaded():
            return Refusal(_BUSY, error.message, {"code": error.code}, headers=retry_after(error))
        case TaskError() if type(error) in _TASKS:
            return Refusal(_TASKS[type(error)], error.message, {"code": error.code})
        case TooManyRequests():
            return Refusal(_BUSY, error.message, headers=retry_after(error))
        case HTTPException():
            row = _WRONG_METHOD if error.status_code == _WRONG_METHOD.status else UNKNOWN_METHOD
            return Refusal(row, "There is no such operation at this address.", headers=error.headers or _EMPTY)
        case _:
            reference = logged(error)
            return Refusal(INTERNAL, f"Internal error, reference {reference}", {"reference": reference})


def _wire_refusal(error: WireError) -> Refusal:
    match error:
        case BodyRefused():
            return Refusal(_BODIES[error.reason], error.detail)
        case WireError(reason="json"):
            return Refusal(_MALFORMED, "The body is not valid JSON.")
        case WireError(reason="depth"):
            return Refusal(_INVALID_REQUEST, f"The body {error.detail}.")
        case WireError(reason="call"):
            return Refusal(_INVALID_REQUEST, error.detail)
        case _:
            return Refusal(_INVALID, "The request does not fit the schema.", violations={error.path: error.detail})
