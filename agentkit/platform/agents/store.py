"""Agents on SQLite; every row carries tenant and owner, every token is sealed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from pydantic import SecretStr

from agentkit.errors import StorageError
from agentkit.models import AgentInfo
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.specs import AgentType
from agentkit.storage import Connection, Database
from agentkit.storage.sealing import Sealer
from agentkit.wire import v1


def _now() -> datetime:
    return datetime.now(UTC)


class AgentStore:
    """Keeps agents in the order of their creation (V1-AGENT-07)."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        *,
        ephemeral_lifetime: timedelta,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Use a database that was opened with the platform's migrations."""
        self._database = database
        self._sealer = sealer
        self._lifetime = ephemeral_lifetime
        self._clock = clock
        self._changing = asyncio.Lock()

    async def add(self, ownership: Ownership, record: AgentRecord) -> None:
        """Keep a new agent, and delete the ephemeral ones whose time is over."""
        now = self._clock()
        row = (
            record.info.id,
            ownership.tenant,
            ownership.owner,
            record.agent_type.value,
            int(record.ephemeral),
            now.isoformat(),
            _body(record.info),
        )
        tokens = self._sealed(record)
        oldest = (now - self._lifetime).isoformat()

        def job(connection: Connection) -> None:
            connection.execute(
                "DELETE FROM platform_tokens WHERE agent_id IN"
                " (SELECT id FROM platform_agents WHERE ephemeral = 1 AND created < ?)",
                (oldest,),
            )
            connection.execute("DELETE FROM platform_agents WHERE ephemeral = 1 AND created < ?", (oldest,))
            connection.execute(
                "INSERT INTO platform_agents (id, tenant, owner, agent_type, ephemeral, created, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            _put_tokens(connection, tokens)

        await self._database.write(job)

    async def find(self, ownership: Ownership, agent_id: str) -> AgentRecord | None:
        """The agent, or None when there is none of that id for this owner."""

        def job(connection: Connection) -> tuple[tuple[str, int, str] | None, list[tuple[str, bytes]]]:
            row = connection.execute(
                "SELECT agent_type, ephemeral, body FROM platform_agents"
                " WHERE id = ? AND tenant = ? AND owner = ? AND NOT (ephemeral = 1 AND created < ?)",
                (agent_id, ownership.tenant, ownership.owner, oldest),
            ).fetchone()
            tokens = connection.execute(
                "SELECT server_id, sealed FROM platform_tokens WHERE agent_id = ?", (agent_id,)
            ).fetchall()
            return row, tokens

        oldest = (self._clock() - self._lifetime).isoformat()
        row, sealed = await self._database.read(job)
        if row is None:
            return None
        agent_type, ephemeral, body = row
        # A token sealed with a lost key is a token nobody gave: the run stops in auth-required.
        opened = {server: self._sealer.open(token, _place(agent_id, server)) for server, token in sealed}
        return AgentRecord(
            info=_info(body),
            agent_type=AgentType(agent_type),
            ephemeral=bool(ephemeral),
            tokens={server: SecretStr(token) for server, token in opened.items() if token is not None},
        )

    async def page(
        self, ownership: Ownership, *, limit: int | None, offset: int, ephemeral: bool
    ) -> tuple[AgentInfo, ...]:
        """The owner's agents, oldest first; ephemeral ones only when asked for (V1-AGENT-05, V1-AGENT-07)."""
        oldest = (self._clock() - self._lifetime).isoformat()

        def job(connection: Connection) -> list[tuple[str]]:
            return connection.execute(
                "SELECT body FROM platform_agents WHERE tenant = ? AND owner = ?"
                " AND (ephemeral = 0 OR (? AND created >= ?)) ORDER BY number LIMIT ? OFFSET ?",
                (ownership.tenant, ownership.owner, ephemeral, oldest, -1 if limit is None else limit, offset),
            ).fetchall()

        return tuple(_info(body) for (body,) in await self._database.read(job))

    async def change(
        self, ownership: Ownership, agent_id: str, make: Callable[[AgentRecord], Awaitable[AgentRecord]]
    ) -> AgentRecord | None:
        """Keep another version of an agent; changes follow one another, so that none is lost (V1-AGENT-03).

        Args:
            ownership: Whose agent it is.
            agent_id: Which one.
            make: Makes the new version of the present one.

        Returns:
            The new version, or None when there is no agent of that id for this owner.
        """
        async with self._changing:
            record = await self.find(ownership, agent_id)
            if record is None:
                return None
            changed = await make(record)
            return changed if await self._replace(ownership, changed) else None

    async def _replace(self, ownership: Ownership, record: AgentRecord) -> bool:
        tokens = self._sealed(record)

        def job(connection: Connection) -> bool:
            changed = connection.execute(
                "UPDATE platform_agents SET body = ? WHERE id = ? AND tenant = ? AND owner = ?",
                (_body(record.info), record.info.id, ownership.tenant, ownership.owner),
            ).rowcount
            if changed:
                connection.execute("DELETE FROM platform_tokens WHERE agent_id = ?", (record.info.id,))
                _put_tokens(connection, tokens)
            return bool(changed)

        return await self._database.write(job)

    async def delete(self, ownership: Ownership, agent_id: str) -> bool:
        """Delete an agent with its inline experts and tokens; False when there is none for this owner."""

        def job(connection: Connection) -> bool:
            deleted = connection.execute(
                "DELETE FROM platform_agents WHERE id = ? AND tenant = ? AND owner = ?",
                (agent_id, ownership.tenant, ownership.owner),
            ).rowcount
            if deleted:
                connection.execute("DELETE FROM platform_tokens WHERE agent_id = ?", (agent_id,))
            return bool(deleted)

        return await self._database.write(job)

    def _sealed(self, record: AgentRecord) -> list[tuple[str, str, bytes]]:
        agent_id = record.info.id
        return [
            (agent_id, server, self._sealer.seal(token.get_secret_value(), _place(agent_id, server)))
            for server, token in record.tokens.items()
        ]


def _put_tokens(connection: Connection, tokens: list[tuple[str, str, bytes]]) -> None:
    connection.executemany("INSERT INTO platform_tokens (agent_id, server_id, sealed) VALUES (?, ?, ?)", tokens)


def _place(agent_id: str, server_id: str) -> str:
    return f"{agent_id}/{server_id}"


def _body(info: AgentInfo) -> str:
    return json.dumps(v1.encode_agent(info))


def _info(body: str) -> AgentInfo:
    info = v1.decode_agent(cast(object, json.loads(body)))
    if not isinstance(info, AgentInfo):
        raise StorageError("A stored agent is not an agent.")
    return info
