"""How often agents were called, counted from the tasks, of which a row stays when their content is erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from agentkit.storage import Connection, Database
from agentkit.tasks.codec import MICROSECOND, micros, moment

# A task is one call, and each message that continues it is another. `listed` is negative where a task was erased.
_CALLS: Final = """
    WITH chosen AS (SELECT number FROM scopes WHERE tenant = ? AND agent_id = ?{restricted}),
    seen AS (
        SELECT key, context_id, created, turn FROM tasks
        WHERE listed IN (SELECT number FROM chosen UNION ALL SELECT -number FROM chosen) AND updated >= ?
    ),
    calls AS (
        SELECT created AS sent, context_id FROM seen
        UNION ALL
        SELECT events.sent, seen.context_id FROM seen JOIN events ON events.task = seen.key
        WHERE seen.turn > 1 AND events.kind = 'message' AND events.version > 1
    )
"""
_PERIODS: Final = (
    " SELECT (sent + ?) / ?, count(*), count(DISTINCT context_id) FROM calls WHERE sent >= ? AND sent < ?"
    " GROUP BY 1 ORDER BY 1"
)
_TOTAL: Final = " SELECT count(*), count(DISTINCT context_id) FROM calls WHERE sent >= ? AND sent < ?"


@dataclass(frozen=True, slots=True)
class Calls:
    """How often an agent was called in a period.

    Attributes:
        start: Of the period.
        invocations: Messages.
        contexts: Conversations they belong to.
    """

    start: datetime
    invocations: int
    contexts: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The calls of a time: of each period that has some, oldest first, and of all of it."""

    periods: Sequence[Calls]
    total: Calls


async def count_calls(
    database: Database,
    tenant: str,
    agent_id: str,
    owner: str | None,
    *,
    since: datetime,
    until: datetime,
    length: timedelta,
    origin: datetime,
) -> Counted:
    """Count the messages that an agent got.

    Args:
        database: With the tables of the tasks.
        tenant: Whose agent.
        agent_id: Which one.
        owner: Only those of this caller; None for everybody of the tenant.
        since: From this time on.
        until: Up to, but not including, this time.
        length: Of a period.
        origin: Where some period begins, at or before 1970.
    """
    sql = _CALLS.format(restricted="" if owner is None else " AND owner = ?")
    begin, end, step, shift = micros(since), micros(until), length // MICROSECOND, -micros(origin)
    whose = (tenant, agent_id) if owner is None else (tenant, agent_id, owner)

    def count(connection: Connection) -> Counted:
        rows = connection.execute(sql + _PERIODS, (*whose, begin, shift, step, begin, end)).fetchall()
        invocations, contexts = connection.execute(sql + _TOTAL, (*whose, begin, begin, end)).fetchone()
        periods = [Calls(moment(number * step - shift), calls, met) for number, calls, met in rows]
        return Counted(periods, Calls(since, invocations, contexts))

    return await database.read(count)
