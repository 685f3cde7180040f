"""Send, get, cancel and contexts on both bindings (a2a.md section 4)."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from tests.a2a.desk import Desk, Peer, Served, message
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def sent(peer: Peer, text: str, **changes: Any) -> dict[str, Any]:
    answer = await peer.ask("SendMessage", message(text, **changes))
    assert answer.status == 200, answer
    return answer.task


async def waiting(peer: Peer, desk: Desk) -> dict[str, Any]:
    params = message("wait") | {"configuration": {"returnImmediately": True}}
    answer = await peer.ask("SendMessage", params)
    with anyio.fail_after(HANG):
        await desk.started.wait()
    return answer.task


async def test_a_send_answers_with_exactly_one_settled_task_a2a_send_01_send_02_task_01(peer: Peer) -> None:
    answer = await peer.ask("SendMessage", message("hello"))
    assert answer.status == 200
    assert set(answer.result) == {"task"}
    assert answer.task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert answer.task["status"]["message"]["parts"] == [{"text": "echo: hello"}]
    assert answer.task["status"]["timestamp"].endswith("Z")
    assert answer.task["history"][0]["parts"] == [{"text": "hello"}]
    assert answer.task["history"][0]["taskId"] == answer.task["id"]


async def test_return_immediately_answers_once_the_task_exists_a2a_send_03(peer: Peer, desk: Desk) -> None:
    task = await waiting(peer, desk)
    assert task["status"]["state"] in {"TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"}
    desk.go_on.set()


async def test_a_message_to_an_ended_task_is_unsupported_a2a_send_04(peer: Peer) -> None:
    task = await sent(peer, "hello")
    answer = await peer.ask("SendMessage", message("more", taskId=task["id"]))
    assert answer.reason == "UNSUPPORTED_OPERATION"


async def test_a_message_to_an_unknown_task_is_not_found_a2a_send_05(peer: Peer) -> None:
    answer = await peer.ask("SendMessage", message("hello", taskId=UNKNOWN))
    assert answer.reason == "TASK_NOT_FOUND"


async def test_a_part_of_an_undeclared_media_type_is_refused_a2a_send_06(peer: Peer, desk: Desk) -> None:
    for part in ({"raw": "aGk=", "mediaType": "image/png"}, {"text": "<b>", "mediaType": "text/html"}):
        answer = await peer.ask("SendMessage", message("x", parts=[part]))
        assert answer.reason == "CONTENT_TYPE_NOT_SUPPORTED"
    answer = await peer.ask(
        "SendMessage", message("x", parts=[{"text": "hi", "mediaType": "text/plain; charset=utf-8"}])
    )
    assert answer.status == 200
    assert len(desk.seen) == 1


@pytest.mark.parametrize("field", ["messageId", "role", "parts"])
async def test_a_missing_field_is_named_in_the_violations_a2a_send_07(peer: Peer, field: str) -> None:
    params = message("hello")
    del params["message"][field]
    answer = await peer.ask("SendMessage", params)
    assert answer.reason == "INVALID_PARAMS"
    assert answer.violations == [f"message.{field}"]
    assert answer.error["code"] in {-32602, 400}


@pytest.mark.parametrize(("length", "texts"), [(None, ["hello"]), (0, []), (1, ["hello"]), (5, ["hello"])])
async def test_history_length_limits_the_history_a2a_send_08(peer: Peer, length: int | None, texts: list[str]) -> None:
    configuration = {} if length is None else {"historyLength": length}
    answer = await peer.ask("SendMessage", message("hello") | {"configuration": configuration})
    got = await peer.ask("GetTask", {"id": answer.task["id"]} | configuration)
    for task in (answer.task, got.result):
        assert [one["parts"][0]["text"] for one in task.get("history", [])] == texts
    if length == 0:
        assert "history" not in answer.task


@pytest.mark.parametrize("length", [-1, 2**31])
async def test_a_history_length_that_no_integer_of_a2a_holds_is_refused(http_peer: Peer, length: int) -> None:
    task = await sent(http_peer, "hello")
    answer = await http_peer.ask("GetTask", {"id": task["id"], "historyLength": length})
    assert answer.violations == ["historyLength"]


async def test_a_repeated_message_returns_its_task_a2a_send_09(peer: Peer, desk: Desk) -> None:
    first = await sent(peer, "hello", messageId="same")
    second = await sent(peer, "hello", messageId="same")
    assert first["id"] == second["id"]
    assert len(desk.seen) == 1
    answer = await peer.ask("SendMessage", message("other", messageId="same"))
    assert answer.violations == ["message.messageId"]


async def test_a_context_is_made_or_kept_as_given_a2a_ctx_01_ctx_02(peer: Peer) -> None:
    made = await sent(peer, "hello")
    assert len(made["contextId"]) == 36
    given = await sent(peer, "hello", contextId="visit-7")
    assert given["contextId"] == "visit-7"


async def test_the_context_is_inferred_from_the_task_a2a_ctx_03(peer: Peer) -> None:
    task = await sent(peer, "ask")
    assert task["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    for _ in range(3):
        again = await sent(peer, "ask", taskId=task["id"])
        assert (again["id"], again["contextId"]) == (task["id"], task["contextId"])
    done = await sent(peer, "the left one", taskId=task["id"])
    assert done["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_a_context_that_is_not_the_tasks_is_refused_a2a_ctx_04(peer: Peer) -> None:
    task = await sent(peer, "ask")
    answer = await peer.ask("SendMessage", message("x", taskId=task["id"], contextId="another"))
    assert answer.violations == ["message.contextId"]


async def test_get_returns_the_task_and_not_found_for_an_unknown_one(peer: Peer) -> None:
    task = await sent(peer, "chunks")
    got = await peer.ask("GetTask", {"id": task["id"]})
    assert got.result == task
    assert got.result["artifacts"] == [{"artifactId": "r-1", "parts": [{"text": "Peni"}, {"text": "cillin."}]}]
    assert (await peer.ask("GetTask", {"id": UNKNOWN})).reason == "TASK_NOT_FOUND"


async def test_cancel_ends_a_running_task_a2a_can_01(peer: Peer, desk: Desk) -> None:
    task = await waiting(peer, desk)
    answer = await peer.ask("CancelTask", {"id": task["id"]})
    assert answer.result["id"] == task["id"]
    assert answer.result["status"]["state"] == "TASK_STATE_CANCELED"
    assert desk.cancelled == [task["id"]]
    assert (await peer.ask("CancelTask", {"id": task["id"]})).reason == "TASK_NOT_CANCELABLE"
    assert (await peer.ask("CancelTask", {"id": UNKNOWN})).reason == "TASK_NOT_FOUND"


async def test_a_task_that_waits_for_an_answer_can_be_cancelled_a2a_can_01(peer: Peer) -> None:
    task = await sent(peer, "ask")
    answer = await peer.ask("CancelTask", {"id": task["id"]})
    assert answer.result["status"]["state"] == "TASK_STATE_CANCELED"


async def test_an_agent_that_lacks_a_credential_asks_for_it_a2a_ar_01(peer: Peer) -> None:
    task = await sent(peer, "login")
    assert task["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
    assert "ehr" in task["status"]["message"]["parts"][0]["text"]


async def test_an_agent_that_crashes_fails_its_task_without_its_text_a2a_err_02(peer: Peer) -> None:
    task = await sent(peer, "crash")
    assert task["status"]["state"] == "TASK_STATE_FAILED"
    assert "Jane" not in str(task)


async def test_a_push_configuration_in_a_send_is_refused_a2a_card_08(peer: Peer, desk: Desk) -> None:
    params = message("x") | {"configuration": {"taskPushNotificationConfig": {"url": "https://example.org"}}}
    assert (await peer.ask("SendMessage", params)).reason == "PUSH_NOTIFICATION_NOT_SUPPORTED"
    assert desk.seen == []


async def test_a_token_part_reaches_the_run_and_nothing_else_a2a_ar_04(peer: Peer, served: Served) -> None:
    canary = "canary-6f1d"
    parts = [{"text": "hello"}, {"data": {"type": "token", "mcp_name": "ehr", "token": canary}}]
    answer = await peer.ask("SendMessage", message("x", parts=parts))
    got = await peer.ask("GetTask", {"id": answer.task["id"]})
    listed = await peer.ask("ListTasks", {})
    for shown in (answer, got, listed):
        assert canary not in str(shown)
    assert canary in served.agent.contexts[0].credentials.secrets()
    assert canary not in str(served.agent.seen[0].model_dump())
    stored = await served.database.read(lambda connection: str(connection.execute("SELECT * FROM events").fetchall()))
    assert "hello" in stored
    assert canary not in stored


async def test_an_incomplete_credential_is_refused_before_anything_is_stored(peer: Peer, desk: Desk) -> None:
    parts = [{"text": "hello"}, {"data": {"type": "token", "mcp_name": "ehr"}}]
    answer = await peer.ask("SendMessage", message("x", parts=parts))
    assert answer.details[0]["metadata"] == {"code": "mcp_auth_missing_token"}
    assert desk.seen == []
    assert (await peer.ask("ListTasks", {})).result["totalSize"] == 0
