"""Experts into agents of v2: connectors, and a section of the agent's prompt (V2-MIG-01, V2-EP-04, V2-OBJ-09)."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from agentkit.errors import SpecError
from agentkit.experts.deployment import apply_deployment, plan_deployment, plan_removal
from agentkit.specs import AgentSpec, Authorization, ExpertSpec, McpServerSpec
from tests.contract.corti_double import CortiDouble
from tests.experts.deployment.agents import URL, actions, corti_of, fields, lab_expert, stored, writes

pytestmark = pytest.mark.anyio

MCP: dict[str, Any] = {"type": "mcp", "name": "ehr", "url": "https://x.org/ehr?key=odd", "auth": {"type": "bearer"}}
SCHEMA: dict[str, Any] = {"type": "schema", "name": "out", "schema": {"type": "object"}, "enabled": False}
SECTION = (
    "## Expert lab-lookup\n\nLooks up laboratory results.\n\n"
    "Name the unit.\n\nSay when it was measured.\n\nTools: labs."
)


@pytest.fixture(params=[True, False], ids=["as of today", "as declared"])
def double(request: pytest.FixtureRequest) -> CortiDouble:
    made = CortiDouble()
    made.as_of_today = request.param
    return made


async def test_an_expert_becomes_a_section_and_a_connector_and_nothing_else_is_touched(double: CortiDouble) -> None:
    registry = {"type": "registry", "name": double.connectors[0]["id"]}
    agent_id = double.add_v2_agent(systemPrompt="Be brief.\n", connectors=[registry, MCP, SCHEMA])
    before = stored(double, agent_id)
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent=agent_id)
        assert (plan.generation, plan.action, actions(plan)) == ("v2", "update", {"lab-lookup": "create"})
        assert fields(plan) == {"section": (None, SECTION), "servers.labs": (None, f"{URL}, oauth2.0, scope labs.read")}
        assert plan.kept == (f"registry {registry['name']}", "mcp ehr", "schema out")
        assert writes(double) == []
        done = await apply_deployment(corti, plan)
        assert (done.changed, done.warnings) == (True, ())
        again = await plan_deployment(corti, lab_expert(), agent=agent_id)
        assert (again.has_changes, again.warnings) == (False, ())
    assert writes(double) == [f"PATCH /v2/agentic/agents/{agent_id}"]
    after = stored(double, agent_id)
    assert after["systemPrompt"] == f"Be brief.\n\n\n{SECTION}"
    *others, new = after["connectors"]
    assert others == before["connectors"]
    assert (new["name"], new["url"], new["auth"]) == ("labs", URL, {"type": "oauth2", "scope": "labs.read"})
    for field in ("name", "description", "model", "visibility", "lifecycle", "labels"):
        assert after[field] == before[field]


async def test_what_a_person_wrote_around_a_section_stays(double: CortiDouble) -> None:
    agent_id = double.add_v2_agent(systemPrompt="Be brief.")
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent=agent_id))
        double.v2.agents[agent_id].wire["systemPrompt"] += "\n\nAnd never guess.\n\n## Style\n\nPlain.\n"
        assert not (await plan_deployment(corti, lab_expert(), agent=agent_id)).has_changes
        connectors = stored(double, agent_id)["connectors"]
        changed = lab_expert(prompt="Name the unit.")
        plan = await plan_deployment(corti, changed, agent=agent_id)
        assert fields(plan) == {"section": (SECTION, SECTION.replace("\n\nSay when it was measured.", ""))}
        assert plan.warnings == ()
        await apply_deployment(corti, plan)
        assert stored(double, agent_id)["connectors"] == connectors
        assert stored(double, agent_id)["systemPrompt"] == (
            "Be brief.\n\n## Expert lab-lookup\n\nLooks up laboratory results.\n\nName the unit.\n\nTools: labs."
            "\n\nAnd never guess.\n\n## Style\n\nPlain.\n"
        )
        await apply_deployment(corti, await plan_removal(corti, "lab-lookup", agent=agent_id))
    after = stored(double, agent_id)
    assert after["systemPrompt"] == "Be brief.\n\nAnd never guess.\n\n## Style\n\nPlain.\n"
    assert after["connectors"] == []


async def test_what_a_create_writes_is_read_back_without_a_difference(double: CortiDouble) -> None:
    """V2-MIG-01: the sections of `corti.agents.create`."""
    other = ExpertSpec(name="summarizer", description="Summarizes.")
    spec = AgentSpec(name="visit-helper", prompt="Be brief.", experts=[other, lab_expert()])
    async with corti_of(double, generation="v2") as corti:
        agent = await corti.agents.create(spec)
        assert not (await plan_deployment(corti, lab_expert(), other, agent=agent.id)).has_changes
        plan = await plan_deployment(corti, replace(other, description="Sums up."), agent=agent.id)
        assert fields(plan) == {"section": ("## Expert summarizer\n\nSummarizes.", "## Expert summarizer\n\nSums up.")}
        assert plan.kept == ("lab-lookup",)
        await apply_deployment(corti, plan)
    assert SECTION in stored(double, agent.id)["systemPrompt"]


async def test_a_connector_changes_in_its_place(double: CortiDouble) -> None:
    agent_id = double.add_v2_agent(systemPrompt="Be brief.")
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent=agent_id))
        double.v2.agents[agent_id].wire["connectors"].append({"id": "con.x", **SCHEMA})
        changed = lab_expert(authorization=Authorization.INHERIT, scope=None, url="https://new.example.org/mcp")
        plan = await plan_deployment(corti, changed, agent=agent_id)
        assert fields(plan) == {
            "servers.labs.url": (URL, "https://new.example.org/mcp"),
            "servers.labs.authorization": ("oauth2.0", "inherit"),
            "servers.labs.scope": ("labs.read", None),
        }
        await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, changed, agent=agent_id)).has_changes
    assert [one["name"] for one in stored(double, agent_id)["connectors"]] == ["labs", "out"]


async def test_a_renamed_server_takes_the_place_of_the_old_one(double: CortiDouble) -> None:
    agent_id = double.add_v2_agent()
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent=agent_id))
        renamed = lab_expert(server="labs-2")
        plan = await plan_deployment(corti, renamed, agent=agent_id)
        line = f"{URL}, oauth2.0, scope labs.read"
        assert fields(plan) == {
            "section": (SECTION, SECTION.replace("labs.", "labs-2.")),
            "servers.labs-2": (None, line),
            "servers.labs": (line, None),
        }
        await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, renamed, agent=agent_id)).has_changes


async def test_an_expert_without_a_prompt_leaves_cortis_prompt_alone(double: CortiDouble) -> None:
    """As a create does: descriptions alone take no server's own prompt away."""
    agent_id = double.add_v2_agent()
    bare = lab_expert(prompt=None)
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, bare, agent=agent_id)
        assert list(fields(plan)) == ["servers.labs"]
        await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, bare, agent=agent_id)).has_changes
        assert stored(double, agent_id)["systemPrompt"] is None
        elsewhere = await plan_deployment(
            corti, replace(bare, servers=[replace(bare.servers[0], url="https://y.org")]), agent=agent_id
        )
        assert (actions(elsewhere), list(fields(elsewhere))) == ({"lab-lookup": "update"}, ["servers.labs.url"])
        with pytest.raises(SpecError, match="no section"):
            await plan_removal(corti, "lab-lookup", agent=agent_id)
        prompted = await plan_deployment(corti, lab_expert(), agent=agent_id)
        assert any("Corti's" in warning for warning in prompted.warnings)
        assert any("which no expert names" in warning for warning in prompted.warnings)
        await apply_deployment(corti, prompted)
        await apply_deployment(corti, await plan_removal(corti, "lab-lookup", agent=agent_id))
    assert (stored(double, agent_id)["systemPrompt"], stored(double, agent_id)["connectors"]) == (None, [])


