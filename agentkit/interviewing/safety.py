"""Answers that need a person to look at once, whatever else comes of the interview (QN-I1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agentkit.interviewing.schema import Answer, Question, Questionnaire
from agentkit.interviewing.session import Session
from agentkit.interviewing.values import is_number, same
from agentkit.models.base import Json

TEXT: Final = (
    "One of the answers mentions thoughts of being dead or of self-harm. This program cannot help in an emergency:"
    " please call the local emergency number or a crisis line now, or ask that a member of staff be called. A clinician"
    " has to look at this answer today."
)
"""What is said where a questionnaire has no words of its own."""

_PHQ9_ITEM_9: Final = "44260-8"
_WORDING: Final = "better off dead"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that an answer raised.

    Attributes:
        question_id: Whose answer.
        text: What to say.
    """

    question_id: str
    text: str


def notices(questionnaire: Questionnaire, session: Session) -> tuple[Notice, ...]:
    """The notices that an interview has raised, in the order of the questions.

    A question raises one by `meta.safetyNotice` (`true`, a text, or an object with `text` and `above`, the value from
    which on it is raised, 0 when absent) or as item 9 of the PHQ-9, known by `meta.loinc` or by its official wording.
    An answer that was corrected counts no more; one that was given before a restart does.
    """
    return tuple(_raised(questionnaire, session))


def _raised(questionnaire: Questionnaire, session: Session) -> Iterator[Notice]:
    given = session.values
    gone = {one.question: one.value for one in session.dropped if one.reason != "amended"}
    for question in questionnaire.questions:
        rule = _rule(question)
        if rule is None:
            continue
        values = [known[question.id] for known in (given, gone) if question.id in known]
        above, text = rule
        if any(_alarming(question, value, above) for value in values):
            yield Notice(question.id, text or _own_text(questionnaire) or TEXT)


def _own_text(questionnaire: Questionnaire) -> str | None:
    found = questionnaire.meta.get("safetyText")
    return found if isinstance(found, str) and found else None


def _rule(question: Question) -> tuple[float, str | None] | None:
    told: Json = question.meta.get("safetyNotice")
    if told is None and (question.meta.get("loinc") == _PHQ9_ITEM_9 or _WORDING in question.text.lower()):
        told = True
    if isinstance(told, str):
        return 0, told or None
    if isinstance(told, dict):
        above, text = told.get("above"), told.get("text")
        return (above if is_number(above) else 0), (text if isinstance(text, str) and text else None)
    return (0, None) if told is True else None


def _alarming(question: Question, answer: Answer, above: float) -> bool:
    """A number above the limit, a yes, or any but the first option where the values are words."""
    for value in answer if isinstance(answer, list) else [answer]:
        if isinstance(value, bool):
            if value:
                return True
        elif is_number(value):
            if value > above:
                return True
        elif question.type.is_choice and question.options and not same(question.options[0].value, value):
            return True
    return False
