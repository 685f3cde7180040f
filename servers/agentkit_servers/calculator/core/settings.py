"""The options of a calculation: those of every calculator, and a calculator's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from agentkit_servers.calculator.core.definition import Calculator
from agentkit_servers.calculator.core.plain import BadInput

Assume = Literal["absent", "normal"]

_ASSUMPTIONS: Final = ("absent", "normal")
_MOST: Final = 1000
_GENERAL: Final = ("assume_missing", "allow_implausible")


@dataclass(frozen=True, slots=True)
class Settings:
    """Options that were read.

    Attributes:
        assume_missing: `absent`: findings and medicines that were not given count as absent. `normal`: quantities of a
            score as normal, too. None: what is missing stays missing (CALC-2).
        allow_implausible: Compute with values outside the plausible ranges.
        options: The calculator's own.
    """

    assume_missing: Assume | None = None
    allow_implausible: bool = False
    options: Mapping[str, str] = field(default_factory=dict[str, str])


def settings_of(calculator: Calculator, given: Mapping[str, object]) -> Settings:
    """Read options.

    Raises:
        BadInput: An option is unknown or has a value it cannot have.
    """
    own = {one.name: one for one in calculator.options}
    names = (*_GENERAL, *own)
    chosen = {one.name: one.choices[0] for one in calculator.options}
    for name, value in given.items():
        if name not in names:
            raise BadInput(
                "options", f"there is no such option; there are {', '.join(names)}", '{"assume_missing": null}'
            )
        if name in own and value is not None:
            chosen[name] = _chosen(name, value, own[name].choices)
    assume = given.get("assume_missing")
    if assume is not None and assume not in _ASSUMPTIONS:
        raise BadInput("options.assume_missing", "must be absent, normal or null", '"absent"')
    allowed = given.get("allow_implausible", False)
    if not isinstance(allowed, bool | None):
        raise BadInput("options.allow_implausible", "must be true or false", "true")
    return Settings(assume, bool(allowed), chosen)


def _chosen(name: str, value: object, choices: tuple[str, ...]) -> str:
    said = value.strip().casefold() if isinstance(value, str) else ""
    if isinstance(value, bool):
        said = "yes" if value else "no"
    elif isinstance(value, (int, float)) and abs(value) < _MOST:
        said = repr(value)
    for one in choices:
        if said == one.casefold():
            return one
    raise BadInput(f"options.{name}", f"must be one of {', '.join(choices)}", f'"{choices[0]}"')
