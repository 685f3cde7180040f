"""Several agents at once: joined answers, limits, failures and questions."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from agentkit.compose import Outcome, Parallel, RunContext, collect
from agentkit.errors import SpecError
from agentkit.models import Message, TaskState
from tests.compose.agents import Leaf, context
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


async def resume(agent: Parallel, text: str, outcome: Outcome) -> Outcome:
    resumed: RunContext = context("both").child("x", resumed=True, continuation=outcome.continuation)
    return await collect(agent, Message.user(text), resumed)


async def test_answers_are_joined_under_their_agents_names_in_order() -> None:
    both = Parallel("both", [Leaf("a", "produce"), Leaf("b")])

    outcome = await collect(both, Message.user("x"), context("both"))

    assert outcome.state is TaskState.COMPLETED
    assert outcome.message is not None
    assert [part.text for part in outcome.message.parts if part.kind == "text"] == ["a: a(x)", "b: b(x)"]
    data = [part for part in outcome.message.parts if part.kind == "data"]
    assert [(part.data, part.metadata) for part in data] == [({"by": "a"}, {"agentkit.agent": "both/a"})]
    assert [artifact.artifact_id for artifact in outcome.artifacts] == ["a/r"]


async def test_equal_artifact_ids_of_two_agents_stay_apart() -> None:
    """A2A-CMP-03."""
    outcome = await collect(
        Parallel("both", [Leaf("a", "produce"), Leaf("b", "produce")]), Message.user("x"), context("both")
    )

    assert sorted(artifact.artifact_id for artifact in outcome.artifacts) == ["a/r", "b/r"]


async def test_agents_run_at_the_same_time_up_to_the_limit() -> None:
    leaves = [Leaf(name, "wait") for name in "abc"]
    with anyio.fail_after(HANG):
        run = asyncio.create_task(collect(Parallel("all", leaves, limit=2), Message.user("x"), context("all")))
        await leaves[0].began.wait()
        await leaves[1].began.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not leaves[2].began.is_set()
        run.cancel()
        await asyncio.wait([run])

    assert [leaf.stopped for leaf in leaves] == [True, True, False]


async def test_a_failure_stops_the_others() -> None:
    waiting = Leaf("b", "wait")
    with anyio.fail_after(HANG):
        outcome = await collect(Parallel("both", [Leaf("a", "fail"), waiting]), Message.user("x"), context("both"))

    assert outcome.state is TaskState.FAILED
    assert outcome.text.startswith("a: The agent failed")
    assert (outcome.metadata or {})["agentkit.agent"] == "both/a"
    assert waiting.stopped or not waiting.began.is_set()
    assert waiting.cancelled == 1


async def test_with_keep_the_others_answers_are_joined_and_the_failure_is_named() -> None:
    both = Parallel("both", [Leaf("a", "reject"), Leaf("b")], on_failure="keep")

    outcome = await collect(both, Message.user("x"), context("both"))

    assert outcome.state is TaskState.COMPLETED
    assert outcome.text == "a: failed: Not mine.\nb: b(x)"


async def test_when_all_fail_there_is_nothing_to_keep() -> None:
    both = Parallel("both", [Leaf("a", "reject"), Leaf("b", "reject")], on_failure="keep")

    assert (await collect(both, Message.user("x"), context("both"))).state is TaskState.FAILED


async def test_questions_are_asked_one_after_the_other_and_answers_reach_who_asked() -> None:
    """A2A-CMP-02."""
    leaves = [Leaf("a", "ask"), Leaf("b"), Leaf("c", "ask2")]
    trio = Parallel("both", leaves)

    first = await collect(trio, Message.user("x"), context("both"))
    assert (first.state, first.text) == (TaskState.INPUT_REQUIRED, "a?")
    second = await resume(trio, "for a", first)
    assert second.text == "c?"
    third = await resume(trio, "for c", second)
    assert third.text == "c?"
    last = await resume(trio, "for c again", third)

    assert last.state is TaskState.COMPLETED
    assert last.text == "a: a(for a)\nb: b(x)\nc: c(for c again)"
    assert [[message.text for message in leaf.heard] for leaf in leaves] == [
        ["x", "for a"],
        ["x"],
        ["x", "for c", "for c again"],
    ]


async def test_agents_that_were_changed_meanwhile_are_not_misread() -> None:
    asked = await collect(Parallel("both", [Leaf("a", "ask"), Leaf("b")]), Message.user("x"), context("both"))

    outcome = await resume(Parallel("both", [Leaf("a"), Leaf("z")]), "yes", asked)

    assert outcome.state is TaskState.FAILED
    assert "changed while this task waited" in outcome.text


class Outside(BaseException):
    """Not derived from Exception."""


@pytest.mark.parametrize("error", [asyncio.CancelledError, Outside])
async def test_an_agent_that_cancels_itself_or_worse_fails_instead_of_hanging(error: type[BaseException]) -> None:
    class Suicidal(Leaf):
        async def run(self, message: Message, context: RunContext):
            raise error
            yield message

    with anyio.fail_after(HANG):
        outcome = await collect(Parallel("both", [Suicidal("a"), Leaf("b")]), Message.user("x"), context("both"))

    assert outcome.state is TaskState.FAILED


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(SpecError, match="limit"):
        Parallel("both", [Leaf("a")], limit=0)
