"""A calculator as data and a pure function."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from agentkit_servers.calculator.core.inputs import Input
from agentkit_servers.calculator.core.numbers import Condition
from agentkit_servers.calculator.core.working import Values, Working

if TYPE_CHECKING:
    from agentkit_servers.calculator.core.items import Item

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*@[0-9a-z.]+")

Compute = Callable[[Values, Working], float | date]
"""Pure: from converted values to a result in the calculator's unit; shows its working; may raise `NotApplicable`."""

Alerts = Callable[[Values, Working], None]
"""Flags what a reader has to know even while there is no result; every input may be missing."""

Category = Literal[
    "body",
    "cardiovascular",
    "critical care",
    "electrolytes and acid-base",
    "endocrine and metabolism",
    "gastroenterology",
    "general",
    "haematology and thrombosis",
    "infection",
    "kidney",
    "liver",
    "lung",
    "medication",
    "neurology",
    "pregnancy and newborn",
]

NOTICE: Final = (
    "Not for autonomous use: a clinician checks inputs, working and applicability. A result is no advice on treatment."
)
"""Goes with every description and every result (CALC-P1)."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a formula comes from: the reference as text, and its DOI where it has one."""

    text: str
    doi: str | None = None

    def __str__(self) -> str:
        """The reference with its DOI."""
        return f"{self.text} doi:{self.doi}" if self.doi else self.text


@dataclass(frozen=True, slots=True)
class Bands:
    """What ranges of the result are called.

    Attributes:
        source: Who calls them so.
        bands: Condition and name; the first that holds for the result decides:
            `((">= 90", "G1"), (">= 60", "G2"), ("else", "G5"))`.
        of_rounded: The rounded result decides, where the source bands whole numbers (eGFR).
    """

    source: str
    bands: Sequence[tuple[str, str]]
    of_rounded: bool = False

    def of(self, value: float) -> str | None:
        """The band of a result, None where none holds."""
        return next((name for text, name in self.bands if Condition.of(text).holds(value)), None)


@dataclass(frozen=True, slots=True)
class Valid:
    """A range in which a formula was derived; a value outside is computed and flagged `outside-validity` (CALC-4).

    Attributes:
        input: The name of a quantity.
        condition: What holds inside, such as `>= 18`.
        text: What to say outside.
    """

    input: str
    condition: str
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a calculation, given in `options`; the first choice is the default.

    Attributes:
        name: Its key.
        title: What it decides.
        choices: The allowed values.
    """

    name: str
    title: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """One version of one calculator.

    Attributes:
        id: Slug and version, `ckd-epi-creatinine@2021`; the bare slug means the newest version.
        title: Its name for people.
        category: Its topic.
        summary: One sentence: what it estimates. Used by the search.
        synonyms: Other names and words people search by.
        inputs: What it asks for.
        compute: The formula; for a score made with `score` it adds up the items.
        formula: The formula as text.
        unit: Unit of the result; `points`, `date`, or empty for a ratio.
        decimals: Of the rounded result; the value itself is never rounded (CALC-3).
        citations: Its sources, the original first.
        validity: For whom it was derived, and where it does not hold.
        valid: The part of that which is checked.
        bands: What ranges of the result are called.
        options: Settings besides the inputs.
        alerts: Flags from the inputs alone, told even while others are missing.
        items: The items of a score; empty for an equation.
        authored: When this file was written.
        superseded: What to use instead, where it is outdated; flagged in every result.
        race_based: It has a race term; flagged in every result that uses it.
    """

    id: str
    title: str
    category: Category
    summary: str
    inputs: tuple[Input, ...]
    compute: Compute
    formula: str
    unit: str
    decimals: int
    citations: tuple[Citation, ...]
    validity: str
    synonyms: tuple[str, ...] = ()
    valid: tuple[Valid, ...] = ()
    bands: Bands | None = None
    options: tuple[Option, ...] = ()
    alerts: Alerts | None = None
    items: tuple[Item, ...] = ()
    authored: date = date(2026, 11, 21)
    superseded: str | None = None
    race_based: bool = False

    def __post_init__(self) -> None:
        """Refuse a definition that is not sound, on import."""
        if not _ID.fullmatch(self.id):
            raise ValueError(f"{self.id!r} is not slug@version")
        names = [one.name for one in self.inputs]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.id} asks for an input twice")
        for part in (*self.valid, *(self.bands.bands if self.bands else ())):
            Condition.of(part.condition if isinstance(part, Valid) else part[0])
        if unknown := {one.input for one in self.valid} - set(names):
            raise ValueError(f"{self.id} checks inputs it does not ask for: {sorted(unknown)}")
        if not self.citations:
            raise ValueError(f"{self.id} has no citation")

    @property
    def slug(self) -> str:
        """The id without the version."""
        return self.id.partition("@")[0]

    @property
    def version(self) -> str:
        """The version."""
        return self.id.partition("@")[2]
