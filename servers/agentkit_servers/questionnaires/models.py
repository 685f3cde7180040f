"""Questionnaires in the schema of Corti's interviewing expert (clinical reference 2.1), checked when they are loaded.

The subset in use is `single_choice`; a questionnaire with anything else is refused, never half understood. Unknown
fields are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

Value = StrictBool | StrictInt | StrictFloat | StrictStr
"""What an option stands for; 1, "1" and true are three different values (QN-09)."""

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True, populate_by_name=True)


class Option(_Part):
    """One answer to choose."""

    value: Value
    label: Annotated[str, Field(min_length=1)]
    guideline: str | None = None
    next: Identifier | None = None


class Question(_Part):
    """One question; `guideline` is shown to the person together with the text."""

    id: Identifier
    type: Literal["single_choice"]
    text: Annotated[str, Field(min_length=1)]
    options: Annotated[tuple[Option, ...], Field(min_length=2)]
    guideline: str | None = None
    required: bool = True
    default_next: Identifier | None = Field(default=None, alias="defaultNext")
    meta: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])

    @model_validator(mode="after")
    def _distinct_options(self) -> Self:
        values = [(type(option.value), option.value) for option in self.options]
        if len(set(values)) < len(values):
            raise ValueError("two options have the same value")
        if len({option.label.casefold() for option in self.options}) < len(self.options):
            raise ValueError("two options have the same label")
        return self

    @property
    def ends(self) -> bool:
        """An explicit `defaultNext: null` ends the interview (QN-05); an absent one does not (QN-04)."""
        return "default_next" in self.model_fields_set and self.default_next is None


class Questionnaire(_Part):
    """A questionnaire; the first question is where the list starts unless `startQuestion` says otherwise (QN-03)."""

    questionnaire_id: Identifier = Field(alias="questionnaireId")
    version: StrictStr | StrictInt | StrictFloat
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    start_question: Identifier | None = Field(default=None, alias="startQuestion")
    title: str | None = None
    description: str | None = None
    meta: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])

    @model_validator(mode="after")
    def _sound(self) -> Self:
        ids = [question.id for question in self.questions]
        if len(set(ids)) < len(ids):
            raise ValueError("two questions have the same id")
        if self.start_question is not None and self.start_question not in ids:
            raise ValueError("startQuestion names no question")
        for question in self.questions:
            if any(target not in ids for target in _explicit(question)):
                raise ValueError(f"a next of question {question.id} names no question")
        self._check_cycles()
        return self

    def question(self, identity: str) -> Question:
        """The question of an id.

        Raises:
            KeyError: There is none.
        """
        for question in self.questions:
            if question.id == identity:
                return question
        raise KeyError(identity)

    @property
    def first(self) -> Question:
        """Where the interview starts."""
        return self.question(self.start_question) if self.start_question else self.questions[0]

    def following(self, question: Question, value: Value | None) -> Question | None:
        """The question after one that was answered: the option's next, else defaultNext, else list order."""
        for option in question.options:
            if option.next and option.value == value and type(option.value) is type(value):
                return self.question(option.next)
        if question.default_next:
            return self.question(question.default_next)
        place = self.questions.index(question) + 1
        return None if question.ends or place == len(self.questions) else self.questions[place]

    def _check_cycles(self) -> None:
        finished: set[str] = set()

        def visit(question: Question, path: tuple[str, ...]) -> None:
            if question.id in path:
                raise ValueError(f"the questions go in a circle at {question.id}")
            if question.id in finished:
                return
            for option in question.options:
                target = self.following(question, option.value)
                if target:
                    visit(target, (*path, question.id))
            finished.add(question.id)

        for question in self.questions:
            visit(question, ())


class Scoring(_Part):
    """How a completed interview is scored (QN-I2)."""

    method: Literal["sum"]
    minimum: int
    maximum: int
    cutoff: int
    cutoff_source: Annotated[str, Field(min_length=1, alias="cutoffSource")]
    positive: Annotated[str, Field(min_length=1)]
    negative: Annotated[str, Field(min_length=1)]


class Instrument(_Part):
    """A questionnaire that may be bundled: with its license, its source, its notice and its scoring."""

    license: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    notice: Annotated[str, Field(min_length=1)]
    questionnaire: Questionnaire
    scoring: Scoring

    @property
    def id(self) -> str:
        """The questionnaire's id."""
        return self.questionnaire.questionnaire_id

    @property
    def version(self) -> str:
        """The questionnaire's version as text."""
        return str(self.questionnaire.version)

    @property
    def title(self) -> str:
        """What the questionnaire is called."""
        return self.questionnaire.title or self.id


def _explicit(question: Question) -> Iterator[str]:
    if question.default_next:
        yield question.default_next
    yield from (option.next for option in question.options if option.next)
