"""A process that dies at any point of a durable composition: what is recorded is never executed again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.compose import (
    Agent,
    Approval,
    FunctionAgent,
    Loop,
    Outcome,
    Parallel,
    Retry,
    RunContext,
    Sequential,
    Timeout,
    status_update,
    workflow,
)
from agentkit.compose.workflow import run
from agentkit.engine import Effect
from agentkit.errors import ConnectionFailed, UnknownOutcome
from agentkit.models import Artifact, ArtifactUpdate, Event, Message, Part, TaskState
from tests.compose.agents import Leaf
from tests.compose.recording import RecordingEngine, Store, Talk

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True, scope="module")
def _no_grace() -> Iterator[None]:
    """Branches here do nothing but steps, so none is given time for anything else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "GRACE_SECONDS", 0.0)
        yield


class Ledger:
    """What happened outside, by step."""

    def __init__(self) -> None:
        self.counts = Counter[str]()


class Doer(Leaf):
    """Does something outside, shows an artifact, and answers."""

    def __init__(self, name: str, ledger: Ledger, effect: Effect = "idempotent", *, asks: bool = False) -> None:
        super().__init__(name)
        self.effect: Effect = effect
        self._ledger = ledger
        self._asks = asks

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self._ledger.counts[f"{context.run_id} {context.step_key}"] += 1
        artifact = Artifact(artifact_id="r", parts=(Part(data={"by": self.name}),))
        yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)
        await asyncio.sleep(0)
        if self._asks and not context.resumed:
            yield status_update(context, TaskState.INPUT_REQUIRED, message.reply(f"{self.name}?"))
            return
        yield message.reply(f"{self.name}({message.text})")

    async def look_up(self, message: Message, context: RunContext) -> Outcome | None:
        if not self._ledger.counts[f"{context.run_id} {context.step_key}"]:
            return None
        return Outcome(TaskState.COMPLETED, message.reply(f"{self.name}({message.text})"))


def build(ledger: Ledger, effect: Effect = "idempotent") -> Agent:
    """All that composes, with questions in between."""
    leaves = {name: Doer(name, ledger, effect) for name in "abcdefg"}
    asks = Doer("asks", ledger, effect, asks=True)

    def rounds(outcome: Outcome) -> bool:
        return outcome.text.count("f(") >= 2

    inside = Sequential("chain", [leaves["b"], Approval("sure", question="Sure?"), leaves["c"]])
    loop = Loop("loop", leaves["f"], until=rounds, at_most=5)

    @workflow("flow")
    async def flow(ctx: RunContext, message: Message) -> str:
        first = await ctx.call(leaves["a"], message)
        one, two = await ctx.gather(ctx.call(inside, first), ctx.call(Parallel("both", [leaves["d"], asks]), first))
        ok = await ctx.approve("File?", proposal=[one.text, two.text])

        async def draw() -> str:
            ledger.counts["draw"] += 1
            return "lot"

        lot = await ctx.step("draw", draw, effect="once" if effect == "once" else "idempotent")
        again = await ctx.call(leaves["a"], two)
        last = await ctx.call(loop, again)
        return f"{ok.approved} {lot} {last.text}"

    return flow


SAID = ("x", "yes", "for asks", "approve")


async def talked(talk: Talk, engine: Callable[[], RecordingEngine]) -> Outcome | None:
    outcome = None
    for text in SAID:
        talk.engine = engine()
        outcome = await talk.say(text)
        if outcome.state.is_terminal:
            break
    return outcome


async def test_after_a_death_at_every_point_the_result_is_the_same_and_no_recorded_step_is_executed_again() -> None:
    ledger, store = Ledger(), Store()
    engines = list[RecordingEngine]()

    def engine() -> RecordingEngine:
        engines.append(RecordingEngine(store))
        return engines[-1]

    talk = Talk(build(ledger), engine())
    whole = await talked(talk, engine)
    assert whole is not None
    assert whole.state is TaskState.COMPLETED
    executed, artifacts = ledger.counts, talk.artifacts
    assert set(executed.values()) == {1}
    points = [one.points for one in engines[1:]]
    assert sum(points) > 50

    for turn, most in enumerate(points):
        for point in range(1, most + 1):
            await _dies(turn, point, whole, executed, artifacts)


async def _dies(turn: int, point: int, whole: Outcome, executed: Counter[str], artifacts: dict[str, Artifact]) -> None:
    ledger, store = Ledger(), Store()
    talk = Talk(build(ledger), RecordingEngine(store))
    outcome = None
    for number, text in enumerate(SAID):
        if number == turn and await talk.until_death(RecordingEngine(store, dies_at=point), text):
            recorded = {f"{run} {key}" for run, key in store.done}
            before = {key: count for key, count in ledger.counts.items() if key in recorded}
            talk.engine = RecordingEngine(store)
            outcome = await talk.again()
            assert {key: ledger.counts[key] for key in before} == before, (turn, point)
        elif number != turn:
            talk.engine = RecordingEngine(store)
            outcome = await talk.say(text)
        else:
            outcome = talk.last
    assert outcome is not None
    assert (outcome.state, outcome.text) == (whole.state, whole.text), (turn, point)
    assert ledger.counts.keys() == executed.keys()
    assert max(ledger.counts.values()) <= 2
    assert sum(ledger.counts.values()) <= sum(executed.values()) + 2  # at most what two branches were at
    assert {name: one.parts for name, one in talk.artifacts.items() if "approval" not in name} == {
        name: one.parts for name, one in artifacts.items() if "approval" not in name
    }


