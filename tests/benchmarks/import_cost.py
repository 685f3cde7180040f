"""Prints what `from agentkit import AsyncCorti, AgentSpec, Token` costs, as a ratio to `import httpx2` (target: 2.0).

Every sample is a fresh interpreter and the samples of the targets alternate, so a busy machine slows all of them.
The CPU time is that of the import alone, and of the whole process beside it. Much of the library loads on first use,
so the first call (against a mock transport) is shown too.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time

from goals import setting, tell

FIRST_CALL = """
import asyncio, httpx2
from agentkit import AsyncCorti, AgentSpec, Token

async def call():
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=[]))
    async with AsyncCorti(base_url="http://127.0.0.1:1", token="t", transport=transport) as corti:
        await corti.agents.list().all()

asyncio.run(call())
"""
TARGETS = {
    "httpx2": "import httpx2",
    "agentkit": "from agentkit import AsyncCorti, AgentSpec, Token",
    "agentkit, client made": (
        "from agentkit import AsyncCorti, AgentSpec, Token; AsyncCorti(base_url='http://127.0.0.1:1', token='t')"
    ),
    "agentkit, first call": FIRST_CALL,
}
YARDSTICK = "httpx2"
GOAL = 2.0
PROBE = "import time; t = time.process_time()\n{target}\nprint(time.process_time() - t)"


def sample(target: str) -> tuple[float, float]:
    """CPU seconds of the import and of its whole process, in a new interpreter."""
    command = [sys.executable, "-c", PROBE.format(target=target)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(output), whole


def measure(rounds: int) -> dict[str, tuple[float, float]]:
    """Median CPU seconds per target; the first round only fills the caches."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in TARGETS}
    for turn in range(rounds + 1):
        for name, target in TARGETS.items():
            taken = sample(target)
            if turn:
                samples[name].append(taken)
    return {
        name: (statistics.median(s[0] for s in taken), statistics.median(s[1] for s in taken))
        for name, taken in samples.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=setting("ROUNDS", 15, 5), help="samples per target (usually 15)")
    rounds = parser.parse_args().rounds
    started = time.monotonic()
    medians = measure(rounds)
    yardstick = medians[YARDSTICK]
    print(f"{'target':<24}{'import, ms':>12}{'ratio':>8}{'process, ms':>14}{'ratio':>8}")
    for name, (alone, whole) in medians.items():
        ratios = (alone / yardstick[0], whole / yardstick[1])
        print(f"{name:<24}{alone * 1e3:>12.0f}{ratios[0]:>8.2f}{whole * 1e3:>14.0f}{ratios[1]:>8.2f}")
    reached = medians["agentkit"][0] / yardstick[0]
    tell("import of agentkit", reached, f"import {YARDSTICK}", GOAL)
    print(f"{rounds} rounds in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
