"""The items of a score: what they read, and the points they give.

An item reads one or several inputs and gives points. Where an input is missing, every value it may have is tried (yes
and no, every choice, every row of a table), so an item whose points are the same whatever the missing input is counts
as known, and the range of the total is exact (CALC-2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from agentkit_servers.calculator.core.inputs import Choice, Day, Input, Integer, Quantity, YesNo, quantity
from agentkit_servers.calculator.core.measures import Measure, spoken
from agentkit_servers.calculator.core.numbers import Cuts, points_of, probes
from agentkit_servers.calculator.core.working import NotApplicable, Value, Values

Points = Callable[[Values], float]


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
        together: What it needs measured is worked up into one number, so that no part of it is assumed to be normal
            beside another that is known.
        probes: Values of a missing quantity to try, by name of the input; the ends of its plausible range by default.
    """

    name: str
    title: str
    inputs: tuple[Input, ...]
    points: Points
    text: str
    normal: float | None = 0
    together: bool = False
    probes: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])

    def missing(self, values: Values) -> tuple[Input, ...]:
        """The inputs that are not known, optional ones left aside."""
        return tuple(one for one in self.inputs if one.required and not values.has(one.name))

    def reach(self, values: Values) -> tuple[float, float]:
        """The fewest and the most points this item can give, whatever the missing inputs are."""
        found = self._outcomes(values).values()
        return min(found), max(found)

    def deciding(self, values: Values) -> tuple[Input, ...]:
        """The missing inputs that make a difference: the pressures do not beside their mean."""
        outcomes = self._outcomes(values)
        found: list[Input] = []
        for place, one in enumerate(self.missing(values)):
            beside: dict[tuple[Value, ...], set[float]] = {}
            for chosen, points in outcomes.items():
                beside.setdefault((*chosen[:place], *chosen[place + 1 :]), set()).add(points)
            if any(len(points) > 1 for points in beside.values()):
                found.append(one)
        return tuple(found)

    def assumable(self, values: Values) -> bool:
        """Whether its points may be those of a normal finding; what is known beside it still counts."""
        measured = [one for one in self.inputs if isinstance(one, Quantity) and one.required and not one.words]
        known = any(values.has(one.name) for one in measured)
        return self.normal is not None and not (self.together and known)

    def _outcomes(self, values: Values) -> dict[tuple[Value, ...], float]:
        missing = self.missing(values)
        found: dict[tuple[Value, ...], float] = {}
        for chosen in product(*(self.candidates(one) for one in missing)):
            try:
                found[chosen] = self.points(
                    values.given({one.name: value for one, value in zip(missing, chosen, strict=True)})
                )
            except NotApplicable:
                continue
        if not found:
            raise NotApplicable(f"{self.title} cannot be scored with these values")
        return found

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
        text=f"yes: {points:g}" + (f", no: {otherwise:g}" if otherwise else ""),
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
        text=cuts_text(cuts, asked.measure.unit),
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
        text="; ".join(f"{text}: {points:g}" for points, text in choices.values()),
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
    together: bool = False,
    probes: Mapping[str, Sequence[float]] | None = None,
) -> Item:
    """Points by a function of several inputs.

    Missing quantities are tried at the ends of their plausible range and at `probes`; give probes where the points do
    not rise or fall in one direction.
    """
    return Item(
        name=name,
        title=title,
        inputs=tuple(inputs),
        points=points,
        text=text,
        normal=normal,
        together=together,
        probes=probes or {},
    )


def cuts_text(cuts: Cuts, unit: str) -> str:
    """A table of points in one line."""
    table = ", ".join(f"{text}: {points:g}" for text, points in cuts)
    return f"{table}; in {spoken(unit)}" if spoken(unit) else table
