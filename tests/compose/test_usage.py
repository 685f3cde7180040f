"""What is used: read from metadata that may say anything, summed over children and turns, told with the task."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit.compose import (
    NOTHING,
    USAGE_KEY,
    Agent,
    Caller,
    Fallback,
    Loop,
    Meter,
    Parallel,
    Retry,
    Router,
    RunContext,
    Sequential,
    Usage,
    collect,
)
from agentkit.engine import InlineEngine
from agentkit.models import Event, JsonObject, Message, TaskState, TokenUsage
from agentkit.storage import Database
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService
from tests.compose.agents import Leaf, Spender, context

pytestmark = pytest.mark.anyio

USAGES = st.builds(
    Usage,
    st.integers(0, 10**6).map(float),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 10**6).map(float),
)


@given(USAGES)
def test_what_is_written_is_read(usage: Usage) -> None:
    assert Usage.of({USAGE_KEY: usage.json()}) == usage


@given(st.lists(USAGES))
def test_a_meter_and_those_around_it_tell_the_sum(usages: list[Usage]) -> None:
    seen: list[Usage] = []
    outer = Meter()
    inner = Meter(outer, seen.append)
    for usage in usages:
        inner.add(usage)

    assert inner.total == outer.total == sum(usages, NOTHING)
    assert seen[-1:] == ([inner.total] if any(usage != NOTHING for usage in usages) else [])


@pytest.mark.parametrize("said", [None, 5, [], {}, {"credits": "many"}, {"credits": True}, {"inputTokens": -1}])
def test_what_is_no_usage_is_nothing(said: JsonObject) -> None:
    assert Usage.of({USAGE_KEY: said}) == NOTHING
    assert Usage.of(None) == NOTHING
    assert Usage.read({"credits": float("nan"), "outputTokens": float("inf"), "seconds": 1e300}) == NOTHING


def test_what_corti_told_is_taken_over() -> None:
    told = TokenUsage(input_tokens=3, output_tokens=4, credits=0.5)

    assert Usage.of_tokens(told, seconds=2.0) == Usage(0.5, 3, 4, 2.0)
    assert Usage.of_tokens(told).tokens == 7
    assert Usage.of_tokens(None, seconds=2.0) == Usage(seconds=2.0)


def spenders() -> list[Agent]:
    return [Spender("a", credits=1, tokens=2), Spender("b", "reject", credits=2), Leaf("c")]


@pytest.mark.parametrize(
    ("agent", "credits"),
    [
        (lambda: Sequential("s", [Spender("a", credits=1), Spender("b", credits=2)]), 3),
        (lambda: Sequential("s", spenders()), 3),
        (lambda: Parallel("p", spenders(), on_failure="keep"), 3),
        (lambda: Fallback("f", spenders()[1:]), 2),
        (lambda: Router("r", spenders(), by=lambda _: "b"), 2),
        (lambda: Loop("l", Spender("a", credits=1), until=lambda _: False, at_most=4), 4),
        (lambda: Retry(Spender("b", "reject", credits=2), 3, on=[TaskState.FAILED], even_once=True, wait=0), 6),
        (lambda: Sequential("s", [Parallel("p", [Sequential("t", [Spender("a", credits=1)])]), *spenders()[:1]]), 2),
    ],
)
async def test_combinations_sum_what_all_their_agents_used(agent: object, credits: float) -> None:  # noqa: A002
    assert callable(agent)
    outcome = await collect(agent(), Message.user("x"), context())  # pyright: ignore[reportArgumentType]

    assert Usage.of(outcome.metadata).credits == credits


async def test_the_sum_over_all_turns_ends_in_the_metadata_of_the_task(tmp_path: Path) -> None:
    class Asking(Spender):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            if not context.resumed:
                self.kind = "ask"
                async for event in Leaf.run(self, message, context):
                    yield event
                return
            async for event in super().run(message, context):
                yield event

    chain = Sequential("s", [Spender("a", credits=1, tokens=5), Asking("b", credits=2), Spender("c", credits=4)])
    database = await Database.open(tmp_path / "t.db", MIGRATIONS)
    service = TaskService(SqlRepository(database), InlineEngine())
    caller = Caller("ann")

    asked = await service.send(chain, Message.user("x"), caller, agent_id="s")
    done = await service.send(chain, Message.user("yes", task_id=asked.id), caller, agent_id="s")

    assert (asked.status.state, Usage.of(asked.metadata)) == (TaskState.INPUT_REQUIRED, Usage(1, 5))
    assert (done.status.state, Usage.of(done.metadata)) == (TaskState.COMPLETED, Usage(7, 5))
    await service.close()
    await database.close()
