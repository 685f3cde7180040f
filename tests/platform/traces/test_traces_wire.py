"""What an agent did, as the trace endpoint shows it (V2-EP-21, V2-OBJ-19)."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
import pytest

from agentkit.errors import StorageError
from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.models import TokenUsage
from agentkit.platform import PlatformSettings
from agentkit.platform.traces import recorder, rows, traces
from agentkit.reasoning import Act, Answer, CallTool, Delegate, DelegateTogether, Situation, spent
from agentkit.storage import Connection
from agentkit.testing.clock import MovableClock
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.agents.calls import Caller
from tests.platform.contexts.parts import ROOT, START, Ward, ward
from tests.platform.parts import TOOLS, Talk, expert, server, talk, tools_app
from tests.platform.turns.parts import Obedient

pytestmark = pytest.mark.anyio

SPAN_ID = r"span\.[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"


class Together:
    """Asks all experts at once, in two rounds where the message says `twice`; each calls its first tool."""

    def __init__(self) -> None:
        self.met = anyio.Event()
        self.here = 0

    async def decide(self, situation: Situation) -> Act:
        if situation.experts:
            if not situation.delegations:
                return DelegateTogether(tuple(Delegate(one.name, situation.text) for one in situation.experts))
            spent(TokenUsage(input_tokens=7, output_tokens=4, model="m-1"))
            return Answer("done")
        if any(one.current for one in situation.observations):
            return Answer("found")
        # Both are at work at the same time, so that a span that belonged to the wrong one would be seen.
        self.here += 1
        if self.here == 2:
            self.met.set()
        with anyio.fail_after(HANG):
            await self.met.wait()
        return CallTool(situation.tools[0].name, {"text": situation.text})


@asynccontextmanager
async def team(**changes: Any) -> AsyncGenerator[tuple[Talk, Caller]]:
    """An agent with two experts that work together."""
    settings = PlatformSettings(**changes)
    apps = {TOOLS: tools_app({"one": NoAuth(), "two": NoAuth()})}
    async with LocalPlatform(settings, servers=apps, reasoner=Together(), clock=MovableClock(START)) as platform:
        chief = await talk(platform, [expert("first", server("one")), expert("second", server("two"))])
        yield chief, Caller(chief.api, {})


async def read(who: Caller, context_id: str, query: str = "") -> list[dict[str, Any]]:
    return (await who.read(f"{ROOT}/contexts/{context_id}/trace{query}"))["traces"]


def kinds(trace: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Of each span, by its name and its parent's name, the kind."""
    names = {span["span_id"]: span["name"] for span in trace["spans"]}
    return {
        f"{names.get(span.get('parent_span_id'))}/{span['name']}": span["attributes"]["openinference.span.kind"]
        for span in trace["spans"]
    }


async def test_a_turn_is_a_trace_of_chain_agent_tool_and_llm() -> None:
    """V2-OBJ-19, in snake_case, the words of OpenInference, and ids by V2-ID-01."""
    async with ward() as home:
        agent = await home.agent()
        task = await home.send(agent, "tool please")
        answer = await home.read(f"/contexts/{task['contextId']}/trace")
    (entry,) = answer["traces"]
    assert answer["nextPageToken"] is None
    assert set(entry) == {"trace", "spans"}
    head = entry["trace"]
    assert re.fullmatch("[0-9a-f]{32}", head["id"])
    assert head["start_time"].startswith("2026-11-20T10:00:00.000")
    assert {name: head[name] for name in head if name not in {"id", "start_time", "end_time"}} == {
        "name": "turn",
        "tags": [],
        "metadata": {"taskId": task["id"]},
        "thread_id": task["contextId"],
    }
    (turn,) = [span for span in entry["spans"] if span["name"] == "turn"]
    assert turn["attributes"] == {
        "openinference.span.kind": "CHAIN",
        "session.id": task["contextId"],
        "agentkit.agent.id": agent,
        "agentkit.context.id": task["contextId"],
        "agentkit.task.id": task["id"],
        "agentkit.task.state": "completed",
    }
    assert "parent_span_id" not in turn
    assert (turn["start_time"], turn["end_time"]) == (head["start_time"], head["end_time"])
    assert all(re.fullmatch(SPAN_ID, span["span_id"]) for span in entry["spans"])
    ids = {span["span_id"] for span in entry["spans"]}
    assert len(ids) == len(entry["spans"])
    assert all(span.get("parent_span_id", turn["span_id"]) in ids for span in entry["spans"])
    assert {span["attributes"]["openinference.span.kind"] for span in entry["spans"]} == {
        "CHAIN",
        "AGENT",
        "TOOL",
        "LLM",
    }
    (call,) = [span for span in entry["spans"] if span["attributes"]["openinference.span.kind"] == "TOOL"]
    assert call["attributes"]["tool.name"] == call["name"] == "echo"
    assert call["attributes"]["mcp.server.name"] == "echo"
    assert not any(name in span["attributes"] for span in entry["spans"] for name in ("input.value", "output.value"))
    assert "please" not in str(answer)


