"""CPU time of one child call in a composition: ours, and a step of pydantic-graph.

Run: `.venv/bin/python tests/benchmarks/composition.py`. `N` is the number of runs of a composition per turn (300),
`ROUNDS` how often the rows take turns (9). Shown are the median over the rounds and the round that was disturbed least.

Every row is a process of its own; they take turns in changing order, so a busy machine slows all of them. What is
counted is CPU time of the process, divided by the number of children: three in a chain, eight side by side. Each child
is an async function that gives back the text it was given; `bare await` awaits it, and nothing else. Ours are
`FunctionAgent`s: every call makes a `Message`, and passes through a turn that can pause, fail, stream and be cancelled.
pydantic-graph gets an environment of its own, made once in the user's cache folder.

Rows say which engine they run on. Those of a durable engine come where that engine is measured.
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
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

GRAPH: Final = "pydantic-graph>=2.68,<3"
GOAL: Final = 0.35
CHAIN: Final = 3
FAN: Final = 8
YARDSTICKS: Final = {"Sequential (3)": "pydantic-graph, chain of 3", "Parallel (8)": "pydantic-graph, 8 at once"}
_WARM_UP: Final = 50

Run = Callable[[], Awaitable[object]]

# --- what is measured; each runs in a process of its own, some of them without agentkit ------------------------------


async def _child(text: str) -> str:
    return text


def _bare() -> tuple[Run, int]:
    async def run() -> object:
        return await _child("x")

    return run, 1


def _ours(kind: str, engine: str) -> tuple[Run, int]:
    from agentkit.compose import Caller, FunctionAgent, Parallel, RunContext, Sequential
    from agentkit.engine import InlineEngine
    from agentkit.models import Message

    if engine != "inline":
        raise NotImplementedError(f"no rows on the engine {engine} yet")
    count = CHAIN if kind == "chain" else FAN
    agents = [FunctionAgent(_child, name=f"child-{number}") for number in range(count)]
    agent = Sequential("chain", agents) if kind == "chain" else Parallel("fan", agents)
    context = RunContext("c-1", "t-1", Caller("ann"), InlineEngine(), path=("root",))
    message = Message.user("x")

    async def run() -> object:
        return [event async for event in agent.run(message, context)]

    return run, count


def _graph(kind: str) -> tuple[Run, int]:
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
    return lambda: graph.run(inputs="x"), count


ROWS: Final[Mapping[str, tuple[str, Callable[[], tuple[Run, int]]]]] = {
    "bare await": ("-", _bare),
    "pydantic-graph, chain of 3": ("-", lambda: _graph("chain")),
    "pydantic-graph, 8 at once": ("-", lambda: _graph("fan")),
    "Sequential (3)": ("inline", lambda: _ours("chain", "inline")),
    "Parallel (8)": ("inline", lambda: _ours("fan", "inline")),
}


async def _take_turns(row: str) -> None:
    """Run as often as each line of stdin says; tell the CPU seconds per child."""
    run, children = ROWS[row][1]()
    for _ in range(_WARM_UP):
        await run()
    for line in sys.stdin:
        times = int(line)
        began = time.process_time()
        for _ in range(times):
            await run()
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
        """Let it run so many times."""
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
    print(f"{'one child call of':30}{'engine':>8}{'cpu us':>10}{'least':>8}{'of pydantic-graph':>20}{'least':>8}")
    for row, median in medians.items():
        yard = YARDSTICKS.get(row)
        ratios = f"{median / medians[yard]:20.2f}{least[row] / least[yard]:8.2f}" if yard else ""
        print(f"{row:30}{ROWS[row][0]:>8}{median * 1e6:10.1f}{least[row] * 1e6:8.1f}{ratios}")
    for row, yard in YARDSTICKS.items():
        print(f"{row}: {medians[row] / medians[yard]:.2f} of a step of {yard} (at most {GOAL})")


def main() -> None:
    """Start all rows, let them take turns, print the table."""
    times, rounds = int(os.environ.get("N", "300")), int(os.environ.get("ROUNDS", "9"))
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
