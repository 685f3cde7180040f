"""Rounds until a condition holds: bounds, pauses inside a round, what is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from agentkit.compose import Loop, Outcome, RunContext, Sequential, collect
from agentkit.errors import SpecError
from agentkit.models import Artifact, ArtifactUpdate, Event, Message, Part, TaskState
from tests.compose.agents import Leaf, Spender, context, resumed

pytestmark = pytest.mark.anyio


def long(outcome: Outcome) -> bool:
    return len(outcome.text) > 10


async def test_each_answer_is_the_message_of_the_next_round_until_the_condition_holds() -> None:
    leaf = Leaf("a")

    outcome = await collect(Loop("loop", leaf, until=long, at_most=9), Message.user("x"), context("loop"))

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "a(a(a(a(x))))")
    assert (outcome.metadata or {})["agentkit.rounds"] == 4
    assert len({message.message_id for message in leaf.heard}) == 4


async def test_the_condition_may_be_async_and_a_round_may_have_several_agents() -> None:
    async def done(outcome: Outcome) -> bool:
        return outcome.text.count("b") == 2

    outcome = await collect(
        Loop("loop", [Leaf("a"), Leaf("b")], until=done, at_most=3), Message.user("x"), context("loop")
    )

    assert outcome.text == "b(a(b(a(x))))"


async def test_a_loop_that_is_exhausted_fails_and_keeps_what_it_had() -> None:
    outcome = await collect(
        Loop("loop", Leaf("a"), until=lambda _: False, at_most=2), Message.user("x"), context("loop")
    )

    assert outcome.state is TaskState.FAILED
    assert "did not reach its condition in 2 rounds" in outcome.text
    assert (outcome.metadata or {})["error"] == "LoopExhausted"
    assert (outcome.metadata or {})["agentkit.rounds"] == 2
    assert [(one.artifact_id, one.text) for one in outcome.artifacts] == [("a/answer", "a(a(x))")]


async def test_or_it_completes_with_the_last_answer_and_says_so() -> None:
    loop = Loop("loop", Leaf("a"), until=lambda _: False, at_most=2, on_exhausted="keep")

    outcome = await collect(loop, Message.user("x"), context("loop"))

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "a(a(x))")
    assert outcome.metadata == {"agentkit.exhausted": True, "agentkit.rounds": 2}


async def test_a_pause_inside_a_round_goes_on_in_that_round() -> None:
    """A2A-CMP-02."""
    first, second = Leaf("a"), Leaf("b", "ask2")
    loop = Loop("loop", [first, second], until=long, at_most=3)

    asked = await collect(loop, Message.user("x"), context("loop"))
    again = await collect(loop, Message.user("y"), resumed(asked, "loop"))
    outcome = await collect(loop, Message.user("z"), resumed(again, "loop"))

    assert [one.state for one in (asked, again)] == [TaskState.INPUT_REQUIRED] * 2
    assert (asked.metadata or {})["agentkit.agent"] == "loop/b"
    assert outcome.text == "b(a(b(a(b(z)))))"
    assert [message.text for message in first.heard] == ["x", "b(z)", "b(a(b(z)))"]
    assert second.resumed == [False, True, True, False, False]


async def test_a_failure_ends_the_loop_and_keeps_what_earlier_agents_found() -> None:
    class Second(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            self.kind = "reject" if len(self.heard) == 1 else "answer"
            async for event in super().run(message, context):
                yield event

    loop = Loop("loop", [Leaf("a"), Second("b")], until=lambda _: False, at_most=5)

    outcome = await collect(loop, Message.user("x"), context("loop"))

    assert (outcome.state, outcome.text) == (TaskState.REJECTED, "b: Not mine.")
    assert (outcome.metadata or {})["agentkit.step"] == "loop/b#2"
    assert [(one.artifact_id, one.text) for one in outcome.artifacts] == [
        ("a/answer", "a(b(a(x)))"),
        ("b/answer", "b(a(x))"),
    ]


async def test_artifacts_made_again_replace_those_of_earlier_rounds() -> None:
    """A2A-CMP-03."""

    class Draft(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            self.heard.append(message)
            artifact = Artifact(artifact_id="draft", parts=(Part(text=f"version {len(self.heard)}"),))
            yield ArtifactUpdate(task_id="t", context_id="c", artifact=artifact)
            yield message.reply("more")

    outcome = await collect(
        Loop("loop", Draft("a"), until=lambda _: False, at_most=3, on_exhausted="keep"),
        Message.user("x"),
        context("loop"),
    )

    assert [(one.artifact_id, one.text) for one in outcome.artifacts] == [("a/draft", "version 3")]


async def test_usage_of_all_rounds_is_summed() -> None:
    loop = Loop("loop", Sequential("s", [Spender("a", credits=1.5, tokens=10)]), until=long, at_most=9)

    outcome = await collect(loop, Message.user("x"), context("loop"))

    assert (outcome.metadata or {})["agentkit.usage"] == {
        "credits": 6.0,
        "inputTokens": 40,
        "outputTokens": 0,
        "seconds": 0.0,
    }


async def test_a_condition_that_raises_fails_the_turn_without_its_words() -> None:
    def broken(outcome: Outcome) -> bool:
        raise RuntimeError(f"Jane {outcome}")

    outcome = await collect(Loop("loop", Leaf("a"), until=broken, at_most=2), Message.user("x"), context("loop"))

    assert outcome.state is TaskState.FAILED
    assert "Jane" not in outcome.text


async def test_a_loop_that_was_changed_meanwhile_is_not_misread() -> None:
    asked = await collect(
        Loop("loop", [Leaf("a"), Leaf("b", "ask")], until=long, at_most=3), Message.user("x"), context("loop")
    )

    outcome = await collect(Loop("loop", Leaf("a"), until=long, at_most=3), Message.user("y"), resumed(asked, "loop"))

    assert "changed while this task waited" in outcome.text


@pytest.mark.parametrize(
    ("more", "field"), [({"at_most": 0}, "at_most"), ({"until": 5}, "until"), ({"on_exhausted": "x"}, "on_exhausted")]
)
def test_a_loop_without_a_bound_or_a_condition_is_refused(more: dict[str, object], field: str) -> None:
    with pytest.raises(SpecError, match=rf"Loop\.{field}"):
        Loop("loop", Leaf("a"), **{"until": long, "at_most": 2, **more})  # pyright: ignore[reportArgumentType]
