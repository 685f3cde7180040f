"""Scores: every item or none, with the cut-off, its source and the instrument's version (QN-I2)."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agentkit_servers.questionnaires.engine import missing
from agentkit_servers.questionnaires.models import Instrument, Value

NOT_A_DIAGNOSIS = "This is a screening result, not a diagnosis."


class Score(BaseModel):
    """The result of a completed questionnaire; never a diagnosis."""

    value: int = Field(description="The score")
    minimum: int = Field(description="Lowest possible score")
    maximum: int = Field(description="Highest possible score")
    cutoff: int = Field(description="From this score on the screen is positive")
    positive: bool = Field(description="Whether the score reaches the cut-off")
    cutoff_source: str = Field(description="Where the cut-off comes from")
    instrument: str = Field(description="Title and version of the instrument")
    interpretation: str = Field(description="What the score means, in words")


def score(instrument: Instrument, answers: dict[str, Value]) -> Score | None:
    """The score of an interview, None while an item is missing: nothing is prorated."""
    if missing(instrument.questionnaire, answers):
        return None
    rule = instrument.scoring
    total = sum(value for value in answers.values() if isinstance(value, int) and not isinstance(value, bool))
    positive = total >= rule.cutoff
    return Score(
        value=total,
        minimum=rule.minimum,
        maximum=rule.maximum,
        cutoff=rule.cutoff,
        positive=positive,
        cutoff_source=rule.cutoff_source,
        instrument=f"{instrument.title} version {instrument.version}",
        interpretation=f"{rule.positive if positive else rule.negative} {NOT_A_DIAGNOSIS}",
    )
