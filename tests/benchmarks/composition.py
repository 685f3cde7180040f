"""CPU time of one child call in a composition: ours, and a step of pydantic-graph.

Run: `.venv/bin/python tests/benchmarks/composition.py`. `N` is the number of runs of a composition per turn (300),
`ROUNDS` how often the rows take turns (9); `QUICK=1` does less. Shown are the median over the rounds and the round that
was disturbed least.

Every row is a process of its own; they take turns in changing order, so a busy machine slows all of them. What is
counted is CPU time of the process, divided by the number of children: three in a chain, eight side by side. Each child
is an async function that gives back the text it was given; `bare await` awaits it, and nothing else. Ours are
`FunctionAgent`s: every call makes a `Message`, and passes through a turn that can pause, fail, stream and be cancelled.
pydantic-graph gets an environment of its own, made once in the user's cache folder.

Rows say which engine they run on. On `dbos` (`DbosEngine` on a SQLite file) every child call is a recorded step, with
the effect that the row names; `bare DBOS` is a workflow of DBOS with `run_step_async`, on the connections and settings
of that engine. These rows run a tenth as often, all compositions of a turn in one run: what a run itself costs is told
by `durable_steps.py`.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goals import setting, tell

if TYPE_CHECKING:
    from agentkit.compose import Agent
    from agentkit.engine import DbosEngine, Effect

GRAPH: Final = "pydantic-graph>=2.68,<3"
GOAL: Final = 0.35
DURABLE_GOAL: Final = 1.2
CHAIN: Final = 3
FAN: Final = 8
YARDSTICKS: Final = {"Sequential (3)": "pydantic-graph, chain of 3", "Parallel (8)": "pydantic-graph, 8 at once"}
SHAPES: Final = {"chain": "Sequential (3)", "fan": "Parallel (8)"}
BARE: Final = {"chain": "bare DBOS, 3 in a chain", "fan": "bare DBOS, 8 at once"}
EFFECTS: Final[tuple[Effect, ...]] = ("idempotent", "lookup", "once")
_WARM_UP: Final = 50
_SELDOM: Final = 10

Work = Callable[[int], Awaitable[None]]
"""Runs a composition so many times."""

Row = Callable[[], AbstractAsyncContextManager[tuple[Work, int]]]
"""What is measured, and how many children a composition has."""

# --- what is measured; each runs in a process of its own, some of them without agentkit ------------------------------


async def _child(text: str) -> str:
    return text


@asynccontextmanager
async def _plain(run: Callable[[], Awaitable[object]], children: int) -> AsyncGenerator[tuple[Work, int]]:
    async def work(times: int) -> None:
        for _ in range(times):
            await run()

    yield work, children


def _composite(kind: str, effect: Effect) -> Agent:
    from agentkit.compose import FunctionAgent, Parallel, Sequential

    async def look_up(text: str) -> str | None:
        del text
        return None

    agents = [
        FunctionAgent(_child, name=f"child-{number}", effect=effect, look_up=look_up if effect == "lookup" else None)
        for number in range(CHAIN if kind == "chain" else FAN)
    ]
    return Sequential("chain", agents) if kind == "chain" else Parallel("fan", agents)


def _ours(kind: str) -> AbstractAsyncContextManager[tuple[Work, int]]:
    from agentkit.compose import Caller, RunContext
    from agentkit.engine import InlineEngine
    from agentkit.models import Message

    agent = _composite(kind, "once")
    context = RunContext("c-1", "t-1", Caller("ann"), InlineEngine(), path=("root",))
    message = Message.user("x")

    async def run() -> object:
        return [event async for event in agent.run(message, context)]

    return _plain(run, CHAIN if kind == "chain" else FAN)


@asynccontextmanager
async def _engine(carry: Callable[[DbosEngine, str, int], Awaitable[None]]) -> AsyncGenerator[Work]:
    """A durable engine; the work is one run, which carries out so many compositions."""
    from agentkit.engine import DbosEngine

    with tempfile.TemporaryDirectory() as folder:
        engine = await DbosEngine.acquire(Path(folder) / "engine.db")
        times_of: dict[str, int] = {}

        async def runner(run_id: str, payload: Mapping[str, Any]) -> None:
            del payload
            await carry(engine, run_id, times_of[run_id])

        async def work(times: int) -> None:
            run_id = f"run-{len(times_of)}"
            times_of[run_id] = times
            await engine.start(run_id, {"taskId": run_id})
            await engine.wait(run_id)

        await engine.launch(runner)
        yield work
        await engine.close()


@asynccontextmanager
async def _durable(kind: str, effect: Effect) -> AsyncGenerator[tuple[Work, int]]:
    from agentkit.compose import Caller, RunContext
    from agentkit.models import Message

    agent, message, ran = _composite(kind, effect), Message.user("x"), 0

    async def carry(engine: DbosEngine, run_id: str, times: int) -> None:
        nonlocal ran
        context = RunContext("c-1", "t-1", Caller("ann"), engine, run_id=run_id)
        for number in range(times):
            events = agent.run(message, replace(context, path=("root", str(number))))
            last = [event async for event in events][-1]
            assert isinstance(last, Message), last
            ran += 1

    async with _engine(carry) as run:

        async def work(times: int) -> None:
            before = ran
            await run(times)
            # What a run raises, its engine keeps to itself.
            assert ran == before + times

        yield work, CHAIN if kind == "chain" else FAN


@asynccontextmanager
async def _bare_engine(kind: str) -> AsyncGenerator[tuple[Work, int]]:
    from dbos import DBOS

    async def step() -> str:
        return await _child("x")

    @DBOS.workflow(name="benchmark.bare")
    async def bare(times: int) -> None:
        for _ in range(times):
            if kind == "chain":
                for _ in range(CHAIN):
                    await DBOS.run_step_async({"name": "step"}, step)
            else:
                await asyncio.gather(*(DBOS.run_step_async({"name": "step"}, step) for _ in range(FAN)))

    async def carry(engine: DbosEngine, run_id: str, times: int) -> None:
        del engine, run_id, times

    async def work(times: int) -> None:
        handle = await DBOS.start_workflow_async(bare, times)
        await handle.get_result(polling_interval_sec=0.05)
        await DBOS.delete_workflows_async([handle.workflow_id])

    async with _engine(carry):
        yield work, CHAIN if kind == "chain" else FAN


def _graph(kind: str) -> AbstractAsyncContextManager[tuple[Work, int]]:
    lib: Any = importlib.import_module("pydantic_graph")  # is not there when types are checked

    async def call(ctx: Any) -> str:
        return await _child(ctx.inputs)

    count = CHAIN if kind == "chain" else FAN
    builder = lib.GraphBuilder(input_type=str, output_type=str if kind == "chain" else list[str])
    steps = [builder.step(call, node_id=f"child-{number}") for number in range(count)]
    if kind == "chain":
        stations = [builder.start_node, *steps, builder.end_node]
        builder.add(*(builder.edge_from(one).to(other) for one, other in pairwise(stations)))
    else:
        join = builder.join(lib.reduce_list_append, initial_factory=list[str])
        builder.add(
            builder.edge_from(builder.start_node).to(*steps),
            *(builder.edge_from(step).to(join) for step in steps),
            builder.edge_from(join).to(builder.end_node),
        )
    graph = builder.build()
    return _plain(lambda: graph.run(inputs="x"), count)


def _durable_rows() -> dict[str, tuple[str, Row]]:
    rows: dict[str, tuple[str, Row]] = {}
    for kind, name in SHAPES.items():
        rows[BARE[kind]] = ("dbos", partial(_bare_engine, kind))
        for effect in EFFECTS:
            rows[f"{name} {effect}"] = ("dbos", partial(_durable, kind, effect))
    return rows


ROWS: Final[Mapping[str, tuple[str, Row]]] = {
    "bare await": ("-", lambda: _plain(partial(_child, "x"), 1)),
    "pydantic-graph, chain of 3": ("-", lambda: _graph("chain")),
    "pydantic-graph, 8 at once": ("-", lambda: _graph("fan")),
    "Sequential (3)": ("inline", lambda: _ours("chain")),
    "Parallel (8)": ("inline", lambda: _ours("fan")),
    **_durable_rows(),
}


async def _take_turns(row: str) -> None:
    """Run as often as each line of stdin says; tell the CPU seconds per child."""
    async with ROWS[row][1]() as (work, children):
        await work(_WARM_UP)
        # In a thread: the loop of a durable engine has other things to do meanwhile.
        while line := await asyncio.to_thread(sys.stdin.readline):
            times = int(line)
            began = time.process_time()
            await work(times)
            print((time.process_time() - began) / times / children, flush=True)


# --- the environment of pydantic-graph -------------------------------------------------------------------------------


def _graph_python() -> str:
    """The interpreter that has pydantic-graph; made on first use."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "agentkit-benchmarks" / f"graph-{sys.version_info.major}.{sys.version_info.minor}"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    probe = [python, "-c", "import pydantic_graph"]
    if not python.exists() or subprocess.run(probe, capture_output=True, check=False).returncode:
        print(f"making an environment with {GRAPH}", file=sys.stderr)
        if importlib.util.find_spec("uv"):
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "-q", "--clear", "--python", sys.executable, home], check=True)
            subprocess.run([*uv, "pip", "install", "-q", "--python", python, GRAPH], check=True)
        else:
            subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", GRAPH], check=True)
    return str(python)


