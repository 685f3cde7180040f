"""The interview as a pure function: no I/O, no clock; the session is JSON (QN-E1)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from agentkit_servers.questionnaires.interpreter import Reason, Unclear, interpret
from agentkit_servers.questionnaires.models import Question, Questionnaire, Value


class Entry(BaseModel):
    """An accepted answer, for the audit trail."""

    model_config = ConfigDict(frozen=True)

    question: str
    value: StrictBool | StrictInt | StrictFloat | StrictStr
    text: str
    evidence: tuple[int, int]
    method: str
    at: str


class Session(BaseModel):
    """One interview with one person: everything needed to go on with it."""

    model_config = ConfigDict(frozen=True)

    questionnaire_id: str
    version: str
    log: tuple[Entry, ...] = ()
    attempts: int = Field(default=0, description="Unclear answers to the present question")

    @property
    def answers(self) -> dict[str, Value]:
        """The accepted answers by question."""
        return {entry.question: entry.value for entry in self.log}


class Answered(BaseModel):
    """The event that a person answered.

    Attributes:
        text: What the person said.
        at: When, in ISO 8601.
        question: The question they were answering, when known; guards against a repeated delivery.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    at: str
    question: str | None = None


class Output(BaseModel):
    """What comes next.

    Attributes:
        question: The question to ask, None when the interview is complete.
        outcome: `asked` anew, `accepted`, `repeated` (the same answer was delivered again), or `unclear`.
        reason: Why an answer is unclear.
    """

    model_config = ConfigDict(frozen=True)

    question: Question | None
    outcome: Literal["asked", "accepted", "repeated", "unclear", "stale", "over"]
    reason: Reason | None = None


def begin(questionnaire: Questionnaire) -> tuple[Session, Output]:
    """Start an interview."""
    session = Session(questionnaire_id=questionnaire.questionnaire_id, version=str(questionnaire.version))
    return session, Output(question=questionnaire.first, outcome="asked")


def step(questionnaire: Questionnaire, session: Session, event: Answered) -> tuple[Session, Output]:
    """Go on with an interview.

    Args:
        questionnaire: What is asked.
        session: The interview so far.
        event: What the person answered.

    Returns:
        The session after the event, and what comes next. An answer that is not clear changes no answer. `stale` is an
        answer to a question that is not the present one and was not answered like that before; `over` is an answer
        after the end.
    """
    present = pending(questionnaire, session.answers)
    if event.question is not None and (present is None or event.question != present.id):
        return session, Output(question=present, outcome=_delivered_again(questionnaire, session, event))
    if present is None:
        return session, Output(question=None, outcome="over")
    meaning = interpret(present, event.text)
    if isinstance(meaning, Unclear):
        counted = session.model_copy(update={"attempts": session.attempts + 1})
        return counted, Output(question=present, outcome="unclear", reason=meaning.reason)
    entry = Entry(
        question=present.id,
        value=meaning.value,
        text=event.text,
        evidence=meaning.evidence,
        method=meaning.method,
        at=event.at,
    )
    after = session.model_copy(update={"log": (*session.log, entry), "attempts": 0})
    return after, Output(question=pending(questionnaire, after.answers), outcome="accepted")


def pending(questionnaire: Questionnaire, answers: dict[str, Value]) -> Question | None:
    """The first question on the path that has no answer; None when all have one."""
    question: Question | None = questionnaire.first
    while question is not None and question.id in answers:
        question = questionnaire.following(question, answers[question.id])
    return question


def missing(questionnaire: Questionnaire, answers: dict[str, Value]) -> list[str]:
    """The questions that a score still needs (QN-I2)."""
    return [question.id for question in questionnaire.questions if question.id not in answers]


def _delivered_again(questionnaire: Questionnaire, session: Session, event: Answered) -> Literal["repeated", "stale"]:
    given = session.answers.get(event.question or "")
    if given is None:
        return "stale"
    meaning = interpret(questionnaire.question(event.question or ""), event.text)
    return "stale" if isinstance(meaning, Unclear) or meaning.value != given else "repeated"
