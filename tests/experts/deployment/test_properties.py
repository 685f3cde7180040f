"""Whatever the experts are: what was applied is not planned again, and the others stay as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agentkit.client import AsyncCorti
from agentkit.errors import SpecError
from agentkit.experts.deployment import apply_deployment, plan_deployment, plan_removal
from agentkit.experts.deployment.sections import check_texts
from agentkit.specs import Authorization, ExpertSpec, McpServerSpec
from tests.contract.corti_double import CortiDouble
from tests.experts.deployment.agents import READER, corti_of, stored
from tests.wire.strategies import text, words

_NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._()-]{0,9}[a-z]", fullmatch=True)
_LINES = st.lists(
    st.sampled_from(["", "Be brief.", "## Style", "# Expert x", "Tools:", "Tools: labs", "- a\n- b", "é \u202e x"])
    | text,
    max_size=5,
).map("\n".join)
_PROMPTS = st.none() | _LINES | st.lists(_LINES, max_size=3).map("\n\n".join)
_AUTHORIZATIONS = st.sampled_from([one for one in Authorization if one is not Authorization.API_KEY])
_SERVERS = st.builds(
    McpServerSpec,
    name=_NAME,
    url=st.sampled_from(["https://a.example.org/mcp", "https://b.example.org/x/mcp", "http://127.0.0.1:8701/mcp"]),
    authorization=_AUTHORIZATIONS,
    scope=st.none() | text,
    redirect_url=st.none() | st.just("https://app.example.org/back"),
    description=st.none() | words,
)


def _expert(name: str, description: str, prompt: str | None, servers: Sequence[McpServerSpec]) -> ExpertSpec:
    return ExpertSpec(name=name, description=description, prompt=prompt, servers=servers)


_EXPERTS = st.lists(st.builds(_expert, _NAME, words, _PROMPTS, st.lists(_SERVERS, max_size=2)), min_size=1, max_size=3)


def _unlike(experts: Sequence[ExpertSpec]) -> bool:
    servers = [server.name.strip() for expert in experts for server in expert.servers]
    names = [expert.name for expert in experts]
    own = {"ehr", "own"}
    return len(set(servers)) == len(servers) and len(set(names)) == len(names) and not own & set(servers)


_TWO_STATES = st.tuples(_EXPERTS.filter(_unlike), _EXPERTS.filter(_unlike))


async def _deployed(corti: AsyncCorti, agent_id: str, experts: Sequence[ExpertSpec]) -> None:
    plan = await plan_deployment(corti, *experts, agent=agent_id)
    done = await apply_deployment(corti, plan)
    assert done.warnings == ()
    again = await plan_deployment(corti, *experts, agent=agent_id)
    assert not again.has_changes, again.experts
    assert not (await apply_deployment(corti, again)).changed


def _fits(first: Sequence[ExpertSpec], second: Sequence[ExpertSpec]) -> bool:
    """The second state takes no server from an expert that only the first one has."""
    names = {expert.name for expert in second}
    left = {server.name.strip() for expert in first if expert.name not in names for server in expert.servers}
    return not left & {server.name.strip() for expert in second for server in expert.servers}


@given(_TWO_STATES)
def test_in_v1_what_was_applied_is_not_planned_again_and_others_stay(
    states: tuple[Sequence[ExpertSpec], Sequence[ExpertSpec]],
) -> None:
    assume(_fits(*states))
    double = CortiDouble()
    own = {**READER["mcpServers"][0], "name": "own"}
    agent_id = double.add_agent(systemPrompt=" Be brief.\n", experts=[READER], mcpServers=[own])
    double.v1.agents[agent_id].wire["experts"][0]["maxLoops"] = 5
    before = stored(double, agent_id)

    async def run() -> None:
        async with corti_of(double) as corti:
            for experts in states:
                await _deployed(corti, agent_id, experts)
                assert _without(stored(double, agent_id)) == _without(before)
            names = dict.fromkeys(expert.name for experts in states for expert in experts)
            await apply_deployment(corti, await plan_removal(corti, *names, agent=agent_id))

    anyio.run(run)
    assert stored(double, agent_id) == before


def _without(wire: dict[str, Any]) -> dict[str, Any]:
    return {**wire, "experts": wire["experts"][:1]}


def _marks_a_section(expert: ExpertSpec) -> bool:
    try:
        check_texts(expert)
    except SpecError:
        return True
    return False


@given(_TWO_STATES, st.sampled_from([None, "Be brief.\n", "A.\n\n## Expert writer\n\nWrites.\n\nTools: own.\n\nB."]))
def test_in_v2_what_was_applied_is_not_planned_again_and_others_stay(
    states: tuple[Sequence[ExpertSpec], Sequence[ExpertSpec]], prompt: str | None
) -> None:
    assume(_fits(*states))
    double = CortiDouble()
    given_prompt = {} if prompt is None else {"systemPrompt": prompt}
    connectors: list[dict[str, Any]] = [
        {"type": "mcp", "name": "own", "url": "https://x.org/mcp?key=odd"},
        {"type": "schema", "name": "out", "schema": {}, "enabled": False},
    ]
    agent_id = double.add_v2_agent(connectors=connectors, **given_prompt)
    before = stored(double, agent_id)

    async def run() -> None:
        async with corti_of(double) as corti:
            now = before
            for experts in states:
                await _deployed(corti, agent_id, experts)
                now = stored(double, agent_id)
                assert now["connectors"][:2] == before["connectors"]
                assert (now["systemPrompt"] or "").startswith(prompt or "")
            names = dict.fromkeys(expert.name for experts in states for expert in experts)
            removable = [name for name in names if f"## Expert {name}\n\n" in (now["systemPrompt"] or "")]
            if removable:
                await apply_deployment(corti, await plan_removal(corti, *removable, agent=agent_id))

    if any(_marks_a_section(expert) for experts in states for expert in experts):
        with pytest.raises(SpecError, match="marks the sections"):
            anyio.run(run)
        return
    anyio.run(run)
    assert stored(double, agent_id)["systemPrompt"] == before["systemPrompt"]


@pytest.mark.anyio
async def test_the_order_of_the_experts_does_not_matter() -> None:
    double = CortiDouble()
    agent_id = double.add_v2_agent()
    one = ExpertSpec(name="a", description="A", servers=[McpServerSpec(name="x", url="https://x.org")])
    two = ExpertSpec(name="b", description="B", prompt="P")
    async with corti_of(double) as corti:
        await _deployed(corti, agent_id, [one, two])
        await _deployed(corti, agent_id, [two, one])