@settings(max_examples=40)
@given(st.integers(0, 3), st.integers(1, 60), st.sampled_from(["once", "lookup"]))
async def test_what_must_happen_once_never_happens_twice(turn: int, point: int, effect: Effect) -> None:
    ledger, store = Ledger(), Store()
    talk = Talk(build(ledger, effect), RecordingEngine(store))
    outcome = None
    for number, text in enumerate(SAID):
        if number == turn and await talk.until_death(RecordingEngine(store, dies_at=point), text):
            talk.engine = RecordingEngine(store)
            outcome = await talk.again()
        elif number == turn:
            outcome = talk.last
        else:
            talk.engine = RecordingEngine(store)
            outcome = await talk.say(text)
        assert outcome is not None
        if outcome.state.is_terminal:
            break
    assert outcome is not None
    assert {count for key, count in ledger.counts.items() if key != "draw" or effect == "once"} <= {1}
    if effect == "once" and outcome.state is TaskState.FAILED:
        metadata = outcome.metadata or {}
        assert metadata["error"] == "UnknownOutcome"
        assert str(metadata["agentkit.step"]).startswith("flow/")
    else:
        assert outcome.state is TaskState.COMPLETED


async def test_an_unknown_outcome_ends_the_task_and_names_step_and_agent() -> None:
    ledger, store = Ledger(), Store()
    chain = Sequential("chain", [Doer("a", ledger), Doer("b", ledger, "once")], durable=True)
    talk = Talk(chain, RecordingEngine(store))
    assert await talk.until_death(RecordingEngine(store, dies_at=7), "x")
    talk.engine = RecordingEngine(store)
    outcome = await talk.again()

    assert outcome.state is TaskState.FAILED
    assert "b: " in outcome.text
    assert {key: (outcome.metadata or {})[key] for key in ("error", "agentkit.agent", "agentkit.step")} == {
        "error": "UnknownOutcome",
        "agentkit.agent": "chain/b",
        "agentkit.step": "chain/b",
    }
    assert ledger.counts == {"t-1.1 chain/a": 1, "t-1.1 chain/b": 1}
    assert talk.artifacts["a/answer"].text == "a(x)"


async def test_an_unknown_outcome_of_a_look_up_is_one_too() -> None:
    class Dumb(Doer):
        async def look_up(self, message: Message, context: RunContext) -> Outcome | None:
            raise UnknownOutcome("The server does not answer.", step="remote")

    ledger, store = Ledger(), Store()
    talk = Talk(Sequential("chain", [Dumb("a", ledger, "lookup")]), RecordingEngine(store))
    assert await talk.until_death(RecordingEngine(store, dies_at=3), "x")
    talk.engine = RecordingEngine(store)

    assert ((await talk.again()).metadata or {})["agentkit.step"] == "chain/a"


async def test_a_look_up_that_fails_means_that_nobody_knows() -> None:
    class Dumb(Doer):
        async def look_up(self, message: Message, context: RunContext) -> Outcome | None:
            raise ConnectionFailed("No answer.")

    ledger, store = Ledger(), Store()
    talk = Talk(Sequential("chain", [Dumb("a", ledger, "lookup")]), RecordingEngine(store))
    assert await talk.until_death(RecordingEngine(store, dies_at=3), "x")
    talk.engine = RecordingEngine(store)
    outcome = await talk.again()

    assert "cannot be found out (ConnectionFailed)" in outcome.text
    assert (outcome.metadata or {})["error"] == "UnknownOutcome"
    assert ledger.counts == {"t-1.1 chain/a": 1}


async def test_what_is_recorded_inside_a_wrapper_is_not_taken_for_a_changed_workflow() -> None:
    ledger, store = Ledger(), Store()
    wrapped = Retry(Timeout(Doer("a", ledger), 60.0), attempts=2)

    @workflow("flow")
    async def flow(ctx: RunContext, message: Message) -> Message:
        return await ctx.call(wrapped, await ctx.call(wrapped, message))

    talk = Talk(flow, RecordingEngine(store))
    assert await talk.until_death(RecordingEngine(store, dies_at=8), "x")
    assert len(store.done) == 2
    talk.engine = RecordingEngine(store)

    assert (await talk.again()).text == "a(a(x))"
    assert set(ledger.counts.values()) == {1}


async def test_a_leaf_that_says_nothing_of_its_effect_is_executed_once() -> None:
    ran = list[str]()

    class Silent(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            ran.append(message.text)
            yield message.reply("done")

    store = Store()
    assert not hasattr(Silent("s"), "effect")
    talk = Talk(Sequential("chain", [Silent("s")]), RecordingEngine(store))
    assert await talk.until_death(RecordingEngine(store, dies_at=3), "x")
    talk.engine = RecordingEngine(store)

    assert (await talk.again()).state is TaskState.FAILED
    assert ran == ["x"]


async def test_steps_inside_a_recorded_leaf_are_part_of_it() -> None:
    inner = Leaf("inner")

    async def outer(message: Message, ctx: RunContext) -> str:
        async def work() -> str:
            return "worked"

        said = await ctx.call(inner, message)
        return f"{said.text} {await ctx.step('work', work, effect='once')}"

    engine = RecordingEngine()
    outcome = await Talk(Sequential("chain", [FunctionAgent(outer)]), engine).say("x")

    assert outcome.text == "inner(x) worked"
    assert engine.steps("t-1.1") == ["chain/outer"]
