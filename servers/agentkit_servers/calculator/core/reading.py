"""Read the inputs of a calculation as people and models write them.

`{"value": 97, "unit": "umol/L"}`, `"97 umol/L"`, `[5, "ft", 7, "in"]`, `"5 ft 7 in"`, `"yes"`, `true`, `"unknown"`.
What cannot be read is refused; what is unknown is missing. No text made here holds a value (rule R4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, TypeGuard

from agentkit_servers.calculator.core.inputs import Input, Quantity
from agentkit_servers.calculator.core.measures import Measure, System, UnitMismatch
from agentkit_servers.calculator.core.numbers import shown
from agentkit_servers.calculator.core.plain import MOST, NUMBER, BadInput, day_of, example, number_of, plain, word_of
from agentkit_servers.calculator.core.working import Value

_PIECE: Final = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*([A-Za-z]+)")
_FEET: Final = re.compile(r"(\d{1,2})\s*'\s*(?:(\d{1,2}(?:\.\d{1,3})?)\s*(?:''|\")?)?")
_NO_UNIT: Final = re.compile(r",|(?:-|to|or)\s*\d|(?!10\s*[*^eE\u2070-\u2079\u00b9\u00b2\u00b3])\d")
"""What does not go on as a unit: a comma, a range, or a second number that is no power of ten."""
_REFERENCE: Final = re.compile(r"[A-Za-z]{1,64}/[A-Za-z0-9.\-]{1,64}(?:/_history/[A-Za-z0-9.\-]{1,64})?")
_LONGEST: Final = 200
_MOST_PIECES: Final = 3
_KEYS: Final = frozenset({"value", "unit", "ref", "date"})

_UNKNOWN: Final = frozenset({
    "", "unknown", "not known", "n/a", "na", "none given", "not given", "not available", "missing",
})  # fmt: skip
_UNTESTABLE: Final = frozenset({"not testable", "nt", "untestable", "not assessable", "unable to assess"})


@dataclass(frozen=True, slots=True)
class Read:
    """An input that was read.

    Attributes:
        value: In the unit of the measure; None when it is unknown.
        conversion: The conversion as text.
        unit_problem: Why the unit does not do; the value is None then.
        ref: The record it comes from, as the caller said.
        dated: When it was measured, as the caller said.
        untestable: Somebody tried and could not test it; it is missing, and never assumed.
    """

    value: Value | None
    conversion: str | None = None
    unit_problem: str | None = None
    ref: str | None = None
    dated: date | None = None
    untestable: bool = False


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
    said = value.strip().casefold() if isinstance(value, str) else ""
    if value is None or (isinstance(value, str) and said in _UNKNOWN | _UNTESTABLE):
        return Read(None, ref=ref, dated=dated, untestable=said in _UNTESTABLE)
    if isinstance(wanted, Quantity):
        if unit is None and wanted.words and (word := word_of(value)) is not None and word in wanted.words:
            return Read(wanted.words[word], ref=ref, dated=dated)
        done = _quantity(field, wanted, value, unit, system)
        return Read(done.value, done.conversion, done.unit_problem, ref, dated)
    if unit is not None:
        raise BadInput(field, "takes no unit", example(wanted))
    return Read(plain(field, wanted, value), ref=ref, dated=dated)


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
    when = None if dated is None else day_of(f"{field}.date", dated)
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
    if abs(total) > MOST:
        raise BadInput(field, "is too large", example(wanted))
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
    return f'{wanted.name}: the number {why}; give it with one of {units}, for example "{measure.sample}"'


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
    return [(number_of(field, wanted, value), unit or "")]


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
        found.append((number_of(field, wanted, number), unit))
    return found


def _pair(field: str, wanted: Quantity, one: object) -> tuple[object, object]:
    value, unit, _, _ = _unwrapped(field, wanted, one)
    return value, unit


def _written(field: str, wanted: Quantity, text: str) -> list[tuple[Fraction, str]]:
    found = NUMBER.match(text)
    rest = text[found.end() :].strip() if found else ""
    if found is None or _NO_UNIT.match(rest):
        text = "must be one number with its unit, with a point for decimals and no separator of thousands"
        raise BadInput(field, text, example(wanted))
    if feet := _FEET.fullmatch(text):
        return [(Fraction(feet[1]), "ft"), (Fraction(feet[2] or 0), "in")]
    pieces: list[tuple[str, str]] = _PIECE.findall(text)
    # Before the rest is read as a unit: "ft 11 in" would pass for one.
    several = 1 < len(pieces) <= _MOST_PIECES and pieces[0][0] == found[0]
    if several and not _PIECE.sub("", text).strip(" ,"):
        return [(Fraction(str(number)), str(unit)) for number, unit in pieces]
    return [(Fraction(found[0]), rest)]


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, (list, tuple))
