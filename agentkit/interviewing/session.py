"""An interview with one person as JSON: its events, its answers, and what came of the others (QN-E1, QN-E3, QN-E4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from agentkit.interviewing.interpreter import Reading, Reason, Understood
from agentkit.interviewing.schema import Answer, Question
from agentkit.models.base import Json, JsonObject, Model


class Started(Model):
    """The interview begins."""

    kind: Literal["start"] = "start"
    at: str = ""


class Answered(Model):
    """The person said something, or a value came in their place.

    Attributes:
        at: When, in ISO 8601 with its distance to UTC; in the person's zone where that is known.
        text: What the person said.
        value: A typed value in place of a text.
        question: The question it answers, when known; guards against a repeated delivery.
        zone: The person's time zone; None when nobody knows it.
        opening: The text came with the questionnaire, before anything was asked.
        reading: What an interpreter understood; None has the text read by the deterministic one.
    """

    kind: Literal["answer"] = "answer"
    at: str = ""
    text: str = ""
    value: Json = None
    question: str | None = None
    zone: str | None = None
    opening: bool = False
    reading: Reading | None = None


class Skipped(Model):
    """The person does not want to answer the question that was asked."""

    kind: Literal["skip"] = "skip"
    at: str = ""


class Amended(Model):
    """An answer that was given before is another one now (QN-14)."""

    kind: Literal["amend"] = "amend"
    at: str = ""
    question_id: str
    value: Json


class Restarted(Model):
    """Everything is asked again."""

    kind: Literal["restart"] = "restart"
    at: str = ""


Event = Annotated[Started | Answered | Skipped | Amended | Restarted, Field(discriminator="kind")]
"""What can happen in an interview (QN-E3)."""


class Accepted(Model):
    """An answer that counts, and where it comes from."""

    value: Answer
    method: str
    at: str
    confidence: float = 1.0
    text: str = ""
    evidence: tuple[int, int] | None = None
    clock: JsonObject | None = None

    @classmethod
    def of(cls, event: Answered, found: Understood, value: Answer) -> Accepted:
        """The answer that an event gave."""
        return cls(
            value=value,
            method=found.method,
            at=event.at,
            confidence=found.confidence,
            text=event.text,
            evidence=found.evidence,
            clock=found.clock,
        )


class Dropped(Model):
    """An answer that no longer counts, for the audit trail."""

    question: str
    value: Answer
    reason: Literal["unreachable", "amended", "restarted"]
    at: str


class Session(Model):
    """Everything that is needed to go on with an interview.

    Attributes:
        log: Every event that did something, in order; replayed it gives the same session.
        answers: Those on the path, by question.
        skipped: Optional questions that were declined (QN-18).
        attempts: Utterances that did not answer the question asked now.
        declines: How often that question was declined.
        offers: Earlier answers that are asked about again when their question is (QN-E4).
        dropped: What no longer counts, and why.
    """

    questionnaire_id: str
    version: Json
    log: tuple[Event, ...] = ()
    answers: dict[str, Accepted] = Field(default_factory=dict[str, Accepted])
    skipped: tuple[str, ...] = ()
    attempts: int = 0
    declines: int = 0
    offers: dict[str, Answer] = Field(default_factory=dict[str, Answer])
    dropped: tuple[Dropped, ...] = ()

    @property
    def values(self) -> dict[str, Answer]:
        """The answers on the path, by question."""
        return {question: accepted.value for question, accepted in self.answers.items()}


class Outcome(StrEnum):
    """What an event came to."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REPEATED = "repeated"
    UNCLEAR = "unclear"
    EXPLAINED = "explained"
    SKIPPED = "skipped"
    DECLINED = "declined"
    STALE = "stale"
    OVER = "over"


@dataclass(frozen=True, slots=True, repr=False)
class Output:
    """What comes next.

    Attributes:
        question: What to ask now; None when the interview is complete.
        outcome: `accepted`; `unclear` and why; `explained` for a question back; `skipped` an optional question;
            `declined` a required one; `repeated` for an answer that was delivered before; `stale` for one to another
            question than the one asked; `over` after the end.
        reason: Why an answer does not count.
        offer: An earlier answer to the question that a plain yes would confirm.
        exhausted: A required question was declined as often as it is asked (QN-19).
    """

    question: Question | None
    outcome: Outcome
    reason: Reason | None = None
    offer: Answer | None = None
    exhausted: bool = False
