"""The key that signs tokens: one for all processes on a database, kept over restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentkit.errors import ConfigurationError
from agentkit.platform.realm.signing import load_signing_keys
from agentkit.platform.schema import MIGRATIONS
from agentkit.storage import Database
from agentkit.storage.sealing import Sealer
from tests.platform.realm.parts import claims

pytestmark = pytest.mark.anyio

KEY = b"k" * 32
OTHER = b"o" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = str(tmp_path / "keys.db") if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = await Database.open(url, MIGRATIONS)
    yield opened
    await opened.close()


async def test_processes_that_start_at_once_sign_with_the_same_key(database: Database) -> None:
    """Else the tokens of one of them are refused by the others."""
    keys = await asyncio.gather(*(load_signing_keys(database, Sealer(KEY)) for _ in range(5)))
    again = await load_signing_keys(database, Sealer(KEY))
    assert {one.key_id for one in keys} == {again.key_id}
    assert claims(keys[0].sign({"exp": 1})) == {"exp": 1}


async def test_a_seal_that_cannot_be_opened_any_more_gives_way_to_one_new_key(database: Database) -> None:
    before = await load_signing_keys(database, Sealer(KEY))
    keys = await asyncio.gather(*(load_signing_keys(database, Sealer(OTHER)) for _ in range(5)))
    assert len({one.key_id for one in keys}) == 1
    assert keys[0].key_id != before.key_id


async def test_processes_with_different_keys_of_the_seal_are_told_so(database: Database) -> None:
    started = await asyncio.gather(
        *(load_signing_keys(database, Sealer(key)) for key in (KEY, OTHER)), return_exceptions=True
    )
    assert sum(isinstance(one, ConfigurationError) for one in started) == 1
