"""Sends messages: starts their turns and tells what comes of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from agentkit.models import Event, Task
from agentkit.tasks.following import Following
from agentkit.tasks.live import LiveTask
from agentkit.tasks.repository import Repeated, Scope, StoredTask
from agentkit.tasks.running import Running
from agentkit.tasks.station import Station
from agentkit.tasks.turns import Turn

Accepted = Callable[[StoredTask], Awaitable[None]]
"""Awaited once a message was taken in, before its sender hears of it."""


class Sending:
    """What a sender sees of a turn; the turn itself goes on without it."""

    def __init__(self, station: Station, running: Running, following: Following) -> None:
        """Share the parts of the service."""
        self._station = station
        self._running = running
        self._following = following

    async def send(self, turn: Turn, on_accepted: Accepted | None, *, blocking: bool) -> Task:
        """Send a message and return the task, settled or as it starts."""
        taken = await self._running.start(turn)
        await self._tell(on_accepted, taken, turn.scope)
        task_id = taken.task_id if isinstance(taken, Repeated) else taken.task.id
        live = self._station.live.get(task_id) if isinstance(taken, Repeated) else taken
        task = None
        if live is not None and blocking:
            await live.wait()
            task = live.final(turn.history_length)
        elif isinstance(taken, LiveTask):
            task = (await self._opening(taken, turn.history_length)).task
        if task is not None:
            return task
        stored = await self._following.stored(turn.scope, task_id, turn.history_length)
        if blocking and not stored.task.status.state.is_settled:
            # It waits for a timer, or is at work in another process.
            await self._following.settled(stored)
            stored = await self._following.stored(turn.scope, task_id, turn.history_length)
        return stored.task

    async def stream(
        self,
        turn: Callable[[], Turn],
        on_accepted: Accepted | None,
        after: int | None,
    ) -> AsyncGenerator[tuple[int, Event]]:
        """Send a message and follow its task from the start; a repeated one behind what was seen of it."""
        sent = turn()
        taken = await self._running.start(sent)
        await self._tell(on_accepted, taken, sent.scope)
        if isinstance(taken, Repeated):
            follow = self._following.follow(taken.task_id, sent.scope, sent.history_length, after=after)
        else:
            opening = await self._opening(taken, sent.history_length)
            yield opening.version, opening.task
            follow = self._following.updates(opening, opening.version, taken)
        async with aclosing(follow) as events:
            async for event in events:
                yield event

    async def _tell(self, on_accepted: Accepted | None, taken: LiveTask | Repeated, scope: Scope) -> None:
        if on_accepted is not None:
            repeated = isinstance(taken, Repeated)
            await on_accepted(
                await self._following.stored(scope, taken.task_id, 0) if repeated else taken.opened.stored
            )

    async def _opening(self, live: LiveTask, history_length: int | None) -> StoredTask:
        """The task as its turn begins; one that goes on is read, for what earlier turns said and made."""
        stored = live.opened.stored
        if live.opening is not None:
            return live.opening
        if live.opened.resumed:
            return await self._following.stored(live.scope, stored.task.id, history_length)
        if history_length == 0:
            return replace(stored, task=stored.task.model_copy(update={"history": ()}))
        return stored
