"""Scores: items with points, and the range that is still attainable when items are missing.

An item reads one or several inputs and gives points. Where an input is missing, the core tries every value it may have
(yes and no, every choice, every row of a table), so an item whose points are the same whatever the missing input is
counts as known, and the range of the total is exact (CALC-2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from agentkit_servers.calculator.core.definition import Compute
from agentkit_servers.calculator.core.inputs import Choice, Day, Input, Integer, Quantity, YesNo, quantity
from agentkit_servers.calculator.core.measures import Measure
from agentkit_servers.calculator.core.numbers import Cuts, points_of, probes, shown
from agentkit_servers.calculator.core.working import NotApplicable, Value, Values, Working

Points = Callable[[Values], float]

_MOST_COMBINATIONS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a score; made by `yes_no`, `graded`, `pick`, `scale` or `rule`.

    Attributes:
        name: Its name, unique within the score.
        title: What it is called.
        inputs: What it reads; several items may read the same input.
        points: Pure, from the inputs to points.
        text: The rule in words, for the description.
        normal: The points of a normal or absent finding, which `assume_missing` may take; None where there are none.
        probes: Values of a missing quantity to try, by name of the input; the ends of its plausible range by default.
    """

    name: str
    title: str
    inputs: tuple[Input, ...]
    points: Points
    text: str
    normal: float | None = 0
    probes: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])

    def missing(self, values: Values) -> tuple[Input, ...]:
        """The inputs that are not known, optional ones left aside."""
        return tuple(one for one in self.inputs if one.required and not values.has(one.name))

    def reach(self, values: Values) -> tuple[float, float]:
        """The fewest and the most points this item can give, whatever the missing inputs are."""
        found: list[float] = []
        missing = self.missing(values)
        names = [one.name for one in missing]
        for chosen in product(*(self.candidates(one) for one in missing)):
            try:
                found.append(self.points(values.given(dict(zip(names, chosen, strict=True)))))
            except NotApplicable:
                continue
        if not found:
            raise NotApplicable(f"{self.title} cannot be scored with these values")
        return min(found), max(found)

    def candidates(self, wanted: Input) -> Sequence[Value]:
        """What a missing input may be."""
        match wanted:
            case YesNo():
                return (False, True)
            case Choice():
                return tuple(wanted.choices)
            case Integer():
                return tuple(float(one) for one in range(wanted.low, wanted.high + 1))
            case Quantity():
                ends = wanted.measure.plausible or (0.0, 1e6)
                return (*self.probes.get(wanted.name, ()), *ends)
            case Day():
                raise TypeError(f"{self.name}: no score reads a date")


def yes_no(
    name: str, points: float, title: str, description: str = "", *, synonyms: tuple[str, ...] = (), otherwise: float = 0
) -> Item:
    """A finding that gives points when it is there."""
    asked = YesNo(name=name, title=title, description=description, synonyms=synonyms)
    return Item(
        name=name,
        title=title,
        inputs=(asked,),
        points=lambda values: points if values.yes(name) else otherwise,
        text=f"yes {points:g}" + (f", no {otherwise:g}" if otherwise else ""),
        normal=otherwise,
    )


def graded(measured: Measure | Quantity, cuts: Cuts, title: str | None = None, *, normal: float | None = 0) -> Item:
    """Points by a table over one quantity, in the unit of its measure.

    Age counts in completed years (CALC-U1): 65.9 years are not `> 65`.
    """
    asked = quantity(measured) if isinstance(measured, Measure) else measured
    completed = asked.measure.completed

    def points(values: Values) -> float:
        value = values.number(asked.name)
        return points_of(cuts, values.years(asked.name) if completed else value)

    given = {points for _, points in cuts} | {0.0}
    return Item(
        name=asked.name,
        title=title or asked.title,
        inputs=(asked,),
        points=points,
        text=f"{cuts_text(cuts)} ({asked.measure.unit})" if asked.measure.unit != "1" else cuts_text(cuts),
        normal=normal if normal in given and asked.assumable else None,
        probes={asked.name: tuple(probes(cuts))},
    )


def pick(
    name: str,
    title: str,
    choices: Mapping[str, tuple[float, str]],
    description: str = "",
    *,
    normal: str | None = None,
    spellings: Mapping[str, str] | None = None,
) -> Item:
    """One of several choices, each with its points and what it means: `{"none": (1, "no ascites"), ...}`.

    `normal` is the choice that `assume_missing` may take; None where nothing may be assumed.
    """
    asked = Choice(
        name=name,
        title=title,
        description=description,
        choices={key: text for key, (_, text) in choices.items()},
        spellings=spellings or {},
    )
    return Item(
        name=name,
        title=title,
        inputs=(asked,),
        points=lambda values: choices[values.choice(name)][0],
        text=", ".join(f"{text} {points:g}" for points, text in choices.values()),
        normal=choices[normal][0] if normal else None,
    )


def scale(name: str, title: str, low: int, high: int, description: str = "", *, normal: int | None = None) -> Item:
    """A whole number that is its own points, such as a component of the Glasgow Coma Scale."""
    asked = Integer(name=name, title=title, description=description, low=low, high=high)
    return Item(
        name=name,
        title=title,
        inputs=(asked,),
        points=lambda values: values.number(name),
        text=f"{low} to {high}",
        normal=normal,
    )


def rule(
    name: str,
    title: str,
    inputs: Sequence[Input],
    points: Points,
    text: str,
    *,
    normal: float | None = 0,
    probes: Mapping[str, Sequence[float]] | None = None,
) -> Item:
    """Points by a function of several inputs.

    Missing quantities are tried at the ends of their plausible range and at `probes`; give probes where the points do
    not rise or fall in one direction.
    """
    return Item(
        name=name, title=title, inputs=tuple(inputs), points=points, text=text, normal=normal, probes=probes or {}
    )


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
            if low != high and item.normal is not None and values.assumes_normal:
                low = item.normal
            points[item.name] = low
            working.step(f"{item.title}{_given(item, values)}: {low:g}")
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


def cuts_text(cuts: Cuts) -> str:
    """A table of points in one line."""
    return ", ".join(f"{text} {points:g}" for text, points in cuts)


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
            said = f"{shown(value)} {one.measure.unit}".removesuffix(" 1")
        else:
            said = f"{value:g}" if isinstance(value, float) else str(value)
        parts.append(said if len(item.inputs) == 1 else f"{one.name} {said}")
    return f" ({', '.join(parts)})"
