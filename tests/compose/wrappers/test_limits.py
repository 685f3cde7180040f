"""Timeout and Budget: what goes beyond is cancelled, says so, and keeps what was found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import anyio
import pytest

from agentkit.compose import Agent, Budget, Loop, Outcome, Parallel, RunContext, Sequential, Timeout, collect
from agentkit.errors import SpecError
from agentkit.models import Artifact, ArtifactUpdate, Event, JsonObject, Message, Part, TaskState
from tests.compose.agents import Leaf, Spender, context, resumed
from tests.deadline import HANG, skip

pytestmark = pytest.mark.anyio


def used(outcome: Outcome) -> JsonObject:
    found = (outcome.metadata or {}).get("agentkit.usage")
    assert isinstance(found, dict)
    return found


async def run(agent: Agent, text: str = "x") -> Outcome:
    with anyio.fail_after(HANG * 100):
        return await collect(agent, Message.user(text), context())


async def late(agent: Agent, waiting: Leaf, seconds: float) -> Outcome:
    """The outcome when so many seconds pass while a leaf waits."""
    task = asyncio.create_task(run(agent))
    await waiting.began.wait()
    skip(seconds)
    return await task


async def test_a_turn_that_takes_too_long_is_cancelled_and_told_to_stop() -> None:
    """A2A-CMP-01."""
    leaf = Leaf("a", "wait")

    outcome = await late(Timeout(leaf, 30), leaf, 31)

    assert outcome.state is TaskState.FAILED
    assert outcome.text == "The agent a did not end within 30 s. Allow it more seconds."
    assert (outcome.metadata or {})["error"] == "AgentTimeout"
    assert leaf.stopped
    assert leaf.cancelled == 1


async def test_what_was_yielded_before_is_kept() -> None:
    class Slow(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            artifact = Artifact(artifact_id="r", parts=(Part(text="half"),))
            yield ArtifactUpdate(task_id="t", context_id="c", artifact=artifact)
            async for event in super().run(message, context):
                yield event

    leaf = Slow("a", "wait")
    outcome = await late(Timeout(leaf, 5), leaf, 6)

    assert [one.artifact_id for one in outcome.artifacts] == ["r"]


async def test_a_timeout_reaches_all_that_runs_inside() -> None:
    leaves = [Leaf("a", "wait"), Leaf("b", "wait")]

    outcome = await late(Timeout(Sequential("s", [Leaf("z"), Parallel("p", leaves)]), 5), leaves[1], 6)

    assert (outcome.metadata or {})["error"] == "AgentTimeout"
    assert [leaf.stopped for leaf in leaves] == [True, True]
    assert [leaf.cancelled for leaf in leaves] == [1, 1]


async def test_an_agent_that_swallows_its_cancellation_is_late_all_the_same() -> None:
    class Stubborn(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            self.began.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                yield message.reply("never mind")

    leaf = Stubborn("a")
    outcome = await late(Timeout(leaf, 5), leaf, 6)

    assert (outcome.state, (outcome.metadata or {})["error"]) == (TaskState.FAILED, "AgentTimeout")


async def test_whoever_reads_slowly_does_not_use_up_the_time_of_others() -> None:
    """Only the waits for the agent are limited: the reader is never cancelled for it."""
    turns: list[Event] = []
    async for event in Timeout(Leaf("a", "produce"), 5).run(Message.user("x"), context()):
        turns.append(event)
        await asyncio.sleep(0)

    assert len(turns) == 3


async def test_a_question_stops_the_clock() -> None:
    agent = Timeout(Leaf("a", "ask"), 5)
    asked = await run(agent)

    outcome = await collect(agent, Message.user("yes"), resumed(asked))

    assert (asked.text, outcome.text) == ("a?", "a(yes)")


async def test_cancellation_from_outside_is_no_timeout() -> None:
    leaf = Leaf("a", "wait")
    task = asyncio.create_task(run(Timeout(leaf, 5)))
    with anyio.fail_after(HANG):
        await leaf.began.wait()
        task.cancel()
        await asyncio.wait([task])

    assert task.cancelled()
    assert leaf.stopped


async def test_a_budget_stops_a_chain_as_soon_as_the_sum_is_above_it() -> None:
    last = Leaf("c")
    chain = Sequential("s", [Spender("a", credits=2, tokens=7), Spender("b", credits=2), last])

    outcome = await run(Budget(chain, credits=3))

    assert outcome.state is TaskState.FAILED
    assert outcome.text == "The budget of s is used up: 4.0 of 3.0 credits. Raise the budget."
    assert (outcome.metadata or {})["error"] == "BudgetExceeded"
    assert (outcome.metadata or {})["agentkit.budget"] == {"limit": "credits", "allowed": 3.0, "used": 4.0}
    assert used(outcome) == {"credits": 4.0, "inputTokens": 7, "outputTokens": 0, "seconds": 0.0}
    assert last.heard == []
    assert last.cancelled == 1


@pytest.mark.parametrize(("limits", "name"), [({"tokens": 9}, "tokens"), ({"credits": 9.0, "tokens": 9}, "tokens")])
async def test_tokens_are_counted_too(limits: dict[str, int], name: str) -> None:
    outcome = await run(Budget(Sequential("s", [Spender("a", credits=1, tokens=10)]), **limits))

    budget = (outcome.metadata or {})["agentkit.budget"]
    assert isinstance(budget, dict)
    assert budget["limit"] == name


async def test_the_answer_of_an_agent_that_went_beyond_is_kept() -> None:
    outcome = await run(Budget(Spender("a", credits=5), credits=1))

    assert outcome.state is TaskState.FAILED
    assert [(one.artifact_id, one.text) for one in outcome.artifacts] == [("answer", "a(x)")]


async def test_within_its_budget_an_agent_is_left_alone() -> None:
    outcome = await run(Budget(Sequential("s", [Spender("a", credits=1), Leaf("b")]), credits=1, tokens=5, seconds=60))

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "b(a(x))")
    assert used(outcome)["credits"] == 1.0


async def test_what_runs_beside_is_cancelled_when_the_budget_is_used_up() -> None:
    waiting = Leaf("b", "wait")

    outcome = await run(Budget(Parallel("p", [Spender("a", credits=2), waiting]), credits=1))

    assert (outcome.metadata or {})["error"] == "BudgetExceeded"
    assert waiting.stopped or not waiting.began.is_set()


async def test_seconds_are_those_at_work() -> None:
    leaf = Leaf("a", "wait")

    outcome = await late(Budget(leaf, seconds=30), leaf, 31)

    assert (outcome.metadata or {})["error"] == "BudgetExceeded"
    assert "30.0 seconds" in outcome.text
    assert leaf.stopped
    assert leaf.cancelled == 1


async def test_a_budget_goes_on_counting_after_a_pause() -> None:
    chain = Sequential("s", [Spender("a", credits=2), Leaf("b", "ask"), Spender("c", credits=2)])
    budget = Budget(chain, credits=3)
    asked = await run(budget)
    assert (asked.state, used(asked)["credits"]) == (TaskState.INPUT_REQUIRED, 2.0)

    outcome = await collect(budget, Message.user("yes"), resumed(asked))

    assert (outcome.metadata or {})["agentkit.budget"] == {"limit": "credits", "allowed": 3.0, "used": 4.0}
    assert used(outcome)["credits"] == 2.0


async def test_budgets_inside_budgets_each_count() -> None:
    inner = Budget(Loop("l", Spender("a", credits=1), until=lambda _: False, at_most=9), credits=5)

    outcome = await run(Budget(Sequential("s", [inner]), credits=2))

    assert (outcome.metadata or {})["agentkit.budget"] == {"limit": "credits", "allowed": 2.0, "used": 3.0}


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_limits_that_allow_nothing_or_are_no_numbers_are_refused(seconds: float) -> None:
    with pytest.raises(SpecError, match=r"Timeout\.seconds"):
        Timeout(Leaf("a"), seconds)
    with pytest.raises(SpecError, match="has no limit"):
        Budget(Leaf("a"))
    with pytest.raises(SpecError, match=r"Budget\.credits"):
        Budget(Leaf("a"), credits=-1 if seconds == 0 else seconds - 1)
