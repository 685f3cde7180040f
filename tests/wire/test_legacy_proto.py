"""A2A 0.3 as ProtoJSON: what is read in both spellings, what is refused and where, and what is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agentkit.errors import WireError
from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    File,
    Json,
    Message,
    Part,
    Role,
    StatusUpdate,
    Task,
    TaskState,
    TaskStatus,
)
from agentkit.wire.a2a import camel_case, decode_proto_send, encode_proto_event, encode_proto_task

MESSAGE: dict[str, Any] = {"messageId": "m", "role": "ROLE_USER", "content": [{"text": "secret words"}]}


def send(**changes: Any) -> dict[str, Any]:
    return {"message": {key: value for key, value in {**MESSAGE, **changes}.items() if value is not ...}}


def part(value: object) -> dict[str, Any]:
    return send(content=[value])


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ([], "", "type"),
        ({}, "message", "missing"),
        (send(role=...), "message.role", "missing"),
        (send(role="user"), "message.role", "value"),
        (send(role=3), "message.role", "value"),
        (send(role=[]), "message.role", "value"),
        (send(content=...), "message.content", "missing"),
        (send(content=[]), "message.content", "value"),
        (part({}), "message.content[0].text", "value"),
        (part({"text": "secret words", "data": {"data": {}}}), "message.content[0].text", "value"),
        (part({"file": {}}), "message.content[0].file.fileWithUri", "value"),
        (
            part({"file": {"fileWithUri": "https://x.test", "fileWithBytes": "YQ=="}}),
            "message.content[0].file.fileWithUri",
            "value",
        ),
        (part({"file": {"fileWithBytes": "%%"}}), "message.content[0].file.bytes", "value"),
        (part({"data": "x"}), "message.content[0].data", "type"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place_and_without_its_content(
    value: object, path: str, reason: str
) -> None:
    with pytest.raises(WireError) as caught:
        decode_proto_send(value)
    assert (caught.value.path, caught.value.reason) == (path, reason)
    assert "secret words" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "role"), [("ROLE_USER", Role.USER), ("ROLE_AGENT", Role.AGENT), (1, Role.USER), (2, Role.AGENT)]
)
def test_a_role_is_read_by_its_name_and_by_its_number(given: object, role: Role) -> None:
    assert decode_proto_send(send(role=given)).message.role is role


def test_a_send_reads_the_same_in_either_spelling_and_under_either_name() -> None:
    snake = {"message_id": "m", "role": "ROLE_USER", "content": [{"text": "hi"}], "context_id": "c", "task_id": ""}
    request = decode_proto_send({"request": snake, "configuration": {"history_length": 2}})
    assert (request.message.message_id, request.message.context_id, request.message.task_id) == ("m", "c", None)
    assert request.history_length == 2


def test_a_send_blocks_without_configuration_and_with_one_only_where_it_says_so() -> None:
    assert decode_proto_send(send()).blocking is True
    assert decode_proto_send({**send(), "configuration": {}}).blocking is False
    assert decode_proto_send({**send(), "configuration": {"blocking": True}}).blocking is True


def test_what_is_no_object_keeps_its_form_when_names_are_respelled() -> None:
    assert camel_case(["a_b"]) == ["a_b"]
    assert camel_case({"a_b": {"c_d": 1}}) == {"aB": {"c_d": 1}}


PARTS = [
    (Part(text="hi"), {"text": "hi"}),
    (
        Part(file=File(content="YQ==", name="a", media_type="text/plain")),
        {"file": {"fileWithBytes": "YQ==", "mimeType": "text/plain", "name": "a"}},
    ),
    (Part(file=File(uri="https://x.test/a")), {"file": {"fileWithUri": "https://x.test/a"}}),
    (Part(data={"n": 1}), {"data": {"data": {"n": 1}}}),
    (Part(data=[1, 2]), {"data": {"data": {"value": [1, 2]}}, "metadata": {"data_part_compat": True}}),
    (
        Part(data="x", metadata={"k": 1}),
        {"data": {"data": {"value": "x"}}, "metadata": {"k": 1, "data_part_compat": True}},
    ),
]


@pytest.mark.parametrize(("neutral", "wire"), PARTS)
def test_a_part_is_written_in_its_form_and_read_back_as_it_was(neutral: Part, wire: Json) -> None:
    message = Message(role=Role.AGENT, message_id="m", parts=(neutral,), extensions=("https://e.test",))
    event = encode_proto_event(message)
    assert event == {
        "message": {"messageId": "m", "role": "ROLE_AGENT", "content": [wire], "extensions": ["https://e.test"]}
    }
    assert decode_proto_send(event).message == message


def test_a_task_is_written_with_its_artifacts_its_history_and_two_ls_in_cancelled() -> None:
    status = TaskStatus(state=TaskState.CANCELED, timestamp=datetime(2026, 1, 2, tzinfo=UTC))
    bare = Task(id="t", context_id="c", status=status)
    wire = {
        "id": "t",
        "contextId": "c",
        "status": {"state": "TASK_STATE_CANCELLED", "timestamp": "2026-01-02T00:00:00.000Z"},
    }
    assert encode_proto_task(bare) == wire
    message = Message(role=Role.USER, message_id="m", parts=(Part(text="hi"),))
    full = bare.model_copy(
        update={"artifacts": (Artifact(artifact_id="a", parts=(Part(text="x"),)),), "history": (message,)}
    )
    assert encode_proto_event(full) == {
        "task": {
            **wire,
            "artifacts": [{"artifactId": "a", "parts": [{"text": "x"}]}],
            "history": [{"messageId": "m", "role": "ROLE_USER", "content": [{"text": "hi"}]}],
        }
    }


@pytest.mark.parametrize(
    ("state", "final"),
    [(TaskState.WORKING, False), (TaskState.INPUT_REQUIRED, True), (TaskState.COMPLETED, True)],
)
def test_a_status_update_is_final_where_its_state_is_settled(state: TaskState, final: bool) -> None:
    message = Message(role=Role.AGENT, message_id="m", parts=(Part(text="hi"),))
    status = TaskStatus(state=state, message=message)
    wire: Any = encode_proto_event(StatusUpdate(task_id="t", context_id="c", status=status))
    assert wire["statusUpdate"]["final"] is final
    assert wire["statusUpdate"]["status"]["message"]["content"] == [{"text": "hi"}]


def test_an_artifact_update_says_whether_it_appends_and_is_the_last() -> None:
    artifact = Artifact(artifact_id="a", parts=(Part(text="x"),))
    update = ArtifactUpdate(task_id="t", context_id="c", artifact=artifact, append=True, last_chunk=False)
    wire: Any = encode_proto_event(update)
    assert (wire["artifactUpdate"]["append"], wire["artifactUpdate"]["lastChunk"]) == (True, False)
