"""What several tasks tell one reader while they are at work."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final, Generic, TypeVar

T = TypeVar("T")

WINDOW: Final = 64
"""So many items wait for a reader that is slow; then their writers wait, too."""


class Channel(Generic[T]):
    """A bounded queue whose reader can also be told to look around; nothing in it is lost or changes its order."""

    def __init__(self, size: int = WINDOW) -> None:
        """Make an empty channel."""
        self._items: deque[T] = deque()
        self._room = asyncio.Semaphore(size)
        self._news = asyncio.Event()

    async def put(self, item: T) -> None:
        """Hand an item over; waits while the channel is full."""
        await self._room.acquire()
        self._items.append(item)
        self._news.set()

    def take(self) -> T | None:
        """The next item; None when there is none now."""
        if not self._items:
            return None
        self._room.release()
        return self._items.popleft()

    def wake(self) -> None:
        """Have the reader look around."""
        self._news.set()

    async def during(self, work: asyncio.Task[object]) -> AsyncGenerator[T]:
        """All items until a task is done that puts them in; the task is stopped when the iteration ends before it."""
        work.add_done_callback(lambda _: self.wake())
        try:
            is_over = False
            while not is_over:
                await self.changed()
                is_over = work.done()
                while (item := self.take()) is not None:
                    yield item
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait((work,))

    async def changed(self) -> None:
        """Wait for an item or a wake-up; returns at once when there was one since the last call."""
        await self._news.wait()
        self._news.clear()
