"""What the specification says of sends beyond their first answer, and that every binding says the same."""

from __future__ import annotations

from typing import Any, cast

import anyio
import httpx2
import pytest

from tests.a2a.desk import Answer, Desk, Peer, RestPeer, RpcPeer, Served, all_events, http_client, message
from tests.a2a.grpc_peer import GrpcPeer, grpc_channel
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def test_a_send_waits_for_the_end_of_the_turn_a2a_send_02(peer: Peer, desk: Desk) -> None:
    answers: list[Answer] = []

    async def send() -> None:
        answers.append(await peer.ask("SendMessage", message("wait")))

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            group.start_soon(send)
            await desk.started.wait()
            # The agent is at work, and another request goes through before the send is answered.
            running = (await peer.ask("ListTasks", {})).result["tasks"][0]
            assert running["status"]["state"] in {"TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"}
            assert answers == []
            desk.go_on.set()
    assert answers[0].task["status"]["state"] == "TASK_STATE_COMPLETED"


@pytest.mark.parametrize(("text", "state"), [("ask", "INPUT_REQUIRED"), ("login", "AUTH_REQUIRED")])
async def test_a_send_is_answered_when_the_agent_waits_for_something_a2a_send_02(
    peer: Peer, text: str, state: str
) -> None:
    with anyio.fail_after(HANG):
        task = (await peer.ask("SendMessage", message(text))).task
    assert task["status"]["state"] == f"TASK_STATE_{state}"
    assert (await peer.ask("GetTask", {"id": task["id"]})).result["status"] == task["status"]


async def test_answering_at_once_changes_nothing_for_a_stream_a2a_send_03(peer: Peer) -> None:
    params = message("chunks") | {"configuration": {"returnImmediately": True}}
    with anyio.fail_after(HANG):
        events = await all_events(peer.stream("SendStreamingMessage", params))
    assert [event.kind for event in events][-3:] == ["artifactUpdate", "artifactUpdate", "statusUpdate"]
    assert events[-1].state == "TASK_STATE_COMPLETED"


async def test_a_task_that_a_client_names_is_not_opened_a2a_send_05(peer: Peer, desk: Desk) -> None:
    for named in (UNKNOWN, "my-own-task"):
        assert (await peer.ask("SendMessage", message("hello", taskId=named))).reason == "TASK_NOT_FOUND"
    assert desk.seen == []
    assert (await peer.ask("ListTasks", {})).result["totalSize"] == 0


async def test_the_newest_messages_are_the_history_a2a_send_08(peer: Peer) -> None:
    task_id = (await peer.ask("SendMessage", message("ask"))).task["id"]
    for text in ("ask", "the left one"):
        await peer.ask("SendMessage", message(text, taskId=task_id))

    async def history(**length: int) -> list[str]:
        task = (await peer.ask("GetTask", {"id": task_id, **length})).result
        return [one["parts"][0]["text"] for one in task.get("history", [])]

    whole = await history()
    assert [text for text in whole if text != "Which one?"] == ["ask", "ask", "the left one"]
    assert await history(historyLength=2) == whole[-2:]
    assert await history(historyLength=1) == ["the left one"]
    assert await history(historyLength=0) == []


async def test_every_task_has_an_id_of_its_own_made_by_the_server_a2a_task_01(peer: Peer) -> None:
    made = [(await peer.ask("SendMessage", message("hello", contextId="visit-7"))).task["id"] for _ in range(3)]
    assert len(set(made)) == 3
    for task_id in made:
        assert (await peer.ask("GetTask", {"id": task_id})).result["id"] == task_id


async def test_parameters_of_a_query_are_spelled_as_the_specification_says_a2a_http_07(
    http: httpx2.AsyncClient,
) -> None:
    peer = RestPeer(http)
    context = "visit 7/ü&x=1"
    for text in ("chunks", "ask", "hello"):
        await peer.ask("SendMessage", message(text, contextId=context))
    await peer.ask("SendMessage", message("hello"))
    query = (
        "contextId=visit%207%2F%C3%BC%26x%3D1&status=TASK_STATE_COMPLETED&pageSize=1&historyLength=0"
        "&includeArtifacts=true&statusTimestampAfter=2020-01-01T00%3A00%3A00.000Z"
    )
    page = (await http.get(f"/tasks?{query}")).json()
    assert (page["totalSize"], page["pageSize"], len(page["tasks"])) == (2, 1, 1)
    assert page["tasks"][0]["contextId"] == context
    assert page["tasks"][0]["artifacts"] == []
    assert "history" not in page["tasks"][0]
    last = (await http.get("/tasks", params={**httpx2.QueryParams(query), "pageToken": page["nextPageToken"]})).json()
    assert [part["text"] for part in last["tasks"][0]["artifacts"][0]["parts"]] == ["Peni", "cillin."]
    assert last["nextPageToken"] == ""
    # Another spelling is another name, which nobody knows.
    assert (await http.get("/tasks?page_size=1&include_artifacts=true")).json()["pageSize"] == 50


async def test_every_binding_shows_the_same_and_refuses_the_same_a2a_http_09(served: Served) -> None:
    async with http_client(served.app) as http, grpc_channel(served) as channel:
        peers: list[Peer] = [RpcPeer(http), RestPeer(http), GrpcPeer(channel)]
        made = [(await peer.ask("SendMessage", message("chunks"))).task["id"] for peer in peers]
        parked = (await peers[0].ask("SendMessage", message("ask"))).task["id"]
        for task_id in (*made, parked):
            shown = [(await peer.ask("GetTask", {"id": task_id})).result for peer in peers]
            assert shown[0] == shown[1] == shown[2]
        listed = [_said((await peer.ask("ListTasks", {"historyLength": 1})).result) for peer in peers]
        assert listed[0] == listed[1] == listed[2]
        calls: list[tuple[str, dict[str, Any]]] = [
            ("GetTask", {"id": UNKNOWN}),
            ("CancelTask", {"id": made[0]}),
            ("SendMessage", message("x", taskId=made[0])),
            ("SendMessage", message("x", parts=[{"raw": "aGk=", "mediaType": "image/png"}])),
            ("SendMessage", message("x", contextId="another", taskId=parked)),
            ("ListTasks", {"pageSize": 101}),
            ("CreateTaskPushNotificationConfig", {"taskId": made[0], "url": "https://example.org"}),
        ]
        for operation, params in calls:
            reasons = [(await peer.ask(operation, params)).reason for peer in peers]
            assert reasons[0] == reasons[1] == reasons[2] != ""


def _said(value: Any) -> Any:
    """A value without what is empty: Protobuf cannot tell it from what is left out."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _said(one) for name, one in fields.items() if one not in ("", [], {})}
    return [_said(one) for one in cast("list[Any]", value)] if isinstance(value, list) else value
