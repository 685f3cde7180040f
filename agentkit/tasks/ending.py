"""Ends tasks from outside their run: cancellation, recovery, deletion of a context."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from agentkit.compose import Agent, Caller, RunContext, status_update
from agentkit.engine import Engine
from agentkit.errors import TaskNotCancelable, TaskNotFound
from agentkit.models import JsonObject, TaskState
from agentkit.tasks.live import LiveTask
from agentkit.tasks.repository import Repository, Scope
from agentkit.tasks.verdict import end_stored, interrupted

STOP_SECONDS: Final = 10.0
"""How long a cancelled agent may take to stop, and to stop what it set going elsewhere."""

_log = logging.getLogger("agentkit.tasks")


class Ending:
    """Stops runs and writes the last state of tasks that have none."""

    def __init__(
        self,
        repository: Repository,
        engine: Engine,
        live: dict[str, LiveTask],
        clock: Callable[[], datetime],
    ) -> None:
        """Share the service's store, engine and live tasks."""
        self._repository = repository
        self._engine = engine
        self._live = live
        self._clock = clock

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
        try:
            await self._within(agent.cancel(replace(context, metadata=metadata)))
        except Exception as error:
            # What fails elsewhere does not hold up the cancellation here (A2A-CMP-01).
            _log.warning("cancel of agent %s raised %s", agent.name, type(error).__name__)

    async def stop_context(self, scope: Scope, context_id: str) -> None:
        """Stop what is at work in a context."""
        working = [live for live in self._live.values() if live.scope == scope and live.task.context_id == context_id]
        await asyncio.gather(*map(self._stop, working))

    async def recover(self) -> int:
        """Fail what a crash left at work; returns how many tasks there were."""
        ended = 0
        for stored in await self._repository.unsettled():
            if stored.task.id not in self._live:
                ended += await end_stored(self._repository, stored, interrupted(stored.task), self._clock())
        return ended

    async def _ended(self, scope: Scope, task_id: str, caller: Caller, agent: Agent) -> RunContext | None:
        """Bring a task to its end; None when it has gone on meanwhile."""
        live = self._live.get(task_id)
        ours = live is not None and live.scope == scope and await self._stop(live)
        stored = await self._repository.load(scope, task_id, 0)
        if stored is None:
            raise TaskNotFound("There is no such task.", task_id=task_id)
        state, context_id = stored.task.status.state, stored.task.context_id
        if state.is_terminal and not (ours and state is TaskState.CANCELED):
            raise TaskNotCancelable(f"The task is {state.value}.", task_id=task_id, context_id=context_id)
        context = RunContext(context_id, task_id, caller, self._engine, path=(agent.name,))
        if state.is_terminal:
            return context
        update = status_update(context, TaskState.CANCELED)
        if not await end_stored(self._repository, stored, update, self._clock()):
            return None
        # A turn whose message was stored just before the end has begun by now, and can store nothing any more.
        begun = self._live.get(task_id)
        if begun is not None and begun is not live:
            await self._stop(begun)
        return context

    async def _stop(self, live: LiveTask) -> bool:
        """Stop a run; False when it came to its own end before."""
        if live.settling:
            await live.wait()
            return live.cancel_wanted
        live.cancel_wanted = True
        await self._within(self._engine.cancel(live.run_id))
        return True

    async def _within(self, work: Awaitable[object]) -> None:
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await work
        except TimeoutError:
            _log.warning("something did not stop within %s seconds", STOP_SECONDS)
