"""What the tools answer: the next question, or the result, in structure and in words."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from agentkit.interviewing import (
    Outcome,
    Output,
    Question,
    Questionnaire,
    Reason,
    Score,
    Session,
    missing,
    notices,
    score,
)
from agentkit_servers.questionnaires.library import Instrument

SESSION_TITLE: Final = "Interview session"
SESSION_PATTERN: Final = r"^qs_[A-Za-z0-9_-]{22}$"
QUESTIONNAIRE_TITLE: Final = "Questionnaire id"
QUESTIONNAIRE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$"
QUESTION_TITLE: Final = "Question id"
QUESTION_PATTERN: Final = r"^[a-z]+-[0-9]+-[0-9]+$"

_PATIENCE: Final = 3

_NO_MATCH: Final = "I could not match that answer to one of the options with certainty."
_UNCLEAR: Final = {
    Reason.NO_ANSWER: "That was no answer.",
    Reason.OUT_OF_RANGE: "That number is none of the options.",
    Reason.UNCERTAIN: "That sounded uncertain, so I did not choose an option.",
    Reason.REFUSAL: "Nobody has to answer. Without this answer there is no score; nothing is filled in.",
    Reason.SEVERAL_VALUES: "That named more than one option.",
    Reason.QUESTION: "Here is the question again with all its options.",
}

QuestionnaireId = Annotated[
    str, Field(title=QUESTIONNAIRE_TITLE, description="The id of the questionnaire.", pattern=QUESTIONNAIRE_PATTERN)
]
Choice = bool | int | float | str


class ListedQuestionnaire(BaseModel):
    """A questionnaire on offer."""

    questionnaire_id: QuestionnaireId
    version: str = Field(description="Version of the questionnaire")
    title: str = Field(title="Title of the questionnaire", description="What it is called")
    description: str = Field(description="What it asks about")
    question_count: int = Field(description="Number of questions")
    license: str = Field(description="Under which terms it may be used")


class QuestionnaireList(BaseModel):
    """The questionnaires on offer."""

    items: list[ListedQuestionnaire] = Field(description="One entry per questionnaire")

    def to_text(self) -> str:
        """One line per questionnaire."""
        lines = [f"- {item.title} ({item.questionnaire_id} {item.version}): {item.description}" for item in self.items]
        return "\n".join([f"{len(lines)} questionnaires:", *lines])


class QuestionnaireDocument(BaseModel):
    """A questionnaire in full, with the terms it is used under."""

    questionnaire_id: QuestionnaireId
    license: str = Field(description="Under which terms it may be used")
    source: str = Field(description="Where it comes from")
    notice: str = Field(description="The notice its authors ask for")
    cutoff: int = Field(description="From this score on the screen is positive")
    questionnaire: Questionnaire = Field(description="The questions and their options")

    def to_text(self) -> str:
        """The questions as a form."""
        asked = [
            f"{place}. {question.text} ({', '.join(f'{option.value} = {option.label}' for option in question.options)})"
            for place, question in enumerate(self.questionnaire.questions, start=1)
        ]
        title = self.questionnaire.title or self.questionnaire_id
        stem = self.questionnaire.first.guideline
        return "\n".join(
            [f"{title}, version {self.questionnaire.version}", *([stem] if stem else []), *asked, self.notice]
        )


class Offered(BaseModel):
    """An option of a question."""

    value: Choice = Field(description="What is recorded when it is chosen")
    label: str = Field(title="Label of the option", description="What the person reads")


class Asked(BaseModel):
    """The question to ask now."""

    question: str = Field(title=QUESTION_TITLE, description="The id of the question.", pattern=QUESTION_PATTERN)
    text: str = Field(description="What to ask, word for word")
    guideline: str | None = Field(description="What to say before the question")
    number: int = Field(description="Place of the question, from 1")
    of: int = Field(description="Number of questions")
    options: list[Offered] = Field(description="The answers to choose from")


class Turn(BaseModel):
    """One turn of an interview: the next question, or the result."""

    type: Literal["questionnaire_response"] = "questionnaire_response"
    session: str = Field(title=SESSION_TITLE, description="The session of the interview.", pattern=SESSION_PATTERN)
    questionnaire_id: QuestionnaireId
    version: str = Field(description="Version of the questionnaire")
    title: str = Field(title="Title of the questionnaire", description="What it is called")
    answers: dict[str, Choice] = Field(description="The accepted answers by question")
    is_completed: bool = Field(description="Whether every question has an answer")
    next_question_id: str | None = Field(description="The question to ask now, null when complete")
    next_question: Asked | None = Field(description="That question in full")
    unclear: Reason | None = Field(default=None, description="Why the last answer was not accepted")
    attempts: int = Field(default=0, description="Unclear answers to the present question")
    missing: list[str] = Field(description="Questions that a score still needs")
    safety: list[str] = Field(default_factory=list[str], description="Notices about answers that need a person at once")
    score: Score | None = Field(default=None, description="The result, only when nothing is missing")

    def to_text(self) -> str:
        """What to say to the person now."""
        lines: list[str] = []
        if self.unclear:
            lines.append(_UNCLEAR.get(self.unclear, _NO_MATCH))
            if self.attempts >= _PATIENCE:
                lines.append(f"This is the attempt number {self.attempts + 1}; the question may also stay open.")
        lines += self.safety
        if self.next_question:
            lines += _spoken(self.title, self.next_question)
        if self.score:
            lines += _result(self.title, self.score)
        return "\n".join([*lines, f"[Interview {self.session}]"])


def turn(identity: str, instrument: Instrument, session: Session, output: Output) -> Turn:
    """The answer of a tool after a step of the engine."""
    questionnaire = instrument.questionnaire
    answers = session.values
    return Turn(
        session=identity,
        questionnaire_id=instrument.id,
        version=instrument.version,
        title=instrument.title,
        answers={question: value for question, value in answers.items() if not isinstance(value, list)},
        is_completed=output.question is None,
        next_question_id=output.question.id if output.question else None,
        next_question=_asked(questionnaire, output.question) if output.question else None,
        unclear=output.reason or (Reason.QUESTION if output.outcome is Outcome.EXPLAINED else None),
        attempts=session.attempts,
        missing=missing(questionnaire, answers),
        score=score(questionnaire, instrument.scoring, answers) if output.question is None else None,
        safety=[notice.text for notice in notices(questionnaire, session)],
    )


def _asked(questionnaire: Questionnaire, question: Question) -> Asked:
    return Asked(
        question=question.id,
        text=question.text,
        guideline=question.guideline,
        number=questionnaire.questions.index(question) + 1,
        of=len(questionnaire.questions),
        options=[Offered(value=option.value, label=option.label) for option in question.options],
    )


def _spoken(title: str, asked: Asked) -> list[str]:
    return [
        f"{title}, question {asked.number} of {asked.of}:",
        *([asked.guideline] if asked.guideline else []),
        asked.text,
        *(f"  {option.value} = {option.label}" for option in asked.options),
        "Answer with one of these, in words or as its number.",
    ]


def _result(title: str, result: Score) -> list[str]:
    return [
        f"{title} is complete. Score: {result.value} of {result.maximum} (cut-off {result.cutoff}).",
        result.interpretation,
        f"Instrument: {result.instrument}. Cut-off: {result.cutoff_source}.",
    ]
