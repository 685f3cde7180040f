"""The double's v2 A2A plane over HTTP+JSON and JSON-RPC (section 14)."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import pytest

from tests.contract.corti_double import CortiDouble, Gate, Shape, Turn, Usage, in_pieces
from tests.contract.serving import calling

pytestmark = pytest.mark.anyio

UNKNOWN = "0192f4c8-2c5a-7b3e-9f1a-3c8d6e2b7a40"


def message(message_id: str | None = "msg-1", **more: Any) -> dict[str, Any]:
    named = {"messageId": message_id} if message_id else {}
    return {"message": {"role": "ROLE_USER", "parts": [{"text": "Hi"}], **named, **more}}


def a2a(agent: str, path: str = "") -> str:
    return f"/v2/agentic/agents/{agent}/a2a{path}"


async def send(client: httpx2.AsyncClient, agent: str, body: dict[str, Any], **configuration: Any) -> Any:
    sent = {**body, "configuration": configuration} if configuration else body
    return (await client.post(a2a(agent, "/message:send"), json=sent)).json()


async def rpc(client: httpx2.AsyncClient, agent: str, method: str, params: object) -> Any:
    body = {"jsonrpc": "2.0", "id": "r", "method": method, "params": params}
    return (await client.post(a2a(agent), json=body)).json()


async def events(answer: httpx2.Response) -> list[tuple[str, dict[str, Any]]]:
    """The events with their ids."""
    frames = (await answer.aread()).decode().split("\n\n")[:-1]
    pairs = [frame.split("\n") for frame in frames]
    assert all(len(pair) == 2 for pair in pairs)
    return [(number.removeprefix("id: "), json.loads(data.removeprefix("data: "))) for number, data in pairs]


def state(event: dict[str, Any]) -> str:
    return (event.get("task") or event["statusUpdate"])["status"]["state"]


async def test_a_message_is_answered_by_a_task_and_ids_may_be_bare() -> None:
    """V2-EP-08, V2-EP-11, V2-ID-01, V2-ID-02, V2-OBJ-11, V2-SEND-01, V2-SEND-02, CON-14."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("One", artifacts=in_pieces("r1", "a", "b"), usage=Usage(3, 4, 0.5, "corti-default")))
    async with calling(double) as client:
        task = (await send(client, agent, message("msg-1700000000000")))["task"]
        more = (await send(client, agent[4:], message("m-2", contextId=task["contextId"][4:])))["task"]
        got = (await client.get(a2a(agent, f"/tasks/{task['id'][5:]}?historyLength=0"))).json()
        nameless = (await send(client, agent, message(None), historyLength=1))["task"]
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert task["history"][0]["messageId"] == "msg-1700000000000"
    assert task["status"]["message"]["metadata"]["$timestamp"] == task["status"]["timestamp"]
    assert task["artifacts"] == [{"artifactId": "r1", "parts": [{"text": "a"}, {"text": "b"}]}]
    assert "metadata" not in task
    assert more["contextId"] == task["contextId"]
    assert (got["id"], got["history"]) == (task["id"], [])
    assert nameless["history"][0]["messageId"].startswith("msg.")


async def test_a_stream_has_event_ids_and_no_final() -> None:
    """V2-EP-09, V2-OBJ-18, V2-SSE-01, V2-VER-01."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("Done", artifacts=in_pieces("r1", "a", "b"), usage=Usage(3, 4)))
    async with calling(double) as client:
        answer = await client.post(a2a(agent, "/message:stream"), json=message())
    told = await events(answer)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["a2a-version"] == "1.0"
    assert [number for number, _ in told] == ["1", "2", "3", "4", "5"]
    assert [next(iter(event)) for _, event in told] == [
        "task",
        "statusUpdate",
        "artifactUpdate",
        "artifactUpdate",
        "statusUpdate",
    ]
    assert [event["artifactUpdate"].get("lastChunk") for _, event in told[2:4]] == [None, True]
    assert "$usage" not in answer.text
    assert "final" not in answer.text


async def test_the_json_rpc_binding_streams_the_same_with_usage() -> None:
    """V2-EP-07, V2-OBJ-14, V2-SSE-01."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("Done", usage=Usage(3, 4, 0.5, "corti-default", 1)))
    body = {"jsonrpc": "2.0", "id": 7, "method": "SendStreamingMessage", "params": message()}
    async with calling(double) as client:
        told = [event for _, event in await events(await client.post(a2a(agent), json=body))]
    assert {(event["jsonrpc"], event["id"]) for event in told} == {("2.0", 7)}
    assert [state(event["result"]) for event in told][-1] == "TASK_STATE_COMPLETED"
    assert told[-1]["result"]["statusUpdate"]["metadata"]["$usage"] == {
        "inputTokens": 3,
        "outputTokens": 4,
        "totalTokens": 7,
        "model": "corti-default",
        "credits": 0.5,
        "cachedInputTokens": 1,
    }


