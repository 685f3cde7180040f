"""After a start: no task is left at work that nobody works on."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from agentkit.compose.facets import needs_durability
from agentkit.engine import RunStatus
from agentkit.errors import EngineError
from agentkit.models import TaskState
from agentkit.tasks.repository import StoredTask
from agentkit.tasks.running import GONE
from agentkit.tasks.station import Resolve, Station
from agentkit.tasks.tickets import Parked, Ticket
from agentkit.tasks.verdict import end_stored, interrupted

PAGE: Final = 500
NO_ENGINE: Final = "The work was interrupted, and this server has no engine that could go on with it."
LOST: Final = "The work was interrupted, and its engine knows it no more: what it has done is not done again."


async def recover(station: Station, resolve: Resolve | None) -> int:
    """Look after every task that an earlier process left at work; returns how many there were.

    A turn that need not survive a crash ends `failed`, reason `interrupted`. A durable one is gone on with by its
    engine, or started where the crash came between the message and its run. Timers are set again.

    Raises:
        StorageError: The store refused.
        EngineError: An engine refused.
    """
    found, after = 0, 0
    while page := await station.repository.unsettled(after=after, limit=PAGE):
        for stored in page:
            after = stored.key
            if stored.task.id not in station.live:
                found += await _look_after(station, resolve, stored)
    return found


async def _look_after(station: Station, resolve: Resolve | None, stored: StoredTask) -> bool:
    agent = None if resolve is None else await resolve(stored.scope)
    parked = Parked.read(stored.continuation)
    waits = parked.until if parked is not None else None
    if agent is None or (waits is None and not needs_durability(agent)):
        # Without a resolver nobody says what is served: then what is at work was simply interrupted.
        reason = interrupted(stored.task) if agent is not None or resolve is None else interrupted(stored.task, GONE)
        return await end_stored(station.repository, stored, reason, station.clock())
    engine = None
    with suppress(EngineError):
        engine = station.engine_for(agent)
    if engine is None:
        update = interrupted(stored.task, NO_ENGINE)
        return await end_stored(station.repository, stored, update, station.clock())
    ticket = Ticket.of(stored)
    if await engine.status(ticket.run_id) is not RunStatus.UNKNOWN:
        return True
    if waits is not None:
        await engine.start_at(ticket.run_id, ticket.payload(), waits)
    elif stored.task.status.state is TaskState.SUBMITTED:
        await engine.start(ticket.run_id, ticket.payload())
    else:
        update = interrupted(stored.task, LOST)
        return await end_stored(station.repository, stored, update, station.clock())
    return True
