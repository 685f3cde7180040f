"""Sends what happened to whoever asked to be told: behind the event log, never in the way of a stream (A2A-PUSH-07).

The event log is the outbox: a configuration knows the version its receiver has, whatever comes after is sent in order,
at least once, also after a restart. A receiver that does not answer is tried again with growing pauses; after
`ATTEMPTS` tries of one event the configuration is closed.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from agentkit.a2a.push.config import PushConfig
from agentkit.a2a.push.delivery import Delivered, Delivery
from agentkit.a2a.push.store import Claimed, Progress, PushStore
from agentkit.errors import StorageError
from agentkit.models import ArtifactUpdate, StatusUpdate
from agentkit.tasks import Repository
from agentkit.tasks.repository import Record
from agentkit.wire.a2a import encode_event
from agentkit.wire.jsontext import dump_json

ATTEMPTS: Final = 12
"""Tries of one event; with the pauses below they span about a quarter of an hour."""

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 300.0
"""Seconds before the second try, and at most between two; each pause is up to a quarter shorter, at random."""

AT_ONCE: Final = 16
"""Receivers that are called at the same time."""

_BATCH: Final = 100
_LEASE: Final = 90.0
_STINT: Final = 30.0
_IDLE: Final = 30.0
_SECOND: Final = 1_000_000

_log = logging.getLogger("agentkit.a2a.push")


class Outbox:
    """The sender of one process; several may share a database."""

    def __init__(
        self,
        repository: Repository,
        store: PushStore,
        delivery: Delivery,
        *,
        attempts: int = ATTEMPTS,
        first_pause: float = FIRST_PAUSE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; `running` sends.

        Args:
            repository: Of the tasks.
            store: Of the configurations.
            delivery: Posts.
            attempts: Tries of one event before its configuration is closed.
            first_pause: Seconds before the second try.
            clock: The time, with time zone.
        """
        self._repository = repository
        self._store = store
        self._delivery = delivery
        self._attempts = attempts
        self._first_pause = first_pause
        self._clock = clock
        self._changed = asyncio.Event()
        self._watched: set[int] = set()
        self._sending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Send while the block lasts; what is under way at its end is sent again later."""
        forget = self._repository.on_change(self._written)
        task = asyncio.create_task(self._run(), name="agentkit-push-outbox")
        try:
            yield
        finally:
            forget()
            left = {task, *self._sending}
            for one in left:
                one.cancel()
            await asyncio.wait(left)

    def watch(self, key: int) -> None:
        """There is a new configuration for the task with this number of the store."""
        self._watched.add(key)
        self._changed.set()

    def _written(self, key: int) -> None:
        # Nearly all writes are to tasks that nobody asked to be told about; those must not cost a look.
        if key in self._watched:
            self._changed.set()

    async def _run(self) -> None:
        began = False
        while True:
            self._changed.clear()
            try:
                if not began:
                    await self._store.drop_orphans()
                    self._watched.update(await self._store.watched())
                    began = True
                pause = await self._send_due()
            except StorageError as error:
                _log.warning("the outbox could not be read: %s", type(error).__name__)
                pause = _IDLE
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def _send_due(self) -> float:
        """Start what is due; returns the seconds until there may be more."""
        room = AT_ONCE - len(self._sending)
        if room <= 0:
            return _IDLE
        now = self._now()
        claimed = await self._store.claim(now, now + int(_LEASE * _SECOND), room)
        for one in claimed:
            task = asyncio.create_task(self._send(one))
            self._sending.add(task)
            task.add_done_callback(self._sent)
        if len(claimed) == room:
            return _IDLE
        due = await self._store.next_due()
        return _IDLE if due is None else min(_IDLE, max(0.0, (due - self._now()) / _SECOND))

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("a notification was not sent: %s", type(error).__name__)

    async def _send(self, claimed: Claimed) -> None:
        config, progress = claimed.config, Progress(claimed.delivered, claimed.attempts)
        stored = await self._repository.load(claimed.scope, config.task_id, 0)
        if stored is None:
            await self._store.delete(claimed.scope, config.task_id, config.id)
            return
        if stored.task.status.state.is_terminal:
            self._watched.discard(stored.key)
        try:
            events = await self._repository.events(stored.key, claimed.scope, claimed.delivered, _BATCH)
            await self._send_all(events, config, progress)
        finally:
            # What is cancelled by the end of the process is noted too, so that little is sent twice.
            await asyncio.shield(self._store.advance(config, progress))

    async def _send_all(self, events: Sequence[tuple[int, Record]], config: PushConfig, progress: Progress) -> None:
        until = self._now() + int(_STINT * _SECOND)
        for version, record in events:
            if isinstance(record, StatusUpdate | ArtifactUpdate):
                body = dump_json(encode_event(record))
                outcome = await self._delivery.post(config.url, config.headers(), body)
                if outcome is not Delivered.TAKEN:
                    self._put_off(config, progress, for_ever=outcome is Delivered.NEVER)
                    return
            progress.delivered, progress.attempts = version, 0
            if isinstance(record, StatusUpdate) and record.status.state.is_terminal:
                progress.open = False
            if self._now() > until:
                return

    def _put_off(self, config: PushConfig, progress: Progress, *, for_ever: bool) -> None:
        progress.attempts += 1
        progress.due = self._now() + int(self._pause(progress.attempts) * _SECOND)
        if for_ever or progress.attempts >= self._attempts:
            progress.open = False
            _log.warning("push configuration %s of task %s was closed", config.id, config.task_id)

    def _pause(self, attempts: int) -> float:
        longest = min(LONGEST_PAUSE, self._first_pause * 2 ** (attempts - 1))
        return longest * random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, protects nothing

    def _now(self) -> int:
        return int(self._clock().timestamp() * _SECOND)
