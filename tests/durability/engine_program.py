"""Carries out runs of many steps on `DbosEngine`; what their effects do to the world is in the ledger.

Arguments: address of the database, path of the ledger, first and last number of the runs to start.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

# Imported before the fork.
import agentkit.engine.dbos_store  # noqa: F401  # pyright: ignore[reportUnusedImport]
from agentkit.engine import DbosEngine, Effect, Found, Runner, RunStatus
from agentkit.errors import UnknownOutcome
from agentkit.models import Json, JsonObject
from tests.durability.harness import Ledger, Tell

STEPS = 8
EFFECTS: tuple[Effect, ...] = ("idempotent", "lookup", "once")


async def main(arguments: list[str], tell: Tell) -> None:
    url, path, first, last = arguments
    ledger = Ledger(Path(path))
    # It is killed on purpose: no run is to blame.
    engine = await DbosEngine.acquire(url, recoveries=1000)

    async def step(run_id: str, key: str, effect: Effect) -> None:
        async def work() -> Json:
            tell("before")
            ledger.append("effect", run_id, key, effect)
            tell("after")
            return {"step": key}

        async def look_up() -> Found | None:
            happened = ledger.count("effect")[f"{run_id} {key} {effect}"]
            return Found({"step": key}) if happened else None

        try:
            assert await engine.step(run_id, key, work, effect=effect, look_up=look_up) == {"step": key}
        except UnknownOutcome as unknown:
            ledger.append("unknown", run_id, unknown.step)
            return
        ledger.append("recorded", run_id, key, effect)
        tell("recorded")

    async def runner(run_id: str, payload: JsonObject) -> None:
        for number in range(STEPS):
            # Branches of the same run, at the same time.
            await asyncio.gather(*(step(run_id, f"{number}/{effect}", effect) for effect in EFFECTS))
        ledger.append("ended", run_id)
        tell("ended")

    runs = [f"run-{number}" for number in range(int(first), int(last))]
    await _launch(engine, runner, ledger, runs)
    for run_id in runs:
        # A run that was interrupted often waits for its turn, and is at work nowhere until then.
        while await engine.status(run_id) is not RunStatus.UNKNOWN:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await engine.close()


async def _launch(engine: DbosEngine, runner: Runner, ledger: Ledger, runs: list[str]) -> None:
    ended = ledger.count("ended")
    left = [run_id for run_id in runs if run_id not in ended]
    # Asked before the launch: what that takes over may end, and be forgotten, while others are started.
    known = {run_id for run_id in left if await engine.status(run_id) is not RunStatus.UNKNOWN}
    await engine.launch(runner)
    for run_id in left:
        if run_id not in known:
            await engine.start(run_id, {})
        ledger.append("accepted", run_id)
