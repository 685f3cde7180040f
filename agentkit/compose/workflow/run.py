"""One turn of a workflow: its function, watched until it has ended or waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import kept_answer, stopped
from agentkit.compose.continuation import CONTINUATION_KEY
from agentkit.compose.outcome import LEFT_ALONE, status_update, surfaced
from agentkit.compose.record import load_outcome
from agentkit.compose.signature import answer_of
from agentkit.compose.usage import NOTHING, Meter, charged
from agentkit.compose.workflow.conductor import Conductor
from agentkit.compose.workflow.journal import Journal
from agentkit.compose.workflow.progress import Waiting
from agentkit.credentials import Credentials
from agentkit.errors import AgentKitError, AuthRequired, EngineError, InputRequired, McpAuthRequired, StepFailed
from agentkit.models import ArtifactUpdate, Event, JsonObject, Message, StatusUpdate, TaskState

GRACE_SECONDS: Final = 0.05
"""How long branches of a workflow may be silent between two steps before it counts as waiting."""

PATIENCE_SECONDS: Final = 10.0
"""How long a workflow with several branches may take to ask for what is recorded, before it counts as changed."""

_LOOKS: Final = 16


class WorkflowRun:
    """One turn.

    A pause never raises into the function: whatever awaits an answer stays where it is, and once nothing is at work
    any more the function is cancelled. It is entered again when the answer comes.
    """

    def __init__(
        self,
        name: str,
        version: str,
        message: Message,
        context: RunContext,
        *,
        most_steps: int,
        credentials: frozenset[str],
        on_call: Callable[[Agent], None],
    ) -> None:
        """Read what is recorded.

        Raises:
            WorkflowChanged: The task was begun by another version.
        """
        self._name = name
        self._asked = message
        self._context = context
        self._journal = Journal.read(name, version, message, context)
        self._meter = Meter(context.meter)
        inside = replace(context, meter=self._meter, continuation=None)
        self._conductor = Conductor(self._journal, message, inside, most_steps=most_steps, on_call=on_call)
        own = Credentials(one for server, one in context.credentials.items() if server in credentials)
        self._own = replace(inside, credentials=own, operations=self._conductor)
        self._waiting: dict[str, Waiting] = {}

    @property
    def at_work(self) -> Mapping[str, tuple[Agent, RunContext]]:
        """Calls that began and did not end, by key; also after the turn was cancelled."""
        return self._conductor.at_work

    @property
    def message(self) -> Message:
        """What the workflow was asked first."""
        return self._journal.message

    async def events(self, function: Callable[[RunContext], Awaitable[object]]) -> AsyncGenerator[Event]:
        """Run the function; yields what its agents show, and at last how the turn ends."""
        conductor, updates = self._conductor, self._conductor.updates

        async def enter() -> object:
            return await function(self._own)

        main = asyncio.create_task(enter())
        conductor.progress.begin(main)
        try:
            is_over = False
            while not is_over:
                beats = conductor.progress.beats
                is_over = main.done() or conductor.slots.refusal is not None or await self._is_stuck(main)
                while (update := updates.take()) is not None:
                    yield update
                if not is_over and conductor.progress.beats == beats:
                    await updates.changed()
        finally:
            await conductor.progress.stop()
        for event in self._end(main):
            yield event

    async def _is_stuck(self, main: asyncio.Task[object]) -> bool:
        """Whether all that the function awaits is an answer, a moment, or a step that is not asked for."""
        progress, slots = self._conductor.progress, self._conductor.slots
        if not progress.is_quiet or not await self._stays_quiet(main):
            return False
        if progress.held:
            slots.refuse(self._journal.changed(f"step {slots.unclaimed} is not asked for any more"))
        self._waiting = dict(progress.waiting)
        return True

    async def _stays_quiet(self, main: asyncio.Task[object]) -> bool:
        """Look again for a while: an operation that has ended lets its branch go on only some turns of the loop later.

        A function without branches needs no more than that; others may be busy with something that is no step.
        """
        progress = self._conductor.progress
        beats = progress.beats
        for _ in range(_LOOKS):
            await asyncio.sleep(0)
        if progress.held and (progress.is_wide or self._conductor.slots.is_replay):
            await progress.pause_for(PATIENCE_SECONDS)
        elif progress.is_wide:
            await progress.pause_for(GRACE_SECONDS)
        return progress.beats == beats and not main.done()

    def _end(self, main: asyncio.Task[object]) -> Iterator[Event]:
        refusal = self._conductor.slots.refusal
        if refusal is not None:
            yield from self._failed(refusal)
        elif self._waiting:
            yield self._paused()
        elif main.cancelled():
            yield from self._failed(EngineError("The workflow cancelled itself."))
        elif (error := main.exception()) is not None:
            yield from self._failed(_cause(error))
        elif (key := self._conductor.slots.unclaimed) is not None:
            yield from self._failed(self._journal.changed(f"step {key} is not asked for any more"))
        else:
            try:
                yield self._answered(main.result())
            except AgentKitError as error:
                yield from self._failed(error)

    def _answered(self, result: object) -> Event:
        context = self._context
        answer = None if result is None else answer_of(result, context, self._name)
        if answer is not None and self._meter.total == NOTHING:
            return answer
        return charged(status_update(context, TaskState.COMPLETED, answer), self._meter.total)

    def _paused(self) -> StatusUpdate:
        """The first question, or the earliest moment where nothing is asked."""
        questions = sorted((key for key in self._waiting if self._is_question(key)), key=self._order)
        first = questions[0] if questions else min(self._waiting, key=self._moment)
        waits = self._waiting[first]
        left = self._journal.write(first if questions else None, self._waiting)
        return charged(stopped(waits.outcome, waits.child, left), self._meter.total)

    def _order(self, key: str) -> tuple[int, int]:
        return self._journal.order(key), self._waiting[key].number

    def _is_question(self, key: str) -> bool:
        return self._waiting[key].outcome.state.is_interrupted

    def _moment(self, key: str) -> datetime:
        return self._waiting[key].outcome.wake or datetime.max.replace(tzinfo=UTC)

    def _failed(self, error: BaseException) -> Iterator[ArtifactUpdate | StatusUpdate]:
        """The end by an error; what was found is kept."""
        if isinstance(error, LEFT_ALONE):
            raise error
        if isinstance(error, AuthRequired | McpAuthRequired):
            # The function itself lacks a credential: with it, it goes on where it was.
            end = surfaced(error, self._asked, self._context)
            left: JsonObject = {**(end.metadata or {}), CONTINUATION_KEY: self._journal.write(None, {})}
            yield charged(end.model_copy(update={"metadata": left}), self._meter.total)
            return
        if isinstance(error, InputRequired):
            error = EngineError("A workflow raised InputRequired.", remedy="Ask with `await ctx.ask(...)`.")
        for key, entry in self._journal.done.items():
            found = load_outcome(entry.value) if entry.kind == "call" and not entry.is_abandoned else None
            if entry.of and found and found.message and found.message.parts and found.state is TaskState.COMPLETED:
                label = _label(key, entry.of, self._context)
                yield kept_answer(found.message.parts, self._context.child(entry.of), label)
        outcome = self._conductor.failed.get(error.step) if isinstance(error, StepFailed) else None
        end = surfaced(error, self._asked, self._context) if outcome is None else stopped(*outcome, None)
        yield charged(end, self._meter.total)


def _label(key: str, name: str, context: RunContext) -> str:
    own = ".".join(map(str, context.rounds))
    mark = key.partition("#")[2].removeprefix(own).lstrip(".")
    return name if mark in {"", "1"} else f"{name}#{mark}"


def _cause(error: BaseException) -> BaseException:
    """What a group of errors is about: the first of ours, else the first."""
    while isinstance(error, BaseExceptionGroup):
        inside = cast("Sequence[BaseException]", error.exceptions)  # pyright: ignore[reportUnknownMemberType]
        error = next((one for one in inside if isinstance(one, AgentKitError)), inside[0])
    return error
