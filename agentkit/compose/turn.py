"""One turn of one agent: the one place where an agent is run by another."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.channel import Channel
from agentkit.compose.continuation import AGENT_KEY, CONTINUATION_KEY, STEP_KEY, WAKE_KEY, retried, wake_moment
from agentkit.compose.facets import effect_of, is_composite, look_up_of, mcp_names_of
from agentkit.compose.given import digest_of_parts, recorded_key
from agentkit.compose.outcome import LEFT_ALONE, Outcome, as_updates, surfaced
from agentkit.compose.record import dump_outcome, load_outcome
from agentkit.compose.usage import Usage
from agentkit.credentials import Credentials
from agentkit.engine import Found, LookUp, Work
from agentkit.errors import EngineError, SpecError, UnknownOutcome
from agentkit.models import ArtifactUpdate, Event, Json, JsonObject, Message, StatusUpdate, TaskState
from agentkit.models.artifacts import ArtifactStore
from agentkit.tracing import Span, long_span

_Update = StatusUpdate | ArtifactUpdate


class Turn:
    """One turn of one agent: pass its events on, then read how it ended.

    On a durable engine an agent that is no composite is executed as one step of the run, under the key
    `RunContext.step_key`: after a crash its outcome is read instead of produced again. It gets only the credentials it
    names.
    """

    __slots__ = ("_agent", "_artifacts", "_context", "_end", "_message")

    def __init__(self, agent: Agent, message: Message, context: RunContext) -> None:
        """Prepare the turn; nothing runs before `events`.

        Args:
            agent: Whom to run.
            message: What it is asked.
            context: The context of this very agent (`RunContext.child`).
        """
        self._agent = agent
        self._message = message
        self._context = context
        self._artifacts: ArtifactStore | None = None
        self._end = Outcome(TaskState.COMPLETED)

    def events(self) -> AsyncGenerator[_Update]:
        """Run the agent; yields what happens on the way, without the update that ends the turn.

        An error of the agent ends the turn as `surfaced` says; cancellation passes through.
        """
        context = self._context
        if context.engine.durable and not context.in_step and not is_composite(self._agent):
            return self._recorded()
        return self._live(context)

    @property
    def outcome(self) -> Outcome:
        """How the turn ended; a turn that said nothing completed without a message."""
        if self._artifacts is not None:
            self._end = replace(self._end, artifacts=self._artifacts.all())
            self._artifacts = None
        return self._end

    async def _live(self, context: RunContext) -> AsyncGenerator[_Update]:
        try:
            _check(context)
            message, given = retried(self._message, scoped(self._agent, context))
            with long_span("agent.call", {"agentkit.agent.name": self._agent.name}) as hop:
                events = _iterated(self._agent.run(message, given), self._agent.name)
                try:
                    async for event in _spanned(hop, events) if hop.is_recording else events:
                        if isinstance(event, Message):
                            self._end = Outcome(TaskState.COMPLETED, event)
                            return
                        for update in as_updates(event, context):
                            if self._ends(update):
                                return
                            yield update
                finally:
                    close = getattr(events, "aclose", None)
                    if close is not None:
                        await close()
                    hop.set("agentkit.task.state", self._end.state.value)
        except BaseException as error:
            if not self._ended_by(error):
                raise
        finally:
            self._count(context)

    async def _recorded(self) -> AsyncGenerator[_Update]:
        agent, context = self._agent, self._context
        channel = Channel[_Update]()
        ran = False

        async def work() -> Json:
            nonlocal ran
            ran = True
            async with aclosing(self._live(replace(context, in_step=True, meter=None))) as updates:
                async for update in updates:
                    await channel.put(update)
            return dump_outcome(self.outcome)

        async def look_up() -> Found | None:
            found = await _looked_up(agent, *retried(self._message, scoped(agent, context)))
            return None if found is None else Found(dump_outcome(found))

        step = asyncio.create_task(self._execute(work, look_up))
        try:
            async with aclosing(channel.during(step)) as updates:
                async for update in updates:
                    yield update
            self._end = load_outcome(step.result())
            for artifact in () if ran else self._end.artifacts:
                yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)
        except BaseException as error:
            if not self._ended_by(error):
                raise
        finally:
            self._count(context)

    async def _execute(self, work: Work, look_up: LookUp) -> Json:
        context = self._context
        _check(context)
        run_id, key = context.run_id or context.task_id, self._key()
        try:
            return await context.engine.step(run_id, key, work, effect=effect_of(self._agent), look_up=look_up)
        except UnknownOutcome as error:
            if error.step != key:
                raise
            raise _unknown(context.step_key) from error

    def _key(self) -> str:
        """The key of the record, which is only for what the agent is given.

        Raises:
            EngineError: Before the process died, the same call was given something else.
        """
        context = self._context
        given = (*context.given, digest_of_parts(self._message.parts))
        before = context.tally.recorded(context.engine, context.run_id or context.task_id).get(context.step_key, given)
        if before != given:
            raise EngineError(
                f"Step {context.step_key} was given something else before the process died.",
                remedy="Make what agents are given depend on nothing but the message and recorded answers.",
            )
        return recorded_key(context.step_key, given)

    def _ends(self, update: _Update) -> bool:
        """Take note of an update; True when it is the last of the turn."""
        if isinstance(update, ArtifactUpdate):
            if self._artifacts is None:
                self._artifacts = ArtifactStore()
            self._artifacts.add(update)
            return False
        wake = wake_moment(update) if update.metadata and WAKE_KEY in update.metadata else None
        if wake is None and not update.status.state.is_settled:
            return False
        self._finish(update, wake)
        return True

    def _finish(self, update: StatusUpdate, wake: datetime | None = None) -> None:
        metadata: JsonObject = dict(update.metadata or {})
        metadata.pop(WAKE_KEY, None)
        left = metadata.pop(CONTINUATION_KEY, None)
        self._end = Outcome(
            update.status.state,
            update.status.message,
            metadata=metadata or None,
            continuation=left if isinstance(left, dict) else None,
            wake=wake,
        )

    def _ended_by(self, error: BaseException) -> bool:
        """Make an error the end of the turn; False for what ends more than the turn."""
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            if task is None or task.cancelling():
                return False
            error = EngineError("The agent cancelled itself.")
        if isinstance(error, LEFT_ALONE):
            return False
        context = self._context
        asked = self._message if context.continuation is None else retried(self._message, context)[0]
        update = surfaced(error, asked, context)
        if isinstance(error, UnknownOutcome):
            located: JsonObject = {AGENT_KEY: "/".join(context.path), STEP_KEY: context.step_key}
            update = update.model_copy(update={"metadata": {**(update.metadata or {}), **located}})
        self._finish(update)
        return True

    def _count(self, context: RunContext) -> None:
        """Tell what a leaf used, also one that failed or whose outcome was recorded."""
        if context.meter is not None and self._end.metadata and not is_composite(self._agent):
            context.meter.add(Usage.of(self._end.metadata))


async def _looked_up(agent: Agent, message: Message, context: RunContext) -> Outcome | None:
    """What came of an interrupted turn; whatever keeps the agent from finding out means that nobody knows."""
    look_up = look_up_of(agent)
    try:
        if look_up is not None:
            return await look_up(message, context)
        raise SpecError(f"{agent.name}.look_up", "is missing")
    except UnknownOutcome:
        raise
    except Exception as error:
        raise UnknownOutcome(
            f"Whether the interrupted step was done cannot be found out ({type(error).__name__}).",
            step=context.step_key,
            remedy="Find out where it went to, then send a new message.",
        ) from error


async def collect(agent: Agent, message: Message, context: RunContext) -> Outcome:
    """Run one turn of an agent to its end.

    Args:
        agent: Whom to ask.
        message: What to ask.
        context: The context of this very agent (`RunContext.child`).

    Returns:
        State, message and artifacts. An agent's error is an outcome too, never raised.
    """
    turn = Turn(agent, message, context)
    async with aclosing(turn.events()) as events:
        async for _ in events:
            pass
    return turn.outcome


def scoped(agent: Agent, context: RunContext) -> RunContext:
    """The context of an agent with the credentials it names, and no others (A2A-CMP-04)."""
    if not context.credentials:
        return context
    names = mcp_names_of(agent)
    if names is None:
        return context
    return replace(context, credentials=Credentials(one for name, one in context.credentials.items() if name in names))


def _check(context: RunContext) -> None:
    """Refuse to begin what cannot come to an end, or what no budget is left for."""
    if context.meter is not None:
        context.meter.check()
    context.tally.enter(context)


def _unknown(step: str) -> UnknownOutcome:
    return UnknownOutcome(
        f"Step {step!r} was interrupted, and nobody knows whether it happened.",
        step=step,
        remedy="Find out where it went to, then send a new message.",
    )


def _iterated(events: AsyncIterator[Event], name: str) -> AsyncIterator[Event]:
    """The events of a run; agents are written by others, and an `async def run` without a `yield` has none."""
    if hasattr(events, "__aiter__"):
        return events
    if inspect.iscoroutine(events):
        events.close()
    raise EngineError(f"The run of agent {name} is no async iterator.", remedy="Write `async def run` with `yield`.")


async def _spanned(hop: Span, events: AsyncIterator[Event]) -> AsyncGenerator[Event]:
    """The events of a run whose own spans become children of the hop, and nobody else's."""
    while True:
        with hop.current():
            try:
                event = await anext(events)
            except StopAsyncIteration:
                return
        yield event
