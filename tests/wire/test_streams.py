"""Events of streams as a client reads them (V1-RPC-02 to -05, V2-OBJ-18, V2-SSE-01, CON-28)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from agentkit.errors import WireError
from agentkit.models import ArtifactUpdate, Event, Json, Message, StatusUpdate, Task, TaskState
from agentkit.wire import a2a, v1
from agentkit.wire.usage import read_usage
from tests.wire import strategies

V1_EVENTS: list[dict[str, Any]] = [
    {"kind": "task", "id": "t", "contextId": "c", "status": {"state": "submitted"}},
    {"kind": "status-update", "taskId": "t", "contextId": "c", "status": {"state": "working"}, "final": False},
    {
        "kind": "artifact-update",
        "taskId": "t",
        "contextId": "c",
        "artifact": {"artifactId": "a", "parts": [{"kind": "data", "data": {"n": 1}}]},
    },
    {
        "kind": "status-update",
        "taskId": "t",
        "contextId": "c",
        "status": {"state": "input-required"},
        "final": True,
        "metadata": {"credits": 0.25},
    },
    {"kind": "message", "role": "agent", "messageId": "m", "parts": [{"kind": "text", "text": "hi"}]},
]


def test_the_events_of_v1_are_read() -> None:
    """V1-RPC-02, -04, -05: without `append`, `lastChunk` and, on the way, without `final`."""
    events = [v1.decode_stream_event(event) for event in V1_EVENTS]
    assert [type(event) for event in events] == [Task, StatusUpdate, ArtifactUpdate, StatusUpdate, Message]
    last = events[3]
    assert isinstance(last, StatusUpdate)
    assert last.status.state is TaskState.INPUT_REQUIRED
    usage = read_usage(last.metadata)
    assert usage is not None
    assert usage.credits == 0.25


def test_the_events_of_v2_are_read_without_what_corti_leaves_out() -> None:
    """V2-OBJ-18, CON-28."""
    update = a2a.decode_stream_event(
        {
            "artifactUpdate": {
                "taskId": "t",
                "artifact": {"artifactId": "a", "parts": [{"text": "x"}]},
                "lastChunk": True,
            }
        }
    )
    assert isinstance(update, ArtifactUpdate)
    assert (update.context_id, update.append, update.last_chunk) == ("", False, True)
    status = a2a.decode_stream_event(
        {"statusUpdate": {"taskId": "t", "contextId": "c", "status": {"state": "TASK_STATE_PONDERING"}}, "extra": {}}
    )
    assert isinstance(status, StatusUpdate)
    assert status.status.state is TaskState.UNKNOWN


@pytest.mark.parametrize(
    ("decode", "event"),
    [
        (v1.decode_stream_event, {"kind": "progress", "percent": 10}),
        (v1.decode_stream_event, {"kind": ["task"]}),
        (v1.decode_stream_event, {}),
        (a2a.decode_stream_event, {"progress": {"percent": 10}}),
        (a2a.decode_stream_event, {}),
    ],
)
def test_an_event_of_an_unknown_kind_does_not_end_the_stream(
    decode: Callable[[object], Event | None], event: object
) -> None:
    """CLI-12."""
    assert decode(event) is None


@pytest.mark.parametrize(
    ("decode", "event", "path", "reason"),
    [
        (v1.decode_stream_event, [], "result", "type"),
        (v1.decode_stream_event, {"kind": "task"}, "result.id", "missing"),
        (v1.decode_item, {"kind": "status-update"}, "result.kind", "value"),
        (a2a.decode_stream_event, "x", "event", "type"),
        (a2a.decode_stream_event, {"task": {}, "message": {}}, "event", "value"),
        (a2a.decode_stream_event, {"artifactUpdate": {"artifact": {}}}, "event.artifactUpdate.taskId", "missing"),
        (a2a.decode_answer, {}, "answer", "value"),
        (a2a.decode_answer, {"task": {}, "message": {}}, "answer", "value"),
        (a2a.decode_answer, {"task": {"id": "t"}}, "answer.task.status", "missing"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    decode: Callable[[object], object], event: object, path: str, reason: str
) -> None:
    with pytest.raises(WireError) as refused:
        decode(event)
    assert (refused.value.path, refused.value.reason) == (path, reason)


def test_an_answer_of_v2_is_a_task_or_a_message() -> None:
    """V2-EP-08."""
    task = a2a.decode_answer({"task": {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_COMPLETED"}}})
    message = a2a.decode_answer({"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "hi"}]}})
    assert isinstance(task, Task)
    assert isinstance(message, Message)


@settings(max_examples=60, deadline=None)
@given(strategies.events)
def test_an_event_survives_the_wire_of_v1(event: Event) -> None:
    assert v1.decode_stream_event(v1.encode_event(event)) == event


@pytest.mark.parametrize("decode", [v1.decode_stream_event, v1.decode_item, a2a.decode_stream_event, a2a.decode_answer])
@settings(max_examples=60, deadline=None)
@given(strategies.json)
def test_arbitrary_json_is_read_or_refused(decode: Callable[[object], object], value: Json) -> None:
    for wire in (value, {"kind": "task", "id": value}, {"task": value}, {"artifactUpdate": {"taskId": value}}):
        with contextlib.suppress(WireError):
            decode(wire)
