"""When a question is asked: what its conditions make of the answers before it (QN-06 to QN-09, QN-E5)."""

from __future__ import annotations

from collections.abc import Mapping

from agentkit.interviewing.moments import Span, span
from agentkit.interviewing.schema import Answer, Condition, Operator, Question, Questionnaire, QuestionType
from agentkit.interviewing.values import is_number, same
from agentkit.models.base import Json

_ABSENT_HOLDS = frozenset({Operator.NOT_EXISTS, Operator.UNEQUAL, Operator.NOT_IN, Operator.NOT_CONTAINS})
_OPPOSITES = {
    Operator.UNEQUAL: Operator.EQUAL,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_EXISTS: Operator.EXISTS,
}


def visible(questionnaire: Questionnaire, question: Question, answers: Mapping[str, Answer]) -> bool:
    """Whether a question is asked.

    Args:
        questionnaire: Where it stands.
        question: The question.
        answers: Those on the path to it; a question that is hidden, skipped or not reached has none (QN-07).
    """
    if not question.conditions:
        return True
    own = questionnaire.place(question.id) or 0
    held = [_met(questionnaire, condition, own, answers) for condition in question.conditions]
    return any(held) if question.meta.get("conditionBehavior") == "any" else all(held)


def _met(questionnaire: Questionnaire, condition: Condition, own: int, answers: Mapping[str, Answer]) -> bool:
    place = questionnaire.place(condition.question)
    # What comes later in the list is unanswered, whatever is known of it (QN-E5).
    if place is None or place >= own or condition.question not in answers:
        return condition.operator in _ABSENT_HOLDS
    return holds(condition, questionnaire.questions[place], answers[condition.question])


def holds(condition: Condition, source: Question, answer: Answer) -> bool:
    """Whether an answered condition holds."""
    operator = condition.operator
    if operator in _OPPOSITES:
        opposite = condition.model_copy(update={"operator": _OPPOSITES[operator]})
        return not holds(opposite, source, answer)
    given: list[Json] = [*answer] if isinstance(answer, list) else [answer]
    wanted = condition.value
    match operator:
        case Operator.EXISTS:
            return True
        case Operator.EQUAL:
            return any(_equal(source, one, wanted) for one in given)
        case Operator.IN:
            several = wanted if isinstance(wanted, list) else []
            return any(_equal(source, one, other) for one in given for other in several)
        case Operator.CONTAINS:
            return _contains(source, given, wanted)
        case _:
            return any(_ordered(source, operator, one, wanted) for one in given)


def _equal(source: Question, one: Json, other: Json) -> bool:
    if source.type is QuestionType.DATE_TIME:
        pair = _spans(one, other)
        if pair is not None:
            return pair[0].first == pair[1].first and pair[0].last == pair[1].last
    return same(one, other)


def _contains(source: Question, given: list[Json], wanted: Json) -> bool:
    """Membership in a multi choice, else a part of the text whatever its case (QN-08)."""
    if source.type is QuestionType.MULTI_CHOICE:
        return any(same(one, wanted) for one in given)
    return any(isinstance(one, str) and isinstance(wanted, str) and wanted.lower() in one.lower() for one in given)


def _ordered(source: Question, operator: Operator, one: Json, other: Json) -> bool:
    if is_number(one) and is_number(other):
        return {
            Operator.LESS: one < other,
            Operator.AT_MOST: one <= other,
            Operator.GREATER: one > other,
            Operator.AT_LEAST: one >= other,
        }[operator]
    pair = _spans(one, other) if source.type is QuestionType.DATE_TIME else None
    if pair is None:
        return False
    this, that = pair
    # A partial date is a range: the comparison must hold for all of it.
    return {
        Operator.LESS: this.last < that.first,
        Operator.AT_MOST: this.last <= that.last,
        Operator.GREATER: this.first > that.last,
        Operator.AT_LEAST: this.first >= that.first,
    }[operator]


def _spans(one: Json, other: Json) -> tuple[Span, Span] | None:
    if not isinstance(one, str) or not isinstance(other, str):
        return None
    this, that = span(one), span(other)
    return (this, that) if this and that and this.comparable(that) else None
