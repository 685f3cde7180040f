"""Lists of tasks on both bindings (A2A-LIST)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.a2a.desk import Peer, RestPeer, message
from tests.a2a.grpc_peer import GrpcPeer

pytestmark = pytest.mark.anyio


def query(peer: Peer, **params: Any) -> dict[str, Any]:
    """REST takes text, JSON-RPC takes JSON."""
    if not isinstance(peer, RestPeer):
        return params
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in params.items()}


async def made(peer: Peer, *texts: str, **changes: Any) -> list[str]:
    return [(await peer.ask("SendMessage", message(text, **changes))).task["id"] for text in texts]


async def test_tasks_come_newest_status_first_with_all_counts_a2a_list_01_list_03(peer: Peer) -> None:
    ids = await made(peer, "one", "ask", "three")
    await peer.ask("SendMessage", message("answer", taskId=ids[1]))
    listed = (await peer.ask("ListTasks", {})).result
    assert [task["id"] for task in listed["tasks"]] == [ids[1], ids[2], ids[0]]
    assert (listed["nextPageToken"], listed["pageSize"], listed["totalSize"]) == ("", 50, 3)


async def test_no_tasks_are_an_empty_page_a2a_list_03(peer: Peer) -> None:
    assert (await peer.ask("ListTasks", {})).result == {
        "tasks": [],
        "nextPageToken": "",
        "pageSize": 50,
        "totalSize": 0,
    }


async def test_pages_follow_their_token_a2a_list_02(peer: Peer) -> None:
    ids = await made(peer, *"abcde")
    seen: list[str] = []
    token = ""
    for size in (2, 2, 1):
        page = (await peer.ask("ListTasks", query(peer, pageSize=2, pageToken=token))).result
        assert len(page["tasks"]) == size
        assert (page["pageSize"], page["totalSize"]) == (2, 5)
        seen += [task["id"] for task in page["tasks"]]
        token = page["nextPageToken"]
    assert token == ""
    assert seen == ids[::-1]


@pytest.mark.parametrize("size", [0, 101, -1])
async def test_a_page_size_out_of_range_is_refused_a2a_list_02(peer: Peer, size: int) -> None:
    assert (await peer.ask("ListTasks", query(peer, pageSize=size))).violations == ["pageSize"]


@pytest.mark.parametrize("token", ["x", "%%%", "MS4y!", "LTEuMg", "MTIz", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS4x", "ü"])
async def test_a_token_of_no_page_is_refused_a2a_list_02(peer: Peer, token: str) -> None:
    assert (await peer.ask("ListTasks", query(peer, pageToken=token))).violations == ["pageToken"]


async def test_artifacts_come_only_when_asked_for_a2a_list_04(peer: Peer) -> None:
    await made(peer, "hello", "chunks")
    plain = (await peer.ask("ListTasks", {})).result["tasks"]
    assert all("artifacts" not in task for task in plain)
    asked = (await peer.ask("ListTasks", query(peer, includeArtifacts=True))).result["tasks"]
    assert [len(task.get("artifacts", [])) for task in asked] == [1, 0]
    # Protobuf has no way to tell an empty list from none.
    assert isinstance(peer, GrpcPeer) or asked[1]["artifacts"] == []


async def test_filters_restrict_the_list_a2a_list_05(peer: Peer) -> None:
    first = await made(peer, "one", contextId="visit-1")
    second = await made(peer, "ask", contextId="visit-2")
    by_context = (await peer.ask("ListTasks", query(peer, contextId="visit-1"))).result
    assert ([task["id"] for task in by_context["tasks"]], by_context["totalSize"]) == (first, 1)
    by_state = (await peer.ask("ListTasks", query(peer, status="TASK_STATE_INPUT_REQUIRED"))).result
    assert [task["id"] for task in by_state["tasks"]] == second
    since = by_state["tasks"][0]["status"]["timestamp"]
    by_time = (await peer.ask("ListTasks", query(peer, statusTimestampAfter=since))).result
    assert second[0] in [task["id"] for task in by_time["tasks"]]
    later = (await peer.ask("ListTasks", query(peer, statusTimestampAfter="2999-01-01T00:00:00Z"))).result
    assert later["totalSize"] == 0


async def test_history_length_applies_to_lists_a2a_list_05(peer: Peer) -> None:
    await made(peer, "hello")
    assert "history" not in (await peer.ask("ListTasks", query(peer, historyLength=0))).result["tasks"][0]
    assert len((await peer.ask("ListTasks", query(peer, historyLength=1))).result["tasks"][0]["history"]) == 1
