"""What an interview says: exactly the question it asks, and why an answer did not count (CON-24, QN-01)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agentkit.interviewing.interpreter import Reason
from agentkit.interviewing.reading.labels import named_values
from agentkit.interviewing.reading.options import letters
from agentkit.interviewing.schema import Answer, Option, Question, QuestionType
from agentkit.interviewing.session import Outcome, Output

_REASONS: Final = {
    Reason.NO_ANSWER: "I found no answer to this question in that.",
    Reason.AMBIGUOUS: "I could not tell for certain what that means as an answer.",
    Reason.RANGE: "That names a range; please say one value.",
    Reason.PARTIAL_DATE: "That is not the whole date or time.",
    Reason.OUT_OF_RANGE: "That is not among the possible answers.",
    Reason.UNIT_MISMATCH: "That is in another unit than the question.",
    Reason.NEGATED: "That says what it is not; please say what it is.",
    Reason.UNCERTAIN: "That sounded uncertain, so I did not note an answer.",
    Reason.REFUSAL: "Nobody has to answer, but this question is required; nothing is filled in.",
    Reason.SEVERAL_VALUES: "That named more than one value.",
    Reason.QUESTION: "Here is the question again.",
}
_FORMS: Final = {
    QuestionType.BOOLEAN: "Please answer yes or no.",
    QuestionType.NUMBER: "Please answer with a number.",
    QuestionType.SINGLE_CHOICE: "Please choose one of these.",
    QuestionType.MULTI_CHOICE: "Please name all that apply, or none of these.",
}
_MODES: Final = {
    "date": "Please say day, month and year, for example 4 March 2026.",
    "time": "Please say the time, for example 14:30 or half past two in the afternoon.",
    "datetime": "Please say day, month, year and time, for example 4 March 2026 at 14:30.",
}


def say(output: Output) -> str:
    """What to say to the person now; empty when the interview is complete."""
    return "\n".join(_lines(output))


def _lines(output: Output) -> Iterator[str]:
    question = output.question
    if question is None:
        return
    again = output.outcome in {Outcome.UNCLEAR, Outcome.EXPLAINED, Outcome.DECLINED}
    if output.outcome is Outcome.EXPLAINED:
        yield _REASONS[Reason.QUESTION]
    elif again and output.reason is not None:
        yield _REASONS[output.reason]
    yield from ask(question, hint=again)
    if output.offer is not None:
        yield f"Earlier you answered {spoken(question, output.offer)}. Say yes if that still holds."


def ask(question: Question, *, hint: bool = False) -> Iterator[str]:
    """The lines of a question: its guideline, its text, what there is to choose from.

    Args:
        question: What to ask.
        hint: Say how to answer, for somebody whose answer was not understood.
    """
    if question.guideline:
        yield question.guideline
    yield question.text
    yield from _choices(question)
    if hint:
        yield from _hints(question)


def spoken(question: Question, answer: Answer) -> str:
    """An answer in the words of its question."""
    if isinstance(answer, list):
        return ", ".join(spoken(question, value) for value in answer) or "none of these"
    label = next((one.label for one in question.options if _is(one, answer)), None)
    if label is not None:
        return label
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)


def _is(option: Option, answer: Answer) -> bool:
    return type(option.value) is type(answer) and option.value == answer


def _choices(question: Question) -> Iterator[str]:
    marks = letters(question)
    for place, option in enumerate(question.options):
        more = f" ({option.guideline})" if option.guideline else ""
        mark = f"{marks[place]}) " if marks else f"{option.value} = " if isinstance(option.value, int) else ""
        yield f"  {mark}{option.label}{more}"
    if question.type is QuestionType.SCALE:
        names = ", ".join(f"{value} = {name}" for name, value in named_values(question))
        yield f"From {question.minimum} to {question.maximum}{f' ({names})' if names else ''}."
    if question.type is QuestionType.MULTI_CHOICE and question.max_selections:
        yield f"At most {question.max_selections}."
    unit = question.note("unit")
    if unit and question.type.is_numeric:
        yield f"In {unit}."


def _hints(question: Question) -> Iterator[str]:
    if question.type in _FORMS:
        yield _FORMS[question.type]
    elif question.type is QuestionType.SCALE:
        yield "Please answer with one of these numbers."
    elif question.mode:
        yield _MODES[question.mode]
