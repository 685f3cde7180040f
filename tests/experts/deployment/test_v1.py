"""Experts into agents of v1: objects of their own, with ids (V1-AGENT-03, V1-AGENT-04, V1-OBJ-08)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agentkit.client import Corti
from agentkit.errors import AgentNotFound, SpecError, UnsupportedByGeneration
from agentkit.experts.deployment import apply_deployment, plan_deployment, plan_removal
from agentkit.specs import Authorization, ExpertSpec
from tests.contract.corti_double import Answer, CortiDouble
from tests.experts.deployment.agents import EHR, READER, URL, actions, corti_of, fields, lab_expert, stored, writes

pytestmark = pytest.mark.anyio


@pytest.fixture
def double() -> CortiDouble:
    return CortiDouble()


async def test_an_expert_is_added_and_nothing_else_is_touched(double: CortiDouble) -> None:
    """What the API does not show (a static token) or nobody knows (`maxLoops`) survives too."""
    agent_id = double.add_agent(
        systemPrompt="Be brief.\n",
        experts=[READER, {"type": "reference", "name": "pubmed-expert", "systemPrompt": "Newest first."}],
        mcpServers=[{**EHR, "name": "own"}],
    )
    record = double.v1.agents[agent_id]
    record.wire["experts"][0]["maxLoops"] = 5
    before, secrets = stored(double, agent_id), dict(record.secrets)
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent="visit-helper")
        assert writes(double) == []
        assert actions(plan) == {"lab-lookup": "create"}
        assert (plan.action, plan.generation, plan.agent_id) == ("update", "v1", agent_id)
        assert plan.kept == ("record-reader", "pubmed-expert", "MCP server own")
        done = await apply_deployment(corti, plan)
        assert (done.agent_id, done.changed, done.warnings) == (agent_id, True, ())
        again = await plan_deployment(corti, lab_expert(), agent="visit-helper")
        assert (again.has_changes, again.action, actions(again)) == (False, "unchanged", {"lab-lookup": "unchanged"})
        assert not (await apply_deployment(corti, again)).changed
    assert writes(double) == [f"PATCH /agents/{agent_id}"]
    after = stored(double, agent_id)
    new = after["experts"].pop()
    assert after == before
    assert double.v1.agents[agent_id].secrets == secrets
    assert (new["name"], new["systemPrompt"]) == ("lab-lookup", "Name the unit.\n\nSay when it was measured.\n")
    (server,) = new["mcpServers"]
    assert (server["name"], server["url"], server["authorizationType"]) == ("labs", URL, "oauth2.0")
    assert server["authorizationScope"] == "labs.read"


async def test_a_changed_expert_keeps_its_id_and_the_plan_says_what_differs(double: CortiDouble) -> None:
    agent_id = double.add_agent(experts=[READER])
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent=agent_id))
        before = stored(double, agent_id)
        changed = lab_expert(
            description="Looks up labs.",
            url="https://new.example.org/mcp",
            authorization=Authorization.BEARER,
            scope=None,
        )
        plan = await plan_deployment(corti, changed, agent=agent_id)
        assert actions(plan) == {"lab-lookup": "update"}
        assert fields(plan) == {
            "description": ("Looks up laboratory results.", "Looks up labs."),
            "servers.labs.url": (URL, "https://new.example.org/mcp"),
            "servers.labs.authorization": ("oauth2.0", "bearer"),
            "servers.labs.scope": ("labs.read", None),
        }
        await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, changed, agent=agent_id)).has_changes
    after = stored(double, agent_id)
    assert after["experts"][0] == before["experts"][0]
    assert after["experts"][1]["id"] == before["experts"][1]["id"]
    assert after["experts"][1]["systemPrompt"] == before["experts"][1]["systemPrompt"]


async def test_a_server_comes_under_another_name_and_the_old_one_goes(double: CortiDouble) -> None:
    double.add_agent()
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent="visit-helper"))
        renamed = lab_expert(server="labs-2")
        plan = await plan_deployment(corti, renamed, agent="visit-helper")
        line = f"{URL}, oauth2.0, scope labs.read"
        assert fields(plan) == {"servers.labs-2": (None, line), "servers.labs": (line, None)}
        await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, renamed, agent="visit-helper")).has_changes


async def test_several_experts_go_in_one_call(double: CortiDouble) -> None:
    agent_id = double.add_agent()
    other = lab_expert(name="imaging", server="pacs", prompt=None)
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), other, agent="visit-helper")
        assert actions(plan) == {"lab-lookup": "create", "imaging": "create"}
        await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, other, lab_expert(), agent="visit-helper")).has_changes
    assert writes(double) == [f"PATCH /agents/{agent_id}"]


async def test_a_prompt_that_is_left_to_the_server_stays_what_it_is(double: CortiDouble) -> None:
    agent_id = double.add_agent(experts=[{**READER, "name": "lab-lookup", "mcpServers": []}])
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(prompt=None), agent="visit-helper")
        assert "prompt" not in fields(plan)
        await apply_deployment(corti, plan)
    assert stored(double, agent_id)["experts"][0]["systemPrompt"] == "Quote."


async def test_white_space_around_a_text_is_no_change(double: CortiDouble) -> None:
    """A server may take it away, and the plan would never be empty."""
    double.add_agent()
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent="visit-helper"))
        spec = lab_expert(
            prompt="Name the unit.\n\nSay when it was measured.", description="Looks up laboratory results. "
        )
        assert not (await plan_deployment(corti, spec, agent="visit-helper")).has_changes


async def test_what_v1_does_not_show_is_said_and_not_compared(double: CortiDouble) -> None:
    """V1-OBJ-10: an answer has no description of a server."""
    double.add_agent()
    spec = lab_expert(description="Labs.")
    spec = replace(spec, servers=[replace(spec.servers[0], description="The laboratory")])
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, spec, agent="visit-helper"))
        plan = await plan_deployment(corti, spec, agent="visit-helper")
    assert not plan.has_changes
    assert any("does not show the description of the MCP server 'labs'" in warning for warning in plan.warnings)


async def test_an_agent_that_is_not_there_is_created(double: CortiDouble) -> None:
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent="new-helper", description="Helps")
        assert (plan.action, plan.agent_id, plan.generation) == ("create", None, "v1")
        assert actions(plan) == {"lab-lookup": "create"}
        assert writes(double) == []
        done = await apply_deployment(corti, plan)
        assert not (await plan_deployment(corti, lab_expert(), agent="new-helper")).has_changes
    assert writes(double) == ["POST /agents"]
    wire = stored(double, done.agent_id)
    assert (wire["name"], wire["description"]) == ("new-helper", "Helps")


async def test_an_agent_is_not_created_against_the_callers_will(double: CortiDouble) -> None:
    async with corti_of(double) as corti:
        with pytest.raises(AgentNotFound, match="nobody"):
            await plan_deployment(corti, lab_expert(), agent="nobody", create=False)


async def test_several_agents_of_one_name_are_told_apart_by_their_ids(double: CortiDouble) -> None:
    first, second = double.add_agent(), double.add_agent()
    other = double.add_v2_agent()
    async with corti_of(double) as corti:
        with pytest.raises(SpecError) as caught:
            await plan_deployment(corti, lab_expert(), agent="visit-helper")
        assert all(agent_id in str(caught.value) for agent_id in (first, second, other))
        assert (await plan_deployment(corti, lab_expert(), agent=second)).agent_id == second


async def test_an_agent_of_the_other_generation_is_found_by_its_name_too(double: CortiDouble) -> None:
    """Otherwise `auto` would make a second agent of the same name in v1."""
    agent_id = double.add_v2_agent()
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent="visit-helper")
        assert (plan.agent_id, plan.generation) == (agent_id, "v2")
    async with corti_of(double, generation="v1") as corti:
        assert (await plan_deployment(corti, lab_expert(), agent="visit-helper")).action == "create"


TAKEN: list[dict[str, Any]] = [
    {"experts": [READER]},
    {"mcpServers": [EHR]},
    {"experts": [{"type": "reference", "name": "interviewing-expert"}]},
]


@pytest.mark.parametrize("agent", TAKEN, ids=["expert", "agent", "registry"])
async def test_a_server_name_that_is_taken_is_refused(double: CortiDouble, agent: dict[str, Any]) -> None:
    """MCPAUTH-03: credentials are bound to the name, and would go to both."""
    double.experts = [
        {**entry, "mcpServers": [{"name": "ehr", "authorizationType": "none"}]} for entry in double.experts
    ]
    agent["experts"] = [
        {**one, "name": double.experts[0]["name"]} if one["type"] == "reference" else one
        for one in agent.get("experts", [])
    ]
    double.add_agent(**agent)
    async with corti_of(double) as corti:
        with pytest.raises(SpecError, match="has an MCP server 'ehr' already") as caught:
            await plan_deployment(corti, lab_expert(server="ehr"), agent="visit-helper")
        assert "--server-name" in str(caught.value)
        assert actions(await plan_deployment(corti, lab_expert(server="ehr-2"), agent="visit-helper")) == {
            "lab-lookup": "create"
        }
    assert writes(double) == []


async def test_a_reference_of_the_same_name_is_not_replaced_silently(double: CortiDouble) -> None:
    double.add_agent(experts=[{"type": "reference", "name": "pubmed-expert"}])
    async with corti_of(double) as corti:
        with pytest.raises(SpecError, match="of this name"):
            await plan_deployment(corti, lab_expert(name="pubmed-expert"), agent="visit-helper")
        await apply_deployment(corti, await plan_removal(corti, "pubmed-expert", agent="visit-helper"))
        assert (await plan_deployment(corti, lab_expert(name="pubmed-expert"), agent="visit-helper")).has_changes


async def test_two_experts_of_one_name_are_named_with_their_ids(double: CortiDouble) -> None:
    agent_id = double.add_agent(experts=[READER, {**READER, "mcpServers": []}])
    ids = [expert["id"] for expert in stored(double, agent_id)["experts"]]
    async with corti_of(double) as corti:
        with pytest.raises(SpecError) as caught:
            await plan_deployment(corti, lab_expert(name="record-reader"), agent="visit-helper")
    assert all(one in str(caught.value) for one in ids)


async def test_an_expert_is_removed_and_the_others_stay(double: CortiDouble) -> None:
    agent_id = double.add_agent(experts=[READER])
    before = stored(double, agent_id)
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent="visit-helper"))
        plan = await plan_removal(corti, "lab-lookup", agent="visit-helper")
        assert actions(plan) == {"lab-lookup": "remove"}
        assert fields(plan)["servers.labs"] == (f"{URL}, oauth2.0, scope labs.read", None)
        await apply_deployment(corti, plan)
        with pytest.raises(SpecError, match="record-reader"):
            await plan_removal(corti, "lab-lookup", agent="visit-helper")
        with pytest.raises(AgentNotFound):
            await plan_removal(corti, "lab-lookup", agent="nobody")
    assert stored(double, agent_id) == before


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (lab_expert(url="http://mcp.example.org/mcp"), "experts[0].servers[0].url"),
        (lab_expert(token="a-secret-token", authorization=Authorization.BEARER), "experts[0].servers[0].token"),
        (lab_expert(name="two\nlines"), "experts[0].name"),
        (lab_expert(server="a, b"), "experts[0].servers[0].name"),
        ("no-spec", "experts[0]"),
    ],
)
async def test_what_cannot_be_deployed_is_refused_before_anybody_is_asked(
    double: CortiDouble, spec: Any, field: str
) -> None:
    async with corti_of(double) as corti:
        with pytest.raises(SpecError) as caught:
            await plan_deployment(corti, spec, agent="visit-helper")
        with pytest.raises(SpecError, match="AgentChanges"):
            await plan_deployment(corti, lab_expert(), lab_expert(), agent="visit-helper")
        with pytest.raises(SpecError, match="missing"):
            await plan_deployment(corti, agent="visit-helper")
        with pytest.raises(SpecError, match="agent"):
            await plan_deployment(corti, lab_expert(), agent=" ")
    assert caught.value.field == field
    assert "a-secret-token" not in str(caught.value)
    assert double.calls == []


async def test_plain_http_is_taken_from_this_machine_and_where_it_is_insisted_on(double: CortiDouble) -> None:
    double.add_agent()
    async with corti_of(double) as corti:
        near, far = lab_expert(url="http://127.0.0.1:8701/mcp"), lab_expert(url="http://calc.internal/mcp")
        assert (await plan_deployment(corti, near, agent="visit-helper")).warnings == ()
        assert (await plan_deployment(corti, far, agent="visit-helper", allow_http=True)).has_changes


@pytest.mark.parametrize("url", ["http://127.0.0.1:8701/mcp", "http://localhost/mcp", "https://10.0.0.7/mcp"])
async def test_an_address_that_the_cloud_cannot_reach_is_a_warning(double: CortiDouble, url: str) -> None:
    double.url = "https://api.eu.corti.example"
    double.add_agent()
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(url=url), agent="visit-helper")
    assert any("cannot reach" in warning and "tunnel" in warning for warning in plan.warnings)


async def test_what_v1_cannot_express_is_refused_with_the_generation_that_can(double: CortiDouble) -> None:
    double.add_agent()
    async with corti_of(double) as corti:
        with pytest.raises(UnsupportedByGeneration, match="v2 can"):
            await plan_deployment(
                corti, lab_expert(authorization=Authorization.API_KEY, scope=None), agent="visit-helper"
            )
        stored_secret = lab_expert(auth_ref="labs-secret")
        assert (await plan_deployment(corti, stored_secret, agent="new")).generation == "v2"


async def test_no_secret_of_an_address_is_shown(double: CortiDouble) -> None:
    """V2-AUTH-01: an integrator put a token into a URL."""
    agent_id = double.add_agent(
        experts=[
            {**READER, "name": "lab-lookup", "mcpServers": [{**EHR, "name": "labs", "url": f"{URL}?key=very-secret"}]}
        ]
    )
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent=agent_id)
    assert fields(plan)["servers.labs.url"] == (f"{URL} <hidden>", URL)
    assert "very-secret" not in repr(plan)


async def test_an_expert_without_servers_is_deployed_too(double: CortiDouble) -> None:
    spec = ExpertSpec(name="summarizer", description="Summarizes.", prompt="Be brief.")
    double.add_agent()
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, spec, agent="visit-helper"))
        assert not (await plan_deployment(corti, spec, agent="visit-helper")).has_changes


async def test_a_registry_that_does_not_answer_stops_nothing(double: CortiDouble) -> None:
    """The server looks at the names too."""
    double.add_agent(experts=[{"type": "reference", "name": "pubmed-expert"}])
    double.inject(Answer(403, {"code": "forbidden"}), on="GET */registry/*", times=None)
    async with corti_of(double) as corti:
        assert (await plan_deployment(corti, lab_expert(), agent="visit-helper")).has_changes


@pytest.mark.parametrize("url", ["https://[broken", "not a url?key=very-secret", ""])
async def test_an_address_that_is_none_is_shown_without_what_it_hides(double: CortiDouble, url: str) -> None:
    server = {**EHR, "name": "labs", "url": "https://x.org"}
    agent_id = double.add_agent(experts=[{**READER, "name": "lab-lookup", "mcpServers": [server]}])
    double.v1.agents[agent_id].wire["experts"][0]["mcpServers"][0]["url"] = url
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent=agent_id)
    assert fields(plan)["servers.labs.url"][1] == URL
    assert "very-secret" not in str(fields(plan))


async def test_a_name_of_an_internal_network_is_warned_of_too(double: CortiDouble) -> None:
    double.url = "https://api.eu.corti.example"
    double.add_agent()
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(url="https://labs.hospital.internal/mcp"), agent="visit-helper")
        assert any("labs.hospital.internal" in warning for warning in plan.warnings)
        public = await plan_deployment(corti, lab_expert(), agent="visit-helper")
    assert public.warnings == ()


async def test_a_client_says_which_generation_it_speaks(double: CortiDouble) -> None:
    for generation in ("auto", "v1", "v2"):
        async with corti_of(double, generation=generation) as corti:
            assert corti.generation == generation


async def test_an_editor_that_writes_other_line_ends_changes_nothing(double: CortiDouble) -> None:
    async with corti_of(double, generation="v1") as corti:
        agent = await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent="visit-helper"))
        (expert,) = double.v1.agents[agent.agent_id].wire["experts"]
        expert["systemPrompt"] = expert["systemPrompt"].replace("\n", "\r\n")
        assert not (await plan_deployment(corti, lab_expert(), agent="visit-helper")).has_changes


async def test_a_blocking_client_is_refused_with_the_one_that_fits(double: CortiDouble) -> None:
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent="visit-helper")
    blocking: Any = Corti(base_url="http://127.0.0.1:8700", client_id="c", client_secret="s")
    for attempt in (
        plan_deployment(blocking, lab_expert(), agent="visit-helper"),
        plan_removal(blocking, "lab-lookup", agent="visit-helper"),
        apply_deployment(blocking, plan),
    ):
        with pytest.raises(SpecError, match="must be an AsyncCorti"):
            await attempt
    blocking.close()
