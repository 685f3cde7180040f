"""Read the inputs of a calculation as people and models write them.

`{"value": 97, "unit": "umol/L"}`, `"97 umol/L"`, `[5, "ft", 7, "in"]`, `"5 ft 7 in"`, `"yes"`, `true`, `"unknown"`.
What cannot be read is refused; what is unknown is missing. No text made here holds a value (rule R4).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, TypeGuard

from agentkit_servers.calculator.core.inputs import Choice, Day, Input, Integer, Quantity, YesNo
from agentkit_servers.calculator.core.measures import Measure, System, UnitMismatch
from agentkit_servers.calculator.core.numbers import shown
from agentkit_servers.calculator.core.working import Value

_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2}(?![\d^*]))?")
_PIECE: Final = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*([A-Za-z]+)")
_FEET: Final = re.compile(r"(\d{1,2})\s*'\s*(?:(\d{1,2}(?:\.\d{1,3})?)\s*(?:''|\")?)?")
_NO_UNIT: Final = re.compile(r",|(?:-|to|or)\s*\d|(?!10\s*[*^eE\u2070-\u2079\u00b9\u00b2\u00b3])\d")
"""What does not go on as a unit: a comma, a range, or a second number that is no power of ten."""
_REFERENCE: Final = re.compile(r"[A-Za-z]{1,64}/[A-Za-z0-9.\-]{1,64}(?:/_history/[A-Za-z0-9.\-]{1,64})?")
_MOST: Final = 1e16
"""A platelet count per cubic metre has fifteen digits."""
_LONGEST: Final = 200
_SMALL: Final = range(100)
_MOST_PIECES: Final = 3
_KEYS: Final = frozenset({"value", "unit", "ref", "date"})

_UNKNOWN: Final = frozenset({
    "", "unknown", "not known", "n/a", "na", "none given", "not given", "not available", "missing", "not testable", "nt"
})  # fmt: skip
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


@dataclass(frozen=True, slots=True)
class Read:
    """An input that was read.

    Attributes:
        value: In the unit of the measure; None when it is unknown.
        conversion: The conversion as text.
        unit_problem: Why the unit does not do; the value is None then.
        ref: The record it comes from, as the caller said.
        dated: When it was measured, as the caller said.
    """

    value: Value | None
    conversion: str | None = None
    unit_problem: str | None = None
    ref: str | None = None
    dated: date | None = None


def read(wanted: Input, given: object, system: System | None) -> Read:
    """Read one input.

    Args:
        wanted: What is asked for.
        given: JSON as the caller wrote it.
        system: What bare numbers mean.

    Raises:
        BadInput: It is malformed.
    """
    field = f"inputs.{wanted.name}"
    value, unit, ref, dated = _unwrapped(field, wanted, given)
    if value is None or (isinstance(value, str) and value.strip().casefold() in _UNKNOWN):
        return Read(None, ref=ref, dated=dated)
    if isinstance(wanted, Quantity):
        if unit is None and wanted.words and (said := _word(value)) is not None and said in wanted.words:
            return Read(wanted.words[said], ref=ref, dated=dated)
        done = _quantity(field, wanted, value, unit, system)
        return Read(done.value, done.conversion, done.unit_problem, ref, dated)
    if unit is not None:
        raise BadInput(field, "takes no unit", example(wanted))
    return Read(_plain(field, wanted, value), ref=ref, dated=dated)


def example(wanted: Input) -> str:
    """How an input may be written, as JSON."""
    match wanted:
        case Quantity():
            return wanted.measure.example if wanted.measure.pure else f'"{wanted.measure.example}"'
        case YesNo():
            return '"yes", "no" or "unknown"'
        case Choice():
            return " or ".join(f'"{one}"' for one in wanted.choices)
        case Integer():
            return str(wanted.high)
        case Day():
            return '"2026-01-31"'


def _unwrapped(field: str, wanted: Input, given: object) -> tuple[object, str | None, str | None, date | None]:
    if not _is_object(given):
        return given, None, None, None
    if not set(given) <= _KEYS or "value" not in given:
        raise BadInput(field, "an object has `value`, and may have `unit`, `ref` and `date`", example(wanted))
    unit, ref, dated = (given.get(key) for key in ("unit", "ref", "date"))
    if unit is not None and not (isinstance(unit, str) and len(unit) <= _LONGEST):
        raise BadInput(f"{field}.unit", "must be a short text", '"umol/L"')
    if ref is not None and not (isinstance(ref, str) and _REFERENCE.fullmatch(ref)):
        raise BadInput(f"{field}.ref", "must be a reference of a record", '"Observation/o9"')
    when = None if dated is None else _day(f"{field}.date", dated)
    return given["value"], unit or None, ref, when


def _quantity(field: str, wanted: Quantity, value: object, unit: str | None, system: System | None) -> Read:
    pieces = _pieces(field, wanted, value, unit)
    if len(pieces) == 1 and not pieces[0][1]:
        default = wanted.measure.default_unit(system)
        if default is None:
            return Read(None, unit_problem=_bare(wanted))
        pieces = [(pieces[0][0], default)]
        unit_given = False
    else:
        unit_given = True
    if any(not one for _, one in pieces):
        return Read(None, unit_problem=_bare(wanted))
    try:
        converted = [_named(wanted).convert(number, one) for number, one in pieces]
    except UnitMismatch as problem:
        return Read(None, unit_problem=str(problem))
    if not _parts_of_one(wanted.measure, pieces, [number for number, _ in converted]):
        raise BadInput(field, "holds several values; give one", example(wanted))
    total = sum((number for number, _ in converted), Fraction(0))
    lines = [line for _, line in converted if line]
    if len(pieces) > 1:
        said = " ".join(f"{shown(number)} {one}" for number, one in pieces)
        return Read(float(total), f"{wanted.name} {said} = {shown(total)} {wanted.measure.unit}")
    line = lines[0] if lines else None
    if not unit_given and not (wanted.measure.pure or wanted.measure.unit_in_name):
        said = f"{wanted.name} {shown(pieces[0][0])} without unit read as {pieces[0][1]}"
        line = f"{said}; {line}" if line else said
    return Read(float(total), line)


def _parts_of_one(measure: Measure, pieces: list[tuple[Fraction, str]], converted: list[Fraction]) -> bool:
    """5 ft 7 in is one value: each part is less than one unit of the part before it. 70 kg 154 lb is the same twice."""
    for place, (_, unit) in enumerate(pieces[:-1]):
        one = measure.convert(Fraction(1), unit)[0] - measure.convert(Fraction(0), unit)[0]
        if not 0 <= converted[place + 1] < one:
            return False
    return True


def _named(wanted: Quantity) -> Measure:
    """The measure under the name of the input, so that its texts name the input."""
    return wanted.measure.renamed(wanted.name)


def _bare(wanted: Quantity) -> str:
    measure = wanted.measure
    why = "could be a fraction or a percentage" if measure.unit_always else "has no unit"
    units = ", ".join(measure.units)
    return f'{wanted.name}: the number {why}; give it with one of {units}, for example "{measure.example}"'


def _pieces(field: str, wanted: Quantity, value: object, unit: str | None) -> list[tuple[Fraction, str]]:
    """Numbers with their units; an empty unit where there was none."""
    if _is_list(value):
        if unit is not None:
            raise BadInput(field, "a list holds its units itself", '[5, "ft", 7, "in"]')
        return _listed(field, wanted, value)
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST:
            raise BadInput(field, "is too long", example(wanted))
        if unit is not None:
            text = f"{text} {unit}"
        return _written(field, wanted, text)
    return [(_number(field, wanted, value), unit or "")]


def _listed(field: str, wanted: Quantity, value: Sequence[object]) -> list[tuple[Fraction, str]]:
    """`[5, "ft", 7, "in"]` or a list of objects with value and unit."""
    if value and all(_is_object(one) for one in value):
        flat = [part for one in value for part in _pair(field, wanted, one)]
    else:
        flat = list(value)
    if not flat or len(flat) % 2 or len(flat) > 2 * _MOST_PIECES:
        raise BadInput(field, "a list holds numbers and units by turns", '[5, "ft", 7, "in"]')
    found: list[tuple[Fraction, str]] = []
    for number, unit in zip(flat[::2], flat[1::2], strict=True):
        if not isinstance(unit, str) or len(unit) > _LONGEST:
            raise BadInput(field, "a list holds numbers and units by turns", '[5, "ft", 7, "in"]')
        found.append((_number(field, wanted, number), unit))
    return found


def _pair(field: str, wanted: Quantity, one: object) -> tuple[object, object]:
    value, unit, _, _ = _unwrapped(field, wanted, one)
    return value, unit


def _written(field: str, wanted: Quantity, text: str) -> list[tuple[Fraction, str]]:
    found = _NUMBER.match(text)
    rest = text[found.end() :].strip() if found else ""
    if found is None or _NO_UNIT.match(rest):
        raise BadInput(field, "must be one number with its unit", example(wanted))
    if feet := _FEET.fullmatch(text):
        return [(Fraction(feet[1]), "ft"), (Fraction(feet[2] or 0), "in")]
    pieces: list[tuple[str, str]] = _PIECE.findall(text)
    # Before the rest is read as a unit: "ft 11 in" would pass for one.
    if 1 < len(pieces) <= _MOST_PIECES and not _PIECE.sub("", text).strip(" ,"):
        return [(Fraction(str(number)), str(unit)) for number, unit in pieces]
    return [(Fraction(found[0]), rest)]


def _number(field: str, wanted: Input, value: object) -> Fraction:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Fraction(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadInput(field, "must be a number", example(wanted))
    if abs(value) > _MOST or not math.isfinite(value):
        raise BadInput(field, "must be a finite number", example(wanted))
    return Fraction(repr(value))


def _plain(field: str, wanted: YesNo | Choice | Integer | Day, value: object) -> Value:
    match wanted:
        case YesNo():
            return _yes_no(field, wanted, value)
        case Choice():
            return _choice(field, wanted, value)
        case Integer():
            number = _number(field, wanted, value)
            if number.denominator != 1 or not wanted.low <= number <= wanted.high:
                raise BadInput(field, f"must be a whole number from {wanted.low} to {wanted.high}", example(wanted))
            return float(number)
        case Day():
            return _day(field, value)


def _yes_no(field: str, wanted: YesNo, value: object) -> bool:
    if (said := _word(value)) is not None:
        return said
    raise BadInput(field, "must be yes, no or unknown", example(wanted))


def _word(value: object) -> bool | None:
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


def _day(field: str, value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise BadInput(field, "must be a date, YYYY-MM-DD", '"2026-01-31"') from None


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, (list, tuple))
