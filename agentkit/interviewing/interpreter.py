"""What an answer means: the one interface of all interpreters (QN-E2, QN-P1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import Field

from agentkit.interviewing.schema import Question, Questionnaire
from agentkit.models.base import Json, JsonObject, Model


class Reason(StrEnum):
    """Why an utterance gives no answer (QN-P1, QN-P6)."""

    NO_ANSWER = "no-answer"
    AMBIGUOUS = "ambiguous"
    RANGE = "range"
    PARTIAL_DATE = "partial-date"
    OUT_OF_RANGE = "out-of-range"
    UNIT_MISMATCH = "unit-mismatch"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"
    REFUSAL = "refusal"
    SEVERAL_VALUES = "several-values"
    QUESTION = "question"


class Understood(Model):
    """One answer that is clear.

    Attributes:
        question_id: The question it answers.
        value: The answer; the engine checks it before it counts.
        confidence: From 0 to 1.
        evidence: From where to where in the text it is said; None for a value that came without text.
        method: How it was recognised.
        clock: What a relative date was resolved against: `at` and `zone` (QN-17).
    """

    question_id: str
    value: Json
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0
    evidence: tuple[int, int] | None = None
    method: str
    clock: JsonObject | None = None


class Unclear(Model):
    """An utterance that does not answer the question that was asked."""

    reason: Reason


Reading = tuple[Understood, ...] | Unclear
"""The answers to one or several questions, the asked one among them (QN-22), or why there is none."""


@dataclass(frozen=True, slots=True, repr=False)
class Inquiry:
    """What an interpreter gets to read.

    Attributes:
        questionnaire: What the interview is about.
        question: The question that was asked.
        text: What the person said.
        at: When, in ISO 8601 with its distance to UTC.
        zone: The person's time zone, an IANA name; None when it is not known.
        opening: The text came with the questionnaire, before anything was asked (QNC-10).
    """

    questionnaire: Questionnaire
    question: Question
    text: str
    at: str | None = None
    zone: str | None = None
    opening: bool = False


class Interpreter(Protocol):
    """Reads answers; the deterministic one needs no model."""

    async def interpret(self, inquiry: Inquiry) -> Reading:
        """What an utterance answers; abstains rather than guesses."""
        ...
