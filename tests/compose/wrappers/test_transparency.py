"""What a wrapper does not change: pauses, cancellation, credentials, artifacts, skills, effects, usage, paths."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import anyio
import pytest

from agentkit.compose import (
    Agent,
    Budget,
    Outcome,
    Rename,
    Retry,
    RunContext,
    Sequential,
    Tap,
    Timeout,
    Wrapper,
    collect,
)
from agentkit.compose.facets import effect_of, is_composite, mcp_names_of, needs_durability
from agentkit.credentials import Credentials, Token
from agentkit.errors import McpAuthRequired, SpecError
from agentkit.models import ArtifactUpdate, Event, Message, StatusUpdate, TaskState
from tests.compose.agents import Leaf, Spender, context, resumed
from tests.deadline import HANG, skip

pytestmark = pytest.mark.anyio

Wrap = Callable[[Agent], Agent]

WRAPPERS: dict[str, Wrap] = {
    "wrapper": Wrapper,
    "timeout": lambda agent: Timeout(agent, 60),
    "retry": lambda agent: Retry(agent, even_once=True),
    "budget": lambda agent: Budget(agent, credits=100, seconds=100),
    "rename": lambda agent: Rename(agent, description="Other"),
    "tap": lambda agent: Tap(agent, lambda update, context: None),  # noqa: ARG005
    "all": lambda agent: Tap(Budget(Retry(Timeout(agent, 60), even_once=True), seconds=60), lambda _, __: None),
}


@pytest.fixture(params=WRAPPERS, ids=str)
def wrap(request: pytest.FixtureRequest) -> Wrap:
    return WRAPPERS[request.param]


class Reader(Leaf):
    """Needs the credential of one server."""

    mcp_names = frozenset({"ehr"})
    effect = "idempotent"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.seen: list[tuple[str, ...]] = []

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self.seen.append(tuple(context.credentials))
        if "ehr" not in context.credentials:
            raise McpAuthRequired("ehr", "a token is needed")
        async for event in super().run(message, context):
            yield event


async def run(agent: Agent, text: str = "x") -> Outcome:
    with anyio.fail_after(HANG):
        return await collect(Sequential("s", [agent]), Message.user(text), context("s"))


async def test_answers_artifacts_and_updates_come_through_unchanged(wrap: Wrap) -> None:
    plain, wrapped = Leaf("a", "produce"), wrap(Leaf("a", "produce"))

    async def events(agent: Agent) -> list[str]:
        told: list[str] = []
        async for event in Sequential("s", [agent]).run(Message.user("x"), context("s")):
            match event:
                case StatusUpdate():
                    told.append(f"{event.status.state} {event.metadata}")
                case ArtifactUpdate():
                    told.append(event.artifact.artifact_id)
                case _:
                    told.append(str(type(event)))
        return told

    assert await events(wrapped) == await events(plain)


async def test_a_question_is_answered_by_whoever_asked(wrap: Wrap) -> None:
    """A2A-CMP-02."""
    leaf = Leaf("a", "ask2")
    agent = wrap(leaf)
    asked = await run(agent)
    chain = Sequential("s", [agent])
    again = await collect(chain, Message.user("y"), resumed(asked, "s"))
    outcome = await collect(chain, Message.user("z"), resumed(again, "s"))

    assert [one.state for one in (asked, again)] == [TaskState.INPUT_REQUIRED] * 2
    assert (asked.metadata or {})["agentkit.agent"] == "s/a"
    assert outcome.text == "a(z)"
    assert leaf.resumed == [False, True, True]


async def test_a_credential_alone_has_the_same_question_asked_again(wrap: Wrap) -> None:
    """A2A-CMP-04."""
    leaf = Reader("a")
    agent = wrap(leaf)
    asked = await run(agent, "question")
    assert (asked.state, (asked.metadata or {})["mcp_name"]) == (TaskState.AUTH_REQUIRED, "ehr")
    assert mcp_names_of(agent) == {"ehr"}

    brought = Credentials([Token("ehr", "t"), Token("other", "u")])
    again = replace(resumed(asked, "s"), credentials=brought)
    outcome = await collect(Sequential("s", [agent]), Message(role=Message.user("").role, parts=()), again)

    assert outcome.text == "a(question)"
    assert leaf.seen == [(), ("ehr",)]


async def test_cancellation_reaches_the_leaf(wrap: Wrap) -> None:
    """A2A-CMP-01."""
    leaf = Leaf("a", "wait")
    agent = wrap(leaf)
    task = asyncio.create_task(run(agent))
    with anyio.fail_after(HANG):
        await leaf.began.wait()
        task.cancel()
        await asyncio.wait([task])
        await agent.cancel(context("a"))

    assert task.cancelled()
    assert leaf.stopped
    assert leaf.cancelled == 1


async def test_usage_is_counted_once(wrap: Wrap) -> None:
    outcome = await run(wrap(Spender("a", credits=2)))

    assert (outcome.metadata or {})["agentkit.usage"] == {
        "credits": 2.0,
        "inputTokens": 0,
        "outputTokens": 0,
        "seconds": 0.0,
    }


async def test_a_failure_keeps_class_and_words(wrap: Wrap) -> None:
    outcome = await run(wrap(Leaf("a", "reject")))

    assert (outcome.state, outcome.text) == (TaskState.REJECTED, "a: Not mine.")


def test_facets_are_those_of_the_agent(wrap: Wrap) -> None:
    assert [effect_of(wrap(agent)) for agent in (Leaf("a"), Reader("b"))] == ["once", "idempotent"]
    assert is_composite(wrap(Leaf("a")))
    assert needs_durability(wrap(Sequential("s", [Leaf("a")], durable=True)))
    assert not needs_durability(wrap(Leaf("a")))
    assert [skill.name for skill in wrap(Leaf("a")).skills] == ["a"]


async def test_an_agent_that_wraps_itself_is_bounded(wrap: Wrap) -> None:
    class Mirror(Leaf):
        composite = True

        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            async for event in wrap(self).run(message, context):
                yield event

    outcome = await run(Mirror("m"))

    assert outcome.state is TaskState.FAILED
    assert "nested deeper" in outcome.text


async def test_the_same_agent_under_two_names_is_two_agents() -> None:
    leaf = Leaf("a", "produce")
    chain = Sequential("s", [Rename(leaf, "first"), Rename(leaf, "second", description="Again")])

    outcome = await collect(chain, Message.user("x"), context("s"))

    assert [agent.description for agent in chain.agents] == ["A leaf of the tests", "Again"]
    assert [one.artifact_id for one in outcome.artifacts] == ["first/r", "second/r"]
    with pytest.raises(SpecError, match=r"Rename\.name"):
        Rename(leaf, " ")


async def test_an_observer_hears_everything_without_what_belongs_to_the_agent() -> None:
    heard: list[tuple[str, object]] = []

    async def observe(update: StatusUpdate | ArtifactUpdate, context: RunContext) -> None:
        heard.append(("/".join(context.path), update))

    await run(Tap(Leaf("a", "produce"), observe))
    await run(Tap(Leaf("a", "ask"), observe))

    states = [update.status.state.value for _, update in heard if isinstance(update, StatusUpdate)]
    assert states == ["working", "completed", "input-required"]
    assert {path for path, _ in heard} == {"s/a"}
    assert not any("continuation" in str(getattr(update, "metadata", "")) for _, update in heard)


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError, TimeoutError])
async def test_an_observer_that_raises_disturbs_nobody(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def observe(update: object, context: RunContext) -> None:
        raise error("Jane")

    async def observe_async(update: object, context: RunContext) -> None:
        raise error("Jane")

    for observer in (observe, observe_async):
        outcome = await run(Tap(Leaf("a", "produce"), observer))
        assert outcome.state is TaskState.COMPLETED
    assert "observer of agent a" in caplog.text
    assert "Jane" not in caplog.text


async def test_an_observer_that_never_ends_is_left() -> None:
    begun = asyncio.Event()

    async def observe(update: object, context: RunContext) -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run(Tap(Leaf("a"), observe)))
    await begun.wait()
    skip(2)

    assert (await task).text == "a(x)"


def test_an_observer_must_be_callable() -> None:
    with pytest.raises(SpecError, match=r"Tap\.observer"):
        Tap(Leaf("a"), 5)  # pyright: ignore[reportArgumentType]
