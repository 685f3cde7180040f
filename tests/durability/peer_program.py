"""One of several processes on a database. Arguments: its part, the address of the database, ids of runs to start."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

# Imported before the fork.
import agentkit.engine.dbos_store  # noqa: F401  # pyright: ignore[reportUnusedImport]
from agentkit.engine import DbosEngine, RunStatus
from agentkit.errors import EngineError
from agentkit.models import JsonObject
from agentkit.storage import Database
from tests.durability.harness import Tell


async def main(arguments: list[str], tell: Tell) -> None:
    part, url, *ids = arguments
    await {"serve": _serve, "hurry": _hurry, "cancel": _cancel, "refused": _refused, "tasks": _tasks}[part](
        url, ids, tell
    )


async def _hurry(url: str, ids: list[str], tell: Tell) -> None:
    """Serves, and all runs end at once."""
    await _serve(url, ids, tell, hurry=True)


async def _serve(url: str, ids: list[str], tell: Tell, *, hurry: bool = False) -> None:
    """Runs named `poison` kill the process, others go on for ever; `later` ones wait a second."""

    async def runner(run_id: str, payload: JsonObject) -> None:
        tell(f"began {run_id}")
        if run_id.startswith("poison"):
            os._exit(9)
        try:
            if not hurry:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            tell(f"stopped {run_id}")
            raise
        tell(f"ended {run_id}")

    async def given_up(run_id: str, payload: JsonObject) -> None:
        tell(f"given up {run_id}")

    engine = await DbosEngine.acquire(url)
    await engine.launch(runner, given_up=given_up)
    for run_id in ids:
        if run_id.startswith("later"):
            await engine.start_at(run_id, {}, datetime.now(UTC) + timedelta(seconds=1))
        else:
            await engine.start(run_id, {})
    tell("served")
    await asyncio.Event().wait()


async def _cancel(url: str, ids: list[str], tell: Tell) -> None:
    """Cancels runs of another process."""

    async def runner(run_id: str, payload: JsonObject) -> None:
        tell(f"began {run_id}")

    engine = await DbosEngine.acquire(url)
    await engine.launch(runner)
    for run_id in ids:
        assert await engine.status(run_id) is RunStatus.RUNNING
        assert await engine.cancel(run_id)
        assert await engine.status(run_id) is RunStatus.UNKNOWN
    await engine.close()


async def _refused(url: str, ids: list[str], tell: Tell) -> None:
    """Is the second process on a SQLite file."""
    with pytest.raises(EngineError, match="is in use by another process") as error:
        await DbosEngine.acquire(url)
    assert url in str(error.value)


async def _tasks(url: str, ids: list[str], tell: Tell) -> None:
    """Keeps tables of others in the same file."""
    database = await Database.open(Path(url), [])

    async def runner(run_id: str, payload: JsonObject) -> None:
        await database.write(lambda connection: connection.execute("CREATE TABLE IF NOT EXISTS mine (a)") and None)

    engine = await DbosEngine.acquire(url)
    await engine.launch(runner)
    for run_id in ids:
        await engine.start(run_id, {})
        await engine.wait(run_id)
    await engine.close()
    await database.close()
