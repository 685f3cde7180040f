"""Dates, times and both together in free text (QN-P3, QN-17)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from agentkit.interviewing.interpreter import Inquiry, Reason, Understood
from agentkit.interviewing.moments import span
from agentkit.interviewing.reading.calendar import TELLING, Day, read_day
from agentkit.interviewing.reading.clock import read_clock
from agentkit.interviewing.reading.quantities import NUMBER_WORDS
from agentkit.interviewing.reading.units import UNITS
from agentkit.interviewing.reading.words import NEGATIONS, Token, corrected, doubts, extent, loose, words
from agentkit.interviewing.schema import Question
from agentkit.models.base import JsonObject

_ISO: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_ALTERNATIVES: Final = frozenset({"or", "and", "between", "until", "till", "either"})
_VERBS: Final = frozenset(words("began begin started start happened occurred born fell noticed took place go went"))
_MOST: Final = 30
"""So many words may a date with a time have: they are cut in two at each place."""

_VAGUE: Final = frozenset({"around", "about", "roughly", "approximately", "circa", "early", "late", "before", "after"})


def read_moment(inquiry: Inquiry, parts: Sequence[Token]) -> Understood | Reason:
    """The date, the time, or the moment that an utterance says."""
    question = inquiry.question
    written = _written(inquiry)
    if written is not None:
        return written
    kept = corrected(parts)
    said = loose(kept)
    texts = {token.text for token in said}
    if doubts(kept) or "?" in texts or texts & _VAGUE - {"before", "after"}:
        return Reason.UNCERTAIN
    if texts & NEGATIONS:
        return Reason.NEGATED
    if texts & _ALTERNATIVES:
        return Reason.SEVERAL_VALUES
    if not said:
        return Reason.NO_ANSWER
    said = _without_question(question, _with_this(kept, said))
    found = read_clock(said) if question.mode == "time" else _dated(inquiry, said)
    if isinstance(found, Reason):
        return found
    value, relative = found if isinstance(found, tuple) else (found, False)
    whole = span(value)
    if (whole is None or not whole.whole) and question.meta.get("allowPartial") is not True:
        return Reason.PARTIAL_DATE
    clock: JsonObject | None = {"at": inquiry.at, "zone": inquiry.zone} if relative else None
    return Understood(question_id=question.id, value=value, evidence=extent(kept), method="moment", clock=clock)


def _today(inquiry: Inquiry) -> date | None:
    """The person's date; None where their zone is not known, or nothing was asked yet that "today" could answer."""
    if inquiry.zone is None or inquiry.at is None or inquiry.opening:
        return None
    try:
        return datetime.fromisoformat(inquiry.at).date()
    except ValueError:
        return None


def _written(inquiry: Inquiry) -> Understood | None:
    """A moment in ISO 8601, alone."""
    text = inquiry.text.strip().rstrip(".")
    if inquiry.question.mode != "datetime" or not _ISO.fullmatch(text):
        return None
    value = text[:10] + "T" + text[11:].upper()
    if span(value) is None:
        return None
    start = inquiry.text.index(text)
    return Understood(
        question_id=inquiry.question.id, value=value, evidence=(start, start + len(text)), method="moment"
    )


def _with_this(kept: Sequence[Token], said: list[Token]) -> list[Token]:
    """`this` changes nothing around an option, but it does in "this morning"."""
    names = {token.start for token in said}
    return [token for token in kept if token.start in names or token.text == "this"]


def _without_question(question: Question, said: Sequence[Token]) -> list[Token]:
    """Words of the question change nothing, unless they tell a time: "born on 4 March 1980"."""
    asked = {word for word in words(question.text) if word.isalpha()} | _VERBS
    asked -= TELLING | UNITS.keys() | NUMBER_WORDS | {"a", "an"}
    following = [*said[1:], None]
    to_bed = {
        token.start for token, after in zip(said, following, strict=True) if token.text == "to" and _asks(after, asked)
    }
    return [token for token in said if token.start not in to_bed and token.text not in asked]


def _asks(token: Token | None, asked: set[str]) -> bool:
    return token is not None and token.text in asked


def _agree(days: Sequence[Token], hour: str) -> bool:
    """Whether the part of a day that the date names holds the time."""
    texts = {token.text for token in days}
    morning, evening = "morning" in texts, bool(texts & {"evening", "tonight"})
    afternoon = "afternoon" in texts
    return not (morning and hour >= "12") and not (afternoon and hour < "12") and not (evening and hour < "16")


def _dated(inquiry: Inquiry, said: Sequence[Token]) -> tuple[str, bool] | Reason:
    today = _today(inquiry)
    if inquiry.question.mode == "date":
        day = read_day(inquiry.question, said, today)
        return day if isinstance(day, Reason) else (day.text, day.relative)
    return _both(inquiry, said, today)


def _both(inquiry: Inquiry, said: Sequence[Token], today: date | None) -> tuple[str, bool] | Reason:
    """A date and a time in either order, split where both halves are clear."""
    answers: set[tuple[str, bool]] = set()
    if len(said) > _MOST:
        return Reason.AMBIGUOUS
    if any(token.text == "midnight" for token in said):
        return Reason.AMBIGUOUS  # of which of the two days
    for place in range(1, len(said)):
        for days, hours in ((said[:place], said[place:]), (said[place:], said[:place])):
            day, hour = read_day(inquiry.question, days, today), read_clock(hours)
            if isinstance(day, Day) and day.whole and not isinstance(hour, Reason) and _agree(days, hour):
                answers.add((f"{day.text}T{hour}", day.relative))
    if len(answers) == 1:
        return answers.pop()
    if answers:
        return Reason.AMBIGUOUS
    alone = read_day(inquiry.question, said, today)
    if isinstance(alone, Day) or not isinstance(read_clock(said), Reason):
        return Reason.PARTIAL_DATE
    return alone
