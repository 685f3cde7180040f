"""Units of numbers: converted only to the unit a question asks for (QN-P2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from agentkit.interviewing.reading.words import tokens
from agentkit.interviewing.schema import Question

_TABLE: Final = """
mass 1 kg kgs kilo kilos kilogram kilograms
mass 1/1000 g gram grams
mass 45359237/100000000 lb lbs pound pounds
mass 45359237/1600000000 oz ounce ounces
mass 635029318/100000000 st stone stones
length 1 m metre metres meter meters
length 1/100 cm cms centimetre centimetres centimeter centimeters
length 1/1000 mm millimetre millimetres millimeter millimeters
length 1000 km kilometre kilometres kilometer kilometers
length 254/10000 inch inches
length 3048/10000 ft foot feet
length 1609344/1000 mile miles
time 60 h hr hrs hour hours
time 1 min mins minute minutes
time 1/60 sec secs second seconds
time 1440 day days
time 10080 week weeks wk wks
month 1 month months
month 12 year years yr yrs
share 1 percent
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: of what, and how much of the first one of its kind."""

    kind: str
    factor: Fraction

    def into(self, value: Fraction, other: Unit) -> Fraction | None:
        """The value in another unit; None where that is no unit of the same kind."""
        return value * self.factor / other.factor if self.kind == other.kind else None


def _table() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for line in _TABLE.split("\n"):
        kind, _, rest = line.partition(" ")
        factor, _, names = rest.partition(" ")
        for name in names.split():
            found[name] = Unit(kind, Fraction(factor))
    return found


UNITS: Final = _table()
_ASKED: Final = re.compile(
    r"(?:how many|how much|number of|\bin|\()\s*(?:(?:whole|full|total|more)\s+)?([a-z]+)|^\s*([a-z]+)", re.IGNORECASE
)
_AGE: Final = re.compile(r"\bhow old\b|\bage\b", re.IGNORECASE)
_RATES: Final = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "hourly": "hour"}


def wanted_unit(question: Question) -> tuple[Unit, bool] | None:
    """The unit a question asks for, and whether `meta.unit` says so; only then others are converted."""
    told = question.note("unit")
    if told is not None:
        unit = UNITS.get(told.strip().lower())
        return None if unit is None else (unit, True)
    if _AGE.search(question.text):
        return UNITS["year"], False
    for match in _ASKED.finditer(question.text):
        unit = UNITS.get((match[1] or match[2]).lower())
        if unit is not None:
            return unit, False
    return None


def rates(text: str) -> set[str]:
    """Per what a text counts: `per day`, `a week`, `daily`."""
    said = [token.text for token in tokens(text)]
    found = {_RATES[word] for word in said if word in _RATES}
    for before, word in pairwise(said):
        if before in {"per", "a", "an", "each", "every", "/"} and word in UNITS:
            found.add(word)
    return found
