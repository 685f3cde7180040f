"""A task at work: seen at once by whoever follows it, stored in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from agentkit.compose import ArtifactStore
from agentkit.errors import AgentKitError, EngineError, StorageError
from agentkit.models import ArtifactUpdate, JsonObject, Message, StatusUpdate, Task, TaskState, TaskStatus
from agentkit.tasks.codec import encode, encode_object, micros, stamped
from agentkit.tasks.repository import Append, Entry, Opened, Record, Repository

FLUSH_SECONDS: Final = 0.05
"""Events wait at most so long for the store; a crash loses no more of a task that is still at work."""

FLUSH_EVENTS: Final = 64
"""So many events are stored at once, whatever the time; more in a task that has many already."""

RECENT_EVENTS: Final = 1024
"""So many events are kept in memory for followers; who lags further behind reads the event log."""


class TurnLost(Exception):
    """The turn cannot be stored any more: by an error of the store, or, without one, because somebody else ended it."""

    def __init__(self, error: AgentKitError | None) -> None:
        """Keep the store's error."""
        super().__init__()
        self.error = error


class LiveTask:
    """One turn of a task in this process.

    The run publishes; any number of followers read, each at its own pace, from a bounded window of recent events and
    behind it from the event log. No follower can hold up the run or another follower.
    """

    def __init__(self, repository: Repository, opened: Opened, run_id: str, clock: Callable[[], datetime]) -> None:
        """Take over a task whose message was just stored."""
        stored = opened.stored
        self.opened = opened
        self.run_id = run_id
        self.scope = stored.scope
        self.key = stored.key
        self.task = stored.task
        self.version = stored.version
        self.ended = False
        self.error: AgentKitError | None = None
        self.settling = False
        self.cancel_wanted = False
        self._repository = repository
        self._clock = clock
        self._partial = opened.resumed
        self._reread = False
        self._talk: list[Message] = [opened.message]
        self._artifacts = ArtifactStore(stored.task.artifacts)
        self._silent = False
        self._stored = stored.version
        self._recent: deque[tuple[int, Record]] = deque(maxlen=RECENT_EVENTS)
        self._pending: list[Entry] = []
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._lost: TurnLost | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def begin(self, *, followed: bool) -> None:
        """The run starts: `working` is published at once when somebody follows, else when there is need to."""
        self._silent = True
        if followed:
            self.show_working()

    def show_working(self) -> None:
        """Publish `working` unless the agent has said something itself."""
        if self._silent:
            self.publish(self._update(TaskState.WORKING))

    def publish(self, update: StatusUpdate | ArtifactUpdate) -> None:
        """Show an update to all followers and put it into the next batch.

        Raises:
            EngineError: It cannot be stored; nobody has seen it.
        """
        record = self._completed(update)
        entry = encode(record)
        if isinstance(record, StatusUpdate):
            self._silent = False
        else:
            self.show_working()
        self._apply(record)
        self.version += 1
        self._recent.append((self.version, record))
        self._pending.append(entry)
        self._wake()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush_later)

    async def make_room(self) -> None:
        """Store what is pending when it is a full batch; to be awaited after each `publish`.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        if self._lost is not None:
            raise self._lost
        # Each batch rewrites the snapshot, so batches grow with what it may hold.
        if len(self._pending) >= min(max(FLUSH_EVENTS, self.version // 8), RECENT_EVENTS):
            await self.flush()

    async def flush(self) -> None:
        """Store what is pending.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        self._stop_timer()
        if not self._pending:
            return
        batch = self._batch(self._pending, None)
        self._pending = []
        await self._store(batch)

    async def settle(self, update: StatusUpdate, continuation: JsonObject | None) -> None:
        """Store everything with the update that ends the turn; `end` shows it, so what is seen settled is stored.

        Raises:
            EngineError: The update cannot be stored; the turn is as it was.
            TurnLost: The turn cannot be stored any more.
        """
        if self._lost is not None:
            raise self._lost
        record = self._completed(update)
        pending, kept = [*self._pending, encode(record)], encode_object(continuation)
        self.settling = True
        self._stop_timer()
        if update.metadata:
            merged: JsonObject = {**(self.task.metadata or {}), **update.metadata}
            self.task = self.task.model_copy(update={"metadata": merged})
        self._apply(record)
        self._pending = []
        batch = self._batch(pending, kept)
        try:
            await self._store(batch)
        except asyncio.CancelledError:
            # The write may be under way: writing again waits for it, and is refused when it was done.
            self._reread = True
            with suppress(TurnLost):
                await self._store(batch)
        self.version += 1
        self._recent.append((self.version, record))

    def end(self, error: AgentKitError | None = None) -> None:
        """Nothing follows any more; an error is raised to whoever waits."""
        self.ended = True
        self.error = error
        self._stop_timer()
        self._wake()

    def final(self, history_length: int | None) -> Task | None:
        """The task with its history, or None where the history must be read from the store."""
        if not self.task.status.state.is_settled or self._reread or (self._partial and history_length != 0):
            return None
        talk = self._talk
        shown = talk[:-1] if self.task.status.message is talk[-1] else talk
        if history_length is not None:
            shown = shown[-history_length:] if history_length > 0 else []
        return self.task.model_copy(update={"history": tuple(shown)})

    async def wait(self) -> None:
        """Wait until the turn has ended.

        Raises:
            StorageError: It could not be stored.
        """
        while not self.ended:
            await self._changed()
        if self.error is not None:
            raise self.error

    async def follow(self, after: int) -> AsyncGenerator[tuple[int, StatusUpdate | ArtifactUpdate]]:
        """All updates behind a version with theirs, in order, until the turn has ended."""
        while True:
            behind = await self._behind(after)
            for version, record in behind:
                after = version
                if not isinstance(record, Message):
                    yield version, record
            if after >= self.version or not behind:
                if self.ended:
                    if self.error is not None:
                        raise self.error
                    return
                await self._changed()

    async def _behind(self, after: int) -> list[tuple[int, Record]]:
        if after >= self.version:
            return []
        if self._recent and self._recent[0][0] <= after + 1:
            return [self._recent[-back] for back in range(self.version - after, 0, -1)]
        with suppress(TurnLost):
            await self.flush()
        return list(await self._repository.events(self.key, self.scope, after, RECENT_EVENTS))

    async def _changed(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if not waiter.done() or waiter.cancelled():
                with suppress(ValueError):
                    self._waiters.remove(waiter)

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _update(self, state: TaskState) -> StatusUpdate:
        return StatusUpdate.model_construct(
            task_id=self.task.id, context_id=self.task.context_id, status=TaskStatus.model_construct(state=state)
        )

    def _completed(self, update: StatusUpdate | ArtifactUpdate) -> StatusUpdate | ArtifactUpdate:
        if isinstance(update, ArtifactUpdate):
            return update
        status = update.status
        changes: dict[str, object] = {"timestamp": status.timestamp or self._clock()}
        if status.message is not None:
            changes["message"] = stamped(status.message, self.task.id, self.task.context_id)
        return update.model_copy(update={"status": status.model_copy(update=changes)})

    def _apply(self, record: StatusUpdate | ArtifactUpdate) -> None:
        if isinstance(record, ArtifactUpdate):
            self._artifacts.add(record)
            return
        status = record.status
        if status.message is not None:
            self._talk.append(status.message)
            if len(self._talk) > RECENT_EVENTS:
                self._talk = self._talk[-2:]
                self._partial = True
        self.task = self.task.model_copy(update={"status": status})

    def _batch(self, events: list[Entry], continuation: str | None) -> Append:
        artifacts = self._artifacts.all()
        if artifacts:
            self.task = self.task.model_copy(update={"artifacts": artifacts})
        first = self._stored + 1
        # Counted before the write: calls for one task take effect in order, so the next batch follows this one.
        self._stored += len(events)
        status = self.task.status
        updated = micros(status.timestamp or self._clock())
        return Append(self.key, self.scope, first, events, self.task, updated, continuation)

    def _flush_later(self) -> None:
        if self._flushing is not None and not self._flushing.done():
            # The store is slow: what is pending waits, so that no more than a batch or two lie in memory.
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush_later)
            return
        self._timer = None
        self._flushing = asyncio.get_running_loop().create_task(self._flush_quietly())

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except TurnLost as lost:
            # The run meets it at its next event or at its end.
            self._lost = lost

    async def _store(self, batch: Append) -> None:
        try:
            stored = await self._repository.append(batch)
        except (StorageError, EngineError) as error:
            self._reread = True
            raise TurnLost(error) from error
        if not stored:
            self._reread = True
            raise TurnLost(None)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
