"""Runs in this process: nothing is recorded, everything is quick."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from agentkit.engine.protocol import Effect, LookUp, Runner, RunStatus, Work
from agentkit.engine.records import check_run
from agentkit.errors import EngineError
from agentkit.models import Json, JsonObject

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
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._runner: Runner | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """`inline`."""
        return "inline"

    @property
    def durable(self) -> bool:
        """False: runs do not survive the process."""
        return False

    async def launch(self, runner: Runner, *, given_up: Runner | None = None) -> None:
        """Carry out runs with `runner` from now on; there are none of an earlier process.

        Raises:
            EngineError: It is launched already.
        """
        del given_up
        if self._runner is not None:
            raise EngineError("The engine is launched already.", remedy="Give every task service an engine of its own.")
        self._runner = runner

    async def start(self, run_id: str, payload: JsonObject) -> None:
        """Start a run, or do nothing when a run of this id is known.

        Raises:
            EngineError: The engine is not launched, or closed; or the id or the payload is not made of ids (D13).
        """
        runner = self._ready()
        check_run(run_id, payload)
        if run_id not in self._runs and run_id not in self._timers:
            self._begin(runner, run_id, payload)

    async def start_at(self, run_id: str, payload: JsonObject, moment: datetime) -> None:
        """Start a run at a moment, if this process lives until then.

        Raises:
            EngineError: The engine is not launched, or closed; or the id or the payload is not made of ids (D13).
        """
        runner = self._ready()
        check_run(run_id, payload)
        if run_id in self._runs or run_id in self._timers:
            return
        delay = max(0.0, (moment - datetime.now(UTC)).total_seconds())
        loop = asyncio.get_running_loop()
        self._timers[run_id] = loop.call_later(delay, self._begin, runner, run_id, payload)

    async def step(
        self, run_id: str, key: str, work: Work, *, effect: Effect = "idempotent", look_up: LookUp | None = None
    ) -> Json:
        """Execute one step at once; run, key and effect matter to engines that record."""
        del run_id, key, effect, look_up
        return await work()

    def recorded(self, run_id: str) -> Collection[str]:
        """Nothing is recorded."""
        del run_id
        return ()

    async def wait(self, run_id: str) -> None:
        """Wait until the run has ended; returns at once for a run that is not at work."""
        task = self._runs.get(run_id)
        if task is not None:
            await asyncio.wait((task,))

    async def cancel(self, run_id: str) -> bool:
        """Cancel a run and wait until it has stopped; False when it is unknown."""
        timer = self._timers.pop(run_id, None)
        if timer is not None:
            timer.cancel()
            return True
        task = self._runs.get(run_id)
        if task is None:
            return False
        task.cancel()
        await asyncio.wait((task,))
        # A task cancelled before its first step never reaches its own clean-up.
        self._runs.pop(run_id, None)
        return True

    async def status(self, run_id: str) -> RunStatus:
        """`running`, `waiting` for its moment, or `unknown`: ended runs are not remembered."""
        if run_id in self._runs:
            return RunStatus.RUNNING
        return RunStatus.WAITING if run_id in self._timers else RunStatus.UNKNOWN

    async def adopt_orphans(self) -> int:
        """There are none: what another process had begun is lost with it."""
        return 0

    async def close(self) -> None:
        """Cancel all runs and wait for them, for a bounded time; nothing can be started afterwards."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        tasks = set(self._runs.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=self._patience)
        if tasks:
            _log.warning("%s runs did not stop within %s seconds", len(tasks), self._patience)
        self._runs.clear()

    def _ready(self) -> Runner:
        if self._closed:
            raise EngineError("The engine is closed.", remedy="Start runs between opening and closing the service.")
        if self._runner is None:
            raise EngineError("The engine is not launched.", remedy="Await launch() first.")
        return self._runner

    def _begin(self, runner: Runner, run_id: str, payload: JsonObject) -> None:
        self._timers.pop(run_id, None)
        self._runs[run_id] = asyncio.get_running_loop().create_task(self._drive(runner, run_id, payload))

    async def _drive(self, runner: Runner, run_id: str, payload: JsonObject) -> None:
        try:
            await runner(run_id, payload)
        except Exception as error:
            # The class only: a text could hold patient data (D11).
            _log.error("run %s ended with %s", run_id, type(error).__name__)
        finally:
            self._runs.pop(run_id, None)
