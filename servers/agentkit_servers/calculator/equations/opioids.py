"""Medicines: morphine milligram equivalents per day (CDC 2022), and a dose by weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentkit_servers.calculator.core import Calculator, Citation, Option, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.inputs import Input
from agentkit_servers.calculator.core.measures import Measure
from agentkit_servers.calculator.core.numbers import shown
from agentkit_servers.calculator.core.working import InputNeeded, NotApplicable


@dataclass(frozen=True, slots=True)
class _Opioid:
    name: str
    title: str
    factor: float
    measure: Measure = m.DOSE_MG
    continuous: bool = False

    @property
    def times(self) -> str:
        """The input that tells how often it is taken."""
        return f"{self.name}_doses_per_day"

    @property
    def inputs(self) -> tuple[Input, ...]:
        what = "Rate of the patch." if self.continuous else "One dose."
        dose = quantity(self.measure, self.name, self.title, description=what, required=False)
        if self.continuous:
            return (dose,)
        return dose, quantity(m.PER_DAY, self.times, f"{self.title}: doses per day", required=False)


_BUPRENORPHINE: Final = _Opioid("buprenorphine", "Buprenorphine", 10)
_OPIOIDS: Final = (
    _Opioid("codeine", "Codeine", 0.15),
    _Opioid("fentanyl_buccal", "Fentanyl, buccal", 0.13, m.DOSE_UG),
    _Opioid("fentanyl_patch", "Fentanyl patch", 2.4, m.PATCH_RATE, continuous=True),
    _Opioid("hydrocodone", "Hydrocodone", 1),
    _Opioid("hydromorphone", "Hydromorphone", 5),
    _Opioid("methadone", "Methadone", 4.7),
    _Opioid("morphine", "Morphine", 1),
    _Opioid("oxycodone", "Oxycodone", 1.5),
    _Opioid("oxymorphone", "Oxymorphone", 3),
    _Opioid("tapentadol", "Tapentadol", 0.4),
    _Opioid("tramadol", "Tramadol", 0.2),
    _BUPRENORPHINE,
)


def _equivalents(values: Values, working: Working) -> float:
    given = [one for one in _OPIOIDS if values.has(one.name)]
    if not given:
        raise InputNeeded(*(one.name for one in _OPIOIDS if one is not _BUPRENORPHINE))
    missing = [one.times for one in given if not one.continuous and not values.has(one.times)]
    if missing:
        raise InputNeeded(*missing)
    total = sum(_share(one, values, working) for one in given)
    working.step(f"sum: {shown(total)} mg/d")
    working.flag("only-what-was-given", "Only the opioids that were given are counted; none was assumed.")
    working.flag("not-for-switching", "Equivalents estimate exposure; they are no doses for a change of opioid.")
    return total


def _share(one: _Opioid, values: Values, working: Working) -> float:
    if one is _BUPRENORPHINE:
        if values.option("buprenorphine") == "refuse":
            raise NotApplicable("the CDC gives no factor for buprenorphine")
        working.flag("no-cdc-factor", "The factor 10 for buprenorphine is not from the CDC; it was asked for.")
    dose, times = values.number(one.name), 1.0 if one.continuous else values.number(one.times)
    result = dose * times * one.factor
    often = "" if one.continuous else f" x {shown(times)}/d"
    working.step(f"{one.title}: {shown(dose)} {one.measure.unit}{often} x {one.factor:g} = {shown(result)} mg/d")
    return result


def _dose_by_weight(values: Values, working: Working) -> float:
    rate, weight, maximum = (values.number(name) for name in ("dose_per_weight", "weight", "maximum_dose"))
    dose = rate * weight
    working.step(f"{shown(rate)} mg/kg x {shown(weight)} kg = {shown(dose)} mg")
    working.step(f"stated maximum: {shown(maximum)} mg")
    if dose > maximum:
        working.flag("capped", f"The dose by weight, {shown(dose)} mg, is above the stated maximum and was capped.")
    return min(dose, maximum)


CALCULATORS: Final = (
    Calculator(
        id="morphine-milligram-equivalents@2022",
        title="Morphine milligram equivalents (MME) per day",
        category="medication",
        summary="Daily opioid exposure in morphine equivalents.",
        synonyms=("mme", "opioid", "opioid conversion", "morphine equivalent daily dose", "medd"),
        inputs=tuple(asked for one in _OPIOIDS for asked in one.inputs),
        compute=_equivalents,
        formula=(
            "sum of dose x doses per day x factor: "
            + ", ".join(f"{one.title} {one.factor:g} per {one.measure.unit}" for one in _OPIOIDS[:-1])
            + "; buprenorphine has no CDC factor and is refused unless the option asks for 10"
        ),
        unit="mg/d",
        decimals=1,
        citations=(
            Citation("Dowell D et al. CDC clinical practice guideline for prescribing opioids for pain - United States,"
                     " 2022. MMWR Recomm Rep 2022;71(3):1-95", "10.15585/mmwr.rr7103a1"),
        ),
        validity="Adults; exposure, never a conversion from one opioid to another.",
        options=(Option("buprenorphine", "Refuse buprenorphine, or count it with factor 10", ("refuse", "factor-10")),),
    ),
    Calculator(
        id="dose-by-weight@1",
        title="Dose by weight with a maximum",
        category="medication",
        summary="A paediatric dose: milligrams per kilogram times weight, capped at the stated maximum.",
        synonyms=("paediatric dose", "pediatric dose", "mg/kg", "weight based dose"),
        inputs=(
            quantity(m.DOSE_PER_WEIGHT),
            quantity(m.WEIGHT),
            quantity(m.DOSE_MG, "maximum_dose", "Stated maximum of one dose"),
        ),
        compute=_dose_by_weight,
        formula="min(dose [mg/kg] x weight [kg], maximum [mg])",
        unit="mg",
        decimals=1,
        citations=(Citation("World Health Organization. WHO model formulary for children, 2010"),),
        validity="Dose per kilogram and maximum come from the label or formulary; the calculator knows no medicine.",
    ),
)  # fmt: skip
