"""What followers of a task at work have not read yet, bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

from agentkit.tasks.repository import Record

RECENT_EVENTS: Final = 1024
"""So many events are kept in memory for followers; who lags further behind reads the event log."""


class Window:
    """The newest events of a task, and who waits for more: no follower can hold up the run or another follower.

    Attributes:
        version: Of the newest event shown.
    """

    def __init__(self, version: int) -> None:
        """Show nothing yet."""
        self.version = version
        self._recent: deque[tuple[int, Record]] = deque(maxlen=RECENT_EVENTS)
        self._waiters: list[asyncio.Future[None]] = []

    def show(self, version: int, record: Record) -> None:
        """Show the next event; `wake` tells those who wait."""
        self.version = version
        self._recent.append((version, record))

    def behind(self, after: int) -> list[tuple[int, Record]] | None:
        """What was shown behind a version; None where the event log has to be read."""
        if after >= self.version:
            return []
        if self._recent and self._recent[0][0] <= after + 1:
            return [self._recent[-back] for back in range(self.version - after, 0, -1)]
        return None

    async def changed(self) -> None:
        """Wait for `wake`."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter.cancelled():
                with suppress(ValueError):
                    self._waiters.remove(waiter)

    def wake(self) -> None:
        """Something was shown, or nothing follows any more."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
