"""What the branches of a workflow are doing: at work, waiting, or not yet allowed to go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NoReturn

from agentkit.compose.agent import RunContext
from agentkit.compose.outcome import Outcome
from agentkit.compose.workflow.journal import Entry

STOP_SECONDS: Final = 10.0
"""How long the function of a workflow may take to stop."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A blocked operation: its place in the order of steps, what it is, what it waits for, and who asks."""

    number: int
    entry: Entry
    outcome: Outcome
    child: RunContext


class Progress:
    """Keeps account of the operations of a workflow.

    Attributes:
        waiting: What the blocked operations wait for, by key.
        active: How many operations are at work.
        beats: Grows whenever something happens.
        is_wide: Operations were awaited in other tasks than the function's own.
        closed: The function is being stopped, or has ended; nothing is executed any more.
    """

    def __init__(self, wake: Callable[[], None], happened: Callable[[], Awaitable[None]]) -> None:
        """Call `wake` whenever something has happened; `happened` waits for it."""
        self.waiting: dict[str, Waiting] = {}
        self.active = 0
        self.beats = 0
        self.is_wide = False
        self.closed = False
        self._wake = wake
        self._happened = happened
        self._main: asyncio.Task[object] | None = None
        self._held: set[asyncio.Future[None]] = set()
        self._tasks = Counter[asyncio.Task[object]]()

    @property
    def is_quiet(self) -> bool:
        """Nothing is at work, and something is blocked."""
        return not self.active and bool(self.waiting or self._held)

    @property
    def held(self) -> bool:
        """Something new waits until all that is recorded has been asked for."""
        return bool(self._held)

    def begin(self, main: asyncio.Task[object]) -> None:
        """The function runs in this task."""
        self._main = main
        main.add_done_callback(lambda _: self.beat())

    def beat(self) -> None:
        """Something has happened."""
        self.beats += 1
        self._wake()

    @contextmanager
    def present(self) -> Generator[None]:
        """An operation is awaited in the current task."""
        task = asyncio.current_task()
        if task is None:
            yield
            return
        self.is_wide = self.is_wide or task is not self._main
        self._tasks[task] += 1
        try:
            yield
        finally:
            self._tasks[task] -= 1
            if not self._tasks[task]:
                del self._tasks[task]
            self.beat()

    @contextmanager
    def busy(self) -> Generator[None]:
        """An operation is at work."""
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
            self.beat()

    async def wait(self, key: str, waiting: Waiting, until: Awaitable[object] | None = None) -> None:
        """An operation waits for an answer or a moment, and may go on in this run only when `until` comes about."""
        self.waiting[key] = waiting
        self.beat()
        try:
            await (forever() if until is None else until)
        finally:
            del self.waiting[key]

    async def hold(self) -> None:
        """Wait until `release`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held.add(future)
        self.beat()
        try:
            await future
        finally:
            self._held.discard(future)

    def release(self) -> None:
        """Let all go on that are held."""
        for future in self._held:
            if not future.done():
                future.set_result(None)

    async def pause_for(self, seconds: float) -> None:
        """Let time pass, or less when something happens."""
        beats, end = self.beats, asyncio.get_running_loop().time() + seconds
        while self.beats == beats and asyncio.get_running_loop().time() < end:
            try:
                async with asyncio.timeout_at(end):
                    await self._happened()
            except TimeoutError:
                return

    async def stop(self) -> None:
        """Stop the function and all its branches, for a bounded time."""
        if self._main is not None and self._main.done():
            # What the function left behind it has given up: that is stopped wherever it is.
            await self._cancel()
        self.closed = True
        await self._cancel()

    async def _cancel(self) -> None:
        tasks = {task for task in (self._main, *self._tasks) if task is not None and not task.done()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)


async def forever() -> NoReturn:
    """Wait for what never comes, until it is cancelled."""
    while True:
        await asyncio.get_running_loop().create_future()
