"""Starts turns on the engine they need, and carries out the runs that engines ask for."""

from __future__ import annotations

import asyncio
import itertools
import logging
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from agentkit.compose import Caller
from agentkit.engine import Engine
from agentkit.errors import EngineError, StorageError
from agentkit.models import JsonObject
from agentkit.tasks.execution import Execution
from agentkit.tasks.live import LiveTask
from agentkit.tasks.replay import Replay
from agentkit.tasks.repository import Opened, Repeated, StoredTask
from agentkit.tasks.station import Station
from agentkit.tasks.tickets import Parked, Ticket
from agentkit.tasks.turns import Turn, accept
from agentkit.tasks.verdict import end_stored, interrupted
from agentkit.tracing import continued

GONE: Final = "The work was interrupted, and the agent that did it is not served any more."
TRIES: Final = 3
"""So often a durable run reads the store anew when somebody else wrote in between."""

PAUSE: Final = 1.0
"""Seconds after which a durable run looks again whether the store is back."""

GIVEN_UP: Final = "The work was interrupted again and again, and is given up."


_log = logging.getLogger("agentkit.tasks")


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A turn whose message is stored by its own run."""

    turn: Turn
    accepted: asyncio.Future[LiveTask | Repeated]


class Running:
    """The runs of a task service.

    A turn that need not survive a crash takes its message in within its run: one hand-over less. A durable one is
    stored first and started then, by its id alone; a crash in between is found by recovery.
    """

    def __init__(self, station: Station) -> None:
        """Share the station; nothing runs before `launch`."""
        self._station = station
        self._numbers = itertools.count(1)
        self._arrivals: dict[str, _Arrival] = {}
        self._waiting: set[asyncio.Future[LiveTask | Repeated]] = set()
        self._prepared: dict[str, Execution] = {}
        self._accepting: set[asyncio.Task[LiveTask | Repeated]] = set()
        self._expecting: set[asyncio.Task[None]] = set()
        self._launched = False
        self._launching: asyncio.Task[None] | None = None
        self._resolvable = asyncio.Event()
        self._closed = False

    async def start(self, turn: Turn) -> LiveTask | Repeated:
        """Take a message in and start its turn; both go on when the caller is cancelled.

        Raises:
            AgentKitError: As `TaskService.send`.
        """
        station = self._station
        engine = station.engine_for(turn.agent)
        await self.launch()
        await station.slots.take(turn.scope)
        if not engine.durable:
            return await self._arrive(engine, turn)
        accepting = asyncio.create_task(self._accept(engine, turn))
        self._accepting.add(accepting)
        accepting.add_done_callback(self._accepting.discard)
        return await _outliving(accepting)

    async def launch(self) -> None:
        """Have the engines carry out runs.

        Raises:
            EngineError: One of them cannot.
        """
        if not self._launched:
            self._launched = True
            await self._station.engine.launch(partial(self._carry_out, self._station.engine))
        if self._station.durable is not None:
            if self._launching is None:
                self._launching = asyncio.create_task(self._launch(self._station.durable))
            await asyncio.shield(self._launching)

    def resolvable(self) -> None:
        """The station knows where agents are found, for runs that an earlier process left."""
        self._resolvable.set()

    async def close(self) -> None:
        """End what runs: as `failed`, reason `interrupted`, or on a durable engine for the next process to go on."""
        self._closed = True
        if self._accepting:
            await asyncio.wait(self._accepting)
        await self._station.engine.close()
        if self._station.durable is not None:
            await self._station.durable.close()
        for expecting in tuple(self._expecting):
            expecting.cancel()
        for execution in self._prepared.values():
            execution.leave()
        for accepted in tuple(self._waiting):
            if not accepted.done():
                accepted.set_exception(EngineError("The service is closed."))

    async def _launch(self, durable: Engine) -> None:
        await durable.launch(partial(self._carry_out, durable), given_up=self._give_up)

    async def _arrive(self, engine: Engine, turn: Turn) -> LiveTask | Repeated:
        accepted: asyncio.Future[LiveTask | Repeated] = asyncio.get_running_loop().create_future()
        run_id = f"turn-{next(self._numbers)}"
        self._arrivals[run_id] = _Arrival(turn, accepted)
        self._waiting.add(accepted)
        try:
            try:
                await engine.start(run_id, {})
            except BaseException:
                if self._arrivals.pop(run_id, None) is not None:
                    self._station.slots.give(turn.scope)
                raise
            return await accepted
        finally:
            self._waiting.discard(accepted)

    async def _accept(self, engine: Engine, turn: Turn) -> LiveTask | Repeated:
        station, begun = self._station, False
        try:
            taken = await accept(station, turn)
            if isinstance(taken, Repeated):
                return taken
            execution = Execution(station, engine, turn, taken)
            with suppress(StorageError):
                await execution.look_back()
            ticket = execution.ticket.traced()
            self._prepared[ticket.run_id] = execution
            try:
                await engine.start(ticket.run_id, ticket.payload())
            except BaseException:
                begun = self._prepared.pop(ticket.run_id, None) is None
                if not begun:
                    execution.leave()
                    await self._fail(taken.stored)
                raise
            begun = True
            expecting = asyncio.create_task(self._expect(engine, ticket.run_id))
            self._expecting.add(expecting)
            expecting.add_done_callback(self._expecting.discard)
            return execution.live
        finally:
            if not begun:
                station.slots.give(turn.scope)

    async def _expect(self, engine: Engine, run_id: str) -> None:
        """A run may end before it begins, when it is cancelled or goes on in another process: nobody waits for it."""
        await engine.wait(run_id)
        execution = self._prepared.pop(run_id, None)
        if execution is not None:
            execution.leave()
            self._station.slots.give(execution.ticket.scope)

    async def _fail(self, stored: StoredTask) -> None:
        """The engine would not have the run; when the service closes, recovery finds it."""
        station = self._station
        if not self._closed:
            with suppress(StorageError):
                await end_stored(station.repository, stored, interrupted(stored.task), station.clock())

    async def _give_up(self, _run_id: str, payload: JsonObject) -> None:
        """The engine gave up a run that never got anywhere."""
        ticket, station = Ticket.read(payload), self._station
        found = await station.repository.turn(ticket.scope, ticket.task_id, ticket.turn)
        if found is not None and not found.stored.task.status.state.is_settled:
            update = interrupted(found.stored.task, GIVEN_UP)
            await end_stored(station.repository, found.stored, update, station.clock())

    async def _carry_out(self, engine: Engine, run_id: str, payload: JsonObject) -> None:
        arrival = self._arrivals.pop(run_id, None)
        prepared = self._prepared.pop(run_id, None) if arrival is None else None
        if arrival is not None:
            try:
                await self._carry_out_arrival(engine, run_id, arrival)
            finally:
                self._station.slots.give(arrival.turn.scope)
        elif prepared is not None:
            ticket = Ticket.read(payload)
            try:
                with continued(_carrier(ticket)):
                    await self._persist(engine, ticket, prepared)
            finally:
                self._station.slots.give(prepared.ticket.scope)
        else:
            await self._resume(engine, Ticket.read(payload))

    async def _carry_out_arrival(self, engine: Engine, run_id: str, arrival: _Arrival) -> None:
        accepted = arrival.accepted
        try:
            taken = await accept(self._station, arrival.turn)
        except Exception as error:
            if not accepted.done():
                accepted.set_exception(error)
            return
        if isinstance(taken, Repeated):
            if not accepted.done():
                accepted.set_result(taken)
            return
        execution = Execution(self._station, engine, arrival.turn, taken, engine_run=run_id)
        with suppress(StorageError):
            await execution.look_back()
        if not accepted.done():
            accepted.set_result(execution.live)
        await execution.run()

    async def _resume(self, engine: Engine, ticket: Ticket) -> None:
        """Go on with a run that a timer woke, or that another process began."""
        await self._resolvable.wait()
        await self._station.slots.take(ticket.scope, accepted=True)
        try:
            with continued(_carrier(ticket)):
                await self._persist(engine, ticket, await self._rebuilt_at_last(engine, ticket))
        finally:
            self._station.slots.give(ticket.scope)

    async def _persist(self, engine: Engine, ticket: Ticket, execution: Execution | None) -> None:
        tries = 0
        while tries < TRIES:
            if execution is None or not await execution.run():
                return
            if isinstance(execution.live.error, StorageError):
                await asyncio.sleep(PAUSE)
            else:
                tries += 1
            execution = await self._rebuilt_at_last(engine, ticket)
        if execution is not None:
            execution.leave()
            await self._fail(execution.stored)

    async def _rebuilt_at_last(self, engine: Engine, ticket: Ticket) -> Execution | None:
        """As `_rebuilt`, however long the store is away."""
        while True:
            try:
                return await self._rebuilt(engine, ticket)
            except StorageError as error:
                _log.warning("task %s waits for the store: %s", ticket.task_id, error)
                await asyncio.sleep(PAUSE)

    async def _rebuilt(self, engine: Engine, ticket: Ticket) -> Execution | None:
        station = self._station
        live = station.live.get(ticket.task_id)
        if live is not None:
            with suppress(StorageError, EngineError):
                await live.wait()
        found = await station.repository.turn(ticket.scope, ticket.task_id, ticket.turn)
        if found is None or found.stored.task.status.state.is_settled:
            return None
        stored, current = found.stored, Ticket.of(found.stored)
        if (current.turn, current.run) != (ticket.turn, ticket.run):
            return None
        agent = None if station.resolve is None else await station.resolve(ticket.scope)
        if agent is None:
            await end_stored(station.repository, stored, interrupted(stored.task, GONE), station.clock())
            return None
        parked = Parked.read(stored.continuation)
        again = stored.version > ticket.run and (parked is None or parked.until is None)
        replay = await Replay.of(station.repository, stored, ticket.run) if again else None
        caller = Caller(ticket.scope.owner, ticket.scope.tenant)
        turn = Turn(agent, found.message, caller, ticket.scope, metadata=found.metadata)
        opened = Opened(stored, found.message, resumed=ticket.turn > 1)
        return Execution(station, engine, turn, opened, replay=replay)


def _carrier(ticket: Ticket) -> dict[str, str]:
    return {} if ticket.trace is None else {"traceparent": ticket.trace}


async def _outliving(task: asyncio.Task[LiveTask | Repeated]) -> LiveTask | Repeated:
    """Wait for a task that goes on when the caller is cancelled; its error then is nobody's."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(lambda one: one.cancelled() or one.exception())
        raise