async def test_spans_nest_rightly_where_experts_work_at_the_same_time() -> None:
    """Each expert's decisions and tool calls stand below that expert, and tokens with the decision that cost them."""
    async with team() as (chief, who):
        task = await chief.send("together")
        (entry,) = await read(who, task["contextId"])
    found = kinds(entry)
    assert found["None/turn"] == "CHAIN"
    assert (found["turn/first"], found["turn/second"]) == ("AGENT", "AGENT")
    assert (found["first/decide"], found["second/decide"]) == ("LLM", "LLM")
    by_parent = {span["span_id"]: span["name"] for span in entry["spans"]}
    calls = {
        by_parent[span["parent_span_id"]]: span["attributes"]["mcp.server.name"]
        for span in entry["spans"]
        if span["attributes"]["openinference.span.kind"] == "TOOL"
    }
    assert calls == {"first": "one", "second": "two"}
    (cost,) = [span["attributes"] for span in entry["spans"] if "llm.token_count.total" in span["attributes"]]
    assert {name: cost[name] for name in cost if name.startswith("llm.")} == {
        "llm.model_name": "m-1",
        "llm.token_count.prompt": 7,
        "llm.token_count.completion": 4,
        "llm.token_count.total": 11,
    }


async def test_traces_come_newest_first_in_pages_and_one_for_each_turn() -> None:
    """V2-EP-21, V2-PAGE-01."""
    async with ward() as home:
        agent = await home.agent()
        asked = await home.send(agent, "ask")
        context = asked["contextId"]
        other = await home.send(agent, contextId=context)
        home.clock.advance(timedelta(hours=1))
        await home.send(agent, "that one", taskId=asked["id"], contextId=context)
        await home.send(agent, "elsewhere")

        path = f"/contexts/{context}/trace"
        every = (await home.read(path))["traces"]
        assert [entry["trace"]["metadata"]["taskId"] for entry in every] == [asked["id"], other["id"], asked["id"]]
        assert every[0]["trace"]["start_time"].startswith("2026-11-20T11:00:00")
        states = [entry["spans"][0]["attributes"]["agentkit.task.state"] for entry in every]
        assert states == ["completed", "completed", "input-required"]
        first = await home.read(f"{path}?pageSize=2")
        second = await home.read(f"{path}?pageSize=2&pageToken={first['nextPageToken']}")
        assert [*first["traces"], *second["traces"]] == every
        assert second["nextPageToken"] is None
        assert await home.status("GET", f"{path}?pageToken=x") == (400, "INVALID_QUERY")


