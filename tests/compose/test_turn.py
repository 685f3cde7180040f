"""One turn of a leaf on an engine that records: what it says comes through, what came of it is kept."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import pytest

from agentkit.compose import Caller, Outcome, RunContext, Sequential, Turn, status_update
from agentkit.compose.channel import WINDOW
from agentkit.compose.record import dump_outcome, load_outcome
from agentkit.errors import EngineError
from agentkit.models import Artifact, ArtifactUpdate, Event, Json, Message, Part, StatusUpdate, TaskState
from agentkit.tracing import SpanRecord, listen
from tests.compose.agents import Leaf, context
from tests.compose.recording import RecordingEngine, Talk
from tests.deadline import HANG

pytestmark = pytest.mark.anyio


def durable(engine: RecordingEngine, name: str = "leaf") -> RunContext:
    return RunContext("c-1", "t-1", Caller("ann"), engine, run_id="t-1.1", path=(name,))


class Chatty(Leaf):
    """Says a number of things, and does so for as long as somebody listens."""

    count = 0

    def __init__(self, name: str, most: int) -> None:
        super().__init__(name)
        self.most = most

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        try:
            for number in range(self.most):
                self.count += 1
                part = Part(text=str(number))
                artifact = Artifact(artifact_id="log", parts=(part,))
                yield ArtifactUpdate(
                    task_id=context.task_id, context_id=context.context_id, artifact=artifact, append=number > 0
                )
            yield message.reply("done")
        finally:
            self.stopped = True


async def test_no_update_is_lost_or_reordered_and_the_record_brings_the_artifacts_again() -> None:
    engine, leaf = RecordingEngine(), Chatty("leaf", WINDOW * 3)
    seen = list[str]()
    turn = Turn(leaf, Message.user("x"), durable(engine))
    async for update in turn.events():
        assert isinstance(update, ArtifactUpdate)
        seen.append(update.artifact.text)
    assert seen == list(map(str, range(WINDOW * 3)))
    assert turn.outcome.text == "done"

    again = Turn(leaf, Message.user("x"), durable(engine))
    (whole,) = [update async for update in again.events()]

    assert isinstance(whole, ArtifactUpdate)
    assert not whole.append
    assert len(whole.artifact.parts) == WINDOW * 3
    assert again.outcome == turn.outcome
    assert leaf.count == WINDOW * 3


async def test_a_listener_that_is_slow_holds_the_leaf_back_and_one_that_goes_stops_it() -> None:
    engine, leaf = RecordingEngine(), Chatty("leaf", 10_000)
    turn = Turn(leaf, Message.user("x"), durable(engine))
    with anyio.fail_after(HANG):
        async with aclosing(turn.events()) as events:
            await anext(events)
            for _ in range(500):
                await asyncio.sleep(0)
            assert leaf.count <= 2 * WINDOW + 2
        assert leaf.stopped

    assert engine.store.done == {}


async def test_a_cancelled_turn_stops_its_leaf_before_it_is_over() -> None:
    engine, leaf = RecordingEngine(), Leaf("leaf", "wait")

    async def run() -> None:
        async for _ in Turn(leaf, Message.user("x"), durable(engine)).events():
            pass

    with anyio.fail_after(HANG):
        task = asyncio.create_task(run())
        await leaf.began.wait()
        task.cancel()
        await asyncio.wait((task,))

    assert task.cancelled()
    assert leaf.stopped
    gc.collect()


@pytest.mark.parametrize("kind", ["fail", "reject", "ask"])
async def test_a_failure_or_question_is_recorded_like_an_answer(kind: str) -> None:
    engine, leaf = RecordingEngine(), Leaf("leaf", kind)
    outcomes = list[Outcome]()
    for _ in range(2):
        turn = Turn(leaf, Message.user("x"), durable(engine))
        async for _update in turn.events():
            pass
        outcomes.append(turn.outcome)

    assert outcomes[0] == outcomes[1]
    assert len(leaf.heard) == 1


@pytest.mark.parametrize("record", [None, {}, {"state": "nonsense"}, {"state": "completed", "message": 7}, []])
async def test_a_record_that_is_none_of_ours_fails_the_turn(record: Json) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        load_outcome(record)


async def test_an_outcome_survives_its_record() -> None:
    message = Message.agent("hi", data=({"a": [1, None, {"b": 2.5}]},), context_id="c", task_id="t")
    artifact = Artifact(artifact_id="a", parts=(Part(data=None),), name="n", metadata={"m": True})
    outcome = Outcome(TaskState.INPUT_REQUIRED, message, (artifact,), {"k": 1}, {"left": [1]})

    assert load_outcome(dump_outcome(outcome)) == outcome
    assert load_outcome(dump_outcome(Outcome(TaskState.COMPLETED))) == Outcome(TaskState.COMPLETED)


async def test_names_with_slashes_do_not_make_two_steps_one() -> None:
    engine = RecordingEngine()
    chain = Sequential("chain", [Leaf("a/b"), Sequential("a", [Leaf("b"), Leaf("c#2"), Leaf("100%")])])
    await Talk(chain, engine).say("x")

    assert engine.steps("t-1.1") == ["chain/a%2Fb", "chain/a/b", "chain/a/c%232", "chain/a/100%25"]


async def test_each_call_of_an_agent_is_a_span_with_ids_only() -> None:
    """A2A-CMP-05."""
    spans = list[SpanRecord]()
    with listen(spans.append):
        await Talk(Sequential("chain", [Leaf("a"), Leaf("b", "reject")]), RecordingEngine()).say("Jane Example")

    called = [one for one in spans if one.name == "agent.call"]
    assert [(one.attributes["agentkit.agent.name"], one.attributes["agentkit.task.state"]) for one in called] == [
        ("a", "completed"),
        ("b", "rejected"),
        ("chain", "rejected"),
    ]
    assert "Jane" not in repr(spans)


async def test_spans_inside_an_agent_are_its_children_and_nobody_elses() -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from agentkit import tracing

    class Inside(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            with tracing.span("mcp.call"):
                pass
            yield status_update(context, TaskState.WORKING)
            with tracing.span("mcp.call"):
                pass
            yield message.reply("ok")

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracing, "_tracer", lambda: provider.get_tracer("test"))
        with tracing.span("task.run"):
            turn = Turn(Inside("leaf"), Message.user("x"), context("leaf"))
            async for update in turn.events():
                assert isinstance(update, StatusUpdate)
                with tracing.span("outside"):
                    pass
    spans = exporter.get_finished_spans()
    names = {one.context.span_id: one.name for one in spans if one.context}
    parents = [(one.name, names[one.parent.span_id] if one.parent else None) for one in spans]

    assert parents == [
        ("mcp.call", "agent.call"),
        ("outside", "task.run"),
        ("mcp.call", "agent.call"),
        ("agent.call", "task.run"),
        ("task.run", None),
    ]
    assert len({one.context.trace_id for one in spans if one.context}) == 1
