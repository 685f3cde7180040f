"""Literal JSON typed from the contract, both directions (a2a.md, sections 2 and 3; design D1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    File,
    Message,
    Part,
    Role,
    SendRequest,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.wire import a2a

SEND: dict[str, Any] = {
    "message": {
        "messageId": "m-1",
        "role": "ROLE_USER",
        "parts": [
            {"text": "Any allergies?"},
            {"data": {"patientRef": "example-1"}, "mediaType": "application/json"},
        ],
    },
    "configuration": {"acceptedOutputModes": ["text/plain"], "historyLength": 0},
}
SEND_MODEL = SendRequest(
    message=Message(
        message_id="m-1",
        role=Role.USER,
        parts=(Part(text="Any allergies?"), Part(data={"patientRef": "example-1"}, media_type="application/json")),
    ),
    history_length=0,
    accepted_output_modes=("text/plain",),
)

ANSWER: dict[str, Any] = {
    "task": {
        "id": "t-1",
        "contextId": "c-1",
        "status": {
            "state": "TASK_STATE_COMPLETED",
            "timestamp": "2026-01-01T10:00:00.000Z",
            "message": {
                "messageId": "a-1",
                "contextId": "c-1",
                "taskId": "t-1",
                "role": "ROLE_AGENT",
                "parts": [{"text": "Penicillin."}],
            },
        },
        "artifacts": [
            {"artifactId": "r-1", "name": "allergies", "parts": [{"data": {"items": ["penicillin"], "count": 1}}]}
        ],
    }
}
ANSWER_MODEL = Task(
    id="t-1",
    context_id="c-1",
    status=TaskStatus(
        state=TaskState.COMPLETED,
        timestamp=datetime(2026, 1, 1, 10, tzinfo=UTC),
        message=Message(
            message_id="a-1", context_id="c-1", task_id="t-1", role=Role.AGENT, parts=(Part(text="Penicillin."),)
        ),
    ),
    artifacts=(
        Artifact(artifact_id="r-1", name="allergies", parts=(Part(data={"items": ["penicillin"], "count": 1}),)),
    ),
)

EVENTS: list[tuple[str, dict[str, Any], Event]] = [
    (
        "task",
        {"task": {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_SUBMITTED"}}},
        Task(id="t", context_id="c", status=TaskStatus(state=TaskState.SUBMITTED)),
    ),
    (
        "status update",
        {
            "statusUpdate": {
                "taskId": "t",
                "contextId": "c",
                "status": {"state": "TASK_STATE_WORKING"},
                "metadata": {"step": 1},
            }
        },
        StatusUpdate(task_id="t", context_id="c", status=TaskStatus(state=TaskState.WORKING), metadata={"step": 1}),
    ),
    (
        "first chunk",
        {
            "artifactUpdate": {
                "taskId": "t",
                "contextId": "c",
                "artifact": {"artifactId": "r-1", "parts": [{"text": "Peni"}]},
            }
        },
        ArtifactUpdate(
            task_id="t",
            context_id="c",
            artifact=Artifact(artifact_id="r-1", parts=(Part(text="Peni"),)),
            last_chunk=False,
        ),
    ),
    (
        "last chunk",
        {
            "artifactUpdate": {
                "taskId": "t",
                "contextId": "c",
                "artifact": {"artifactId": "r-1", "parts": [{"text": "cillin."}]},
                "append": True,
                "lastChunk": True,
            }
        },
        ArtifactUpdate(
            task_id="t",
            context_id="c",
            artifact=Artifact(artifact_id="r-1", parts=(Part(text="cillin."),)),
            append=True,
        ),
    ),
    (
        "message with all fields",
        {
            "message": {
                "messageId": "m",
                "role": "ROLE_AGENT",
                "parts": [
                    {"text": "See", "mediaType": "text/markdown", "metadata": {"lang": "en"}},
                    {"raw": "aGVsbG8=", "mediaType": "application/pdf", "filename": "a.pdf"},
                    {"url": "https://example.org/a.png", "mediaType": "image/png"},
                    {"data": None},
                    {"data": [1, 2.5, "x", True]},
                ],
                "contextId": "c",
                "taskId": "t",
                "metadata": {"k": "v"},
                "extensions": ["https://example.org/ext"],
                "referenceTaskIds": ["t-0"],
            }
        },
        Message(
            message_id="m",
            role=Role.AGENT,
            parts=(
                Part(text="See", media_type="text/markdown", metadata={"lang": "en"}),
                Part(file=File(content="aGVsbG8=", media_type="application/pdf", name="a.pdf")),
                Part(file=File(uri="https://example.org/a.png", media_type="image/png")),
                Part(data=None),
                Part(data=[1, 2.5, "x", True]),
            ),
            context_id="c",
            task_id="t",
            metadata={"k": "v"},
            extensions=("https://example.org/ext",),
            reference_task_ids=("t-0",),
        ),
    ),
    ("answer", ANSWER, ANSWER_MODEL),
]


@pytest.mark.parametrize(("wire", "model"), [event[1:] for event in EVENTS], ids=[event[0] for event in EVENTS])
def test_an_event_is_spelled_as_documented_in_both_directions(wire: dict[str, Any], model: Event) -> None:
    assert a2a.encode_event(model) == wire
    assert a2a.decode_event(wire) == model


def test_a_send_is_spelled_as_documented_in_both_directions() -> None:
    assert a2a.encode_send_request(SEND_MODEL) == SEND
    assert a2a.decode_send_request(SEND) == SEND_MODEL


def test_return_immediately_is_the_opposite_of_blocking() -> None:
    wire = {**SEND, "configuration": {"returnImmediately": True}}
    request = a2a.decode_send_request(wire)
    assert request.blocking is False
    assert a2a.encode_send_request(request) == wire


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (TaskState.SUBMITTED, "TASK_STATE_SUBMITTED"),
        (TaskState.WORKING, "TASK_STATE_WORKING"),
        (TaskState.COMPLETED, "TASK_STATE_COMPLETED"),
        (TaskState.FAILED, "TASK_STATE_FAILED"),
        (TaskState.CANCELED, "TASK_STATE_CANCELED"),
        (TaskState.INPUT_REQUIRED, "TASK_STATE_INPUT_REQUIRED"),
        (TaskState.REJECTED, "TASK_STATE_REJECTED"),
        (TaskState.AUTH_REQUIRED, "TASK_STATE_AUTH_REQUIRED"),
        (TaskState.UNKNOWN, "TASK_STATE_UNSPECIFIED"),
    ],
)
def test_states_have_their_documented_words(state: TaskState, word: str) -> None:
    assert a2a.encode_state(state) == word
    assert a2a.decode_state(word) is state


def test_times_are_written_in_utc_with_milliseconds_and_z_a2a_json_02() -> None:
    elsewhere = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    assert a2a.encode_timestamp(elsewhere) == "2026-01-01T10:00:00.123Z"
    assert a2a.encode_timestamp(datetime(2026, 1, 1, 10, tzinfo=UTC)) == "2026-01-01T10:00:00.000Z"


def test_integers_stay_integers_d12() -> None:
    part = a2a.decode_part({"data": {"n": 12345678901234567, "x": 3.0}})
    assert repr(a2a.encode_part(part)["data"]) == "{'n': 12345678901234567, 'x': 3.0}"


def test_unknown_fields_are_kept_and_come_back_a2a_json_03() -> None:
    wire = {"task": {**ANSWER["task"], "priority": "high"}}
    task = a2a.decode_event(wire)
    assert task.unknown_fields == {"priority": "high"}
    assert a2a.encode_event(task) == wire


def test_empty_strings_count_as_absent_where_list_tasks_of_the_sdk_sends_them_a2a_gap_23() -> None:
    part = a2a.decode_part({"text": "x", "raw": "", "url": ""})
    assert part.text == "x"
    message = a2a.decode_message({**SEND["message"], "contextId": "", "taskId": ""})
    assert message.context_id is None
    assert message.task_id is None
