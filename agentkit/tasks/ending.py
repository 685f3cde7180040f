"""Ends tasks from outside their run: cancellation, deletion of a context or of an agent."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from agentkit.compose import Agent, Caller, RunContext, status_update
from agentkit.errors import EngineError, TaskNotCancelable, TaskNotFound
from agentkit.models import JsonObject, TaskState
from agentkit.tasks.live import LiveTask
from agentkit.tasks.repository import Scope, StoredTask
from agentkit.tasks.station import Station
from agentkit.tasks.tickets import Ticket, left_behind
from agentkit.tasks.verdict import end_stored, stopped_elsewhere, within


class Ending:
    """Stops runs and timers, and writes the last state of tasks that have none."""

    def __init__(self, station: Station) -> None:
        """Share the station."""
        self._station = station

    async def cancel(
        self, scope: Scope, task_id: str, caller: Caller, agent: Agent, metadata: JsonObject | None = None
    ) -> None:
        """Stop a task and what it set going elsewhere.

        Raises:
            TaskNotFound: There is none in this scope.
            TaskNotCancelable: The task has ended.
        """
        context = None
        while context is None:
            context = await self._ended(scope, task_id, caller, agent)
        await stopped_elsewhere(agent, replace(context, metadata=metadata))

    async def stop_agent(self, tenant: str, agent_id: str, agent: Agent) -> None:
        """Stop what is at work at an agent, whoever sent it."""

        async def stop(scope: Scope, task_id: str) -> None:
            with suppress(TaskNotFound, TaskNotCancelable):
                await self.cancel(scope, task_id, Caller(scope.owner, scope.tenant), agent)

        working = await self._station.repository.at_work(tenant, agent_id)
        await asyncio.gather(*(stop(scope, task_id) for scope, task_id in working))

    async def stop_context(self, scope: Scope, context_id: str) -> None:
        """Stop what is at work in a context, and what it set going elsewhere."""

        async def stop(live: LiveTask) -> None:
            stop_elsewhere = live.stop_elsewhere
            if await self._stop(live) and stop_elsewhere is not None:
                await stop_elsewhere()

        live = self._station.live.values()
        working = [one for one in live if one.scope == scope and one.task.context_id == context_id]
        await asyncio.gather(*map(stop, working))

    async def _ended(self, scope: Scope, task_id: str, caller: Caller, agent: Agent) -> RunContext | None:
        """Bring a task to its end; None when it has gone on meanwhile."""
        station = self._station
        live = station.live.get(task_id)
        ours = live is not None and live.scope == scope and await self._stop(live)
        stored = await station.repository.load(scope, task_id, 0)
        if stored is None:
            raise TaskNotFound("There is no such task.", task_id=task_id)
        state, context_id = stored.task.status.state, stored.task.context_id
        if state.is_terminal and not (ours and state is TaskState.CANCELED):
            raise TaskNotCancelable(f"The task is {state.value}.", task_id=task_id, context_id=context_id)
        # A run that was at work here has ended with the state it began with, for its agent to find what it set going.
        begun = live.opened.stored if live is not None and state.is_terminal else stored
        context = self._context(begun, caller, agent)
        if state.is_terminal:
            return context
        update = status_update(context, TaskState.CANCELED)
        if not await end_stored(station.repository, stored, update, station.clock()):
            return None
        station.open_tasks.ended(scope)
        with suppress(EngineError):
            # A timer, or a run in another process, or one whose message was stored just before the end.
            await within(station.engine_for(agent).cancel(context.run_id))
        # A turn whose message was stored just before the end has begun by now, and can store nothing any more.
        late = station.live.get(task_id)
        if late is not None and late is not live:
            await self._stop(late)
        return context

    def _context(self, stored: StoredTask, caller: Caller, agent: Agent) -> RunContext:
        station, context_id = self._station, stored.task.context_id
        with suppress(EngineError):
            return RunContext(
                context_id,
                stored.task.id,
                caller,
                station.engine_for(agent),
                run_id=Ticket.of(stored).run_id,
                state=station.states.of(stored.scope, context_id),
                path=(agent.name,),
                continuation=left_behind(stored.continuation),
            )
        return RunContext(context_id, stored.task.id, caller, station.engine, path=(agent.name,))

    async def _stop(self, live: LiveTask) -> bool:
        """Stop a run; False when it came to its own end before."""
        if live.settling:
            await live.wait()
            return live.cancel_wanted
        live.cancel_wanted = True
        await within(live.engine.cancel(live.run_id))
        return True
