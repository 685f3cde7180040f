"""The way through a questionnaire that given answers lead (QN-03 to QN-05, QN-10 to QN-13, QN-E3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from agentkit.interviewing.conditions import visible
from agentkit.interviewing.schema import Answer, Question, Questionnaire
from agentkit.interviewing.values import same


@dataclass(frozen=True, slots=True)
class Path:
    """How far an interview has come.

    Attributes:
        passed: The questions that were answered or skipped, in the order of the path.
        pending: The question to ask now; None when the interview is complete (QN-20).
    """

    passed: tuple[str, ...]
    pending: Question | None


def walk(questionnaire: Questionnaire, answers: Mapping[str, Answer], skipped: Collection[str]) -> Path:
    """Walk from the start to the first visible question that is neither answered nor skipped."""
    passed: dict[str, None] = {}
    met: dict[str, Answer] = {}
    question = _visible_from(questionnaire, questionnaire.first, met)
    # Cycles are refused when a questionnaire is loaded; the guard keeps even a foreign one from going on for ever.
    while question is not None and question.id not in passed:
        if question.id in answers:
            met[question.id] = answers[question.id]
        elif question.id not in skipped:
            return Path(tuple(passed), question)
        passed[question.id] = None
        question = _following(questionnaire, question, met)
    return Path(tuple(passed), None)


def _following(questionnaire: Questionnaire, question: Question, met: Mapping[str, Answer]) -> Question | None:
    target = _chosen_next(question, met.get(question.id)) or question.default_next
    if target is not None:
        found = questionnaire.find(target)
        return None if found is None else _visible_from(questionnaire, found, met)
    return None if question.ends else _visible_after(questionnaire, question, met)


def _chosen_next(question: Question, answer: Answer | None) -> str | None:
    """The `next` of the first chosen option in the order of the options (QN-10)."""
    given = answer if isinstance(answer, list) else [answer]
    for option in question.options:
        if option.next and any(same(option.value, one) for one in given):
            return option.next
    return None


def _visible_from(questionnaire: Questionnaire, question: Question, met: Mapping[str, Answer]) -> Question | None:
    """The question, or what comes after it in the list where it is hidden (QN-11)."""
    if visible(questionnaire, question, met):
        return question
    return _visible_after(questionnaire, question, met)


def _visible_after(questionnaire: Questionnaire, question: Question, met: Mapping[str, Answer]) -> Question | None:
    place = questionnaire.place(question.id) or 0
    rest = questionnaire.questions[place + 1 :]
    return next((one for one in rest if visible(questionnaire, one, met)), None)
