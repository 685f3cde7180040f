"""A workflow that was changed while its task waited is refused before anything new is executed, never misread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from agentkit.compose import FunctionAgent, RunContext, Sequential, Workflow, workflow
from agentkit.compose.workflow import run
from agentkit.compose.workflow.agent import WorkflowFunction
from agentkit.engine import Engine, InlineEngine
from agentkit.models import Message, TaskState
from tests.compose.agents import Leaf
from tests.compose.recording import RecordingEngine, Store, Talk

pytestmark = pytest.mark.anyio

A, B, C = Leaf("a"), Leaf("b"), Leaf("c")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "PATIENCE_SECONDS", 0.01)
        yield
    for leaf in (A, B, C):
        leaf.heard.clear()


def flow(function: WorkflowFunction, version: str = "1") -> Workflow:
    return workflow("flow", version=version)(function)


async def began(ctx: RunContext, message: Message) -> str:
    await ctx.call(A, message)
    await ctx.call(B, message)
    return await ctx.ask("Go on?")


async def without_a(ctx: RunContext, message: Message) -> str:
    await ctx.call(B, message)
    return await ctx.ask("Go on?")


async def with_c(ctx: RunContext, message: Message) -> str:
    await ctx.call(A, message)
    await ctx.call(C, message)
    await ctx.call(B, message)
    return await ctx.ask("Go on?")


async def with_c_caught(ctx: RunContext, message: Message) -> str:
    try:
        return await with_c(ctx, message)
    except Exception:
        return "misread"


async def approves(ctx: RunContext, message: Message) -> str:
    await ctx.call(A, message)
    await ctx.call(B, message)
    await ctx.approve("Go on?")
    return "approved"


async def other_kind(ctx: RunContext, message: Message) -> str:
    async def work() -> str:
        return "work"

    await ctx.step("a", work, effect="once")
    await ctx.call(B, message)
    return await ctx.ask("Go on?")


async def just_ends(ctx: RunContext, message: Message) -> str:
    await ctx.call(A, message)
    return "early"


async def with_c_beside(ctx: RunContext, message: Message) -> str:
    await ctx.call(A, message)
    await ctx.gather(ctx.call(C, message), ctx.ask("Something else?"))
    return "never"


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (without_a, "flow/a"),
        (with_c, "flow/b"),
        (with_c_caught, "flow/b"),
        (approves, "flow/question"),
        (other_kind, "flow/a was call of a, now it is step"),
        (just_ends, "flow/b"),
        (with_c_beside, "flow/question"),
    ],
)
@pytest.mark.parametrize("make", [InlineEngine, RecordingEngine])
async def test_other_steps_are_refused(
    now: WorkflowFunction, step: str, make: Callable[[], RecordingEngine | InlineEngine]
) -> None:
    talk = Talk(flow(began), make())
    assert (await talk.say("x")).text == "Go on?"
    talk.agent = flow(now)
    outcome = await talk.say("yes")

    assert outcome.state is TaskState.FAILED
    assert outcome.text.startswith("The task was started with another version of workflow flow: step")
    assert step in outcome.text
    assert "Start a new task" in outcome.text
    assert (outcome.metadata or {})["error"] == "WorkflowChanged"
    assert [len(leaf.heard) for leaf in (A, B, C)] == [1, 1, 0]


async def test_another_version_is_refused_without_a_look_at_the_steps() -> None:
    talk = Talk(flow(began), InlineEngine())
    await talk.say("x")
    talk.agent = flow(began, version="2")
    outcome = await talk.say("yes")

    assert outcome.text.startswith("The task was started with another version of workflow flow.")


async def test_more_steps_behind_those_that_are_recorded_are_no_change() -> None:
    async def longer(ctx: RunContext, message: Message) -> str:
        said = await began(ctx, message)
        return f"{said} {(await ctx.call(C, message)).text}"

    talk = Talk(flow(began), InlineEngine())
    await talk.say("x")
    talk.agent = flow(longer)

    assert (await talk.say("yes")).text == "yes c(x)"


async def test_an_approval_of_one_thing_is_none_of_another() -> None:
    proposed = ["J18.9"]

    async def proposes(ctx: RunContext, message: Message) -> str:
        await ctx.approve("File?", proposal={"codes": list(proposed)})
        return await ctx.ask("When?")

    talk = Talk(flow(proposes), InlineEngine())
    await talk.say("x")
    proposed.append("Z99")
    refused = await talk.say("yes")
    assert refused.state is TaskState.FAILED
    assert "flow/approval proposes something else" in refused.text

    talk = Talk(flow(proposes), InlineEngine())
    await talk.say("x")
    assert (await talk.say("yes")).text == "When?"
    proposed.append("A00")
    assert "proposes something else" in (await talk.say("today")).text


async def test_after_a_death_steps_that_are_not_asked_for_any_more_are_refused_too() -> None:
    store = Store()
    talk = Talk(flow(began), RecordingEngine(store))
    assert await talk.until_death(RecordingEngine(store, dies_at=8), "x")
    assert RecordingEngine(store).steps("t-1.1") == ["flow/a", "flow/b"]
    talk.agent, talk.engine = flow(with_c), RecordingEngine(store)
    outcome = await talk.again()

    assert "step flow/b is not asked for any more" in outcome.text
    assert C.heard == []


@pytest.mark.parametrize("make", [InlineEngine, RecordingEngine])
async def test_branches_that_are_busy_with_other_things_are_waited_for(
    make: Callable[[], RecordingEngine | InlineEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr(run, "GRACE_SECONDS", 0.2)
    asker = Leaf("asker", "ask")

    async def branches(ctx: RunContext, message: Message) -> str:
        async def slow() -> str:
            for _ in range(100):
                await asyncio.sleep(0)
            return (await ctx.call(A, message)).text

        async def quick() -> str:
            said = await ctx.call(asker, message)
            return f"{said.text} {(await ctx.call(B, said)).text}"

        return " ".join(await ctx.gather(slow(), quick()))

    talk = Talk(flow(branches), make())
    assert (await talk.say("x")).text == "asker?"

    assert (await talk.say("yes")).text == "a(x) asker(yes) b(asker(yes))"
    assert len(A.heard) == 1


@pytest.mark.parametrize("make", [InlineEngine, RecordingEngine])
async def test_a_call_that_ran_out_of_time_is_not_made_again(
    make: Callable[[], RecordingEngine | InlineEngine],
) -> None:
    slow = Leaf("slow", "wait")

    async def hasty(ctx: RunContext, message: Message) -> str:
        try:
            async with asyncio.timeout(0.05):
                await ctx.call(slow, message)
        except TimeoutError:
            await ctx.call(B, message)
        return await ctx.ask("Go on?")

    talk = Talk(flow(hasty), make())
    assert (await talk.say("x")).text == "Go on?"

    assert (await talk.say("yes")).text == "yes"
    assert [len(leaf.heard) for leaf in (slow, B)] == [1, 1]


@pytest.mark.parametrize("make", [InlineEngine, RecordingEngine])
async def test_an_answer_is_never_taken_for_that_to_another_question(make: Callable[[], Engine]) -> None:
    """Branches that run in another order the second time would swap the ordinals of their questions."""
    order = ["Which drug is given?", "Which drug is stopped?"]

    async def asks(ctx: RunContext, message: Message) -> str:
        one, two = await ctx.gather(*(ctx.ask(question) for question in order))
        return f"{order[0]} {one} {order[1]} {two}"

    talk = Talk(flow(asks), make())
    await talk.say("x")
    order.reverse()
    refused = await talk.say("aspirin")

    assert refused.state is TaskState.FAILED
    assert "flow/question asks something else" in refused.text


async def test_a_yes_to_one_question_is_none_to_another_about_the_same_thing() -> None:
    question = "Keep these codes?"

    async def approves(ctx: RunContext, message: Message) -> str:
        return str(bool(await ctx.approve(question, proposal=["J18.9"])))

    talk = Talk(flow(approves), InlineEngine())
    await talk.say("x")
    question = "Delete these codes?"
    refused = await talk.say("yes")

    assert refused.state is TaskState.FAILED
    assert "flow/approval proposes something else" in refused.text


@pytest.mark.parametrize("make", [InlineEngine, RecordingEngine])
async def test_an_answer_is_never_taken_for_that_to_another_message(make: Callable[[], Engine]) -> None:
    leaf, patients = Leaf("leaf"), ["Roe", "Doe"]

    async def calls(ctx: RunContext, message: Message) -> str:
        await ctx.gather(*(ctx.call(leaf, patient) for patient in patients))
        return await ctx.ask("Go on?")

    talk = Talk(flow(calls), make())
    await talk.say("x")
    patients.reverse()
    refused = await talk.say("yes")

    assert refused.state is TaskState.FAILED
    assert "flow/leaf is given something else" in refused.text
    assert len(leaf.heard) == 2


@pytest.mark.parametrize("inside", ["a leaf", "a chain"])
@pytest.mark.parametrize("point", range(1, 9))
async def test_after_a_death_swapped_calls_neither_run_again_nor_get_each_others_answers(
    inside: str, point: int
) -> None:
    leaf, patients, store = Leaf("leaf"), ["Roe", "Doe"], Store()
    agent = leaf if inside == "a leaf" else Sequential("chain", [leaf])

    async def calls(ctx: RunContext, message: Message) -> str:
        said = await ctx.gather(*(ctx.call(agent, patient) for patient in patients))
        return "; ".join(f"{patient} {answer.text}" for patient, answer in zip(patients, said, strict=True))

    talk = Talk(flow(calls), RecordingEngine())
    assert await talk.until_death(RecordingEngine(store, dies_at=point), "x")
    begun, before = bool(store.begun), [message.text for message in leaf.heard]
    patients.reverse()
    talk.engine = RecordingEngine(store)
    outcome = await talk.again()

    heard = [message.text for message in leaf.heard]
    assert len(heard) == len(set(heard))
    if begun:
        assert outcome.state is TaskState.FAILED
        assert heard == before
    else:
        assert outcome.text == "Doe leaf(Doe); Roe leaf(Roe)"


async def test_what_was_begun_in_a_chain_is_not_done_again_with_something_else() -> None:
    store, leaf = Store(), Leaf("leaf")
    talk = Talk(Sequential("chain", [FunctionAgent(shout, effect="idempotent"), leaf]), RecordingEngine())
    assert await talk.until_death(RecordingEngine(store, dies_at=6), "x")
    talk.agent = Sequential("chain", [FunctionAgent(whisper, name="shout", effect="idempotent"), leaf])
    store.done.clear()
    talk.engine = RecordingEngine(store)
    refused = await talk.again()

    assert refused.state is TaskState.FAILED
    assert "Step chain/leaf was given something else" in refused.text
    assert leaf.heard == []


def shout(text: str) -> str:
    return text.upper()


def whisper(text: str) -> str:
    return f"{text}..."
