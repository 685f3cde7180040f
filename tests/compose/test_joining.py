"""How Parallel joins: the first, a quorum, at least so many, a function or an agent that reduces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from agentkit.compose import CONTINUATION_KEY, WAKE_KEY, Outcome, Parallel, RunContext, Turn, collect, status_update
from agentkit.errors import SpecError
from agentkit.models import Event, JsonObject, Message, TaskState
from tests.compose.agents import Leaf, Spender, context, resumed
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


async def run(agent: Parallel, text: str = "x") -> Outcome:
    with anyio.fail_after(HANG):
        return await collect(agent, Message.user(text), context("both"))


async def test_the_first_that_completes_is_the_answer_and_the_others_are_cancelled() -> None:
    leaves = [Leaf("a", "wait"), Leaf("b"), Leaf("c", "wait"), Leaf("d", "reject")]

    outcome = await run(Parallel("both", leaves, join="first"))

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "b: b(x)")
    for leaf in (leaves[0], leaves[2]):
        assert leaf.stopped or not leaf.began.is_set()
        assert leaf.cancelled == 1


async def test_failures_do_not_matter_while_the_first_may_still_come() -> None:
    outcome = await run(Parallel("both", [Leaf("a", "fail"), Leaf("b", "reject"), Leaf("c")], join="first"))

    assert outcome.state is TaskState.COMPLETED
    assert outcome.text.endswith("c: c(x)")


async def test_when_too_many_fail_the_numbers_are_named_and_what_was_found_is_kept() -> None:
    leaves = [Leaf("a"), Leaf("b", "reject"), Leaf("c", "reject"), Leaf("d", "wait")]

    outcome = await run(Parallel("both", leaves, join=3))

    assert outcome.state is TaskState.FAILED
    assert (outcome.metadata or {})["error"] == "TooFewCompleted"
    assert "1 agents completed, 3 are needed" in outcome.text
    assert "b: failed: Not mine." in outcome.text
    assert [one.artifact_id for one in outcome.artifacts] == ["a/answer"]
    assert leaves[3].cancelled == 1


async def test_a_quorum_ends_it() -> None:
    leaves = [Leaf("a"), Leaf("b", "wait"), Leaf("c"), Leaf("d", "wait")]

    outcome = await run(Parallel("both", leaves, join=2))

    assert outcome.text == "a: a(x)\nc: c(x)"
    assert [leaf.cancelled for leaf in leaves] == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("least", "state"), [(1, TaskState.COMPLETED), (2, TaskState.COMPLETED), (3, TaskState.REJECTED)]
)
async def test_at_least_so_many_must_complete(least: int, state: TaskState) -> None:
    outcome = await run(Parallel("both", [Leaf("a"), Leaf("b", "reject"), Leaf("c")], on_failure=least))

    assert outcome.state is state


async def test_questions_wait_only_until_enough_are_done_and_whoever_asked_is_told() -> None:
    asking = Leaf("b", "ask")

    outcome = await run(Parallel("both", [Leaf("a"), asking, Leaf("c")], join=2))

    assert outcome.text == "a: a(x)\nc: c(x)"
    assert asking.cancelled == 1


async def test_a_question_is_asked_when_without_its_agent_there_are_not_enough() -> None:
    both = Parallel("both", [Leaf("a"), Leaf("b", "ask"), Leaf("c", "reject")], join=2)
    asked = await run(both)
    assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "b?")

    outcome = await collect(both, Message.user("yes"), resumed(asked, "both"))

    assert outcome.text == "a: a(x)\nb: b(yes)\nc: failed: Not mine."


async def test_what_others_found_is_kept_when_one_fails() -> None:
    outcome = await run(Parallel("both", [Leaf("a"), Leaf("b", "reject")]))

    assert (outcome.state, outcome.text) == (TaskState.REJECTED, "b: Not mine.")
    assert [(one.artifact_id, one.text) for one in outcome.artifacts] == [("a/answer", "a(x)")]


async def test_a_function_reduces_the_outcomes() -> None:
    def count(outcomes: Mapping[str, Outcome]) -> JsonObject:
        return {name: outcome.state.value for name, outcome in outcomes.items()}

    async def longest(outcomes: Mapping[str, Outcome]) -> str:
        return max((outcome.text for outcome in outcomes.values()), key=len)

    leaves = [Leaf("a"), Leaf("bb"), Leaf("c", "reject")]

    counted = await run(Parallel("both", leaves, on_failure="keep", reduce=count))
    chosen = await run(Parallel("both", leaves, on_failure="keep", reduce=longest))

    assert counted.message is not None
    assert counted.message.data == ({"a": "completed", "bb": "completed", "c": "rejected"},)
    assert chosen.text == "Not mine."


async def test_an_agent_reduces_and_may_ask() -> None:
    reducer = Leaf("judge", "ask")
    both = Parallel("both", [Leaf("a", "produce"), Leaf("b")], reduce=reducer)

    asked = await run(both)
    outcome = await collect(both, Message.user("the first"), resumed(asked, "both"))

    assert (asked.state, (asked.metadata or {})["agentkit.agent"]) == (TaskState.INPUT_REQUIRED, "both/judge")
    assert reducer.heard[0].text == "a: a(x)\nb: b(x)"
    assert reducer.heard[0].data == ({"by": "a"},)
    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "judge(the first)")
    assert reducer.resumed == [False, True]


async def test_when_the_one_that_reduces_fails_what_it_was_to_reduce_is_kept() -> None:
    outcome = await run(Parallel("both", [Leaf("a"), Leaf("b")], reduce=Leaf("judge", "reject")))

    assert (outcome.state, outcome.text) == (TaskState.REJECTED, "judge: Not mine.")
    assert [one.artifact_id for one in outcome.artifacts] == ["a/answer", "b/answer"]


async def test_usage_of_all_is_summed_of_those_that_failed_too() -> None:
    both = Parallel("both", [Spender("a", credits=1), Spender("b", "reject", credits=2), Leaf("c")], on_failure="keep")

    outcome = await run(both)

    assert (outcome.metadata or {})["agentkit.usage"] == {
        "credits": 3.0,
        "inputTokens": 0,
        "outputTokens": 0,
        "seconds": 0.0,
    }


class Sleeper(Leaf):
    """Waits for a moment, then answers."""

    def __init__(self, name: str, moment: datetime) -> None:
        super().__init__(name)
        self.moment = moment

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self.resumed.append(context.resumed)
        if context.continuation is None:
            metadata: JsonObject = {CONTINUATION_KEY: {"asked": message.text}, WAKE_KEY: self.moment.isoformat()}
            yield status_update(context, TaskState.WORKING, None, metadata)
            return
        yield message.reply(f"{self.name} woke for {context.continuation['asked']}")


async def test_timers_wake_the_earliest_first_and_questions_come_before_them() -> None:
    now = datetime.now(UTC)
    soon, late = Sleeper("soon", now - timedelta(seconds=1)), Sleeper("late", now + timedelta(days=1))
    both = Parallel("both", [late, soon, Leaf("b", "ask")])

    asked = await run(both)
    answered = await collect(both, Message.user("yes"), resumed(asked, "both"))
    woken = await collect(both, Message.user("yes"), resumed(answered, "both"))

    assert (asked.state, asked.text, asked.wake) == (TaskState.INPUT_REQUIRED, "b?", None)
    assert (answered.state, answered.wake) == (TaskState.WORKING, late.moment)
    assert soon.resumed == [False, True]
    assert woken.text == "late: late woke for x\nsoon: soon woke for x\nb: b(yes)"


async def test_cancelling_from_outside_stops_all_and_leaves_nothing_running() -> None:
    leaves = [Leaf(name, "wait") for name in "abc"]
    both = Parallel("both", leaves, join="first")
    with anyio.fail_after(HANG):
        task = asyncio.create_task(run(both))
        await leaves[2].began.wait()
        task.cancel()
        await asyncio.wait([task])

    assert [leaf.stopped for leaf in leaves] == [True] * 3


async def test_a_waiting_agent_is_told_what_it_left_behind_when_the_task_is_cancelled() -> None:
    seen: list[JsonObject | None] = []

    class Remote(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            metadata: JsonObject = {CONTINUATION_KEY: {"taskId": "r-1"}}
            yield status_update(context, TaskState.INPUT_REQUIRED, message.reply("?"), metadata)

        async def cancel(self, context: RunContext) -> None:
            seen.append(context.continuation)

    both = Parallel("both", [Leaf("a"), Remote("b")])
    asked = await run(both)

    await both.cancel(replace(context("both"), continuation=asked.continuation))

    assert seen == [{"taskId": "r-1"}]


async def test_whoever_reduces_is_told_what_it_left_behind_too() -> None:
    """A2A-CMP-01."""
    told: list[JsonObject | None] = []

    class Remote(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            metadata: JsonObject = {CONTINUATION_KEY: {"taskId": "r-1"}}
            yield status_update(context, TaskState.INPUT_REQUIRED, message.reply("?"), metadata)

        async def cancel(self, context: RunContext) -> None:
            told.append(context.continuation)

    both = Parallel("both", [Leaf("a"), Leaf("b")], reduce=Remote("sum"))
    asked = await run(both)

    await both.cancel(replace(context("both"), continuation=asked.continuation))

    assert told == [{"taskId": "r-1"}]


async def test_whoever_stops_listening_stops_the_agents_and_not_what_goes_on_elsewhere() -> None:
    """A durable process that shuts down must leave remote tasks alone: the run goes on at its next start."""

    class Partial(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            yield status_update(context, TaskState.WORKING, message.reply("partial"))
            async for event in super().run(message, context):
                yield event

    leaves = [Partial("a", "wait"), Partial("b", "wait")]
    turn = Turn(Parallel("both", leaves), Message.user("x"), context("both"))
    with anyio.fail_after(HANG):
        async with aclosing(turn.events()) as events:
            await anext(events)
            for leaf in leaves:
                await leaf.began.wait()

    assert [leaf.stopped for leaf in leaves] == [True, True]
    assert [leaf.cancelled for leaf in leaves] == [0, 0]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), BaseException("Jane Example"), KeyError("Jane Example")])
async def test_an_agent_that_cannot_be_stopped_does_not_hold_up_the_others(error: BaseException) -> None:
    class Bad(Leaf):
        async def cancel(self, context: RunContext) -> None:
            raise error

    bad, good = Bad("bad"), Leaf("good")
    await Parallel("both", [bad, good]).cancel(context("both"))

    assert good.cancelled == 1


@pytest.mark.parametrize(
    "more",
    [
        {"join": "some"},
        {"join": 0},
        {"join": 3},
        {"join": True},
        {"on_failure": 3},
        {"on_failure": "maybe"},
        {"join": "first", "on_failure": "keep"},
        {"reduce": 5},
        {"reduce": Leaf("a")},
    ],
)
def test_terms_that_make_no_sense_are_refused(more: dict[str, object]) -> None:
    with pytest.raises(SpecError, match="Parallel"):
        Parallel("both", [Leaf("a"), Leaf("b")], **more)  # pyright: ignore[reportArgumentType]
