"""What agents say about themselves beyond the protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from agentkit.compose import Parallel, RunContext, Sequential, scoped, workflow
from agentkit.compose.facets import effect_of, is_composite, look_up_of, mcp_names_of, needs_durability
from agentkit.credentials import Credentials, Token
from agentkit.engine import InlineEngine
from agentkit.errors import SpecError
from agentkit.models import Event, Message
from tests.compose.agents import Leaf, context
from tests.compose.recording import Talk

pytestmark = pytest.mark.anyio


class Facet(Leaf):
    def __init__(self, name: str, **facets: object) -> None:
        super().__init__(name)
        self.seen: list[set[str]] = []
        for facet, value in facets.items():
            setattr(self, facet, value)

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self.seen.append(set(context.credentials))
        yield message.reply("ok")


def test_an_agent_that_says_nothing_is_a_careful_leaf() -> None:
    leaf = Leaf("leaf")

    assert not is_composite(leaf)
    assert not needs_durability(leaf)
    assert effect_of(leaf) == "once"
    assert look_up_of(leaf) is None
    assert mcp_names_of(leaf) == frozenset()


def test_what_one_inside_needs_the_combination_needs() -> None:
    inner = Sequential("in", [Leaf("a"), Facet("b", durable=True, mcp_names=frozenset({"ehr"}))])
    outer = Parallel("out", [Facet("c", mcp_names=frozenset({"lab"})), inner])

    assert is_composite(outer)
    assert needs_durability(outer)
    assert mcp_names_of(outer) == {"ehr", "lab"}
    assert mcp_names_of(Parallel("out", [outer, Facet("d", mcp_names=None)])) is None
    assert needs_durability(Sequential("s", [Leaf("a")], durable=True))
    assert not needs_durability(Sequential("s", [Leaf("a")]))


def test_a_composition_that_contains_itself_is_looked_through_once() -> None:
    inner = Facet("inner")
    outer = Sequential("outer", [inner])
    inner.agents = [outer]  # pyright: ignore[reportAttributeAccessIssue]

    assert not needs_durability(outer)
    assert mcp_names_of(outer) == frozenset()


def test_an_effect_is_one_of_three_words_and_a_look_up_can_look() -> None:
    with pytest.raises(SpecError, match=r"leaf\.effect: must be one of"):
        effect_of(Facet("leaf", effect="twice"))
    with pytest.raises(SpecError, match="no look_up"):
        effect_of(Facet("leaf", effect="lookup"))


BROUGHT = Credentials([Token("ehr", "t"), Token("lab", "u")])


@pytest.mark.parametrize("deep", [False, True])
async def test_each_credential_goes_only_to_the_leaf_that_names_it(deep: bool) -> None:
    """A2A-CMP-04."""
    leaves = [
        Facet("ehr", mcp_names=frozenset({"ehr"})),
        Facet("both", mcp_names=frozenset({"ehr", "lab", "third"})),
        Facet("unknown", mcp_names=None),
        Facet("plain"),
    ]

    @workflow("flow")
    async def flow(ctx: RunContext, message: Message) -> str:
        assert not ctx.credentials
        for leaf in leaves:
            await ctx.call(Sequential("chain", [leaf]) if deep else leaf, message)
        return "ok"

    for agent in (Parallel("all", leaves), Sequential("all", [Parallel("in", leaves)]), flow):
        await Talk(agent, InlineEngine()).say("x", credentials=BROUGHT)

    assert [set(map(frozenset, leaf.seen)) for leaf in leaves] == [
        {frozenset({"ehr"})},
        {frozenset({"ehr", "lab"})},
        {frozenset({"ehr", "lab"})},
        {frozenset()},
    ]


def test_a_context_without_credentials_stays_as_it_is() -> None:
    bare = context("leaf")

    assert scoped(Leaf("leaf"), bare) is bare
