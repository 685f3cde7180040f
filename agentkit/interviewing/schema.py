"""Questionnaires in the schema of Corti's interviewing expert (QNC-02 to QNC-08); unknown fields are kept (QNC-20).

A document becomes a `Questionnaire` through `agentkit.interviewing.load`, which lints it first.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from agentkit.models.base import Json, JsonObject, Model

Value = StrictBool | StrictInt | StrictFloat | StrictStr
"""What an option stands for; 1, "1" and true are three different values (QN-09)."""

Number = StrictInt | StrictFloat

Answer = Value | list[Value]
"""What is recorded for a question: a list for `multi_choice` (QNC-15)."""

MOST = 1000
"""So many questions may a questionnaire have, and so many options, labels or conditions a question."""

Identifier = Annotated[StrictStr, Field(min_length=1, max_length=256)]
Words = Annotated[StrictStr, Field(min_length=1)]
_T = TypeVar("_T")


def _absent(value: object) -> object:
    return () if value is None else value


def _no_object(value: object) -> object:
    return {} if value is None else value


Listed = Annotated[tuple[_T, ...], BeforeValidator(_absent), Field(max_length=MOST)]
Meta = Annotated[JsonObject, BeforeValidator(_no_object)]


class QuestionType(StrEnum):
    """What kind of answer a question takes (QNC-05)."""

    BOOLEAN = "boolean"
    TEXT_SHORT = "text_short"
    TEXT_LONG = "text_long"
    NUMBER = "number"
    DATE_TIME = "date_time"
    SCALE = "scale"
    SINGLE_CHOICE = "single_choice"
    MULTI_CHOICE = "multi_choice"

    @property
    def is_text(self) -> bool:
        """Whatever is said is the answer."""
        return self in {QuestionType.TEXT_SHORT, QuestionType.TEXT_LONG}

    @property
    def is_choice(self) -> bool:
        """The answer is among the question's options."""
        return self in {QuestionType.SINGLE_CHOICE, QuestionType.MULTI_CHOICE}

    @property
    def is_numeric(self) -> bool:
        """The answer is a number."""
        return self in {QuestionType.NUMBER, QuestionType.SCALE}


class Operator(StrEnum):
    """How a condition compares (QNC-07)."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    IN = "in"
    NOT_IN = "not_in"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"


class _Piece(Model):
    model_config = ConfigDict(populate_by_name=True)


class Option(_Piece):
    """One answer to choose; its `next` overrides the question's `defaultNext` (QNC-06)."""

    value: Value
    label: Words
    guideline: StrictStr | None = None
    next: Identifier | None = None


class Label(_Piece):
    """A name for one value of a scale (QN-15)."""

    value: Number
    label: Words


class Condition(_Piece):
    """What an earlier answer must be for a question to be asked (QNC-07)."""

    question: Identifier
    operator: Operator
    value: Json = None


class Question(_Piece):
    """One question (QNC-04, QNC-05).

    Attributes:
        guideline: Shown to the person together with the text.
        facets: Hints for a model that reads answers.
        required: An answer must be collected (QNC-08).
        conditions: When it is asked; joined by AND, or by OR with `meta.conditionBehavior: "any"` (QN-06).
        default_next: Where it goes on; None with the key present ends the interview (QN-05).
        mode: Of a `date_time`.
        minimum: Lowest value of a scale.
        maximum: Highest value of a scale.
        step: Between two values of a scale; 1 when absent (QN-15).
        labels: Names of a scale's values: one for each, or those of the two ends, or objects.
        max_selections: The most options of a `multi_choice`.
        meta: Free; `min`, `max`, `unit`, `allowPartial`, `locale`, `keywords`, `synonyms`, `maxAttempts`,
            `conditionBehavior` and `safetyNotice` mean something here.
    """

    id: Identifier
    type: QuestionType
    text: Words
    guideline: StrictStr | None = None
    facets: Json = None
    required: StrictBool = False
    conditions: Listed[Condition] = ()
    default_next: Identifier | None = Field(default=None, alias="defaultNext")
    mode: Literal["date", "time", "datetime"] | None = None
    minimum: Number | None = Field(default=None, alias="min")
    maximum: Number | None = Field(default=None, alias="max")
    step: Number | None = None
    labels: Listed[StrictStr | Label] = ()
    options: Listed[Option] = ()
    max_selections: StrictInt | None = Field(default=None, alias="maxSelections")
    meta: Meta = Field(default_factory=dict[str, Json])

    @property
    def ends(self) -> bool:
        """An explicit `defaultNext: null` ends the interview (QN-05); an absent one does not (QN-04)."""
        return "default_next" in self.model_fields_set and self.default_next is None

    def note(self, key: str) -> str | None:
        """A text of `meta`; None where there is none."""
        found = self.meta.get(key)
        return found if isinstance(found, str) and found else None


class Questionnaire(_Piece):
    """A questionnaire (QNC-02); the first question is where the list starts unless `startQuestion` says otherwise."""

    questionnaire_id: Identifier = Field(alias="questionnaireId")
    version: StrictStr | Number
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=MOST)]
    start_question: Identifier | None = Field(default=None, alias="startQuestion")
    title: StrictStr | None = None
    description: StrictStr | None = None
    meta: Meta = Field(default_factory=dict[str, Json])

    def find(self, identity: str) -> Question | None:
        """The question of an id; None when there is none."""
        place = self.place(identity)
        return None if place is None else self.questions[place]

    def place(self, identity: str) -> int | None:
        """Where a question stands in the list, from 0; None when there is none."""
        return self.places.get(identity)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each question stands; of two with one id the first counts."""
        return {question.id: place for place, question in reversed([*enumerate(self.questions)])}

    @property
    def first(self) -> Question:
        """Where the interview starts (QN-03)."""
        return (self.find(self.start_question) if self.start_question else None) or self.questions[0]
