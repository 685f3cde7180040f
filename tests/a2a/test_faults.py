"""Errors of the library as rows of A2A's error table (a2a.md section 3)."""

from __future__ import annotations

import logging

import pytest

from agentkit.a2a.faults import as_a2a_error, http_status, rest_error, rpc_error
from agentkit.errors import (
    AgentKitError,
    ContextMismatch,
    ContextNotFound,
    CredentialError,
    MessageConflict,
    StorageError,
    TaskFailed,
    TaskNotCancelable,
    TaskNotContinuable,
    TaskNotFound,
    WireError,
)

ROWS: list[tuple[AgentKitError, int, int, str]] = [
    (WireError("", "json", "is not JSON"), -32700, 400, "INVALID_REQUEST"),
    (WireError("message.role", "value", "must be"), -32602, 400, "INVALID_PARAMS"),
    (CredentialError("mcp_auth_missing_name", "names no server"), -32602, 400, "INVALID_PARAMS"),
    (TaskNotFound("x"), -32001, 404, "TASK_NOT_FOUND"),
    (TaskNotCancelable("x"), -32002, 400, "TASK_NOT_CANCELABLE"),
    (TaskNotContinuable("x"), -32004, 400, "UNSUPPORTED_OPERATION"),
    (ContextNotFound("x"), -32602, 400, "INVALID_PARAMS"),
    (ContextMismatch("x"), -32602, 400, "INVALID_PARAMS"),
    (MessageConflict("x"), -32602, 400, "INVALID_PARAMS"),
    (TaskFailed("x"), -32603, 500, "INTERNAL_ERROR"),
    (StorageError("x"), -32603, 500, "INTERNAL_ERROR"),
]


@pytest.mark.parametrize(("error", "code", "status", "reason"), ROWS, ids=[type(row[0]).__name__ for row in ROWS])
def test_an_error_of_the_library_has_its_row_in_the_table(
    error: AgentKitError, code: int, status: int, reason: str
) -> None:
    row = as_a2a_error(error)
    assert (rpc_error(row)["code"], http_status(row)) == (code, status)
    for body in (rpc_error(row)["data"], rest_error(row)["error"]):
        assert f"'reason': '{reason}'" in str(body)


def test_the_text_of_an_unknown_exception_stays_out_of_answer_and_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "agentkit.a2a"):
        row = as_a2a_error(ValueError("Jane Doe"))
    assert "Jane" not in str(rpc_error(row)) + str(rest_error(row)) + caplog.text
    assert "ValueError" in caplog.text
