"""`generation="auto"`: which generation an agent is made with, where its experts live in one of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import UnsupportedByGeneration
from agentkit.specs import AgentSpec, AgentType
from tests.client.connecting import Connect
from tests.contract.corti_double import CortiDouble

pytestmark = pytest.mark.anyio


@pytest.fixture
async def corti(connect: Connect) -> AsyncGenerator[AsyncCorti]:
    async with connect() as client:
        yield client


async def test_an_agent_is_made_where_the_agents_it_asks_live(corti: AsyncCorti) -> None:
    """V1-AGENT-06, V2-OBJ-06: no generation knows the agents of the other."""
    old = await corti.agents.create(AgentSpec(name="old", description="Helps"))
    new = await corti.agents.create(AgentSpec(name="new", description="Helps", labels={"team": "a"}))
    assert (old.generation, new.generation) == ("v1", "v2")
    first = await corti.agents.create(AgentSpec(name="first", description="Asks", experts=[old.reference()]))
    second = await corti.agents.create(AgentSpec(name="second", description="Asks", experts=[new.reference()]))
    assert (first.generation, second.generation) == ("v1", "v2")


async def test_an_agent_of_v2_in_a_spec_of_v1_is_refused_before_anything_is_sent(
    corti: AsyncCorti, double: CortiDouble
) -> None:
    new = await corti.agents.create(AgentSpec(name="new", description="Helps", labels={"team": "a"}))
    before = len(double.calls)
    spec = AgentSpec(name="boss", description="Asks", agent_type=AgentType.EXPERT, experts=[new.reference()])
    with pytest.raises(UnsupportedByGeneration) as refused:
        await corti.agents.create(spec)
    assert refused.value.field == "AgentSpec.experts[0].id"
    assert "agent_type" in str(refused.value)
    assert len(double.calls) == before
