"""Agents in the database; every row carries tenant and owner, every token is sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from pydantic import SecretStr

from agentkit.errors import StorageError
from agentkit.platform.agents.cache import Kept, RecordCache
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.agents.rows import Row, decode_row, encode_body, name_key, write_moment
from agentkit.platform.agents.selection import Selection
from agentkit.platform.agents.tables import (
    ALIVE,
    BY_ID,
    EXPIRED,
    LIST,
    OF_EXPERT,
    bury,
    drop_belongings,
    put_belongings,
    require_free,
)
from agentkit.storage import Connection, Database
from agentkit.storage.sealing import Sealer

T = TypeVar("T")

_ATTEMPTS: Final = 8


class Listed(NamedTuple):
    """An agent in a list, with the place after which the next page begins."""

    number: int
    record: AgentRecord


class AgentStore:
    """Keeps agents in the order of their creation (V1-AGENT-07).

    Records are kept in memory once read. On a database that is this process's alone nobody else can change them; on a
    shared one the version of the row is asked for each time.
    """

    def __init__(
        self, database: Database, sealer: Sealer, *, ephemeral_lifetime: timedelta, clock: Callable[[], datetime]
    ) -> None:
        """Use a database that was opened with the platform's migrations."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._changing = WeakValueDictionary[str, asyncio.Lock]()
        self._cache = RecordCache()
        self.ephemeral_lifetime = ephemeral_lifetime

    def now(self) -> datetime:
        """The platform's time, in UTC."""
        return self._clock().astimezone(UTC)

    async def add(self, record: AgentRecord, *, unique_name: bool = False) -> None:
        """Keep a new agent.

        Raises:
            NameTaken: The name must be unique and is not.
        """
        now = write_moment(self.now())
        row = (*self._columns(record), encode_body(record))
        tokens = self._sealed(record)

        def job(connection: Connection) -> None:
            if unique_name:
                require_free(connection, record, now, self._database.name_lock)
            connection.execute(
                "INSERT INTO platform_agents (id, tenant, owner, name, visibility, expires, version, body)"
                " VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
                row,
            )
            put_belongings(connection, record, tokens)

        await self._write(record.id, job)

    async def find(self, ownership: Ownership, agent_id: str) -> AgentRecord | None:
        """The agent, or the inline expert of one, or None when there is none of that id that the caller may see."""
        kept = self._cache.get(agent_id)
        if kept is None or not (self._database.exclusive or await self._is_current(kept)):
            kept = await self._load(agent_id)
        if kept is None or not kept.record.visible_to(ownership):
            return None
        expires = kept.record.expires
        return None if expires is not None and expires <= self.now() else kept.record

    async def was_here(self, ownership: Ownership, agent_id: str) -> bool:
        """Whether the caller had an agent of that id that was deleted or has expired (V2-EP-05)."""
        now = write_moment(self.now())

        def job(connection: Connection) -> bool:
            return bool(
                connection.execute(
                    "SELECT 1 FROM platform_agents WHERE id = ? AND tenant = ? AND owner = ?"
                    " AND (gone IS NOT NULL OR expires <= ?)",
                    (agent_id, ownership.tenant, ownership.owner, now),
                ).fetchone()
            )

        return await self._database.read(job)

    async def gone(self, agent_ids: Collection[str]) -> Collection[str]:
        """Those of some agents, of whomever, that are not there (any more)."""
        now = write_moment(self.now())

        def job(connection: Connection) -> list[str]:
            return [one for one in agent_ids if connection.execute(ALIVE, (one, one, now)).fetchone() is None]

        return await self._database.read(job)

    async def bury_expired(self) -> None:
        """Turn the ephemeral agents whose time is over into tombstones."""
        now = write_moment(self.now())
        if not await self._database.read(lambda connection: connection.execute(EXPIRED, (now,)).fetchone()):
            return

        def job(connection: Connection) -> None:
            # Asked again: one that was made persistent meanwhile stays.
            for (agent_id,) in connection.execute(EXPIRED, (now,)).fetchall():
                bury(connection, agent_id, now)

        await self._database.write(job)  # what memory keeps of them says itself that it has expired

    async def listed(
        self, ownership: Ownership, selection: Selection, *, after: int = 0, offset: int = 0, limit: int | None = None
    ) -> list[Listed]:
        """The caller's agents and the public ones of the tenant, oldest first (V1-AGENT-07, V2-EP-02).

        Args:
            ownership: Who asks.
            selection: Which of them.
            after: Only those behind this place of an earlier list.
            offset: How many of the selected ones to leave out.
            limit: How many at most.
        """
        now = write_moment(self.now())

        def job(connection: Connection) -> list[Listed]:
            found: list[Listed] = []
            left = offset
            rows = connection.execute(
                LIST,
                (ownership.tenant, now, ownership.owner, after),
            )
            for number, *columns in rows:
                if len(found) == limit:
                    break
                row = Row(*columns)
                if not selection.takes(row):
                    continue
                if left:
                    left -= 1
                    continue
                found.append(Listed(number, decode_row(row, {})))
            return found

        return await self._database.read(job)

    async def change(
        self,
        agent_id: str,
        make: Callable[[AgentRecord], Awaitable[AgentRecord]],
        *,
        unique_name: bool = False,
    ) -> AgentRecord | None:
        """Keep another version of an agent; changes follow one another, so that none is lost (V1-AGENT-03).

        Args:
            agent_id: Which one; the caller has found out that it may be changed.
            make: Makes the new version of the present one.
            unique_name: A new name must be free.

        Returns:
            The new version, or None when the agent is gone.

        Raises:
            NameTaken: The name must be unique and is not.
            StorageError: Other processes changed the agent again and again.
        """
        # One that takes its time, as a large schema does, holds nobody else's agent up.
        async with self._changing.setdefault(agent_id, asyncio.Lock()):
            for _ in range(_ATTEMPTS):
                kept = await self._load(agent_id)
                if kept is None or kept.record.part_of is not None:
                    return None
                changed = await make(kept.record)
                check = unique_name and changed.name != kept.record.name
                if await self._replace(changed, kept.version, unique_name=check):
                    return changed
        raise StorageError("An agent is being changed by others all the time.", remedy="Try again.")

    async def delete(self, agent_id: str) -> bool:
        """Turn an agent into a tombstone, without its content, inline experts and tokens; False when it is gone."""
        now = write_moment(self.now())
        return await self._write(agent_id, lambda connection: bury(connection, agent_id, now))

    async def _is_current(self, kept: Kept) -> bool:
        agent_id = kept.record.part_of or kept.record.id

        def job(connection: Connection) -> int | None:
            row = connection.execute(
                "SELECT version FROM platform_agents WHERE id = ? AND gone IS NULL", (agent_id,)
            ).fetchone()
            return None if row is None else row[0]

        return await self._database.read(job) == kept.version

    async def _load(self, agent_id: str) -> Kept | None:
        stamp = self._cache.stamp

        def job(connection: Connection) -> tuple[Row, list[tuple[str, bytes]]] | None:
            found = connection.execute(BY_ID, (agent_id,)).fetchone()
            found = found or connection.execute(OF_EXPERT, (agent_id,)).fetchone()
            if found is None:
                return None
            row = Row(*found)
            sealed = connection.execute("SELECT server_id, sealed FROM platform_tokens WHERE agent_id = ?", (row.id,))
            return row, sealed.fetchall()

        found = await self._database.read(job)
        if found is None:
            return None
        row, sealed = found
        record = decode_row(row, self._opened(row.id, sealed))
        if row.id != agent_id:
            expert = record.expert(agent_id)
            if expert is None:
                raise StorageError("An inline expert lies in an agent that does not have it.")
            record = expert
        self._cache.keep(record, row.version, stamp)
        return Kept(record, row.version)

    async def _replace(self, record: AgentRecord, version: int, *, unique_name: bool) -> bool:
        now = write_moment(self.now())
        row = (*self._columns(record)[3:], encode_body(record), record.id, version)
        tokens = self._sealed(record)

        def job(connection: Connection) -> bool:
            if unique_name:
                require_free(connection, record, now, self._database.name_lock)
            changed = connection.execute(
                "UPDATE platform_agents SET name = ?, visibility = ?, expires = ?, version = version + 1, body = ?"
                " WHERE id = ? AND version = ? AND gone IS NULL",
                row,
            ).rowcount
            if changed:
                drop_belongings(connection, record.id)
                put_belongings(connection, record, tokens)
            return bool(changed)

        return await self._write(record.id, job)

    async def _write(self, agent_id: str, job: Callable[[Connection], T]) -> T:
        """Write, and forget what was kept; also when the caller is cancelled, for the job runs all the same."""
        written = asyncio.ensure_future(self._database.write(job))
        written.add_done_callback(lambda _: self._cache.forget(agent_id))
        return await asyncio.shield(written)

    @staticmethod
    def _columns(record: AgentRecord) -> tuple[str | None, ...]:
        own = record.ownership
        expires = write_moment(record.expires)
        return record.id, own.tenant, own.owner, name_key(record.name), record.visibility.value, expires

    def _sealed(self, record: AgentRecord) -> list[tuple[str, str, bytes]]:
        return [
            (record.id, server, self._sealer.seal(token.get_secret_value(), _place(record.id, server)))
            for server, token in record.tokens.items()
        ]

    def _opened(self, agent_id: str, sealed: list[tuple[str, bytes]]) -> Mapping[str, SecretStr]:
        # A token sealed with a lost key is a token nobody gave: the run stops in auth-required.
        opened = {server: self._sealer.open(token, _place(agent_id, server)) for server, token in sealed}
        return {server: SecretStr(token) for server, token in opened.items() if token is not None}


def _place(agent_id: str, server_id: str) -> str:
    return f"{agent_id}/{server_id}"