async def test_an_agent_is_created_with_all_its_experts(double: CortiDouble) -> None:
    other = ExpertSpec(name="summarizer", description="Summarizes.")
    async with corti_of(double, generation="v2") as corti:
        plan = await plan_deployment(corti, lab_expert(), other, agent="new-helper")
        assert (plan.action, plan.generation) == ("create", "v2")
        done = await apply_deployment(corti, plan)
        assert done.warnings == ()
        assert not (await plan_deployment(corti, lab_expert(), other, agent="new-helper")).has_changes
    wire = stored(double, done.agent_id)
    assert wire["lifecycle"] == "persistent"
    assert wire["systemPrompt"] == f"{SECTION}\n\n## Expert summarizer\n\nSummarizes."


async def test_a_server_that_another_expert_uses_is_refused(double: CortiDouble) -> None:
    agent_id = double.add_v2_agent()
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent=agent_id))
        with pytest.raises(SpecError, match="the expert 'lab-lookup' has an MCP server 'labs' already"):
            await plan_deployment(corti, lab_expert(name="other"), agent=agent_id)


@pytest.mark.parametrize("order", [1, -1])
async def test_a_server_goes_over_from_one_expert_to_another_in_one_plan(double: CortiDouble, order: int) -> None:
    agent_id = double.add_v2_agent()
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent=agent_id))
        before = stored(double, agent_id)["connectors"]
        moved = (lab_expert(server="labs-2", url="https://z.org/mcp"), lab_expert(name="other"))[::order]
        plan = await plan_deployment(corti, *moved, agent=agent_id)
        assert not any("no expert names" in warning for warning in plan.warnings)
        await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, *moved, agent=agent_id)).has_changes
        with pytest.raises(SpecError, match="the expert 'other' has an MCP server 'labs' already"):
            await plan_deployment(corti, lab_expert(), agent=agent_id)
    kept, new = stored(double, agent_id)["connectors"]
    assert kept == before[0]
    assert (new["name"], new["url"]) == ("labs-2", "https://z.org/mcp")


