"""Scores: every item or none, with the cut-off, its source and the instrument's version (QN-I2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from agentkit.interviewing.schema import Answer, Questionnaire, Words
from agentkit.interviewing.values import is_number
from agentkit.models.base import Model

NOT_A_DIAGNOSIS = "This is a screening result, not a diagnosis."


class Scoring(Model):
    """How a completed interview is scored."""

    model_config = ConfigDict(populate_by_name=True)

    method: Literal["sum"]
    minimum: int
    maximum: int
    cutoff: int
    cutoff_source: Words = Field(alias="cutoffSource")
    positive: Words
    negative: Words


class Score(Model):
    """The result of a completed questionnaire; never a diagnosis."""

    value: Annotated[int, Field(description="The score")]
    minimum: Annotated[int, Field(description="Lowest possible score")]
    maximum: Annotated[int, Field(description="Highest possible score")]
    cutoff: Annotated[int, Field(description="From this score on the screen is positive")]
    positive: Annotated[bool, Field(description="Whether the score reaches the cut-off")]
    cutoff_source: Annotated[str, Field(description="Where the cut-off comes from")]
    instrument: Annotated[str, Field(description="Title and version of the instrument")]
    interpretation: Annotated[str, Field(description="What the score means, in words")]


def missing(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> list[str]:
    """The questions that a score still needs."""
    return [question.id for question in questionnaire.questions if question.id not in answers]


def score(questionnaire: Questionnaire, rule: Scoring, answers: Mapping[str, Answer]) -> Score | None:
    """The score of an interview, None while an item is missing: nothing is prorated."""
    if missing(questionnaire, answers):
        return None
    total = sum(value for value in answers.values() if is_number(value) and isinstance(value, int))
    positive = total >= rule.cutoff
    return Score(
        value=total,
        minimum=rule.minimum,
        maximum=rule.maximum,
        cutoff=rule.cutoff,
        positive=positive,
        cutoff_source=rule.cutoff_source,
        instrument=f"{questionnaire.title or questionnaire.questionnaire_id} version {questionnaire.version}",
        interpretation=f"{rule.positive if positive else rule.negative} {NOT_A_DIAGNOSIS}",
    )
