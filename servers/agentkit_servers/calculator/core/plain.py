"""Read what is no quantity: numbers, yes and no, choices, whole numbers and dates; and what a malformed input gets."""

from __future__ import annotations

import math
import re
from datetime import date
from fractions import Fraction
from typing import Final

from agentkit_servers.calculator.core.inputs import Choice, Day, Input, Integer, Quantity, YesNo
from agentkit_servers.calculator.core.working import Value

NUMBER: Final = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2}(?![\d^*]))?")
MOST: Final = 1e16
"""A platelet count per cubic metre has fifteen digits."""
_SMALL: Final = range(100)

_YES: Final = frozenset({"yes", "y", "true", "present", "positive"})
_NO: Final = frozenset({"no", "n", "false", "absent", "negative"})


class BadInput(Exception):
    """An argument that is malformed.

    Attributes:
        field: Its name, `inputs.creatinine`.
        text: What is wrong, without the value.
        example: How to write it.
    """

    def __init__(self, field: str, text: str, example: str) -> None:
        """Keep what the caller needs."""
        super().__init__(f"{field}: {text}")
        self.field = field
        self.text = text
        self.example = example


def example(wanted: Input) -> str:
    """How an input may be written, as JSON."""
    match wanted:
        case Quantity():
            return wanted.measure.sample if wanted.measure.pure else f'"{wanted.measure.sample}"'
        case YesNo():
            return '"yes", "no" or "unknown"'
        case Choice():
            return " or ".join(f'"{one}"' for one in wanted.choices)
        case Integer():
            return str(wanted.high)
        case Day():
            return '"2026-01-31"'


def needed(wanted: Input) -> str:
    """What an input is, and what may be said for it; with an example only where it cannot be taken for an answer."""
    match wanted:
        case YesNo():
            said = ": yes, no or unknown"
        case Choice():
            *first, last = wanted.choices
            said = f": {', '.join(first)} or {last}"
        case Integer():
            said = f": a whole number from {wanted.low} to {wanted.high}"
        case Quantity() | Day():
            said = f", for example {example(wanted)}"
    return f"{wanted.name}: {wanted.title}{said}"


def number_of(field: str, wanted: Input, value: object) -> Fraction:
    """A number, as the decimal it was written as.

    Raises:
        BadInput: It is none, or none that a value can have.
    """
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return Fraction(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadInput(field, "must be a number", example(wanted))
    if abs(value) > MOST or not math.isfinite(value):
        raise BadInput(field, "must be a finite number", example(wanted))
    return Fraction(repr(value))


def plain(field: str, wanted: YesNo | Choice | Integer | Day, value: object) -> Value:
    """Read an input that is no quantity.

    Raises:
        BadInput: It is malformed.
    """
    match wanted:
        case YesNo():
            return _yes_no(field, wanted, value)
        case Choice():
            return _choice(field, wanted, value)
        case Integer():
            number = number_of(field, wanted, value)
            if number.denominator != 1 or not wanted.low <= number <= wanted.high:
                raise BadInput(field, f"must be a whole number from {wanted.low} to {wanted.high}", example(wanted))
            return float(number)
        case Day():
            return day_of(field, value)


def _yes_no(field: str, wanted: YesNo, value: object) -> bool:
    if (said := word_of(value)) is not None:
        return said
    raise BadInput(field, "must be yes, no or unknown", example(wanted))


def word_of(value: object) -> bool | None:
    """What a yes or no says, None where it is neither."""
    if isinstance(value, bool):
        return value
    said = value.strip().casefold() if isinstance(value, str) else ""
    return said in _YES if said in _YES | _NO else None


def _choice(field: str, wanted: Choice, value: object) -> str:
    said = _bare_words(value) if isinstance(value, str) else str(value) if value in _SMALL else ""
    known = {_bare_words(key): key for key in wanted.choices}
    known.update({_bare_words(label): key for key, label in wanted.choices.items() if _bare_words(label) not in known})
    known.update({_bare_words(other): key for other, key in wanted.spellings.items()})
    if said not in known:
        raise BadInput(field, f"must be one of {', '.join(wanted.choices)}, or unknown", example(wanted))
    return known[said]


def _bare_words(value: str) -> str:
    return " ".join(re.split(r"[\s_\-]+", value.strip().casefold()))


def day_of(field: str, value: object) -> date:
    """A date, YYYY-MM-DD.

    Raises:
        BadInput: It is none.
    """
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise BadInput(field, "must be a date, YYYY-MM-DD", '"2026-01-31"') from None
