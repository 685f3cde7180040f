"""Times of day in free text; twelve hours without am or pm are no time (QN-P3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agentkit.interviewing.interpreter import Reason
from agentkit.interviewing.reading.quantities import quantities
from agentkit.interviewing.reading.words import Token

_WRITTEN: Final = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?")
_MORNING: Final = frozenset({"am", "morning"})
_EVENING: Final = frozenset({"pm", "afternoon", "evening", "night"})
_FIXED: Final = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_IDLE: Final = frozenset({"at", "in", "the", "o'clock", "oclock", "clock", "sharp", ",", ".", "exactly", "hours", "h"})


def read_clock(parts: Sequence[Token]) -> str | Reason:
    """The time of day that tokens say, `HH:MM` or with seconds."""
    texts = _joined([token.text for token in parts])
    core = [text for text in texts if text not in _IDLE]
    halves = {text for text in core if text in _MORNING | _EVENING}
    plain = [text for text in core if text not in halves]
    if sum(text in halves for text in core) > 1:
        return Reason.SEVERAL_VALUES
    if len(plain) == 1 and plain[0] in _FIXED:
        return Reason.AMBIGUOUS if halves else _FIXED[plain[0]]
    found = _moment(plain, [token for token in parts if token.text in plain])
    if found is None:
        return Reason.AMBIGUOUS if plain else Reason.NO_ANSWER
    hour, minute, second, certain = found
    if "to" in plain and "minutes" not in plain and {*plain[:1]} & _SHORT:
        return Reason.RANGE  # "ten to eleven" may be from ten to eleven
    if hour > 23 or minute > 59 or second > 59:
        return Reason.OUT_OF_RANGE
    if halves:
        adjusted = _adjusted(hour, halves.pop())
        if adjusted is None:
            return Reason.AMBIGUOUS
        hour = adjusted
    elif not certain and hour <= 12:
        return Reason.AMBIGUOUS
    tail = f":{second:02}" if second else ""
    return f"{hour:02}:{minute:02}{tail}"


def says_time(parts: Sequence[Token]) -> bool:
    """Whether anything in an utterance is a time of day."""
    texts = {*_joined([token.text for token in parts])}
    written = any(_WRITTEN.fullmatch(text) and ":" in text for text in texts)
    return written or bool(texts & (_MORNING | _EVENING | _FIXED.keys() | {"o'clock", "oclock", "past", "at"}))


def _joined(texts: Sequence[str]) -> list[str]:
    """`p.m.`, `a m` and `o ' clock` as one word."""
    text = f" {' '.join(texts)} "
    for half in "ap":
        for written in (f" {half} . m . ", f" {half} . m ", f" {half} m "):
            text = text.replace(written, f" {half}m ")
    return text.replace(" o ' clock ", " o'clock ").split()


def _adjusted(hour: int, half: str) -> int | None:
    """The hour of 24; None where the half of the day does not fit."""
    if half in _MORNING:
        if half == "morning" and hour == 12:
            return None
        return None if hour > 12 else hour % 12
    if half == "night":
        return hour + 12 if 8 <= hour <= 11 else None
    if hour > 12:
        return hour if half != "pm" else None
    if hour == 0:
        return None
    if half == "evening" and not 4 <= hour <= 11:
        return None
    if half == "afternoon" and hour not in {12, 1, 2, 3, 4, 5, 6}:
        return None
    return hour % 12 + 12


def _moment(plain: Sequence[str], parts: Sequence[Token]) -> tuple[int, int, int, bool] | None:
    """Hour, minute, second, and whether it can only be meant on 24 hours."""
    if len(plain) == 1 and (match := _WRITTEN.fullmatch(plain[0])):
        certain = match[1].startswith("0")
        return int(match[1]), int(match[2]), int(match[3] or 0), certain
    if len(plain) >= 3 and ("past" in plain or "to" in plain):
        return _past_or_to(plain)
    found = [*quantities(parts)]
    if not found or any(not one.whole or one.readings[0] < 0 for one in found):
        return None
    covered = sum(one.after - one.first for one in found)
    if covered != len(plain) or len(found) > 2:
        return None
    minute = int(found[1].readings[0]) if len(found) == 2 else 0
    if len(found) == 2 and not 10 <= minute <= 59:
        return None
    hour = int(found[0].readings[0])
    return hour, minute, 0, False


_SHORT: Final = frozenset({"five", "ten", "5", "10"})
_PARTS: Final = {"quarter": 15, "half": 30, "five": 5, "ten": 10, "twenty": 20, "5": 5, "10": 10, "20": 20, "25": 25}
_HOUR_NAMES: Final = "one two three four five six seven eight nine ten eleven twelve"
_HOURS: Final = {word: number for number, word in enumerate(_HOUR_NAMES.split(), start=1)} | {
    str(number): number for number in range(1, 13)
}


def _past_or_to(plain: Sequence[str]) -> tuple[int, int, int, bool] | None:
    words = [word for word in plain if word not in {"a", "minutes", "minute"}]
    joint = "past" if "past" in words else "to"
    place = words.index(joint)
    head, tail = words[:place], words[place + 1 :]
    whole = "".join(head)
    minutes = 25 if whole in {"twentyfive", "twenty-five"} else _PARTS.get(whole)
    if minutes is None or len(tail) != 1 or tail[0] not in _HOURS or (joint == "to" and minutes == 30):
        return None
    hour = _HOURS[tail[0]]
    if joint == "past":
        return hour, minutes, 0, False
    return (hour - 1 or 12), 60 - minutes, 0, False
