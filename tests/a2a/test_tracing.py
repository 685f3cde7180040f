"""One SERVER span per request, below the caller's (A2A-GAP-15, A2A-CMP-05)."""

from __future__ import annotations

import httpx2
import pytest

from agentkit.tracing import SpanRecord, listen
from tests.a2a.desk import RestPeer, RpcPeer, all_events, message

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", [RpcPeer, RestPeer])
async def test_a_request_opens_one_server_span_with_ids_and_no_content(
    http: httpx2.AsyncClient, kind: type[RpcPeer | RestPeer]
) -> None:
    spans: list[SpanRecord] = []
    with listen(spans.append):
        task = (await kind(http).ask("SendMessage", message("Jane Doe"))).task
        await all_events(kind(http).stream("SendStreamingMessage", message("Jane Doe")))
        await kind(http).ask("GetTask", {"id": "unknown"})
    ours = [span for span in spans if span.name.startswith("a2a.")]
    assert [span.name for span in ours] == ["a2a.SendMessage", "a2a.SendStreamingMessage", "a2a.GetTask"]
    assert ours[0].attributes == {
        "agentkit.agent.name": "desk",
        "agentkit.agent.id": "desk",
        "agentkit.task.id": task["id"],
        "agentkit.context.id": task["contextId"],
        "agentkit.task.state": "TASK_STATE_COMPLETED",
    }
    assert ours[2].attributes["error.type"] == "TaskNotFound"
    assert "Jane" not in str(spans)


async def test_the_callers_trace_is_continued_into_the_run(http: httpx2.AsyncClient) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    http.headers["traceparent"] = f"00-{trace_id}-b7ad6b7169203331-01"
    task = (await RpcPeer(http).ask("SendMessage", message("trace"))).task
    assert task["status"]["message"]["parts"][0]["text"].split("-")[1] == trace_id


async def test_the_run_has_a_span_of_its_own_where_the_request_does_not_tell_how_it_ended(
    http: httpx2.AsyncClient,
) -> None:
    spans: list[SpanRecord] = []
    with listen(spans.append):
        await RpcPeer(http).ask("SendMessage", message("hello"))
        assert [span.name for span in spans] == ["a2a.SendMessage"]
        await all_events(RpcPeer(http).stream("SendStreamingMessage", message("hello")))
        now = {**message("hello"), "configuration": {"returnImmediately": True}}
        task = (await RpcPeer(http).ask("SendMessage", now)).task
        await all_events(RpcPeer(http).stream("SubscribeToTask", {"id": task["id"]}))
    runs = [span for span in spans if span.name == "task.run"]
    assert [run.attributes["agentkit.task.state"] for run in runs] == ["completed", "completed"]
    assert runs[1].attributes["agentkit.task.id"] == task["id"]
    assert runs[1].duration > 0
