"""Scores: the sum of items, and the range that is still attainable when inputs are missing (CALC-2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from agentkit_servers.calculator.core.definition import Compute
from agentkit_servers.calculator.core.inputs import Input, Quantity
from agentkit_servers.calculator.core.items import Item
from agentkit_servers.calculator.core.measures import spoken
from agentkit_servers.calculator.core.numbers import shown
from agentkit_servers.calculator.core.working import NotApplicable, Value, Values, Working

_MOST_COMBINATIONS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Tally:
    """A score that has been added up: total, points by item, and the inputs."""

    total: float
    points: Mapping[str, float]
    values: Values


Finish = Callable[[Tally, Working], None]
"""What a score tells besides its total: flags, `working.band`, further results."""


def inputs_of(items: Sequence[Item]) -> tuple[Input, ...]:
    """The inputs of all items, each once, in order."""
    found: dict[str, Input] = {}
    for one in (asked for item in items for asked in item.inputs):
        if found.setdefault(one.name, one) != one:
            raise ValueError(f"two items declare {one.name} differently")
    return tuple(found.values())


def added(items: Sequence[Item], finish: Finish | None = None) -> Compute:
    """The formula of a score: the sum of its items, each shown as a step."""

    def compute(values: Values, working: Working) -> float:
        points: dict[str, float] = {}
        for item in items:
            low, high = item.reach(values)
            # Only as low as what is known allows: an abnormal creatinine counts, whatever the urine output is.
            assumed = low if item.normal is None else min(max(item.normal, low), high)
            points[item.name] = assumed
            working.step(f"{item.title}{_given(item, values)}: {assumed:g}")
        total = sum(points.values())
        working.step(f"sum: {total:g}")
        if finish:
            finish(Tally(total, points, values), working)
        return total

    return compute


def undetermined(items: Sequence[Item], values: Values) -> tuple[Item, ...]:
    """The items whose points depend on what is missing."""
    found: list[Item] = []
    for item in items:
        low, high = item.reach(values) if item.missing(values) else (0.0, 0.0)
        if low != high:
            found.append(item)
    return tuple(found)


def attainable(items: Sequence[Item], values: Values) -> tuple[float, float]:
    """The lowest and the highest total that the missing inputs leave open.

    An input that several items read has one value in all of them, so those are tried together.
    """
    shared = _shared(items, values)
    totals: list[tuple[float, float]] = []
    for chosen in product(*shared.values()):
        together = values.given(dict(zip(shared, chosen, strict=True)))
        try:
            reached = [item.reach(together) for item in items]
        except NotApplicable:
            continue
        totals.append((sum(low for low, _ in reached), sum(high for _, high in reached)))
    if not totals:
        raise NotApplicable("the score cannot be computed with these values")
    return min(low for low, _ in totals), max(high for _, high in totals)


def _shared(items: Sequence[Item], values: Values) -> dict[str, list[Value]]:
    readers: dict[str, list[list[Value]]] = {}
    for item in items:
        for one in item.missing(values):
            readers.setdefault(one.name, []).append(list(item.candidates(one)))
    found: dict[str, list[Value]] = {}
    combinations = 1
    for name, lists in readers.items():
        candidates = list(dict.fromkeys(value for one in lists for value in one))
        combinations *= len(candidates)
        if len(lists) > 1 and combinations <= _MOST_COMBINATIONS:
            found[name] = candidates
        elif len(lists) < 2:
            combinations //= len(candidates)
    return found


def _given(item: Item, values: Values) -> str:
    parts: list[str] = []
    for one in item.inputs:
        value = values.known.get(one.name)
        if value is None and not one.required:
            continue
        if value is None:
            said = "unknown"
        elif isinstance(value, bool):
            said = "yes" if value else "no"
        elif isinstance(one, Quantity) and isinstance(value, (int, float)):
            said = f"{shown(value)} {spoken(one.measure.unit)}".rstrip()
        else:
            said = f"{value:g}" if isinstance(value, float) else str(value)
        parts.append(said if len(item.inputs) == 1 else f"{one.name} {said}")
    return f" ({', '.join(parts)})"
