"""A dropped stream is resumed without losing or repeating an event, wherever it was cut."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkit.models import Event
from tests.client.connecting import served
from tests.client.talking import (
    RESUMPTIONS,
    SIDES,
    STREAMS,
    V1,
    V2_RPC,
    Side,
    added,
    as_the_server_has_it,
    content,
    heard,
    story,
    talking_to,
)
from tests.contract.corti_double import (
    CortiDouble,
    Gate,
    Hold,
    Part,
    Produce,
    Report,
    Shape,
    Turn,
    Usage,
    data_part,
    in_pieces,
)
from tests.contract.corti_double.turns import Step

pytestmark = pytest.mark.anyio
sides = pytest.mark.parametrize("side", SIDES, ids=str)

STEPS: tuple[Step, ...] = (
    Report("Reading the record."),
    *in_pieces("a-1", "Peni", "cil", "lin"),
    Report("Checking."),
    Report("Checking."),
    Produce([data_part({"dose": "1 g"})], "a-2", "dose"),
    Produce([Part(text=" daily")], "a-1", append=True),
    Produce([Part(text="2 g")], "a-2", "dose"),
)
RICH = Turn("Penicillin.", steps=STEPS, usage=Usage(3, 4, 0.5))
EVENTS = len(STEPS) + 3
"""The task, the first `working`, the steps, the end."""


def cut(after: int, kind: str, size: int | None = None) -> Shape:
    if kind == "clean end":
        return Shape(end_after=after, chunk_size=size)
    return Shape(cut_after=after, cut_inside=kind == "inside a frame", chunk_size=size)


KINDS = ("between frames", "inside a frame", "clean end")


async def undisturbed(side: Side) -> list[Event]:
    double = CortiDouble()
    double.agent_answers(RICH)
    async with talking_to(double, side) as agent:
        return await heard(agent.stream("Any allergies?"))


@sides
async def test_a_stream_that_is_not_disturbed_tells_what_the_task_becomes(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(RICH)
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?")
        events = await heard(stream)
        await as_the_server_has_it(agent, stream, events)
    assert len(events) == EVENTS
    assert double.streams == 1


@sides
@pytest.mark.parametrize("after", range(1, EVENTS))
@pytest.mark.parametrize("kind", KINDS)
async def test_a_cut_at_any_place_loses_and_repeats_nothing(side: Side, after: int, kind: str) -> None:
    double = CortiDouble()
    double.agent_answers(RICH)
    double.inject(cut(after, kind), on=STREAMS[side])
    async with talking_to(double, side) as agent:
        stream = agent.stream("Any allergies?")
        events = await heard(stream)
        await as_the_server_has_it(agent, stream, events)
    assert story(events).without_ids == story(await undisturbed(side)).without_ids
    assert sum(double.executed.values()) == 1


async def _slowly(gates: Sequence[Gate], delays: Sequence[int]) -> None:
    """Let the agent go on, step by step, while streams break and are resumed."""
    for gate, delay in zip(gates, delays, strict=True):
        await gate.reached()
        for _ in range(delay):
            await asyncio.sleep(0)
        gate.open()


async def _disturbed(side: Side, shapes: Sequence[Shape], delays: Sequence[int]) -> None:
    gates = [Gate() for _ in STEPS]
    steps = [one for gate, step in zip(gates, STEPS, strict=True) for one in (Hold(gate), step)]
    double = CortiDouble()
    double.agent_answers(Turn("Penicillin.", steps=steps, usage=Usage(3, 4, 0.5)))
    double.inject(shapes[0], on=STREAMS[side])
    if side is not V1:
        double.inject(*shapes[1:], on=RESUMPTIONS[side])
    async with talking_to(double, side) as agent:
        walking = asyncio.create_task(_slowly(gates, delays))
        stream = agent.stream("Any allergies?")
        events = await heard(stream)
        await walking
        await as_the_server_has_it(agent, stream, events)
    assert story(events).without_ids == story(await undisturbed(side)).without_ids


cuts = st.builds(cut, st.integers(1, EVENTS), st.sampled_from(KINDS), st.sampled_from([None, None, 7]))


@settings(max_examples=60)
@given(
    st.sampled_from(SIDES),
    st.lists(cuts, min_size=1, max_size=5),
    st.lists(st.sampled_from([0, 3, 40]), min_size=len(STEPS), max_size=len(STEPS)),
)
def test_cuts_at_any_places_of_a_turn_that_goes_on_lose_and_repeat_nothing(
    side: Side, shapes: list[Shape], delays: list[int]
) -> None:
    asyncio.run(_disturbed(side, shapes, delays))


@pytest.mark.parametrize("side", [V1, V2_RPC], ids=str)
def test_the_blocking_stream_is_resumed_too(side: Side) -> None:
    double = CortiDouble()
    double.agent_answers(RICH)
    double.inject(Shape(cut_after=4, cut_inside=True), on=STREAMS[side])
    with served(double, generation=side.generation) as corti:
        agent = corti.agents.get(added(double, side))
        stream = agent.stream("Any allergies?")
        events = list(stream)
        assert stream.reply is not None
        assert stream.reply.task is not None
        kept = agent.task(stream.reply.task.id)
    assert stream.reply.task.history == kept.history
    assert story(events).artifacts == content(kept.artifacts)
    assert story(events).words == ("Reading the record.", "Checking.", "Checking.", "Penicillin.")
