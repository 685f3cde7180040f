"""The interpreter that needs no model (QN-E2): the same answer for the same words, always."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from agentkit.interviewing.interpreter import Inquiry, Reading, Reason, Unclear, Understood
from agentkit.interviewing.reading.clauses import claims, remainder
from agentkit.interviewing.reading.moments import read_moment
from agentkit.interviewing.reading.numbers import read_number
from agentkit.interviewing.reading.options import read_option, whole_option
from agentkit.interviewing.reading.refusals import intention
from agentkit.interviewing.reading.words import Token, doubts, tokens
from agentkit.interviewing.reading.yes_no import read_yes_no
from agentkit.interviewing.schema import Questionnaire, QuestionType
from agentkit.interviewing.values import misfit

_LONGEST = 2000
"""Longer utterances are read for text questions only."""

_FEW = 200
"""Questions, options and keywords that an utterance is held against in a few milliseconds."""


class DeterministicInterpreter:
    """Reads English answers by rules; implements `Interpreter`."""

    async def interpret(self, inquiry: Inquiry) -> Reading:
        """What an utterance answers; the asked question first."""
        if _size(inquiry.questionnaire) <= _FEW:
            return read(inquiry)
        return await asyncio.to_thread(read, inquiry)


def _size(questionnaire: Questionnaire) -> int:
    keywords = (question.meta.get("keywords") for question in questionnaire.questions)
    told = sum(len(listed) for listed in keywords if isinstance(listed, list))
    return told + sum(1 + len(question.options) for question in questionnaire.questions)


def read(inquiry: Inquiry) -> Reading:
    """What an utterance answers, or why that is not clear (QN-P1)."""
    question = inquiry.question
    long = len(inquiry.text) > _LONGEST
    if long and not question.type.is_text:
        return Unclear(reason=Reason.AMBIGUOUS)
    if question.type.is_text and long:
        return _checked(inquiry, _text(inquiry, []))
    whole = _one(inquiry, inquiry.text)
    claimed = [] if whole is Reason.REFUSAL else claims(inquiry.questionnaire, question, inquiry.text)
    if not claimed:
        return _checked(inquiry, whole)
    rest = _one(inquiry, remainder(inquiry.text, claimed))
    answers = [rest] if isinstance(rest, Understood) else []
    for claim in claimed:
        blank = " " * claim.start
        further = _one(replace(inquiry, question=claim.question, opening=False), blank + claim.text)
        if isinstance(further, Understood) and misfit(claim.question, further.value) is None:
            answers.append(further)
    if not answers and isinstance(rest, Reason):
        return Unclear(reason=rest)
    return tuple(answers) if isinstance(rest, Understood) or len(answers) > 0 else _checked(inquiry, whole)


def _checked(inquiry: Inquiry, found: Understood | Reason) -> Reading:
    if isinstance(found, Reason):
        return Unclear(reason=found)
    if misfit(inquiry.question, found.value) is not None:
        return Unclear(reason=Reason.OUT_OF_RANGE)
    return (found,)


def _one(inquiry: Inquiry, text: str) -> Understood | Reason:
    inquiry = replace(inquiry, text=text)
    question, parts = inquiry.question, tokens(text)
    # "Prefer not to say" may be an option, and then it is no refusal.
    if question.type.is_choice and whole_option(question, parts) and not inquiry.opening:
        return read_option(inquiry, parts)
    reason = intention(parts)
    if reason is not None:
        return reason
    match question.type:
        case QuestionType.TEXT_SHORT | QuestionType.TEXT_LONG:
            return _text(inquiry, parts)
        case QuestionType.BOOLEAN:
            # "Yes, let us begin" answers no question that nobody has asked yet.
            return Reason.AMBIGUOUS if inquiry.opening else read_yes_no(inquiry, parts)
        case QuestionType.NUMBER | QuestionType.SCALE:
            return read_number(inquiry, parts)
        case QuestionType.DATE_TIME:
            return read_moment(inquiry, parts)
        case QuestionType.SINGLE_CHOICE | QuestionType.MULTI_CHOICE:
            return _choice(inquiry, parts)


def _choice(inquiry: Inquiry, parts: Sequence[Token]) -> Understood | Reason:
    found = read_option(inquiry, parts)
    if not inquiry.opening or isinstance(found, Reason):
        return found
    # Before the options were shown, a place among them, a plain yes or an "all" names none.
    plain = {token.text for token in parts if token.is_word} <= {"yes", "no", "ok", "okay", "sure", "all", "none"}
    return found if found.method in {"label", "synonym"} and not plain else Reason.AMBIGUOUS


def _text(inquiry: Inquiry, parts: Sequence[Token]) -> Understood | Reason:
    """The verbatim clause (QN-24); an opening is rather a greeting, and "I don't know" is no answer."""
    if inquiry.opening:
        return Reason.AMBIGUOUS
    text = inquiry.text.strip(" \t\r\n,;")
    if not text:
        return Reason.NO_ANSWER
    if parts and len(parts) <= 6 and doubts(parts):
        return Reason.UNCERTAIN
    start = inquiry.text.index(text)
    return Understood(
        question_id=inquiry.question.id, value=text, evidence=(start, start + len(text)), method="verbatim"
    )
