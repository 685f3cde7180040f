"""Erases conversations: on demand, and when their time is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from agentkit.errors import ContextNotFound
from agentkit.tasks.codec import micros
from agentkit.tasks.ending import Ending
from agentkit.tasks.repository import Scope
from agentkit.tasks.station import Station

ContextDeleted = Callable[[Scope, str], Awaitable[None]]
"""Told whose context, and which, once it is hidden and nothing is at work in it any more."""

BATCH: Final = 100
"""So many contexts are hidden in one transaction."""


class Forgetting:
    """Hides conversations, stops what is at work in them, tells the listeners, and has the content scrubbed.

    In this order nothing can be added behind the back of what deletes. After a crash `resume` does the rest.
    """

    def __init__(self, station: Station, ending: Ending) -> None:
        """Share the station."""
        self._station = station
        self._ending = ending
        self._listeners: list[ContextDeleted] = []

    def on_context_deleted(self, listener: ContextDeleted) -> None:
        """Have a listener awaited whenever a context is deleted, to drop what else is kept of it."""
        self._listeners.append(listener)

    async def delete(self, scope: Scope, context_id: str) -> None:
        """Erase a conversation.

        Raises:
            ContextNotFound: There is none in this scope, or it was deleted before.
        """
        await self._ending.stop_context(scope, context_id)
        found = await self._station.repository.hide_context(scope, context_id, micros(self._station.clock()))
        if not found:
            raise ContextNotFound("There is no such context.", context_id=context_id)
        await self.finish([(scope, context_id)])

    async def hide_expired(self) -> Sequence[tuple[Scope, str]]:
        """Hide what has had its time (CTX-04), so that nobody finds it any more; `finish` does the rest.

        Returns:
            Which conversations they were.
        """
        now = micros(self._station.clock())
        hidden: list[tuple[Scope, str]] = []
        more = True
        while more:
            some = await self._station.repository.hide_expired(now, BATCH)
            hidden += some
            more = len(some) == BATCH
        return hidden

    async def finish(self, hidden: Sequence[tuple[Scope, str]]) -> None:
        """Stop what is at work in hidden conversations and remove their content."""
        for scope, context_id in hidden:
            # A turn whose message was stored just before has begun by now, and can store nothing any more.
            await self._ending.stop_context(scope, context_id)
            if self._station.vault is not None:
                self._station.vault.forget((scope, context_id))
            for listener in self._listeners:
                await listener(scope, context_id)
        await self._station.repository.scrub()

    async def resume(self) -> int:
        """Remove the content of what a crash left hidden; returns how many tasks it was."""
        return await self._station.repository.scrub()
