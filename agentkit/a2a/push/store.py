"""Keeps push configurations; their secrets are sealed (design D13)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.a2a.push.config import PushConfig
from agentkit.storage import Connection, Database
from agentkit.storage.connection import Row
from agentkit.storage.sealing import Sealer
from agentkit.tasks import Scope

_COLUMNS: Final = "id, task_id, url, sealed"
_OWN: Final = "task_id = ? AND tenant = ? AND owner = ? AND agent_id = ?"
_PUT: Final = (
    "INSERT INTO push_configs (task_id, id, tenant, owner, agent_id, context_id, url, sealed, delivered, attempts, due,"
    " open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 1)"
    " ON CONFLICT (task_id, id) DO UPDATE SET url = excluded.url, sealed = excluded.sealed, attempts = 0, due = 0,"
    " open = 1 WHERE push_configs.tenant = excluded.tenant AND push_configs.owner = excluded.owner"
    " AND push_configs.agent_id = excluded.agent_id"
)
_CLAIM: Final = (
    "UPDATE push_configs SET due = ? WHERE (task_id, id) IN (SELECT push_configs.task_id, push_configs.id"
    " FROM push_configs JOIN tasks ON tasks.id = push_configs.task_id WHERE open = 1 AND due <= ?"
    " AND tasks.version > delivered ORDER BY due LIMIT ?) AND due <= ?"
    " RETURNING id, task_id, url, sealed, tenant, owner, agent_id, delivered, attempts"
)
_NEXT: Final = (
    "SELECT min(due) FROM push_configs JOIN tasks ON tasks.id = push_configs.task_id WHERE open = 1"
    " AND tasks.version > delivered"
)
_WATCHED: Final = "SELECT DISTINCT tasks.key FROM push_configs JOIN tasks ON tasks.id = task_id WHERE open = 1"
_ADVANCE: Final = "UPDATE push_configs SET delivered = ?, attempts = ?, due = ?, open = ? WHERE task_id = ? AND id = ?"
_ORPHANS: Final = (
    "DELETE FROM push_configs WHERE NOT EXISTS"
    " (SELECT 1 FROM tasks WHERE tasks.id = push_configs.task_id AND tasks.deleted IS NULL)"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A configuration with something to send, claimed by one sender for a while.

    Attributes:
        config: Where to.
        scope: Whose task it is.
        delivered: The version of the last event the receiver has.
        attempts: How often the next event was tried.
    """

    config: PushConfig
    scope: Scope
    delivered: int
    attempts: int


@dataclass(slots=True)
class Progress:
    """How far a receiver has come.

    Attributes:
        delivered: The version of the last event it has.
        attempts: How often the next event was tried.
        due: When to try next, in microseconds since 1970; 0 for at once.
        open: There is more to send, now or later.
    """

    delivered: int
    attempts: int
    due: int = 0
    open: bool = True


