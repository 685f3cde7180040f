"""Runs all benchmarks, one after the other, and repeats at the end every goal with what was reached.

Run: `make bench`, or `.venv/bin/python tests/benchmarks/every.py [NAME ...]` for some of them. `QUICK=1` is for a first
look. The settings of the single benchmarks (`N`, `ROUNDS`, ...) mean something else in each: give them to one by name.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
_GOAL: Final = re.compile(r": (?P<reached>[0-9.]+) of .* \(at most (?P<goal>[0-9.]+)\)$")


def names() -> list[str]:
    """The benchmarks: what lies here and can be run, without this file."""
    scripts = (path for path in sorted(HERE.glob("*.py")) if path != Path(__file__))
    return [path.stem for path in scripts if "__main__" in path.read_text(encoding="utf-8")]


def run(name: str) -> list[str]:
    """Run one benchmark, pass on what it prints, and return the lines about goals."""
    load, started = os.getloadavg()[0], time.monotonic()
    print(f"\n== {name} (load {load:.1f} on {os.cpu_count()} cores)", flush=True)
    found: list[str] = []
    with subprocess.Popen([sys.executable, HERE / f"{name}.py"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if (goal := _GOAL.search(line)) is not None:
                missed = float(goal["reached"]) > float(goal["goal"])
                found.append(line.rstrip() + ("  MISSED" if missed else ""))
    if process.returncode:
        found.append(f"{name}: ended with {process.returncode}")
    print(f"   {time.monotonic() - started:.0f} s", flush=True)
    return found


def main() -> int:
    """Run what is named, or everything; fails when one of them breaks off, not when a goal is missed."""
    lines = [line for name in sys.argv[1:] or names() for line in run(name)]
    print("\n== goals\n" + "\n".join(lines))
    return int(any(": ended with " in line for line in lines))


if __name__ == "__main__":
    sys.exit(main())
