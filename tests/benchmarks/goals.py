"""What all benchmarks have in common: settings from the environment, and one form for what was reached."""

from __future__ import annotations

import os
from typing import Final

QUICK: Final = os.environ.get("QUICK", "") not in ("", "0")
"""Fewer repetitions: numbers for a first look, in a minute instead of ten."""


def setting(name: str, usual: int, quick: int) -> int:
    """A number from the environment; where it is not given, what is usual, or enough for a first look."""
    return int(os.environ.get(name) or (quick if QUICK else usual))


def tell(what: str, reached: float, of: str, at_most: float) -> None:
    """Print what was reached beside its goal, in the line that `every.py` repeats at its end."""
    print(f"{what}: {reached:.2f} of {of} (at most {at_most})", flush=True)
