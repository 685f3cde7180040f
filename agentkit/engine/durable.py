"""Runs that survive the process, on DBOS."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from agentkit.engine.database import Address
from agentkit.engine.host import Host
from agentkit.engine.process import enter, leave
from agentkit.engine.protocol import Effect, LookUp, Runner, RunStatus, Work
from agentkit.engine.records import check_run
from agentkit.engine.runs import ServiceRuns
from agentkit.errors import EngineError
from agentkit.models import Json, JsonObject

PATIENCE: Final = 10.0
"""Seconds that runs have to stop when the engine is closed."""

RECOVERIES: Final = 5
"""How often a run is taken over from a process that died, without a step recorded in between, before it is given up."""

_SERVICE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


class DbosEngine:
    """The runs of one service, kept in a SQLite file or a PostgreSQL database.

    A process has one DBOS, so an engine is acquired, not made: engines of several services share it. Processes share a
    PostgreSQL database, each going on with the runs of those that died; a SQLite file belongs to one process.
    """

    def __init__(self, host: Host, service: str, patience: float, recoveries: int) -> None:
        """Use `acquire`."""
        self._host = host
        self._service = f"agentkit.{service}"
        self._runs = ServiceRuns(host, self._service, recoveries)
        self._patience = patience
        self._closed = False

    @classmethod
    async def acquire(
        cls, url: str | Path, *, service: str = "default", patience: float = PATIENCE, recoveries: int = RECOVERIES
    ) -> Self:
        """Get the engine of a service.

        Args:
            url: `sqlite:///PATH`, a path, or `postgresql://HOST/DATABASE`; the same for all services of a process. It
                may be the database of the tasks.
            service: Names the service whose runs these are, the same in every process that serves it.
            patience: Seconds that `close` gives the runs to stop.
            recoveries: How often a run is taken over from a process that died, without a step recorded in between,
                before it is given up.

        Raises:
            EngineError: The address is none of the three, the database cannot be used, another process holds the
                SQLite file, the process has an engine on another database, the service has one already, or DBOS is not
                installed.
        """
        if not _SERVICE.fullmatch(service):
            raise EngineError(
                "The name of a service is up to 64 lower-case letters, digits, dots, dashes and underscores.",
                remedy="Choose another name.",
            )
        host = await enter(Address(url))
        engine = cls(host, service, patience, recoveries)
        if not host.admit(engine._service):
            await leave(host)
            raise EngineError(
                f"Service {service!r} has an engine in this process already.",
                remedy="Share the engine, or give each service a name of its own.",
            )
        return engine

    @property
    def name(self) -> str:
        """`dbos`."""
        return "dbos"

    @property
    def durable(self) -> bool:
        """True: runs survive the process."""
        return True

    async def launch(self, runner: Runner, *, given_up: Runner | None = None) -> None:
        """Carry out runs with `runner` from now on, first of all those that an earlier process left.

        Args:
            runner: Carries out a run.
            given_up: Is called instead of `runner` for a run that is given up, because its process died again and
                again without a step recorded in between; without it such a run only ends, with a line in the log.

        Raises:
            EngineError: It is launched already, or closed.
        """
        if self._runs.runner is not None:
            raise EngineError("The engine is launched already.", remedy="Acquire one for every task service.")
        if self._closed:
            raise _closed()
        self._runs.runner, self._runs.given_up = runner, given_up
        await self._host.call(self._host.store.forget_ended, self._service)
        self._host.services[self._service] = self._runs
        await self._host.pull()

    async def start(self, run_id: str, payload: JsonObject) -> None:
        """Start a run, or do nothing when a run of this id is known; when it returns, the run survives the process.

        Raises:
            EngineError: The engine is not launched, or closed; or the id or the payload is not made of ids (D13).
        """
        self._check(run_id, payload)
        await self._runs.begin(run_id, payload)

    async def start_at(self, run_id: str, payload: JsonObject, moment: datetime) -> None:
        """Start a run at a moment; until then it is a row, in whichever process it begins then.

        Raises:
            EngineError: The engine is not launched, or closed; or the id or the payload is not made of ids (D13).
        """
        self._check(run_id, payload)
        if moment <= datetime.now(UTC):
            await self._runs.begin(run_id, payload)
        else:
            await self._runs.wait_until(run_id, payload, moment.timestamp())

    async def step(
        self, run_id: str, key: str, work: Work, *, effect: Effect = "idempotent", look_up: LookUp | None = None
    ) -> Json:
        """Execute one step of a run and record what it returned; return the record when there is one.

        `lookup` and `once` mark their start first. Interrupted by a crash, a `lookup` step asks before it is executed
        again; a `once` step, and a `lookup` step without `look_up`, is not executed again in this run.

        Raises:
            UnknownOutcome: The step was interrupted, and nobody knows whether it happened.
            EngineError: The run is not at work in this process, the key is at work already, or the result cannot be
                recorded.
        """
        return await self._runs.step(run_id, key, work, effect, look_up)

    def recorded(self, run_id: str) -> Collection[str]:
        """Keys of the steps of a run at work here that are recorded, or were begun by a process that died."""
        return self._runs.recorded(run_id)

    async def wait(self, run_id: str) -> None:
        """Wait until the run has ended in this process; returns at once for a run that is not at work here."""
        await self._runs.wait(run_id)

    async def cancel(self, run_id: str) -> bool:
        """Stop a run for good, also one that waits or is at work in another process; False if it is unknown."""
        return await self._runs.cancel(run_id)

    async def status(self, run_id: str) -> RunStatus:
        """Where the run stands, here or in another process; `unknown` when it has ended."""
        return await self._runs.status(run_id)

    async def adopt_orphans(self) -> int:
        """Take over the runs of processes that died; returns how many. On PostgreSQL it happens every second too."""
        return await self._host.pull()

    async def close(self) -> None:
        """Stop the runs of this service, for a bounded time; the next launch, here or elsewhere, goes on with them."""
        if self._closed:
            return
        self._closed = True
        self._host.services.pop(self._service, None)
        try:
            await self._runs.stop(self._patience)
        finally:
            self._host.dismiss(self._service)
            await leave(self._host)

    def _check(self, run_id: str, payload: JsonObject) -> None:
        if self._closed:
            raise _closed()
        if self._runs.runner is None:
            raise EngineError("The engine is not launched.", remedy="Await launch() first.")
        check_run(run_id, payload)


def _closed() -> EngineError:
    return EngineError("The engine is closed.", remedy="Start runs between opening and closing the service.")
