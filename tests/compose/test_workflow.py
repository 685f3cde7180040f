"""Workflows: functions that call agents, in one turn."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import cast

import anyio
import pytest
from pydantic import BaseModel

from agentkit.compose import FunctionAgent, RunContext, Sequential, collect, workflow
from agentkit.compose.workflow import Workflow
from agentkit.compose.workflow.agent import WorkflowFunction
from agentkit.engine import Engine, InlineEngine
from agentkit.errors import EngineError, InputRequired, SpecError, StepFailed
from agentkit.models import Artifact, ArtifactUpdate, Event, Json, JsonObject, Message, Part, StatusUpdate, TaskState
from tests.compose.agents import Leaf, context
from tests.compose.recording import RecordingEngine, Talk
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


class Patient(BaseModel):
    name: str
    age: int


async def test_a_workflow_calls_agents_and_its_answer_is_what_the_function_returns() -> None:
    first, second = Leaf("first"), Leaf("second", "produce")

    @workflow("both", description="Asks two")
    async def both(ctx: RunContext, message: Message) -> Message:
        history = await ctx.call(first, message)
        return await ctx.call(second, history)

    talk = Talk(both, InlineEngine())
    outcome = await talk.say("x")

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "second(first(x))")
    assert outcome.message is not None
    assert outcome.message.data == ({"by": "second"},)
    assert list(talk.artifacts) == ["second/r"]
    assert [one.metadata for one in talk.updates if isinstance(one, StatusUpdate)] == [
        {"agentkit.agent": "both/second"}
    ]
    assert both.description == "Asks two"
    assert [(skill.id, skill.tags) for skill in both.skills] == [("both", ("workflow",))]


@pytest.mark.parametrize("group", [True, False])
async def test_branches_run_at_the_same_time(group: bool) -> None:
    together = asyncio.Barrier(2)

    async def meet(text: str) -> str:
        await together.wait()
        return f"met {text}"

    leaves = [FunctionAgent(meet, name="a"), FunctionAgent(meet, name="b")]

    @workflow("both")
    async def both(ctx: RunContext, message: str) -> str:
        if group:
            async with asyncio.TaskGroup() as tasks:
                one, two = (tasks.create_task(ctx.call(leaf, message)) for leaf in leaves)
            answers = one.result(), two.result()
        else:
            answers = await ctx.gather(ctx.call(leaves[0], message), ctx.call(leaves[1], message))
        return " and ".join(answer.text for answer in answers)

    assert (await Talk(both, InlineEngine()).say("x")).text == "met x and met x"


async def test_each_call_of_an_agent_has_a_key_and_a_message_id_of_its_own() -> None:
    leaf, inner = Leaf("leaf"), Leaf("inner")
    chain = Sequential("chain", [inner])

    @workflow("many")
    async def many(ctx: RunContext, message: str) -> str:
        await ctx.gather(ctx.call(leaf, "same"), ctx.call(leaf, "same"), ctx.call(leaf, "same", key="third"))
        await ctx.call(chain, "a")
        return (await ctx.call(chain, "b")).text

    engine = RecordingEngine()
    assert (await Talk(many, engine).say("x")).text == "inner(b)"

    assert sorted(engine.steps("t-1.1")) == [
        "many/chain/inner#1",
        "many/chain/inner#2",
        "many/leaf",
        "many/leaf#2",
        "many/leaf#third",
    ]
    assert len({message.message_id for message in leaf.heard}) == 3


async def test_what_is_said_may_be_text_a_model_or_json_and_an_answer_too() -> None:
    leaf = Leaf("leaf")

    @workflow("typed")
    async def typed(ctx: RunContext, patient: Patient) -> Patient:
        await ctx.call(leaf, patient)
        await ctx.call(leaf, {"plain": True})
        return Patient(name=patient.name, age=patient.age + 1)

    talk = Talk(typed, InlineEngine())
    asked = await talk.say("hello")
    assert asked.state is TaskState.INPUT_REQUIRED
    assert "Patient" in asked.text
    outcome = await talk.say(data={"name": "Jane", "age": 41})

    assert outcome.message is not None
    assert outcome.message.data == ({"name": "Jane", "age": 42},)
    assert [message.data for message in leaf.heard] == [({"name": "Jane", "age": 41},), ({"plain": True},)]


@pytest.mark.parametrize(("result", "text", "data"), [(None, "", ()), ("hi", "hi", ()), ({"a": 1}, "", ({"a": 1},))])
async def test_a_function_may_return_nothing_text_or_json(
    result: str | JsonObject | None, text: str, data: Json
) -> None:
    @workflow("returns")
    async def returns(ctx: RunContext, message: str) -> str | JsonObject | None:
        return result

    outcome = await Talk(returns, InlineEngine()).say("x")

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, text)
    assert (outcome.message.data if outcome.message else ()) == data


async def test_a_function_that_returns_something_else_fails_by_name() -> None:
    @workflow("returns")
    async def returns(ctx: RunContext, message: str) -> str:
        return cast(str, 7)

    outcome = await Talk(returns, InlineEngine()).say("x")

    assert outcome.state is TaskState.FAILED
    assert "returned int" in outcome.text


async def test_partial_output_comes_up_before_the_answer() -> None:
    @workflow("talks")
    async def talks(ctx: RunContext, message: str) -> str:
        await ctx.publish("Looking.")
        await ctx.publish(Artifact(artifact_id="draft", parts=(Part(text="d"),)))
        return "done"

    talk = Talk(talks, InlineEngine())
    assert (await talk.say("x")).text == "done"

    said, drawn = talk.updates
    assert isinstance(said, StatusUpdate)
    assert said.status.message is not None
    assert said.status.message.text == "Looking."
    assert isinstance(drawn, ArtifactUpdate)
    assert drawn.artifact.artifact_id == "draft"


async def test_a_failing_step_can_be_caught() -> None:
    bad, good = Leaf("bad", "reject"), Leaf("good")
    caught = list[StepFailed]()

    @workflow("tries")
    async def tries(ctx: RunContext, message: Message) -> Message:
        try:
            return await ctx.call(bad, message)
        except StepFailed as failed:
            caught.append(failed)
            return await ctx.call(good, message)

    assert (await Talk(tries, InlineEngine()).say("x")).text == "good(x)"
    assert [(one.step, one.agent, one.state, one.text) for one in caught] == [
        ("tries/bad", "tries/bad", "rejected", "Not mine.")
    ]
    assert "Not mine" not in str(caught[0])


@pytest.mark.parametrize("group", [True, False])
async def test_a_failure_names_step_agent_and_cause_and_keeps_what_was_found(group: bool) -> None:
    good, bad = Leaf("good"), Leaf("bad", "fail")

    @workflow("tries")
    async def tries(ctx: RunContext, message: Message) -> str:
        await ctx.call(good, message)
        if group:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(ctx.call(good, "two"))
                tasks.create_task(ctx.call(Sequential("chain", [bad]), message))
        await ctx.gather(ctx.call(good, "two"), ctx.call(Sequential("chain", [bad]), message))
        return "never"

    talk = Talk(tries, InlineEngine())
    outcome = await talk.say("x")

    assert outcome.state is TaskState.FAILED
    assert outcome.text.startswith("chain: bad: The agent failed unexpectedly.")
    metadata = outcome.metadata or {}
    assert metadata["agentkit.agent"] == "tries/chain/bad"
    assert metadata["agentkit.step"] == "tries/chain/bad#1"
    assert metadata["error"] == "unexpected"
    assert talk.artifacts["good/answer"].text == "good(x)"
    assert talk.artifacts["good#2/answer"].text == "good(two)"


async def test_an_error_of_the_function_itself_fails_the_task_and_keeps_what_was_found() -> None:
    @workflow("breaks")
    async def breaks(ctx: RunContext, message: Message) -> str:
        await ctx.call(Leaf("good"), message)
        raise RuntimeError("Jane Example")

    talk = Talk(breaks, InlineEngine())
    outcome = await talk.say("x")

    assert outcome.state is TaskState.FAILED
    assert "Jane" not in outcome.text
    assert list(talk.artifacts) == ["good/answer"]


async def test_a_call_that_is_given_up_stops_its_agent_wherever_it_works() -> None:
    slow = Leaf("slow", "wait")

    @workflow("hasty")
    async def hasty(ctx: RunContext, message: Message) -> str:
        call = asyncio.create_task(ctx.call(slow, message))
        await slow.began.wait()
        call.cancel()
        await asyncio.wait((call,))
        return "gave up"

    assert (await Talk(hasty, InlineEngine()).say("x")).text == "gave up"
    assert slow.stopped
    assert slow.cancelled == 1


async def test_branches_left_behind_by_the_function_are_stopped() -> None:
    slow = Leaf("slow", "wait")
    left = list[asyncio.Task[Message]]()

    @workflow("hasty")
    async def hasty(ctx: RunContext, message: Message) -> str:
        left.append(asyncio.create_task(ctx.call(slow, message)))
        await slow.began.wait()
        return "done"

    assert (await Talk(hasty, InlineEngine()).say("x")).text == "done"
    assert left[0].cancelled()
    assert (slow.stopped, slow.cancelled) == (True, 1)


async def test_cancellation_reaches_the_running_agents_and_cancel_tells_all_that_were_called() -> None:
    """A2A-CMP-01."""
    done, slow = Leaf("done"), Leaf("slow", "wait")

    @workflow("waits")
    async def waits(ctx: RunContext, message: Message) -> str:
        await ctx.call(done, message)
        await ctx.call(slow, message)
        return "never"

    with anyio.fail_after(HANG):
        run = asyncio.create_task(collect(waits, Message.user("x"), context("waits")))
        await slow.began.wait()
        run.cancel()
        await asyncio.wait([run])
        assert slow.stopped
        assert slow.cancelled == 0  # at a shutdown the run goes on later: only `cancel` ends what goes on elsewhere
        await waits.cancel(context("waits"))

    assert (done.cancelled, slow.cancelled) == (1, 1)


@pytest.mark.parametrize("make", [InlineEngine, RecordingEngine])
async def test_each_of_several_calls_of_one_agent_is_told_to_stop(make: Callable[[], Engine]) -> None:
    """A2A-CMP-01: each is a remote task of its own."""
    told: list[str] = []

    class Remote(Leaf):
        async def cancel(self, context: RunContext) -> None:
            told.append(context.step_key)

    remote = Remote("remote", "wait")

    @workflow("flow")
    async def flow(ctx: RunContext, message: Message) -> str:
        chain = Sequential("chain", [remote])
        await ctx.gather(ctx.call(remote, "one"), ctx.call(remote, "two"), ctx.call(chain, "three"))
        return "never"

    given = replace(context("flow"), engine=make(), run_id="t-1.1")
    run = asyncio.create_task(collect(flow, Message.user("x"), given))
    with anyio.fail_after(HANG):
        while len(remote.heard) < 3:
            await anyio.lowlevel.checkpoint()
        run.cancel()
        await asyncio.wait((run,))
        await flow.cancel(given)

    assert sorted(told) == ["flow/chain/remote#1", "flow/remote", "flow/remote#2"]


async def test_endless_steps_are_bounded() -> None:
    leaf = Leaf("leaf")

    @workflow("endless", max_steps=5)
    async def endless(ctx: RunContext, message: Message) -> str:
        while True:
            try:
                await ctx.call(leaf, message)
            except Exception:  # noqa: S112 - the bound must hold against such a function, too
                continue

    outcome = await Talk(endless, InlineEngine()).say("x")

    assert outcome.state is TaskState.FAILED
    assert "more than 5 steps" in outcome.text
    assert len(leaf.heard) == 5


async def test_a_workflow_that_calls_itself_is_bounded() -> None:
    @workflow("mirror")
    async def mirror(ctx: RunContext, message: Message) -> Message:
        return await ctx.call(mirror, message)

    outcome = await Talk(mirror, InlineEngine()).say("x")

    assert outcome.state is TaskState.FAILED
    assert "nested deeper" in outcome.text


async def test_a_key_given_twice_is_refused() -> None:
    leaf = Leaf("leaf")

    @workflow("twice")
    async def twice(ctx: RunContext, message: Message) -> str:
        await ctx.call(leaf, message, key="k")
        await ctx.call(leaf, message, key="k")
        return "never"

    outcome = await Talk(twice, InlineEngine()).say("x")

    assert outcome.state is TaskState.FAILED
    assert "Two steps have the key twice/leaf#k" in outcome.text
    assert len(leaf.heard) == 1


@pytest.mark.parametrize("key", ["", "2", "a b", "a/b", "a#b", "x" * 65])
async def test_a_key_that_is_no_key_is_refused(key: str) -> None:
    @workflow("keys")
    async def keys(ctx: RunContext, message: Message) -> Message:
        return await ctx.call(Leaf("leaf"), message, key=key)

    assert "is no key" in (await Talk(keys, InlineEngine()).say("x")).text


async def test_outside_a_workflow_calls_work_and_pauses_name_the_remedy() -> None:
    leaf = Leaf("leaf")

    async def plain(message: Message, ctx: RunContext) -> str:
        with pytest.raises(EngineError, match="@workflow"):
            await ctx.approve("Sure?")
        with pytest.raises(EngineError, match="@workflow"):
            await ctx.ask("Who?")
        with pytest.raises(EngineError, match="@workflow"):
            await ctx.sleep(3600)
        with pytest.raises(EngineError, match="@workflow"):
            await ctx.call(Leaf("asks", "ask"), message)
        with pytest.raises(StepFailed):
            await ctx.call(Leaf("rejects", "reject"), message)
        await ctx.sleep(0)
        answers = await ctx.gather(ctx.call(leaf, "a"), ctx.call(leaf, "a"))
        return answers[0].text

    outcome = await Talk(FunctionAgent(plain), InlineEngine()).say("x")

    assert outcome.text == "leaf(a)"
    assert len({message.message_id for message in leaf.heard}) == 2


async def sync_in_disguise(message: Message, ctx: RunContext) -> str:
    return ""


async def generator(ctx: RunContext, message: Message) -> AsyncGenerator[str]:
    yield ""


def sync(ctx: RunContext, message: Message) -> str:
    return ""


async def alone(ctx: RunContext) -> str:
    return ""


async def third(ctx: RunContext, message: Message, more: int) -> str:
    return ""


async def number(ctx: RunContext, message: int) -> str:
    return ""


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        (sync_in_disguise, "message: is not annotated RunContext"),
        (generator, "is a generator"),
        (sync, "is not an async function"),
        (alone, "takes other arguments"),
        (third, "takes other arguments"),
        (number, "message: has an annotation that is not supported"),
    ],
)
def test_a_signature_that_does_not_fit_is_refused(function: Callable[..., object], fault: str) -> None:
    with pytest.raises(SpecError, match=fault):
        workflow("bad")(cast(WorkflowFunction, function))


def test_a_workflow_is_durable_unless_it_says_otherwise() -> None:
    def flow(name: str, durable: bool) -> Workflow:
        async def function(ctx: RunContext, message: str) -> str:
            return ""

        return workflow(name, durable=durable)(function)

    assert flow("a", True).durable
    assert not flow("a", False).durable
    with pytest.raises(SpecError, match="name"):
        flow(" ", True)


async def test_nothing_is_left_unawaited() -> None:
    @workflow("quiet")
    async def quiet(ctx: RunContext, message: Message) -> str:
        await ctx.call(Leaf("leaf"), message)
        return "ok"

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (await Talk(quiet, InlineEngine()).say("x")).text == "ok"


async def test_a_function_that_asks_by_raising_or_cancels_itself_fails_with_the_remedy() -> None:
    @workflow("raises")
    async def raises(ctx: RunContext, message: str) -> str:
        if message == "ask":
            raise InputRequired("Who?")
        raise asyncio.CancelledError

    asked = await Talk(raises, InlineEngine()).say("ask")
    assert asked.state is TaskState.FAILED
    assert "ctx.ask" in asked.text
    assert "cancelled itself" in (await Talk(raises, InlineEngine()).say("x")).text


async def test_a_workflow_inside_a_recorded_leaf_is_part_of_it() -> None:
    @workflow("inner")
    async def inner(ctx: RunContext, message: Message) -> str:
        async def work() -> str:
            return "worked"

        await ctx.sleep(0)
        return f"{await ctx.step('work', work, effect='once')} {(await ctx.call(Leaf('leaf'), message)).text}"

    async def outer(message: Message, ctx: RunContext) -> Message:
        return await ctx.call(inner, message)

    engine = RecordingEngine()
    outcome = await Talk(Sequential("chain", [FunctionAgent(outer)]), engine).say("x")

    assert outcome.text == "worked leaf(x)"
    assert engine.steps("t-1.1") == ["chain/outer"]


async def test_an_agent_that_yields_nonsense_or_nothing_fails_by_name() -> None:
    class Nonsense(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            yield cast(Message, {"state": "completed"})

    class Nothing(Leaf):
        async def run(self, message: Message, context: RunContext) -> Message:  # pyright: ignore[reportIncompatibleMethodOverride]
            return message

    for leaf, said in ((Nonsense("leaf"), "yielded a dict"), (Nothing("leaf"), "is no async iterator")):
        outcome = await Talk(Sequential("chain", [cast(Leaf, leaf)]), InlineEngine()).say("x")
        assert outcome.state is TaskState.FAILED
        assert said in outcome.text
