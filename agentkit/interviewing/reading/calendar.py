"""Dates in free text: whole ones only, unless a question takes partial ones (QN-P3, QN-17)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from agentkit.interviewing.interpreter import Reason
from agentkit.interviewing.reading.quantities import quantities
from agentkit.interviewing.reading.words import Token, spoken
from agentkit.interviewing.schema import Question

_MONTH_NAMES: Final = (
    "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct"
    "|november nov|december dec"
)
_MONTHS: Final = {
    name: number for number, names in enumerate(_MONTH_NAMES.split("|"), start=1) for name in names.split()
}
_WEEKDAY_NAMES: Final = (
    "monday mon|tuesday tue tues|wednesday wed|thursday thu thur thurs|friday fri|saturday sat|sunday sun"
)
_WEEKDAYS: Final = {name: number for number, names in enumerate(_WEEKDAY_NAMES.split("|")) for name in names.split()}
_DAYS: Final = {
    "today": 0,
    "yesterday": -1,
    "tomorrow": 1,
    "the day before yesterday": -2,
    "day before yesterday": -2,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "this morning": 0,
    "this afternoon": 0,
    "this evening": 0,
    "tonight": 0,
    "last night": None,
}
_WEEKS: Final = {"last": -1, "this": 0, "next": 1}
_ISO: Final = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_ISO_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{2})")
_NUMERIC: Final = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})")
_YEAR: Final = re.compile(r"1[89][0-9]{2}|20[0-9]{2}|21[0-9]{2}")
_SUFFIXES: Final = frozenset({"st", "nd", "rd", "th"})
_ORDINAL_NAMES: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINALS: Final = {word: number for number, word in enumerate(_ORDINAL_NAMES.split(), start=1)} | {"thirtieth": 30}

TELLING: Final = (
    _MONTHS.keys()
    | _WEEKDAYS.keys()
    | _ORDINALS.keys()
    | _WEEKS.keys()
    | set(" ".join(_DAYS).split())
    | {"ago", "in", "at", "to", "past", "half", "quarter", "noon", "midday", "midnight", "now", "from", "am", "pm"}
)
"""Words that tell a date or a time."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date that was said.

    Attributes:
        text: In ISO 8601, as precise as it was said.
        relative: It was told by its distance from now.
    """

    text: str
    relative: bool = False

    @property
    def whole(self) -> bool:
        """Year, month and day are known."""
        return len(self.text) == 10


def read_day(question: Question, parts: Sequence[Token], today: date | None) -> Day | Reason:
    """The date that tokens say.

    Args:
        question: `meta.dateOrder` (`DMY` or `MDY`) or `meta.locale` decide what 4/6 means.
        parts: The tokens, without those that change nothing.
        today: The person's date; None when their zone is not known, and relative dates then say nothing.
    """
    said = [token for token in parts if token.text not in {",", ".", "of", "the", "on", "at", "in"}]
    texts = [token.text for token in said]
    if not texts:
        return Reason.NO_ANSWER
    found = _relative(parts, today)
    if found is not None:
        return found
    weekday = texts[0] in _WEEKDAYS and len(texts) > 1 and texts.pop(0)
    answer = _absolute(question, texts)
    if isinstance(answer, Day) and weekday:
        fits = answer.whole and date.fromisoformat(answer.text).weekday() == _WEEKDAYS[weekday]
        return answer if fits else Reason.AMBIGUOUS
    return answer


def _absolute(question: Question, texts: list[str]) -> Day | Reason:
    if len(texts) == 1:
        return _written(question, texts[0])
    plain = [text for text in texts if text not in _SUFFIXES]
    months = [_MONTHS[text] for text in plain if text in _MONTHS]
    if not months and all(_day_number(text) is not None for text in plain):
        return Reason.PARTIAL_DATE
    if len(months) != 1:
        return Reason.SEVERAL_VALUES if len(months) > 1 else Reason.AMBIGUOUS
    rest = [text for text in plain if text not in _MONTHS]
    years = [text for text in rest if _YEAR.fullmatch(text)]
    days = [day for text in rest if (day := _day_number(text)) is not None]
    if len(years) + len(days) != len(rest) or len(years) > 1 or len(days) > 1:
        # "twenty first", "2 or 3 March", "in March or so"
        compound = _compound(rest)
        if compound is None:
            return Reason.AMBIGUOUS
        years, days = compound
    if years and days:
        return _day(int(years[0]), months[0], days[0])
    return Day(f"{years[0]}-{months[0]:02}") if years else Reason.PARTIAL_DATE


def _compound(rest: Sequence[str]) -> tuple[list[str], list[int]] | None:
    words = [text for text in rest if text != "-"]
    years = [text for text in words if _YEAR.fullmatch(text)]
    words = [text for text in words if text not in years]
    if len(years) > 1 or len(words) != 2 or words[0] not in {"twenty", "thirty"} or words[1] not in _ORDINALS:
        return None
    return years, [{"twenty": 20, "thirty": 30}[words[0]] + _ORDINALS[words[1]]] if _ORDINALS[words[1]] < 10 else []


def _day_number(text: str) -> int | None:
    if text.isdecimal() and len(text) <= 2:
        return int(text)
    return _ORDINALS.get(text)


def _written(question: Question, text: str) -> Day | Reason:
    if text in _WEEKDAYS:
        return Reason.AMBIGUOUS
    if match := _ISO.fullmatch(text):
        return _day(int(match[1]), int(match[3]), int(match[4]))
    if match := _ISO_MONTH.fullmatch(text):
        return Day(text) if 1 <= int(match[2]) <= 12 else Reason.OUT_OF_RANGE
    if match := _NUMERIC.fullmatch(text):
        return _numeric(question, int(match[1]), int(match[3]), match[4])
    if _YEAR.fullmatch(text):
        return Day(text)
    partial = text in _MONTHS or text in _ORDINALS or text.isdecimal()
    return Reason.PARTIAL_DATE if partial else Reason.AMBIGUOUS


def _numeric(question: Question, one: int, two: int, year: str) -> Day | Reason:
    if len(year) != 4:
        return Reason.PARTIAL_DATE
    order = _order(question)
    readings = {
        "DMY": (two, one) if order != "MDY" else None,
        "MDY": (one, two) if order != "DMY" else None,
    }
    possible = {found for found in readings.values() if found and _exists(int(year), *found)}
    if len(possible) > 1:
        return Reason.AMBIGUOUS
    return _day(int(year), *possible.pop()) if possible else Reason.OUT_OF_RANGE


def _order(question: Question) -> str | None:
    told = question.note("dateOrder")
    if told in {"DMY", "MDY"}:
        return told
    locale = (question.note("locale") or "").replace("_", "-").lower()
    if not locale or locale == "en":
        return None
    return "MDY" if locale in {"en-us", "en-ph"} else "DMY" if locale[:2] in _DAY_FIRST else None


_DAY_FIRST: Final = frozenset({"en", "de", "fr", "es", "it", "nl", "da", "nb", "no", "pl", "pt", "cs", "fi"})


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _day(year: int, month: int, day: int) -> Day | Reason:
    return Day(date(year, month, day).isoformat()) if _exists(year, month, day) else Reason.OUT_OF_RANGE


def _relative(parts: Sequence[Token], today: date | None) -> Day | Reason | None:
    """Days and weeks from now, and a weekday when it is said of which week; None when nothing is relative."""
    said = [token for token in parts if token.text not in {",", ".", "on"}]
    text = spoken(said)
    if text in _DAYS:
        return _shifted(today, _DAYS[text])
    texts = [token.text for token in said]
    if week := _week_of(texts):
        return _in_week(today, *week)
    if texts[-1:] == ["ago"] or texts[:1] == ["in"] or texts[-2:] == ["from", "now"]:
        return _distance(said, today)
    if {"ago", "last", "next", "this", "yesterday", "today", "tomorrow"} & {*texts}:
        return Reason.AMBIGUOUS
    return None


def _shifted(today: date | None, days: int | None) -> Day | Reason:
    if today is None or days is None:
        return Reason.AMBIGUOUS
    try:
        return Day((today + timedelta(days=days)).isoformat(), relative=True)
    except OverflowError:
        return Reason.OUT_OF_RANGE


def _distance(said: Sequence[Token], today: date | None) -> Day | Reason | None:
    texts = [token.text for token in said]
    sign, core = (1, said[1:]) if texts[0] == "in" else (-1, said[:-1]) if texts[-1] == "ago" else (1, said[:-2])
    if not core:
        return Reason.AMBIGUOUS
    unit = core[-1].text
    found = [*quantities(core[:-1])]
    if len(core) == 2 and core[0].text in {"a", "an"}:
        count = 1
    elif len(found) == 1 and found[0].first == 0 and found[0].after == len(core) - 1 and len(found[0].readings) == 1:
        count = int(found[0].readings[0]) if found[0].readings[0].denominator == 1 else -1
    else:
        return None if texts[0] == "in" else Reason.AMBIGUOUS
    if count < 0 or count > 100_000:
        return Reason.AMBIGUOUS
    days = {"day": 1, "days": 1, "week": 7, "weeks": 7}.get(unit)
    if days is None:
        return Reason.PARTIAL_DATE if unit.rstrip("s") in {"month", "year"} else Reason.AMBIGUOUS
    return _shifted(today, sign * count * days)


def _week_of(texts: Sequence[str]) -> tuple[int, int] | None:
    """`Monday last week`, `Friday of next week`: weekday and how many weeks from this one."""
    plain = [text for text in texts if text not in {"of", "the"}]
    if len(plain) == 3 and plain[2] == "week" and plain[0] in _WEEKDAYS and plain[1] in _WEEKS:
        return _WEEKDAYS[plain[0]], _WEEKS[plain[1]]
    return None


def _in_week(today: date | None, weekday: int, weeks: int) -> Day | Reason:
    if today is None:
        return Reason.AMBIGUOUS
    # Where weeks begin on Sunday, that day belongs to another week.
    if weekday == 6 or today.weekday() == 6:
        return Reason.AMBIGUOUS
    return _shifted(today, weekday - today.weekday() + 7 * weeks)