class PushStore:
    """Configurations in the database of the tasks; opened with `MIGRATIONS` of both rooms."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        """Use a database and the key of its secrets."""
        self._database = database
        self._sealer = sealer

    async def put(self, scope: Scope, config: PushConfig, context_id: str, version: int) -> None:
        """Keep a configuration, in place of one with the same id; what came before `version` is not sent."""
        sealed = self._seal(config)
        identity = (config.task_id, config.id, scope.tenant, scope.owner, scope.agent_id, context_id)

        def insert(connection: Connection) -> None:
            connection.execute(_PUT, (*identity, config.url, sealed, version))

        await self._database.write(insert)

    async def find(self, scope: Scope, task_id: str, config_id: str) -> PushConfig | None:
        """One configuration of a task."""
        own = (task_id, scope.tenant, scope.owner, scope.agent_id, config_id)

        def find(connection: Connection) -> Row:
            query = f"SELECT {_COLUMNS} FROM push_configs WHERE {_OWN} AND id = ?"  # noqa: S608
            return connection.execute(query, own).fetchone()

        row = await self._database.read(find)
        return None if row is None else self._config(row)

    async def all(self, scope: Scope, task_id: str, *, after: str, limit: int) -> tuple[PushConfig, ...]:
        """Configurations of a task behind an id, in the order of their ids."""
        own = (task_id, scope.tenant, scope.owner, scope.agent_id, after, limit)
        query = f"SELECT {_COLUMNS} FROM push_configs WHERE {_OWN} AND id > ? ORDER BY id LIMIT ?"  # noqa: S608

        def find(connection: Connection) -> list[Row]:
            return connection.execute(query, own).fetchall()

        return tuple(map(self._config, await self._database.read(find)))

    async def count(self, scope: Scope, task_id: str) -> int:
        """How many configurations a task has."""
        own = (task_id, scope.tenant, scope.owner, scope.agent_id)

        def count(connection: Connection) -> int:
            return connection.execute(f"SELECT count(*) FROM push_configs WHERE {_OWN}", own).fetchone()[0]  # noqa: S608

        return await self._database.read(count)

    async def delete(self, scope: Scope, task_id: str, config_id: str) -> None:
        """Drop a configuration; one that is not there is dropped already."""
        own = (task_id, scope.tenant, scope.owner, scope.agent_id, config_id)

        def delete(connection: Connection) -> None:
            connection.execute(f"DELETE FROM push_configs WHERE {_OWN} AND id = ?", own)  # noqa: S608

        await self._database.write(delete)

    async def claim(self, now: int, until: int, limit: int) -> tuple[Claimed, ...]:
        """Take configurations that have something to send; nobody else takes them before `until`."""

        def claim(connection: Connection) -> list[Row]:
            return connection.execute(_CLAIM, (until, now, limit, now)).fetchall()

        rows = await self._database.write(claim)
        return tuple(Claimed(self._config(row[:4]), Scope(*row[4:7]), *row[7:]) for row in rows)

    async def advance(self, config: PushConfig, progress: Progress) -> None:
        """Note how far a receiver has come, and when to try next."""
        reached = (progress.delivered, progress.attempts, progress.due, int(progress.open))

        def advance(connection: Connection) -> None:
            connection.execute(_ADVANCE, (*reached, config.task_id, config.id))

        await self._database.write(advance)

    async def next_due(self) -> int | None:
        """When the next configuration with something to send is due; None when there is none."""

        def find(connection: Connection) -> int | None:
            return connection.execute(_NEXT).fetchone()[0]

        return await self._database.read(find)

    async def watched(self) -> set[int]:
        """The store's numbers of the tasks that have an open configuration."""

        def find(connection: Connection) -> set[int]:
            return {key for (key,) in connection.execute(_WATCHED)}

        return await self._database.read(find)

    @staticmethod
    def forget(connection: Connection, task_ids: Sequence[str]) -> None:
        """Drop the configurations of tasks, in the transaction that deletes them."""
        connection.executemany("DELETE FROM push_configs WHERE task_id = ?", [(task_id,) for task_id in task_ids])

    async def drop_orphans(self) -> None:
        """Drop the configurations of tasks that were deleted."""

        def drop(connection: Connection) -> None:
            connection.execute(_ORPHANS)

        await self._database.write(drop)

    def _seal(self, config: PushConfig) -> str:
        secrets = json.dumps([config.token, config.scheme, config.credentials])
        return base64.b64encode(self._sealer.seal(secrets, _place(config.task_id, config.id))).decode()

    def _config(self, row: Row) -> PushConfig:
        config_id, task_id, url, sealed = row
        opened = self._sealer.open(base64.b64decode(sealed), _place(task_id, config_id))
        # Sealed with a key that is gone: the webhook is called without what authorized it, and may refuse.
        token, scheme, credentials = (None, None, None) if opened is None else json.loads(opened)
        return PushConfig(config_id, task_id, url, token, scheme, credentials)


def _place(task_id: str, config_id: str) -> str:
    return f"push/{task_id}/{config_id}"
