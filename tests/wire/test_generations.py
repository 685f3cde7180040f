"""Which generation can express a spec (V2-MIG-01)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentkit.errors import UnsupportedByGeneration
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    AgentType,
    AnyExpert,
    Authorization,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transport,
    Visibility,
)
from agentkit.wire import v1, v2
from agentkit.wire.generations import GenerationName, require_generation, supported_generations

BARE = "0198f6a2-5c1e-7a3b-8c4d-0123456789ab"
PLAIN = AgentSpec(name="a", description="d")
SERVER = McpServerSpec(name="ehr", url="https://mcp.example.org/mcp")


def asking(expert: AnyExpert) -> AgentSpec:
    return replace(PLAIN, experts=[expert])


def inline(server: McpServerSpec) -> AgentSpec:
    return asking(ExpertSpec(name="e", description="d", servers=[server]))


V2_ONLY: list[tuple[AgentSpec | AgentChanges, str]] = [
    (replace(PLAIN, description=""), "AgentSpec.description"),
    (replace(PLAIN, model="corti-default"), "AgentSpec.model"),
    (replace(PLAIN, visibility=Visibility.PRIVATE), "AgentSpec.visibility"),
    (replace(PLAIN, labels={"team": "a"}), "AgentSpec.labels"),
    (asking(RemoteAgentSpec("https://remote.example.org")), "AgentSpec.experts[0]"),
    (asking(OutputSchemaSpec("triage", {"type": "object"})), "AgentSpec.experts[0]"),
    (asking(ExpertReferenceSpec(name="x", enabled=False)), "AgentSpec.experts[0].enabled"),
    (asking(AgentReferenceSpec(BARE, enabled=False)), "AgentSpec.experts[0].enabled"),
    (asking(AgentReferenceSpec(f"agt.{BARE}")), "AgentSpec.experts[0].id"),
    (inline(replace(SERVER, enabled=False)), "AgentSpec.experts[0].servers[0].enabled"),
    (inline(replace(SERVER, auth_ref="r")), "AgentSpec.experts[0].servers[0].auth_ref"),
    (
        replace(PLAIN, servers=[replace(SERVER, authorization=Authorization.API_KEY)]),
        "AgentSpec.servers[0].authorization",
    ),
    (AgentChanges(description=CLEAR), "AgentChanges.description"),
    (AgentChanges(prompt=CLEAR), "AgentChanges.prompt"),
    (AgentChanges(model=CLEAR), "AgentChanges.model"),
    (AgentChanges(labels=CLEAR), "AgentChanges.labels"),
    (AgentChanges(ephemeral=True), "AgentChanges.ephemeral"),
]
V1_ONLY: list[tuple[AgentSpec | AgentChanges, str]] = [
    (replace(PLAIN, agent_type=AgentType.INTERVIEWING_EXPERT), "AgentSpec.agent_type"),
    (asking(ExpertReferenceSpec(name="x", prompt="p")), "AgentSpec.experts[0].prompt"),
    (asking(AgentReferenceSpec(BARE, prompt="p")), "AgentSpec.experts[0].prompt"),
    (inline(replace(SERVER, transport=Transport.SSE)), "AgentSpec.experts[0].servers[0].transport"),
    (inline(replace(SERVER, transport=Transport.STDIO)), "AgentSpec.experts[0].servers[0].transport"),
    (replace(PLAIN, servers=[replace(SERVER, token="static-secret")]), "AgentSpec.servers[0].token"),
    (AgentChanges(experts=["x"]), "AgentChanges.servers"),
    (AgentChanges(servers=[SERVER]), "AgentChanges.experts"),
    (
        AgentChanges(experts=[ExpertSpec(name="e", description="d", prompt="p")], servers=CLEAR),
        "AgentChanges.prompt",
    ),
]
CASES = [
    *((spec, field, "v1", "v2") for spec, field in V2_ONLY),
    *((spec, field, "v2", "v1") for spec, field in V1_ONLY),
]


@pytest.mark.parametrize(("spec", "field", "unable", "able"), CASES)
def test_what_a_generation_cannot_do_is_refused_by_its_codec_and_says_which_one_can(
    spec: AgentSpec | AgentChanges, field: str, unable: GenerationName, able: GenerationName
) -> None:
    codec = v1 if unable == "v1" else v2
    with pytest.raises(UnsupportedByGeneration) as refused:
        _ = codec.encode_create_agent(spec) if isinstance(spec, AgentSpec) else codec.encode_update_agent(spec)
    error = refused.value
    assert (error.field, error.generation, error.supported_by) == (field, unable, (able,))
    assert f"{able} can" in str(error)
    assert "static-secret" not in str(error)
    found = supported_generations(spec)
    assert found[able] == ()
    assert [obstacle.field for obstacle in found[unable]] == [field]
    require_generation(spec, able)


def test_the_remedy_names_the_generation_to_use() -> None:
    with pytest.raises(UnsupportedByGeneration, match='Use generation="v2"'):
        require_generation(asking("https://remote.example.org"), "v1")


def test_what_both_can_do_is_refused_by_none() -> None:
    spec = AgentSpec(
        name="a",
        description="d",
        prompt="p",
        experts=[
            "pubmed-expert",
            AgentReferenceSpec(BARE),
            ExpertReferenceSpec(name="x", config={"limit": 3}),
            ExpertSpec(name="e", description="d", prompt="p", servers=[SERVER]),
        ],
        servers=[McpServerSpec(name="calc", url="https://x.org", authorization=Authorization.OAUTH2, scope="s")],
        ephemeral=True,
    )
    assert supported_generations(spec) == {"v1": (), "v2": ()}
    assert supported_generations(AgentChanges(name="b", experts=CLEAR, servers=CLEAR)) == {"v1": (), "v2": ()}


def test_a_spec_no_single_generation_can_express_names_the_obstacles_of_each() -> None:
    spec = replace(PLAIN, agent_type=AgentType.EXPERT, model="corti-default", experts=["https://remote.example.org"])
    found = supported_generations(spec)
    assert [error.field for error in found["v1"]] == ["AgentSpec.model", "AgentSpec.experts[0]"]
    assert [error.field for error in found["v2"]] == ["AgentSpec.agent_type"]
