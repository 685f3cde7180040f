"""Events of a task with the versions they led to, for as long as somebody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Final, Self

from agentkit.errors import TaskNotContinuable, TaskNotFound
from agentkit.models import Event, Message
from agentkit.tasks.changes import Watch
from agentkit.tasks.live import LiveTask
from agentkit.tasks.repository import Scope, StoredTask
from agentkit.tasks.station import Station
from agentkit.tasks.writing import TurnLost

PAGE: Final = 256
"""So many events of the log are read at once."""


class Followed(AsyncIterator[Event]):
    """The events of a task, in order.

    Attributes:
        version: The version of the task that the event seen last led to. It grows with every event, and is the same on
            every stream of the task: the cursor of a stream (design, section 7).
    """

    def __init__(self, events: AsyncGenerator[tuple[int, Event]]) -> None:
        """Follow events that come with their versions."""
        self._events = events
        self.version = 0

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> Event:
        """The next event.

        Raises:
            StopAsyncIteration: Nothing follows until somebody sends a message.
        """
        self.version, event = await anext(self._events)
        return event

    def numbered(self) -> AsyncGenerator[tuple[int, Event]]:
        """The events with their versions, for whoever numbers them himself; in place of iterating over this."""
        return self._events

    async def aclose(self) -> None:
        """Stop following; the task goes on."""
        await self._events.aclose()


class Following:
    """Follows tasks wherever they are at work: here, in another process, or nowhere until their timer wakes them.

    A follower reads at its own pace, here from a bounded window and behind it, as everywhere else, from the event log.
    """

    def __init__(self, station: Station) -> None:
        """Share the station."""
        self._station = station
        self._closed = asyncio.Event()

    def close(self) -> None:
        """Whoever waits for a task that is not at work here has waited enough."""
        self._closed.set()

    async def stored(self, scope: Scope, task_id: str, history_length: int | None) -> StoredTask:
        """The task as it is kept.

        Raises:
            TaskNotFound: There is none in this scope.
        """
        stored = await self._station.repository.load(scope, task_id, history_length)
        if stored is None:
            raise TaskNotFound("There is no such task.", task_id=task_id)
        return stored

    async def caught_up(self, scope: Scope, task_id: str) -> LiveTask | None:
        """The live task of this scope, with all it has said so far in the store."""
        live = self._station.live.get(task_id)
        if live is None or live.scope != scope:
            return None
        if not live.settling:
            live.show_working()
            with suppress(TurnLost):
                await live.flush()
        return live

    async def caught_up_in(self, scope: Scope, context_id: str) -> None:
        """The same for all live tasks of a context."""
        live = [one for one in self._station.live.values() if one.task.context_id == context_id]
        for one in live:
            await self.caught_up(scope, one.task.id)

    async def follow(
        self,
        task_id: str,
        scope: Scope,
        history_length: int | None,
        *,
        refuse_ended: bool = False,
        after: int | None = None,
    ) -> AsyncGenerator[tuple[int, Event]]:
        """The task, then its updates until it is settled; behind a version that it has passed, only the updates.

        Raises:
            TaskNotFound: There is none in this scope.
            TaskNotContinuable: The task has ended, and nothing was missed.
        """
        live = await self.caught_up(scope, task_id)
        stored = await self.stored(scope, task_id, history_length)
        state, seen = stored.task.status.state, stored.version
        reached = stored.version if live is None else max(stored.version, live.seen)
        missed = after is not None and 0 < after < reached
        if refuse_ended and live is None and state.is_terminal and not missed:
            raise TaskNotContinuable(f"The task is {state.value}; nothing follows.", task_id=task_id)
        if after is not None and missed:
            seen = after
        else:
            yield stored.version, stored.task
        if missed or not state.is_settled:
            async with aclosing(self.updates(stored, seen)) as updates:
                async for update in updates:
                    yield update

    async def updates(
        self, stored: StoredTask, seen: int, live: LiveTask | None = None
    ) -> AsyncGenerator[tuple[int, Event]]:
        """What follows a version, until the task is settled, gone, or the service is closed."""
        settled = False
        live = live or self._station.live.get(stored.task.id)
        while not settled:
            if live is None:
                async with aclosing(self._logged(stored, seen)) as logged:
                    async for seen, event in logged:
                        yield seen, event
                live = self._station.live.get(stored.task.id)
                settled = live is None
                continue
            async with aclosing(live.follow(seen)) as updates:
                async for seen, event in updates:
                    yield seen, event
            settled = live.settling and live.task.status.state.is_settled
            live = None

    async def settled(self, stored: StoredTask) -> None:
        """Wait until a task is settled, wherever it is at work."""
        async with aclosing(self.updates(stored, stored.version)) as updates:
            async for _ in updates:
                pass

    async def _logged(self, stored: StoredTask, seen: int) -> AsyncGenerator[tuple[int, Event]]:
        """What the event log says until the task is settled, or at work here."""
        repository, task_id = self._station.repository, stored.task.id
        async with repository.watch(task_id) as watch:
            while not self._closed.is_set():
                page = await repository.events(stored.key, stored.scope, seen, PAGE)
                for seen, record in page:
                    if not isinstance(record, Message):
                        yield seen, record
                if page:
                    continue
                now = await repository.load(stored.scope, task_id, 0)
                if now is None or (now.version <= seen and now.task.status.state.is_settled):
                    return
                live = self._station.live.get(task_id)
                if live is not None and not live.ended:
                    return
                if now.version <= seen:
                    await self._changed(watch)

    async def _changed(self, watch: Watch) -> None:
        changed = asyncio.ensure_future(watch.changed())
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((changed, closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            closed.cancel()
