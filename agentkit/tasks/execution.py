"""One run of a turn, from the message taken in to the state that ends it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress

from agentkit.compose import (
    CONTINUATION_KEY,
    LEFT_ALONE,
    WAKE_KEY,
    RunContext,
    as_updates,
    detach,
    iterating,
    retried,
    scoped,
    status_update,
    surfaced,
    wake_moment,
)
from agentkit.compose import Turn as LeafTurn
from agentkit.compose.facets import is_composite
from agentkit.engine import Engine
from agentkit.errors import EngineError, StorageError, TurnExceeded
from agentkit.models import ArtifactUpdate, JsonObject, Message, StatusUpdate, TaskState
from agentkit.tasks.live import LiveTask
from agentkit.tasks.references import referenced
from agentkit.tasks.replay import Replay
from agentkit.tasks.repository import Opened, StoredTask
from agentkit.tasks.spans import RunSpan
from agentkit.tasks.station import Station
from agentkit.tasks.tickets import Parked, Ticket, left_behind
from agentkit.tasks.turns import Turn
from agentkit.tasks.verdict import end_stored, interrupted, stopped_elsewhere
from agentkit.tasks.writing import TurnLost
from agentkit.tracing import AttributeValue

_log = logging.getLogger("agentkit.tasks")


class Execution:
    """Carries out one run of a turn whose message is stored, so that it survives whoever sent the message."""

    def __init__(
        self,
        station: Station,
        engine: Engine,
        turn: Turn,
        opened: Opened,
        *,
        engine_run: str | None = None,
        replay: Replay | None = None,
    ) -> None:
        """Show the task as one that is at work; `run` does the work.

        Args:
            station: What turns share.
            engine: The engine whose run this is.
            turn: What to do.
            opened: What is stored.
            engine_run: Under which id the engine knows the run, where it is not the ticket's.
            replay: What an earlier try of this run has said.
        """
        self._station = station
        self._engine = engine
        self._turn = turn
        self._opened = opened
        self._replay = replay
        self.ticket = Ticket.of(opened.stored)
        self.live = LiveTask(
            station.repository,
            opened,
            engine_run or self.ticket.run_id,
            engine,
            station.clock,
            station.limits,
            self._stop_elsewhere,
        )
        station.live[opened.stored.task.id] = self.live

    @property
    def stored(self) -> StoredTask:
        """What the run began with."""
        return self._opened.stored

    async def look_back(self) -> None:
        """Before anything happens: read what earlier turns said and made, for those who follow from the start."""
        turn, opened = self._turn, self._opened
        if turn.followed and opened.resumed:
            task_id = opened.stored.task.id
            stored = await self._station.repository.load(turn.scope, task_id, turn.history_length)
            if stored is not None and stored.version == opened.stored.version:
                self.live.opening = stored

    async def run(self) -> bool:
        """Run the agent and settle the task, or leave it to its timer; True when it should be tried again."""
        live, station = self.live, self._station
        parked, again = None, False
        try:
            parked = await self._carry_out()
            live.end()
        except TurnLost as lost:
            _log.warning("task %s was not stored: %s", live.task.id, type(lost.error or lost).__name__)
            # Its words have to be read first that an earlier process wrote, which was not dead yet; or the store was
            # away for a while, which is no reason to give up what survives crashes.
            again = self._engine.durable and (lost.error is None or isinstance(lost.error, StorageError))
            if lost.error is not None and not again:
                await self._give_up()
            live.end(lost.error)
        finally:
            self.leave()
            if live.task.status.state.is_terminal:
                station.open_tasks.ended(live.scope)
        if parked is not None and parked.until is not None:
            ticket = self.ticket.traced().parked_at(parked.run)
            # The store has the timer already: whatever happens here, recovery finds it.
            await self._engine.start_at(ticket.run_id, ticket.payload(), parked.until)
        return again

    def leave(self) -> None:
        """The task is at work here no more."""
        live = self.live
        if not live.ended:
            live.end()
        # The two would hold each other until the collector comes, which is seldom.
        live.stop_elsewhere = None
        if self._station.live.get(live.task.id) is live:
            del self._station.live[live.task.id]

    async def _stop_elsewhere(self) -> None:
        await stopped_elsewhere(self._turn.agent, self._context(Parked.read(self._opened.stored.continuation)))

    async def _carry_out(self) -> Parked | None:
        turn, live = self._turn, self.live
        parked = Parked.read(self._opened.stored.continuation)
        context = self._context(parked)
        attributes: dict[str, AttributeValue | None] = {
            "agentkit.task.id": live.task.id,
            "agentkit.context.id": live.task.context_id,
            "agentkit.agent.id": turn.scope.agent_id,
            "agentkit.agent.name": turn.agent.name,
        }
        # A stream's request tells of the stream; a durable run may go on in another process.
        within_request = not turn.followed and not self._engine.durable
        with RunSpan(attributes, within_request=within_request) as hop:
            woken = None
            if parked is not None and parked.until is not None:
                woken = Parked(parked.run, None, parked.left).write()
            await live.begin(followed=turn.followed, continuation=woken)
            end = await self._end(context)
            waits = None
            try:
                end, waits = await self._settle(end)
            except EngineError as error:
                end = surfaced(error, self._opened.message, context)
                await live.settle(*detach(end))
            finally:
                hop.ends(end.status.state)
            return waits

    def _context(self, parked: Parked | None) -> RunContext:
        turn, opened, task = self._turn, self._opened, self.live.task
        return RunContext(
            context_id=task.context_id,
            task_id=task.id,
            caller=turn.caller,
            engine=self._engine,
            run_id=self.ticket.run_id,
            state=self._station.states.of(turn.scope, task.context_id),
            credentials=self._station.credentials_in(turn.scope, task.context_id, turn.credentials),
            resumed=opened.resumed or parked is not None,
            path=(turn.agent.name,),
            metadata=turn.metadata,
            continuation=left_behind(opened.stored.continuation),
            references=referenced(self._station.repository, turn.scope, opened.message),
        )

    async def _settle(self, end: StatusUpdate) -> tuple[StatusUpdate, Parked | None]:
        until = wake_moment(end)
        end, continuation = detach(end)
        if until is None:
            await self.live.settle(end, continuation)
            return end, None
        if self._station.resolve is None:
            raise EngineError(
                "A timer cannot be set: nobody knows which agents are served.",
                remedy="Give TaskService.recover a function that finds them.",
            )
        # Every event up to this one is counted, so the run that goes on has an id of its own.
        parked = Parked(self.live.version + 1, until, continuation)
        await self.live.settle(end, parked.write())
        return end, parked

    async def _give_up(self) -> None:
        # The store refused once; if it works again, the task must not look as if it were still at work.
        repository, live = self._station.repository, self.live
        with suppress(StorageError):
            stored = await repository.load(live.scope, live.task.id, 0)
            if stored is not None and not stored.task.status.state.is_settled:
                await end_stored(repository, stored, interrupted(stored.task), self._station.clock())

    async def _end(self, context: RunContext) -> StatusUpdate:
        """How the run ends; what happens before is published."""
        live = self.live
        message, inner = retried(self._opened.message, scoped(self._turn.agent, context))
        recorded = self._engine.durable and not is_composite(self._turn.agent)
        work = self._recorded(context) if recorded else self._drive(message, inner)
        seconds = self._station.limits.seconds
        deadline = None if seconds is None else asyncio.timeout(seconds)
        try:
            if deadline is None:
                return await work
            async with deadline:
                return await work
        except TimeoutError as error:
            if deadline is None or not deadline.expired():
                return self._ended(error, message, inner)
            await stopped_elsewhere(self._turn.agent, context)
            late = TurnExceeded(f"The turn took longer than {seconds} seconds.", task_id=context.task_id)
            return self._ended(late, message, inner)
        except asyncio.CancelledError:
            if live.cancel_wanted:
                return status_update(context, TaskState.CANCELED)
            if self._engine.durable:
                # Not the end: the engine goes on with the run in the next process.
                await live.leave()
                raise
            return interrupted(live.task)
        except (TurnLost, *LEFT_ALONE):
            raise
        except BaseException as error:
            this = asyncio.current_task()
            if self._engine.durable and not live.cancel_wanted and this is not None and this.cancelling():
                # What an agent makes of it is not its end either.
                await live.leave()
                raise asyncio.CancelledError from error
            return self._ended(error, message, inner)

    def _ended(self, error: BaseException, message: Message, context: RunContext) -> StatusUpdate:
        # Whatever else an agent makes of its cancellation, the task is canceled.
        if self.live.cancel_wanted:
            return status_update(context, TaskState.CANCELED)
        return surfaced(error, message, context)

    async def _drive(self, message: Message, context: RunContext) -> StatusUpdate:
        async with iterating(self._turn.agent.run(message, context)) as events:
            async for event in events:
                for update in as_updates(event, context):
                    if isinstance(update, StatusUpdate) and (
                        update.status.state.is_settled or wake_moment(update) is not None
                    ):
                        return await self._last(update)
                    await self._publish(update)
        return await self._last(status_update(context, TaskState.COMPLETED))

    async def _recorded(self, context: RunContext) -> StatusUpdate:
        """A leaf that is served by itself is a step as it would be inside a composition."""
        turn = LeafTurn(self._turn.agent, self._opened.message, context)
        async with aclosing(turn.events()) as events:
            async for update in events:
                await self._publish(update)
        outcome = turn.outcome
        metadata: JsonObject = dict(outcome.metadata or {})
        if outcome.continuation is not None:
            metadata[CONTINUATION_KEY] = outcome.continuation
        if outcome.wake is not None:
            metadata[WAKE_KEY] = outcome.wake.isoformat()
        return await self._last(status_update(context, outcome.state, outcome.message, metadata or None))

    async def _publish(self, update: StatusUpdate | ArtifactUpdate) -> None:
        fresh = update if self._replay is None else self._replay.fresh(update)
        if fresh is not None:
            self.live.publish(fresh)
            await self.live.make_room()

    async def _last(self, end: StatusUpdate) -> StatusUpdate:
        if self._replay is not None and end.status.state is TaskState.COMPLETED:
            for update in self._replay.unfinished():
                ids = {"task_id": end.task_id, "context_id": end.context_id}
                self.live.publish(update.model_copy(update=ids))
                await self.live.make_room()
        return end
