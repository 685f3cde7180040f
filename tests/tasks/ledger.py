"""A durable engine of the tests: what it remembers survives the service, as a database would."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from agentkit.engine import Effect, LookUp, Runner, RunStatus, Work
from agentkit.models import Json, JsonObject


@dataclass
class Ledger:
    """What outlives a process: runs, timers, steps."""

    runs: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    timers: dict[str, tuple[JsonObject, datetime]] = field(default_factory=dict[str, tuple[JsonObject, datetime]])
    steps: dict[tuple[str, str], Json] = field(default_factory=dict[tuple[str, str], Json])


class LedgerEngine:
    """Goes on with the runs of a ledger; a run that was cancelled by `close` stays in it."""

    name = "ledger"
    durable = True

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.started: list[tuple[str, JsonObject]] = []
        self.cancelled: list[str] = []
        self.refusing: Exception | None = None
        self.stalled = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runner: Runner | None = None

    async def launch(self, runner: Runner, *, given_up: Runner | None = None) -> None:
        del given_up
        self._runner = runner
        for run_id, payload in self.ledger.runs.items():
            self._begin(run_id, payload)

    async def start(self, run_id: str, payload: JsonObject) -> None:
        if self.refusing is not None:
            raise self.refusing
        if self.stalled:
            await asyncio.Event().wait()
        self.started.append((run_id, payload))
        if run_id not in self.ledger.runs:
            self.ledger.runs[run_id] = payload
            self._begin(run_id, payload)

    async def start_at(self, run_id: str, payload: JsonObject, moment: datetime) -> None:
        self.ledger.timers[run_id] = payload, moment

    async def wake(self, run_id: str) -> None:
        payload, _ = self.ledger.timers.pop(run_id)
        await self.start(run_id, payload)

    async def step(
        self, run_id: str, key: str, work: Work, *, effect: Effect = "idempotent", look_up: LookUp | None = None
    ) -> Json:
        del effect, look_up
        if (run_id, key) not in self.ledger.steps:
            self.ledger.steps[run_id, key] = await work()
        return self.ledger.steps[run_id, key]

    async def wait(self, run_id: str) -> None:
        if run_id in self._tasks:
            await asyncio.wait((self._tasks[run_id],))

    async def cancel(self, run_id: str) -> bool:
        self.cancelled.append(run_id)
        if self.ledger.timers.pop(run_id, None) is not None:
            return True
        self.ledger.runs.pop(run_id, None)
        task = self._tasks.get(run_id)
        if task is None:
            return False
        task.cancel()
        await asyncio.wait((task,))
        return True

    async def status(self, run_id: str) -> RunStatus:
        if run_id in self.ledger.runs:
            return RunStatus.RUNNING
        return RunStatus.WAITING if run_id in self.ledger.timers else RunStatus.UNKNOWN

    async def adopt_orphans(self) -> int:
        return 0

    def recorded(self, run_id: str) -> tuple[str, ...]:
        return tuple(key for run, key in self.ledger.steps if run == run_id)

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _begin(self, run_id: str, payload: JsonObject) -> None:
        self._tasks[run_id] = asyncio.create_task(self._drive(run_id, payload))

    async def _drive(self, run_id: str, payload: JsonObject) -> None:
        assert self._runner is not None
        await self._runner(run_id, payload)
        self.ledger.runs.pop(run_id, None)
        del self._tasks[run_id]
