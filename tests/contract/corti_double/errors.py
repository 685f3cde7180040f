"""Refusals as each surface spells them: v1 REST and JSON-RPC, v2 management plane, v2 A2A plane REST and JSON-RPC."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from tests.contract.corti_double.schema import JsonObject
from tests.contract.corti_double.troubles import Kind, Trouble

# V1-ERR-01, V1-ERR-02, V1-ID-01, V1-SEND-03, V1-SEND-04, MCPAUTH-11.
_V1: dict[Kind, tuple[int, str]] = {
    "malformed": (400, "malformed_json"),
    "invalid": (422, "validation_failed"),
    "bad_id": (400, "invalid_id"),
    "bad_query": (400, "invalid_query"),
    "agent_unknown": (404, "expert_not_found"),
    "task_unknown": (404, "task_not_found"),
    "context_unknown": (404, "context_not_found"),
    "expert_unknown": (400, "expert_not_found"),
    "context_mismatch": (400, "context_mismatch"),
    "task_not_continuable": (400, "task_not_continuable"),
    "credentials": (400, "mcp_auth_invalid"),
    "missing_inherited_token": (401, "missing_inherited_token"),
    "unauthorized": (401, "unauthorized"),
    "wrong_tenant": (403, "forbidden"),
}

# V2-ERR-01.
_V2: dict[Kind, tuple[int, str]] = {
    "malformed": (400, "MALFORMED_REQUEST"),
    "invalid": (422, "VALIDATION_FAILED"),
    "bad_id": (404, "NOT_FOUND"),
    "bad_query": (400, "INVALID_REQUEST"),
    "agent_unknown": (404, "AGENT_NOT_FOUND"),
    "task_unknown": (404, "TASK_NOT_FOUND"),
    "context_unknown": (404, "CONTEXT_NOT_FOUND"),
    "artifact_unknown": (404, "ARTIFACT_NOT_FOUND"),
    "connector_unknown": (404, "CONNECTOR_NOT_FOUND"),
    "expert_unknown": (422, "VALIDATION_FAILED"),
    "conflict": (409, "ASSIGNMENT_CONFLICT"),
    "not_implemented": (501, "NOT_IMPLEMENTED"),
    "unauthorized": (401, "UNAUTHORIZED"),
    "wrong_tenant": (403, "FORBIDDEN"),
}

# V2-ERR-02: status, google.rpc status, reason, and the code of the JSON-RPC binding.
_A2A: dict[Kind, tuple[int, str, str, int]] = {
    "malformed": (400, "INVALID_ARGUMENT", "INVALID_REQUEST", -32700),
    "invalid": (400, "INVALID_ARGUMENT", "INVALID_PARAMS", -32602),
    "bad_id": (404, "NOT_FOUND", "TASK_NOT_FOUND", -32001),
    "bad_query": (400, "INVALID_ARGUMENT", "INVALID_PARAMS", -32602),
    "agent_unknown": (404, "NOT_FOUND", "AGENT_NOT_FOUND", -32602),
    "task_unknown": (404, "NOT_FOUND", "TASK_NOT_FOUND", -32001),
    "context_unknown": (404, "NOT_FOUND", "CONTEXT_NOT_FOUND", -32602),
    "context_mismatch": (400, "INVALID_ARGUMENT", "INVALID_PARAMS", -32602),
    "task_not_continuable": (400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION", -32004),
    "task_settled": (400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION", -32004),
    "not_cancelable": (409, "FAILED_PRECONDITION", "TASK_NOT_CANCELABLE", -32002),
    "credentials": (400, "INVALID_ARGUMENT", "INVALID_PARAMS", -32602),
    "missing_inherited_token": (401, "UNAUTHENTICATED", "missing_inherited_token", -32602),
    "version": (400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED", -32009),
    "unauthorized": (401, "UNAUTHENTICATED", "UNAUTHENTICATED", -32600),
    "wrong_tenant": (403, "PERMISSION_DENIED", "PERMISSION_DENIED", -32600),
}


def v1_error(trouble: Trouble, *wrapped_in: str) -> Response:
    """V1-ERR-01; `wrapped_in` names the codes around it, innermost first (V1-ERR-03)."""
    status, code = _V1[trouble.kind]
    body: JsonObject = {"code": trouble.code or code, "description": trouble.text}
    if trouble.kind == "invalid":
        body["detail"] = [
            {
                "msg": f"{path or 'body'} {reason}",
                "type": "value_error",
                "reason": reason,
                "howToFix": "Send what the API reference describes.",
                "errors": [{"location": path, "reason": reason}],
            }
            for path, reason in trouble.problems
        ]
    for code_around in wrapped_in:
        body = {"code": code_around, "description": "The agent could not be found.", "cause": body}
    return JSONResponse(body, status, _challenge(trouble))


def v1_rpc_error(trouble: Trouble, request_id: object) -> Response:
    """V1-ERR-05: always HTTP 200; `data` is a list with an ErrorInfo."""
    if trouble.kind == "agent_unknown":
        return rpc_error(request_id, -32603, trouble.text, "INTERNAL_ERROR")
    _, _, reason, code = _A2A[trouble.kind]
    return rpc_error(request_id, code, trouble.text, trouble.code or reason)


def v2_error(trouble: Trouble) -> Response:
    """V2-ERR-01."""
    status, code = _V2[trouble.kind]
    error: JsonObject = {"code": trouble.code or code, "message": trouble.text}
    if trouble.problems:
        error["details"] = {
            "validationErrors": [{"field": path, "reason": reason} for path, reason in trouble.problems]
        }
    return JSONResponse({"error": error}, status, _challenge(trouble))


def a2a_error(trouble: Trouble) -> Response:
    """V2-ERR-02."""
    status, word, reason, _ = _A2A[trouble.kind]
    error = {"code": status, "status": word, "message": trouble.text, "details": [_info(trouble.code or reason)]}
    return JSONResponse({"error": error}, status, _challenge(trouble))


def a2a_rpc_error(trouble: Trouble, request_id: object) -> Response:
    """The JSON-RPC binding of the same."""
    _, _, reason, code = _A2A[trouble.kind]
    return rpc_error(request_id, code, trouble.text, trouble.code or reason)


def rpc_error(request_id: object, code: int, text: str, reason: str | None = None) -> Response:
    """A JSON-RPC error answer."""
    error: JsonObject = {"code": code, "message": text}
    if reason:
        error["data"] = [_info(reason)]
    return JSONResponse({"jsonrpc": "2.0", "id": request_id, "error": error})


def core_error(trouble: Trouble) -> Response:
    """A bad token at the core API: the reason stands in a header, the body is empty (AUTH-10)."""
    return Response(status_code=_V1[trouble.kind][0], headers=_challenge(trouble))


def _info(reason: str) -> JsonObject:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "a2a-protocol.org",
        "metadata": {},
    }


def _challenge(trouble: Trouble) -> dict[str, str] | None:
    if trouble.kind != "unauthorized":
        return None
    return {"WWW-Authenticate": f'Bearer realm="corti", error="invalid_token", error_description="{trouble.text}"'}
