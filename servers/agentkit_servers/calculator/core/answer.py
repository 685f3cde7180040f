"""The answer to a calculation, in structure (clinical reference 3.1) and in words."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from agentkit_servers.calculator.core.definition import NOTICE
from agentkit_servers.calculator.core.measures import spoken

State = Literal["ok", "missing-inputs", "implausible", "unit-error", "not-applicable"]


class Result(BaseModel):
    """What came out."""

    value: float | str = Field(description="The result, not rounded; a date as YYYY-MM-DD")
    unit: str = Field(description="Unit of the result; empty for a ratio")
    rounded: str = Field(description="The result as it is reported")


class FurtherResult(BaseModel):
    """A second result of the same formula."""

    name: str = Field(description="What it is")
    value: float | str = Field(description="The value, not rounded")
    unit: str = Field(description="Its unit")
    rounded: str = Field(description="The value as it is reported")


class Interpretation(BaseModel):
    """What a result is called."""

    band: str = Field(description="Name of the range the result lies in")
    source: str = Field(description="Who calls it so")


class Possible(BaseModel):
    """The range that missing inputs leave open."""

    low: float = Field(description="Lowest attainable total")
    high: float = Field(description="Highest attainable total")


class FlagShown(BaseModel):
    """Something a reader has to know."""

    code: str = Field(description="A stable word, such as outside-validity")
    text: str = Field(description="What it means here")


class FormulaShown(BaseModel):
    """Which formula was used."""

    id: str = Field(description="Its name")
    version: str = Field(description="Its version")
    citation: str = Field(description="Where it comes from")


class InputUsed(BaseModel):
    """An input as the formula got it, with its source where the caller named one (rule R11)."""

    name: str = Field(description="Name of the input")
    value: float | bool | str = Field(description="The value after conversion")
    unit: str = Field(description="Its unit; empty where it has none")
    ref: str | None = Field(default=None, description="The record it comes from")
    date: str | None = Field(default=None, description="When it was measured")
    age_days: int | None = Field(default=None, description="How many days ago that was")


class Calculation(BaseModel):
    """A result with everything needed to check it, or the reason why there is none (CALC-1)."""

    state: State = Field(description="ok, or why there is no result")
    title: str = Field(description="Name of the calculator")
    result: Result | None = Field(description="The result; null unless the state is ok")
    further: list[FurtherResult] = Field(description="Further results of the same formula")
    interpretation: Interpretation | None = Field(description="What the result is called")
    conversions: list[str] = Field(description="Every conversion of a unit")
    steps: list[str] = Field(description="The working")
    missing: list[str] = Field(description="Inputs that are needed and were not given")
    needed: list[str] = Field(description="For each of those: what it is and how it may be written")
    possible: Possible | None = Field(description="For a score with missing items: the range it can still reach")
    assumed: list[str] = Field(description="Inputs that were assumed because the caller asked for it")
    flags: list[FlagShown] = Field(description="What a reader has to know")
    formula: FormulaShown = Field(description="The formula, its version and citation")
    inputs_used: list[InputUsed] = Field(description="The inputs as the formula got them")
    notice: str = Field(default=NOTICE, description="How the result may be used")

    def to_text(self) -> str:
        """The answer for a reader: result first, then how it came about."""
        return "\n".join([*self._headline(), *self._working(), f"Formula: {self._source()}", self.notice])

    def _headline(self) -> list[str]:
        if self.result is None:
            lines = [f"{self.title}: no result ({self.state})."]
            if self.missing:
                lines.append(f"Needed and not given: {', '.join(self.missing)}. Nothing was assumed for them.")
                lines += [f"- {one}" for one in self.needed]
            if self.possible:
                lines.append(f"Still possible: {self.possible.low:g} to {self.possible.high:g} points.")
            return lines
        lines = [f"{self.title}: {self.result.rounded} {self.result.unit}".rstrip() + self._unrounded()]
        lines += [f"{one.name}: {one.rounded} {one.unit}".rstrip() for one in self.further]
        if self.interpretation:
            lines.append(f"Interpretation: {self.interpretation.band} ({self.interpretation.source})")
        return lines

    def _unrounded(self) -> str:
        value = self.result.value if self.result else ""
        if isinstance(value, str) or self.result is None or float(self.result.rounded) == value:
            return ""
        return f" (unrounded {value:.6g})"

    def _working(self) -> list[str]:
        used = [f"{one.name} {_said(one)}" for one in self.inputs_used]
        return [
            *(f"Note ({flag.code}): {flag.text}" for flag in self.flags),
            *([f"Assumed, because it was asked for: {', '.join(self.assumed)}"] if self.assumed else []),
            *([f"Inputs: {'; '.join(used)}"] if used else []),
            *(f"Conversion: {line}" for line in self.conversions),
            *(f"Step: {line}" for line in self.steps),
        ]

    def _source(self) -> str:
        return f"{self.formula.id}@{self.formula.version}. {self.formula.citation}"


def _said(used: InputUsed) -> str:
    if isinstance(used.value, bool):
        value = "yes" if used.value else "no"
    elif isinstance(used.value, float):
        value = f"{used.value:.6g}"
    else:
        value = used.value
    source = ", ".join(part for part in (used.ref, used.date) if part)
    return f"{value} {spoken(used.unit)}".rstrip() + (f" [{source}]" if source else "")
