"""The error table of A2A (a2a.md section 3) on both bindings; the SDK's error classes are the rows.

Texts hold ids and places, never what a request said (A2A-ERR-02). What nobody expected becomes `Internal error` with a
reference id that stands in the log beside the class of the exception.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Final, cast
from uuid import uuid4

from a2a.utils.errors import (
    A2A_ERROR_MAPPING,
    JSON_RPC_ERROR_CODE_MAP,
    A2AError,
    ContentTypeNotSupportedError,
    ErrorMapping,
    InternalError,
    InvalidParamsError,
    InvalidRequestError,
    JSONParseError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)

from agentkit.errors import (
    AgentKitError,
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

_ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
_DOMAIN: Final = "a2a-protocol.org"
_INTERNAL: Final = A2A_ERROR_MAPPING[InternalError]
_INTERNAL_CODE: Final = JSON_RPC_ERROR_CODE_MAP[InternalError]
_INVALID_REQUEST: Final = A2A_ERROR_MAPPING[InvalidRequestError]

_TOO_LARGE: Final = 413
_BUSY: Final = ErrorMapping(429, "RESOURCE_EXHAUSTED", "SERVICE_OVERLOADED")
_BUSY_CODE: Final = -32000

_log = logging.getLogger("agentkit.a2a")


class OverloadedError(A2AError):
    """The service takes no more work now; A2A has no row for it, so JSON-RPC gets the first free server error."""

    message = "The agent takes no more work now; try again later"


def invalid_params(field: str, description: str, metadata: Mapping[str, str] | None = None) -> InvalidParamsError:
    """-32602 / 400 with one field violation."""
    return InvalidParamsError(data={"violations": {field: description}, "metadata": dict(metadata or {})})


def as_a2a_error(error: Exception) -> A2AError:
    """The row of the error table for an exception; an unexpected one is logged under a reference id."""
    match error:
        case A2AError():
            return error
        case WireError():
            return _wire_error(error)
        case CredentialError():
            return invalid_params("message.parts", error.message, {"code": error.code})
        case ServiceOverloaded() | TooManyRequests():
            return OverloadedError(str(error))
        case TaskError():
            return _task_error(error)
        case _:
            return _unexpected(error)


def _wire_error(error: WireError) -> A2AError:
    match error:
        case BodyRefused(reason="media-type"):
            return ContentTypeNotSupportedError(error.detail, {"http_status": error.status})
        case BodyRefused():
            return InvalidRequestError(error.detail, {"http_status": error.status})
        case WireError(reason="call"):
            return InvalidRequestError(error.detail)
        case WireError(reason="json"):
            return JSONParseError()
        case WireError(reason="depth"):
            return InvalidRequestError(f"The body {error.detail}")
        case _:
            return invalid_params(error.path, error.detail)


def _task_error(error: TaskError) -> A2AError:
    match error:
        case TaskNotFound():
            return TaskNotFoundError()
        case TaskNotCancelable():
            return TaskNotCancelableError()
        case TaskNotContinuable():
            return UnsupportedOperationError("The task takes no message now: it has ended or is at work")
        case ContextNotFound():
            return invalid_params("message.contextId", "names no context of this caller")
        case ContextMismatch():
            return invalid_params("message.contextId", "is not the context of the task")
        case MessageConflict():
            return invalid_params("message.messageId", "was used before with another content")
        case _:
            return _unexpected(error)


def http_status(error: A2AError) -> int:
    """The HTTP status on the HTTP+JSON binding."""
    override = _data_of(error).get("http_status")
    return override if isinstance(override, int) else _row(error).http_code


def rpc_error(error: A2AError) -> JsonObject:
    """The `error` member of a JSON-RPC answer."""
    busy = isinstance(error, OverloadedError)
    return {
        "code": _BUSY_CODE if busy else JSON_RPC_ERROR_CODE_MAP.get(type(error), _INTERNAL_CODE),
        "message": error.message,
        "data": error_details(error),
    }


def rest_error(error: A2AError) -> JsonObject:
    """The body of an error answer on the HTTP+JSON binding."""
    return {
        "error": {
            "code": http_status(error),
            "status": grpc_status(error),
            "message": error.message,
            "details": error_details(error),
        }
    }


def grpc_status(error: A2AError) -> str:
    """The word for the error in gRPC, for example `NOT_FOUND`."""
    return "RESOURCE_EXHAUSTED" if http_status(error) == _TOO_LARGE else _row(error).grpc_status


def error_details(error: A2AError) -> list[Json]:
    """ErrorInfo, and BadRequest where fields are to blame (A2A-ERR-01)."""
    data = _data_of(error)
    metadata = data.get("metadata")
    info: JsonObject = {
        "@type": _ERROR_INFO,
        "reason": _row(error).reason,
        "domain": _DOMAIN,
        "metadata": metadata if isinstance(metadata, dict) else {},
    }
    violations = data.get("violations")
    if not isinstance(violations, dict):
        return [info]
    fields: list[Json] = [{"field": field, "description": text} for field, text in violations.items()]
    return [info, {"@type": _BAD_REQUEST, "fieldViolations": fields}]


def _row(error: A2AError) -> ErrorMapping:
    match error:
        case JSONParseError():
            return _INVALID_REQUEST
        case OverloadedError():
            return _BUSY
        case _:
            return A2A_ERROR_MAPPING.get(type(error), _INTERNAL)


def _data_of(error: A2AError) -> JsonObject:
    data = cast(JsonObject | None, error.data)  # pyright: ignore[reportUnknownMemberType]
    return data or {}


def _unexpected(error: Exception) -> InternalError:
    reference = str(uuid4())
    what = str(error) if isinstance(error, AgentKitError) else type(error).__name__
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("request failed, reference %s: %s\n%s", reference, what, where)
    return InternalError(f"Internal error, reference {reference}", {"metadata": {"reference": reference}})
