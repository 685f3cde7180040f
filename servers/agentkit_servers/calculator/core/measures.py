"""What is measured: the unit a formula gets it in, the units it may come in, and the range that is plausible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Literal

from agentkit_servers.calculator.core.numbers import shown
from agentkit_servers.calculator.core.units import NO_UNIT, Unit, parse_unit

System = Literal["us", "si"]
"""What a bare number means: the conventional unit or the SI unit of its measure."""


_SPOKEN: Final = {"a": "years", "Cel": "\u00b0C", "[degF]": "\u00b0F", "1": ""}


def spoken(unit: str) -> str:
    """A unit in words for people, where its UCUM code is none that everybody reads; empty for a pure number."""
    return _SPOKEN.get(unit, unit)


class UnitMismatch(Exception):
    """A unit does not fit what is measured; the text says which units do."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """How one unit becomes another of a different dimension, for one analyte only (CALC-U1).

    Attributes:
        given: The unit converted from, `umol/L`.
        into: The unit converted to, `mg/dL`.
        factor: A decimal as text; `/ 88.42` divides by it, `x 0.0259` multiplies.
        plus: Added afterwards.
    """

    given: str
    into: str
    factor: str
    plus: str = "0"

    @property
    def slope(self) -> Fraction:
        """What a value is multiplied with."""
        operator, number = self.factor.split()
        return 1 / Fraction(number) if operator == "/" else Fraction(number)

    @property
    def text(self) -> str:
        """The conversion as written behind a value."""
        return f" {self.factor}" + (f" + {self.plus}" if self.plus != "0" else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A kind of quantity.

    Attributes:
        name: The usual name of the input.
        title: What it is called.
        sample: An everyday value as a caller may write it.
        unit: The unit every formula gets it in; `1` for a pure number.
        us: What a bare number means with `units: us`.
        si: What a bare number means with `units: si`.
        plausible: The range, in `unit`, outside of which a value is refused unless `allow_implausible` (3.3).
        bridges: Conversions between mass, amount and charge.
        unit_always: A bare number is never taken, because two readings are likely (FiO2 0.4 or 40).
        unit_in_name: The name of the input tells the unit (doses per day), so a bare number is taken.
        per_volume: A count per volume: `uL` beside the number means `/uL`.
        completed: Whole-year rules apply (age).
        assumable: Whether `assume_missing` may fill it.
        synonyms: Other names of the input.
    """

    name: str
    title: str
    sample: str
    unit: str
    us: str = ""
    si: str = ""
    plausible: tuple[float, float] | None = None
    bridges: tuple[Bridge, ...] = ()
    unit_always: bool = False
    unit_in_name: bool = False
    per_volume: bool = False
    completed: bool = False
    assumable: bool = True
    synonyms: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """Units to name to a caller; every other spelling and multiple of them is read as well."""
        named = (self.unit, self.us, self.si, *(one.given for one in self.bridges))
        return tuple(dict.fromkeys(one for one in named if one))

    @property
    def pure(self) -> bool:
        """It is a number without unit."""
        return self.unit == "1" and not self.unit_always

    def renamed(self, name: str) -> Measure:
        """The same measure for an input of another name."""
        return self if name == self.name else replace(self, name=name)

    def default_unit(self, system: System | None) -> str | None:
        """The unit of a bare number, None where there is none."""
        if self.unit_always:
            return None
        if self.pure or self.unit_in_name:
            return self.unit
        if system is None:
            return None
        return (self.us if system == "us" else self.si) or self.unit

    def convert(self, number: Fraction, unit_text: str) -> tuple[Fraction, str | None]:
        """A value in `unit`, and the conversion as text where there was one.

        Raises:
            UnitMismatch: The unit is unknown, or not one of this measure.
        """
        unit = parse_unit(unit_text)
        wanted = parse_unit(self.unit) or NO_UNIT
        if unit is None:
            raise UnitMismatch(f"{self.name}: the unit is not known; {self._accepted()}")
        if self.pure and unit.factor != 1:
            # A prothrombin time of 70 % (Quick) is no INR of 0.7.
            raise UnitMismatch(f"{self.name}: {unit.text} does not fit; {self._accepted()}")
        if self.per_volume and unit.is_volume:
            unit = unit.inverse()
        if unit.dimension == wanted.dimension:
            return self._scaled(number, unit, wanted)
        for bridge in self.bridges:
            start, end = parse_unit(bridge.given) or NO_UNIT, parse_unit(bridge.into) or NO_UNIT
            if unit.dimension == start.dimension:
                return self._bridged(number, unit, bridge, start, end, wanted)
        raise UnitMismatch(f"{self.name}: {unit.text} does not fit; {self._accepted()}")

    def _scaled(self, number: Fraction, unit: Unit, wanted: Unit) -> tuple[Fraction, str | None]:
        value = wanted.from_base(unit.to_base(number))
        if unit.factor == wanted.factor and unit.offset == wanted.offset:
            return value, None
        if unit.offset or wanted.offset:
            worked = f"({shown(number)} - 32) x 5/9" if unit.factor != 1 else f"{shown(number)} {unit.text}"
            return value, f"{self.name} {shown(number)} {unit.text}: {worked} = {shown(value)} {self.unit}"
        ratio = unit.factor / wanted.factor
        by = f"x {shown(ratio)}" if ratio > 1 or 1 / ratio != int(1 / ratio) else f"/ {shown(1 / ratio)}"
        return value, f"{self.name} {shown(number)} {unit.text} {by} = {shown(value)} {self.unit}"

    def _bridged(
        self, number: Fraction, unit: Unit, bridge: Bridge, start: Unit, end: Unit, wanted: Unit
    ) -> tuple[Fraction, str]:
        begun = start.from_base(unit.to_base(number))
        value = begun * bridge.slope + Fraction(bridge.plus)
        said = f"{self.name} {shown(number)} {unit.text}"
        if unit.factor != start.factor:
            said += f" = {shown(begun)} {bridge.given}"
        said += f"{bridge.text} = {shown(value)} {bridge.into}"
        final = wanted.from_base(end.to_base(value))
        return final, said if final == value else f"{said} = {shown(final)} {self.unit}"

    def _accepted(self) -> str:
        units = "a number without unit" if self.pure else ", ".join(self.units)
        return f'it takes {units}, for example "{self.sample}"'
