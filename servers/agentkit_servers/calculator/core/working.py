"""What a formula gets (`Values`) and what it reports besides its result (`Working`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

Value = float | bool | str | date
"""A quantity in its measure's unit, a yes or no, a choice, or a date."""

OUTSIDE_VALIDITY = "outside-validity"


class NotApplicable(Exception):
    """The formula cannot be computed with these values: a hard error of its domain (CALC-4); the text says why."""


class InputNeeded(Exception):
    """An optional input is needed after all, because of an option or of another input: the names of what is missing."""

    def __init__(self, *names: str) -> None:
        """Keep the names."""
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a reader has to know: a stable code and a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Further:
    """A second result of the same formula."""

    name: str
    value: float | str
    unit: str
    decimals: int = 1


@dataclass(slots=True)
class Working:
    """Collects the working of one calculation.

    Attributes:
        steps: The working, line by line.
        flags: What a reader has to know.
        further: Further results.
        band: The interpretation where the bands of the definition do not decide alone.
    """

    steps: list[str] = field(default_factory=list[str])
    flags: list[Flag] = field(default_factory=list[Flag])
    further: list[Further] = field(default_factory=list[Further])
    band: str | None = None

    def step(self, text: str) -> None:
        """Show a line of the working."""
        self.steps.append(text)

    def flag(self, code: str, text: str) -> None:
        """Tell something a reader has to know; `code` is a stable word."""
        self.flags.append(Flag(code, text))

    def outside(self, text: str) -> None:
        """Tell that the formula was not made for such a value; it is computed all the same (CALC-4)."""
        self.flag(OUTSIDE_VALIDITY, text)

    def also(self, name: str, value: float | str, unit: str, decimals: int = 1) -> None:
        """Report a further result."""
        self.further.append(Further(name, value, unit, decimals))


class Values:
    """The inputs of one calculation, converted, and its options.

    Asking for an input that was not declared is a fault of the definition; asking for a required one always works.
    """

    def __init__(self, values: Mapping[str, Value | None], options: Mapping[str, str] | None = None) -> None:
        """Keep them."""
        self._values = dict(values)
        self._options = dict(options or {})

    def given(self, more: Mapping[str, Value | None]) -> Values:
        """The same with more inputs."""
        return Values({**self._values, **more}, self._options)

    @property
    def known(self) -> Mapping[str, Value | None]:
        """All of them by name."""
        return self._values

    def number(self, name: str) -> float:
        """A quantity in the unit of its measure, or a whole number."""
        value = self._values[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{name} is no number")
        return value

    def optional(self, name: str) -> float | None:
        """A quantity that need not be given; None when it is missing."""
        return None if self._values.get(name) is None else self.number(name)

    def years(self, name: str = "age") -> int:
        """Completed years (CALC-U1)."""
        return math.floor(self.number(name))

    def yes(self, name: str) -> bool:
        """Whether a finding is there."""
        value = self._values[name]
        if not isinstance(value, bool):
            raise TypeError(f"{name} is neither yes nor no")
        return value

    def choice(self, name: str) -> str:
        """The chosen value."""
        value = self._values[name]
        if not isinstance(value, str):
            raise TypeError(f"{name} is no choice")
        return value

    def day(self, name: str) -> date:
        """A date."""
        value = self._values[name]
        if not isinstance(value, date):
            raise TypeError(f"{name} is no date")
        return value

    @property
    def female(self) -> bool:
        """Whether the input `sex` is female."""
        return self.choice("sex") == "female"

    def option(self, name: str) -> str:
        """An option of the calculation; every option has a default."""
        return self._options[name]

    def has(self, name: str) -> bool:
        """Whether an input is known."""
        return self._values.get(name) is not None
