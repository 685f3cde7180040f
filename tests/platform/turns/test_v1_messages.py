"""Messages, tasks and contexts on the v1 wire (V1-SEND-*, V1-TASK-*, V1-CTXEP-*)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest

from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.parts import Plain, Talk, body, said, state, talk

pytestmark = pytest.mark.anyio

UNKNOWN = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
async def chief() -> AsyncGenerator[Talk]:
    async with LocalPlatform(reasoner=Plain()) as platform:
        yield await talk(platform)


async def test_a_first_message_opens_a_context_and_answers_with_a_task(chief: Talk) -> None:
    """V1-EP-07, V1-SEND-01, V1-SEND-05, V1-SEND-06, CTX-01."""
    task = await chief.send("!hello")
    assert task["kind"] == "task"
    assert state(task) == "completed"
    assert task["status"]["message"]["kind"] == "message"
    assert task["status"]["message"]["role"] == "agent"
    assert said(task) == "That cannot be done here."
    asked = task["history"][0]
    assert (asked["contextId"], asked["taskId"]) == (task["contextId"], task["id"])
    assert task["metadata"]["agentkit"]["steps"] == []


async def test_the_documented_request_is_accepted_with_everything_optional(chief: Talk) -> None:
    """V1-SEND-07, V1-SEND-11, V1-OBJ-14 to V1-OBJ-16, CON-22."""
    request: dict[str, Any] = {
        "message": {
            "kind": "message",
            "role": "agent",
            "messageId": "msg-1730000000000",
            "parts": [
                {"kind": "text", "text": "!Any allergies on file?", "metadata": {"a": 1}},
                {"kind": "data", "data": {"patientRef": "example-1"}},
                {"kind": "file", "file": {"uri": "https://files.example.org/a.pdf", "mimeType": "application/pdf"}},
            ],
            "referenceTaskIds": [UNKNOWN],
            "extensions": ["https://example.org/extension"],
            "metadata": {"b": 2},
        },
        "configuration": {"blocking": True, "historyLength": 10, "acceptedOutputModes": ["text/plain"]},
        "metadata": {"c": 3},
    }
    answer = await chief.post(request)
    assert answer.status_code == 200
    assert answer.json()["task"]["history"][0]["parts"] == request["message"]["parts"]


@pytest.mark.parametrize(
    ("damage", "location"),
    [
        ({"message": None}, "message"),
        ({"role": None}, "message.role"),
        ({"parts": None}, "message.parts"),
        ({"messageId": None}, "message.messageId"),
        ({"kind": None}, "message.kind"),
        ({"parts": [{"kind": "text"}]}, "message.parts[0].text"),
        ({"parts": [{"kind": "video", "video": "x"}]}, "message.parts[0].kind"),
        ({"parts": [{"text": "x"}]}, "message.parts[0].kind"),
        ({"role": "robot"}, "message.role"),
    ],
)
async def test_a_message_that_does_not_fit_is_a_422_that_names_the_field(
    chief: Talk, damage: dict[str, Any], location: str
) -> None:
    """V1-SEND-10, V1-ERR-02, CON-02, V1-EP-07."""
    request = body("!hello")
    if "message" in damage:
        request = {}
    else:
        request["message"] = {key: v for key, v in (request["message"] | damage).items() if v is not None}
    answer = await chief.post(request)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["errors"][0]["location"] == location


async def test_malformed_json_is_a_400(chief: Talk) -> None:
    """V1-ERR-02."""
    answer = await chief.api.post(f"/agents/{chief.agent}/v1/message:send", content=b'{"message":')
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("where", "status", "code"),
    [
        ({"context": "ctx_1"}, 400, "invalid_id"),
        ({"task": "x"}, 400, "invalid_id"),
        ({"context": UNKNOWN}, 404, "context_not_found"),
        ({"task": UNKNOWN}, 404, "task_not_found"),
    ],
)
async def test_unknown_and_malformed_ids_are_told_apart(
    chief: Talk, where: dict[str, str], status: int, code: str
) -> None:
    """V1-ID-01, V1-SEND-04, CTX-01, CON-02."""
    answer = await chief.post(body("!hello", **where))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_final_task_cannot_be_continued(chief: Talk) -> None:
    """V1-SEND-03."""
    task = await chief.send("!hello")
    answer = await chief.post(body("!more", task=task["id"]))
    assert (answer.status_code, answer.json()["code"]) == (400, "task_not_continuable")


async def test_a_context_that_is_not_the_tasks_is_a_400(chief: Talk) -> None:
    """V1-SEND-04."""
    one, two = await chief.send("!hello"), await chief.send("!hello")
    answer = await chief.post(body("!more", task=one["id"], context=two["contextId"]))
    assert (answer.status_code, answer.json()["code"]) == (400, "context_mismatch")


async def test_the_same_message_again_is_the_same_task_and_another_content_a_409(chief: Talk) -> None:
    """CLI-10."""
    request = body("!hello")
    first, second = await chief.post(request), await chief.post(request)
    assert first.json()["task"]["id"] == second.json()["task"]["id"]
    request["message"]["parts"] = [{"kind": "text", "text": "!something else"}]
    answer = await chief.post(request)
    assert (answer.status_code, answer.json()["code"]) == (409, "message_conflict")


async def test_a_send_that_does_not_block_returns_at_once_and_can_be_polled(chief: Talk) -> None:
    """V1-SEND-08, V1-TASK-02."""
    task = await chief.send("!hello", blocking=False)
    assert state(task) in {"submitted", "working", "completed"}
    with anyio.fail_after(HANG):
        while state(task) != "completed":
            task = (await chief.api.get(f"/agents/{chief.agent}/v1/tasks/{task['id']}")).json()
    assert said(task) == "That cannot be done here."


async def test_history_length_cuts_the_answer_and_never_the_store(chief: Talk) -> None:
    """V1-TASK-01, CON-22, V1-EP-09."""
    task = await chief.send("!hello", historyLength=0)
    assert task["history"] == []
    url = f"/agents/{chief.agent}/v1/tasks/{task['id']}"
    every = (await chief.api.get(url)).json()["history"]
    assert every
    assert (await chief.api.get(f"{url}?historyLength=0")).json()["history"] == []
    assert (await chief.api.get(f"{url}?historyLength=1")).json()["history"] == every[-1:]
    assert (await chief.api.get(url)).json()["history"] == every
    assert (await chief.api.get(f"{url}?historyLength=-1")).status_code == 400


async def test_a_task_is_read_bare_and_under_its_own_agent_only(chief: Talk) -> None:
    """V1-EP-09, V1-ID-02."""
    task = await chief.send("!hello")
    read = await chief.api.get(f"/agents/{chief.agent}/v1/tasks/{task['id']}")
    assert read.json() == task
    other = (await chief.api.post("/agents", json={"name": "other", "description": "d"})).json()["id"]
    for agent, code in ((other, "task_not_found"), (UNKNOWN, "expert_not_found")):
        answer = await chief.api.get(f"/agents/{agent}/v1/tasks/{task['id']}")
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    foreign = await chief.api.post(f"/agents/{other}/v1/message:send", json=body("!hello", context=task["contextId"]))
    assert (foreign.status_code, foreign.json()["code"]) == (404, "context_not_found")


async def test_a_context_holds_its_tasks_oldest_first_and_pages(chief: Talk) -> None:
    """V1-EP-10, V1-OBJ-20, V1-CTXEP-01."""
    first = await chief.send("!one")
    ids = [first["id"]]
    ids += [(await chief.send(f"!{number}", context=first["contextId"]))["id"] for number in range(2)]
    url = f"/agents/{chief.agent}/v1/contexts/{first['contextId']}"
    context = (await chief.api.get(url)).json()
    assert context["id"] == first["contextId"]
    assert [(item["kind"], item["id"]) for item in context["items"]] == [("task", task) for task in ids]
    page = (await chief.api.get(f"{url}?limit=1&offset=1")).json()
    assert [item["id"] for item in page["items"]] == ids[1:2]
    assert (await chief.api.get(f"{url}?limit=0")).status_code == 400
    assert (await chief.api.get(f"/agents/{chief.agent}/v1/contexts/x")).status_code == 400
    assert (await chief.api.get(f"/agents/{chief.agent}/v1/contexts/{UNKNOWN}")).status_code == 404


async def test_a_deleted_context_is_gone_with_its_tasks(chief: Talk) -> None:
    """V1-EP-11, V1-CTXEP-02, CON-19."""
    task = await chief.send("!hello")
    url = f"/agents/{chief.agent}/v1/contexts/{task['contextId']}"
    gone = await chief.api.delete(url)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await chief.api.get(url)).status_code == 404
    assert (await chief.api.delete(url)).status_code == 404
    assert (await chief.api.get(f"/agents/{chief.agent}/v1/tasks/{task['id']}")).status_code == 404
    assert (await chief.post(body("!more", context=task["contextId"]))).status_code == 404


async def test_a_deleted_agent_takes_no_messages(chief: Talk) -> None:
    """V1-AGENT-08."""
    task = await chief.send("!hello")
    await chief.api.delete(f"/agents/{chief.agent}")
    answer = await chief.post(body("!more", context=task["contextId"]))
    assert (answer.status_code, answer.json()["code"]) == (404, "expert_not_found")


async def test_an_unexpected_error_is_a_500_with_a_reference_and_no_content(
    chief: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from agentkit.platform.agents.store import AgentStore

    async def broken(*_: object) -> None:
        raise RuntimeError("canary: what the user said")

    monkeypatch.setattr(AgentStore, "find", broken)
    answer = await chief.api.get(f"/agents/{chief.agent}")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (500, "internal_error")
    assert told["details"]["reference"] in caplog.text
    assert "canary" not in answer.text + caplog.text


@pytest.mark.parametrize("bad", ["x", "task.11111111-1111-4111-8111-111111111111", "11111111111141118111111111111111"])
async def test_an_id_that_is_none_is_a_400_at_every_address(chief: Talk, bad: str) -> None:
    """V1-ID-01."""
    task = await chief.send("!hello")
    agent, context = f"/agents/{chief.agent}/v1", task["contextId"]
    for method, path in (
        ("POST", f"/agents/{bad}/v1/message:send"),
        ("GET", f"/agents/{bad}/v1/tasks/{task['id']}"),
        ("GET", f"/agents/{bad}/v1/contexts/{context}"),
        ("DELETE", f"/agents/{bad}/v1/contexts/{context}"),
        ("GET", f"{agent}/tasks/{bad}"),
        ("GET", f"{agent}/contexts/{bad}"),
        ("DELETE", f"{agent}/contexts/{bad}"),
    ):
        answer = await chief.api.request(method, path, json=body("!hello") if method == "POST" else None)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_id"), path
    assert (await chief.api.get(f"{agent}/contexts/{context}")).status_code == 200