async def test_a_running_task_is_followed_from_where_it_is() -> None:
    """V2-EP-13: the task first, then what happens; a settled one is refused as by A2A."""
    double = CortiDouble()
    agent, gate = double.add_v2_agent(), Gate()
    double.agent_answers(Turn("Done", gate=gate))
    told: list[list[dict[str, Any]]] = []

    async with calling(double) as client:
        task = (await send(client, agent, message(), returnImmediately=True))["task"]
        path = a2a(agent, f"/tasks/{task['id']}:subscribe")
        with anyio.fail_after(60):
            await gate.reached()

        async def follow() -> None:
            told.append([event for _, event in await events(await client.post(path))])

        async with anyio.create_task_group() as group:
            group.start_soon(follow)
            group.start_soon(follow)
            await double.stream_signal.until(lambda: double.open_streams == 2)
            gate.open()
        refused = await client.post(path)
        over_rpc = await rpc(client, agent, "SubscribeToTask", {"id": task["id"]})
    assert task["status"]["state"] == "TASK_STATE_SUBMITTED"
    assert [[state(event) for event in events] for events in told] == [
        ["TASK_STATE_WORKING", "TASK_STATE_COMPLETED"]
    ] * 2
    assert (refused.status_code, refused.json()["error"]["details"][0]["reason"]) == (400, "UNSUPPORTED_OPERATION")
    assert over_rpc["error"]["code"] == -32004


async def test_after_a_cut_the_rest_is_read_by_subscribing() -> None:
    double = CortiDouble()
    agent, gate = double.add_v2_agent(), Gate()
    double.agent_answers(Turn("Done", gate=gate))
    double.inject(Shape(cut_after=2))
    seen = b""

    async def stream() -> None:
        nonlocal seen
        async with client.stream("POST", a2a(agent, "/message:stream"), json=message()) as answer:
            async for chunk in answer.aiter_raw():
                seen += chunk

    async with calling(double) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await stream()
        task = json.loads(seen.decode().split("data: ")[1].split("\n")[0])["task"]["id"]
        async with client.stream("POST", a2a(agent, f"/tasks/{task}:subscribe")) as answer:
            gate.open()
            rest = [state(event) for _, event in await events(answer)]
    assert rest == ["TASK_STATE_WORKING", "TASK_STATE_COMPLETED"]
    assert double.executed["msg-1"] == 1


async def test_a_task_is_cancelled_once() -> None:
    """V2-EP-12, V2-ERR-02, CON-20."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("Never", gate=Gate()))
    async with calling(double) as client:
        task = (await send(client, agent, message(), returnImmediately=True))["task"]
        first = await client.post(a2a(agent, f"/tasks/{task['id']}:cancel"))
        second = await client.post(a2a(agent, f"/tasks/{task['id']}:cancel"))
        over_rpc = await rpc(client, agent, "CancelTask", {"id": task["id"]})
    assert first.json()["status"]["state"] == "TASK_STATE_CANCELED"
    assert (second.status_code, second.json()["error"]["status"]) == (409, "FAILED_PRECONDITION")
    assert second.json()["error"]["details"][0]["reason"] == "TASK_NOT_CANCELABLE"
    assert over_rpc["error"]["code"] == -32002


async def test_tasks_are_listed_newest_first_by_context_and_page() -> None:
    """V2-EP-10."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    async with calling(double) as client:
        tasks = [(await send(client, agent, message(f"m-{number}")))["task"] for number in range(3)]
        first = (await client.get(a2a(agent, "/tasks?pageSize=2"))).json()
        second = (await client.get(a2a(agent, f"/tasks?pageSize=2&pageToken={first['nextPageToken']}"))).json()
        one = (await client.get(a2a(agent, f"/tasks?contextId={tasks[0]['contextId'][4:]}"))).json()
        over_rpc = (await rpc(client, agent, "ListTasks", {"pageSize": 2}))["result"]
    listed = [task["id"] for task in (*first["tasks"], *second["tasks"])]
    assert listed == [task["id"] for task in reversed(tasks)]
    assert second["nextPageToken"] is None
    assert [task["id"] for task in one["tasks"]] == [tasks[0]["id"]]
    assert [task["id"] for task in over_rpc["tasks"]] == listed[:2]


