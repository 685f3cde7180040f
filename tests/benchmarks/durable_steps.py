"""What durability costs: an empty run, and one step of each effect, beside bare DBOS in the same process and run.

Run: `.venv/bin/python tests/benchmarks/durable_steps.py`. `N` is how many runs a round has (100), `ROUNDS` how often
the rows take turns (5), `STEPS` how long a run is (10), `TIMERS` how many runs wait (10000); `QUICK=1` does less.

Engine: `DbosEngine` on a SQLite file (WAL). The yardstick is a workflow of DBOS with `run_step_async` on the same
database, the same connections and the same process, so that only what the engine adds is seen: DBOS looks a step up
before it executes it, the engine knows what is recorded. CPU time of the process, rounds interleaved in random order,
run one after another. Then: idle CPU of an engine, first empty, then with 10,000 runs that wait for their moment.
"""

from __future__ import annotations

import asyncio
import random
import resource
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbos import DBOS, SetWorkflowID
from goals import setting, tell

from agentkit.engine import DbosEngine, Effect, InlineEngine
from agentkit.models import Json, JsonObject

GOAL = 1.2
TIMERS = setting("TIMERS", 10_000, 1_000)
IDLE = float(setting("IDLE", 10, 3))

Row = Callable[[int], Awaitable[None]]
"""Carries out runs of this many steps each; the number of runs is fixed."""


async def _nothing() -> Json:
    return {"step": "done"}


@DBOS.workflow(name="benchmark.bare")
async def _bare(steps: int) -> None:
    for _ in range(steps):
        await DBOS.run_step_async({"name": "step"}, _nothing)


class Bench:
    """The rows of the table, all in this process."""

    def __init__(self, durable: DbosEngine, inline: InlineEngine, runs: int) -> None:
        self._engines = {"dbos": durable, "inline": inline}
        self._runs = runs
        self._steps: dict[str, tuple[int, Effect]] = {}

    async def launch(self) -> None:
        for engine in self._engines.values():
            await engine.launch(self._runner(engine))

    def _runner(self, engine: DbosEngine | InlineEngine) -> Callable[[str, JsonObject], Awaitable[None]]:
        async def runner(run_id: str, payload: JsonObject) -> None:
            steps, effect = self._steps.pop(run_id)
            for number in range(steps):
                await engine.step(run_id, f"step/{number}", _nothing, effect=effect)

        return runner

    def bare(self) -> Row:
        async def row(steps: int) -> None:
            for _ in range(self._runs):
                run_id = uuid.uuid4().hex
                with SetWorkflowID(run_id):
                    handle = await DBOS.start_workflow_async(_bare, steps)
                await handle.get_result()
                # What the engine does in batches, behind the run: it forgets what ended.
            await DBOS.delete_workflows_async(
                [status.workflow_id for status in await DBOS.list_workflows_async(name="benchmark.bare")]
            )

        return row

    def engine(self, name: str, effect: Effect) -> Row:
        engine = self._engines[name]

        async def row(steps: int) -> None:
            for _ in range(self._runs):
                run_id = uuid.uuid4().hex
                self._steps[run_id] = steps, effect
                await engine.start(run_id, {"taskId": run_id})
                await engine.wait(run_id)

        return row


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _measure(bench: Bench, runs: int, steps: int, rounds: int) -> None:
    rows: dict[tuple[str, int], Row] = {}
    for count in (0, steps):
        rows["bare DBOS", count] = bench.bare()
        rows["dbos idempotent", count] = bench.engine("dbos", "idempotent")
        rows["inline", count] = bench.engine("inline", "idempotent")
    rows["dbos lookup", steps] = bench.engine("dbos", "lookup")
    rows["dbos once", steps] = bench.engine("dbos", "once")
    cpu: dict[tuple[str, int], list[float]] = {key: [] for key in rows}
    for row in rows.items():
        await row[1](row[0][1])
    for _ in range(rounds):
        for key, row in random.sample(list(rows.items()), len(rows)):
            before = _cpu()
            await row(key[1])
            cpu[key].append((_cpu() - before) / runs * 1000)
    empty = {name: statistics.median(took) for (name, count), took in cpu.items() if count == 0}
    empty["dbos lookup"] = empty["dbos once"] = empty["dbos idempotent"]
    print(f"{'':18} cpu ms/empty run   ratio   cpu ms/step   ratio")
    step = {name: (statistics.median(took) - empty[name]) / count for (name, count), took in cpu.items() if count}
    for name in ("bare DBOS", "inline", "dbos idempotent", "dbos lookup", "dbos once"):
        print(
            f"{name:18} {empty[name]:16.3f} {empty[name] / empty['bare DBOS']:7.2f} {step[name]:13.3f}"
            f" {step[name] / step['bare DBOS']:7.2f}"
        )
    ratio = step["dbos idempotent"] / step["bare DBOS"]
    print()
    tell("one step, dbos, idempotent", ratio, "a step of bare DBOS", GOAL)


async def _idle(seconds: float) -> float:
    before = _cpu()
    await asyncio.sleep(seconds)
    return (_cpu() - before) / seconds * 100


def _memory() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1024


async def _wait(engine: DbosEngine) -> None:
    print(f"\nidle CPU of a launched DbosEngine: {await _idle(IDLE):.2f} % of a core")
    memory, moment = _memory(), datetime.now(UTC) + timedelta(days=1)
    before = time.perf_counter()
    for start in range(0, TIMERS, 100):
        await asyncio.gather(
            *(engine.start_at(f"waits-{n}", {"taskId": f"t-{n}"}, moment) for n in range(start, start + 100))
        )
    took = time.perf_counter() - before
    print(f"{TIMERS} runs that wait: {took / TIMERS * 1000:.2f} ms each to keep,", end=" ")
    print(f"{(_memory() - memory) / TIMERS:.2f} KiB of memory each, idle CPU {await _idle(IDLE):.2f} % of a core")


async def _run(folder: Path, runs: int, steps: int, rounds: int) -> None:
    durable, inline = await DbosEngine.acquire(folder / "engine.db"), InlineEngine()
    bench = Bench(durable, inline, runs)
    await bench.launch()
    await _measure(bench, runs, steps, rounds)
    await _wait(durable)
    await durable.close()
    await inline.close()


def main() -> None:
    """Measure, and print the table."""
    runs, rounds = setting("N", 100, 30), setting("ROUNDS", 5, 3)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_run(Path(folder), runs, setting("STEPS", 10, 10), rounds))


if __name__ == "__main__":
    main()
