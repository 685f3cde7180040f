"""Exact reading, comparing, rounding and showing of numbers.

A number is read as the decimal that was written, and units are converted in exact fractions, so a threshold such as
38 Cel means the same whether 38 Cel or 100.4 [degF] was given; formulas then use float64 without rounding (CALC-3).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

_TEST: Final = re.compile(r"(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_ELSE: Final = "else"
_ENOUGH: Final = Context(prec=400)
"""Every float64 has fewer digits before and behind the point than this."""

Cuts = Sequence[tuple[str, float]]
"""Points by condition; the first condition that holds decides: `((">= 75", 2), (">= 65", 1))`. A condition is one of
`< <= > >= =` with a number, or `else`; where nothing holds, 0 points."""


def exact(number: float) -> Fraction:
    """The decimal a number was written as: 0.1 is one tenth."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def rounded(number: float, decimals: int) -> str:
    """Round half up, as clinicians and the published tables do: `rounded(56.5, 0) == "57"`."""
    found = _decimal(number).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _ENOUGH)
    return str(found if found else abs(found))


def whole(number: float) -> int:
    """Round half up to an integer."""
    return int(_decimal(number).quantize(Decimal(1), ROUND_HALF_UP, _ENOUGH))


def shown(number: float | Fraction) -> str:
    """A number in the working: at least four significant digits, and no noise behind them."""
    value = float(number)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    before = max(0, math.floor(math.log10(abs(value))) + 1)
    text = f"{value:.{max(4, before + 2)}g}"
    return text if "e" not in text else f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a number; `else` holds always."""

    operator: str
    number: float

    @classmethod
    def of(cls, text: str) -> Condition:
        """Read a condition such as `>= 75`.

        Raises:
            ValueError: It is none; a definition is wrong, which shows on import.
        """
        return cls(*_parsed(text))

    def holds(self, value: float) -> bool:
        """Whether a value fulfils the condition."""
        match self.operator:
            case ">=":
                return value >= self.number
            case ">":
                return value > self.number
            case "<=":
                return value <= self.number
            case "<":
                return value < self.number
            case "=":
                return value == self.number
            case _:
                return True


def points_of(cuts: Cuts, value: float) -> float:
    """The points of a value by a table; 0 where no condition holds."""
    for text, points in cuts:
        if Condition.of(text).holds(value):
            return points
    return 0


def probes(cuts: Cuts) -> Iterator[float]:
    """Values on, just below and just above every threshold of a table: together they reach every row."""
    for text, _ in cuts:
        condition = Condition.of(text)
        if condition.operator != _ELSE:
            step = 1e-6 * max(1.0, abs(condition.number))
            yield from (condition.number - step, condition.number, condition.number + step)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[str, float]:
    # The same few conditions are read for every value that a missing input may have.
    if text == _ELSE:
        return _ELSE, 0.0
    found = _TEST.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no condition")
    return found[1], float(found[2])


def _decimal(number: float) -> Decimal:
    # Fifteen digits are what float64 holds for certain; the rest is noise that must not decide a half.
    return Decimal(f"{number:.15g}")
