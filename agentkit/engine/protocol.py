"""The seam of durable execution (design, section 7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from agentkit.models import Json, JsonObject

Effect = Literal["idempotent", "lookup", "once"]
"""What a second execution of a step after a crash would do.

- `idempotent`: no harm; the step is executed again.
- `lookup`: harm, but whoever it went to can be asked whether it happened; it is asked before anything else.
- `once`: harm, and nobody can be asked; the run stops with an unknown outcome.
"""

Runner = Callable[[str, JsonObject], Awaitable[None]]
"""Carries out one run, given its id and the payload it was started with."""

Work = Callable[[], Awaitable[Json]]
"""What a step does; returns what is recorded of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A step that was interrupted did happen, and this came of it."""

    result: Json


LookUp = Callable[[], Awaitable[Found | None]]
"""Asks whether an interrupted step happened; None when it surely did not. Raises `UnknownOutcome` when nobody knows."""


class RunStatus(StrEnum):
    """Where a run stands."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    RUNNING = "running"


class Engine(Protocol):
    """Starts runs by id and executes their steps by key.

    A run id names one run: starting it again while it is known attaches to it, so a doubled send never runs twice. The
    engine knows what a run has done so far; what came of it is kept by whoever started it, so what ended is forgotten.
    """

    @property
    def name(self) -> str:
        """`inline` or `dbos`."""
        ...

    @property
    def durable(self) -> bool:
        """Runs survive the process: their steps are recorded."""
        ...

    async def launch(self, runner: Runner, *, given_up: Runner | None = None) -> None:
        """Begin to carry out runs, first of all those that an earlier process left; call it once, before `start`.

        Args:
            runner: Carries out a run.
            given_up: Is called instead of `runner` for a run that a durable engine gives up, because its process died
                again and again without a step recorded in between.

        Raises:
            EngineError: The engine is launched already, or its store cannot be used.
        """
        ...

    async def start(self, run_id: str, payload: JsonObject) -> None:
        """Start a run, or do nothing when a run of this id is known. The run goes on when the caller goes away.

        Args:
            run_id: Names the run.
            payload: For the runner, in this process or a later one: ids, never content or credentials (D13).

        Raises:
            EngineError: The engine is not launched, or closed; or the id or the payload is not made of ids (D13).
        """
        ...

    async def start_at(self, run_id: str, payload: JsonObject, moment: datetime) -> None:
        """Start a run at a moment; until then it costs neither task nor thread, and a durable engine not even memory.

        Raises:
            EngineError: The engine is not launched, or closed; or the id or the payload is not made of ids (D13).
        """
        ...

    async def step(
        self, run_id: str, key: str, work: Work, *, effect: Effect = "idempotent", look_up: LookUp | None = None
    ) -> Json:
        """Execute one step of a run and record what it returned; return the record when there is one.

        What raises is not recorded. Steps of a run may be executed at the same time.

        Args:
            run_id: The run.
            key: Names the step; unique in the run, and the same whenever the run is carried out again.
            work: What to do.
            effect: What a second execution would do.
            look_up: For `lookup`.

        Raises:
            UnknownOutcome: The step was interrupted, and nobody knows whether it happened.
            EngineError: The result cannot be recorded.
        """
        ...

    def recorded(self, run_id: str) -> Collection[str]:
        """Keys of the steps of a run at work here that are recorded, or were begun by a process that died.

        When a run is carried out again they tell whether it still asks for the same steps.
        """
        ...

    async def wait(self, run_id: str) -> None:
        """Wait until the run has ended in this process; returns at once for a run that is not at work here."""
        ...

    async def cancel(self, run_id: str) -> bool:
        """Stop a run for good, also one that waits for its moment, and wait until it has stopped; False if unknown."""
        ...

    async def status(self, run_id: str) -> RunStatus:
        """Where the run stands; `unknown` when it has ended."""
        ...

    async def adopt_orphans(self) -> int:
        """Take over the runs of processes that died; returns how many. `launch` does it too."""
        ...

    async def close(self) -> None:
        """Stop the runs of this process, for a bounded time; a durable engine goes on with them at the next launch."""
        ...
