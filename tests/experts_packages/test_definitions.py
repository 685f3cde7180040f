"""The packaged experts: their definitions, prompts and scenarios, and that the scenarios hold without any model."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import resources
from typing import Final, NotRequired, TypedDict, cast

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult, TextContent

from agentkit.experts import Worker, WorkerResult, WorkerState, load_expert, load_server
from agentkit.models import Json, JsonObject, Role
from agentkit.reasoning import Observation, RuleReasoner, Situation, Tool, Utterance
from agentkit.specs import Authorization
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

PACKAGES: Final = {
    "ehr-lookup": "agentkit_experts.ehr_lookup",
    "medical-calculator": "agentkit_experts.medical_calculator",
    "questionnaire-interviewer": "agentkit_experts.questionnaire_interviewer",
}


EXPERTS: Final = {slug: load_expert(slug) for slug in PACKAGES}
SERVERS: Final = {slug: load_server(expert.server_name) for slug, expert in EXPERTS.items()}


class Turn(TypedDict):
    """What a person says, and what must come of it."""

    say: str
    expect_text_contains: list[str]
    expect_tools: NotRequired[list[str]]
    expect_text_lacks: NotRequired[list[str]]


class Scenario(TypedDict):
    """A conversation."""

    name: str
    case: str
    turns: list[Turn]


def scenarios(slug: str) -> list[Scenario]:
    text = resources.files(PACKAGES[slug]).joinpath("scenarios.json").read_text(encoding="utf-8")
    return cast("list[Scenario]", json.loads(text))


ALL = [pytest.param(slug, scenario, id=scenario["name"]) for slug in PACKAGES for scenario in scenarios(slug)]


class ClientBox:
    """The tools behind an MCP client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list_tools(self) -> Sequence[Tool]:
        listed = await self._client.list_tools()
        return [
            Tool(
                name=tool.name,
                description="\n".join(text for text in (tool.title, tool.description) if text),
                input_schema=cast("JsonObject", tool.input_schema),
                output_schema=cast("JsonObject | None", tool.output_schema),
                read_only=bool(tool.annotations and tool.annotations.read_only_hint),
            )
            for tool in listed.tools
        ]

    async def call(self, name: str, arguments: JsonObject) -> Observation:
        result = await self._client.call_tool(name, cast("dict[str, object]", arguments))
        assert isinstance(result, CallToolResult)
        block = result.content[0]
        assert isinstance(block, TextContent)
        code = cast("str", json.loads(block.text)["error"]["code"]) if result.is_error else None
        data = cast("Json", result.structured_content)
        return Observation(name, arguments, block.text, data, failed=bool(result.is_error), code=code)


@asynccontextmanager
async def toolbox(slug: str) -> AsyncGenerator[ClientBox]:
    async with Client(SERVERS[slug](None).mcp) as client:
        yield ClientBox(client)


@pytest.mark.parametrize(
    ("slug", "server", "authorization"),
    [
        ("ehr-lookup", "ehr", Authorization.BEARER),
        ("medical-calculator", "calculator", Authorization.BEARER),
        ("questionnaire-interviewer", "questionnaires", Authorization.OAUTH2),
    ],
)
def test_an_expert_becomes_a_spec_at_an_address(slug: str, server: str, authorization: Authorization) -> None:
    spec = EXPERTS[slug].spec("http://127.0.0.1:8701/x/mcp", scope="questionnaires")
    assert spec.name == slug
    assert [(one.name, one.authorization) for one in spec.servers] == [(server, authorization)]
    assert spec.servers[0].scope == "questionnaires"


@pytest.mark.parametrize("slug", PACKAGES)
def test_prompt_and_scenarios_are_in_the_package(slug: str) -> None:
    prompt = resources.files(PACKAGES[slug]).joinpath("prompt.md").read_text(encoding="utf-8")
    assert EXPERTS[slug].prompt == prompt
    assert "iagnos" in prompt
    assert len(scenarios(slug)) >= 3


@pytest.mark.parametrize("slug", PACKAGES)
async def test_scenarios_name_only_tools_of_the_expert(slug: str) -> None:
    named = {
        tool for scenario in scenarios(slug) for turn in scenario["turns"] for tool in turn.get("expect_tools", [])
    }
    async with toolbox(slug) as box:
        assert named <= {tool.name for tool in await box.list_tools()}


@pytest.mark.parametrize(("slug", "scenario"), ALL)
async def test_a_scenario_holds_with_the_rule_based_reasoner(slug: str, scenario: Scenario) -> None:
    history: list[Utterance] = []
    found: list[Observation] = []
    expert = EXPERTS[slug]
    async with toolbox(slug) as box:
        worker = Worker(slug, RuleReasoner(), {expert.server_name: box}, expert.prompt or "")
        for turn in scenario["turns"]:
            situation = Situation(turn["say"], history=tuple(history), observations=tuple(found))
            with anyio.fail_after(HANG):
                events = [event async for event in worker.run(situation)]
            result = events[-1]
            assert isinstance(result, WorkerResult)
            called = [step.tool for step in result.steps]
            # A turn that names no tools may be answered from memory or by asking the server again.
            assert called == turn.get("expect_tools", called), result.text
            for text in turn["expect_text_contains"]:
                assert text in result.text
            for text in turn.get("expect_text_lacks", []):
                assert text not in result.text
            asks = result.state is WorkerState.INPUT_REQUIRED
            history += [Utterance(Role.USER, turn["say"]), Utterance(Role.AGENT, result.text, slug, asks)]
            found += [replace(observation, current=False) for observation in result.observations]
