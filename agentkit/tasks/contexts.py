"""Conversations across agents, as a management plane asks for them: lists, one of them, counts, and their lifetime."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from agentkit.storage import Connection, Database
from agentkit.tasks.codec import MICROSECOND, micros, moment
from agentkit.tasks.repository import Scope

_OWNED: Final = "(SELECT number FROM scopes WHERE tenant = ? AND owner = ?)"
_FIRSTS: Final = (
    "SELECT key, context_id, listed, created FROM tasks WHERE opens IS NOT NULL AND listed IN {scopes}"
    "{restricted} ORDER BY key DESC LIMIT ?"
)
_LISTED: Final = (
    "SELECT first.key, first.context_id, scopes.agent_id, first.created,"
    " (SELECT count(*) FROM tasks WHERE context_id = first.context_id AND listed = first.listed),"
    " (SELECT max(updated) FROM tasks WHERE context_id = first.context_id AND listed = first.listed)"
    " FROM ({firsts}) AS first JOIN scopes ON scopes.number = first.listed ORDER BY first.key DESC"
)
_SCOPE: Final = f"SELECT agent_id FROM tasks WHERE context_id = ? AND listed IN {_OWNED} LIMIT 1"  # noqa: S608
_ONE: Final = (
    "SELECT min(key), context_id, agent_id, min(created), count(*), max(updated) FROM tasks"  # noqa: S608
    f" WHERE context_id = ? AND listed IN {_OWNED} GROUP BY context_id, agent_id"
)
_ENDLESS: Final = (
    "SELECT DISTINCT agent_id FROM scopes WHERE EXISTS (SELECT 1 FROM tasks WHERE opens = 0 AND listed = number)"
)
_END: Final = "UPDATE tasks SET opens = ? WHERE opens = 0 AND listed IN (SELECT number FROM scopes WHERE agent_id = ?)"


@dataclass(frozen=True, slots=True)
class ContextFilter:
    """Which conversations to list; None does not restrict.

    Attributes:
        agent_id: With this agent.
        since: Opened at this time or later.
        until: Opened before this time.
    """

    agent_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownContext:
    """A conversation as a whole.

    Attributes:
        number: Grows with each conversation that is opened; the cursor of a list.
        id: Its id.
        agent_id: With whom.
        created: When it was opened.
        updated: When something happened last.
        tasks: How many there are.
    """

    number: int
    id: str
    agent_id: str
    created: datetime
    updated: datetime
    tasks: int


class Contexts:
    """Asks the tables of the tasks; a conversation of somebody else is a missing one."""

    def __init__(self, database: Database) -> None:
        """Use a database that was opened with this room's `MIGRATIONS`."""
        self._database = database

    async def page(
        self, tenant: str, owner: str, chosen: ContextFilter, *, limit: int, before: int | None = None
    ) -> Sequence[KnownContext]:
        """The owner's conversations, those opened last first.

        Args:
            tenant: Of the owner.
            owner: Whose they are.
            chosen: Which of them.
            limit: At most so many.
            before: Only those behind this number in the list.
        """
        scopes, values = _OWNED, list[object]((tenant, owner))
        if chosen.agent_id is not None:
            scopes = scopes.replace("owner = ?", "owner = ? AND agent_id = ?")
            values.append(chosen.agent_id)
        restricted = ""
        for condition, value in (
            ("key < ?", before),
            ("created >= ?", None if chosen.since is None else micros(chosen.since)),
            ("created < ?", None if chosen.until is None else micros(chosen.until)),
        ):
            if value is not None:
                restricted += f" AND {condition}"
                values.append(value)
        sql = _LISTED.format(firsts=_FIRSTS.format(scopes=scopes, restricted=restricted))

        def find(connection: Connection) -> list[KnownContext]:
            rows = connection.execute(sql, (*values, limit)).fetchall()
            return [
                KnownContext(number, context_id, agent_id, moment(created), moment(updated), count)
                for number, context_id, agent_id, created, count, updated in rows
            ]

        return await self._database.read(find)

    async def scope(self, tenant: str, owner: str, context_id: str) -> Scope | None:
        """In which scope a conversation of the owner is; None when there is none."""
        row = await self._database.read(lambda it: it.execute(_SCOPE, (context_id, tenant, owner)).fetchone())
        return None if row is None else Scope(tenant, owner, row[0])

    async def find(self, tenant: str, owner: str, context_id: str) -> KnownContext | None:
        """A conversation of the owner; None when there is none."""
        row = await self._database.read(lambda it: it.execute(_ONE, (context_id, tenant, owner)).fetchone())
        if row is None:
            return None
        number, found, agent_id, created, count, updated = row
        return KnownContext(number, found, agent_id, moment(created), moment(updated), count)

    async def endless_agents(self) -> Collection[str]:
        """The agents that have conversations without an end."""
        rows = await self._database.read(lambda it: it.execute(_ENDLESS).fetchall())
        return [agent_id for (agent_id,) in rows]

    async def give_end(self, agent_ids: Collection[str], lifetime: timedelta) -> None:
        """Have the endless conversations with some agents end so long after what happened last in them."""
        rows = [(lifetime // MICROSECOND, agent_id) for agent_id in agent_ids]
        if rows:
            await self._database.write(lambda it: it.executemany(_END, rows).rowcount)
