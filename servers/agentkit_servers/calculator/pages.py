"""What the tools show of calculators: a list of those that fit a search, and one in full."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agentkit_servers.calculator.core import Calculator, Choice, Integer, Quantity, YesNo
from agentkit_servers.calculator.core.definition import NOTICE
from agentkit_servers.calculator.core.inputs import Input
from agentkit_servers.calculator.core.measures import spoken
from agentkit_servers.calculator.core.numbers import shown
from agentkit_servers.calculator.core.plain import example


class ListedCalculator(BaseModel):
    """A calculator on offer."""

    calculator: str = Field(title="Calculator id", description="Its name with version")
    title: str = Field(title="Title of the calculator", description="What it is called")
    category: str = Field(description="Its topic")
    summary: str = Field(description="What it estimates")
    inputs: list[str] = Field(description="What it asks for")
    superseded: bool = Field(description="Whether something newer has replaced it")


class CalculatorList(BaseModel):
    """The calculators that fit a search."""

    items: list[ListedCalculator] = Field(description="One entry per calculator, best first")
    total: int = Field(description="How many fit, the ones left out included")

    def to_text(self) -> str:
        """One line per calculator."""
        if not self.items:
            return "No calculator fits. Try a broader word, such as kidney, heart, liver or dose."
        shown = len(self.items)
        head = f"{shown} calculators:" if shown == self.total else f"{shown} of {self.total} calculators:"
        lines = [
            f"- {item.title} ({item.calculator}): {item.summary}{' Superseded.' if item.superseded else ''}"
            for item in self.items
        ]
        return "\n".join([head, *lines])


class DescribedInput(BaseModel):
    """What a calculator asks for."""

    name: str = Field(title="Name of the input", description="Its key among the inputs")
    title: str = Field(title="Title of the input", description="What it is called")
    description: str = Field(description="What exactly counts")
    kind: str = Field(description="quantity, yes-no, choice, integer or date")
    required: bool = Field(description="Whether there is no result without it")
    units: list[str] = Field(description="Units of a quantity; other spellings and multiples are read as well")
    unit: str = Field(description="The unit the formula uses")
    us_unit: str = Field(description="What a number without unit means with us units")
    si_unit: str = Field(description="What a number without unit means with si units")
    low: float | None = Field(description="Lowest plausible or allowed value, in the unit of the formula")
    high: float | None = Field(description="Highest plausible or allowed value, in the unit of the formula")
    choices: dict[str, str] = Field(description="The values of a choice with what they mean")
    example: str = Field(description="How it may be written")


class DescribedOption(BaseModel):
    """A setting of a calculation."""

    name: str = Field(title="Name of the option", description="Its key among the options")
    title: str = Field(title="Title of the option", description="What it decides")
    choices: list[str] = Field(description="The allowed values, the default first")


class CalculatorDocument(BaseModel):
    """A calculator in full."""

    calculator: str = Field(title="Calculator id", description="Its name with version")
    title: str = Field(title="Title of the calculator", description="What it is called")
    category: str = Field(description="Its topic")
    summary: str = Field(description="What it estimates")
    version: str = Field(description="Its version")
    formula: str = Field(description="The formula as text")
    unit: str = Field(description="Unit of the result")
    inputs: list[DescribedInput] = Field(description="What it asks for")
    options: list[DescribedOption] = Field(description="Its settings")
    bands: list[str] = Field(description="What ranges of the result are called")
    bands_source: str = Field(description="Who calls them so")
    validity: str = Field(description="For whom it was derived, and where it does not hold")
    citation: list[str] = Field(description="Its sources")
    authored: str = Field(description="When this definition was written")
    superseded: str | None = Field(description="What to use instead, where it is outdated")
    race_based: bool = Field(description="Whether it has a race term, which is off by default")
    notice: str = Field(default=NOTICE, description="How results may be used")

    def to_text(self) -> str:
        """The calculator as a page."""
        return "\n".join([
            f"{self.title} ({self.calculator}), {self.category}",
            self.summary,
            f"Formula: {self.formula}",
            f"Result: {self.unit or 'a number without unit'}",
            "Inputs:",
            *(f"- {_line(one)}" for one in self.inputs),
            *(f"Option {one.name}: {one.title} ({' or '.join(one.choices)})" for one in self.options),
            *([f"Bands ({self.bands_source}): {'; '.join(self.bands)}"] if self.bands else []),
            f"Validity: {self.validity}",
            *([f"Note: {self.superseded}"] if self.superseded else []),
            *(f"Source: {one}" for one in self.citation),
            self.notice,
        ])  # fmt: skip


def listed(calculator: Calculator) -> ListedCalculator:
    """A calculator as an entry of a list."""
    return ListedCalculator(
        calculator=calculator.id,
        title=calculator.title,
        category=calculator.category,
        summary=calculator.summary,
        inputs=[one.name for one in calculator.inputs],
        superseded=calculator.superseded is not None,
    )


def described(calculator: Calculator) -> CalculatorDocument:
    """A calculator in full."""
    bands = calculator.bands
    return CalculatorDocument(
        calculator=calculator.id,
        title=calculator.title,
        category=calculator.category,
        summary=calculator.summary,
        version=calculator.version,
        formula=calculator.formula,
        unit=calculator.unit,
        inputs=[_described(one) for one in calculator.inputs],
        options=[
            DescribedOption(name=one.name, title=one.title, choices=list(one.choices)) for one in calculator.options
        ],
        bands=[f"{condition} {name}" for condition, name in bands.bands] if bands else [],
        bands_source=bands.source if bands else "",
        validity=calculator.validity,
        citation=[str(one) for one in calculator.citations],
        authored=calculator.authored.isoformat(),
        superseded=calculator.superseded,
        race_based=calculator.race_based,
    )


def _described(wanted: Input) -> DescribedInput:
    measure = wanted.measure if isinstance(wanted, Quantity) else None
    low, high = _range(wanted)
    return DescribedInput(
        name=wanted.name,
        title=wanted.title,
        description=wanted.description,
        kind=_kind(wanted),
        required=wanted.required,
        units=list(measure.units) if measure else [],
        unit=measure.unit if measure else "",
        us_unit=(measure.default_unit("us") or "") if measure else "",
        si_unit=(measure.default_unit("si") or "") if measure else "",
        low=low,
        high=high,
        choices=dict(wanted.choices) if isinstance(wanted, Choice) else {},
        example=example(wanted),
    )


def _range(wanted: Input) -> tuple[float | None, float | None]:
    if isinstance(wanted, Integer):
        return wanted.low, wanted.high
    if isinstance(wanted, Quantity) and wanted.measure.plausible:
        return wanted.measure.plausible
    return None, None


def _kind(wanted: Input) -> str:
    match wanted:
        case Quantity():
            return "quantity"
        case YesNo():
            return "yes-no"
        case Choice():
            return "choice"
        case Integer():
            return "integer"
        case _:
            return "date"


def _line(one: DescribedInput) -> str:
    units = ", ".join(filter(None, map(spoken, one.units)))
    parts = [units or ("a number without unit" if one.units else one.kind)]
    if one.low is not None and one.high is not None:
        parts.append(f"{shown(one.low)} to {shown(one.high)} {spoken(one.unit)}".rstrip())
    if one.choices:
        parts.append(", ".join(f"{key} = {text}" if key != text else key for key, text in one.choices.items()))
    if not one.required:
        parts.append("may be left out")
    about = f" {one.description}" if one.description else ""
    return f"{one.name}: {one.title} ({'; '.join(parts)}).{about}"
