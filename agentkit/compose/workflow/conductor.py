"""The operations of a workflow: each step is executed once, however often the function is entered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.channel import Channel
from agentkit.compose.combinator import passed_on, stop
from agentkit.compose.continuation import AGENT_KEY
from agentkit.compose.facets import is_composite
from agentkit.compose.given import digest_of, digest_of_parts
from agentkit.compose.outcome import Outcome, status_update
from agentkit.compose.record import dump_outcome, load_outcome, object_of
from agentkit.compose.turn import Turn
from agentkit.compose.workflow.answers import TypedQuestion
from agentkit.compose.workflow.decision import Deciders, Decision, Proposal, Question
from agentkit.compose.workflow.journal import Journal
from agentkit.compose.workflow.operations import SHORT_SECONDS, Said, moment_of, parts_of, seconds_until, spoken
from agentkit.compose.workflow.plain import answered
from agentkit.compose.workflow.progress import STOP_SECONDS, Progress, Waiting
from agentkit.compose.workflow.slots import Slot, Slots
from agentkit.compose.workflow.verdict import Unclear
from agentkit.engine import Effect, LookUp, Work
from agentkit.models import Artifact, ArtifactUpdate, Json, JsonObject, Message, StatusUpdate, TaskState

T = TypeVar("T")


class Conductor:
    """`Operations` of a workflow.

    Attributes:
        updates: What is shown to whoever follows the task.
        progress: What the branches are doing.
        slots: The places of the steps.
        failed: How the calls that failed ended, by key.
        at_work: Calls that began and did not end, by key; also after the function was cancelled.
    """

    def __init__(
        self,
        journal: Journal,
        answer: Message,
        context: RunContext,
        *,
        most_steps: int,
        on_call: Callable[[Agent], None],
    ) -> None:
        """Prepare one turn of a workflow.

        Args:
            journal: What is remembered of its steps.
            answer: The message of this turn.
            context: Of the workflow; what is inside gets children of it.
            most_steps: So many steps may a turn ask for.
            on_call: Told each agent that is called.
        """
        self.updates = Channel[StatusUpdate | ArtifactUpdate]()
        self.progress = Progress(self.updates.wake, self.updates.changed)
        self.slots = Slots(journal, self.progress, context, most_steps)
        self.failed: dict[str, tuple[Outcome, RunContext]] = {}
        self.at_work: dict[str, tuple[Agent, RunContext]] = {}
        self._journal = journal
        self._answer = answer
        self._context = context
        self._on_call = on_call

    def call(self, agent: Agent, message: Said, key: str | None) -> Coroutine[None, None, Message]:
        """Have another agent do one turn, once."""
        self._on_call(agent)
        given = digest_of_parts(parts_of(message))
        slot = self.slots.take(agent.name, "call", agent.name, key, given=given, is_composite=is_composite(agent))
        return self.slots.guarded(slot, lambda: self._call(slot, agent, message))

    def approve(
        self, question: str, proposal: Proposal, by: Deciders | None, expires_in: timedelta | None, key: str | None
    ) -> Coroutine[None, None, Decision]:
        """Have the caller decide, once."""
        asked = Question.about(question, proposal)
        slot = self.slots.take("approval", "approval", explicit=key, given=digest_of([asked.text, asked.hash]))
        return self.slots.guarded(slot, lambda: self._approve(slot, asked, by, expires_in))

    def ask(
        self, question: str, model: type[BaseModel] | None, schema: JsonObject | None, key: str | None
    ) -> Coroutine[None, None, object]:
        """Ask the caller, until the answer fits."""
        asked = TypedQuestion(question, model, schema)
        slot = self.slots.take("question", "question", explicit=key, given=asked.digest)

        async def typed() -> object:
            return asked.typed(await self._reply(slot, asked.message, asked.read))

        return self.slots.guarded(slot, typed)

    def sleep(self, until: float | timedelta | datetime, key: str | None) -> Coroutine[None, None, None]:
        """Wait until a moment that is recorded."""
        moment = moment_of(until)
        slot = self.slots.take("timer", "timer", explicit=key)
        return self.slots.guarded(slot, lambda: self._sleep(slot, moment))

    def step(self, key: str, work: Work, effect: Effect, look_up: LookUp | None) -> Coroutine[None, None, Json]:
        """Execute one piece of work, once."""
        slot = self.slots.take(key, "step")
        return self.slots.guarded(slot, lambda: self._step(slot, work, effect, look_up))

    def publish(self, output: str | Artifact) -> Coroutine[None, None, None]:
        """Show partial output, once."""
        slot = self.slots.take("output", "output")
        return self.slots.guarded(slot, lambda: self._publish(slot, output))

    async def _call(self, slot: Slot, agent: Agent, message: Said) -> Message:
        if slot.done is not None:
            outcome = load_outcome(slot.done.value)
        else:
            outcome = await self._turn(slot, agent, message)
            if outcome.state is TaskState.COMPLETED:
                outcome = Outcome(outcome.state, answered(outcome, slot.child))
            # What the agent produced the task has already.
            outcome = replace(outcome, artifacts=())
            self._journal.finish(slot.key, replace(slot.new, value=dump_outcome(outcome)))
        if outcome.state is not TaskState.COMPLETED:
            self.failed[slot.key] = outcome, slot.child
        return answered(outcome, slot.child)

    async def _turn(self, slot: Slot, agent: Agent, message: Said) -> Outcome:
        left, child = slot.left, slot.child
        asked = spoken(message, self._journal.message, child, slot.ordinal)
        if left is not None:
            if not slot.is_asked and (left.wake is None or seconds_until(left.wake) > 0):
                await self._wait(slot, left)
            child = replace(child, resumed=True, continuation=left.continuation)
            asked = self._answer if slot.is_asked else asked
        await self.slots.permission(slot)
        turn = Turn(agent, asked, child)
        self.at_work[slot.key] = agent, child
        try:
            with self.progress.busy():
                async with aclosing(turn.events()) as updates:
                    async for update in updates:
                        await self.updates.put(passed_on(update, child, slot.label))
        except asyncio.CancelledError:
            if not self.progress.closed:
                # The function has given up the call.
                await stop(agent, child, STOP_SECONDS)
                del self.at_work[slot.key]
            raise
        del self.at_work[slot.key]
        if turn.outcome.is_paused:
            await self._wait(slot, turn.outcome)
        return turn.outcome

    async def _approve(
        self, slot: Slot, question: Question, by: Deciders | None, expires_in: timedelta | None
    ) -> Decision:
        left = (slot.left.continuation if slot.left else None) or {}
        expires = left.get("expires")
        if expires is None and expires_in is not None:
            expires = moment_of(expires_in).isoformat()

        def read(answer: Message) -> Json:
            is_late = isinstance(expires, str) and seconds_until(datetime.fromisoformat(expires)) == 0
            caller = self._context.caller
            return (question.expired() if is_late else question.decide(answer, caller, by)).json()

        kept: JsonObject = {"expires": expires}
        until = expires if isinstance(expires, str) else None

        def message(context: RunContext, why: str) -> Message:
            return question.message(context, why, until)

        decision = Decision.read(object_of(await self._reply(slot, message, read, kept)) or {})
        if slot.done is None:
            await self.updates.put(question.record(decision, self._context, slot.label))
        return decision

    async def _reply(
        self,
        slot: Slot,
        message: Callable[[RunContext, str], Message],
        read: Callable[[Message], Json],
        kept: JsonObject | None = None,
    ) -> Json:
        """The answer to a question of the workflow itself, as JSON."""
        if slot.done is not None:
            return slot.done.value
        if slot.left is not None and not slot.is_asked:
            await self._wait(slot, slot.left)
        await self.slots.permission(slot)
        why = ""
        if slot.is_asked:
            try:
                value = read(self._answer)
            except Unclear as unclear:
                why = str(unclear)
            else:
                return await self._record(slot, value)
        metadata: JsonObject = {AGENT_KEY: "/".join(self._context.path)}
        question = message(self._context, why)
        await self._wait(slot, Outcome(TaskState.INPUT_REQUIRED, question, metadata=metadata, continuation=kept))
        return None

    async def _sleep(self, slot: Slot, moment: datetime) -> None:
        if slot.done is not None:
            return
        if slot.left is not None and slot.left.wake is not None:
            moment = slot.left.wake
        else:
            await self.slots.permission(slot)
            moment = datetime.fromisoformat(str(await self._record(slot, moment.isoformat())))
            self._journal.reopen(slot.key)
        seconds = seconds_until(moment)
        if seconds > SHORT_SECONDS:
            # It goes on in this run if other branches keep the run alive until then.
            await self._wait(slot, Outcome(TaskState.WORKING, wake=moment), asyncio.sleep(seconds))
        else:
            with self.progress.busy():
                await asyncio.sleep(seconds)
        self._journal.finish(slot.key, slot.new)

    async def _step(self, slot: Slot, work: Work, effect: Effect, look_up: LookUp | None) -> Json:
        if slot.done is not None:
            return slot.done.value
        await self.slots.permission(slot)
        return await self._execute(slot, work, effect, look_up)

    async def _publish(self, slot: Slot, output: str | Artifact) -> None:
        if slot.done is not None:
            return
        await self.slots.permission(slot)
        context = self._context
        if isinstance(output, Artifact):
            update = ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=output)
        else:
            said = Message.agent(output, context_id=context.context_id, task_id=context.task_id)
            update = status_update(context, TaskState.WORKING, said)
        with self.progress.busy():
            await self.updates.put(update)
        self._journal.finish(slot.key, slot.new)

    async def _record(self, slot: Slot, value: Json) -> Json:
        """A value that stays the same when the run is carried out again."""

        async def work() -> Json:
            return value

        return await self._execute(slot, work, "idempotent", None)

    async def _execute(self, slot: Slot, work: Work, effect: Effect, look_up: LookUp | None) -> Json:
        context = self._context
        with self.progress.busy():
            if context.in_step:
                value = await work()
            else:
                run_id = context.run_id or context.task_id
                value = await context.engine.step(run_id, slot.key, work, effect=effect, look_up=look_up)
        self._journal.finish(slot.key, replace(slot.new, value=value))
        return value

    async def _wait(self, slot: Slot, outcome: Outcome, until: Coroutine[None, None, object] | None = None) -> None:
        child = slot.child if slot.new.of else self._context
        await self.progress.wait(slot.key, Waiting(slot.number, slot.new, outcome, child), until)
