"""The local platform takes what is deployed, keeps what it is told to keep, and the expert works."""

from __future__ import annotations

import pytest

from agentkit.experts import Expert
from agentkit.experts.deployment import apply_deployment, plan_deployment, plan_removal
from agentkit.models import AgentInfo, ExpertInfo
from agentkit.specs import AgentSpec, Authorization, ExpertSpec, McpServerSpec
from agentkit.testing import LocalPlatform
from tests.experts.deployment.agents import actions, lab_expert

pytestmark = pytest.mark.anyio


async def test_deploying_is_idempotent_and_leaves_the_others_alone() -> None:
    static = McpServerSpec(
        name="calc", url="https://calc.test/mcp", authorization=Authorization.BEARER, token="t-1", description="Calc"
    )
    other = ExpertSpec(name="calculator", description="Calculates.", prompt="Show it.", servers=[static])
    async with LocalPlatform() as platform:
        corti = platform.corti
        agent = await corti.agents.create(AgentSpec(name="helper", description="Helps", experts=[other, "ehr-lookup"]))
        assert isinstance(agent.info, AgentInfo)
        plan = await plan_deployment(corti, lab_expert(), agent="helper")
        assert (actions(plan), plan.kept) == ({"lab-lookup": "create"}, ("calculator", "ehr-lookup"))
        done = await apply_deployment(corti, plan)
        assert (done.agent_id, done.changed, done.warnings) == (agent.id, True, ())
        assert not (await plan_deployment(corti, lab_expert(), agent="helper")).has_changes
        changed = lab_expert(description="Looks up labs.", url="https://labs-2.test/mcp")
        before = (await corti.agents.get(agent.id)).info
        assert (await apply_deployment(corti, await plan_deployment(corti, changed, agent="helper"))).warnings == ()
        after = (await corti.agents.get(agent.id)).info
        assert isinstance(before, AgentInfo)
        assert isinstance(after, AgentInfo)
        assert after.experts[:2] == before.experts[:2] == agent.info.experts
        assert isinstance(after.experts[2], ExpertInfo)
        assert after.experts[2].id == before.experts[2].id
        await apply_deployment(corti, await plan_removal(corti, "lab-lookup", agent="helper"))
        assert (await corti.agents.get(agent.id)).info == agent.info


async def test_an_expert_of_ones_own_is_deployed_as_it_is_written() -> None:
    expert = Expert("units", description="Converts units.", prompt="Show both.", authorization="bearer")

    @expert.tool
    async def convert(value: float) -> float:
        """Convert a value."""
        return value * 2

    assert await convert(2) == 4
    async with LocalPlatform() as platform:
        spec = expert.spec("https://units.test/mcp")
        done = await apply_deployment(platform.corti, await plan_deployment(platform.corti, spec, agent="new"))
        assert done.changed
        assert not (await plan_deployment(platform.corti, spec, agent=done.agent_id)).has_changes


async def test_an_agent_that_was_deployed_with_v2_is_found_as_one_of_v2() -> None:
    """The platform shows each agent through both generations; only one of them knows the sections of experts."""
    async with LocalPlatform() as platform:
        corti, second = platform.corti, platform.new_corti(generation="v2")
        done = await apply_deployment(second, await plan_deployment(second, lab_expert(), agent="helper"))
        again = await plan_deployment(corti, lab_expert(), agent="helper")
        assert (again.agent_id, again.generation, again.has_changes) == (done.agent_id, "v2", False)
        await apply_deployment(corti, await plan_removal(corti, "lab-lookup", agent="helper"))
        assert actions(await plan_deployment(corti, lab_expert(), agent="helper")) == {"lab-lookup": "create"}


async def test_an_agent_with_experts_of_v1_stays_one_of_v1() -> None:
    async with LocalPlatform() as platform:
        prompt = "Be brief.\n\n## Expert lab-lookup\n\nLooks up laboratory results.\n\nTools: labs."
        other = ExpertSpec(name="calculator", description="Calculates.", prompt="Show it.")
        spec = AgentSpec(name="helper", description="Helps", prompt=prompt, experts=[other])
        agent = await platform.corti.agents.create(spec)
        plan = await plan_deployment(platform.corti, lab_expert(), agent="helper")
        assert (plan.agent_id, plan.generation) == (agent.id, "v1")
