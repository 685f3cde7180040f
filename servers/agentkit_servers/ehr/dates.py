"""Dates as half-open ranges by their precision (EHR-S21 to EHR-S24)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

PARTIAL_DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
"""`YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""

OPEN_PAST = -(2**62)
OPEN_FUTURE = 2**62

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DATE_TIME = re.compile(
    r"^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d{2}:\d{2})?$", re.IGNORECASE
)


class Span(NamedTuple):
    """`[low, high)` in microseconds since 1970, UTC."""

    low: int
    high: int


def span_of(value: str) -> Span | None:
    """The range a FHIR date or dateTime stands for; None where it is none. Without a zone it is read as UTC."""
    return _partial(value) if re.match(PARTIAL_DATE, value) else _instant(value)


def period(start: str | None, end: str | None) -> Span | None:
    """The range of a Period; an open end is infinite (EHR-S22)."""
    first = span_of(start) if start else None
    last = span_of(end) if end else None
    if first is None and last is None:
        return None
    return Span(first.low if first else OPEN_PAST, last.high if last else OPEN_FUTURE)


def day_of(value: str | None) -> str | None:
    """The date of a dateTime as it was written; a partial date stays partial."""
    return value.split("T", 1)[0] if value else None


def _partial(value: str) -> Span | None:
    parts = [int(part) for part in value.split("-")]
    try:
        start = date(parts[0], *[*parts[1:], 1, 1][:2])
        if len(parts) == 3:
            end = start + timedelta(days=1)
        elif len(parts) == 2:
            end = date(parts[0] + parts[1] // 12, parts[1] % 12 + 1, 1)
        else:
            end = date(parts[0] + 1, 1, 1)
    except (ValueError, OverflowError):
        return None
    return Span(_micros(datetime(start.year, start.month, start.day, tzinfo=UTC)), _midnight(end))


def _instant(value: str) -> Span | None:
    match = _DATE_TIME.match(value)
    if match is None:
        return None
    _, _, _, second, fraction, zone = match.groups()
    iso = f"{match[1]}T{match[2]}:{match[3]}:{second or '00'}.{(fraction or '').ljust(6, '0')}"
    try:
        low = _micros(datetime.fromisoformat(iso + (zone or "Z").upper().replace("Z", "+00:00")))
    except ValueError:
        return None
    if second is None:
        return Span(low, low + 60_000_000)
    return Span(low, low + (10 ** (6 - len(fraction)) if fraction else 1_000_000))


def _midnight(day: date) -> int:
    return _micros(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
