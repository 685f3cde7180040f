"""A plan is applied whole or not at all, and to the agent it was made for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import (
    ForbiddenError,
    InternalServerError,
    NotFoundError,
    PlanOutdated,
    TransportError,
    UnauthorizedError,
    UnsupportedByGeneration,
)
from agentkit.experts.deployment import DeploymentPlan, apply_deployment, plan_deployment, plan_removal
from agentkit.models import AgentInfo
from agentkit.specs import AgentSpec
from tests.contract.corti_double import Answer, CortiDouble, Drop
from tests.experts.deployment.agents import READER, corti_of, lab_expert, stored, writes

pytestmark = pytest.mark.anyio

UNKNOWN = "0b1f6a52-6f0e-4f0b-9d0c-6a2f4a1e0001"
Make = Callable[[CortiDouble], str]


def first(double: CortiDouble) -> str:
    return double.add_agent(experts=[READER])


def second(double: CortiDouble) -> str:
    return double.add_v2_agent(systemPrompt="Be brief.")


@pytest.fixture(params=[first, second], ids=["v1", "v2"])
def make(request: pytest.FixtureRequest) -> Make:
    return request.param


async def planned(corti: AsyncCorti, agent: str) -> DeploymentPlan:
    return await plan_deployment(corti, lab_expert(), agent=agent)


async def another_prompt(corti: AsyncCorti, agent_id: str) -> None:
    info = (await corti.agents.get(agent_id)).info
    assert isinstance(info, AgentInfo)
    await corti.agents.edit(info, info.model_copy(update={"system_prompt": "Somebody else's."}))


async def another_expert(corti: AsyncCorti, agent_id: str) -> None:
    other = lab_expert(name="other", server="other")
    await apply_deployment(corti, await plan_deployment(corti, other, agent=agent_id))


async def gone(corti: AsyncCorti, agent_id: str) -> None:
    await corti.agents.delete(agent_id)


@pytest.mark.parametrize("meanwhile", [another_prompt, another_expert, gone])
async def test_an_agent_that_has_changed_since_is_left_alone(
    make: Make, meanwhile: Callable[[AsyncCorti, str], Awaitable[None]]
) -> None:
    double = CortiDouble()
    agent_id = make(double)
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        removal = None
        if meanwhile is not gone:
            await another_expert(corti, agent_id)
            removal = await plan_removal(corti, "other", agent=agent_id)
            plan = await planned(corti, agent_id)
            await apply_deployment(corti, removal)
        await meanwhile(corti, agent_id)
        count = len(writes(double))
        for outdated in (plan, *([removal] if removal and meanwhile is another_prompt else [])):
            with pytest.raises(PlanOutdated, match="Plan again"):
                await apply_deployment(corti, outdated)
    assert len(writes(double)) == count


async def test_a_plan_that_somebody_else_has_carried_out_is_done(make: Make) -> None:
    double = CortiDouble()
    agent_id = make(double)
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        await apply_deployment(corti, await planned(corti, agent_id))
        before = stored(double, agent_id)
        done = await apply_deployment(corti, plan)
    assert (done.agent_id, done.changed) == (agent_id, False)
    assert stored(double, agent_id) == before


async def test_an_answer_that_was_lost_is_no_reason_to_do_it_twice(make: Make) -> None:
    double = CortiDouble()
    agent_id = make(double)
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        double.inject(Drop("after"), on="PATCH *")
        with pytest.raises(TransportError):
            await apply_deployment(corti, plan)
        before = stored(double, agent_id)
        assert not (await apply_deployment(corti, plan)).changed
    assert stored(double, agent_id) == before


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_an_agent_that_was_created_meanwhile_is_not_created_twice(generation: str) -> None:
    double = CortiDouble()
    async with corti_of(double, generation=generation) as corti:
        plan = await planned(corti, "new-helper")
        await corti.agents.create(AgentSpec(name="new-helper", description="d"))
        with pytest.raises(PlanOutdated, match="There is an agent 'new-helper' now"):
            await apply_deployment(corti, plan)
        other = await planned(corti, "other-helper")
        assert (await apply_deployment(corti, other)).changed
        assert not (await apply_deployment(corti, other)).changed
    assert len(writes(double)) == 2


async def test_a_name_that_is_taken_in_the_same_moment_is_no_second_agent() -> None:
    """V2-EP-01: a duplicate name is a 409."""
    double = CortiDouble()
    async with corti_of(double, generation="v2") as corti:
        plan = await planned(corti, "new-helper")
        double.inject(Answer(409, {"error": {"code": "ASSIGNMENT_CONFLICT", "message": "taken"}}), on="POST *")
        with pytest.raises(PlanOutdated):
            await apply_deployment(corti, plan)


async def test_an_unknown_id_is_the_apis_own_error() -> None:
    double = CortiDouble()
    async with corti_of(double) as corti:
        for agent in (UNKNOWN, f"agt.{UNKNOWN}"):
            with pytest.raises(NotFoundError):
                await planned(corti, agent)
            with pytest.raises(NotFoundError):
                await plan_removal(corti, "lab-lookup", agent=agent)
    async with corti_of(double, generation="v1") as corti:
        with pytest.raises(UnsupportedByGeneration):
            await planned(corti, f"agt.{UNKNOWN}")
    assert writes(double) == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, UnauthorizedError), (403, ForbiddenError), (500, InternalServerError)]
)
async def test_an_error_of_the_api_leaves_the_agent_as_it_was(make: Make, status: int, error: type[Exception]) -> None:
    double = CortiDouble()
    agent_id = make(double)
    before = stored(double, agent_id)
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        double.inject(Answer(status, {"code": "broken", "description": "no"}), on="PATCH *", times=None)
        with pytest.raises(error):
            await apply_deployment(corti, plan)
        double.inject(Answer(status, {"code": "broken", "description": "no"}), on="GET *", times=None)
        with pytest.raises(error):
            await planned(corti, agent_id)
        with pytest.raises(error):
            await planned(corti, "visit-helper")
    assert stored(double, agent_id) == before


@pytest.mark.parametrize(
    "answer",
    [Answer(404, {"code": "nothing_here"}), Answer(403, {"code": "no"}), Answer(200, "<html>Welcome</html>")],
    ids=["404", "403", "html"],
)
async def test_a_server_without_v2_is_asked_for_v1_only(answer: Answer) -> None:
    double = CortiDouble()
    agent_id = double.add_agent()
    double.inject(answer, on="* /v2/*", times=None)
    async with corti_of(double) as corti:
        assert (await planned(corti, "visit-helper")).agent_id == agent_id


async def test_a_change_that_the_api_did_not_keep_is_told(make: Make) -> None:
    double = CortiDouble()
    agent_id = make(double)
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        double.inject(Answer(200, stored(double, agent_id)), on="PATCH *")
        done = await apply_deployment(corti, plan)
    assert any("lab-lookup: servers.labs" in warning or "lab-lookup: " in warning for warning in done.warnings)


async def test_what_did_not_stay_as_it_was_is_told(make: Make) -> None:
    double = CortiDouble()
    agent_id = make(double)
    if agent_id.startswith("agt."):
        wire = double.v2.agents[agent_id].wire
        wire["connectors"] = [{"id": "con.1", "type": "mcp", "name": "ehr", "url": "https://x.org/mcp"}]
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        broken = stored(double, agent_id)
        broken["experts"] = broken["connectors"] = []
        double.inject(Answer(200, broken), on="PATCH *")
        done = await apply_deployment(corti, plan)
    name = "ehr" if agent_id.startswith("agt.") else "record-reader"
    assert any(f"{name!r}, which was to stay as it is" in warning for warning in done.warnings)


async def test_an_agent_that_is_shown_as_a_reference_only_is_refused() -> None:
    """V1-EP-03, V1-OBJ-07."""
    double = CortiDouble()
    agent_id = double.add_agent()
    async with corti_of(double) as corti:
        double.inject(Answer(200, {"type": "reference", "id": agent_id, "name": "x"}), on="GET /agents/*")
        with pytest.raises(Exception, match="reference only"):
            await planned(corti, agent_id)


async def test_an_agent_that_is_not_shown_after_the_change_is_told() -> None:
    """V1-EP-04: the answer may be a reference."""
    double = CortiDouble()
    agent_id = double.add_agent()
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        double.inject(Answer(200, {"type": "reference", "id": agent_id}), on="PATCH *")
        done = await apply_deployment(corti, plan)
    assert (done.changed, done.agent_id) == (True, agent_id)
    assert "plan again" in done.warnings[0]


async def test_an_agent_that_does_not_take_the_expert_any_more_is_left_alone() -> None:
    """Meanwhile another expert has taken the name of its server."""
    double = CortiDouble()
    agent_id = double.add_agent()
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        other = lab_expert(name="other")
        await apply_deployment(corti, await plan_deployment(corti, other, agent=agent_id))
        count = len(writes(double))
        with pytest.raises(PlanOutdated):
            await apply_deployment(corti, plan)
        assert len(writes(double)) == count


async def test_what_cannot_be_compared_after_the_change_is_no_error_of_the_change() -> None:
    double = CortiDouble()
    agent_id = double.add_agent()
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        shown = stored(double, agent_id)
        expert = {"type": "expert", "id": "e", "name": "lab-lookup", "description": "d"}
        double.inject(Answer(200, {**shown, "experts": [expert, expert]}), on="PATCH *")
        done = await apply_deployment(corti, plan)
    assert done.changed
    assert "cannot be compared" in done.warnings[0]


async def test_a_server_that_takes_a_change_for_the_whole_agent_is_told() -> None:
    """CON-21: notes of v2 call the PATCH of v1 effectively a PUT."""
    double = CortiDouble()
    agent_id = double.add_agent(systemPrompt="Be brief.", mcpServers=[READER["mcpServers"][0]])
    async with corti_of(double) as corti:
        plan = await planned(corti, agent_id)
        shown = stored(double, agent_id)
        double.inject(Answer(200, {**shown, "systemPrompt": "", "mcpServers": []}), on="PATCH *")
        done = await apply_deployment(corti, plan)
    assert any("system_prompt is shown otherwise" in warning for warning in done.warnings)
    assert any("own MCP servers" in warning for warning in done.warnings)
