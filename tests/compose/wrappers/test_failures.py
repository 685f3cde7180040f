"""Retry and Fallback: what is tried again, what never is, and under which message id."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from agentkit.compose import (
    Agent,
    Fallback,
    FunctionAgent,
    Outcome,
    Retry,
    RunContext,
    Sequential,
    charged,
    collect,
    status_update,
)
from agentkit.compose.usage import Usage
from agentkit.engine import Effect
from agentkit.errors import (
    AgentKitError,
    ConnectionFailed,
    EngineError,
    McpUnreachable,
    ServiceUnavailableError,
    SpecError,
    TransportError,
    UnknownOutcome,
)
from agentkit.models import Event, Message, TaskState
from tests.compose.agents import Leaf, Spender, context, resumed

pytestmark = pytest.mark.anyio


class Flaky(Leaf):
    """Fails in the given ways, one after the other, then does what its kind says."""

    def __init__(self, name: str, *failures: AgentKitError | TaskState, effect: Effect = "idempotent") -> None:
        super().__init__(name)
        self.failures = list(failures)
        self.effect: Effect = effect
        self.keys: list[str] = []

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self.keys.append(context.step_key)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            self.heard.append(message)
        if isinstance(failure, AgentKitError):
            raise failure
        if isinstance(failure, TaskState):
            yield charged(status_update(context, failure, message.reply("no")), Usage(credits=1))
            return
        async for event in super().run(message, context):
            yield event


class Waits:
    """Takes the place of sleep."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def lost() -> AgentKitError:
    return ConnectionFailed("No connection.")


async def run(agent: Agent, text: str = "x") -> Outcome:
    return await collect(agent, Message.user(text), context())


async def test_a_failure_that_may_pass_is_tried_again_after_growing_waits() -> None:
    leaf, sleep = Flaky("a", lost(), McpUnreachable("s", "gone"), lost()), Waits()

    outcome = await run(Retry(leaf, 5, wait=2, factor=3, longest=7, sleep=sleep))

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "a(x)")
    assert sleep.seconds == [2, 6, 7]
    assert (outcome.metadata or {})["agentkit.attempts"] == 4
    assert leaf.keys == ["root#1", "root#2", "root#3", "root#4"]


async def test_every_try_sends_the_same_message_id() -> None:
    leaf = Flaky("a", lost(), lost())

    await run(Retry(leaf, sleep=Waits()))

    assert len({message.message_id for message in leaf.heard}) == 1


async def test_after_a_known_failure_the_message_has_a_new_id_the_same_on_every_replay() -> None:
    seen: list[list[str]] = []
    message = Message.user("x")
    for _ in range(2):
        leaf = Flaky("a", TaskState.REJECTED)
        await collect(Retry(leaf, on=[TaskState.REJECTED], sleep=Waits()), message, context())
        seen.append([one.message_id for one in leaf.heard])

    assert seen[0] == seen[1]
    assert seen[0][0] == message.message_id != seen[0][1]


async def test_after_the_last_try_the_failure_is_what_it_was() -> None:
    leaf = Flaky("a", lost(), lost(), lost())

    outcome = await run(Retry(leaf, 2, sleep=Waits()))

    assert (outcome.state, outcome.text) == (TaskState.FAILED, "No connection.")
    assert (outcome.metadata or {})["error"] == "ConnectionFailed"
    assert len(leaf.heard) == 2


@pytest.mark.parametrize(
    "failure", [EngineError("x"), TaskState.REJECTED, TaskState.FAILED, UnknownOutcome("x", step="s")]
)
async def test_what_does_not_pass_by_itself_is_not_tried_again(failure: AgentKitError | TaskState) -> None:
    leaf = Flaky("a", failure)

    await run(Retry(leaf, sleep=Waits()))

    assert len(leaf.heard) == 1


@pytest.mark.parametrize(
    ("on", "tries"),
    [([TaskState.FAILED], 2), ([TransportError], 2), ([ServiceUnavailableError], 1), ([AgentKitError], 2)],
)
async def test_the_author_says_what_is_tried_again(on: list[type[AgentKitError] | TaskState], tries: int) -> None:
    leaf = Flaky("a", lost())

    await run(Retry(leaf, on=on, sleep=Waits()))

    assert len(leaf.heard) == tries


async def test_an_unknown_outcome_is_tried_again_only_by_its_name() -> None:
    once, told = Flaky("a", UnknownOutcome("x", step="s")), Flaky("a", UnknownOutcome("x", step="s"))

    await run(Retry(once, on=[AgentKitError, TaskState.FAILED], sleep=Waits()))
    await run(Retry(told, on=[UnknownOutcome], sleep=Waits()))

    assert (len(once.heard), len(told.heard)) == (1, 2)


