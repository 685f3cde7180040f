"""Workflows that ask, lack a credential or wait, and go on where they were; the same on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from pydantic import BaseModel

from agentkit.compose import CONTINUATION_KEY, Outcome, RunContext, Sequential, Usage, status_update, workflow
from agentkit.compose.workflow import operations
from agentkit.credentials import Credentials, Token
from agentkit.engine import Engine, InlineEngine
from agentkit.errors import McpAuthRequired, SpecError
from agentkit.models import Event, JsonObject, Message, TaskState
from tests.compose.agents import Leaf, context
from tests.compose.recording import RecordingEngine, Talk

pytestmark = pytest.mark.anyio

ENGINES = pytest.mark.parametrize("make", [InlineEngine, RecordingEngine])


class Dose(BaseModel):
    drug: str
    milligrams: float


class Locked(Leaf):
    """Lacks a credential."""

    mcp_names = frozenset({"ehr"})

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        self.heard.append(message)
        if "ehr" not in context.credentials:
            raise McpAuthRequired("ehr", "wants a token.")
        assert set(context.credentials) == {"ehr"}
        yield message.reply(f"{self.name}({message.text})")


@ENGINES
async def test_an_approval_pauses_the_task_and_nothing_is_run_again(make: Callable[[], Engine]) -> None:
    first, last = Leaf("first"), Leaf("last")

    @workflow("intake")
    async def intake(ctx: RunContext, message: Message) -> Message:
        codes = await ctx.call(first, message)
        ok = await ctx.approve("File these codes?", proposal={"codes": [codes.text]})
        return await ctx.call(last, codes) if ok else codes.reply(f"Declined: {ok.reason}")

    talk = Talk(intake, make())
    asked = await talk.say("x")
    assert asked.state is TaskState.INPUT_REQUIRED
    assert asked.text.startswith("File these codes?")
    assert (asked.metadata or {})["agentkit.agent"] == "intake"
    unclear = await talk.say("Well, maybe")
    assert unclear.state is TaskState.INPUT_REQUIRED
    assert unclear.text.startswith("The answer is not clearly a yes or a no.")
    assert last.heard == []

    done = await talk.say("Yes, looks right.")

    assert done.text == "last(first(x))"
    assert [len(leaf.heard) for leaf in (first, last)] == [1, 1]
    (record,) = talk.artifacts["approval"].parts
    assert isinstance(record.data, dict)
    assert (record.data["approved"], record.data["by"], record.data["reason"]) == (True, "ann", "looks right")
    assert asked.message is not None
    (shown,) = asked.message.data
    assert isinstance(shown, dict)
    assert shown["hash"] == record.data["hash"]


@ENGINES
async def test_a_declined_approval_is_for_the_function_to_handle(make: Callable[[], Engine]) -> None:
    @workflow("intake")
    async def intake(ctx: RunContext, message: Message) -> str:
        ok = await ctx.approve("Sure?")
        return f"Declined: {ok.reason}"

    talk = Talk(intake, make())
    await talk.say("x")

    assert (await talk.say(data={"approved": False, "reason": "too early"})).text == "Declined: too early"


@ENGINES
async def test_only_who_may_decides(make: Callable[[], Engine]) -> None:
    @workflow("intake")
    async def intake(ctx: RunContext, message: Message) -> str:
        return "filed" if await ctx.approve("Sure?", by=["boss"]) else "declined"

    talk = Talk(intake, make())
    await talk.say("x")
    refused = await talk.say("yes")
    assert (refused.state, refused.text.splitlines()[0]) == (TaskState.INPUT_REQUIRED, "You may not decide this.")
    talk.caller = replace(talk.caller, owner="boss")

    assert (await talk.say("yes")).text == "filed"


async def test_a_decision_that_comes_too_late_counts_as_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    @workflow("intake")
    async def intake(ctx: RunContext, message: Message) -> str:
        decision = await ctx.approve("Sure?", expires_in=timedelta(hours=1))
        return f"{decision.approved}: {decision.reason}"

    talk = Talk(intake, RecordingEngine())
    assert "It counts as declined after 20" in (await talk.say("x")).text
    monkeypatch.setattr(operations, "now", lambda: datetime.now(UTC) + timedelta(hours=2))

    assert (await talk.say("yes")).text == "False: Nobody decided in time."


@ENGINES
async def test_a_question_has_a_typed_answer_and_is_asked_until_it_fits(make: Callable[[], Engine]) -> None:
    @workflow("dosing")
    async def dosing(ctx: RunContext, message: Message) -> str:
        who = await ctx.ask("For whom?")
        dose = await ctx.ask("Which dose?", model=Dose)
        times = await ctx.ask("How often?", schema={"type": "integer", "minimum": 1})
        return f"{who}: {times} x {dose.milligrams:g} mg {dose.drug}"

    talk = Talk(dosing, make())
    assert (await talk.say("x")).text == "For whom?"
    assert (await talk.say(data={"not": "text"})).text.startswith("A text is needed.")
    asked = await talk.say("Jane")
    assert asked.message is not None
    (question,) = asked.message.data
    assert isinstance(question, dict)
    assert question["schema"] == Dose.model_json_schema()
    again = await talk.say(data={"drug": "Aspirin"})
    assert again.text.startswith("The answer does not fit: milligrams (missing).")
    assert "Aspirin" not in again.text
    assert (await talk.say('{"drug": "Aspirin", "milligrams": 100}')).text == "How often?"
    assert (await talk.say("0")).text.startswith("The answer does not fit: answer (minimum)")

    assert (await talk.say("2")).text == "Jane: 2 x 100 mg Aspirin"


async def test_a_question_has_a_schema_that_is_one() -> None:
    seen = list[str]()

    @workflow("asks")
    async def asks(ctx: RunContext, message: Message) -> str:
        try:
            await ctx.ask("?", schema={"type": "nonsense"})
        except SpecError as error:
            seen.append(str(error))
        return "ok"

    assert (await Talk(asks, InlineEngine()).say("x")).text == "ok"
    assert len(seen) == 1


@ENGINES
@pytest.mark.parametrize("style", ["gather", "ctx.gather", "group"])
async def test_questions_of_branches_are_asked_one_after_the_other_and_each_gets_its_answer(
    make: Callable[[], Engine], style: Literal["gather", "ctx.gather", "group"]
) -> None:
    """A2A-CMP-02."""
    leaves = [Leaf("a", "ask"), Leaf("b"), Leaf("c", "ask2")]
    ended = list[str]()

    @workflow("trio")
    async def trio(ctx: RunContext, message: Message) -> str:
        try:
            calls = [ctx.call(leaf, message) for leaf in leaves]
            match style:
                case "gather":
                    answers: list[Message] = await asyncio.gather(*calls)
                case "ctx.gather":
                    answers = list(await ctx.gather(*calls))
                case "group":
                    async with asyncio.TaskGroup() as group:
                        tasks = [group.create_task(call) for call in calls]
                    answers = [task.result() for task in tasks]
            return " ".join(answer.text for answer in answers)
        finally:
            ended.append("finally")

    talk = Talk(trio, make())
    first = await talk.say("x")
    assert (first.state, first.text, first.metadata) == (
        TaskState.INPUT_REQUIRED,
        "a?",
        {"agentkit.agent": "trio/a"},
    )
    assert (await talk.say("for a")).text == "c?"
    assert (await talk.say("for c")).text == "c?"
    last = await talk.say("for c again")

    assert last.text == "a(for a) b(x) c(for c again)"
    assert [[message.text for message in leaf.heard] for leaf in leaves] == [
        ["x", "for a"],
        ["x"],
        ["x", "for c", "for c again"],
    ]
    assert len(ended) == 4


@ENGINES
async def test_a_question_deep_inside_goes_back_to_exactly_who_asked(make: Callable[[], Engine]) -> None:
    leaves = [Leaf("a"), Leaf("b", "ask"), Leaf("c")]

    @workflow("inner")
    async def inner(ctx: RunContext, message: Message) -> Message:
        answer = await ctx.call(Sequential("chain", leaves), message)
        await ctx.approve("Go on?")
        return answer

    @workflow("outer")
    async def outer(ctx: RunContext, message: Message) -> Message:
        return await ctx.call(inner, message)

    talk = Talk(outer, make())
    asked = await talk.say("x")
    assert asked.text == "b?"
    assert (asked.metadata or {})["agentkit.agent"] == "outer/inner/chain/b"
    assert (await talk.say("yes")).text.startswith("Go on?")
    done = await talk.say("ok")

    assert done.text == "c(b(yes))"
    assert [len(leaf.heard) for leaf in leaves] == [1, 2, 1]
    assert list(talk.artifacts) == ["inner/approval"]


@ENGINES
async def test_a_credential_alone_resumes_exactly_the_agent_that_lacks_it(make: Callable[[], Engine]) -> None:
    locked, other = Locked("locked"), Leaf("other")

    @workflow("labs")
    async def labs(ctx: RunContext, message: Message) -> str:
        answers = await ctx.gather(ctx.call(locked, message), ctx.call(other, message))
        assert not ctx.credentials
        return " ".join(answer.text for answer in answers)

    talk = Talk(labs, make())
    lacking = await talk.say("x")
    assert lacking.state is TaskState.AUTH_REQUIRED
    assert (lacking.metadata or {})["mcp_name"] == "ehr"
    assert (lacking.metadata or {})["agentkit.agent"] == "labs/locked"
    both = Credentials([Token("ehr", "t"), Token("other", "u")])

    assert (await talk.say(credentials=both)).text == "locked(x) other(x)"
    assert [len(leaf.heard) for leaf in (locked, other)] == [2, 1]


@ENGINES
async def test_a_function_sees_the_credentials_it_names_and_goes_on_when_it_has_them(
    make: Callable[[], Engine],
) -> None:
    leaf = Leaf("leaf")

    @workflow("labs", credentials=["ehr"])
    async def labs(ctx: RunContext, message: Message) -> str:
        await ctx.call(leaf, message)
        if "ehr" not in ctx.credentials:
            raise McpAuthRequired("ehr", "wants a token.")
        return ",".join(ctx.credentials)

    talk = Talk(labs, make())
    assert (await talk.say("x")).state is TaskState.AUTH_REQUIRED

    assert (await talk.say(credentials=Credentials([Token("ehr", "t"), Token("b", "u")]))).text == "ehr"
    assert len(leaf.heard) == 1


@ENGINES
async def test_a_long_wait_ends_the_run_and_goes_on_at_its_moment(
    make: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = Leaf("first"), Leaf("last")

    @workflow("patient")
    async def patient(ctx: RunContext, message: Message) -> Message:
        await ctx.call(first, message)
        await ctx.sleep(timedelta(days=2))
        return await ctx.call(last, message)

    talk = Talk(patient, make())
    began = datetime.now(UTC)
    parked = await talk.say("x")
    assert parked.state is TaskState.WORKING
    assert parked.wake is not None
    assert timedelta(days=2) <= parked.wake - began < timedelta(days=2, minutes=10)
    early = await talk.turn()
    assert (early.state, early.wake) == (TaskState.WORKING, parked.wake)
    assert last.heard == []
    monkeypatch.setattr(operations, "now", lambda: began + timedelta(days=3))

    assert (await talk.turn()).text == "last(x)"
    assert [len(leaf.heard) for leaf in (first, last)] == [1, 1]


@ENGINES
async def test_a_short_wait_stays_in_the_process(make: Callable[[], Engine]) -> None:
    @workflow("brief")
    async def brief(ctx: RunContext, message: Message) -> str:
        await ctx.sleep(0.001)
        await ctx.sleep(datetime.now(UTC) - timedelta(days=1))
        return "awake"

    assert (await Talk(brief, make()).say("x")).text == "awake"


@ENGINES
async def test_a_question_goes_before_a_timer_and_the_timer_is_kept(
    make: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    @workflow("both")
    async def both(ctx: RunContext, message: Message) -> str:
        async def nap() -> str:
            await ctx.sleep(7200)
            return "slept"

        name, slept = await ctx.gather(ctx.ask("Who?"), nap())
        return f"{name} {slept}"

    talk = Talk(both, make())
    assert (await talk.say("x")).text == "Who?"
    parked = await talk.say("Jane")
    assert parked.state is TaskState.WORKING
    monkeypatch.setattr(operations, "now", lambda: datetime.now(UTC) + timedelta(hours=3))

    assert (await talk.turn()).text == "Jane slept"


@pytest.mark.parametrize("until", [datetime(2030, 1, 1), float("nan"), 1e300])  # noqa: DTZ001 - that is the point
async def test_a_moment_that_is_none_is_refused(until: float | datetime) -> None:
    @workflow("never")
    async def never(ctx: RunContext, message: Message) -> str:
        await ctx.sleep(until)
        return "never"

    assert (await Talk(never, InlineEngine()).say("x")).state is TaskState.FAILED


@ENGINES
async def test_after_a_pause_nothing_is_executed_whatever_the_function_does(make: Callable[[], Engine]) -> None:
    leaf, waste = Leaf("leaf"), Leaf("waste")

    @workflow("stubborn")
    async def stubborn(ctx: RunContext, message: Message) -> str:
        await ctx.call(leaf, message)
        try:
            who = await ctx.ask("Who?")
        except asyncio.CancelledError:
            for _ in range(3):
                try:
                    await ctx.call(waste, message)
                except asyncio.CancelledError:
                    continue
            return "ignored"
        finally:
            with suppress(asyncio.CancelledError):
                await ctx.publish("wasted")
        return who

    talk = Talk(stubborn, make())
    assert (await talk.say("x")).text == "Who?"
    assert talk.updates == []
    assert (await talk.say("Jane")).text == "Jane"
    assert [len(one.heard) for one in (leaf, waste)] == [1, 0]


@ENGINES
async def test_what_was_published_and_done_before_a_pause_is_not_done_again(make: Callable[[], Engine]) -> None:
    done = list[str]()

    @workflow("steps")
    async def steps(ctx: RunContext, message: Message) -> str:
        await ctx.publish("Looking.")

        async def draw() -> str:
            done.append("drawn")
            return f"lot {len(done)}"

        lot = await ctx.step("draw", draw, effect="idempotent")
        who = await ctx.ask("Who?")
        return f"{who}: {lot}"

    talk = Talk(steps, make())
    await talk.say("x")

    assert (await talk.say("Jane")).text == "Jane: lot 1"
    assert len(talk.updates) == 1


@ENGINES
async def test_what_was_found_before_a_pause_is_kept_when_a_later_step_fails(make: Callable[[], Engine]) -> None:
    @workflow("fails")
    async def fails(ctx: RunContext, message: Message) -> Message:
        await ctx.call(Leaf("good"), message)
        await ctx.approve("Go on?")
        return await ctx.call(Leaf("bad", "reject"), message)

    talk = Talk(fails, make())
    await talk.say("x")
    outcome: Outcome = await talk.say("yes")

    assert outcome.state is TaskState.REJECTED
    assert talk.artifacts["good/answer"].text == "good(x)"


async def test_usage_is_that_of_one_turn() -> None:
    class Costly(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            metadata: JsonObject = {"agentkit.usage": {"credits": 2}}
            yield status_update(context, TaskState.COMPLETED, message.reply("done"), metadata)

    @workflow("costs")
    async def costs(ctx: RunContext, message: Message) -> str:
        await ctx.gather(ctx.call(Costly("a"), message), ctx.call(Costly("b"), message))
        await ctx.ask("Go on?")
        await ctx.call(Costly("c"), message)
        return "ok"

    talk = Talk(costs, RecordingEngine())
    used = [Usage.of((await talk.say(text)).metadata).credits for text in ("x", "yes")]

    assert used == [4, 2]


async def test_every_call_that_waits_is_told_when_the_task_is_cancelled() -> None:
    """A2A-CMP-01: two calls of one agent are two remote tasks."""
    told: list[tuple[str, JsonObject | None]] = []

    class Remote(Leaf):
        async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
            metadata: JsonObject = {CONTINUATION_KEY: {"about": message.text}}
            yield status_update(context, TaskState.INPUT_REQUIRED, message.reply("?"), metadata)

        async def cancel(self, context: RunContext) -> None:
            told.append((context.step_key, context.continuation))

    remote = Remote("remote")

    @workflow("flow", durable=False)
    async def flow(ctx: RunContext, message: Message) -> str:
        one, two = await ctx.gather(ctx.call(remote, "one"), ctx.call(remote, "two"))
        return one.text + two.text

    asked = await Talk(flow, InlineEngine()).say("x")
    await flow.cancel(replace(context("flow"), continuation=asked.continuation))

    assert told == [("flow/remote", {"about": "one"}), ("flow/remote#2", {"about": "two"})]
