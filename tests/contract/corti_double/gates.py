"""What waits and what wakes it, across event loops and threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue


class Signal:
    """Wakes whoever waits for a condition to become true."""

    def __init__(self) -> None:
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def notify(self) -> None:
        """Let all waiters look again; may be called from any thread."""
        waiters, self._waiters = self._waiters, []
        for loop, event in waiters:
            with suppress(RuntimeError):  # a loop that is closed has nobody who waits
                loop.call_soon_threadsafe(event.set)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for the condition; whoever makes it true notifies afterwards."""
        while not condition():
            event = asyncio.Event()
            self._waiters.append((asyncio.get_running_loop(), event))
            # It may have become true before the waiter stood in the list.
            if condition():
                return
            await event.wait()


class Gate:
    """Holds a turn, or a token request, until the test lets it go on.

    Attributes:
        arrivals: How many have come to it.
        is_open: Whether it still holds anybody.
    """

    def __init__(self) -> None:
        self.arrivals = 0
        self.is_open = False
        self._signal = Signal()
        self._arrived: SimpleQueue[None] = SimpleQueue()

    def open(self) -> None:
        """Let all go on, also those still to come; may be called from any thread."""
        self.is_open = True
        self._signal.notify()

    async def pass_through(self) -> None:
        """Come to the gate, and go on when it is open."""
        self.arrivals += 1
        self._arrived.put(None)
        self._signal.notify()
        await self._signal.until(lambda: self.is_open)

    async def reached(self, arrivals: int = 1) -> None:
        """Wait until so many have come."""
        await self._signal.until(lambda: self.arrivals >= arrivals)

    def reached_from_thread(self, timeout: float = 60.0) -> None:
        """Wait in a thread without event loop until one more has come.

        Raises:
            queue.Empty: Nobody came in time.
        """
        self._arrived.get(timeout=timeout)