@pytest.mark.parametrize("text", ["A.\n\n## Expert x\n\nB.", "## Tools of x", "A.\n\nTools: x.", "## Agent y\n\nZ"])
async def test_a_text_that_looks_like_a_section_is_refused(double: CortiDouble, text: str) -> None:
    """Nobody could tell afterwards where the section of the expert ends."""
    agent_id = double.add_v2_agent()
    async with corti_of(double) as corti:
        for spec in (lab_expert(prompt=text), lab_expert(description=text)):
            with pytest.raises(SpecError, match="marks the sections"):
                await plan_deployment(corti, spec, agent=agent_id)
    async with corti_of(double, generation="v2") as corti:
        with pytest.raises(SpecError, match="marks the sections"):
            await plan_deployment(corti, lab_expert(prompt=text), agent="new-helper")


async def test_two_sections_or_servers_of_one_name_are_refused(double: CortiDouble) -> None:
    twice = double.add_v2_agent(systemPrompt=f"{SECTION}\n\n{SECTION}")
    doubled = double.add_v2_agent(name="b", connectors=[{**MCP, "name": "labs"}, {**MCP, "name": " labs"}])
    async with corti_of(double) as corti:
        with pytest.raises(SpecError, match="2 sections"):
            await plan_deployment(corti, lab_expert(), agent=twice)
        with pytest.raises(SpecError, match="2 MCP servers of the agent"):
            await plan_deployment(corti, lab_expert(), agent=doubled)


async def test_a_connector_nobody_knows_is_not_lost(double: CortiDouble) -> None:
    """V2-OBJ-09: `openapi` and `custom` are reserved."""
    agent_id = double.add_v2_agent(systemPrompt="Be brief.", connectors=[copy.deepcopy(MCP)])
    connectors = double.v2.agents[agent_id].wire["connectors"]
    connectors[0]["seenAt"], connectors[0]["auth"]["vault"] = "today", "v"
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent=agent_id)
        assert any("seenAt, auth.vault" in warning for warning in plan.warnings)
        await apply_deployment(corti, plan)
        double.v2.agents[agent_id].wire["connectors"].append({"id": "con.9", "type": "openapi", "name": "shop"})
        assert not (await plan_deployment(corti, lab_expert(), agent=agent_id)).has_changes
        with pytest.raises(SpecError, match="openapi"):
            await plan_deployment(corti, lab_expert(url="https://other.org/mcp"), agent=agent_id)
        # The prompt alone replaces no connectors.
        assert (await plan_deployment(corti, lab_expert(prompt="New."), agent=agent_id)).has_changes


