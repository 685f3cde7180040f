"""A task at work: what its agent publishes, and those who follow it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from agentkit.compose import NOTHING, USAGE_KEY, ArtifactStore, Usage
from agentkit.compose.continuation import PASSING_KEYS
from agentkit.engine import Engine
from agentkit.errors import AgentKitError, TurnExceeded
from agentkit.models import ArtifactUpdate, JsonObject, Message, StatusUpdate, Task, TaskState, TaskStatus
from agentkit.models.base import altered, assembled
from agentkit.tasks.codec import encode, encode_object, stamped
from agentkit.tasks.limits import Limits
from agentkit.tasks.repository import Entry, Opened, Record, Repository, StoredTask
from agentkit.tasks.window import RECENT_EVENTS, Window
from agentkit.tasks.writing import EventWriter, TurnLost


class LiveTask:
    """One run of a turn in this process: the agent's side publishes, any number of followers read.

    On an engine that forgets, an event is seen at once and stored with the next batch. On a durable one it is stored
    first: a run that goes on after a crash must not tell another story than the one that was seen.
    """

    def __init__(
        self,
        repository: Repository,
        opened: Opened,
        run_id: str,
        engine: Engine,
        clock: Callable[[], datetime],
        limits: Limits,
        stop_elsewhere: Callable[[], Awaitable[None]],
    ) -> None:
        """Take over a task whose message was stored; `stop_elsewhere` stops what its run has set going elsewhere."""
        stored = opened.stored
        self.opened = opened
        self.opening: StoredTask | None = None
        self.run_id = run_id
        self.engine = engine
        self.scope = stored.scope
        self.stop_elsewhere: Callable[[], Awaitable[None]] | None = stop_elsewhere
        self.key = stored.key
        self.task = stored.task
        self.version = stored.version
        self.ended = False
        self.error: AgentKitError | None = None
        self.settling = False
        self.cancel_wanted = False
        self._repository = repository
        self._clock = clock
        self._limits = limits
        self._size = 0
        self._window = Window(stored.version)
        self._unseen: deque[tuple[int, Record]] = deque()
        self._writer = EventWriter(repository, stored, clock, self._see if engine.durable else None)
        self._partial = opened.resumed or stored.version > stored.turn
        self._talk: list[Message] = [opened.message]
        self._artifacts = ArtifactStore(stored.task.artifacts)
        self._known = {artifact.artifact_id for artifact in stored.task.artifacts}
        self._whole = True
        self._silent = False

    @property
    def seen(self) -> int:
        """The version of the newest event that followers can see."""
        return self._window.version

    async def begin(self, *, followed: bool, continuation: JsonObject | None = None) -> None:
        """The run starts.

        `working` is published when somebody follows, else when there is need to. A durable run stores it before the
        agent does anything: a task that is `submitted` has not begun. So does one that waited for a timer, with what is
        kept of it from now on.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        self._silent = self.task.status.state is not TaskState.WORKING or continuation is not None
        stored_first = self.engine.durable or continuation is not None
        if followed or stored_first:
            self.show_working()
        if stored_first:
            await self._writer.flush(encode_object(continuation))

    def show_working(self) -> None:
        """Publish `working` unless the agent has said something itself."""
        if self._silent:
            self.publish(self._update(TaskState.WORKING))

    def publish(self, update: StatusUpdate | ArtifactUpdate) -> None:
        """Show an update to all followers and put it into the next batch.

        Raises:
            EngineError: It cannot be stored; nobody has seen it.
            TurnExceeded: The turn has said too much.
        """
        record = self._completed(update)
        entry = encode(record)
        self._weigh(entry)
        if isinstance(record, StatusUpdate):
            self._silent = False
        else:
            self.show_working()
        self._apply(record)
        self.version += 1
        if self.engine.durable:
            self._unseen.append((self.version, record))
        else:
            self._window.show(self.version, record)
            self._window.wake()
        self._writer.add(entry, self.task)

    async def make_room(self) -> None:
        """Store what is pending when it is a full batch; to be awaited after each `publish`.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        await self._writer.make_room()

    async def flush(self) -> None:
        """Store what is pending.

        Raises:
            TurnLost: The turn cannot be stored any more.
        """
        await self._writer.flush()

    async def leave(self) -> None:
        """Another process goes on: store what was said here, so that it finds all of it."""
        with suppress(TurnLost):
            await self._writer.drain()

    async def settle(self, update: StatusUpdate, continuation: JsonObject | None) -> None:
        """Store everything with the update that ends the run; `end` shows it, so what is seen settled is stored.

        Raises:
            EngineError: The update cannot be stored; the turn is as it was.
            TurnLost: The turn cannot be stored any more.
        """
        self._writer.check()
        record = self._completed(update)
        entry, kept = encode(record), encode_object(continuation)
        self.settling = True
        if update.metadata or self.task.metadata:
            self.task = altered(self.task, {"metadata": self._merged(update.metadata or {}) or None})
        self._apply(record)
        await self._writer.finish(entry, self.task, kept, self._artifacts.all() if self._whole else None)
        self._see(self.version)
        self.version += 1
        self._window.show(self.version, record)

    def end(self, error: AgentKitError | None = None) -> None:
        """Nothing follows from this run any more; an error is raised to whoever waits."""
        self.ended = True
        self.error = error
        self._writer.stop_timer()
        self._window.wake()

    def final(self, history_length: int | None) -> Task | None:
        """The task with its history, or None where it must be read from the store."""
        if not self.task.status.state.is_settled or self._partial or self._writer.doubtful:
            return None
        talk = self._talk
        shown = talk[:-1] if self.task.status.message is talk[-1] else talk
        if history_length is not None:
            shown = shown[-history_length:] if history_length > 0 else []
        return altered(self.task, {"history": tuple(shown), "artifacts": self._artifacts.all()})

    async def wait(self) -> None:
        """Wait until the run has ended.

        Raises:
            StorageError: It could not be stored.
        """
        while not self.ended:
            await self._window.changed()
        if self.error is not None:
            raise self.error

    async def follow(self, after: int) -> AsyncGenerator[tuple[int, StatusUpdate | ArtifactUpdate]]:
        """All updates behind a version with theirs, in order, until the run has ended."""
        while True:
            behind = self._window.behind(after)
            if behind is None:
                with suppress(TurnLost):
                    await self.flush()
                behind = list(await self._repository.events(self.key, self.scope, after, RECENT_EVENTS))
            for version, record in behind:
                after = version
                if not isinstance(record, Message):
                    yield version, record
            if after >= self._window.version or not behind:
                if self.ended:
                    if self.error is not None:
                        raise self.error
                    return
                await self._window.changed()

    def _see(self, last: int) -> None:
        while self._unseen and self._unseen[0][0] <= last:
            self._window.show(*self._unseen.popleft())
        self._window.wake()

    def _weigh(self, entry: Entry) -> None:
        self._size += len(entry.body)
        if self.version - self.opened.stored.turn >= self._limits.events:
            raise TurnExceeded(f"The turn has more than {self._limits.events} events.", task_id=self.task.id)
        if self._size > self._limits.size:
            limit = self._limits.size
            raise TurnExceeded(f"The turn says more than {limit} characters of JSON.", task_id=self.task.id)

    def _update(self, state: TaskState) -> StatusUpdate:
        status = assembled(TaskStatus, {"state": state}, {})
        ids: dict[str, object] = {"task_id": self.task.id, "context_id": self.task.context_id}
        return assembled(StatusUpdate, {**ids, "status": status}, {})

    def _completed(self, update: StatusUpdate | ArtifactUpdate) -> StatusUpdate | ArtifactUpdate:
        if isinstance(update, ArtifactUpdate):
            return update
        status = update.status
        changes: dict[str, object] = {"timestamp": status.timestamp or self._clock()}
        if status.message is not None:
            changes["message"] = stamped(status.message, self.task.id, self.task.context_id)
        return altered(update, {"status": altered(status, changes)})

    def _merged(self, metadata: JsonObject) -> JsonObject:
        """The task's metadata with that of the end, in place of that of the last one; what was used is summed."""
        before = {key: value for key, value in (self.task.metadata or {}).items() if key not in PASSING_KEYS}
        merged: JsonObject = {**before, **metadata}
        if USAGE_KEY in before and USAGE_KEY in metadata:
            total = Usage.of(before) + Usage.of(metadata)
            if total != NOTHING:
                merged[USAGE_KEY] = total.json()
        return merged

    def _apply(self, record: StatusUpdate | ArtifactUpdate) -> None:
        if isinstance(record, ArtifactUpdate):
            identifier = record.artifact.artifact_id
            # What an earlier turn left under this id is known to the store, which then puts the two together.
            self._whole &= not record.append or not self.opened.resumed or identifier in self._known
            self._known.add(identifier)
            self._artifacts.add(record)
            return
        status = record.status
        if status.message is not None:
            self._talk.append(status.message)
            if len(self._talk) > RECENT_EVENTS:
                self._talk = self._talk[-2:]
                self._partial = True
        self.task = altered(self.task, {"status": status})
