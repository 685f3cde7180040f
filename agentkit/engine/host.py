"""The one DBOS of a process, shared by the durable engines of its services."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, ParamSpec, Protocol, TypeVar

from agentkit.engine.database import RELEASED, Address, Presence, new_executor
from agentkit.engine.refusals import DatabaseAway, refusal
from agentkit.errors import AgentKitError, EngineError
from agentkit.models import JsonObject

if TYPE_CHECKING:
    from agentkit.engine.dbos_store import DbosStore

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE: Final = 256
"""Runs at work in a process above which it takes over neither orphans nor runs whose moment has come."""

ROUND: Final = 1.0
"""Seconds between two looks at what other processes of a PostgreSQL database did."""

SUSPECT: Final = 2
"""Times without progress that a run is taken over together with others; from then on one by one, so that a run that
kills its process is given up alone."""

PROBATION: Final = 2.0
"""Seconds after which a run that was taken over alone is at work like any other."""

_THREADS: Final = 4
_LONGEST_SLEEP: Final = 60.0

_log = logging.getLogger("agentkit.engine")


class Service(Protocol):
    """What the host needs of the engine of one service."""

    service: str

    @property
    def at_work(self) -> list[str]:
        """Ids of the runs that this process carries out."""
        ...

    async def take(self, run_id: str, executor: str | None) -> bool:
        """Claim an orphan of a dead process, or (None) a run whose moment has come; False if it cannot be had."""
        ...

    async def carry(self, run_id: str, payload: JsonObject) -> None:
        """Carry out a run that has begun."""
        ...

    def halt(self, run_id: str) -> None:
        """Stop a run that another process cancelled."""
        ...


class Host:
    """Launches DBOS on one database, takes over what waits and what was orphaned, and wakes at the next moment."""

    def __init__(self, address: Address) -> None:
        """Use `enter`."""
        self.address = address
        self.loop = asyncio.get_running_loop()
        self.users = 0
        self.closing: asyncio.Task[None] | None = None
        self.opening = self.loop.create_task(self._open())
        self.services: dict[str, Service] = {}
        self._admitted: set[str] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="agentkit-engine")
        self._presence: Presence | None = None
        self._store: DbosStore | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._pulling = asyncio.Lock()
        self._backlog = False
        self._suspect: tuple[str, str] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._next: float | None = None

    @property
    def store(self) -> DbosStore:
        """The rows of runs.

        Raises:
            EngineError: The host is closed.
        """
        if self._store is None:
            raise EngineError("The engine is closed.", remedy="Acquire it again.")
        return self._store

    def admit(self, service: str) -> bool:
        """Reserve the name of a service; False if it is taken."""
        if service in self._admitted:
            return False
        self._admitted.add(service)
        return True

    def dismiss(self, service: str) -> None:
        """Give the name back."""
        self._admitted.discard(service)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what blocks in a thread of the host, to its end even when the caller is cancelled.

        Raises:
            EngineError: The database refused; `DatabaseAway` when it cannot be used for the moment.
        """
        try:
            return await asyncio.shield(self.loop.run_in_executor(self._threads, partial(function, *args, **kwargs)))
        except (AgentKitError, asyncio.CancelledError):
            raise
        except Exception as error:
            # Without its cause, whose text shows what was to be stored.
            raise refusal(error, self.address.name) from None

    async def persist(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `call`, again and again while the database cannot be used."""
        while True:
            try:
                return await self.call(function, *args, **kwargs)
            except DatabaseAway as away:
                _log.warning("what was done waits to be recorded: %s", away)
                await asyncio.sleep(ROUND)

    def spawn(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Begin a task that outlives whoever asked for it, but not the host."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def pull(self) -> int:
        """Take over the runs of dead processes and those whose moment has come; returns how many of the first."""
        async with self._pulling:
            names = list(self.services)
            if not names:
                return 0
            adopted = await self._adopt(names)
            await self._wake(names)
            await self._sleep(names)
            return adopted

    def expect(self, moment: float) -> None:
        """Wake up at a moment (seconds since 1970), if nothing comes earlier."""
        if self._next is None or moment < self._next:
            self._arm(moment)

    def has_room(self) -> None:
        """A run has ended: go on with what had to wait for it."""
        if self._backlog and self._room() > AT_ONCE // 4:
            self._backlog = False
            self.spawn(self._pull_safely())

    async def _open(self) -> None:
        def launch() -> tuple[Presence, DbosStore]:
            try:
                from agentkit.engine.dbos_store import DbosStore
            except ImportError as error:
                raise EngineError(
                    "Durable runs need DBOS, which is not installed.", remedy='pip install "corti-agentkit[durable]"'
                ) from error
            executor = new_executor()
            presence = self.address.enter(executor)
            try:
                return presence, DbosStore(self.address, executor, self._carry)
            except BaseException:
                presence.end()
                raise

        try:
            self._presence, self._store = await self.call(launch)
        except BaseException:
            self._threads.shutdown(wait=False)
            raise
        self._store.adopt()
        if self.address.path is None:
            self.spawn(self._watch())

    async def close(self) -> None:
        """Stop DBOS and let other processes have the database."""
        if self._alarm is not None:
            self._alarm.cancel()
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        store, self._store = self._store, None
        if store is not None:
            await self.call(store.close)
        if self._presence is not None:
            await self.call(self._presence.end)
        self._threads.shutdown(wait=False)

    async def _carry(self, service: str, run_id: str, payload: JsonObject) -> None:
        served = self.services.get(service)
        if served is None:
            # Closed in the moment its run began; the next launch goes on with it.
            raise asyncio.CancelledError
        await served.carry(run_id, payload)

    async def _adopt(self, names: list[str]) -> int:
        presence = self._presence
        if presence is None:
            return 0
        others = await self.call(self.store.rows.executors, names)
        executors = [one for one in others if one == RELEASED or await self.call(presence.is_dead, one)]
        room = self._room()
        if not executors or room <= 0:
            self._backlog |= bool(executors)
            return 0
        orphans = await self.call(self.store.rows.orphans, names, executors, room)
        self._backlog |= len(orphans) == room
        adopted = 0
        for service, run_id, executor, recoveries in orphans:
            if executor != RELEASED and recoveries >= SUSPECT:
                if self._suspect is not None and self._suspect in self._at_work():
                    # It waits unclaimed, so it is not counted when the process dies of another one.
                    self._backlog = True
                    continue
                self._suspect = (service, run_id)
                self.loop.call_later(PROBATION, self._acquit, self._suspect)
            adopted += await self._take(service, run_id, executor)
        return adopted

    async def _wake(self, names: list[str]) -> None:
        room = self._room()
        if room <= 0:
            self._backlog = True
            return
        due = await self.call(self.store.rows.due, names, int(time.time() * 1000), room)
        self._backlog |= len(due) == room
        for service, run_id in due:
            await self._take(service, run_id, None)

    async def _take(self, service: str, run_id: str, executor: str | None) -> bool:
        served = self.services.get(service)
        return served is not None and await served.take(run_id, executor)

    async def _sleep(self, names: list[str]) -> None:
        moment = await self.call(self.store.rows.next_moment, names)
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._next = None
        if moment is not None:
            self._arm(moment / 1000)

    def _arm(self, moment: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._next = moment
        if self._backlog and moment <= time.time():
            # It is due, and has to wait for a run to end.
            return
        # The clock of the wall may be set; the loop's is not.
        delay = min(max(0.0, moment - time.time()), _LONGEST_SLEEP)
        self._alarm = self.loop.call_later(delay, lambda: self.spawn(self._pull_safely()))

    def _acquit(self, suspect: tuple[str, str]) -> None:
        if self._suspect == suspect:
            self._suspect = None
            self.has_room()

    def _at_work(self) -> list[tuple[str, str]]:
        return [(name, run_id) for name, service in self.services.items() for run_id in service.at_work]

    def _room(self) -> int:
        return AT_ONCE - len(self._at_work())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(ROUND)
            await self._pull_safely()

    async def _pull_safely(self) -> None:
        try:
            if self._presence is not None and not await self.call(self._presence.keep):
                _log.warning("the database had lost this process; other processes may have taken over its runs")
            await self.pull()
            if self.address.path is None:
                await self._halt_cancelled()
        except Exception as error:
            _log.error("runs of other processes and timers are not looked at: %s", type(error).__name__)
            self.expect(time.time() + ROUND)

    async def _halt_cancelled(self) -> None:
        for service in list(self.services.values()):
            at_work = service.at_work
            if at_work:
                for run_id in await self.call(self.store.rows.cancelled, service.service, at_work):
                    service.halt(run_id)