def test_work_that_must_not_be_done_twice_is_not_tried_again_unless_the_author_says_so() -> None:
    async def file(text: str) -> str:
        return text

    for agent in (Leaf("a"), FunctionAgent(file), Sequential("s", [Flaky("b"), Leaf("a")])):
        with pytest.raises(SpecError, match="effect once"):
            Retry(agent)
        Retry(agent, even_once=True)
    Retry(Sequential("s", [Flaky("b"), FunctionAgent(file, effect="idempotent")]))


async def test_an_agent_that_can_be_asked_is_asked_before_it_is_tried_again() -> None:
    calls: list[str] = []

    def answering(found: Callable[[], str | None]) -> FunctionAgent[str, str]:
        async def send(text: str) -> str:
            calls.append(text)
            raise ConnectionFailed("No connection.")

        async def look_up(text: str) -> str | None:
            return found()

        return FunctionAgent(send, effect="lookup", look_up=look_up)

    def unknown() -> str | None:
        raise UnknownOutcome("Nobody knows.", step="s")

    found = await run(Retry(answering(lambda: "was sent"), sleep=Waits()))
    assert (found.state, found.text, calls) == (TaskState.COMPLETED, "was sent", ["x"])
    calls.clear()
    not_found = await run(Retry(answering(lambda: None), 2, sleep=Waits()))
    assert (not_found.state, calls) == (TaskState.FAILED, ["x", "x"])
    calls.clear()
    nobody = await run(Retry(answering(unknown), sleep=Waits()))
    assert ((nobody.metadata or {})["error"], calls) == ("UnknownOutcome", ["x"])


async def test_a_try_that_asks_goes_on_and_its_failure_counts() -> None:
    class Asking(Flaky):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            if not self.heard:
                self.heard.append(message)
                yield status_update(context, TaskState.INPUT_REQUIRED, message.reply("a?"))
                return
            async for event in super().run(message, context):
                yield event

    leaf = Asking("a", lost())
    agent = Retry(leaf, 2, sleep=Waits())
    asked = await run(agent, "question")

    outcome = await collect(agent, Message.user("yes"), resumed(asked))

    assert (asked.text, outcome.text) == ("a?", "a(question)")
    assert [message.text for message in leaf.heard] == ["question", "yes", "question"]


async def test_usage_of_failed_tries_counts() -> None:
    leaf = Flaky("a", TaskState.FAILED, TaskState.FAILED)

    outcome = await run(Retry(leaf, on=[TaskState.FAILED], sleep=Waits()))

    usage = (outcome.metadata or {})["agentkit.usage"]
    assert isinstance(usage, dict)
    assert usage["credits"] == 2.0


async def test_the_next_agent_is_asked_when_one_fails() -> None:
    last = Leaf("d")
    agent = Fallback("f", [Leaf("a", "fail"), Spender("b", "reject", credits=1), Leaf("c"), last])

    outcome = await run(agent)

    assert (outcome.state, outcome.text) == (TaskState.COMPLETED, "c(x)")
    assert (outcome.metadata or {})["agentkit.fallback"] == ["a", "b"]
    assert last.heard == []


async def test_the_first_that_does_not_fail_hears_nothing_of_it() -> None:
    outcome = await run(Fallback("f", [Leaf("a"), Leaf("b")]))

    assert (outcome.text, outcome.metadata) == ("a(x)", None)


async def test_when_all_fail_it_is_the_last_failure() -> None:
    outcome = await run(Fallback("f", [Leaf("a", "fail"), Leaf("b", "reject")]))

    assert (outcome.state, outcome.text) == (TaskState.REJECTED, "b: Not mine.")
    assert (outcome.metadata or {})["agentkit.agent"] == "root/b"


async def test_an_unknown_outcome_is_no_reason_to_have_another_do_the_work() -> None:
    second = Leaf("b")

    outcome = await run(Fallback("f", [Flaky("a", UnknownOutcome("x", step="s")), second]))

    assert (outcome.metadata or {})["error"] == "UnknownOutcome"
    assert second.heard == []


async def test_who_asks_gets_the_answer_and_the_next_one_hears_the_question_again() -> None:
    """A2A-CMP-02."""

    class AsksThenFails(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            self.kind = "reject" if context.resumed else "ask"
            async for event in super().run(message, context):
                yield event

    first, second = AsksThenFails("a"), Leaf("b")
    agent = Fallback("f", [first, second])
    asked = await run(agent, "question")
    assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "a?")

    outcome = await collect(agent, Message.user("yes"), resumed(asked))

    assert outcome.text == "b(question)"
    assert [message.text for message in first.heard] == ["question", "yes"]
    assert second.resumed == [False]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Retry(Flaky("a"), 0),
        lambda: Retry(Flaky("a"), wait=-1),
        lambda: Retry(Flaky("a"), factor=0.5),
        lambda: Retry(Flaky("a"), on=[]),
        lambda: Retry(Flaky("a"), on=[TaskState.COMPLETED]),
        lambda: Fallback("f", []),
        lambda: Fallback("f", [Leaf("a")], on=["fail"]),  # pyright: ignore[reportArgumentType]
    ],
)
def test_what_could_never_work_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(SpecError):
        make()
