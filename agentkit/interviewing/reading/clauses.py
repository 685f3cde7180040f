"""Answers to further questions in one utterance, on explicit evidence only (QN-22)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agentkit.interviewing.reading.words import tokens
from agentkit.interviewing.schema import Question, Questionnaire

_BREAK: Final = re.compile(r"[;.\n]+|,?\s+and\s+|,\s+", re.IGNORECASE)
_MOST: Final = 40


@dataclass(frozen=True, slots=True)
class Claim:
    """A clause that names a further question by a keyword, or one of its options in quotes.

    Attributes:
        question: Which one.
        text: The clause without the keyword or the quotes.
        start: Where the clause begins in the utterance.
        end: Where it ends.
    """

    question: Question
    text: str
    start: int
    end: int


def claims(questionnaire: Questionnaire, asked: Question, text: str) -> list[Claim]:
    """The clauses that answer other questions than the one that was asked; a clause that fits several fits none."""
    marked = [one for one in questionnaire.questions if one.id != asked.id and (_keywords(one) or one.options)]
    if not marked or len(text) > 4000:
        return []
    found: list[Claim] = []
    for start, end in [*_clauses(text)][:_MOST]:
        clause = text[start:end]
        bare = [(question, rest) for question in marked if (rest := _bare(question, clause)) is not None]
        if len(bare) == 1:
            found.append(Claim(bare[0][0], bare[0][1], start, end))
    return found


def remainder(text: str, taken: list[Claim]) -> str:
    """The utterance with spaces in place of the claimed clauses, so that places stay what they are."""
    for claim in taken:
        text = text[: claim.start] + " " * (claim.end - claim.start) + text[claim.end :]
    return text


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _BREAK.finditer(text):
        if text[start : match.start()].strip():
            yield start, match.end()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def _keywords(question: Question) -> list[str]:
    listed = question.meta.get("keywords")
    return [word for word in listed if isinstance(word, str) and word] if isinstance(listed, list) else []


def _bare(question: Question, clause: str) -> str | None:
    """The clause without what makes it this question's; None when it is not."""
    lower = clause.lower() if len(clause.lower()) == len(clause) else clause
    for keyword in map(str.lower, _keywords(question)):
        # Most keywords are not there, and an expression takes a while to make.
        match = re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)[:=]?", lower) if keyword in lower else None
        if match and len(tokens(clause)) > len(tokens(keyword)):
            return clause[: match.start()] + " " * (match.end() - match.start()) + clause[match.end() :]
    for option in question.options:
        for mark in ('"{}"', "\u201c{}\u201d"):
            quoted = mark.format(option.label.lower())
            place = lower.find(quoted)
            if place >= 0:
                return " " * (place + 1) + clause[place + 1 : place + len(quoted) - 1]
    return None
