"""The seam of durable execution (design, section 7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol, TypeVar

T = TypeVar("T")


class RunStatus(StrEnum):
    """Where a run stands in this process."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    ENDED = "ended"


class Engine(Protocol):
    """Starts runs by id and executes their steps by key.

    A run id names one run: starting it again while it runs attaches to it, so a doubled send never runs twice.
    """

    async def start(self, run_id: str, run: Callable[[], Awaitable[None]]) -> None:
        """Start a run, or do nothing when a run of this id is going on.

        The run goes on when the caller goes away.

        Raises:
            EngineError: The engine is closed.
        """
        ...

    async def step(self, run_id: str, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """Execute one step of a run; a durable engine returns the recorded result when the key was done before."""
        ...

    async def wait(self, run_id: str) -> None:
        """Wait until the run has ended; returns at once for an unknown run."""
        ...

    async def cancel(self, run_id: str) -> bool:
        """Cancel a run and wait until it has stopped; False when it was not running."""
        ...

    def status(self, run_id: str) -> RunStatus:
        """Where the run stands."""
        ...

    async def close(self) -> None:
        """Cancel all runs and wait for them, for a bounded time; nothing can be started afterwards."""
        ...
