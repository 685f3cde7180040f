"""Whether a value is an answer: the one check that every interpreter passes (QN-E2, QN-15, QN-16, QNC-18)."""

from __future__ import annotations

import math
from enum import StrEnum
from fractions import Fraction
from typing import TypeGuard, cast

from agentkit.interviewing.moments import span
from agentkit.interviewing.schema import Answer, Option, Question, QuestionType, Value
from agentkit.models.base import Json


class Misfit(StrEnum):
    """Why a value is no answer to a question."""

    TYPE = "type"
    RANGE = "out-of-range"
    STEP = "off-step"
    OPTION = "no-such-option"
    REPEATED = "repeated"
    SELECTIONS = "too-many-selections"
    PARTIAL = "partial-date"
    EMPTY = "no-answer"


def same(one: Json, other: Json) -> bool:
    """Whether two JSON values are one: 1 and 1.0 are, 1, "1" and true are not (QN-09)."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if is_number(one) and is_number(other):
        return one == other
    return type(one) is type(other) and one == other


def is_number(value: object) -> TypeGuard[int | float]:
    """A JSON number; true is none."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def is_value(value: object) -> TypeGuard[Value]:
    """What an option can stand for."""
    return isinstance(value, bool | str) or is_number(value)


def exact(value: float) -> Fraction:
    """The number as it is written: 0.1 is a tenth."""
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


def bounds(question: Question) -> tuple[Fraction | None, Fraction | None]:
    """Lowest and highest number a question takes: of a scale, or of `meta` (QN-16)."""
    scale = question.type is QuestionType.SCALE
    low = question.minimum if scale else question.meta.get("min")
    high = question.maximum if scale else question.meta.get("max")
    return exact(low) if is_number(low) else None, exact(high) if is_number(high) else None


def chosen(question: Question, value: Json) -> Option | None:
    """The option of a value."""
    return next((option for option in question.options if same(option.value, value)), None)


def misfit(question: Question, value: Json) -> Misfit | None:
    """Why a value is no answer to a question; None when it is one."""
    match question.type:
        case QuestionType.BOOLEAN:
            return None if isinstance(value, bool) else Misfit.TYPE
        case QuestionType.TEXT_SHORT | QuestionType.TEXT_LONG:
            if not isinstance(value, str):
                return Misfit.TYPE
            return None if value.strip() else Misfit.EMPTY
        case QuestionType.NUMBER | QuestionType.SCALE:
            return _number(question, value)
        case QuestionType.DATE_TIME:
            return _moment(question, value)
        case QuestionType.SINGLE_CHOICE:
            if not is_value(value):
                return Misfit.TYPE
            return None if chosen(question, value) else Misfit.OPTION
        case QuestionType.MULTI_CHOICE:
            return _selection(question, value)


def as_answer(value: Json) -> Answer:
    """A value that `misfit` has let pass, for the type checker."""
    return cast(Answer, value)


def as_json(answer: Answer) -> Json:
    """The same the other way: a list of values is a list of JSON values."""
    return cast(Json, answer)


def _number(question: Question, value: Json) -> Misfit | None:
    if not is_number(value):
        return Misfit.TYPE
    number = exact(value)
    low, high = bounds(question)
    if (low is not None and number < low) or (high is not None and number > high):
        return Misfit.RANGE
    if question.type is QuestionType.SCALE and low is not None:
        step = exact(question.step) if question.step is not None else Fraction(1)
        if (number - low) % step:
            return Misfit.STEP
    return None


def _moment(question: Question, value: Json) -> Misfit | None:
    if not isinstance(value, str):
        return Misfit.TYPE
    found = span(value)
    if found is None or found.kind != question.mode:
        return Misfit.TYPE
    return None if found.whole or question.meta.get("allowPartial") is True else Misfit.PARTIAL


def _selection(question: Question, value: Json) -> Misfit | None:
    if not isinstance(value, list) or not all(is_value(one) for one in value):
        return Misfit.TYPE
    options = [chosen(question, one) for one in value]
    if None in options:
        return Misfit.OPTION
    if any(same(one, other) for place, one in enumerate(value) for other in value[:place]):
        return Misfit.REPEATED
    if question.max_selections is not None and len(value) > question.max_selections:
        return Misfit.SELECTIONS
    return None
