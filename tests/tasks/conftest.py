from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentkit.engine import InlineEngine
from agentkit.storage import Database
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
