"""Stores the events of a task at work in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from agentkit.errors import AgentKitError, EngineError, StorageError
from agentkit.models import Artifact, Task
from agentkit.tasks.codec import micros
from agentkit.tasks.repository import Append, Entry, Repository, StoredTask

FLUSH_SECONDS: Final = 0.05
"""Events wait at most so long for the store; a crash loses no more of a task that is still at work."""

FLUSH_EVENTS: Final = 64
"""So many events are stored at once, whatever the time."""


class TurnLost(Exception):
    """The turn cannot be stored any more: by an error of the store, or, without one, because somebody else ended it."""

    def __init__(self, error: AgentKitError | None) -> None:
        """Keep the store's error."""
        super().__init__()
        self.error = error


class EventWriter:
    """Batches of one task in order, each with the task as it was when the batch was made.

    Attributes:
        doubtful: A write failed or was left: what is stored is known only to the store.
    """

    def __init__(
        self,
        repository: Repository,
        stored: StoredTask,
        clock: Callable[[], datetime],
        told: Callable[[int], None] | None,
    ) -> None:
        """Write behind what is stored.

        Args:
            repository: Where to.
            stored: The task as it is there.
            clock: The time.
            told: Called with the version that is stored; events are then written at once, one batch after the other.
                Without it they wait for `FLUSH_SECONDS`.
        """
        self.doubtful = False
        self._repository = repository
        self._key = stored.key
        self._scope = stored.scope
        self._clock = clock
        self._told = told
        self._stored = stored.version
        self._task = stored.task
        self._pending: list[Entry] = []
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._lost: TurnLost | None = None

    def add(self, entry: Entry, task: Task) -> None:
        """Put an event into the next batch, with the task it leads to."""
        self._pending.append(entry)
        self._task = task
        if self._told is not None:
            if self._flushing is None or self._flushing.done():
                self._flushing = asyncio.get_running_loop().create_task(self._flush_quietly())
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush_later)

    def check(self) -> None:
        """See whether a write failed that nobody waited for.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        if self._lost is not None:
            raise self._lost

    async def make_room(self) -> None:
        """Store what is pending when it is a full batch.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        self.check()
        if len(self._pending) >= FLUSH_EVENTS:
            await self.flush()

    async def flush(self, continuation: str | None = None) -> None:
        """Store what is pending.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        self.stop_timer()
        if self._pending:
            await self._store(self._batch(continuation, ()))

    async def finish(
        self, entry: Entry, task: Task, continuation: str | None, artifacts: Sequence[Artifact] | None
    ) -> None:
        """Store everything with the last event, also when the caller is cancelled.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        self.stop_timer()
        self._pending.append(entry)
        self._task = task
        batch = self._batch(continuation, artifacts)
        try:
            await self._store(batch)
        except asyncio.CancelledError:
            # The write may be under way: writing again waits for it, and is refused when it was done.
            self.doubtful = True
            with suppress(TurnLost):
                await self._store(batch)

    async def drain(self) -> None:
        """Store everything that was added, and wait for what is being stored.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        if self._flushing is not None:
            await asyncio.shield(self._flushing)
        self.check()
        await self.flush()

    def stop_timer(self) -> None:
        """Write nothing by itself any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _batch(self, continuation: str | None, artifacts: Sequence[Artifact] | None) -> Append:
        events, self._pending = self._pending, []
        first = self._stored + 1
        # Counted before the write: calls for one task take effect in order, so the next batch follows this one.
        self._stored += len(events)
        updated = micros(self._task.status.timestamp or self._clock())
        return Append(self._key, self._scope, first, events, self._task, updated, continuation, artifacts)

    def _flush_later(self) -> None:
        if self._flushing is not None and not self._flushing.done():
            # The store is slow: what is pending waits, so that no more than a batch or two lie in memory.
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush_later)
            return
        self._timer = None
        self._flushing = asyncio.get_running_loop().create_task(self._flush_quietly())

    async def _flush_quietly(self) -> None:
        try:
            while self._pending:
                await self.flush()
        except TurnLost as lost:
            # The run meets it at its next event or at its end.
            self._lost = lost

    async def _store(self, batch: Append) -> None:
        try:
            stored = await self._repository.append(batch)
        except (StorageError, EngineError) as error:
            self.doubtful = True
            raise TurnLost(error) from error
        if not stored:
            self.doubtful = True
            raise TurnLost(None)
        if self._told is not None:
            self._told(batch.first + len(batch.events) - 1)
