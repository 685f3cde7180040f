"""Reads yes and no out of what people and programs answer; only clear words count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agentkit.models import JsonObject, Message, Part


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_YES: Final = _words("yes y yep yeah approve approved approves ok okay confirm confirmed accept accepted agree agreed")
_NO: Final = _words("no n nope decline declined reject rejected deny denied refuse refused disapprove disapproved")
_HEDGES: Final = _words(
    "but if unless except only not never however instead although though when once after before until change changed "
    "without wait maybe perhaps partly partially almost later first and also plus then add remove delete replace use "
    "make set increase reduce don't dont doesn't isn't can't cannot shouldn't won't provided providing assuming "
    "assume conditional conditionally condition conditions subject pending under wrong incorrect error errors mistake "
    "mistakes missing stop cancel abort undo revert hold skip minus fix edit update swap switch put drop omit exclude "
    "leave keep let who what which why where how whether should must need needs require requires neither nothing none "
    "nobody think guess suppose probably possibly might may could would soon long till otherwise rather different "
    "another other others unsure doubt doubts question questions second third last"
)
_OPEN: Final = re.compile(r"[?\uff1f\u061f]|\bcorrect\s+\w", re.IGNORECASE)
"""What turns a yes into a question, or into an order to do something else."""
_ASSENT: Final = _words("go ahead proceed fine good sure problem problems objection objections")
_POLITE: Final = _words("please thanks thank you it this that i we")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_OPENING: Final = re.compile(r"\s*(?:i\s+|we\s+)?([^\W\d_]+)\b(.*)", re.DOTALL | re.IGNORECASE)
_SEPARATED: Final = re.compile(r"\s*(?:[,.;:!\n\u2013\u2014(-]|because\b|since\b|as\b)", re.IGNORECASE)


class Unclear(Exception):
    """An answer that decides nothing; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer says."""

    approved: bool
    reason: str | None


def verdict_of(answer: Message, expected: str) -> Verdict:
    """What an answer says; every part of it must say the same.

    Args:
        answer: Plain text, or data `{approved, reason?, hash?}`, or both.
        expected: The hash of what is decided on; an answer that names another one is about something else.

    Raises:
        Unclear: It is not clearly a yes or a no.
    """
    verdicts = list(_verdicts(answer, expected))
    if not verdicts:
        raise Unclear("There is no answer yet.")
    if len({verdict.approved for verdict in verdicts}) > 1:
        raise Unclear("The answer says both yes and no.")
    return Verdict(verdicts[0].approved, next((verdict.reason for verdict in verdicts if verdict.reason), None))


def _verdicts(answer: Message, expected: str) -> Iterator[Verdict]:
    for part in answer.parts:
        match part:
            case Part(data=dict() as fields):
                yield _of_data(fields, expected)
            case Part(text=str() as text):
                if text.strip():
                    yield _of_text(text)
            case _:
                raise Unclear("The answer is neither a text nor an object with the field approved.")


def _of_data(fields: JsonObject, expected: str) -> Verdict:
    approved, reason, named = fields.get("approved"), fields.get("reason"), fields.get("hash")
    if not isinstance(approved, bool):
        raise Unclear("The field approved must be true or false.")
    if named is not None and named != expected:
        raise Unclear("The answer is about another proposal: its hash is not the one of this question.")
    return Verdict(approved, reason.strip() or None if isinstance(reason, str) else None)


def _of_text(text: str) -> Verdict:
    opening = _OPENING.fullmatch(text)
    first = opening[1].lower() if opening else ""
    if opening is None or first not in _YES | _NO:
        raise Unclear("The answer is not clearly a yes or a no.")
    approved, rest = first in _YES, opening[2]
    words = {word.lower().replace("\u2019", "'") for word in _WORD.findall(rest)}
    opposite = _NO if approved else _YES | _ASSENT
    same = _YES if approved else _NO
    if words & opposite or (approved and (words & _HEDGES or _OPEN.search(rest))):
        raise Unclear("The answer is not clearly a yes or a no.")
    said = words - _POLITE - same
    if said and not _SEPARATED.match(rest):
        raise Unclear("The answer is not clearly a yes or a no.")
    return Verdict(approved, _SEPARATED.sub("", rest, count=1).strip(" \n.!)") or None if said else None)
