"""ISO 8601 dates and times as spans of time, so that partial ones can be compared (QN-09, QN-17)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,6})?)?")
_ZONE: Final = re.compile(r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first moment to the last one that a text can mean, both included.

    Attributes:
        kind: `date`, `time` or `datetime`; spans of different kinds cannot be compared, except dates with datetimes.
        whole: Nothing of it is left open: a day, a minute.
        zoned: The moment is told with its distance to UTC.
    """

    kind: str
    first: datetime
    last: datetime
    whole: bool = True
    zoned: bool = False

    def comparable(self, other: Span) -> bool:
        """Both lie on the same line of time."""
        return (self.kind == "time") is (other.kind == "time") and self.zoned is other.zoned


def span(text: str) -> Span | None:
    """What an ISO 8601 text covers; None when it is none: `2026`, `2026-03`, `2026-03-04`, `14:30`, both with a `T`."""
    day, separator, clock = text.partition("T")
    if not separator:
        return _dates(text) or _times(text)
    found, rest = _dates(day), _ZONE.sub("", clock)
    at = _times(rest)
    if found is None or at is None or not found.whole:
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}")
        return Span("datetime", moment, moment + (at.last - at.first), zoned=rest != clock)
    except (ValueError, OverflowError):
        return None


def _dates(text: str) -> Span | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        first = date(year, month, day)
        if match[3]:
            last = first
        elif match[2]:
            last = (date(year, month, 28) + 4 * _DAY).replace(day=1) - _DAY
        else:
            last = date(year, 12, 31)
        return Span("date", datetime.combine(first, time.min), datetime.combine(last, time.max), bool(match[3]))
    except (ValueError, OverflowError):
        return None


def _times(text: str) -> Span | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        first = datetime.combine(date.min, time(int(match[1]), int(match[2]), int(match[3] or 0)))
    except ValueError:
        return None
    return Span("time", first, first + timedelta(seconds=0 if match[3] else 59))
