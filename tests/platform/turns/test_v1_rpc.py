"""JSON-RPC and streams of v1, in literal JSON (V1-EP-08, V1-RPC-01 to V1-RPC-06)."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from tests.deadline import HANG
from tests.platform.turns.parts import UNKNOWN, House, reason, rpc, v1_send

pytestmark = pytest.mark.anyio


async def test_a_message_is_answered_by_the_bare_task(home: House) -> None:
    """V1-RPC-01, V1-OBJ-17, V1-OBJ-15."""
    task = (await home.rpc(home.v1, "message/send", v1_send("hello", message_id="m-1"), "r-1"))["result"]
    assert (task["kind"], task["status"]["state"]) == ("task", "completed")
    assert task["status"]["message"]["parts"] == [{"kind": "text", "text": "echo: hello"}]
    assert task["status"]["message"]["kind"] == "message"
    said = task["history"][0]
    assert (said["kind"], said["messageId"], said["role"]) == ("message", "m-1", "user")
    assert "metadata" not in said
    assert (await home.rpc(home.v1, "tasks/get", {"id": task["id"]}))["result"] == task
    newest = (await home.rpc(home.v1, "tasks/get", {"id": task["id"], "historyLength": 0}))["result"]
    assert newest["history"] == []
    assert (await home.call("GET", f"{home.v1}/tasks/{task['id']}")).json() == task


async def test_a_stream_tells_the_task_its_updates_and_what_it_cost(home: House) -> None:
    """V1-RPC-02 to V1-RPC-05, CON-05, SDKC-07, V1-OBJ-19."""
    with anyio.fail_after(HANG):
        events = await home.events(home.v1, rpc("message/stream", v1_send("tool now"), 7))
    assert {number for number, _ in events} == {None}
    assert all((event["jsonrpc"], event["id"]) == ("2.0", 7) for _, event in events)
    told = [event["result"] for _, event in events]
    kinds = [event["kind"] for event in told]
    assert kinds == ["task", *["status-update"] * (len(kinds) - 3), "artifact-update", "status-update"]
    task, artifact, last = told[0], told[-2], told[-1]
    assert task["status"]["state"] == "submitted"
    for working in told[1:-2]:
        assert (working["status"]["state"], working["final"]) == ("working", False)
    assert artifact["artifact"]["parts"][0] == {"kind": "data", "data": {"said": "echo: tool now"}}
    assert (last["status"]["state"], last["final"]) == ("completed", True)
    assert last["metadata"]["credits"] == 0.0
    for update in told[1:]:
        assert (update["taskId"], update["contextId"]) == (task["id"], task["contextId"])
        assert "metadata" not in update.get("status", {}).get("message", {})


async def test_usage_is_told_in_v1s_words(home: House) -> None:
    """V1-OBJ-21, V1-RPC-04."""
    with anyio.fail_after(HANG):
        events = await home.events(home.v1, rpc("message/stream", v1_send("spend")))
        task = (await home.rpc(home.v1, "message/send", v1_send("spend")))["result"]
    for metadata in (events[-1][1]["result"]["metadata"], task["metadata"]):
        assert metadata["_usage"] == {"input_tokens": 10, "output_tokens": 5}
        assert metadata["credits"] == 0.5
        assert "$usage" not in metadata


async def test_a_question_ends_the_stream(home: House) -> None:
    """V1-RPC-04, V1-OBJ-19: `input-required` is final for the stream, and is answered with the id of its task."""
    with anyio.fail_after(HANG):
        events = await home.events(home.v1, rpc("message/stream", v1_send("ask")))
        last = events[-1][1]["result"]
        assert (last["status"]["state"], last["final"]) == ("input-required", True)
        ids = {"taskId": last["taskId"], "contextId": last["contextId"]}
        events = await home.events(home.v1, rpc("message/stream", v1_send("the left one", **ids)))
    assert events[0][1]["result"]["id"] == last["taskId"]
    assert events[-1][1]["result"]["status"]["state"] == "completed"


async def test_a_task_at_work_is_cancelled_and_a_final_one_is_not(home: House) -> None:
    """V1-RPC-01, V1-OBJ-19, V1-SEND-08."""
    with anyio.fail_after(HANG):
        sent = v1_send("wait", configuration={"blocking": False})
        task = (await home.rpc(home.v1, "message/send", sent))["result"]
        assert task["status"]["state"] in {"submitted", "working"}
        await home.reasoner.waiting.wait()
        canceled = (await home.rpc(home.v1, "tasks/cancel", {"id": task["id"]}))["result"]
        assert (canceled["id"], canceled["status"]["state"]) == (task["id"], "canceled")
        await home.reasoner.stopped.wait()
        error = (await home.rpc(home.v1, "tasks/cancel", {"id": task["id"]}))["error"]
    assert (error["code"], reason(error)) == (-32002, "TASK_NOT_CANCELABLE")


@pytest.mark.parametrize("method", ["tasks/resubscribe", "SendMessage", "message/Send", "agent/getCard", ""])
async def test_any_other_method_is_unknown(home: House, method: str) -> None:
    """V1-RPC-01."""
    error = (await home.rpc(home.v1, method, {}))["error"]
    assert (error["code"], reason(error)) == (-32601, "METHOD_NOT_FOUND")


@pytest.mark.parametrize("agent", [UNKNOWN, "x", "agt." + UNKNOWN])
async def test_an_unknown_agent_is_an_internal_error(home: House, agent: str) -> None:
    """V1-ERR-05."""
    home.agent = agent
    error = (await home.rpc(home.v1, "message/send", v1_send("hello")))["error"]
    assert (error["code"], reason(error)) == (-32603, "INTERNAL_ERROR")


async def test_refusals_are_told_with_a_number_and_a_reason(home: House) -> None:
    """V1-SEND-03, V1-SEND-04, V1-ID-01, V1-ERR-05."""
    done = (await home.rpc(home.v1, "message/send", v1_send("hello", message_id="m-1")))["result"]
    told: list[tuple[str, Any, int, str]] = [
        ("tasks/get", {"id": UNKNOWN}, -32001, "TASK_NOT_FOUND"),
        ("tasks/get", {"id": "x"}, -32602, "INVALID_PARAMS"),
        ("tasks/get", {}, -32602, "INVALID_PARAMS"),
        ("tasks/get", {"id": done["id"], "historyLength": -1}, -32602, "INVALID_PARAMS"),
        ("message/send", v1_send("x", taskId=UNKNOWN), -32001, "TASK_NOT_FOUND"),
        ("message/send", v1_send("x", contextId=UNKNOWN), -32602, "CONTEXT_NOT_FOUND"),
        ("message/send", v1_send("x", contextId="x"), -32602, "INVALID_PARAMS"),
        ("message/stream", v1_send("x", taskId=done["id"]), -32004, "UNSUPPORTED_OPERATION"),
        ("message/send", v1_send("y", message_id="m-1"), -32602, "MESSAGE_CONFLICT"),
        ("message/send", {}, -32602, "INVALID_PARAMS"),
        ("message/stream", {"message": {"kind": "message"}}, -32602, "INVALID_PARAMS"),
    ]
    for method, params, number, why in told:
        error = (await home.rpc(home.v1, method, params))["error"]
        assert (error["code"], reason(error)) == (number, why), (method, params)


async def test_the_alias_of_the_documentation_speaks_json_rpc_too(home: House) -> None:
    """CON-01, LOC-03."""
    alias = home.v1.replace("/agents/", "/v2/agents/")
    assert (await home.rpc(alias, "message/send", v1_send("hello")))["result"]["status"]["state"] == "completed"


async def test_a_repeated_stream_shows_the_task(home: House) -> None:
    """CLI-10."""
    body = rpc("message/stream", v1_send("hello", message_id="once"))
    with anyio.fail_after(HANG):
        first = await home.events(home.v1, body)
        again = await home.events(home.v1, body)
    assert again[0][1]["result"]["id"] == first[0][1]["result"]["id"]
    assert home.reasoner.seen == ["hello"]
