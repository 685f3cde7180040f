"""What a calculator asks for: quantities, yes or no, choices, whole numbers and dates.

Every input is required unless it says otherwise: what is missing is listed and never assumed (CALC-2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentkit_servers.calculator.core.measures import Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class _Input:
    name: str
    """The key in `inputs`: lower case, words joined by `_`."""
    title: str
    """What it is called, for people."""
    description: str = ""
    """What exactly counts: time window, definition, how it is measured."""
    synonyms: tuple[str, ...] = ()
    """Other keys under which it is accepted."""
    required: bool = True
    """Without it there is no result; an optional input that is missing is None in `Values.optional`."""
    assumable: bool = True
    """Whether `assume_missing` may fill it; age and sex never are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity(_Input):
    """A number with a unit; the formula gets it in `measure.unit`.

    Attributes:
        measure: What is measured.
        words: What yes and no stand for in place of a number: themselves where only one comparison is made with it
            ("heart rate above 100: yes"), or a number ("dopamine: no" is 0). Empty where only a number will do.
    """

    measure: Measure
    words: Mapping[bool, bool | float] = field(default_factory=dict[bool, bool | float])


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo(_Input):
    """A finding: yes, no, or unknown, which is the same as missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(_Input):
    """One of several values.

    Attributes:
        choices: The values with what they mean.
        spellings: Other spellings of a value, in lower case.
    """

    choices: Mapping[str, str]
    spellings: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(_Input):
    """A whole number without a unit between two bounds, such as a component of a scale."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(_Input):
    """A date, YYYY-MM-DD."""


Input = Quantity | YesNo | Choice | Integer | Day


def absent(wanted: Input) -> bool | float | None:
    """What an absent finding is: no, or none of a medicine ("dopamine: no" is 0); None where nothing can be absent."""
    if isinstance(wanted, YesNo):
        return False
    nothing = wanted.words.get(False) if isinstance(wanted, Quantity) else None
    return None if isinstance(nothing, bool) else nothing


def quantity(
    measure: Measure,
    name: str | None = None,
    title: str | None = None,
    *,
    description: str = "",
    synonyms: tuple[str, ...] = (),
    required: bool = True,
) -> Quantity:
    """A quantity, named like its measure where nothing else is said."""
    return Quantity(
        name=name or measure.name,
        title=title or measure.title,
        description=description,
        synonyms=(*synonyms, *(measure.synonyms if name in {None, measure.name} else ())),
        required=required,
        assumable=measure.assumable,
        measure=measure,
    )


SEX = Choice(
    name="sex",
    title="Sex",
    description="The sex the formula was derived with (sex assigned at birth).",
    choices={"female": "female", "male": "male"},
    spellings={"f": "female", "woman": "female", "w": "female", "m": "male", "man": "male"},
    synonyms=("gender",),
    assumable=False,
)
"""The same input wherever a formula depends on sex."""
