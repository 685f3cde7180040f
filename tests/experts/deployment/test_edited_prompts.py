"""What editors and people do to a system prompt of v2 that holds sections of experts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.errors import SpecError
from agentkit.experts.deployment import apply_deployment, plan_deployment, plan_removal
from agentkit.experts.deployment.sections import find_sections, section_of, with_section, without_section
from tests.contract.corti_double import CortiDouble
from tests.experts.deployment.agents import actions, corti_of, fields, lab_expert, stored
from tests.experts.deployment.test_v2 import SECTION

pytestmark = pytest.mark.anyio


@pytest.fixture
def double() -> CortiDouble:
    return CortiDouble()


async def deployed(double: CortiDouble, prompt: str = "Be brief.") -> str:
    agent_id = double.add_v2_agent(systemPrompt=prompt)
    async with corti_of(double) as corti:
        await apply_deployment(corti, await plan_deployment(corti, lab_expert(), agent=agent_id))
    return agent_id


async def test_an_editor_that_writes_other_line_ends_changes_nothing(double: CortiDouble) -> None:
    agent_id = await deployed(double)
    wire = double.v2.agents[agent_id].wire
    wire["systemPrompt"] = (wire["systemPrompt"] + "\n\nNever guess.").replace("\n", "\r\n")
    before = wire["systemPrompt"]
    async with corti_of(double) as corti:
        assert not (await plan_deployment(corti, lab_expert(), agent=agent_id)).has_changes
        plan = await plan_deployment(corti, lab_expert(prompt="Name the unit."), agent=agent_id)
        assert actions(plan) == {"lab-lookup": "update"}
        assert plan.warnings == ()
        await apply_deployment(corti, plan)
        changed = stored(double, agent_id)["systemPrompt"]
        assert changed.startswith("Be brief.\r\n\r\n## Expert lab-lookup\n\n")
        assert changed.endswith("Tools: labs.\r\n\r\nNever guess.")
        double.v2.agents[agent_id].wire["systemPrompt"] = before
        await apply_deployment(corti, await plan_removal(corti, "lab-lookup", agent=agent_id))
    after = stored(double, agent_id)
    assert (after["systemPrompt"], after["connectors"]) == ("Be brief.\r\n\r\nNever guess.", [])


async def test_white_space_behind_a_heading_hides_no_section(double: CortiDouble) -> None:
    agent_id = await deployed(double)
    wire = double.v2.agents[agent_id].wire
    wire["systemPrompt"] = wire["systemPrompt"].replace("lab-lookup\n", "lab-lookup \t\n")
    async with corti_of(double) as corti:
        plan = await plan_deployment(corti, lab_expert(), agent=agent_id)
        assert actions(plan) == {"lab-lookup": "update"}
        await apply_deployment(corti, plan)
    assert stored(double, agent_id)["systemPrompt"] == f"Be brief.\n\n{SECTION}"


async def test_what_follows_the_line_of_tools_at_once_is_not_part_of_the_section(double: CortiDouble) -> None:
    agent_id = await deployed(double)
    double.v2.agents[agent_id].wire["systemPrompt"] += "\nNever guess.\n\nBe kind."
    async with corti_of(double) as corti:
        assert not (await plan_deployment(corti, lab_expert(), agent=agent_id)).has_changes
        plan = await plan_deployment(corti, lab_expert(prompt="Name the unit."), agent=agent_id)
        assert "Never guess" not in str(fields(plan))
        await apply_deployment(corti, plan)
    assert stored(double, agent_id)["systemPrompt"].endswith("Tools: labs.\nNever guess.\n\nBe kind.")


@pytest.mark.parametrize(
    "prompt",
    [f"Be brief.\n{SECTION}", SECTION.replace("lab-lookup\n\n", "lab-lookup\n"), f"Be brief.\n\n {SECTION}"],
    ids=["no empty line before", "no empty line behind", "indented"],
)
async def test_a_heading_without_its_empty_lines_is_told_in_place_of_a_second_section(
    double: CortiDouble, prompt: str
) -> None:
    agent_id = double.add_v2_agent(systemPrompt=prompt)
    async with corti_of(double) as corti:
        for planning in (
            plan_deployment(corti, lab_expert(), agent=agent_id),
            plan_removal(corti, "lab-lookup", agent=agent_id),
        ):
            with pytest.raises(SpecError, match="does not stand alone") as caught:
                await planning
            assert "## Expert lab-lookup" in str(caught.value)


ENDS = ["\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", " "]
LINES = ["text", "Be brief.", "## Expert a", "## Expert b", "## Expert", "## Agent a", "## Tools of s"]
PIECES = [*ENDS, *LINES, "Tools: s.", "Tools: s, t.", "Tools: s"]


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), st.sampled_from(["p", "p\r\nq", None]))
def test_whatever_a_prompt_is_a_section_comes_and_goes_without_a_trace(prompt: str, text: str | None) -> None:
    spec = lab_expert(name="a", prompt=text)
    try:
        before = section_of(prompt, "a")
        new = with_section(prompt, spec)
    except SpecError:
        return
    now = section_of(new, "a")
    assert now
    assert with_section(new, spec) == new
    others = [prompt[one.start : one.end] for one in find_sections(prompt) if one.name != "a"]
    assert [new[one.start : one.end] for one in find_sections(new) if one.name != "a"] == others
    if before is None:
        assert without_section(new, now) == prompt
    else:
        assert (new[: now.start], new[now.end :]) == (prompt[: before.start], prompt[before.end :])


async def test_a_section_without_an_end_of_its_own_is_told_before_it_takes_other_text_with_it(
    double: CortiDouble,
) -> None:
    agent_id = await deployed(double)
    wire = double.v2.agents[agent_id].wire
    wire["systemPrompt"] = wire["systemPrompt"].replace("Tools: labs.", "Never guess.")
    async with corti_of(double) as corti:
        for plan in (
            await plan_deployment(corti, lab_expert(), agent=agent_id),
            await plan_removal(corti, "lab-lookup", agent=agent_id),
        ):
            assert any("reaches to the next heading" in warning for warning in plan.warnings)