async def test_a_callers_trace_goes_on() -> None:
    """Design section 5: one trace id through all of it."""
    async with ward() as home:
        home.jane.headers["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        task = await home.send(await home.agent())
        (entry,) = (await home.read(f"/contexts/{task['contextId']}/trace"))["traces"]
    assert entry["trace"]["id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert "parent_span_id" not in entry["spans"][0]


async def test_what_fails_says_so_by_class() -> None:
    async with ward() as home:
        agent = await home.agent(connectors=[{"type": "mcp", "name": "gone", "url": f"{TOOLS}/nowhere/mcp"}])
        task = await home.send(agent, "tool please")
        (entry,) = (await home.read(f"/contexts/{task['contextId']}/trace"))["traces"]
    failed = {
        span["name"]: span["attributes"]["error.type"] for span in entry["spans"] if "error.type" in span["attributes"]
    }
    assert failed.get("list_tools", "").startswith("Mcp")


async def test_content_is_there_where_it_was_switched_on_and_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Design D11."""
    monkeypatch.setattr(recorder, "LONGEST_CONTENT", 30)
    async with ward(trace_content=True) as home:
        task = await home.send(await home.agent(), "tool please")
        long = await home.send(await home.agent(), "x" * 100)
        (entry,) = (await home.read(f"/contexts/{task['contextId']}/trace"))["traces"]
        (cut,) = (await home.read(f"/contexts/{long['contextId']}/trace"))["traces"]
    assert entry["trace"]["input"] == {"value": "tool please"}
    (call,) = [span for span in entry["spans"] if span["attributes"]["openinference.span.kind"] == "TOOL"]
    assert call["attributes"]["input.value"] == '{"text": "tool please"}'
    assert "echo: tool please" in call["attributes"]["output.value"]
    assert cut["trace"]["input"] == {"value": "x" * 30}


async def test_a_turn_of_very_many_spans_keeps_some_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_SPANS", 2)
    async with ward() as home:
        task = await home.send(await home.agent(), "tool please")
        (entry,) = (await home.read(f"/contexts/{task['contextId']}/trace"))["traces"]
    assert len(entry["spans"]) == 3
    assert entry["spans"][0]["name"] == "turn"
    assert entry["trace"]["metadata"]["droppedSpans"] > 0


def _refuse(connection: Connection, task_id: str, body: str) -> None:
    raise StorageError("The database refused (DiskFull).")


def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "MOST_UNDER_WAY", 0)


def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "insert", _refuse)


@pytest.mark.parametrize("spoil", [_late, _broken])
async def test_a_trace_that_cannot_be_kept_neither_fails_nor_holds_up_its_turn(
    spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with ward() as home:
        agent = await home.agent()
        with monkeypatch.context() as patched, anyio.fail_after(HANG):
            spoil(patched)
            task = await home.send(agent, "canary words")
        assert task["status"]["state"] == "TASK_STATE_COMPLETED"
        await home.send(agent, contextId=task["contextId"])
        found = (await home.read(f"/contexts/{task['contextId']}/trace"))["traces"]
    assert len(found) == 1
    assert task["id"][5:] in caplog.text
    assert "canary" not in caplog.text


async def test_a_turn_that_is_cancelled_has_a_trace_too() -> None:
    async with ward() as home:
        task = await _waiting(home, home.reasoner)
        place = f"{ROOT}/agents/{task['agent']}/a2a/tasks/{task['id']}:cancel"
        assert (await home.jane.post(place, None)).status_code == 200
        (entry,) = (await home.read(f"/contexts/{task['contextId']}/trace"))["traces"]
    assert entry["spans"][0]["attributes"]["error.type"] == "CancelledError"
    assert entry["trace"]["end_time"] is not None


async def _waiting(home: Ward, reasoner: Obedient) -> dict[str, Any]:
    agent = await home.agent()
    message = {"role": "ROLE_USER", "messageId": "w", "parts": [{"text": "wait"}]}
    body = {"message": message, "configuration": {"returnImmediately": True}}
    task = (await home.jane.post(f"{ROOT}/agents/{agent}/a2a/message:send", body)).json()["task"]
    with anyio.fail_after(HANG):
        await reasoner.waiting.wait()
    return {**task, "agent": agent}
