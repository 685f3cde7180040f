"""The envelope of JSON-RPC 2.0 and its errors, for both generations (V1-EP-08, V2-EP-07; A2A section 3)."""

from __future__ import annotations

from typing import Final, cast

from agentkit.errors import ApiError, WireError, api_error_class
from agentkit.models import Json, JsonObject
from agentkit.wire.errors import decode_error_details, error_text
from agentkit.wire.reader import Reader

_STATUS: Final = {
    -32700: 400,
    -32600: 400,
    -32601: 501,
    -32602: 400,
    -32603: 500,
    -32001: 404,
    -32002: 409,
    -32003: 400,
    -32004: 400,
    -32005: 400,
    -32006: 500,
    -32007: 400,
    -32008: 400,
    -32009: 400,
}
_VAGUE: Final = frozenset({-32600, -32602, -32603})
"""Numbers that servers also give errors JSON-RPC has no number for; a known reason then says more."""
_REASONS: Final = {
    "TASK_NOT_FOUND": 404,
    "CONTEXT_NOT_FOUND": 404,
    "AGENT_NOT_FOUND": 404,
    "TASK_NOT_CANCELABLE": 409,
    "UNAUTHENTICATED": 401,
    "MISSING_INHERITED_TOKEN": 401,
    "PERMISSION_DENIED": 403,
}


RequestId = str | int | None
"""The `id` of a call."""

_LONGEST_ID: Final = 256
_LARGEST_ID: Final = 2**63


def encode_call(method: str, params: JsonObject, call_id: str | int) -> JsonObject:
    """A call.

    Args:
        method: For example `SendMessage` (A2A 1.0) or `message/send` (A2A 0.3).
        params: Its parameters, by name.
        call_id: Comes back with the answer.
    """
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}


def call_id(value: Json) -> RequestId:
    """The id of a call, where it is one that can be given back; it answers a call that does not fit, too."""
    given = value.get("id") if isinstance(value, dict) else None
    match given:
        case str() if len(given) <= _LONGEST_ID:
            return given
        case int() if not isinstance(given, bool) and abs(given) < _LARGEST_ID:
            return given
        case _:
            return None


def decode_call(value: Json) -> tuple[str, JsonObject]:
    """Method and parameters of a call as a server reads it; parameters are those by name, and may be left out.

    Raises:
        WireError: It is no call (reason `call`, -32600), or its parameters are no object (-32602).
    """
    if not isinstance(value, dict):
        raise WireError("", "call", "A request is one JSON-RPC 2.0 object; there are no batches")
    if value.get("jsonrpc") != "2.0":
        raise WireError("jsonrpc", "call", 'jsonrpc must be "2.0"')
    if value.get("id") is not None and call_id(value) is None:
        raise WireError("id", "call", f"id must be an integer, or a string of at most {_LONGEST_ID} characters")
    method, params = value.get("method"), value.get("params")
    if not isinstance(method, str):
        raise WireError("method", "call", "method must be a string")
    if params is None:
        return method, {}
    if not isinstance(params, dict):
        raise WireError("params", "type", "must be an object")
    return method, params


def encode_answer(request_id: RequestId, member: str, value: Json) -> JsonObject:
    """An answer to a call; `member` is `result` or `error`."""
    return {"jsonrpc": "2.0", "id": request_id, member: value}


def decode_result(value: object, path: str = "answer") -> Json:
    """The result of an answer, or of one event of a stream.

    `id` is not compared: one HTTP answer belongs to one call, and an error may come without (JSON-RPC 2.0, section 5).

    Raises:
        ApiError: The answer is an error; see `decode_rpc_error`.
        WireError: It is neither a result nor an error.
    """
    reader = Reader(value, path)
    if reader.has("error"):
        raise decode_rpc_error(reader.raw("error"))
    if not reader.has("result"):
        raise WireError(reader.at("result"), "missing", "an answer needs a result or an error")
    return reader.raw("result")


def decode_rpc_error(value: object) -> ApiError:
    """The typed error of a JSON-RPC error object, in whatever shape it is.

    The HTTP status of such answers is 200 and says nothing. `status`, and with it the class, is the one that the same
    error has over HTTP+JSON: 404 for an unknown task (-32001), 409 for one that cannot be cancelled any more (-32002,
    V2-EP-12), 501 for an unknown method (-32601), 400 for wrong parameters (-32602), 500 for an internal error
    (-32603, V1-ERR-05) and for numbers that nobody documented. Where -32600, -32602 or -32603 comes with a reason that
    says more, such as `CONTEXT_NOT_FOUND`, the reason decides. `code` is the number as text, `reason` the ErrorInfo's.
    """
    fields = cast(JsonObject, value) if isinstance(value, dict) else {}
    number = fields.get("code")
    reason, details, faults = decode_error_details(fields.get("data"))
    if not isinstance(number, int) or isinstance(number, bool) or abs(number) >= 2**31:
        number = None
    status = _status(number, _REASONS.get((reason or "").upper()))
    return api_error_class(status)(
        status,
        code=None if number is None else str(number),
        description=error_text(fields.get("message")),
        details=details,
        faults=faults,
        reason=reason,
    )


def _status(number: int | None, told: int | None) -> int:
    """The status of a number; `told` is that of the reason."""
    if number is None:
        return told or 500
    if told and number in _VAGUE:
        return told
    return _STATUS.get(number) or (number if 400 <= number < 600 else told or 500)
