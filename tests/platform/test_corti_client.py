"""Our own client against our own platform: the main job on the bundled servers, decided by rules."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agentkit.client import Reply
from agentkit.credentials import Token
from agentkit.errors import BadRequestError, CredentialError, NotFoundError, UnprocessableEntityError
from agentkit.mcp.hosting.app import HostedServer, host
from agentkit.mcp.hosting.authorization import BearerAuth
from agentkit.models import TaskState
from agentkit.specs import AgentChanges, AgentSpec, ExpertReferenceSpec
from agentkit.testing.local_platform import LocalPlatform
from agentkit_experts.ehr_lookup.expert import EXPERT as EHR_LOOKUP
from agentkit_servers.ehr.server import build_server
from tests.platform.parts import TOKEN, TOOLS

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def clinic() -> AsyncGenerator[LocalPlatform]:
    app = host([HostedServer(build_server(), "/ehr/mcp", BearerAuth(TOKEN))], public_url=TOOLS)
    async with LocalPlatform(servers={TOOLS: app}) as platform:
        yield platform


def spec() -> AgentSpec:
    return AgentSpec(
        name="visit-helper",
        description="Answers questions about one visit",
        experts=[EHR_LOOKUP.spec(f"{TOOLS}/ehr/mcp")],
    )


def tools_of(reply: Reply) -> list[str]:
    metadata: Any = reply.task.metadata if reply.task else None
    return [step["tool"] for step in metadata["agentkit"]["steps"]]


async def test_a_question_is_answered_from_the_record_and_a_follow_up_knows_who_is_meant() -> None:
    async with clinic() as platform:
        agent = await platform.corti.agents.create(spec())
        question = "Which medications does Anna Berg, born 1980-04-12, take?"
        first = await agent.send(question, credentials=[Token("ehr", TOKEN)])
        assert first.state is TaskState.COMPLETED, first.text
        assert "Metformin 1000 mg" in first.text
        assert first.artifacts
        assert tools_of(first) == ["find_patients", "list_medications"]
        second = await agent.send("And her allergies?", context=first.context)
        assert second.state is TaskState.COMPLETED, second.text
        assert "Penicillin" in second.text
        assert tools_of(second) == ["list_allergies"]


async def test_two_patients_of_one_name_are_asked_back_and_the_answer_continues_the_task() -> None:
    async with clinic() as platform:
        agent = await platform.corti.agents.create(spec())
        asked = await agent.send("Which medications does Anna Berg take?", credentials=[Token("ehr", TOKEN)])
        assert asked.state is TaskState.INPUT_REQUIRED, asked.text
        assert "1957-09-30" in asked.text
        assert "1980-04-12" in asked.text
        done = await agent.send("The one born 1980-04-12.", task=asked.task, context=asked.context)
        assert done.state is TaskState.COMPLETED, done.text
        assert "Metformin 1000 mg" in done.text


async def test_a_follow_up_in_another_context_knows_nobody() -> None:
    async with clinic() as platform:
        agent = await platform.corti.agents.create(spec())
        await agent.send("Which medications does Anna Berg, born 1980-04-12, take?", credentials=[Token("ehr", TOKEN)])
        other = await agent.send("And her allergies?", credentials=[Token("ehr", TOKEN)])
        assert "Penicillin" not in other.text
        assert other.state in {TaskState.INPUT_REQUIRED, TaskState.COMPLETED}


async def test_an_installed_expert_can_be_used_by_its_registry_name() -> None:
    async with clinic() as platform:
        offered = {expert.name: expert for expert in await platform.corti.experts.list().all()}
        assert {"memory-expert", "ehr-lookup", "questionnaire-interviewer"} <= offered.keys()
        assert [server.name for server in offered["ehr-lookup"].mcp_servers] == ["ehr"]
        agent = await platform.corti.agents.create(AgentSpec(name="a", description="d", experts=["ehr-lookup"]))
        waiting = await agent.send("hello")
        assert waiting.state is TaskState.AUTH_REQUIRED
        assert "MCP server ehr" in waiting.text


async def test_agents_are_managed_through_the_client() -> None:
    async with clinic() as platform:
        agents = platform.corti.agents
        agent = await agents.create(spec())
        assert (await agents.get(agent.id)).info == agent.info
        assert [one.id for one in await agents.list().all()] == [agent.id]
        renamed = await agents.update(agent.id, AgentChanges(name="renamed"))
        assert renamed.name == "renamed"
        assert (await agents.card(agent.id)).url == f"{platform.url}/agents/{agent.id}/v1"
        reply = await agent.send("hello", credentials=[Token("ehr", TOKEN)])
        assert reply.context is not None
        assert reply.task is not None
        assert (await agent.task(reply.task.id)).id == reply.task.id
        assert len((await agent.context(reply.context)).items) == 1
        await agent.delete_context(reply.context)
        with pytest.raises(NotFoundError):
            await agent.context(reply.context)
        await agents.delete(agent.id)
        with pytest.raises(NotFoundError):
            await agents.get(agent.id)


async def test_refusals_arrive_as_typed_errors() -> None:
    async with clinic() as platform:
        unknown = AgentSpec(name="a", description="d", experts=[ExpertReferenceSpec(name="no-such-expert")])
        with pytest.raises(BadRequestError) as caught:
            await platform.corti.agents.create(unknown)
        assert caught.value.code == "expert_not_found"
        agent = await platform.corti.agents.create(spec())
        same = EHR_LOOKUP.spec(f"{TOOLS}/ehr/mcp").servers
        with pytest.raises(UnprocessableEntityError):
            await platform.corti.agents.update(agent.id, AgentChanges(servers=same))
        with pytest.raises(CredentialError):
            await agent.send("hello", credentials=[Token("ehr", TOKEN), Token("ehr", TOKEN)])
