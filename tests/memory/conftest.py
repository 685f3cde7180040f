"""A memory on each database system, so that what it promises is shown for both."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agentkit.memory import MIGRATIONS, ContextMemory
from agentkit.storage import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> str | None:
    """The address of an empty database."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def database(address: str | None) -> AsyncIterator[Database]:
    opened = await Database.open(address, MIGRATIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def memory(database: Database) -> ContextMemory:
    return ContextMemory(database)
