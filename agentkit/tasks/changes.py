"""Who waits for news of a task is woken: by this process at once, by another one over PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from agentkit.storage import Database

CHANNEL: Final = "agentkit_tasks"
"""What the trigger of migration 2 notifies: key and id of a task, nothing else."""

POLL_SECONDS: Final = 5.0
"""A watch wakes at least so often, in case a notification was lost."""

Changed = Callable[[int], None]
"""Told the store's number of a task that was written, on the event loop; must return at once."""


class Watch:
    """Waits for news of one task; a wake-up is remembered until it is asked for, several count as one."""

    def __init__(self) -> None:
        """Use `Changes.watch`."""
        self.news = asyncio.Event()

    async def changed(self) -> None:
        """Return when the task may have changed since this returned last, or since the watch was opened."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self.news.wait()
        self.news.clear()


class Changes:
    """Knows who waits for which task."""

    def __init__(self, database: Database) -> None:
        """Hear of the tasks of a database; nothing is opened before somebody waits."""
        self._database = database
        self._watches: dict[str, set[Watch]] = {}
        self._listeners: list[Changed] = []
        self._listening: asyncio.Task[None] | None = None

    def tell(self, key: int, task_id: str) -> None:
        """A task was written."""
        for watch in self._watches.get(task_id, ()):
            watch.news.set()
        for listener in self._listeners:
            listener(key)

    @asynccontextmanager
    async def watch(self, task_id: str) -> AsyncGenerator[Watch]:
        """Wait for news of a task, from here on."""
        watch = Watch()
        self._watches.setdefault(task_id, set()).add(watch)
        try:
            await asyncio.shield(self._listen())
            yield watch
        finally:
            watches = self._watches[task_id]
            watches.discard(watch)
            if not watches:
                del self._watches[task_id]

    def on_change(self, listener: Changed) -> Callable[[], None]:
        """Tell a listener of every task that is written; returns what ends it."""
        self._listeners.append(listener)
        self._listen()
        return lambda: self._listeners.remove(listener)

    def _listen(self) -> asyncio.Task[None]:
        if self._listening is None:
            listening = self._database.listen(CHANNEL, self._heard)
            self._listening = asyncio.get_running_loop().create_task(listening)
        return self._listening

    def _heard(self, payload: str | None) -> None:
        if payload is None:
            for watches in self._watches.values():
                for watch in watches:
                    watch.news.set()
            return
        key, _, task_id = payload.partition(" ")
        self.tell(int(key), task_id)
