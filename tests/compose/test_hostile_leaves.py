"""Leaves that answer garbage, raise anything, or contain themselves: bounded, typed, without their words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import cast

import anyio
import pytest

from agentkit.compose import (
    Agent,
    Fallback,
    Loop,
    Outcome,
    Parallel,
    Rename,
    Retry,
    Router,
    RunContext,
    Sequential,
    Tap,
    Timeout,
    collect,
    workflow,
)
from agentkit.errors import StepFailed
from agentkit.models import Artifact, ArtifactUpdate, Event, Message, Part, StatusUpdate, Task, TaskState, TaskStatus
from tests.compose.agents import Leaf, context
from tests.deadline import HANG

pytestmark = pytest.mark.anyio

SECRET = "Jane Example"


class Outside(BaseException):
    """Not derived from Exception."""


class Garbage(Leaf):
    """Yields what it was given, in place of events."""

    def __init__(self, *things: object) -> None:
        super().__init__("bad")
        self.things = things

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        for thing in self.things:
            if isinstance(thing, BaseException):
                raise thing
            yield cast("Event", thing)


class NoIterator(Leaf):
    """Its `run` is no generator."""

    async def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return cast("AsyncIterator[Event]", message)


class Nothing(Leaf):
    """Its `run` gives nothing at all."""

    def run(self, message: Message, context: RunContext) -> AsyncIterator[Event]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return cast("AsyncIterator[Event]", None)


AROUND: dict[str, Callable[[Agent], Agent]] = {
    "sequential": lambda bad: Sequential("c", [Leaf("a"), bad, Leaf("z")]),
    "parallel": lambda bad: Parallel("c", [Leaf("a"), bad]),
    "loop": lambda bad: Loop("c", bad, until=lambda _: True, at_most=2),
    "router": lambda bad: Router("c", [bad], by=lambda _: "bad"),
    "fallback": lambda bad: Fallback("c", [bad]),
    "wrappers": lambda bad: Sequential("c", [Tap(Retry(Timeout(bad, 60), even_once=True), lambda _, __: None)]),
}

BAD: dict[str, Callable[[], Agent]] = {
    "text": lambda: Garbage(SECRET),
    "None": lambda: Garbage(None),
    "a class": lambda: Garbage(Message),
    "RuntimeError": lambda: Garbage(RuntimeError(SECRET)),
    "RecursionError": lambda: Garbage(RecursionError(SECRET)),
    "MemoryError": lambda: Garbage(MemoryError(SECRET)),
    "CancelledError": lambda: Garbage(asyncio.CancelledError(SECRET)),
    "BaseException": lambda: Garbage(Outside(SECRET)),
    "StopAsyncIteration": lambda: Garbage(StopAsyncIteration(SECRET)),
    "a group": lambda: Garbage(ExceptionGroup(SECRET, [ValueError(SECRET)])),
    "no iterator": lambda: cast("Agent", NoIterator("bad")),
    "nothing": lambda: Nothing("bad"),
}


@pytest.mark.parametrize("around", AROUND, ids=str)
@pytest.mark.parametrize("bad", BAD, ids=str)
@pytest.mark.filterwarnings("ignore:coroutine 'NoIterator.run' was never awaited:RuntimeWarning")
async def test_whatever_a_leaf_does_the_turn_fails_without_its_words(
    bad: str, around: str, caplog: pytest.LogCaptureFixture
) -> None:
    with anyio.fail_after(HANG):
        outcome = await collect(AROUND[around](BAD[bad]()), Message.user("x"), context("c"))

    assert outcome.state is TaskState.FAILED
    assert (outcome.metadata or {})["agentkit.agent"] == "c/bad"
    assert "error" in (outcome.metadata or {})
    assert SECRET not in str([outcome.text, outcome.metadata, caplog.text])


@pytest.mark.parametrize("around", AROUND, ids=str)
async def test_ids_of_others_and_states_of_nobody_do_no_harm(around: str) -> None:
    foreign = StatusUpdate(task_id="not-mine", context_id="nor-this", status=TaskStatus(state=TaskState.UNKNOWN))
    artifact = Artifact(artifact_id="../../x", parts=(Part(text="y"),))
    chunk = ArtifactUpdate(task_id="not-mine", context_id="nor-this", artifact=artifact, append=True)
    task = Task(id="not-mine", context_id="nor-this", status=TaskStatus(state=TaskState.COMPLETED))
    seen: list[Event] = []

    async for event in AROUND[around](Garbage(foreign, chunk, task, RuntimeError(SECRET))).run(
        Message.user("x"), context("c")
    ):
        seen.append(event)  # noqa: PERF401 - the loop is what a reader does

    assert {(one.task_id, one.context_id) for one in seen if isinstance(one, StatusUpdate | ArtifactUpdate)} <= {
        ("t-1", "c-1")
    }


AGAIN: dict[str, Callable[[Agent], Agent]] = {
    "sequential": lambda agent: Sequential("s", [agent]),
    "parallel": lambda agent: Parallel("s", [agent, Leaf("b")]),
    "loop": lambda agent: Loop("s", agent, until=lambda _: True, at_most=2),
    "router": lambda agent: Router("s", [agent], by=lambda _: "mirror"),
    "fallback": lambda agent: Fallback("s", [agent]),
    "timeout": lambda agent: Timeout(agent, 60),
    "retry": lambda agent: Retry(agent, even_once=True),
    "tap and rename": lambda agent: Tap(Rename(agent, "other"), lambda _, __: None),
}


@pytest.mark.parametrize("again", AGAIN, ids=str)
async def test_a_composition_that_contains_itself_ends(again: str) -> None:
    class Mirror(Leaf):
        composite = True

        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            self.heard.append(message)
            async for event in AGAIN[again](self).run(message, context):
                yield event

    mirror = Mirror("mirror")
    with anyio.fail_after(HANG):
        outcome: Outcome = await collect(mirror, Message.user("x"), context("mirror"))

    assert outcome.state is TaskState.FAILED
    assert "nested deeper" in outcome.text
    assert len(mirror.heard) < 40


@pytest.mark.parametrize("combine", ["gather", "catch", "parallel"])
async def test_a_composition_that_contains_itself_twice_ends_soon(combine: str) -> None:
    """Two calls at each of 32 levels would be four thousand million."""
    heard = 0

    @workflow("mirror", durable=False)
    async def mirror(ctx: RunContext, message: Message) -> Message:
        nonlocal heard
        heard += 1
        if combine == "gather":
            return (await ctx.gather(ctx.call(mirror, message), ctx.call(mirror, message)))[0]
        if combine == "parallel":
            return await ctx.call(Parallel("s", [mirror, Rename(mirror, "other")], on_failure="keep"), message)
        for _ in range(2):
            with suppress(StepFailed):
                await ctx.call(mirror, message)
        return message.reply("x")

    with anyio.fail_after(HANG):
        await collect(mirror, Message.user("x"), context("mirror"))
        await mirror.cancel(context("mirror"))

    assert heard < 3_000


async def test_a_leaf_that_never_ends_is_ended_by_its_timeout_whatever_is_around() -> None:
    class Endless(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            while True:
                await asyncio.sleep(0)
                yield StatusUpdate(task_id="t", context_id="c", status=TaskStatus(state=TaskState.WORKING))

    agent = Sequential("c", [Timeout(Endless("bad"), 0.05)])
    with anyio.fail_after(HANG):
        outcome = await collect(agent, Message.user("x"), context("c"))

    assert (outcome.metadata or {})["error"] == "AgentTimeout"
