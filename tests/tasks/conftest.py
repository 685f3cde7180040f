from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import pytest

from agentkit.engine import InlineEngine
from agentkit.storage import Connection, Database
from agentkit.storage.connection import Cursor, Job
from agentkit.tasks import MIGRATIONS, SqlRepository, TaskService


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A real database file with the tables of the task service."""
    opened = await Database.open(tmp_path / "tasks.db", MIGRATIONS)
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database; a test that asks for it runs on both database systems."""
    url: str = (
        request.getfixturevalue("postgres_url")
        if request.param == "postgresql"
        else f"sqlite:///{tmp_path / 'tasks.db'}"
    )
    return url


@pytest.fixture
async def service(database: Database) -> AsyncIterator[TaskService]:
    """The service under test."""
    made = TaskService(SqlRepository(database), InlineEngine())
    yield made
    await made.close()


class Asked:
    """A connection that remembers how SQLite finds what each statement asks for."""

    def __init__(self, connection: Connection, plans: dict[str, list[str]]) -> None:
        self._connection = connection
        self._plans = plans

    def execute(self, sql: str, parameters: Sequence[object] = (), /) -> Cursor:
        plan = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        self._plans[sql] = [row[3] for row in plan]
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]], /) -> Cursor:
        kept = list(parameters)
        for row in kept[:1]:
            plan = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", row).fetchall()
            self._plans[sql] = [one[3] for one in plan]
        return self._connection.executemany(sql, kept)


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The plan of every statement that is executed, by its SQL."""
    plans: dict[str, list[str]] = {}
    write, read = Database.write, Database.read

    async def asked_write(database: Database, job: Job[object]) -> object:
        return await write(database, lambda connection: job(Asked(connection, plans)))

    async def asked_read(database: Database, job: Job[object]) -> object:
        return await read(database, lambda connection: job(Asked(connection, plans)))

    monkeypatch.setattr(Database, "write", asked_write)
    monkeypatch.setattr(Database, "read", asked_read)
    return plans
