"""A turn tells what it used and what happened in it: `$usage`, spans, stamps (V2-OBJ-14, V2-OBJ-11)."""

from __future__ import annotations

import json

import anyio
import pytest

from agentkit.mcp.hosting.authorization import NoAuth
from agentkit.models import TokenUsage
from agentkit.reasoning import Act, Answer, Ask, CallTool, Decline, Delegate, Situation, spent
from agentkit.testing.local_platform import LocalPlatform
from agentkit.tracing import SpanRecord, listen
from tests.deadline import HANG
from tests.platform.orchestration.making import V2
from tests.platform.parts import TOOLS, Plain, expert, said, server, state, talk, tools_app

pytestmark = pytest.mark.anyio


class Metered(Plain):
    """As `Plain`, each decision of which used a model."""

    async def decide(self, situation: Situation) -> Act:
        spent(TokenUsage(input_tokens=10, output_tokens=2, total_tokens=12, credits=0.5, model="m"))
        return await super().decide(situation)


async def test_what_models_used_is_summed_over_everybody_who_decided() -> None:
    """V2-OBJ-14, V1-OBJ-21: two decisions of the orchestrator, two of the expert."""
    async with LocalPlatform(servers={TOOLS: tools_app({"one": NoAuth()})}, reasoner=Metered()) as platform:
        chief = await talk(platform, [expert("reader", server("one"))])
        task = await chief.send("hello")
        read = (await chief.api.get(f"{V2}/{chief.agent}/a2a/tasks/{task['id']}")).json()
    assert (task["metadata"]["_usage"], task["metadata"]["credits"]) == ({"input_tokens": 40, "output_tokens": 8}, 2.0)
    usage = read["metadata"]["$usage"]
    assert {name: usage[name] for name in ("model", "inputTokens", "outputTokens", "totalTokens", "credits")} == {
        "model": "m",
        "inputTokens": 40,
        "outputTokens": 8,
        "totalTokens": 48,
        "credits": 2.0,
    }


async def test_the_turns_of_a_task_add_up() -> None:
    class Asking:
        async def decide(self, situation: Situation) -> Act:
            spent(TokenUsage(input_tokens=1, output_tokens=1, total_tokens=2))
            return Answer("done") if situation.history else Ask("Which?")

    async with LocalPlatform(reasoner=Asking()) as platform:
        chief = await talk(platform)
        waiting = await chief.send("hello")
        done = await chief.send("this", task=waiting["id"])
    assert waiting["metadata"]["_usage"] == {"input_tokens": 1, "output_tokens": 1}
    assert done["metadata"]["_usage"] == {"input_tokens": 2, "output_tokens": 2}


async def test_the_spans_of_a_turn_are_named_after_what_happens_and_hold_no_content() -> None:
    spans: list[SpanRecord] = []
    async with LocalPlatform(servers={TOOLS: tools_app({"one": NoAuth()})}, reasoner=Metered()) as platform:
        chief = await talk(platform, [expert("reader", server("one"))])
        with listen(spans.append):
            task = await chief.send("quetzalcoatlus")
    ours = [one for one in spans if one.name.startswith(("platform.turn", "platform.decide", "expert."))]
    assert [one.name for one in ours] == [
        "platform.decide",
        "platform.decide",
        "platform.decide",
        "expert.work",
        "platform.decide",
        "platform.turn",
    ]
    turn = ours[-1]
    assert turn.attributes["agentkit.task.id"] == task["id"]
    assert turn.attributes["agentkit.context.id"] == task["contextId"]
    assert turn.attributes["agentkit.agent.id"] == chief.agent
    assert turn.attributes["agentkit.task.state"] == "completed"
    assert [one.attributes["agentkit.decision"] for one in ours if one.name == "platform.decide"] == [
        "delegate",
        "calltool",
        "answer",
        "answer",
    ]
    assert ours[0].attributes["gen_ai.usage.input_tokens"] == 10
    assert "quetzalcoatlus" not in str([one.attributes for one in spans])


async def test_a_send_that_is_waited_for_is_told_by_its_request_and_its_turn_alone() -> None:
    spans: list[SpanRecord] = []
    async with LocalPlatform(reasoner=Plain()) as platform:
        chief = await talk(platform)
        with listen(spans.append):
            await chief.send("!hello")
    assert [one.name for one in spans] == ["platform.decide", "platform.turn", "platform.request"]


async def test_what_the_agent_says_carries_its_time() -> None:
    """V2-OBJ-11: `$timestamp`."""
    async with LocalPlatform(reasoner=Plain()) as platform:
        chief = await talk(platform)
        task = await chief.send("!hello")
        read = (await chief.api.get(f"{V2}/{chief.agent}/a2a/tasks/{task['id']}")).json()
    assert read["status"]["message"]["metadata"]["$timestamp"].endswith("Z")


async def test_a_cancelled_tool_call_is_cancelled_at_its_server_and_the_task_is_canceled() -> None:
    """V1-RPC-01 `tasks/cancel`, A2A-CAN-01: the server's handler is cancelled, not left running."""
    from agentkit.mcp import ToolServer
    from agentkit.mcp.hosting.app import HostedServer, host

    begun, stopped = anyio.Event(), anyio.Event()
    slow = ToolServer("slow", version="1")

    @slow.tool(title="Wait")
    async def wait(text: str) -> str:
        """Wait for ever."""
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()
        return text

    app = host([HostedServer(slow, "/slow/mcp", NoAuth())], public_url=TOOLS)
    async with LocalPlatform(servers={TOOLS: app}, reasoner=Plain()) as platform:
        chief = await talk(platform, [expert("reader", server("slow"))])
        task = await chief.send("go", blocking=False)
        with anyio.fail_after(HANG):
            await begun.wait()
            call = {"jsonrpc": "2.0", "id": 1, "method": "tasks/cancel", "params": {"id": task["id"]}}
            answer = (await chief.api.post(f"/agents/{chief.agent}/v1", json=call)).json()
            await stopped.wait()
        assert answer["result"]["status"]["state"] == "canceled"
        # The conversation goes on, and knows what was asked.
        after = await chief.send("!and now?", context=task["contextId"])
        assert (state(after), said(after)) == ("completed", "That cannot be done here.")


async def test_a_reasoner_that_breaks_fails_the_task_without_its_words() -> None:
    class Broken:
        async def decide(self, situation: Situation) -> Act:
            raise ValueError(situation.text)

    async with LocalPlatform(reasoner=Broken()) as platform:
        chief = await talk(platform)
        task = await chief.send("quetzalcoatlus")
    assert state(task) == "failed"
    assert "quetzalcoatlus" not in json.dumps(task["status"])


async def test_an_expert_whose_reasoner_cannot_go_on_fails_its_part_only() -> None:
    from agentkit.errors import EngineError

    class Half:
        async def decide(self, situation: Situation) -> Act:
            if situation.experts:
                done = situation.delegations
                return Answer(done[-1].text) if len(done) > 1 else Delegate(("bad", "good")[len(done)], "x")
            if situation.instructions == "bad":
                raise EngineError("The model is away.")
            return CallTool("echo", {"text": "x"}) if not situation.observations else Decline("no")

    async with LocalPlatform(servers={TOOLS: tools_app({"one": NoAuth()})}, reasoner=Half()) as platform:
        bad = {**expert("bad"), "systemPrompt": "bad"}
        chief = await talk(platform, [bad, expert("good", server("one"))])
        task = await chief.send("go")
    assert state(task) == "completed"
    assert "The expert bad could not do its part: The model is away." in said(task)
