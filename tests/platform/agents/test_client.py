"""The project's own client makes, reads, changes and deletes agents of a platform in both generations."""

from __future__ import annotations

import pytest

from agentkit.client import AgentHandle
from agentkit.errors import ConflictError, ForbiddenError, NotFoundError, UnprocessableEntityError
from agentkit.models import AgentInfo, ConnectorInfo
from agentkit.platform import PlatformSettings
from agentkit.specs import (
    CLEAR,
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    Authorization,
    ConnectorChanges,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
    Transition,
    Transport,
    Visibility,
)
from agentkit.testing.local_platform import LocalPlatform
from tests.platform.agents.calls import CLIENTS, UNKNOWN

pytestmark = pytest.mark.anyio


def info_of(agent: AgentHandle) -> AgentInfo:
    assert isinstance(agent.info, AgentInfo)
    return agent.info


def spec(other: str) -> AgentSpec:
    """One of every kind of connector, and every field of v2."""
    return AgentSpec(
        name="visit-helper",
        description="d",
        prompt="p",
        model="corti-default",
        visibility=Visibility.UNLISTED,
        labels={"team": "a"},
        experts=[
            ExpertReferenceSpec(name="memory-expert", config={"any": 1}),
            AgentReferenceSpec(other),
            RemoteAgentSpec("https://remote.example.org/a2a", "remote"),
            OutputSchemaSpec("triage", {"type": "object"}, transition=Transition.INPUT_REQUIRED),
        ],
        servers=[
            McpServerSpec(name="ehr", url="https://mcp.example.org/ehr", authorization=Authorization.API_KEY, scope="s")
        ],
    )


async def test_an_agent_of_v2_from_its_birth_to_its_end(platform: LocalPlatform) -> None:
    """V2-EP-01 to V2-EP-06, V2-OBJ-01 to V2-OBJ-10, V2-OBJ-17."""
    agents = platform.new_corti(generation="v2").agents
    other = await agents.create(AgentSpec(name="other", labels={"team": "b"}))
    made = await agents.create(spec(other.id))
    info = info_of(made)
    assert info_of(await agents.get(made.id)) == info
    assert (info.description, info.system_prompt, info.model, info.lifecycle) == (
        "d",
        "p",
        "corti-default",
        "persistent",
    )
    assert [connector.type for connector in info.connectors] == ["mcp", "registry", "agent", "a2a", "schema"]
    card = await made.card()
    assert [skill.id for skill in card.skills] == [connector.id for connector in info.connectors]
    await agents.update(made.id, AgentChanges(description=CLEAR, labels={"team": None, "c": "3"}))
    changed = info_of(await agents.update(made.id, AgentChanges(experts=["memory-expert"], servers=CLEAR)))
    assert (changed.description, changed.system_prompt, changed.labels) == ("", "p", {"c": "3"})
    with pytest.raises(ConflictError):
        await agents.create(AgentSpec(name="visit-helper", labels={"a": "b"}))
    with pytest.raises(UnprocessableEntityError) as refused:
        await agents.create(AgentSpec(name="x", labels={"a": "b"}, experts=["nobody"]))
    assert refused.value.code == "VALIDATION_FAILED"
    assert refused.value.faults[0].startswith("connectors[0].name")
    found = [agent.name async for agent in agents.list(labels={"c": "3"}, visibility=["unlisted"], text="VISIT")]
    assert found == ["visit-helper"]
    for _ in range(2):
        await agents.delete(made.id)
    with pytest.raises(NotFoundError):
        await agents.get(made.id)
    with pytest.raises(NotFoundError):
        await agents.delete(f"agt.{UNKNOWN}")


async def test_connectors_one_by_one(platform: LocalPlatform) -> None:
    """V2-EP-15 to V2-EP-17."""
    agents = platform.new_corti(generation="v2").agents
    other = await agents.create(AgentSpec(name="other"))
    agent = await agents.create(AgentSpec(name="visit-helper"))
    wanted = spec(other.id)
    made: list[ConnectorInfo] = []
    for one in (*wanted.servers, *wanted.experts):
        assert not isinstance(one, str | ExpertSpec)
        made.append(await agent.connectors.create(one))
    ehr = made[0].id or ""
    assert await agent.connectors.list() == tuple(made)
    assert await agent.connectors.get(ehr) == made[0]
    with pytest.raises(ConflictError):
        await agent.connectors.create(McpServerSpec(name="ehr", url="https://mcp.example.org/ehr"))
    changed = await agent.connectors.update(ehr, ConnectorChanges(enabled=False, authorization=Authorization.BEARER))
    assert (changed.id, changed.enabled, changed.auth and changed.auth.type) == (ehr, False, "bearer")
    await agent.connectors.delete(ehr)
    with pytest.raises(NotFoundError):
        await agent.connectors.get(ehr)


async def test_an_agent_of_v1_and_what_becomes_of_it_in_v2(platform: LocalPlatform) -> None:
    """V1-EP-01 to V1-EP-05, V2-MIG-01."""
    agents = platform.corti.agents
    ehr = McpServerSpec(
        name="ehr", url="https://mcp.example.org/ehr", authorization=Authorization.BEARER, token="static-1"
    )
    calc = McpServerSpec(name="calc", url="http://calc.internal/sse", transport=Transport.SSE)
    made = await agents.create(
        AgentSpec(
            name="visit-helper",
            description="d",
            experts=[ExpertSpec(name="reader", description="Reads.", servers=[ehr]), "memory-expert"],
            servers=[calc],
        )
    )
    info = info_of(made)
    in_v2 = await agents.get(f"agt.{made.id}")
    assert (made.generation, in_v2.generation) == ("v1", "v2")
    assert [connector.type for connector in info_of(in_v2).connectors] == ["agent", "registry", "mcp"]
    await agents.update(in_v2.id, AgentChanges(labels={"ward": "3"}))
    renamed = info_of(await agents.update(made.id, AgentChanges(name="renamed")))
    assert renamed.model_copy(update={"name": "visit-helper"}) == info
    assert info_of(await agents.get(in_v2.id)).labels == {"ward": "3"}
    await agents.delete(made.id)
    with pytest.raises(NotFoundError):
        await agents.get(in_v2.id)


async def test_only_its_owner_changes_a_shared_agent() -> None:
    """V2-OBJ-01, V2-EP-04, V2-EP-05."""
    async with LocalPlatform(PlatformSettings(clients=CLIENTS)) as platform:
        agent = await platform.corti.agents.create(AgentSpec(name="shared", visibility=Visibility.PUBLIC))
        other = platform.new_corti(client_id="other-client", client_secret="other-secret")
        assert [one.name async for one in other.agents.list(text="shared")] == ["shared"]
        with pytest.raises(ForbiddenError):
            await other.agents.update(agent.id, AgentChanges(description="mine now"))
        with pytest.raises(ForbiddenError):
            await other.agents.delete(agent.id)


async def test_the_registry_of_both_generations(platform: LocalPlatform) -> None:
    """V1-EP-12, V2-EP-26."""
    old = {entry.name async for entry in platform.new_corti(generation="v1").experts.list()}
    second = platform.new_corti(generation="v2").experts
    assert old == {entry.name async for entry in second.list()}
    entry = await second.get("memory-expert")
    assert (entry.id, entry.type) == ("memory-expert", "registry")
