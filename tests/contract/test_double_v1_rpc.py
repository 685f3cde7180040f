"""The double's v1 plane over JSON-RPC, with streams (section 12)."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import pytest

from tests.contract.corti_double import CortiDouble, Gate, Report, Turn, Usage, in_pieces
from tests.contract.serving import calling

pytestmark = pytest.mark.anyio

UNKNOWN = "11111111-1111-4111-8111-111111111111"


def request(method: str, params: object = None, request_id: object = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def message(message_id: str = "m-1", **more: Any) -> dict[str, Any]:
    parts = [{"kind": "text", "text": "Hi"}]
    return {"message": {"kind": "message", "role": "user", "messageId": message_id, "parts": parts, **more}}


async def stream(client: httpx2.AsyncClient, agent: str, sent: dict[str, Any]) -> list[dict[str, Any]]:
    async with client.stream("POST", f"/agents/{agent}/v1", json=request("message/stream", sent)) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        lines = [line async for line in answer.aiter_lines() if line]
    assert all(line.startswith("data: ") for line in lines)
    documents = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert {(document["jsonrpc"], document["id"]) for document in documents} == {("2.0", 1)}
    return [document["result"] for document in documents]


async def test_a_stream_tells_the_turn_in_the_seen_order() -> None:
    """V1-RPC-02 to V1-RPC-05."""
    double = CortiDouble()
    agent = double.add_agent()
    steps = [Report("Looking", metadata={"step": 1})]
    double.agent_answers(Turn("Done", steps=steps, artifacts=in_pieces("r1", "a", "b"), usage=Usage(3, 4, 0.5)))
    async with calling(double) as client:
        events = await stream(client, agent, message())
    assert [event["kind"] for event in events] == [
        "task",
        "status-update",
        "status-update",
        "artifact-update",
        "artifact-update",
        "status-update",
    ]
    assert [event["status"]["state"] for event in events if "status" in event] == [
        "submitted",
        "working",
        "working",
        "completed",
    ]
    assert [event.get("final") for event in events] == [None, False, False, None, None, True]
    assert [(event["append"], event["lastChunk"]) for event in events[3:5]] == [(False, False), (True, True)]
    assert events[2]["metadata"] == {"step": 1}
    assert events[-1]["metadata"] == {"credits": 0.5, "_usage": {"input_tokens": 3, "output_tokens": 4}}
    assert events[-1]["status"]["message"]["parts"] == [{"kind": "text", "text": "Done"}]


@pytest.mark.parametrize("state", ["input-required", "auth-required", "failed", "rejected"])
async def test_every_settled_state_ends_the_stream(state: Any) -> None:
    """V1-RPC-04."""
    double = CortiDouble()
    agent = double.add_agent()
    double.agent_answers(Turn("So", state))
    async with calling(double) as client:
        last = (await stream(client, agent, message()))[-1]
    assert (last["status"]["state"], last["final"]) == (state, True)


async def test_a_continued_task_streams_its_own_turn_only() -> None:
    """V1-SEND-02."""
    double = CortiDouble()
    agent = double.add_agent()
    double.agent_answers(Turn("Which?", "input-required"), "Thanks")
    async with calling(double) as client:
        first = (await stream(client, agent, message()))[0]
        second = await stream(client, agent, message("m-2", contextId=first["contextId"], taskId=first["id"]))
    assert [event["status"]["state"] for event in second] == ["submitted", "working", "completed"]
    assert {event.get("id") or event["taskId"] for event in second} == {first["id"]}


async def test_a_message_is_the_whole_stream() -> None:
    """V1-RPC-02, V1-SEND-05."""
    double = CortiDouble()
    agent = double.add_agent()
    double.agent_answers(Turn("Hi", as_message=True))
    async with calling(double) as client:
        events = await stream(client, agent, message())
    assert [(event["kind"], event["role"]) for event in events] == [("message", "agent")]


async def test_send_get_and_cancel_answer_bare_tasks() -> None:
    """V1-RPC-01."""
    double = CortiDouble()
    agent, gate = double.add_agent(), Gate()
    double.agent_answers(Turn("One"), Turn("Never", gate=gate))
    path = f"/agents/{agent}/v1"
    async with calling(double) as client:
        sent = (await client.post(path, json=request("message/send", message()))).json()["result"]
        got = (await client.post(path, json=request("tasks/get", {"id": sent["id"], "historyLength": 0}))).json()
        late = {**message("m-2"), "configuration": {"blocking": False}}
        working = (await client.post(path, json=request("message/send", late))).json()["result"]
        canceled = (await client.post(path, json=request("tasks/cancel", {"id": working["id"]}, "a"))).json()
        again = (await client.post(path, json=request("tasks/cancel", {"id": working["id"]}))).json()
    assert (sent["kind"], sent["status"]["state"]) == ("task", "completed")
    assert (got["result"]["id"], got["result"]["history"]) == (sent["id"], [])
    assert (canceled["id"], canceled["result"]["status"]["state"]) == ("a", "canceled")
    assert again["error"]["code"] == -32002


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"[]", -32600),
        (json.dumps({"id": 1, "method": "tasks/get"}).encode(), -32600),
        (json.dumps(request("tasks/list", {})).encode(), -32601),
        (json.dumps(request("tasks/get", {})).encode(), -32602),
        (json.dumps(request("message/send", {"message": {}})).encode(), -32602),
        (json.dumps(request("tasks/get", {"id": UNKNOWN})).encode(), -32001),
    ],
)
async def test_refusals_are_json_rpc_errors_with_status_200(body: bytes, code: int) -> None:
    """V1-RPC-01."""
    double = CortiDouble()
    agent = double.add_agent()
    async with calling(double) as client:
        answer = await client.post(f"/agents/{agent}/v1", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, code)


async def test_an_unknown_agent_is_an_internal_error() -> None:
    """V1-ERR-05."""
    async with calling(CortiDouble()) as client:
        answer = await client.post(f"/agents/{UNKNOWN}/v1", json=request("message/stream", message()))
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == -32603
    assert answer.json()["error"]["data"] == [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "INTERNAL_ERROR",
            "domain": "a2a-protocol.org",
            "metadata": {},
        }
    ]


async def test_a_client_that_leaves_a_stream_stops_the_stream_and_not_the_turn() -> None:
    double = CortiDouble()
    agent, gate = double.add_agent(), Gate()
    double.agent_answers(Turn("Done", gate=gate))
    async with calling(double) as client:
        body = request("message/stream", message())
        async with client.stream("POST", f"/agents/{agent}/v1", json=body) as answer:
            line = await anext(answer.aiter_lines())
            assert double.open_streams == 1
        with anyio.fail_after(60):
            await double.streams_closed()
        gate.open()
        await double.finish()
        task = json.loads(line.removeprefix("data: "))["result"]["id"]
        done = (await client.get(f"/agents/{agent}/v1/tasks/{task}")).json()
    assert done["status"]["state"] == "completed"
    assert double.executed["m-1"] == 1
