"""A `schema` connector is a tool of the orchestrator whose validated call ends the turn (V2-OBJ-08, ORCH-04)."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from agentkit.reasoning import Act, Answer, Ask, CallTool, Decline, Delegate, ScriptedReasoner, Situation
from agentkit.reasoning.scripted import ScriptEntry
from tests.deadline import HANG
from tests.platform.orchestration.making import made, mcp, output, platform_with
from tests.platform.parts import said, state

pytestmark = pytest.mark.anyio

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"code": {"type": "string", "pattern": "^[A-Z][0-9]{2}$"}, "sure": {"type": "boolean"}},
    "required": ["code"],
    "additionalProperties": False,
}


async def test_a_valid_call_is_an_artifact_and_ends_the_turn_without_another_decision() -> None:
    """V2-OBJ-08: `complete`."""
    reasoner = ScriptedReasoner([CallTool("diagnosis", {"code": "J20", "sure": True})])
    async with platform_with(reasoner) as platform:
        chief = await made(platform, output("diagnosis", SCHEMA, description="The coded diagnosis."))
        task = await chief.send("code it")
    assert state(task) == "completed"
    (artifact,) = task["artifacts"]
    assert artifact["name"] == "diagnosis"
    assert artifact["parts"] == [{"kind": "data", "data": {"code": "J20", "sure": True}}]
    assert artifact["metadata"]["agentkit"] == {"output": "diagnosis"}
    assert said(task) == "diagnosis is done."
    (situation,) = reasoner.situations
    (tool,) = situation.tools
    assert (tool.name, tool.description, tool.input_schema) == ("diagnosis", "The coded diagnosis.", SCHEMA)


async def test_a_transition_that_asks_leaves_the_task_open_for_the_answer() -> None:
    """V2-OBJ-08: `input_required` (ORCH-04)."""
    script: list[ScriptEntry] = [
        CallTool("proposal", {"code": "J20"}),
        lambda situation: Answer(f"{situation.text} after {situation.history[-1].text}"),
    ]
    async with platform_with(script) as platform:
        chief = await made(platform, output("proposal", SCHEMA, transition="input_required"))
        waiting = await chief.send("propose")
        assert (state(waiting), said(waiting)) == ("input-required", "proposal needs your answer.")
        assert waiting["artifacts"][0]["parts"][0]["data"] == {"code": "J20"}
        done = await chief.send("yes", task=waiting["id"])
    assert (state(done), said(done)) == ("completed", "yes after proposal needs your answer.")


async def test_what_an_agent_of_the_agent_wants_an_answer_to_is_shown() -> None:
    """ORCH-04 over V2-OBJ-06: nobody approves what he cannot see."""
    script: list[ScriptEntry] = [
        Delegate("middle", "propose"),
        CallTool("proposal", {"code": "J20"}),
        lambda situation: Ask(situation.delegations[-1].text),
    ]
    async with platform_with(script) as platform:
        middle = await made(platform, output("proposal", SCHEMA, transition="input_required"), name="middle")
        chief = await made(platform, {"type": "agent", "agentId": f"agt.{middle.agent}"})
        waiting = await chief.send("propose")
    assert (state(waiting), said(waiting)) == ("input-required", "proposal needs your answer.")
    assert [artifact["parts"][0]["data"] for artifact in waiting["artifacts"]] == [{"code": "J20"}]


async def test_arguments_that_do_not_fit_are_told_to_the_reasoner_who_does_better() -> None:
    """V2-OBJ-08, ORCH-03: only a validated call ends the turn; the values are not repeated."""
    reasoner = ScriptedReasoner(
        [CallTool("diagnosis", {"code": "secret-value", "more": 1}), CallTool("diagnosis", {"code": "J20"})]
    )
    async with platform_with(reasoner) as platform:
        chief = await made(platform, output("diagnosis", SCHEMA))
        task = await chief.send("code it")
    assert state(task) == "completed"
    (told,) = reasoner.situations[1].observations
    assert (told.failed, told.code) == (True, "invalid-arguments")
    assert "code (pattern)" in told.text
    assert "secret-value" not in told.text
    assert len(task["artifacts"]) == 1


@pytest.mark.parametrize(
    "schema",
    [{"type": "no-such-type"}, {"$ref": "https://example.org/elsewhere.json"}, {"$ref": "#/nowhere"}, {"$ref": "#"}],
)
async def test_a_schema_that_cannot_be_used_never_validates(schema: dict[str, Any]) -> None:
    script = [CallTool("diagnosis", {"code": "J20"}), Decline("It cannot be given out.")]
    reasoner = ScriptedReasoner(script)
    async with platform_with(reasoner) as platform:
        chief = await made(platform)
        changed = await chief.api.patch(
            f"/v2/agentic/agents/{chief.agent}",
            json={"connectors": [output("diagnosis", schema)]},
            headers={"content-type": "application/merge-patch+json"},
        )
        if changed.status_code == 422:  # refused when it is registered is as good
            return
        task = await chief.send("code it")
    assert (state(task), task["artifacts"]) == ("completed", [])
    assert "own schema" in reasoner.situations[1].observations[0].text


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object", "properties": {"code": {"type": "string", "pattern": "^(a+)+$"}}}, "code (pattern)"),
        (
            {
                "$ref": "#/$defs/0",
                "$defs": {
                    **{str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(40)},
                    "40": {"type": "object"},
                },
            },
            "takes too long",
        ),
    ],
)
async def test_a_schema_that_takes_for_ever_holds_up_nobody(schema: dict[str, Any], said: str) -> None:
    """V2-OBJ-08: whoever makes an agent writes its schemas, and a message the values that they are held against."""
    script = [CallTool("diagnosis", {"code": "a" * 40 + "!"}), Decline("It cannot be given out.")]
    reasoner = ScriptedReasoner(script)
    async with platform_with(reasoner) as platform:
        chief = await made(platform, output("diagnosis", schema))
        with anyio.fail_after(HANG):
            task = await chief.send("code it")
    assert (state(task), task["artifacts"]) == ("completed", [])
    assert said in reasoner.situations[1].observations[0].text


async def test_an_output_after_the_work_of_experts_keeps_what_they_found() -> None:
    class FindThenCode:
        async def decide(self, situation: Situation) -> Act:
            if situation.experts:
                if not situation.delegations:
                    return Delegate(situation.experts[0].name, "look")
                return CallTool("diagnosis", {"code": "J20"})
            found = [one for one in situation.observations if one.current]
            return Answer("found", (found[0].data,)) if found else CallTool("echo", {"text": "x"})

    async with platform_with(FindThenCode()) as platform:
        chief = await made(platform, mcp("one"), output("diagnosis", SCHEMA))
        task = await chief.send("code it")
    assert state(task) == "completed"
    assert [artifact["name"] for artifact in task["artifacts"]] == ["chief", "diagnosis"]
    assert len(task["metadata"]["agentkit"]["steps"]) == 1


async def test_a_connector_that_is_switched_off_is_not_offered() -> None:
    """V2-OBJ-09: `enabled`."""
    reasoner = ScriptedReasoner([Answer("nothing to do")])
    async with platform_with(reasoner) as platform:
        chief = await made(platform, output("diagnosis", SCHEMA, enabled=False), mcp("one", enabled=False), mcp("two"))
        await chief.send("hello")
    (situation,) = reasoner.situations
    assert situation.tools == ()
    assert len(situation.experts) == 1
    assert len(situation.experts[0].tools) == 1


async def test_an_output_of_an_agent_that_another_one_asks_is_its_answer() -> None:
    """V2-OBJ-06 with V2-OBJ-08."""

    class Chain:
        async def decide(self, situation: Situation) -> Act:
            if situation.tools:
                return CallTool("diagnosis", {"code": "J20"})
            if situation.delegations:
                return Answer("coded", situation.delegations[0].data)
            return Delegate(situation.experts[0].name, "code it")

    async with platform_with(Chain()) as platform:
        coder = await made(platform, output("diagnosis", SCHEMA), name="coder")
        chief = await made(platform, {"type": "agent", "agentId": f"agt.{coder.agent}"})
        task = await chief.send("please")
    assert (state(task), said(task)) == ("completed", "coded")
    assert task["artifacts"][0]["parts"][0]["data"] == {"code": "J20"}
