"""Numbers in words and digits: whole spans of an utterance that are one number (QN-P2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from agentkit.interviewing.reading.words import Token

_ONE_NAMES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_ONES: Final = {word: number for number, word in enumerate(_ONE_NAMES.split())}
_TEN_NAMES: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS: Final = {word: 10 * number for number, word in enumerate(_TEN_NAMES.split(), start=2)}
_PARTS: Final = {
    "half": Fraction(1, 2),
    "quarter": Fraction(1, 4),
    "third": Fraction(1, 3),
    "quarters": Fraction(1, 4),
    "thirds": Fraction(1, 3),
}
_GROUPS: Final = {"dozen": 12, "pair": 2}
_DIGITS: Final = re.compile(r"[0-9]{1,15}")
_DECIMAL: Final = re.compile(r"[0-9]{1,15}\.[0-9]{1,12}")
_WRITTEN: Final = {
    "\u00bd": Fraction(1, 2),
    "\u00bc": Fraction(1, 4),
    "\u00be": Fraction(3, 4),
    "1/2": Fraction(1, 2),
    "1/4": Fraction(1, 4),
    "3/4": Fraction(3, 4),
}
_POINTERS: Final = frozenset({"this", "that", "the", "which", "first", "last", "second", "third", "no", "any", "other"})
NUMBER_WORDS: Final = frozenset({*_ONES, *_TENS, *_PARTS, *_GROUPS, "hundred", "thousand", "million", "couple"})


_Reader = Callable[[Sequence[str], int], tuple[int | None, int]]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in an utterance.

    Attributes:
        readings: What it can mean; two for `1,500`, which is fifteen hundred or one and a half.
        whole: It was said as a whole number, so it stays one (QN-16).
        first: Place of its first token.
        after: Place behind its last token.
    """

    readings: tuple[Fraction, ...]
    whole: bool
    first: int
    after: int

    def number(self, value: Fraction) -> int | float:
        """The number as JSON: 7 stays 7, 7.5 stays 7.5."""
        return int(value) if self.whole and value.denominator == 1 else float(value)


def quantities(parts: Sequence[Token]) -> Iterator[Quantity]:
    """All numbers of an utterance, each as long as it goes."""
    place, texts = 0, [token.text for token in parts]
    while place < len(parts):
        found = _at(parts, texts, place)
        if found is None:
            place += 1
        else:
            yield found
            place = found.after


def _at(parts: Sequence[Token], texts: Sequence[str], place: int) -> Quantity | None:
    sign, start = 1, place
    if parts[place].text in {"minus", "negative"} or (
        parts[place].text in "+-" and place + 1 < len(parts) and parts[place + 1].start == parts[place].end
    ):
        sign, start = (1 if parts[place].text == "+" else -1), place + 1
    if start >= len(parts):
        return None
    found = _digits(parts, start) or _words(texts, start)
    if found is None:
        return None
    found = _with_part(parts, found)
    readings = tuple(sign * reading for reading in found.readings)
    return Quantity(readings, found.whole, place, found.after)


def _digits(parts: Sequence[Token], place: int) -> Quantity | None:
    text = parts[place].text
    readings = _readings(text)
    if not readings:
        return None
    after = place + 1
    following = parts[after].text if after < len(parts) else ""
    scale = {"hundred": 100, "thousand": 1000, "dozen": 12}.get(following)
    if scale:
        return Quantity(tuple(reading * scale for reading in readings), True, place, after + 1)
    whole = all(len(group) == 3 for group in re.split("[.,]", text)[1:])
    return Quantity(readings, whole, place, after)


def _readings(text: str) -> tuple[Fraction, ...]:
    """The numbers that digits with points and commas can mean in English and elsewhere."""
    if _DIGITS.fullmatch(text):
        return (Fraction(int(text)),)
    if len(text) > 24:
        return ()
    plain = {text.replace(",", "")} if re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", text) else set[str]()
    if re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?", text):
        plain.add(text.replace(".", "").replace(",", "."))
    for mark in ".,":
        if text.count(mark) == 1 and not set(text) & ({".", ",", "/", "-", ":"} - {mark}):
            plain.add(text.replace(",", "."))
    values = {Fraction(one) for one in plain if _DIGITS.fullmatch(one) or _DECIMAL.fullmatch(one)}
    return tuple(sorted(values))


