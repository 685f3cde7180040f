"""The orchestrator delegates, reports what it did, and is honest about what it could not do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agentkit.mcp.hosting.authorization import NoAuth, ServerAuth
from agentkit.models import JsonObject, Role
from agentkit.platform import PlatformLimits, PlatformSettings
from agentkit.reasoning import (
    Act,
    Answer,
    Ask,
    CallTool,
    Decline,
    Delegate,
    Reasoner,
    ScriptedReasoner,
    Situation,
)
from agentkit.specs import ExpertSpec
from agentkit.testing.local_platform import LocalPlatform
from tests.deadline import HANG
from tests.platform.parts import (
    BEARER,
    TOOLS,
    Plain,
    Talk,
    body,
    expert,
    said,
    server,
    state,
    talk,
    token,
    tools_app,
)

pytestmark = pytest.mark.anyio

Entry = Act | Callable[[Situation], Act]


@asynccontextmanager
async def scripted(
    script: Sequence[Entry] | Reasoner, names: Sequence[str] = ("open",), **limits: Any
) -> AsyncGenerator[tuple[Talk, LocalPlatform]]:
    reasoner = ScriptedReasoner(script) if isinstance(script, Sequence) else script
    auth: dict[str, ServerAuth] = {name: NoAuth() for name in names}
    settings = PlatformSettings(limits=PlatformLimits(**limits))
    async with LocalPlatform(settings, servers={TOOLS: tools_app(auth)}, reasoner=reasoner) as platform:
        yield await talk(platform, [expert(f"{name}-reader", server(name)) for name in names]), platform


async def test_the_answer_comes_with_steps_and_one_artifact_per_result() -> None:
    """V1-SEND-06, V1-SEND-09, V1-OBJ-18, CTX-10."""
    async with scripted(Plain()) as (chief, _):
        task = await chief.send("hello")
    assert state(task) == "completed"
    (step,) = task["metadata"]["agentkit"]["steps"]
    assert {key: step[key] for key in ("expert", "server", "tool", "arguments", "failed")} == {
        "expert": "open-reader",
        "server": "open",
        "tool": "echo",
        "arguments": {"text": "hello"},
        "failed": False,
    }
    assert step["durationMs"] >= 0
    (artifact,) = task["artifacts"]
    assert artifact["name"] == "open-reader"
    assert artifact["parts"][0] == {"kind": "data", "data": {"said": "open: hello"}}
    assert artifact["parts"][1]["kind"] == "text"
    assert "open: hello" in said(task)


async def test_several_experts_contribute_in_order() -> None:
    """ORCH-01, V1-SEND-09."""
    script: list[Entry] = [
        Delegate("one-reader", "first"),
        CallTool("echo", {"text": "first"}),
        Answer("did the first", ({"n": 1},)),
        Delegate("two-reader", "second"),
        CallTool("echo", {"text": "second"}),
        Answer("did the second", ({"n": 2},)),
        lambda situation: Answer(" and ".join(one.text for one in situation.delegations)),
    ]
    async with scripted(script, ("one", "two")) as (chief, _):
        task = await chief.send()
    assert said(task) == "did the first [one-reader] and did the second [two-reader]"
    assert [step["expert"] for step in task["metadata"]["agentkit"]["steps"]] == ["one-reader", "two-reader"]
    assert [artifact["parts"][0]["data"] for artifact in task["artifacts"]] == [{"n": 1}, {"n": 2}]
    assert len({artifact["artifactId"] for artifact in task["artifacts"]}) == 2


async def test_a_question_waits_and_the_answer_continues_the_same_task() -> None:
    """V1-SEND-02."""
    script: list[Entry] = [
        Delegate("open-reader", "look"),
        Ask("Which of the two?", ("which",)),
        lambda situation: Ask(situation.delegations[0].text),
        lambda situation: Answer(f"{situation.text} of {[one.text for one in situation.history]}"),
    ]
    async with scripted(script) as (chief, _):
        waiting = await chief.send("find them")
        assert (state(waiting), said(waiting)) == ("input-required", "Which of the two?")
        done = await chief.send("the first", task=waiting["id"], context=waiting["contextId"])
    assert (done["id"], state(done)) == (waiting["id"], "completed")
    assert said(done) == "the first of ['find them', 'Which of the two?']"


async def test_what_cannot_be_done_is_said_plainly() -> None:
    async with scripted([Decline("I can only echo.")]) as (chief, _):
        task = await chief.send()
    assert (state(task), said(task), task["artifacts"]) == ("completed", "I can only echo.", [])


async def test_a_failure_of_the_tool_itself_is_a_step_and_for_the_reasoner_to_judge() -> None:
    async with scripted(Plain()) as (chief, _):
        task = await chief.send("fail")
    (step,) = task["metadata"]["agentkit"]["steps"]
    assert (step["failed"], step["code"]) == (True, "made-to-fail")


@pytest.mark.parametrize("text", ["hello", "!hello"])
async def test_an_unreachable_server_fails_the_task_and_is_named(text: str) -> None:
    async with LocalPlatform(reasoner=Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr"))])
        task = await chief.send(text)
    assert state(task) == "failed"
    assert "reader" in said(task)
    assert "ehr" in said(task)
    assert "Traceback" not in said(task)


async def test_the_remaining_experts_answer_and_the_missing_one_is_named() -> None:
    async with LocalPlatform(servers={TOOLS: tools_app({"open": NoAuth()})}, reasoner=Plain()) as platform:
        gone = {**server("gone"), "url": "http://127.0.0.1:9/gone/mcp"}
        chief = await talk(platform, [expert("missing", gone), expert("reader", server("open"))])
        task = await chief.send("hello")
    assert state(task) == "completed"
    assert "open: hello" in said(task)
    assert "missing" in said(task)
    assert task["metadata"]["agentkit"]["unavailable"][0]["expert"] == "missing"


async def test_a_slow_server_is_given_up_and_named() -> None:
    import anyio

    async def never(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await anyio.sleep_forever()

    settings = PlatformSettings(mcp_timeout=0.2)
    async with LocalPlatform(settings, servers={TOOLS: never}, reasoner=Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("ehr"))])
        with anyio.fail_after(HANG):
            task = await chief.send()
    assert state(task) == "failed"
    assert "ehr" in said(task)


async def test_the_number_of_delegations_is_bounded() -> None:
    class Restless:
        async def decide(self, situation: Situation) -> Act:
            return Delegate(situation.experts[0].name, "again") if situation.experts else Answer("done")

    async with scripted(Restless(), delegations=3) as (chief, _):
        task = await chief.send()
    assert state(task) == "failed"
    assert "3" in said(task)


async def test_an_expert_that_is_not_there_cannot_be_chosen() -> None:
    async with scripted([Delegate("nobody", "x")]) as (chief, _):
        assert state(await chief.send()) == "failed"


async def test_a_follow_up_sees_the_earlier_turns_and_results_and_no_other_context() -> None:
    """CTX-02, CTX-03, CTX-05."""
    reasoner = Plain()
    async with scripted(reasoner) as (chief, _):
        first = await chief.send("hello")
        await chief.send("and again?", context=first["contextId"])
        seen = next(one for one in reasoner.situations if one.text == "and again?")
        await chief.send("elsewhere")
        other = next(one for one in reasoner.situations if one.text == "elsewhere")
    assert [(turn.role, "hello" in turn.text) for turn in seen.history] == [(Role.USER, True), (Role.AGENT, True)]
    assert [(one.tool, one.data, one.current) for one in seen.observations] == [
        ("echo", {"said": "open: hello"}, False)
    ]
    assert (other.history, other.observations) == ((), ())


async def test_the_agents_own_servers_are_an_expert_of_its_name() -> None:
    """V1-OBJ-01."""
    async with LocalPlatform(servers={TOOLS: tools_app({"open": NoAuth()})}, reasoner=Plain()) as platform:
        chief = await talk(platform, mcpServers=[server("open")])
        task = await chief.send("hello")
    assert state(task) == "completed"
    assert task["metadata"]["agentkit"]["steps"][0]["expert"] == "chief"


async def test_another_agent_works_as_an_expert() -> None:
    """V1-AGENT-06."""
    async with LocalPlatform(servers={TOOLS: tools_app({"open": BEARER})}, reasoner=Plain()) as platform:
        helper = await talk(platform, [expert("reader", server("open", "bearer"))])
        created = await helper.api.post(
            "/agents",
            json={"name": "head", "description": "d", "experts": [{"type": "reference", "id": helper.agent}]},
        )
        head = Talk(helper.api, created.json()["id"])
        assert state(await head.send()) == "auth-required"
        task = await head.send("hello", token("open"))
        assert state(task) == "completed"
        assert "open: hello" in said(task)
        assert task["metadata"]["agentkit"]["steps"][0]["expert"] == "reader"
        await helper.api.delete(f"/agents/{helper.agent}")
        gone = await head.send("hello")
        assert state(gone) in {"failed", "completed"}
        assert "chief" in said(gone)


async def test_agents_that_use_each_other_do_not_run_for_ever() -> None:
    async with LocalPlatform(reasoner=Plain()) as platform:
        one = await talk(platform)
        two = await talk(platform, [{"type": "reference", "id": one.agent}])
        await one.api.patch(f"/agents/{one.agent}", json={"experts": [{"type": "reference", "id": two.agent}]})
        task = await one.send("hello")
    assert state(task) in {"completed", "failed"}


async def test_two_servers_of_one_name_at_different_places_get_no_credential() -> None:
    """V1-OBJ-19, V2-OBJ-15: who cannot work as it is configured rejects the message before anybody works."""
    app, reasoner = tools_app({"open": BEARER}), Plain()
    async with LocalPlatform(servers={TOOLS: app}, reasoner=reasoner) as platform:
        helper = await talk(platform, [expert("reader", server("open", "bearer"))])
        elsewhere = {**server("open", "bearer"), "url": "http://127.0.0.1:9/open/mcp"}
        head = await talk(platform, [{"type": "reference", "id": helper.agent}, expert("thief", elsewhere)])
        task = await head.send("hello", token("open"))
        url = f"/v2/agentic/agents/agt.{head.agent}/a2a/tasks/task.{task['id']}"
        in_v2 = (await helper.api.get(url)).json()
        again = await head.post(body("hello", task=task["id"]))
    assert (state(task), in_v2["status"]["state"]) == ("rejected", "TASK_STATE_REJECTED")
    assert "Rename" in said(task)
    assert task["metadata"]["agentkit"]["error"] == {"code": "agent_invalid", "field": "mcpServers"}
    assert (again.status_code, again.json()["code"]) == (400, "task_not_continuable")
    assert (app.seen, reasoner.situations) == ([], [])


async def test_the_memory_expert_searches_this_context() -> None:
    """CTX-05, CTX-06, EXP-03."""
    script: list[Entry] = [
        Decline("noted"),
        Delegate("memory-expert", "what did I say about penicillin?"),
        CallTool("recall_conversation", {"query": "penicillin"}),
        lambda situation: Answer(situation.observations[-1].text, (situation.observations[-1].data,)),
        lambda situation: Answer(situation.delegations[-1].text),
    ]
    async with LocalPlatform(reasoner=ScriptedReasoner(script)) as platform:
        chief = await talk(platform, [{"type": "reference", "name": "memory-expert"}])
        first = await chief.send("she reacts to penicillin")
        task = await chief.send("what did I say about penicillin?", context=first["contextId"])
    assert said(task) == "user: she reacts to penicillin"


async def test_the_memory_expert_recalls_the_latest_turns_when_nothing_is_asked_for() -> None:
    script: list[Entry] = [
        Decline("noted"),
        Delegate("memory-expert", "what was said?"),
        CallTool("recall_conversation", {}),
        lambda situation: Answer(situation.observations[-1].text),
        lambda situation: Answer(situation.delegations[-1].text),
    ]
    async with LocalPlatform(reasoner=ScriptedReasoner(script)) as platform:
        chief = await talk(platform, [{"type": "reference", "name": "memory-expert"}])
        first = await chief.send("she is well")
        task = await chief.send("what was said?", context=first["contextId"])
    assert said(task) == "user: she is well\nagent: noted"


async def test_a_transport_the_platform_does_not_speak_is_said_plainly() -> None:
    """CON-07."""
    async with LocalPlatform(reasoner=Plain()) as platform:
        chief = await talk(platform, [expert("reader", {**server("old"), "transportType": "sse"})])
        task = await chief.send()
    assert state(task) == "failed"
    assert "streamable_http" in said(task)


async def test_prompts_of_agent_and_expert_reach_whoever_reasons_for_them() -> None:
    """EXP-01, ORCH-03, V1-OBJ-04: of a reference, the registry's prompt comes first."""
    offered = ExpertSpec(name="tuned", description="Can be told more.", prompt="Be exact.")
    script: list[Entry] = [
        Delegate("reader", "read"),
        Answer("read it"),
        Delegate("tuned", "check"),
        Answer("checked it"),
        Answer("done"),
    ]
    reasoner = ScriptedReasoner(script)
    async with LocalPlatform(PlatformSettings(registry=(offered,)), reasoner=reasoner) as platform:
        reader: JsonObject = {**expert("reader"), "systemPrompt": "Read only."}
        reference: JsonObject = {"type": "reference", "name": "tuned", "systemPrompt": "Be brief."}
        chief = await talk(platform, [reader, reference], systemPrompt="Plan well.")
        assert state(await chief.send("hello")) == "completed"
    told = [situation.instructions for situation in reasoner.situations]
    assert told == ["Plan well.", "Read only.", "Plan well.", "Be exact.\n\nBe brief.", "Plan well."]
