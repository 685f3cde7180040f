"""The scenarios that come with the bundled experts, played through the platform with all of them in one agent."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

import pytest

from agentkit.client import AgentHandle, Reply
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.specs import AgentSpec, Authorization
from agentkit.testing.local_platform import LocalPlatform
from agentkit_experts.ehr_lookup.expert import EXPERT as EHR_LOOKUP
from agentkit_experts.medical_calculator.expert import EXPERT as CALCULATOR
from agentkit_experts.questionnaire_interviewer.expert import EXPERT as INTERVIEWER
from agentkit_servers.calculator.server import build_server as calculator
from agentkit_servers.ehr.server import build_server as ehr
from agentkit_servers.questionnaires.server import build_server as questionnaires
from tests.platform.parts import TOOLS

# The tests of the parts cover what runs here; a tracer would double the time.
pytestmark = [pytest.mark.anyio, pytest.mark.no_cover]


@asynccontextmanager
async def house() -> AsyncGenerator[AgentHandle]:
    app = host(
        [
            HostedServer(ehr(), "/ehr/mcp"),
            HostedServer(questionnaires(), "/questionnaires/mcp"),
            HostedServer(calculator(), "/calculator/mcp"),
        ],
        public_url=TOOLS,
    )
    experts = [
        expert.spec(f"{TOOLS}/{name}/mcp", authorization=Authorization.NONE)
        for expert, name in ((EHR_LOOKUP, "ehr"), (INTERVIEWER, "questionnaires"), (CALCULATOR, "calculator"))
    ]
    async with LocalPlatform(servers={TOOLS: app}) as platform:
        yield await platform.corti.agents.create(AgentSpec(name="helper", description="Helps.", experts=experts))


def faults(turn: dict[str, Any], reply: Reply) -> list[str]:
    metadata: Any = reply.task.metadata if reply.task else None
    tools = [step["tool"] for step in metadata["agentkit"]["steps"]]
    wanted = turn.get("expect_tools", [])
    return [
        *(f"lacks {text!r}" for text in turn.get("expect_text_contains", []) if text not in reply.text),
        *(f"says {text!r}" for text in turn.get("expect_text_lacks", []) if text in reply.text),
        *([f"called {tools}"] if wanted and tools[-len(wanted) :] != wanted else []),
    ]


async def play(agent: AgentHandle, turns: list[dict[str, Any]]) -> list[str]:
    context, task, found = None, None, list[str]()
    for turn in turns:
        reply = await agent.send(turn["say"], context=context, task=task)
        found += [f"{turn['say']} -> {fault}" for fault in faults(turn, reply)]
        context, task = reply.context, reply.task if reply.state.is_interrupted else None
    return found


def scenarios(package: str) -> list[dict[str, Any]]:
    return json.loads(resources.files(f"agentkit_experts.{package}").joinpath("scenarios.json").read_text("utf-8"))


SCENARIOS = {
    package: scenarios(package) for package in ("ehr_lookup", "questionnaire_interviewer", "medical_calculator")
}


@pytest.mark.parametrize("package", SCENARIOS)
async def test_every_scenario_of_a_bundled_expert_goes_as_written(package: str) -> None:
    async with house() as agent:
        found = {scenario["name"]: await play(agent, scenario["turns"]) for scenario in SCENARIOS[package]}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("question", "expert", "tool"),
    [
        ("Show me scores for sepsis.", "medical-calculator", "search_calculators"),
        ("Which score is there for pneumonia?", "medical-calculator", "search_calculators"),
        ("Which calculators are there?", "medical-calculator", "search_calculators"),
        ("What is the stroke risk in atrial fibrillation?", "medical-calculator", "search_calculators"),
        ("Describe CKD-EPI.", "medical-calculator", "describe_calculator"),
        ("Explain the MELD-Na score.", "medical-calculator", "describe_calculator"),
        ("What is the creatinine of Robert Okafor, born 1950-11-08?", "ehr-lookup", "search_observations"),
        ("Show the blood pressure of Anna Berg, born 1980-04-12.", "ehr-lookup", "search_observations"),
        ("Find the patient Anna Berg, born 1980-04-12.", "ehr-lookup", "find_patients"),
        ("Run the PHQ-2 with me.", "questionnaire-interviewer", "start_interview"),
        ("Which questionnaires are on offer?", "questionnaire-interviewer", "list_questionnaires"),
    ],
)
async def test_of_three_experts_the_one_is_asked_who_can_answer(question: str, expert: str, tool: str) -> None:
    async with house() as agent:
        reply = await agent.send(question)
    metadata: Any = reply.task.metadata if reply.task else None
    steps = metadata["agentkit"]["steps"]
    assert {step["expert"] for step in steps} == {expert}
    assert steps[-1]["tool"] == tool
