"""Creatinine clearance and the handling of sodium by the kidney."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import SEX, Calculator, Citation, Option, Valid, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import shown
from agentkit_servers.calculator.core.working import InputNeeded
from agentkit_servers.calculator.equations.body import (
    DEVINE,
    WINTER,
    adjusted_weight,
    body_mass_index,
    checked_ideal_weight,
)

_UNDERWEIGHT: Final = 18.5
_OVERWEIGHT: Final = 25


def _weight(values: Values, working: Working) -> tuple[float, str]:
    """The weight the clearance is computed with, and what it is called."""
    actual, choice = values.number("weight"), values.option("weight")
    if choice == "actual":
        return actual, "actual"
    if not values.has("height"):
        raise InputNeeded("height")
    index = body_mass_index(actual, values.number("height"))
    if choice == "by-bmi":
        working.step(f"BMI {shown(index)} kg/m2 decides the weight")
        if index < _UNDERWEIGHT:
            return actual, "actual"
    ideal = checked_ideal_weight(values, working)
    if choice == "by-bmi" and index < _OVERWEIGHT:
        return (ideal, "ideal") if ideal < actual else (actual, "actual")
    return (ideal, "ideal") if choice == "ideal" else (adjusted_weight(actual, ideal), "adjusted")


def _clearance(values: Values, working: Working) -> float:
    age, creatinine = values.number("age"), values.number("creatinine")
    weight, name = _weight(values, working)
    result = (140 - age) * weight / (72 * creatinine) * (0.85 if values.female else 1)
    working.also("Weight used", weight, f"kg ({name})")
    working.step(
        f"(140 - {shown(age)}) x {shown(weight)} kg{' x 0.85' if values.female else ''} / (72 x {shown(creatinine)})"
        f" = {shown(result)} mL/min"
    )
    return result


def _sodium_excretion(values: Values, working: Working) -> float:
    urine, plasma = values.number("urine_sodium"), values.number("sodium")
    urine_creatinine, creatinine = values.number("urine_creatinine"), values.number("creatinine")
    result = 100 * urine * creatinine / (plasma * urine_creatinine)
    working.step(
        f"100 x {shown(urine)} x {shown(creatinine)} / ({shown(plasma)} x {shown(urine_creatinine)})"
        f" = {shown(result)} %"
    )
    return result


CALCULATORS: Final = (
    Calculator(
        id="creatinine-clearance@1976",
        title="Creatinine clearance (Cockcroft-Gault)",
        category="kidney",
        summary="Kidney function: creatinine clearance estimated from age, weight and creatinine.",
        synonyms=("cockcroft gault", "cockcroft-gault", "crcl", "kidney function", "renal function"),
        inputs=(
            quantity(m.AGE),
            SEX,
            quantity(m.WEIGHT),
            quantity(
                m.HEIGHT,
                description="Needed to choose the weight by body mass index; not with the option weight: actual.",
                required=False,
            ),
            quantity(m.CREATININE),
        ),
        compute=_clearance,
        formula=(
            "(140 - age) x weight x (0.85 if female) / (72 x Cr); weight by BMI: below 18.5 actual, below 25 the lower"
            " of ideal and actual, otherwise adjusted; Cr in mg/dL"
        ),
        unit="mL/min",
        decimals=0,
        citations=(
            Citation(
                "Cockcroft DW, Gault MH. Prediction of creatinine clearance from serum creatinine. Nephron"
                " 1976;16:31-41",
                "10.1159/000180580",
            ),
            WINTER,
            DEVINE,
        ),
        validity="Adults with a stable creatinine; not adjusted for body surface.",
        valid=(Valid("age", ">= 18", "The equation was derived for adults of 18 years and more."),),
        options=(Option("weight", "Which weight is used", ("by-bmi", "actual", "ideal", "adjusted")),),
    ),
    Calculator(
        id="fractional-excretion-of-sodium@1976",
        title="Fractional excretion of sodium (FENa)",
        category="kidney",
        summary="Part of the filtered sodium that is excreted.",
        synonyms=("fena", "acute kidney injury", "prerenal"),
        inputs=(
            quantity(m.URINE_SODIUM),
            quantity(m.SODIUM, title="Plasma sodium", synonyms=("plasma_sodium",)),
            quantity(m.URINE_CREATININE),
            quantity(m.CREATININE, title="Plasma creatinine", synonyms=("plasma_creatinine",)),
        ),
        compute=_sodium_excretion,
        formula="100 x (urine Na x plasma Cr) / (plasma Na x urine Cr)",
        unit="%",
        decimals=2,
        citations=(
            Citation(
                "Espinel CH. The FENa test. Use in the differential diagnosis of acute renal failure. JAMA"
                " 1976;236:579-81",
                "10.1001/jama.236.6.579",
            ),
        ),
        validity="Oliguric acute kidney injury without diuretics.",
    ),
)
