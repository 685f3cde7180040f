"""The runs of one service that this process carries out, and the rows of those that wait or are elsewhere."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
import uuid
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from agentkit.engine.host import Host
from agentkit.engine.protocol import Effect, LookUp, Runner, RunStatus, Work
from agentkit.engine.records import Kind, Records, execute
from agentkit.errors import EngineError
from agentkit.models import Json, JsonObject

_FORGET_DELAY: Final = 0.5
_FORGET_BATCH: Final = 200
_POLL: Final = 0.1
_ENDED: Final = frozenset({None, "SUCCESS", "ERROR", "CANCELLED"})

_log = logging.getLogger("agentkit.engine")


@dataclass(slots=True, eq=False)
class _Run:
    """A run that this process carries out.

    Attributes:
        owner: Proves in the database that it is this process that carries it out.
        begun: Its row is kept.
        done: It has ended, or stopped.
        halted: It is to end for good.
        stopped: It is to stop, and to go on at the next launch.
        lost: Another process has taken it over.
        given_up: It is reported instead of carried out.
    """

    run_id: str
    owner: str
    records: Records = field(default_factory=Records)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    halted: bool = False
    stopped: bool = False
    lost: bool = False
    given_up: bool = False

    def interrupt(self) -> None:
        """Cancel what the run does."""
        if self.task is not None:
            self.task.cancel()


class ServiceRuns:
    """Begins, takes over, carries out, cancels and forgets the runs of one service."""

    def __init__(self, host: Host, service: str, recoveries: int) -> None:
        """Serve runs of `service` once `runner` is set."""
        self.service = service
        self.runner: Runner | None = None
        self.given_up: Runner | None = None
        self._host = host
        self._recoveries = recoveries
        self._runs: dict[str, _Run] = {}
        self._ended: set[str] = set()
        self._forgetting: asyncio.TimerHandle | None = None

    @property
    def at_work(self) -> list[str]:
        """Ids of the runs that this process carries out."""
        return list(self._runs)

    async def begin(self, run_id: str, payload: JsonObject) -> None:
        """Keep and begin a run, unless one of this id is known."""
        known = self._runs.get(run_id)
        if known is not None:
            # Who attaches may rely on the run as much as who started it: wait until it is kept.
            await known.begun.wait()
            return
        if run_id in self._ended:
            await self._forget()
        run = self._new(run_id)
        await asyncio.shield(self._host.spawn(self._begin(run, payload)))

    async def wait_until(self, run_id: str, payload: JsonObject, moment: float) -> None:
        """Keep a run that begins at a moment (seconds since 1970), unless one of this id is known."""
        if run_id in self._runs:
            return
        if run_id in self._ended:
            await self._forget()
        insert = partial(self._host.store.insert, owner=str(uuid.uuid4()), moment=int(moment * 1000))
        await self._host.call(insert, self.service, run_id, payload)
        self._host.expect(moment)

    async def step(self, run_id: str, key: str, work: Work, effect: Effect, look_up: LookUp | None) -> Json:
        """Execute a step of a run at work, or return its record."""
        run = self._runs.get(run_id)
        if run is None:
            raise EngineError(
                f"Run {run_id!r} is not at work in this process.", remedy="Execute steps from inside the runner."
            )
        return await execute(run.records, partial(self._record, run), key, work, effect, look_up)

    def recorded(self, run_id: str) -> frozenset[str]:
        """Keys of a run at work that have a record."""
        records = self._runs[run_id].records if run_id in self._runs else Records()
        return frozenset((*records.done, *records.interrupted))

    async def wait(self, run_id: str) -> None:
        """Wait until a run at work here has ended."""
        if run_id in self._runs:
            await self._runs[run_id].done.wait()

    async def status(self, run_id: str) -> RunStatus:
        """Where a run stands, here or elsewhere."""
        if run_id in self._runs:
            return RunStatus.RUNNING
        if run_id in self._ended:
            return RunStatus.UNKNOWN
        status = await self._host.call(self._host.store.rows.status, self.service, run_id)
        if status in _ENDED:
            return RunStatus.UNKNOWN
        return RunStatus.RUNNING if status == "PENDING" else RunStatus.WAITING

    async def cancel(self, run_id: str) -> bool:
        """Stop a run for good, wherever it is, and wait until it has stopped."""
        store, run = self._host.store, self._runs.get(run_id)
        if run is not None:
            await run.begun.wait()
            # Noted first, so that the run does not go on after a crash.
            await self._host.call(store.rows.mark_cancelled, self.service, run_id)
            self.halt(run_id)
            await run.done.wait()
            return True
        if await self._host.call(store.rows.remove_waiting, self.service, run_id):
            return True
        if await self.status(run_id) is RunStatus.UNKNOWN:
            return False
        await self._host.call(store.rows.mark_cancelled, self.service, run_id)
        # Whoever is at work on it looks for the mark every second.
        while await self.status(run_id) is not RunStatus.UNKNOWN:  # noqa: ASYNC110
            await asyncio.sleep(_POLL)
        return True

    def halt(self, run_id: str) -> None:
        """End a run at work here for good."""
        run = self._runs.get(run_id)
        if run is not None:
            run.halted = True
            run.interrupt()

    async def take(self, run_id: str, executor: str | None) -> bool:
        """Claim an orphan of a dead process, or (None) a run whose moment has come, and begin it."""
        if run_id in self._runs or self.runner is None:
            return False
        run = self._new(run_id)
        try:
            claim = await self._host.call(self._host.store.claim, self.service, run_id, run.owner, executor=executor)
            if claim is None:
                self._drop(run)
                return False
            run.records = Records.load(claim.left.steps)
            run.halted = claim.left.cancelled
            run.given_up = claim.left.recoveries > self._recoveries
            run.begun.set()
            await self._host.call(self._host.store.begin, claim)
        except BaseException:
            self._drop(run)
            raise
        return True

    async def carry(self, run_id: str, payload: JsonObject) -> None:
        """Carry out a run that has begun; what ends it for good returns, what only stops it raises."""
        run, runner, this = self._runs.get(run_id), self.runner, asyncio.current_task()
        if run is None or runner is None or this is None:
            raise asyncio.CancelledError
        this.add_done_callback(partial(self._after, run))
        if run.halted:
            return
        if run.stopped:
            raise asyncio.CancelledError
        work = self._report(run_id, payload) if run.given_up else runner(run_id, payload)
        # A context of its own: the runner is not inside of a workflow of DBOS, and starts others freely.
        run.task = contextvars.Context().run(asyncio.ensure_future, _drive(run, work))
        try:
            await asyncio.wait((run.task,))
        except asyncio.CancelledError:
            run.task.cancel()
            raise
        if run.task.cancelled() and (run.stopped or run.lost) and not run.halted:
            raise asyncio.CancelledError

    async def stop(self, patience: float) -> None:
        """Stop all runs, for a bounded time, so that any process may go on with them."""
        self.runner = None
        for run in self._runs.values():
            run.stopped = True
            run.interrupt()
        if stopped := list(self._runs.values()):
            waiting = [asyncio.ensure_future(run.done.wait()) for run in stopped]
            _, late = await asyncio.wait(waiting, timeout=patience)
            for one in late:
                one.cancel()
            if late:
                _log.warning("%s runs did not stop within %s seconds", len(late), patience)
        await self._forget()
        if left := [run.run_id for run in stopped if run.done.is_set()]:
            try:
                await self._host.call(self._host.store.rows.release, self.service, left)
            except EngineError as error:
                _log.warning("runs that were stopped count as left by a crash: %s", error)
        self._runs.clear()

    def _new(self, run_id: str) -> _Run:
        run = self._runs[run_id] = _Run(run_id, str(uuid.uuid4()))
        return run

    def _drop(self, run: _Run) -> None:
        if self._runs.get(run.run_id) is run:
            del self._runs[run.run_id]
        run.begun.set()
        run.done.set()

    async def _begin(self, run: _Run, payload: JsonObject) -> None:
        store = self._host.store

        def begin() -> bool:
            while True:
                claim = store.insert(self.service, run.run_id, payload, owner=run.owner)
                if claim is not None:
                    store.begin(claim)
                    return True
                if store.rows.status(self.service, run.run_id) not in _ENDED:
                    return False
                # It ended in another process, which had no time to forget it.
                store.forget(self.service, [run.run_id])

        try:
            if await self._host.persist(begin):
                run.begun.set()
            else:
                self._drop(run)
        except BaseException:
            self._drop(run)
            raise

    async def _record(self, run: _Run, number: int, kind: Kind, key: str, text: str) -> None:
        record = partial(self._host.store.record, self.service, run.run_id, run.owner, number, kind, key, text)
        if not await self._host.persist(record, int(time.time() * 1000)):
            run.lost = True
            run.interrupt()
            raise EngineError("Another process has taken over the run.", remedy="Let that process go on with it.")

    async def _report(self, run_id: str, payload: JsonObject) -> None:
        _log.error("run %s is given up: its process died %s times without progress", run_id, self._recoveries + 1)
        if self.given_up is not None:
            await self.given_up(run_id, payload)

    def _after(self, run: _Run, task: asyncio.Task[None]) -> None:
        self._drop(run)
        if not task.cancelled() and task.exception() is None:
            self._ended.add(run.run_id)
            self._forget_soon()
        self._host.has_room()

    def _forget_soon(self) -> None:
        if len(self._ended) == _FORGET_BATCH:
            self._host.spawn(self._forget())
        elif self._forgetting is None:
            self._forgetting = self._host.loop.call_later(_FORGET_DELAY, lambda: self._host.spawn(self._forget()))

    async def _forget(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
            self._forgetting = None
        ended = list(self._ended)
        if ended:
            try:
                await self._host.call(self._host.store.forget, self.service, ended)
            except Exception as error:
                # The next launch forgets them.
                _log.error("%s ended runs are not deleted: %s", len(ended), type(error).__name__)
            self._ended.difference_update(ended)


async def _drive(run: _Run, work: Awaitable[None]) -> None:
    try:
        await work
    except Exception as error:
        if run.stopped or run.lost:
            # What fails while it is stopped did not fail by itself.
            raise asyncio.CancelledError from None
        # The class only: a text could hold patient data (D11).
        _log.error("run %s ended with %s", run.run_id, type(error).__name__)
