"""Which generation answers what: the id tells, or the spec, or the one who made the client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentkit.client import AsyncCorti
from agentkit.errors import UnsupportedByGeneration
from agentkit.specs import (
    AgentReferenceSpec,
    AgentSpec,
    AgentType,
    ExpertSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
)
from tests.client.connecting import connected
from tests.contract.corti_double import CortiDouble

pytestmark = pytest.mark.anyio

PLAIN = AgentSpec(name="helper", description="Helps")
SCHEMA = OutputSchemaSpec(name="dose", description="A dose", schema={"type": "object"})
REMOTE = RemoteAgentSpec(name="far", url="https://remote.example.org/a2a")


def planes(double: CortiDouble) -> list[str]:
    return ["v2" if call.target.startswith("/v2/agentic") else "v1" for call in double.calls]


@pytest.mark.parametrize(
    ("choice", "spec", "expected"),
    [
        ("auto", PLAIN, "v1"),
        ("v1", PLAIN, "v1"),
        ("v2", PLAIN, "v2"),
        ("auto", AgentSpec(name="h", description="d", model="corti-default"), "v2"),
        ("auto", AgentSpec(name="h", description="d", experts=(SCHEMA,)), "v2"),
        ("auto", AgentSpec(name="h", description="d", experts=(REMOTE,)), "v2"),
        ("auto", AgentSpec(name="h", description="d", experts=(ExpertSpec(name="x", description="y"),)), "v1"),
        ("auto", AgentSpec(name="h", description="d", agent_type=AgentType.ORCHESTRATOR), "v1"),
        ("auto", AgentSpec(name="h", description="d", ephemeral=True), "v1"),
    ],
)
async def test_a_new_agent_is_made_with_v1_unless_its_spec_needs_v2(
    choice: str, spec: AgentSpec, expected: str
) -> None:
    double = CortiDouble()
    async with connected(double, generation=choice) as corti:
        agent = await corti.agents.create(spec)
        reply = await agent.send("hi")
    assert agent.generation == expected
    assert agent.id.startswith("agt.") is (expected == "v2")
    assert planes(double) == [expected, expected]
    assert reply.text == "Penicillin."


@pytest.mark.parametrize(
    ("choice", "spec", "able"),
    [
        ("v1", AgentSpec(name="h", description="d", model="corti-default"), "v2"),
        ("v1", AgentSpec(name="h", description="d", experts=(SCHEMA,)), "v2"),
        ("v1", AgentSpec(name="h", description="d", experts=(REMOTE,)), "v2"),
        ("v2", AgentSpec(name="h", description="d", agent_type=AgentType.ORCHESTRATOR), "v1"),
    ],
)
async def test_what_the_chosen_generation_cannot_make_is_refused_and_the_other_named(
    choice: str, spec: AgentSpec, able: str
) -> None:
    double = CortiDouble()
    async with connected(double, generation=choice) as corti:
        with pytest.raises(UnsupportedByGeneration) as caught:
            await corti.agents.create(spec)
    error = caught.value
    assert (error.generation, error.supported_by) == (choice, (able,))
    assert able in str(error)
    assert not double.calls


async def test_an_id_tells_its_generation() -> None:
    double = CortiDouble()
    ids = {"v1": double.add_agent("old"), "v2": double.add_v2_agent("new")}
    async with connected(double) as corti:
        for generation, agent_id in ids.items():
            double.calls.clear()
            agent = await corti.agents.get(agent_id)
            assert agent.generation == generation
            await corti.agents.card(agent_id)
            await agent.send("hi")
            await corti.agents.delete(agent_id)
            assert set(planes(double)) == {generation}


async def test_a_chosen_generation_is_asked_whatever_the_id_looks_like() -> None:
    """V2-ID: v2 takes bare ids too."""
    double = CortiDouble()
    agent_id = double.add_v2_agent()
    async with connected(double, generation="v2") as corti:
        agent = await corti.agents.get(agent_id.removeprefix("agt."))
        await agent.send("hi")
    assert set(planes(double)) == {"v2"}
    assert agent.id == agent_id


async def test_a_reference_leads_to_the_generation_of_its_agent() -> None:
    double = CortiDouble()
    async with connected(double) as corti:
        old, new = await corti.agents.create(PLAIN), await corti.agents.get(double.add_v2_agent())
        both = [AgentReferenceSpec(id=old.id), AgentReferenceSpec(id=new.id)]
        made = [
            await corti.agents.create(AgentSpec(name=f"asker-{number}", description="d", experts=(one,)))
            for number, one in enumerate(both)
        ]
    assert [agent.generation for agent in made] == ["v1", "v2"]


ASKED: list[tuple[Callable[[AsyncCorti], Any], str]] = [
    (lambda corti: corti.agents.list(), "v1"),
    (lambda corti: corti.agents.list(limit=3, offset=0, ephemeral=False), "v1"),
    (lambda corti: corti.agents.list(text="x"), "v2"),
    (lambda corti: corti.agents.list(labels={"team": "a"}), "v2"),
    (lambda corti: corti.agents.list(visibility=["private"]), "v2"),
    (lambda corti: corti.experts.list(), "v1"),
    (lambda corti: corti.experts.list(text="x"), "v2"),
    (lambda corti: corti.contexts.list(), "v2"),
]


@pytest.mark.parametrize(
    ("ask", "expected"),
    ASKED,
)
async def test_auto_asks_v1_unless_only_v2_understands(ask: Callable[[AsyncCorti], Any], expected: str) -> None:
    double = CortiDouble()
    async with connected(double) as corti:
        await ask(corti).all()
    assert set(planes(double)) == {expected}


REFUSED: list[tuple[str, Callable[[AsyncCorti], object], str]] = [
    ("v1", lambda corti: corti.agents.list(text="x"), "v2"),
    ("v1", lambda corti: corti.experts.list(text="x"), "v2"),
    ("v1", lambda corti: corti.contexts, "v2"),
    ("v2", lambda corti: corti.agents.list(offset=1), "v1"),
    ("v2", lambda corti: corti.experts.list(offset=1), "v1"),
]


@pytest.mark.parametrize(
    ("choice", "ask", "able"),
    REFUSED,
)
async def test_what_the_chosen_generation_cannot_list_is_said_at_once(
    choice: str, ask: Callable[[AsyncCorti], object], able: str
) -> None:
    double = CortiDouble()
    async with connected(double, generation=choice) as corti:
        with pytest.raises(UnsupportedByGeneration) as caught:
            ask(corti)
    assert caught.value.supported_by == (able,)
    assert not double.calls


async def test_auto_refuses_what_no_single_generation_understands() -> None:
    async with connected(CortiDouble()) as corti:
        with pytest.raises(UnsupportedByGeneration):
            corti.agents.list(text="x", offset=1)
        with pytest.raises(UnsupportedByGeneration):
            corti.experts.list(text="x", offset=1)
