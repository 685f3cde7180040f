"""How much a task service does at once, and how much one turn may say: nothing grows without bound."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from agentkit.errors import ServiceOverloaded
from agentkit.tasks.repository import Repository, Scope

OWNERS_REMEMBERED: Final = 10_000
RECOUNT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a task service.

    Attributes:
        runs: Turns at work at the same time in this process.
        runs_per_owner: Those of one named owner, with the messages that wait in line; beyond that `ServiceOverloaded`,
            so that nobody takes all places. Callers without a name cannot be told apart, so they share all of them.
        waiting: Messages that wait for one of them to end; beyond that `ServiceOverloaded`.
        open_tasks: Tasks of one owner that have not ended, those that wait for an answer or a timer included.
        events: Events of one turn; beyond that the turn fails with `TurnExceeded`.
        size: What the events of one turn take as JSON, in characters.
        seconds: How long one turn may run; None for as long as it takes. Waiting for an answer or timer is not running.
    """

    runs: int = 1000
    runs_per_owner: int = 500
    waiting: int = 1000
    open_tasks: int = 10_000
    events: int = 100_000
    size: int = 64 * 2**20
    seconds: float | None = 3600.0


class Slots:
    """Places for turns at work; who finds none waits in line."""

    def __init__(self, limits: Limits) -> None:
        """Start with all places free."""
        self._free = limits.runs
        self._longest = limits.waiting
        self._per_owner = limits.runs_per_owner
        self._line: deque[asyncio.Future[None]] = deque()
        self._held: dict[tuple[str, str], int] = {}

    async def take(self, scope: Scope, *, accepted: bool = False) -> None:
        """Take a place, or wait for one; whoever takes it gives it back.

        Args:
            scope: For whom.
            accepted: The message is stored already: it waits however long the line is.

        Raises:
            ServiceOverloaded: The line is full, or the owner has as many places as one may have.
        """
        owner = (scope.tenant, scope.owner)
        held = self._held.get(owner, 0)
        if not accepted and scope.owner and held >= self._per_owner:
            raise ServiceOverloaded(
                f"There are {self._per_owner} tasks of this caller at work.",
                remedy="Wait until some of them have ended, or cancel them.",
            )
        waits = not self._free or bool(self._line)
        if waits and not accepted and len(self._line) >= self._longest:
            raise ServiceOverloaded(
                "The server is at work on as much as it may.", remedy="Send the message again later."
            )
        self._held[owner] = held + 1
        if not waits:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(scope)
            else:
                with suppress(ValueError):  # a place that became free meanwhile has passed it over
                    self._line.remove(turn)
                self._release(owner)
            raise

    def give(self, scope: Scope) -> None:
        """Give a place back: to the first in line."""
        self._release((scope.tenant, scope.owner))
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _release(self, owner: tuple[str, str]) -> None:
        held = self._held[owner] - 1
        if held:
            self._held[owner] = held
        else:
            del self._held[owner]


class OpenTasks:
    """Keeps the number of open tasks per owner below a limit, without counting rows for every message.

    What this process opens and ends is counted in memory; the store is asked for an owner's first message and, at most
    once in a second, when the limit seems to be reached. Several processes may so go over the limit by what each of
    them opened since.
    """

    def __init__(self, repository: Repository, limit: int, now: Callable[[], float] = time.monotonic) -> None:
        """Count in a store."""
        self._repository = repository
        self._limit = limit
        self._now = now
        self._counts: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    async def admit(self, scope: Scope) -> None:
        """Count one task more.

        Raises:
            ServiceOverloaded: The owner has as many as allowed.
        """
        owner = (scope.tenant, scope.owner)
        count, asked = self._counts.get(owner, (self._limit, float("-inf")))
        if count >= self._limit and self._now() - asked >= RECOUNT_SECONDS:
            count, asked = await self._repository.open_tasks(*owner), self._now()
            self._keep(owner, count, asked)
        if count >= self._limit:
            raise ServiceOverloaded(
                f"There are {self._limit} tasks that have not ended.", remedy="Answer or cancel some of them first."
            )
        self._keep(owner, self._counts[owner][0] + 1, asked)

    def ended(self, scope: Scope) -> None:
        """One task less."""
        owner = (scope.tenant, scope.owner)
        if owner in self._counts:
            count, asked = self._counts[owner]
            self._counts[owner] = max(0, count - 1), asked

    def _keep(self, owner: tuple[str, str], count: int, asked: float) -> None:
        self._counts[owner] = count, asked
        self._counts.move_to_end(owner)
        if len(self._counts) > OWNERS_REMEMBERED:
            self._counts.popitem(last=False)