async def test_a_question_is_answered_in_its_task_and_a_settled_one_is_not() -> None:
    """V2-OBJ-15, V2-SEND-01."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("Which?", "input-required"), "Thanks", Turn("No credits", "rejected"))
    async with calling(double) as client:
        asking = (await send(client, agent, message("m-1")))["task"]
        answered = (await send(client, agent, message("m-2", taskId=asking["id"])))["task"]
        refused = await client.post(a2a(agent, "/message:send"), json=message("m-3", taskId=asking["id"][5:]))
        rejected = (await send(client, agent, message("m-4")))["task"]
    assert asking["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    assert (answered["id"], answered["status"]["state"]) == (asking["id"], "TASK_STATE_COMPLETED")
    assert (refused.status_code, refused.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")
    assert rejected["status"]["state"] == "TASK_STATE_REJECTED"


@pytest.mark.parametrize(
    ("body", "status", "word", "reason"),
    [
        (message(parts=[{}]), 400, "INVALID_ARGUMENT", "INVALID_PARAMS"),
        (message(parts=[{"text": "a", "data": 1}]), 400, "INVALID_ARGUMENT", "INVALID_PARAMS"),
        (message(role="user"), 400, "INVALID_ARGUMENT", "INVALID_PARAMS"),
        (message(contextId=UNKNOWN), 404, "NOT_FOUND", "CONTEXT_NOT_FOUND"),
        (message(taskId=f"task.{UNKNOWN}"), 404, "NOT_FOUND", "TASK_NOT_FOUND"),
    ],
)
async def test_refusals_have_the_form_of_google_rpc(body: dict[str, Any], status: int, word: str, reason: str) -> None:
    """V2-ERR-02."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    async with calling(double) as client:
        answer = await client.post(a2a(agent, "/message:send"), json=body)
        malformed = await client.post(a2a(agent, "/message:send"), content=b"{")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (status, status, word)
    assert error["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "a2a-protocol.org",
            "metadata": {},
        }
    ]
    assert malformed.status_code == 400


async def test_another_protocol_version_is_refused_wherever_it_is_named() -> None:
    """V2-VER-01, HDR-04."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    async with calling(double) as client:
        old = await client.post(a2a(agent, "/message:send"), json=message(), headers={"A2A-Version": "0.3"})
        query = await client.get(a2a(agent, "/tasks?A2A-Version=2.0"))
        fine = await client.get(a2a(agent, "/tasks"), headers={"A2A-Version": "1.0"})
    assert [answer.status_code for answer in (old, query, fine)] == [400, 400, 200]
    assert old.json()["error"]["details"][0]["reason"] == "VERSION_NOT_SUPPORTED"
    assert {answer.headers["a2a-version"] for answer in (old, query, fine)} == {"1.0"}


async def test_json_rpc_refuses_with_codes_and_an_unknown_agent_with_404() -> None:
    """V2-EP-07."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    async with calling(double) as client:
        codes = [
            (await rpc(client, agent, method, params))["error"]["code"]
            for method, params in (
                ("message/send", {}),
                ("GetTask", {}),
                ("GetTask", {"id": UNKNOWN}),
                ("SendMessage", message(parts="x")),
            )
        ]
        malformed = (await client.post(a2a(agent), content=b"{")).json()["error"]["code"]
        no_id = (await client.post(a2a(agent), json={"jsonrpc": "2.0", "method": "GetTask"})).json()["error"]["code"]
        nobody = await client.post(a2a(f"agt.{UNKNOWN}"), json={})
    assert codes == [-32601, -32602, -32001, -32602]
    assert (malformed, no_id) == (-32700, -32600)
    assert nobody.status_code == 404


async def test_a_repeated_message_is_executed_once_on_either_binding() -> None:
    """CLI-10."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    async with calling(double) as client:
        first = (await send(client, agent, message()))["task"]
        again = (await rpc(client, agent, "SendMessage", message()))["result"]["task"]
    assert first["id"] == again["id"]
    assert double.executed["msg-1"] == 1
