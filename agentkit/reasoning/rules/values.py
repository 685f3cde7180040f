"""What in a message could be an argument: dates, quoted words, names, numbers. Nothing is completed or guessed."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from agentkit.reasoning.rules.parameters import Role
from agentkit.reasoning.rules.vocabulary import (
    BIRTH_CUES,
    FROM_CUES,
    FUNCTION_WORDS,
    HONORIFICS,
    MONTHS,
    NAME_PARTICLES,
    REQUEST_OPENERS,
    UNTIL_CUES,
    WEEKDAYS,
    WITHIN_CUES,
)
from agentkit.reasoning.rules.words import Word, stem, words

_ISO: Final = re.compile(r"(?<![\w-])(\d{4})-(\d{2})(?:-(\d{2}))?(?![\w-])")
_MONTH: Final = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY_MONTH_YEAR: Final = re.compile(
    rf"(?<!\w)(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]*(?:of\s+)?({_MONTH})\.?,?[\s-]*(\d{{4}})(?!\w)",
    re.IGNORECASE,
)
_MONTH_DAY_YEAR: Final = re.compile(
    rf"(?<!\w)({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\w)", re.IGNORECASE
)
_MONTH_YEAR: Final = re.compile(rf"(?<!\w)({_MONTH})\.?,?\s+(\d{{4}})(?!\w)", re.IGNORECASE)
_DOTTED: Final = re.compile(r"(?<![\w.])(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?![\w.]\d)")
_SLASHED: Final = re.compile(r"(?<![\w/-])(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?![\w/-])")
_YEAR_FIRST: Final = re.compile(r"(?<![\w/.])(\d{4})([/.])(\d{1,2})\2(\d{1,2})(?![\w/]|\.\d)")
_YEAR: Final = re.compile(r"(?<![\w.,/-])((?:19|20)\d{2})(?![\w/-]|[.,]\d)")
_QUOTED: Final = re.compile(r"\"([^\"]{1,200})\"|“([^”]{1,200})”|`([^`]{1,200})`|(?<!\w)'([^']{1,200})'(?!\w)")
_VAGUE_TIME: Final = re.compile(
    r"\b(?:last|past|previous|this|next)\s+(?:\w+\s+)?(?:year|month|week|day|quarter)s?\b|\byesterday\b"
    r"|\b\w+\s+(?:year|month|week|day)s?\s+ago\b",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"\bbetween\b[^.;!?]{4,30}\band\s+$", re.IGNORECASE)
_REACH: Final = 80
"""How far in front of a date a word can tell its role."""

_MONTHS: Final = 12
_NUMBER: Final = re.compile(r"(?<![\w.,/-])([+-]?\d+(?:\.\d+)?)(?![\w/-]|[.,]\d)")


@dataclass(frozen=True, slots=True)
class Span:
    """Something found in a message: what it is worth and where it stands."""

    value: str
    start: int
    end: int

    def holds(self, word: Word) -> bool:
        """The word stands within it."""
        return self.start <= word.start and word.end <= self.end


@dataclass(frozen=True, slots=True)
class DateSpan(Span):
    """A date as precise as it was said (`2025`, `2025-03`, `2025-03-02`), with the role its preceding word gives."""

    role: Role = Role.PLAIN
    within: bool = False

    @property
    def first(self) -> str:
        """The first day it can mean."""
        return (self.value + "-01-01")[:10] if len(self.value) == 4 else (self.value + "-01")[:10]

    @property
    def last(self) -> str:
        """The last day it can mean."""
        if len(self.value) == 10:
            return self.value
        year, month = int(self.value[:4]), int(self.value[5:7] or 12)
        return f"{year:04d}-{month:02d}-{monthrange(year, month)[1]:02d}"


class Cover:
    """Many spans at once: finds whether a word or a match meets one without looking at each."""

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans, key=lambda span: span.start)
        self._starts = [span.start for span in ordered]
        self._ends = list(accumulate((span.end for span in ordered), max))

    def holds(self, word: Word) -> bool:
        """The word stands within one of the spans."""
        before = bisect_right(self._starts, word.start)
        return before > 0 and word.end <= self._ends[before - 1]

    def overlaps(self, match: re.Match[str]) -> bool:
        """The match shares a character with one of the spans."""
        before = bisect_left(self._starts, match.end())
        return before > 0 and match.start() < self._ends[before - 1]


def dates(text: str) -> tuple[DateSpan, ...]:
    """The dates in a text; what could be read in two ways (`3/4/2025`) is none."""
    found: list[DateSpan] = []
    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, str | None, str | None]]], ...] = (
        (_ISO, lambda match: (match[1], match[2], match[3])),
        (_YEAR_FIRST, lambda match: (match[1], match[3], match[4])),
        (_DOTTED, lambda match: (match[3], match[2], match[1])),
        (_SLASHED, lambda match: _slashed(match[1], match[3], match[4])),
        (_DAY_MONTH_YEAR, lambda match: (match[3], match[2], match[1])),
        (_MONTH_DAY_YEAR, lambda match: (match[3], match[1], match[2])),
        (_MONTH_YEAR, lambda match: (match[2], match[1], None)),
        (_YEAR, lambda match: (match[1], None, None)),
    )
    for pattern, read in readers:
        cover = Cover(found)  # of the patterns before: matches of one pattern never overlap
        for match in pattern.finditer(text):
            value = _iso(*read(match))
            if value and not cover.overlaps(match):
                role, within, start = _date_role(text, match.start())
                found.append(DateSpan(value, start, match.end(), role, within))
    return tuple(sorted(found, key=lambda span: span.start))


def quoted(text: str) -> tuple[Span, ...]:
    """What stands in quotation marks."""
    return tuple(
        Span(next(group for group in match.groups() if group is not None).strip(), match.start(), match.end())
        for match in _QUOTED.finditer(text)
    )


def numbers(text: str, taken: Iterable[Span]) -> tuple[Span, ...]:
    """Numbers in digits that are not part of something else."""
    cover = Cover(taken)
    return tuple(
        Span(match[1], match.start(), match.end()) for match in _NUMBER.finditer(text) if not cover.overlaps(match)
    )


def vague_times(text: str) -> tuple[Span, ...]:
    """Times that only mean something relative to now."""
    return tuple(Span(match.group(), match.start(), match.end()) for match in _VAGUE_TIME.finditer(text))


def names(text: str, taken: Iterable[Span], known: frozenset[str]) -> tuple[Span, ...]:
    """Names of people and things: runs of capitalised words.

    Args:
        text: The message.
        taken: Spans that are something else already.
        known: Stems that the tools use in lower case: such a word is no name where a sentence begins.
    """
    cover = Cover(taken)
    found: list[Span] = []
    run: list[Word] = []
    for word in words(text):
        free = not cover.holds(word)
        joined = not run or not text[run[-1].end : word.start].strip(" ")
        if run and not (free and joined):
            found += _name(run)
            run = []
        if free and (_is_name_word(word, known, bool(run)) or (run and word.lower in NAME_PARTICLES)):
            run.append(word)
        elif run:
            found += _name(run)
            run = []
    return (*found, *_name(run))


def _is_name_word(word: Word, known: frozenset[str], inside: bool) -> bool:
    if not word.capital or word.code_like or len(word.text) == 1 or any(char.isdigit() for char in word.text):
        return False
    lower = word.lower
    if lower in FUNCTION_WORDS or lower in WEEKDAYS or lower in MONTHS or lower in HONORIFICS:
        return False
    # Inside of a name a common word is part of it: somebody may be called Page or Summer.
    return inside or not ((word.opens and lower in REQUEST_OPENERS) or stem(word.text) in known)


def _name(run: list[Word]) -> list[Span]:
    while run and run[-1].lower in NAME_PARTICLES:
        run = run[:-1]
    if not run:
        return []
    return [Span(" ".join(word.text for word in run), run[0].start, run[-1].end)]


def _slashed(one: str, other: str, year: str) -> tuple[str, str | None, str | None]:
    """Day and month in the one order that makes a date; the thirteenth month where both orders would."""
    if int(one) == int(other) or int(other) > _MONTHS:
        return year, one, other
    return (year, other, one) if int(one) > _MONTHS else (year, str(_MONTHS + 1), one)


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    if month is None:
        return year
    number = MONTHS[month.lower()] if month.lower() in MONTHS else int(month)
    if not 1 <= number <= 12 or int(year) < 1:
        return None
    if day is None:
        return f"{year}-{number:02d}"
    return f"{year}-{number:02d}-{int(day):02d}" if 1 <= int(day) <= monthrange(int(year), number)[1] else None


def _date_role(text: str, start: int) -> tuple[Role, bool, int]:
    """The role a date has by the words in front of it, and where these begin: they belong to it."""
    reach = max(0, start - _REACH)
    before = text[reach:start]
    spoken = [replace(word, start=word.start + reach) for word in words(before)[-3:]]
    if spoken and spoken[-1].lower == "between":
        return Role.FROM, False, spoken[-1].start
    if _BETWEEN.search(before):
        return Role.UNTIL, False, spoken[-1].start
    for word in reversed(spoken):
        for role, cues in ((Role.BIRTH, BIRTH_CUES), (Role.FROM, FROM_CUES), (Role.UNTIL, UNTIL_CUES)):
            if word.lower in cues:
                return role, False, word.start
        if word.lower in WITHIN_CUES:
            born = next((other for other in spoken if other.lower in BIRTH_CUES), None)
            return (Role.BIRTH, False, born.start) if born else (Role.PLAIN, True, start)
        if word.lower not in FUNCTION_WORDS and word.lower not in {"date", "day", "year", "month"}:
            break
    return Role.PLAIN, False, start
