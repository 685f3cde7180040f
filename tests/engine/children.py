"""Runs scenarios on `DbosEngine` in a process of their own: DBOS is a process-wide singleton."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Awaitable

from blockbuster import BlockBuster

from agentkit.engine import DbosEngine, Engine
from tests.deadline import HANG
from tests.engine.conformance import SCENARIOS, Scenario
from tests.engine.durable_scenarios import DURABLE

Reports = dict[str, str]
"""What went wrong, by scenario; empty when nothing did."""


def run_scenarios(url: str) -> Reports:
    """Run all scenarios on one database, one after another, in one child process that must not say anything."""
    command = [sys.executable, "-W", "error", "-m", __name__, url]
    child = subprocess.run(command, capture_output=True, text=True, timeout=10 * HANG, check=False)
    assert (child.returncode, child.stderr) == (0, "")
    return json.loads(child.stdout)


async def _run(url: str) -> Reports:
    # What is the same with and without a restart of DBOS need not pay for one each time.
    keeper = await DbosEngine.acquire(url, service="keeper")
    reports = {scenario.__name__: await _report(_conforms(scenario, url)) for scenario in SCENARIOS}
    await keeper.close()
    return reports | {scenario.__name__: await _report(scenario(url)) for scenario in DURABLE}


async def _conforms(scenario: Scenario, url: str) -> None:
    async def make(*, patience: float = 10.0) -> Engine:
        return await DbosEngine.acquire(url, service=scenario.__name__[:64], patience=patience)

    await scenario(make)


async def _report(scenario: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(HANG):
            await scenario
    except BaseException:
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    logging.getLogger("agentkit").addHandler(logging.NullHandler())
    BlockBuster(["agentkit"]).activate()
    sys.stdout.write(json.dumps(asyncio.run(_run(sys.argv[1]))))
