"""Calls of v2 beside agents and connectors, and JSON-RPC of both generations, as data (section 14; V1-RPC-01)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from agentkit.client.operation import Answer, Operation, StreamOperation
from agentkit.client.page import Page
from agentkit.client.v1 import rpc as v1_rpc
from agentkit.client.v2 import contexts, feedback, messages, rpc, usage
from agentkit.errors import ApiError, ConflictError, InternalServerError, NotFoundError, SpecError
from agentkit.models import (
    Event,
    FeedbackSpec,
    Json,
    Message,
    Role,
    SendRequest,
    StatusUpdate,
    Task,
    TaskState,
    UsageReport,
)

REQUEST = SendRequest(message=Message(role=Role.USER, message_id="m-1", parts=Message.user("hi").parts), blocking=False)
V2_TASK: dict[str, Any] = {"id": "task.1", "contextId": "ctx.1", "status": {"state": "TASK_STATE_CANCELED"}}
V1_TASK: dict[str, Any] = {"kind": "task", "id": "1", "contextId": "2", "status": {"state": "canceled"}}
V2_PARAMS: dict[str, Any] = {
    "message": {"messageId": "m-1", "role": "ROLE_USER", "parts": [{"text": "hi"}]},
    "configuration": {"returnImmediately": True},
}
V1_PARAMS: dict[str, Any] = {
    "message": {"kind": "message", "role": "user", "messageId": "m-1", "parts": [{"kind": "text", "text": "hi"}]},
    "configuration": {"blocking": False},
}
NONE: frozenset[str] = frozenset()
TASK_PATH = "/agentic/agents/agt.1/a2a/tasks/task.1"
NESTED = "/agentic/contexts/ctx.1/tasks/task.1"


def answer(body: Json) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(body).encode())


def result(body: Json) -> Json:
    return {"jsonrpc": "2.0", "id": "x", "result": body}


REQUESTS: list[tuple[Operation[Any], str, str, dict[str, Any]]] = [
    (messages.send_message("agt.1", REQUEST, NONE), "POST", "/agentic/agents/agt.1/a2a/message:send", {}),
    (messages.stream_message("agt.1", REQUEST, NONE), "POST", "/agentic/agents/agt.1/a2a/message:stream", {}),
    (messages.subscribe("agt.1", "task.1"), "POST", f"{TASK_PATH}:subscribe", {}),
    (messages.cancel_task("agt.1", "task.1"), "POST", f"{TASK_PATH}:cancel", {}),
    (messages.get_task("agt.1", "task.1", 0), "GET", TASK_PATH, {"historyLength": "0"}),
    (messages.get_task("agt.1", "task.1", None), "GET", TASK_PATH, {}),
    (
        messages.list_tasks("agt.1", context_id="ctx.1", page_size=2, page_token="n"),
        "GET",
        "/agentic/agents/agt.1/a2a/tasks",
        {"pageSize": "2", "pageToken": "n", "contextId": "ctx.1"},
    ),
    (
        contexts.list_contexts(agent_id="agt.1", start=datetime(2026, 1, 1), page_size=7, page_token="n"),  # noqa: DTZ001
        "GET",
        "/agentic/contexts",
        {"agentId": "agt.1", "from": "2026-01-01T00:00:00.000Z", "pageSize": "7", "pageToken": "n"},
    ),
    (contexts.get_context("ctx.1", 3), "GET", "/agentic/contexts/ctx.1", {"historyLength": "3"}),
    (contexts.delete_context("ctx.1"), "DELETE", "/agentic/contexts/ctx.1", {}),
    (contexts.list_traces("ctx.1", page_token="n"), "GET", "/agentic/contexts/ctx.1/trace", {"pageToken": "n"}),
    (contexts.list_tasks("ctx.1", page_size=1), "GET", "/agentic/contexts/ctx.1/tasks", {"pageSize": "1"}),
    (contexts.get_task("ctx.1", "task.1"), "GET", NESTED, {}),
    (contexts.get_artifact("ctx.1", "task.1", "art.1"), "GET", f"{NESTED}/artifacts/art.1", {}),
    (feedback.create_feedback("ctx.1", "task.1", FeedbackSpec(is_positive=True)), "POST", f"{NESTED}/feedback", {}),
    (feedback.list_feedback("ctx.1", "task.1"), "GET", f"{NESTED}/feedback", {}),
    (feedback.delete_feedback("ctx.1", "task.1", "fb.1"), "DELETE", f"{NESTED}/feedback/fb.1", {}),
    (
        usage.get_usage(
            "agt.1",
            start=datetime(2026, 1, 1, tzinfo=UTC),
            end=datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=1))),
            granularity="day",
        ),
        "GET",
        "/agentic/agents/agt.1/usage",
        {"from": "2026-01-01T00:00:00.000Z", "to": "2026-01-02T00:00:00.000Z", "granularity": "day"},
    ),
]


@pytest.mark.parametrize(("operation", "method", "path", "query"), REQUESTS)
def test_each_endpoint_is_called_as_documented(
    operation: Operation[Any], method: str, path: str, query: Mapping[str, str]
) -> None:
    """V2-EP-08 to V2-EP-14, V2-EP-18 to V2-EP-25."""
    assert (operation.root, operation.method, operation.path, operation.query) == ("base", method, path, query)


def test_an_a2a_call_names_its_version() -> None:
    """HDR-04, V2-VER-01: A2A calls only, in both bindings."""
    for operation, _, path, _ in REQUESTS:
        assert operation.headers == ({"A2A-Version": "1.0"} if "/a2a" in path else {})
    assert rpc.cancel_task("agt.1", "task.1").headers == {"A2A-Version": "1.0"}
    assert v1_rpc.cancel_task("1", "2").headers == {}


def test_what_has_no_body_sends_none() -> None:
    """V2-EP-13: `:subscribe` without body."""
    with_body = {operation.name for operation, *_ in REQUESTS if operation.body is not None}
    assert with_body == {"client.send", "client.stream", "client.feedback.create"}
    assert messages.send_message("agt.1", REQUEST, NONE).body == V2_PARAMS


def test_a_stream_asks_for_events() -> None:
    streams = [operation for operation, *_ in REQUESTS if isinstance(operation, StreamOperation)]
    assert [stream.accept for stream in streams] == ["text/event-stream", "text/event-stream"]


CALLS: list[tuple[Operation[Any], str, dict[str, Any]]] = [
    (rpc.send_message("agt.1", REQUEST, NONE), "SendMessage", V2_PARAMS),
    (rpc.stream_message("agt.1", REQUEST, NONE), "SendStreamingMessage", V2_PARAMS),
    (rpc.subscribe("agt.1", "task.1"), "SubscribeToTask", {"id": "task.1"}),
    (rpc.get_task("agt.1", "task.1", None), "GetTask", {"id": "task.1"}),
    (rpc.get_task("agt.1", "task.1", 0), "GetTask", {"id": "task.1", "historyLength": 0}),
    (rpc.cancel_task("agt.1", "task.1"), "CancelTask", {"id": "task.1"}),
    (rpc.list_tasks("agt.1"), "ListTasks", {}),
    (
        rpc.list_tasks("agt.1", context_id="ctx.1", page_size=2, page_token="n"),
        "ListTasks",
        {"contextId": "ctx.1", "pageSize": 2, "pageToken": "n"},
    ),
    (v1_rpc.send_message("1", REQUEST, NONE), "message/send", V1_PARAMS),
    (v1_rpc.stream_message("1", REQUEST, NONE), "message/stream", V1_PARAMS),
    (v1_rpc.get_task("1", "2", 0), "tasks/get", {"id": "2", "historyLength": 0}),
    (v1_rpc.get_task("1", "2", None), "tasks/get", {"id": "2"}),
    (v1_rpc.cancel_task("1", "2"), "tasks/cancel", {"id": "2"}),
]


@pytest.mark.parametrize(("operation", "method", "params"), CALLS)
def test_each_call_over_json_rpc_is_made_as_documented(
    operation: Operation[Any], method: str, params: dict[str, Any]
) -> None:
    """V2-EP-07, V1-RPC-01: one address per agent."""
    place = ("agents", "/agents/1/v1") if "/" in method else ("base", "/agentic/agents/agt.1/a2a")
    assert (operation.root, operation.path, operation.method) == (*place, "POST")
    body = operation.body
    assert body is not None
    call_id = body["id"]
    assert isinstance(call_id, str)
    assert call_id
    assert body == {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}


def test_answers_are_read_in_both_bindings() -> None:
    """V2-EP-08, V2-EP-10 to V2-EP-12."""
    wrapped: Json = {"task": V2_TASK}
    for read in (
        messages.send_message("agt.1", REQUEST, NONE).parse(answer(wrapped)),
        rpc.send_message("agt.1", REQUEST, NONE).parse(answer(result(wrapped))),
        messages.cancel_task("agt.1", "task.1").parse(answer(V2_TASK)),
        rpc.cancel_task("agt.1", "task.1").parse(answer(result(V2_TASK))),
        rpc.get_task("agt.1", "task.1", None).parse(answer(result(V2_TASK))),
        v1_rpc.send_message("1", REQUEST, NONE).parse(answer(result(V1_TASK))),
        v1_rpc.get_task("1", "2", None).parse(answer(result(V1_TASK))),
    ):
        assert isinstance(read, Task)
        assert read.status.state is TaskState.CANCELED
    page: Json = {"tasks": [V2_TASK], "nextPageToken": "n"}
    for tasks in (
        messages.list_tasks("agt.1").parse(answer(page)),
        rpc.list_tasks("agt.1").parse(answer(result(page))),
        contexts.list_tasks("ctx.1").parse(answer(page)),
    ):
        assert isinstance(tasks, Page)
        assert ([task.id for task in tasks.items], tasks.next_token) == (["task.1"], "n")


def test_a_message_alone_is_an_answer_too() -> None:
    """V1-RPC-01, V1-SEND-05: told by `kind`."""
    said: Json = {"kind": "message", "role": "agent", "messageId": "a", "parts": [{"kind": "text", "text": "hi"}]}
    assert isinstance(v1_rpc.send_message("1", REQUEST, NONE).parse(answer(result(said))), Message)


def test_a_usage_report_comes_typed() -> None:
    """V2-OBJ-21."""
    report = usage.get_usage("agt.1").parse(answer({"granularity": "day", "totals": {"invocations": 1}, "buckets": []}))
    assert isinstance(report, UsageReport)
    assert report.totals.invocations == 1


WORKING: dict[str, Any] = {
    "statusUpdate": {"taskId": "t", "contextId": "c", "status": {"state": "TASK_STATE_WORKING"}},
}
V1_WORKING: dict[str, Any] = {"kind": "status-update", "taskId": "t", "contextId": "c", "status": {"state": "working"}}
STREAMS: list[tuple[StreamOperation[Event], Json, Json]] = [
    (messages.stream_message("agt.1", REQUEST, NONE), WORKING, {"later": {}}),
    (messages.subscribe("agt.1", "task.1"), WORKING, {"later": {}}),
    (rpc.stream_message("agt.1", REQUEST, NONE), result(WORKING), result({"later": {}})),
    (rpc.subscribe("agt.1", "task.1"), result(WORKING), result({"later": {}})),
    (v1_rpc.stream_message("1", REQUEST, NONE), result(V1_WORKING), result({"kind": "later"})),
]


@pytest.mark.parametrize(("operation", "known", "unknown"), STREAMS)
def test_events_of_a_stream_are_read_and_unknown_ones_passed_over(
    operation: StreamOperation[Event], known: Json, unknown: Json
) -> None:
    """V2-SSE-01, V1-RPC-02, CLI-12."""
    assert isinstance(operation.decode(known), StatusUpdate)
    assert operation.decode(unknown) is None


def test_an_error_in_place_of_a_stream_is_raised() -> None:
    """V1-ERR-05: one JSON document with status 200 where a stream was asked for."""
    data: Json = [{"@type": "x", "reason": "INTERNAL_ERROR", "domain": "a2a-protocol.org"}]
    body: Json = {"jsonrpc": "2.0", "id": "x", "error": {"code": -32603, "message": "no", "data": data}}
    with pytest.raises(InternalServerError) as raised:
        v1_rpc.stream_message("1", REQUEST, NONE).parse(answer(body))
    assert raised.value.reason == "INTERNAL_ERROR"


def test_a_task_that_cannot_be_cancelled_is_a_conflict_over_json_rpc_too() -> None:
    """V2-EP-12."""
    body: Json = {"jsonrpc": "2.0", "id": "x", "error": {"code": -32002, "message": "final"}}
    with pytest.raises(ConflictError):
        rpc.cancel_task("agt.1", "task.1").parse(answer(body))


def test_an_error_inside_a_stream_is_raised_with_its_class() -> None:
    """V2-ERR-02."""
    plain: Json = {"error": {"code": 404, "status": "NOT_FOUND", "message": "gone"}}
    wrapped: Json = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32001, "message": "gone"}}
    for stream, body in (
        (messages.stream_message("a", REQUEST, NONE), plain),
        (rpc.stream_message("a", REQUEST, NONE), wrapped),
        (v1_rpc.stream_message("a", REQUEST, NONE), wrapped),
    ):
        with pytest.raises(NotFoundError):
            stream.decode(body)
    odd: Json = {"error": {"code": 7, "message": "no"}}
    with pytest.raises(ApiError) as odd_one:
        messages.subscribe("a", "t").decode(odd)
    assert odd_one.value.status == 500


def test_an_id_cannot_lead_to_another_path() -> None:
    assert contexts.get_context("../agents").path == "/agentic/contexts/..%2Fagents"
    with pytest.raises(SpecError):
        feedback.delete_feedback("ctx.1", "task.1", "..")
