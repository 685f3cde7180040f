"""Times of day in a message, on the 24-hour clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from agentkit.reasoning.rules.values import Cover, Span

_HALF_DAY: Final = 12
_HOUR: Final = 60
_TIME: Final = re.compile(
    r"(?<![\w.:/-])(?:(?P<hour>\d{1,2})(?:[:h]|\.(?=\d\d\s*[ap]\.?m))(?P<minute>\d\d)(?![:\d])"
    r"(?:\s*(?:h|hrs|hours)\b)?"
    r"|(?P<hours>\d\d)(?P<minutes>\d\d)\s*(?:h|hrs|hours)\b|(?P<bare>\d{1,2})(?=\s*(?:[ap]\.?m\b|o.?clock)))"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?|\s*o.?clock)?|\b(?P<word>noon|midnight)\b",
    re.IGNORECASE,
)


def times(text: str, taken: Iterable[Span]) -> tuple[Span, ...]:
    """Times of day, as HH:MM; an hour alone is none, for it could be before or after noon."""
    cover = Cover(taken)
    found: list[Span] = []
    for match in _TIME.finditer(text):
        value = _clock(match)
        if value and not cover.overlaps(match):
            found.append(Span(value, match.start(), match.end()))
    return tuple(found)


def _clock(match: re.Match[str]) -> str | None:
    word, half = match["word"], (match["half"] or "").lower()
    if word:
        return "12:00" if word.lower() == "noon" else "00:00"
    hour, minute = int(match["hour"] or match["hours"] or match["bare"]), int(match["minute"] or match["minutes"] or 0)
    if half:
        if not 1 <= hour <= _HALF_DAY:
            return None
        hour = hour % _HALF_DAY + (_HALF_DAY if half == "p" else 0)
    return f"{hour:02d}:{minute:02d}" if hour < 2 * _HALF_DAY and minute < _HOUR else None
