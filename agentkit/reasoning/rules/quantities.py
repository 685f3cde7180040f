"""Numbers with what they count: `97 umol/L`, `54,5 kg`, `67-year-old`, `118/76 mmHg`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from agentkit.reasoning.rules.values import Cover, Span

_ATOM: Final = (
    r"(?:mm\s?Hg|mcg|lbs?|oz|inch(?:es)?|in(?=\s*(?:$|[.,;)?!]|and\b|tall\b))|ft|feet|min(?:ute)?s?|hours?|hrs?|days?|weeks?|wks?|months?|mos?|"
    r"-?\s?(?:years?|yrs?|y)(?:[\s-]?olds?)?|y\.?/?o\.?|bpm|percent|per\scent|%|\u00b0\s?[CF]|degrees?(?:\s[CF]\w*)?|"
    r"(?:kilo|milli|micro|centi|deci|nano)?(?:grams?|met(?:er|re)s?|lit(?:er|re)s?|moles?|seconds?)|kilos?|"
    r"(?:x\s?)?10(?:\^|\*|\*\*|e)\s?\d{1,2}|cells|unit(?:s)?|beats|breaths|m(?:illi)?secs?|secs?|"
    r"[kcdmnpu\u00b5\u03bc]?(?:g|m|l|L|mol|Mol|s|Eq|eq|Osm|osm|Pa|Hz|U|IU|iu)[23]?|h|d|C|F(?=\b))"
)
_PER: Final = rf"(?:\s?/\s?|\s+per\s+)(?:\d[\d.]*\s?)?(?:{_ATOM}|field|dose)"
_UNIT: Final = rf"(?:{_ATOM}(?:{_PER})*|/\s?(?:{_ATOM})|per\s+(?:{_ATOM}))"
_END: Final = r"(?![A-Za-z0-9\u00b5\u03bc])"
_NUMBER: Final = r"\d{1,9}(?:[.,]\d{1,6})?"
_QUANTITY: Final = re.compile(rf"(?<![\w.,/-])({_NUMBER})(?:\s?({_UNIT}){_END})?(?![\w]|[.,]\d|/\d)")
_PAIR: Final = re.compile(rf"(?<![\w.,/-])({_NUMBER})\s?/\s?({_NUMBER})(?:\s?({_UNIT}){_END})?(?![\w/]|[.,]\d)")
_YEARS: Final = re.compile(r"-?\s?(?:years?|yrs?|y)(?:[\s-]?olds?)?|y\.?/?o\.?", re.IGNORECASE)
_MULTIPLE: Final = re.compile(r"^(?:x\s?)?10\s?(?:\^|\*+|e)\s?\d+|^[\d.]+\s*")
_PREFIXED: Final = re.compile(r"[kcdmnpu](?=(?:g|m|l|mol|s|eq|osm|pa|hz|u|iu)$)")
_WORDED: Final = (
    (re.compile(r"(?:kilo|milli|micro|centi|deci|nano)?grams?|kilos?|mcg"), "g"),
    (re.compile(r"(?:kilo|milli|micro|centi|deci|nano)?met(?:er|re)s?|inch(?:es)?|ft|feet|in"), "m"),
    (re.compile(r"(?:kilo|milli|micro|centi|deci|nano)?lit(?:er|re)s?"), "l"),
    (re.compile(r"(?:milli|micro|nano)?moles?"), "mol"),
    (re.compile(r"(?:milli)?seconds?|m?secs?|min(?:ute)?s?|hours?|hrs?|h|days?|d|weeks?|wks?|months?|mos?"), "s"),
    (re.compile(r"lbs?|oz"), "g"),
    (re.compile(r"unit(?:s)?|iu"), "u"),
    (re.compile(r"degrees?(?: [cf]\w*)?|deg ?[cf]?|\u00b0 ?[cf]|c|f|cel"), "deg"),
    (re.compile(r"percent|per cent|%"), "%"),
)
"""Every unit that measures the same thing have the same word."""


@dataclass(frozen=True, slots=True)
class Quantity(Span):
    """A number in a message: `value` as JSON writes it, with a unit where one was said.

    Attributes:
        unit: As said; empty where none was.
        pair: Its place in two numbers with a slash between them, from 1; 0 where it stands alone.
        parts: All of it as said, where it was said in parts; then `value` and `unit` are those of the first.
    """

    unit: str = ""
    pair: int = 0
    parts: str = ""


def quantities(text: str, taken: Iterable[Span]) -> tuple[Quantity, ...]:
    """The numbers of a text that are part of nothing else, in order."""
    cover = Cover(taken)
    found: list[Quantity] = []
    for match in _PAIR.finditer(text):
        if not cover.overlaps(match):
            for place in (1, 2):
                number = match[place].replace(",", ".")
                start, end = match.span(place)
                found.append(Quantity(number, start, match.end() if place == 2 else end, match[3] or "", place))
    pairs = Cover(found)
    alone = [
        Quantity(match[1].replace(",", "."), match.start(), match.end(), (match[2] or "").strip())
        for match in _QUANTITY.finditer(text)
        if not cover.overlaps(match) and not pairs.overlaps(match)
    ]
    return tuple(_joined(text, sorted((*found, *alone), key=lambda one: one.start)))


def _joined(text: str, found: Iterable[Quantity]) -> Iterator[Quantity]:
    """Numbers of one measure that stand together are one: `5 ft 9 in`."""
    held: Quantity | None = None
    for one in found:
        if held and held.unit and one.unit and not held.pair + one.pair and _is_part(text, held, one):
            parts = text[held.start : one.end]
            held = replace(held, end=one.end, parts=parts)
            continue
        if held:
            yield held
        held = one
    if held:
        yield held


def _is_part(text: str, one: Quantity, other: Quantity) -> bool:
    between = text[one.end : other.start].strip() in {"", "and"}
    return between and one.unit != other.unit and measured(one.unit) == measured(other.unit)


def is_years(unit: str) -> bool:
    """Whether a unit says how old somebody is."""
    return _YEARS.fullmatch(unit.strip()) is not None


@lru_cache(maxsize=512)
def measured(unit: str) -> str:
    """What a unit measures, as a word that every unit of the same has: `cm` and `feet`, `mg/dL` and `g/L`.

    A word for comparing only: it says nothing of how one is turned into the other.
    """
    if is_years(unit):
        return "a"
    plain = re.sub(r"\s+per\s+", "/", unit.strip().casefold()).replace("\u00b5", "u").replace("\u03bc", "u")
    return "/".join(_factor(one) for one in re.split(r"\s*/\s*", plain.replace("bpm", "/min")))


def _factor(part: str) -> str:
    word = (
        re.sub(r"^(?:x\s?)?10\s?(?:\^|\*+|e)\s?\d+|^[\d.]+\s*", "", part)
        .strip()
        .replace("[", "")
        .replace("]", "")
        .replace(" ", "")
    )
    for pattern, base in _WORDED:
        if pattern.fullmatch(word):
            return base
    return _PREFIXED.sub("", word)