async def test_what_v2_does_not_show_is_said_and_not_compared(double: CortiDouble) -> None:
    """V2-OBJ-09: today `enabled` is shown of schemas only."""
    agent_id = double.add_v2_agent(connectors=[{**MCP, "enabled": False}])
    off = lab_expert(enabled=False)
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, off, agent=agent_id)
        said = [warning for warning in plan.warnings if "enabled" in warning]
        assert bool(said) == double.as_of_today
        assert not said or "ehr" in said[0]
        await apply_deployment(corti, plan)
        again = await plan_deployment(corti, off, agent=agent_id)
        assert not again.has_changes
        assert any("not compared" in warning for warning in again.warnings) == double.as_of_today
        switched_on = await plan_deployment(corti, lab_expert(), agent=agent_id)
        assert ("servers.labs.enabled" in fields(switched_on)) == (not double.as_of_today)


async def test_the_description_of_a_server_is_left_out_and_the_plan_says_so(double: CortiDouble) -> None:
    described = lab_expert(description="Labs.")
    server = replace(described.servers[0], description="The laboratory")
    spec = replace(described, servers=[server])
    async with corti_of(double, generation="v2") as corti:
        plan = await plan_deployment(corti, spec, agent="new-helper")
        assert any("no field for the description" in warning for warning in plan.warnings)
        done = await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, spec, agent="new-helper")).has_changes
    assert "The laboratory" not in stored(double, done.agent_id)["systemPrompt"]


async def test_a_registry_connector_is_removed_by_its_name(double: CortiDouble) -> None:
    name = double.connectors[0]["id"]
    agent_id = double.add_v2_agent(connectors=[{"type": "registry", "name": name}, SCHEMA])
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_removal(corti, name, agent=agent_id))
    assert [one["type"] for one in stored(double, agent_id)["connectors"]] == ["schema"]


async def test_an_expert_may_have_several_servers(double: CortiDouble) -> None:
    servers = [
        McpServerSpec(name="labs", url=URL, authorization=Authorization.API_KEY, auth_ref="labs-key"),
        McpServerSpec(name="units", url="https://units.example.org/mcp"),
    ]
    spec = ExpertSpec(name="lab-lookup", description="Labs.", servers=servers)
    agent_id = double.add_v2_agent(systemPrompt="Be brief.")
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, spec, agent=agent_id))
        assert not (await plan_deployment(corti, spec, agent=agent_id)).has_changes
        plan = await plan_deployment(corti, replace(spec, servers=servers[:1]), agent=agent_id)
        assert fields(plan)["servers.units"] == ("https://units.example.org/mcp, none", None)
        await apply_deployment(corti, plan)
    assert [one["name"] for one in stored(double, agent_id)["connectors"]] == ["labs"]
    assert stored(double, agent_id)["systemPrompt"].endswith("Tools: labs.")


async def test_sections_of_agents_and_servers_stay_and_end_a_section(double: CortiDouble) -> None:
    """What `system_prompt` writes of remote agents and of servers with a description (V2-MIG-01)."""
    around = "## Agent booking\n\nBooks visits.", "## Tools of ehr\n\nThe record."
    summarizer = ExpertSpec(name="summarizer", description="Summarizes.")
    agent_id = double.add_v2_agent(systemPrompt=f"{around[0]}\n\n## Expert summarizer\n\nOld.\n\n{around[1]}")
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, summarizer, agent=agent_id)
        assert fields(plan)["section"][0] == "## Expert summarizer\n\nOld."
        await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, summarizer, agent=agent_id)).has_changes
        text = "## Expert summarizer\n\nSummarizes."
        assert stored(double, agent_id)["systemPrompt"] == f"{around[0]}\n\n{text}\n\n{around[1]}"
        await apply_deployment(corti, await plan_removal(corti, "summarizer", agent=agent_id))
    assert stored(double, agent_id)["systemPrompt"] == "\n\n".join(around)


async def test_what_a_create_says_of_a_server_stays_and_is_told_when_the_server_goes(double: CortiDouble) -> None:
    """`corti.agents.create` writes the description of a server into the prompt."""
    server = McpServerSpec(name="labs", url=URL, description="The laboratory.")
    spec = ExpertSpec(name="lab-lookup", description="Labs.", prompt="Brief.", servers=[server])
    async with corti_of(double, generation="v2") as corti:
        agent = await corti.agents.create(AgentSpec(name="visit-helper", experts=[spec]))
        plan = await plan_deployment(corti, spec, agent=agent.id)
        assert (plan.has_changes, plan.warnings) == (False, ())
        removal = await plan_removal(corti, "lab-lookup", agent=agent.id)
        assert any("'## Tools of labs' stays" in warning for warning in removal.warnings)
