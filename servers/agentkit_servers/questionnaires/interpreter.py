"""What a person's answer means, or that it is unclear: abstain rather than guess (QN-P1, QN-P5).

An answer counts when it is an option's value, its label, a synonym the instrument's file lists, or the option's place
in the list, alone or inside words that change nothing. Everything else is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

from agentkit_servers.questionnaires.models import Option, Question, Value


class Reason(StrEnum):
    """Why an answer is unclear."""

    NO_ANSWER = "no-answer"
    AMBIGUOUS = "ambiguous"
    OUT_OF_RANGE = "out-of-range"
    UNCERTAIN = "uncertain"
    REFUSAL = "refusal"
    SEVERAL_VALUES = "several-values"


@dataclass(frozen=True, slots=True)
class Understood:
    """An answer that is clear: its value, where in the text it stands, and how it was recognised."""

    value: Value
    evidence: tuple[int, int]
    method: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """An answer that is not clear."""

    reason: Reason


_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

_NUMBERS: Final = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_PLACES: Final = ("first", "second", "third", "fourth", "fifth")
_PLACE: Final = re.compile(rf"(?:the\s+)?({'|'.join(_PLACES)})(?:\s+(?:one|option|answer))?[.!]?")

# Words around an answer that leave its meaning as it is. No negation, no doubt, no intensity is among them.
_NEUTRAL: Final = frozenset(
    _WORD.findall(
        "i i'd id i'm im i've ive would say it it's its was is been thats that's for me my the answer option number"
        " choose pick please on have had felt feeling this happened happens well ok okay um uh yes"
    )
)
_DOUBT: Final = frozenset(
    {"maybe", "perhaps", "probably", "possibly", "guess", "unsure", "uncertain", "think", "suppose", "dunno", "depends"}
)
_REFUSAL: Final = re.compile(
    r"\b(?:skip|pass|stop|prefer not|rather not|no comment|(?:won't|will not|(?:don't|do not) want to) answer)\b"
)
# Signs that change a number, such as -1, 2%, 3/14 or <2.
_SIGN: Final = re.compile(r"[%/<>+~*^]|-(?=\d)")


@dataclass(frozen=True, slots=True)
class _Hit:
    option: Option
    start: int
    end: int
    method: str


def interpret(question: Question, text: str) -> Understood | Unclear:
    """Understand an answer to a question.

    Args:
        question: The question that was asked.
        text: What the person said.
    """
    plain = text.casefold().replace("\u2019", "'").strip()
    words = _WORD.findall(plain)
    if not words:
        return Unclear(Reason.NO_ANSWER)
    hits = _longest(list(_phrases(question, plain)))
    hits += _numbers(question, _without(plain, hits)) or _place(question, plain)
    rest = set(_WORD.findall(_without(plain, hits)))
    if len({hit.option.label for hit in hits}) > 1:
        return Unclear(Reason.SEVERAL_VALUES)
    if rest & _DOUBT or (hits and "?" in plain):
        return Unclear(Reason.UNCERTAIN)
    if _REFUSAL.search(plain):
        return Unclear(Reason.REFUSAL)
    if not hits:
        return Unclear(Reason.OUT_OF_RANGE if all(word.isdigit() for word in words) else Reason.AMBIGUOUS)
    if rest - _NEUTRAL or _SIGN.search(plain):
        return Unclear(Reason.AMBIGUOUS)
    hit = hits[0]
    return Understood(hit.option.value, (hit.start, hit.end), hit.method)


def _phrases(question: Question, plain: str) -> Iterator[_Hit]:
    for option in question.options:
        for phrase, method in _names(question, option):
            for match in re.finditer(rf"(?<!\w){re.escape(phrase.casefold())}(?!\w)", plain):
                yield _Hit(option, match.start(), match.end(), method)


def _names(question: Question, option: Option) -> Iterator[tuple[str, str]]:
    yield option.label, "label"
    if isinstance(option.value, str):
        yield option.value, "value"
    table = question.meta.get("synonyms")
    listed = table.get(str(option.value)) if isinstance(table, dict) else None
    for synonym in cast("list[object]", listed) if isinstance(listed, list) else []:
        yield str(synonym), "synonym"


def _longest(hits: list[_Hit]) -> list[_Hit]:
    """Of phrases that overlap only the longest: "nearly every day" is not "every day"."""
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda one: one.start - one.end):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return kept


def _numbers(question: Question, plain: str) -> list[_Hit]:
    """Numbers are values where the values are numbers; a number in words only when it is the whole answer."""
    hits: list[_Hit] = []
    words = list(_WORD.finditer(plain))
    for match in words:
        word = match.group()
        number = int(word) if word.isdecimal() and len(word) < 4 else _NUMBERS.get(word) if len(words) == 1 else None
        hits += (
            _Hit(option, match.start(), match.end(), "value")
            for option in question.options
            if number is not None and type(option.value) is int and option.value == number
        )
    return hits


def _place(question: Question, plain: str) -> list[_Hit]:
    """The place of an option in the list, when that is the whole answer."""
    match = _PLACE.fullmatch(plain)
    if match is None or _PLACES.index(match[1]) >= len(question.options):
        return []
    return [_Hit(question.options[_PLACES.index(match[1])], 0, len(plain), "place")]


def _without(plain: str, hits: list[_Hit]) -> str:
    for hit in hits:
        plain = plain[: hit.start] + " " * (hit.end - hit.start) + plain[hit.end :]
    return plain
