"""The double's v2 contexts, artifacts, traces, usage and feedback (section 14)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.contract.corti_double import CortiDouble, Turn, Usage, in_pieces
from tests.contract.serving import calling

pytestmark = pytest.mark.anyio

ROOT = "/v2/agentic"
START = datetime(2026, 11, 20, 10, tzinfo=UTC)


async def turn(client: httpx2.AsyncClient, agent: str, number: int, **more: Any) -> dict[str, Any]:
    sent = {"role": "ROLE_USER", "messageId": f"m-{number}", "parts": [{"text": "Hi"}], **more}
    answer = await client.post(f"{ROOT}/agents/{agent}/a2a/message:send", json={"message": sent})
    return answer.json()["task"]


async def test_a_context_holds_its_tasks_with_their_artifacts() -> None:
    """V2-EP-18 to V2-EP-20, V2-EP-22, V2-EP-23, V2-OBJ-22, CON-09."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    double.agent_answers(Turn("One", artifacts=in_pieces("art.1", "a", "b")))
    async with calling(double) as client:
        first = await turn(client, agent, 1)
        context = f"{ROOT}/contexts/{first['contextId']}"
        second = await turn(client, agent, 2, contextId=first["contextId"])
        elsewhere = await turn(client, agent, 3)
        listed = (await client.get(f"{ROOT}/contexts?agentId={agent[4:]}")).json()["contexts"]
        got = (await client.get(f"{context}?historyLength=0")).json()
        page = (await client.get(f"{context}/tasks?pageSize=1")).json()
        task = (await client.get(f"{context}/tasks/{first['id'][5:]}")).json()
        artifact = (await client.get(f"{context}/tasks/{first['id']}/artifacts/art.1")).json()
        missing = [
            await client.get(f"{context}/tasks/{elsewhere['id']}"),
            await client.get(f"{context}/tasks/{first['id']}/artifacts/none"),
            await client.get(f"{ROOT}/contexts/none"),
        ]
        deleted = [(await client.delete(context)).status_code for _ in range(2)]
        double.as_of_today = True
        today = (await client.get(f"{ROOT}/contexts")).json()
    assert [entry["taskCount"] for entry in listed] == [1, 2]
    assert {name: got[name] for name in ("id", "agentId", "taskCount", "expiresAt")} == {
        "id": first["contextId"],
        "agentId": agent,
        "taskCount": 2,
        "expiresAt": None,
    }
    assert [(entry["id"], entry["history"]) for entry in got["tasks"]] == [(first["id"], []), (second["id"], [])]
    assert [entry["id"] for entry in page["tasks"]] == [first["id"]]
    assert page["nextPageToken"]
    assert task == first
    assert artifact == {"artifactId": "art.1", "parts": [{"text": "a"}, {"text": "b"}]}
    assert [answer.json()["error"]["code"] for answer in missing] == [
        "TASK_NOT_FOUND",
        "ARTIFACT_NOT_FOUND",
        "CONTEXT_NOT_FOUND",
    ]
    assert deleted == [204, 404]
    assert today == {"contexts": [], "nextPageToken": None}


async def test_the_spans_of_a_trace_arrive_late() -> None:
    """V2-EP-21, V2-OBJ-19."""
    double = CortiDouble()
    double.hidden_trace_reads = 1
    agent = double.add_v2_agent()
    double.agent_answers(Turn("One", usage=Usage(3, 4)))
    async with calling(double) as client:
        first = await turn(client, agent, 1)
        second = await turn(client, agent, 2, contextId=first["contextId"])
        path = f"{ROOT}/contexts/{first['contextId']}/trace"
        early, late = [(await client.get(path)).json() for _ in range(2)]
        page = (await client.get(f"{path}?pageSize=1")).json()
    assert [entry["spans"] for entry in early["traces"]] == [[], []]
    assert [entry["trace"]["metadata"]["taskId"] for entry in late["traces"]] == [second["id"], first["id"]]
    root, model = late["traces"][1]["spans"]
    assert len(late["traces"][0]["trace"]["id"]) == 32
    assert late["traces"][0]["trace"]["thread_id"] == first["contextId"]
    assert root["attributes"]["openinference.span.kind"] == "CHAIN"
    assert model["parent_span_id"] == root["span_id"]
    assert model["attributes"]["llm.token_count.total"] == 7
    assert page["nextPageToken"]