# --- taking turns ----------------------------------------------------------------------------------------------------


class Racer:
    """A row at work."""

    def __init__(self, row: str, python: str) -> None:
        """Start it."""
        self.row = row
        self.taken: list[float] = []
        command = [python, __file__, row]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def take_turn(self, times: int) -> None:
        """Let it run so many times, or a tenth of it."""
        if ROWS[self.row][0] == "dbos":
            times = max(1, times // _SELDOM)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{times}\n")
        self.process.stdin.flush()
        told = self.process.stdout.readline()
        if not told:
            raise RuntimeError(f"{self.row} ended")
        self.taken.append(float(told))


def _report(racers: list[Racer]) -> None:
    medians = {racer.row: statistics.median(racer.taken[1:]) for racer in racers}
    least = {racer.row: min(racer.taken[1:]) for racer in racers}
    print(f"{'one child call of':30}{'engine':>8}{'cpu us':>10}{'least':>8}{'ratio':>10}{'least':>8}")
    yards = YARDSTICKS | {f"{name} {effect}": BARE[kind] for kind, name in SHAPES.items() for effect in EFFECTS}
    for row, median in medians.items():
        yard = yards.get(row)
        ratios = f"{median / medians[yard]:10.2f}{least[row] / least[yard]:8.2f}  of {yard}" if yard else ""
        print(f"{row:30}{ROWS[row][0]:>8}{median * 1e6:10.1f}{least[row] * 1e6:8.1f}{ratios}")
    print()
    for row, yard in YARDSTICKS.items():
        tell(f"child call of {row}, inline", medians[row] / medians[yard], f"a step of {yard}", GOAL)
    for kind, name in SHAPES.items():
        ratio = medians[f"{name} idempotent"] / medians[BARE[kind]]
        tell(f"child call of {name}, dbos, idempotent", ratio, f"a step of {BARE[kind]}", DURABLE_GOAL)


def main() -> None:
    """Start all rows, let them take turns, print the table."""
    times, rounds = setting("N", 300, 100), setting("ROUNDS", 9, 3)
    graph = _graph_python()
    racers = [Racer(row, graph if row.startswith("pydantic-graph") else sys.executable) for row in ROWS]
    try:
        # The first round only fills the caches.
        for _ in range(rounds + 1):
            for racer in random.sample(racers, len(racers)):
                racer.take_turn(times)
        _report(racers)
    finally:
        for racer in racers:
            racer.process.communicate("", timeout=20)


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(_take_turns(sys.argv[1]))
    else:
        main()
