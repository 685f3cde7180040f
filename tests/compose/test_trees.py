"""Random trees of combinations: whatever is nested how, these hold (A2A-CMP-01 to A2A-CMP-04)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.compose import (
    CONTINUATION_KEY,
    WAKE_KEY,
    Agent,
    Budget,
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
    status_update,
)
from agentkit.credentials import Credentials, Token
from agentkit.engine import Effect, InlineEngine, LookUp, Work
from agentkit.models import AgentSkill, Artifact, ArtifactUpdate, Event, Json, JsonObject, Message, Part, TaskState
from tests.compose.agents import context
from tests.deadline import HANG


@dataclass(frozen=True)
class Plan:
    """A node of a tree: what it is and what is below it; leaves have a number."""

    kind: str
    below: tuple[Plan, ...] = ()
    number: int = -1


@dataclass
class Ear:
    """What the leaves of one tree heard, saw and did."""

    asks: frozenset[int] = frozenset()
    naps: frozenset[int] = frozenset()
    woken: dict[int, list[object]] = field(default_factory=dict[int, list[object]])
    waits: bool = False
    heard: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    asked: dict[str, int] = field(default_factory=dict[str, int])
    credentials: dict[int, set[str]] = field(default_factory=dict[int, set[str]])
    running: set[int] = field(default_factory=set[int])
    stopped: set[int] = field(default_factory=set[int])
    told: set[int] = field(default_factory=set[int])
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Leaf:
    """Answers; some ask once before, under a question of their own."""

    description = "A leaf"
    skills: tuple[AgentSkill, ...] = ()
    effect: Effect = "idempotent"

    def __init__(self, number: int, ear: Ear) -> None:
        self.name = f"leaf-{number}"
        self.number = number
        self.ear = ear
        self.mcp_names = frozenset({f"server-{number}"})

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        ear, number = self.ear, self.number
        ear.heard.setdefault(number, []).append(message.text)
        ear.credentials.setdefault(number, set()).update(context.credentials)
        if ear.waits:
            ear.running.add(number)
            ear.changed.set()
            try:
                await asyncio.Event().wait()
            finally:
                ear.stopped.add(number)
        if number in ear.naps:
            if context.continuation is None:
                metadata: JsonObject = {CONTINUATION_KEY: {"mine": number}, WAKE_KEY: "2000-01-01T00:00:00+00:00"}
                yield status_update(context, TaskState.WORKING, None, metadata)
                return
            ear.woken.setdefault(number, []).append(context.continuation)
        elif number in ear.asks and not context.resumed:
            question = "/".join(context.path)
            ear.asked[question] = number
            yield status_update(context, TaskState.INPUT_REQUIRED, message.reply(question))
            return
        artifact = Artifact(artifact_id="result", parts=(Part(data={"by": number}),))
        yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)
        yield message.reply(f"{number}")

    async def cancel(self, context: RunContext) -> None:
        self.ear.told.add(self.number)


WRAPS: Final[dict[str, Callable[[Agent, str], Agent]]] = {
    "timeout": lambda agent, _: Timeout(agent, 1000),
    "retry": lambda agent, _: Retry(agent),
    "budget": lambda agent, _: Budget(agent, credits=1000),
    "tap": lambda agent, _: Tap(agent, lambda _, __: None),
    "rename": Rename,
}
MANY: Final = ("sequential", "parallel", "router", "fallback", "loop", "quorum")


def built(plan: Plan, ear: Ear, *, durable: bool = False) -> Agent:
    """The agent of a plan. Siblings have different names, because leaves have different numbers."""
    if plan.kind == "leaf":
        return Leaf(plan.number, ear)
    below = [built(one, ear, durable=durable) for one in plan.below]
    name = f"{plan.kind}-{_first(plan)}"
    if plan.kind in WRAPS:
        return WRAPS[plan.kind](below[0], name)
    chosen = below[len(below) // 2].name
    match plan.kind:
        case "parallel":
            return Parallel(name, below, durable=durable)
        case "quorum":
            return Parallel(name, below, join=len(below), limit=2, durable=durable)
        case "router":
            return Router(name, below, by=lambda _: chosen, durable=durable)
        case "fallback":
            return Fallback(name, below, durable=durable)
        case "loop":
            return Loop(name, below, until=lambda _: True, at_most=3, durable=durable)
        case _:
            return Sequential(name, below, durable=durable)


def _first(plan: Plan) -> int:
    return plan.number if plan.kind == "leaf" else _first(plan.below[0])


def leaves(plan: Plan) -> Iterator[Plan]:
    """All leaves."""
    if plan.kind == "leaf":
        yield plan
    for one in plan.below:
        yield from leaves(one)


def reached(plan: Plan) -> Iterator[int]:
    """The leaves that run when nobody fails."""
    match plan.kind:
        case "leaf":
            yield plan.number
        case "router":
            yield from reached(plan.below[len(plan.below) // 2])
        case "fallback":
            yield from reached(plan.below[0])
        case _:
            for one in plan.below:
                yield from reached(one)


def _numbered(shape: Plan) -> Plan:
    counter = iter(range(1000))

    def number(one: Plan) -> Plan:
        if one.kind == "leaf":
            return replace(one, number=next(counter))
        return replace(one, below=tuple(number(below) for below in one.below))

    return number(shape)


def _nodes(below: st.SearchStrategy[Plan]) -> st.SearchStrategy[Plan]:
    several = st.lists(below, min_size=1, max_size=3).map(tuple)
    return st.builds(Plan, st.sampled_from(MANY), several) | st.builds(
        Plan, st.sampled_from(sorted(WRAPS)), below.map(lambda one: (one,))
    )


TREES: Final = st.recursive(st.just(Plan("leaf")), _nodes, max_leaves=8).map(
    lambda shape: _numbered(Plan("sequential", (shape,)))
)


class Recording(InlineEngine):
    """Does what a durable engine does while nothing crashes: each step once, by its key."""

    @property
    def durable(self) -> bool:
        return True

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []

    async def step(
        self, run_id: str, key: str, work: Work, *, effect: Effect = "idempotent", look_up: LookUp | None = None
    ) -> Json:
        self.keys.append(f"{run_id} {key}")
        return await super().step(run_id, key, work, effect=effect, look_up=look_up)


class Dying(Recording):
    """Stands still for good after some steps, as a process that was killed; its records stay."""

    def __init__(self, lives: int) -> None:
        super().__init__()
        self.lives: float = lives
        self.records: dict[str, Json] = {}
        self.died = asyncio.Event()

    async def step(
        self, run_id: str, key: str, work: Work, *, effect: Effect = "idempotent", look_up: LookUp | None = None
    ) -> Json:
        if key not in self.records:
            if self.lives == 0:
                self.died.set()
                await asyncio.Event().wait()
            self.lives -= 1
            self.records[key] = await super().step(run_id, key, work, effect=effect, look_up=look_up)
        return self.records[key]


def fresh(turn: int = 1, **more: object) -> RunContext:
    return replace(context("root"), run_id=f"t-1.{turn}", **more)  # pyright: ignore[reportArgumentType]


async def conversation(agent: Agent, given: RunContext) -> tuple[list[Outcome], Outcome]:
    """Answer every question with its own text; the outcomes on the way, and the last one."""
    paused: list[Outcome] = []
    outcome = await collect(agent, Message.user("x"), given)
    while outcome.is_paused:
        paused.append(outcome)
        assert len(paused) < 50
        again = replace(given, run_id=f"t-1.{len(paused) + 1}", resumed=True, continuation=outcome.continuation)
        outcome = await collect(agent, Message.user(f"answer to {outcome.text}"), again)
    return paused, outcome


def run(work: object) -> None:
    """Run to the end, within bounds."""

    async def bounded() -> None:
        with anyio.fail_after(HANG):
            await work  # pyright: ignore[reportGeneralTypeIssues]

    asyncio.run(bounded())


@settings(deadline=None, max_examples=60)
@given(plan=TREES, seed=st.sets(st.integers(0, 7)))
def test_an_answer_reaches_exactly_the_leaf_that_asked(plan: Plan, seed: set[int]) -> None:
    """A2A-CMP-02."""

    async def check() -> None:
        ear = Ear(asks=frozenset(seed))
        paused, outcome = await conversation(built(plan, ear), fresh())
        assert outcome.state is TaskState.COMPLETED
        assert sorted(ear.heard) == sorted(reached(plan))
        for number, texts in ear.heard.items():
            answers = [text for text in texts if text.startswith("answer to ")]
            own = [question for question, asker in ear.asked.items() if asker == number]
            assert answers == [f"answer to {question}" for question in own]
            assert len(texts) == 1 + len(own)
        assert len(paused) == len(ear.asked)

    run(check())


@settings(deadline=None, max_examples=60)
@given(plan=TREES, asking=st.sets(st.integers(0, 7)), napping=st.sets(st.integers(0, 7)))
def test_whoever_waits_for_a_moment_is_woken_once_with_what_it_left(
    plan: Plan, asking: set[int], napping: set[int]
) -> None:
    async def check() -> None:
        ear = Ear(asks=frozenset(asking), naps=frozenset(napping))
        _, outcome = await conversation(built(plan, ear), fresh())
        assert outcome.state is TaskState.COMPLETED
        assert ear.woken == {number: [{"mine": number}] for number in set(reached(plan)) & napping}
        assert set(ear.asked.values()) == (set(reached(plan)) & asking) - napping

    run(check())


@settings(deadline=None, max_examples=60)
@given(plan=TREES, given_for=st.sets(st.integers(0, 9)))
def test_a_credential_reaches_only_the_leaf_that_names_it(plan: Plan, given_for: set[int]) -> None:
    """A2A-CMP-04."""

    async def check() -> None:
        ear = Ear()
        brought = Credentials(Token(f"server-{number}", "secret") for number in given_for)
        await collect(built(plan, ear), Message.user("x"), fresh(credentials=brought))
        for number, seen in ear.credentials.items():
            assert seen == ({f"server-{number}"} if number in given_for else set())

    run(check())


@settings(deadline=None, max_examples=60)
@given(plan=TREES)
def test_cancellation_reaches_every_leaf_that_runs(plan: Plan) -> None:
    """A2A-CMP-01."""

    async def check() -> None:
        ear = Ear(waits=True)
        agent = built(plan, ear)
        task = asyncio.create_task(collect(agent, Message.user("x"), fresh()))
        await ear.changed.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await agent.cancel(context("root"))
        assert task.cancelled()
        assert ear.stopped == ear.running != set()
        assert ear.told >= ear.running

    run(check())


@settings(deadline=None, max_examples=60)
@given(plan=TREES)
def test_artifacts_have_stable_ids_of_their_own(plan: Plan) -> None:
    """A2A-CMP-03."""

    async def check() -> None:
        seen: list[list[tuple[str, object]]] = []
        for _ in range(2):
            outcome = await collect(built(plan, Ear()), Message.user("x"), fresh())
            seen.append([(one.artifact_id, one.parts[0].data) for one in outcome.artifacts])
        assert sorted(map(str, seen[0])) == sorted(map(str, seen[1]))
        assert len({identifier for identifier, _ in seen[0]}) == len(seen[0])
        assert sorted(str(data) for _, data in seen[0]) == sorted(str({"by": number}) for number in reached(plan))

    run(check())


@settings(deadline=None, max_examples=60)
@given(plan=TREES, seed=st.sets(st.integers(0, 7)))
def test_recorded_or_not_the_outcome_is_the_same_and_every_step_has_a_key_of_its_own(
    plan: Plan, seed: set[int]
) -> None:
    async def check() -> None:
        engine, results = Recording(), list[Sequence[object]]()
        for used in (InlineEngine(), engine):
            ear = Ear(asks=frozenset(seed))
            paused, outcome = await conversation(built(plan, ear, durable=True), fresh(engine=used))
            assert outcome.message is not None
            results.append(
                (
                    [one.text for one in paused],
                    outcome.state,
                    [part.model_dump(exclude_unset=True) for part in outcome.message.parts],
                    sorted(one.artifact_id for one in outcome.artifacts),
                    ear.heard,
                )
            )
        assert results[0] == results[1]
        assert len(set(engine.keys)) == len(engine.keys)

    run(check())


@settings(deadline=None, max_examples=60)
@given(plan=TREES, lives=st.integers(0, 8))
def test_after_a_crash_no_recorded_leaf_runs_again(plan: Plan, lives: int) -> None:
    """A2A-CMP-06."""

    async def check() -> None:
        engine, ear = Dying(lives), Ear()
        message, given_context = Message.user("x"), fresh(engine=engine)
        first = asyncio.create_task(collect(built(plan, ear, durable=True), message, given_context))
        death = asyncio.create_task(engine.died.wait())
        await asyncio.wait([first, death], return_when=asyncio.FIRST_COMPLETED)
        for task in (first, death):
            task.cancel()
        await asyncio.wait([first, death])
        engine.lives = float("inf")
        outcome = await collect(built(plan, ear, durable=True), message, given_context)
        plain = await collect(built(plan, Ear()), message, fresh())
        assert outcome.state is TaskState.COMPLETED
        assert outcome.text == plain.text
        assert sorted(one.artifact_id for one in outcome.artifacts) == sorted(
            one.artifact_id for one in plain.artifacts
        )
        assert {number: len(texts) for number, texts in ear.heard.items()} == dict.fromkeys(reached(plan), 1)

    run(check())