async def test_usage_is_counted_by_period_over_a_half_open_range() -> None:
    """V2-EP-14, V2-OBJ-21."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    moment = START
    double.now = lambda: moment
    async with calling(double) as client:
        first = await turn(client, agent, 1)
        await turn(client, agent, 2, contextId=first["contextId"])
        moment = START + timedelta(days=1)
        await turn(client, agent, 3)
        moment = START + timedelta(days=2)
        path = f"{ROOT}/agents/{agent}/usage"
        month = (await client.get(path)).json()
        parameters = {"from": "2026-11-20T00:00:00.000Z", "to": "2026-11-21T10:00:00.000Z", "granularity": "hour"}
        hours = (await client.get(path, params=parameters)).json()
        double.as_of_today = True
        today = (await client.get(path, params=parameters)).json()
        refused = [await client.get(f"{path}?{query}") for query in ("granularity=year", "from=yesterday")]
    assert month["granularity"] == "day"
    assert month["totals"] == {"invocations": 3, "uniqueContexts": 2}
    assert [(bucket["periodStart"], bucket["invocations"]) for bucket in month["buckets"]] == [
        ("2026-11-20T00:00:00.000Z", 2),
        ("2026-11-21T00:00:00.000Z", 1),
    ]
    assert hours["buckets"] == [
        {
            "periodStart": "2026-11-20T10:00:00.000Z",
            "periodEnd": "2026-11-20T11:00:00.000Z",
            "invocations": 2,
            "uniqueContexts": 1,
        }
    ]
    assert today["granularity"] == "day"
    assert [answer.status_code for answer in refused] == [400, 400]


async def test_feedback_is_the_callers_own_and_newest_first() -> None:
    """V2-EP-24, V2-EP-25, V2-OBJ-20, CON-10."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    jane = {"Authorization": f"Bearer {double.token(subject='jane')}"}
    async with calling(double) as client:
        task = await turn(client, agent, 1)
        path = f"{ROOT}/contexts/{task['contextId']}/tasks/{task['id']}/feedback"
        made = await client.post(path, json={"rating": {"scale": "binary", "value": 1}, "labels": ["correct"]})
        second = {"rating": {"scale": "binary", "value": 0}, "labels": ["other"], "reason": "Too late"}
        newer = (await client.post(path, json=second)).json()
        await client.post(path, json=second, headers=jane)
        own = (await client.get(path)).json()["feedbacks"]
        deleted = [(await client.delete(f"{path}/{made.json()['id'][3:]}")).status_code for _ in range(2)]
        left = (await client.get(path)).json()["feedbacks"]
        cleared = await client.delete(path)
        none, janes = [(await client.get(path, headers=who)).json()["feedbacks"] for who in ({}, jane)]
    assert made.status_code == 201
    assert made.headers["location"].endswith(f"{path}/{made.json()['id']}")
    assert (made.json()["taskId"], made.json()["normalizedScore"]) == (task["id"], 1.0)
    assert own == [newer, made.json()]
    assert deleted == [204, 204]
    assert left == [newer]
    assert cleared.status_code == 204
    assert (none, len(janes)) == ([], 1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rating": {"scale": "stars", "value": 1}},
        {"rating": {"scale": "binary", "value": 2}},
        {"rating": {"scale": "binary", "value": True}},
        {"rating": {"scale": "binary", "value": 1}, "labels": ["other"]},
        {"rating": {"scale": "binary", "value": 1}, "labels": ["correct", "correct"]},
        {"rating": {"scale": "binary", "value": 1}, "labels": ["nice"]},
        {"rating": {"scale": "binary", "value": 1}, "reason": "x" * 1001},
        {"rating": {"scale": "binary", "value": 1}, "metadata": {"actor": {"externalId": "a", "name": "b"}}},
        {"rating": {"scale": "binary", "value": 1}, "comment": "x"},
    ],
)
async def test_feedback_that_breaks_the_schema_is_refused(body: dict[str, Any]) -> None:
    """V2-OBJ-20, V2-ERR-01."""
    double = CortiDouble()
    agent = double.add_v2_agent()
    async with calling(double) as client:
        task = await turn(client, agent, 1)
        path = f"{ROOT}/contexts/{task['contextId']}/tasks/{task['id']}/feedback"
        answer = await client.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_FAILED")
