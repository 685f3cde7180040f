"""Runs in this process: nothing is recorded, everything is quick."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from agentkit.engine.protocol import RunStatus
from agentkit.errors import EngineError

T = TypeVar("T")

PATIENCE: Final = 10.0
"""Seconds that runs have to stop when the engine is closed."""

_log = logging.getLogger("agentkit.engine")


class InlineEngine:
    """One asyncio task per run; steps are plain calls.

    A run outlives whoever started it. After a crash nothing is resumed: the task service marks what was running as
    failed, reason `interrupted` (design, section 7).
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        """Make an engine without runs.

        Args:
            patience: Seconds that `close` gives the runs to stop.
        """
        self._patience = patience
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    async def start(self, run_id: str, run: Callable[[], Awaitable[None]]) -> None:
        """Start a run, or do nothing when a run of this id is going on.

        Raises:
            EngineError: The engine is closed.
        """
        if self._closed:
            raise EngineError("The engine is closed.", remedy="Start runs between opening and closing the service.")
        if run_id not in self._runs:
            self._runs[run_id] = asyncio.create_task(self._drive(run_id, run))

    async def step(self, run_id: str, key: str, work: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002
        """Execute one step at once; run and key matter to engines that record."""
        return await work()

    async def wait(self, run_id: str) -> None:
        """Wait until the run has ended; returns at once for an unknown run."""
        task = self._runs.get(run_id)
        if task is not None:
            await asyncio.wait((task,))

    async def cancel(self, run_id: str) -> bool:
        """Cancel a run and wait until it has stopped; False when it was not running."""
        task = self._runs.get(run_id)
        if task is None:
            return False
        task.cancel()
        await asyncio.wait((task,))
        # A task cancelled before its first step never reaches its own clean-up.
        self._runs.pop(run_id, None)
        return True

    def status(self, run_id: str) -> RunStatus:
        """`running`, or `unknown`: ended runs are not remembered."""
        return RunStatus.RUNNING if run_id in self._runs else RunStatus.UNKNOWN

    async def close(self) -> None:
        """Cancel all runs and wait for them, for a bounded time; nothing can be started afterwards."""
        self._closed = True
        tasks = set(self._runs.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=self._patience)
        if tasks:
            _log.warning("%s runs did not stop within %s seconds", len(tasks), self._patience)
        self._runs.clear()

    async def _drive(self, run_id: str, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except Exception as error:
            # The class only: a text could hold patient data (D11).
            _log.error("run %s ended with %s", run_id, type(error).__name__)
        finally:
            self._runs.pop(run_id, None)
