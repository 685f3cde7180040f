"""Lives through a PostgreSQL server that is away for a while. Arguments: its part, the address of the database."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import psycopg

# Imported before the fork.
import agentkit.engine.dbos_store  # noqa: F401  # pyright: ignore[reportUnusedImport]
from agentkit.engine import DbosEngine
from agentkit.models import Json, JsonObject
from tests.durability.harness import Tell


async def main(arguments: list[str], tell: Tell) -> None:
    part, url = arguments
    logging.getLogger("agentkit").addHandler(logging.NullHandler())
    await {"goes-on": _goes_on, "stops": _stops}[part](url, tell)


async def _goes_on(url: str, tell: Tell) -> None:
    """A step ends while the server is away, and a timer comes due; both are gone on with when it is back."""
    executed, ended = list[str](), asyncio.Event()

    async def work() -> Json:
        executed.append("work")
        await _set_away(url, True)
        asyncio.get_running_loop().call_later(1.5, lambda: asyncio.ensure_future(_set_away(url, False)))
        return "done"

    async def runner(run_id: str, payload: JsonObject) -> None:
        if run_id == "timer":
            tell("timer")
            return
        assert await engine.step(run_id, "work", work, effect="once") == "done"
        tell("recorded")
        ended.set()

    engine = await DbosEngine.acquire(url)
    await engine.launch(runner)
    await engine.start_at("timer", {}, datetime.now(UTC) + timedelta(seconds=0.5))
    await engine.start("r", {})
    await ended.wait()
    assert executed == ["work"]
    await engine.wait("r")
    await asyncio.Event().wait()


async def _stops(url: str, tell: Tell) -> None:
    """It is stopped while the server is away, with a step that could not be recorded."""
    away = asyncio.Event()

    async def work() -> Json:
        await _set_away(url, True)
        away.set()
        return "done"

    async def runner(run_id: str, payload: JsonObject) -> None:
        await engine.step(run_id, "work", work)

    engine = await DbosEngine.acquire(url)
    await engine.launch(runner)
    await engine.start("r", {})
    await away.wait()
    async with asyncio.timeout(30):
        await engine.close()
    tell("stopped")


async def _set_away(url: str, away: bool) -> None:
    await asyncio.to_thread(_alter, url, away)


def _alter(url: str, away: bool) -> None:
    """Refuse connections to the database, and break those there are; or let them in again."""
    name = url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(not away).lower()}".encode())
        if away:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
