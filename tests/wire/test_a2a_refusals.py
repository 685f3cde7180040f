"""What the A2A codec refuses, and where it says the fault lies (A2A-SEND-01, A2A-SEND-07)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentkit.errors import WireError
from agentkit.wire import a2a

TEXT = {"text": "secret words"}
MESSAGE: dict[str, Any] = {"messageId": "m", "role": "ROLE_USER", "parts": [TEXT]}
STATUS = {"state": "TASK_STATE_WORKING"}


def send(**changes: Any) -> dict[str, Any]:
    return {"message": {key: value for key, value in {**MESSAGE, **changes}.items() if value is not ...}}


def part(value: object) -> dict[str, Any]:
    return send(parts=[TEXT, value])


CASES: list[tuple[Callable[..., object], object, str, str]] = [
    (a2a.decode_send_request, [], "", "type"),
    (a2a.decode_send_request, {}, "message", "missing"),
    (a2a.decode_send_request, send(messageId=...), "message.messageId", "missing"),
    (a2a.decode_send_request, send(messageId=""), "message.messageId", "value"),
    (a2a.decode_send_request, send(messageId=1), "message.messageId", "type"),
    (a2a.decode_send_request, send(role=...), "message.role", "missing"),
    (a2a.decode_send_request, send(role="user"), "message.role", "value"),
    (a2a.decode_send_request, send(role="ROLE_UNSPECIFIED"), "message.role", "value"),
    (a2a.decode_send_request, send(parts=...), "message.parts", "missing"),
    (a2a.decode_send_request, send(parts=[]), "message.parts", "value"),
    (a2a.decode_send_request, send(parts={}), "message.parts", "type"),
    (a2a.decode_send_request, part("x"), "message.parts[1]", "type"),
    (a2a.decode_send_request, part({}), "message.parts[1].text", "missing"),
    (a2a.decode_send_request, part({"mediaType": "text/plain"}), "message.parts[1].text", "missing"),
    (a2a.decode_send_request, part({"text": 1}), "message.parts[1].text", "type"),
    (a2a.decode_send_request, part({"text": "x", "data": {}}), "message.parts[1].data", "value"),
    (a2a.decode_send_request, part({"raw": "%%"}), "message.parts[1].raw", "value"),
    (a2a.decode_send_request, part({"raw": "a"}), "message.parts[1].raw", "value"),
    (a2a.decode_send_request, part({"url": []}), "message.parts[1].url", "type"),
    (a2a.decode_send_request, send(contextId=5), "message.contextId", "type"),
    (a2a.decode_send_request, send(referenceTaskIds=[1]), "message.referenceTaskIds[0]", "type"),
    (a2a.decode_send_request, send(metadata="x"), "message.metadata", "type"),
    (a2a.decode_send_request, {**send(), "configuration": []}, "configuration", "type"),
    (
        a2a.decode_send_request,
        {**send(), "configuration": {"historyLength": -1}},
        "configuration.historyLength",
        "value",
    ),
    (
        a2a.decode_send_request,
        {**send(), "configuration": {"returnImmediately": "yes"}},
        "configuration.returnImmediately",
        "type",
    ),
    (a2a.decode_event, {}, "", "value"),
    (a2a.decode_event, {"task": {"id": "t", "status": STATUS}, "message": MESSAGE}, "", "value"),
    (a2a.decode_event, {"task": {"status": STATUS}}, "task.id", "missing"),
    (a2a.decode_event, {"task": {"id": "t"}}, "task.status", "missing"),
    (a2a.decode_event, {"task": {"id": "t", "status": {}}}, "task.status.state", "missing"),
    (a2a.decode_event, {"statusUpdate": {"contextId": "c", "status": STATUS}}, "statusUpdate.taskId", "missing"),
    (a2a.decode_event, {"statusUpdate": {"taskId": "t", "status": STATUS}}, "statusUpdate.contextId", "missing"),
    (a2a.decode_event, {"artifactUpdate": {"taskId": "t", "contextId": "c"}}, "artifactUpdate.artifact", "missing"),
    (
        a2a.decode_event,
        {"artifactUpdate": {"taskId": "t", "contextId": "c", "artifact": {"parts": []}}},
        "artifactUpdate.artifact.artifactId",
        "missing",
    ),
]


@pytest.mark.parametrize(("decode", "value", "path", "reason"), CASES)
def test_what_does_not_fit_is_refused_with_its_place(
    decode: Callable[..., object], value: object, path: str, reason: str
) -> None:
    with pytest.raises(WireError) as refused:
        decode(value)
    assert (refused.value.path, refused.value.reason) == (path, reason)
    assert "secret words" not in str(refused.value)


def test_url_safe_and_unpadded_base64_is_read_as_protobuf_does() -> None:
    for raw in ("aGk", "aGk=", "-_-_", "+/+/"):
        assert a2a.encode_part(a2a.decode_part({"raw": raw})) == {"raw": raw}