def _words(texts: Sequence[str], place: int) -> Quantity | None:
    """A number in words, up to the thousands; digits after `point` make a decimal."""
    if place > 0 and texts[place] == "one" and texts[place - 1] in _POINTERS:
        return None
    if texts[place : place + 3] == ["half", "a", "dozen"]:
        return Quantity((Fraction(6),), True, place, place + 3)
    if texts[place] in {"a", "one"} and place + 1 < len(texts) and texts[place + 1] in _GROUPS:
        after = place + 2 + (texts[place + 2 : place + 3] == ["of"])
        return Quantity((Fraction(_GROUPS[texts[place + 1]]),), True, place, after)
    if texts[place] == "dozen":
        return Quantity((Fraction(12),), True, place, place + 1)
    total, after = _thousands(texts, place)
    if total is None:
        return None
    if after + 1 < len(texts) and texts[after] == "point" and texts[after + 1] in _ONES:
        digits = ""
        after += 1
        while after < len(texts) and texts[after] in _ONES and _ONES[texts[after]] < 10:
            digits += str(_ONES[texts[after]])
            after += 1
        if digits:
            return Quantity((total + Fraction(int(digits), 10 ** len(digits)),), False, place, after)
    return Quantity((total,), True, place, after)


def _thousands(texts: Sequence[str], place: int) -> tuple[Fraction | None, int]:
    head, after = _hundreds(texts, place)
    if head is None:
        return None, place
    if texts[after : after + 1] != ["thousand"]:
        return Fraction(head), after
    after += 1
    rest, behind = _rest(texts, after, _hundreds)
    return Fraction(head * 1000 + rest), behind


def _hundreds(texts: Sequence[str], place: int) -> tuple[int | None, int]:
    if texts[place : place + 1] == ["a"] and texts[place + 1 : place + 2] in (["hundred"], ["thousand"]):
        head, after = 1, place + 1
    else:
        head, after = _tens(texts, place)
        if head is None:
            return None, place
    if texts[after : after + 1] != ["hundred"]:
        return head, after
    after += 1
    rest, behind = _rest(texts, after, _tens)
    return head * 100 + rest, behind


def _rest(texts: Sequence[str], after: int, read: _Reader) -> tuple[int, int]:
    start = after + 1 if texts[after : after + 1] == ["and"] else after
    found, behind = read(texts, start)
    return (0, after) if found is None else (found, behind)


def _tens(texts: Sequence[str], place: int) -> tuple[int | None, int]:
    word = texts[place] if place < len(texts) else ""
    if word in _ONES:
        return _ONES[word], place + 1
    if word not in _TENS:
        return None, place
    after = place + 1
    if texts[after : after + 1] == ["-"]:
        after += 1
    unit = _ONES.get(texts[after]) if after < len(texts) else None
    return (_TENS[word] + unit, after + 1) if unit is not None and 1 <= unit <= 9 else (_TENS[word], place + 1)


def _with_part(parts: Sequence[Token], found: Quantity) -> Quantity:
    """One and a half, three quarters after a whole, or a sign for it."""
    texts = [token.text for token in parts[found.after : found.after + 4]]
    if not found.whole:
        return found
    if texts and texts[0] in _WRITTEN:
        return _added(found, _WRITTEN[texts[0]], 1)
    for head in (["and", "a"], ["and", "one"]):
        if texts[:2] == head and len(texts) > 2 and texts[2] in {"half", "quarter", "third"}:
            return _added(found, _PARTS[texts[2]], 3)
    if texts[:1] == ["and"] and texts[1:3] == ["three", "quarters"]:
        return _added(found, Fraction(3, 4), 3)
    return found


def _added(found: Quantity, part: Fraction, used: int) -> Quantity:
    return Quantity(tuple(one + part for one in found.readings), False, found.first, found.after + used)
