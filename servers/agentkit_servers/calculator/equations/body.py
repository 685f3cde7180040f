"""Body size: mass index, surface, ideal, adjusted and target weight."""

from __future__ import annotations

import math
from typing import Final

from agentkit_servers.calculator.core import SEX, Bands, Calculator, Citation, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import exact, shown

_CM_PER_INCH: Final = 2.54
_FIVE_FEET: Final = 60

DEVINE: Final = Citation(
    "Devine BJ. Gentamicin therapy. Drug Intell Clin Pharm 1974;8:650-5; Pai MP, Paloucek FP. The origin of the"
    " 'ideal' body weight equations. Ann Pharmacother 2000;34:1066-9",
    "10.1345/aph.19381",
)
WINTER: Final = Citation(
    "Winter MA et al. Impact of various body weights and serum creatinine concentrations on the bias and accuracy of"
    " the Cockcroft-Gault equation. Pharmacotherapy 2012;32:604-12",
    "10.1002/j.1875-9114.2012.01098.x",
)


def body_mass_index(weight: float, height: float) -> float:
    """Weight in kg by the square of height in cm."""
    # In exact numbers: 64 kg at 160 cm are 25, and not a little less.
    return float(exact(weight) * 10_000 / exact(height) ** 2)


def ideal_weight(height: float, *, female: bool) -> float:
    """Devine's ideal weight in kg for a height in cm; not bounded below five feet."""
    return (45.5 if female else 50.0) + 2.3 * (height / _CM_PER_INCH - _FIVE_FEET)


def adjusted_weight(weight: float, ideal: float) -> float:
    """Ideal weight and two fifths of what goes beyond it."""
    return ideal + 0.4 * (weight - ideal)


def checked_ideal_weight(values: Values, working: Working) -> float:
    """Ideal weight with its step, flagged where Devine's formula does not reach."""
    height = values.number("height")
    ideal = ideal_weight(height, female=values.female)
    base = 45.5 if values.female else 50
    inches = height / _CM_PER_INCH
    working.step(f"ideal weight = {base} + 2.3 x ({shown(inches)} in - 60) = {shown(ideal)} kg")
    if inches < _FIVE_FEET:
        working.outside("Devine's ideal weight was made for heights of 60 in (152.4 cm) and more.")
    return ideal


def _bmi(values: Values, working: Working) -> float:
    weight, height = values.number("weight"), values.number("height")
    result = body_mass_index(weight, height)
    working.step(f"{shown(weight)} kg / ({shown(height / 100)} m)^2 = {shown(result)} kg/m2")
    return result


def _surface(values: Values, working: Working) -> float:
    height, weight = values.number("height"), values.number("weight")
    result = math.sqrt(height * weight / 3600)
    working.step(f"sqrt({shown(height)} cm x {shown(weight)} kg / 3600) = {shown(result)} m2")
    return result


def _target(values: Values, working: Working) -> float:
    target, metres = values.number("bmi"), values.number("height") / 100
    result = target * metres**2
    working.step(f"{shown(target)} kg/m2 x ({shown(metres)} m)^2 = {shown(result)} kg")
    return result


def _adjusted(values: Values, working: Working) -> float:
    weight = values.number("weight")
    ideal = checked_ideal_weight(values, working)
    result = adjusted_weight(weight, ideal)
    working.step(f"{shown(ideal)} + 0.4 x ({shown(weight)} - {shown(ideal)}) = {shown(result)} kg")
    if weight < ideal:
        working.outside("Adjusted weight is meant for an actual weight above the ideal weight.")
    return result


CALCULATORS: Final = (
    Calculator(
        id="bmi@1972",
        title="Body mass index (BMI)",
        category="body",
        summary="Weight in relation to height.",
        synonyms=("quetelet index", "obesity", "overweight", "underweight"),
        inputs=(quantity(m.WEIGHT), quantity(m.HEIGHT)),
        compute=_bmi,
        formula="BMI = weight [kg] / height [m]^2",
        unit="kg/m2",
        decimals=1,
        citations=(
            Citation("Keys A et al. Indices of relative weight and obesity. J Chronic Dis 1972;25:329-43",
                     "10.1016/0021-9681(72)90027-6"),
            Citation("World Health Organization. Obesity: preventing and managing the global epidemic. Technical Report"
                     " Series 894, 2000"),
        ),
        validity="Adults; the bands are not meant for children, pregnancy, or unusual muscle mass.",
        bands=Bands("WHO TRS 894 (2000), adults", (
            ("< 18.5", "underweight"), ("< 25", "normal range"), ("< 30", "pre-obese"), ("< 35", "obese class I"),
            ("< 40", "obese class II"), ("else", "obese class III"),
        )),
    ),
    Calculator(
        id="bsa-mosteller@1987",
        title="Body surface area (Mosteller)",
        category="body",
        summary="Surface of the body from weight and height.",
        synonyms=("bsa", "body surface", "mosteller"),
        inputs=(quantity(m.WEIGHT), quantity(m.HEIGHT)),
        compute=_surface,
        formula="BSA = sqrt(height [cm] x weight [kg] / 3600)",
        unit="m2",
        decimals=2,
        citations=(
            Citation("Mosteller RD. Simplified calculation of body-surface area. N Engl J Med 1987;317:1098",
                     "10.1056/NEJM198710223171717"),
        ),
        validity="Adults and children.",
    ),
    Calculator(
        id="ideal-body-weight@1974",
        title="Ideal body weight (Devine)",
        category="body",
        summary="Weight for height and sex as used for dosing and for ventilation.",
        synonyms=("ibw", "devine", "predicted weight"),
        inputs=(quantity(m.HEIGHT), SEX),
        compute=checked_ideal_weight,
        formula="male 50 kg, female 45.5 kg, + 2.3 kg x (height [in] - 60)",
        unit="kg",
        decimals=1,
        citations=(DEVINE,),
        validity="Adults of 60 in (152.4 cm) and more; below, the line is continued and flagged.",
    ),
    Calculator(
        id="adjusted-body-weight@2012",
        title="Adjusted body weight",
        category="body",
        summary="Ideal weight and two fifths of the excess over it.",
        synonyms=("abw", "adjbw", "obesity weight"),
        inputs=(quantity(m.WEIGHT), quantity(m.HEIGHT), SEX),
        compute=_adjusted,
        formula="IBW (Devine) + 0.4 x (weight - IBW)",
        unit="kg",
        decimals=1,
        citations=(WINTER, DEVINE),
        validity="Adults above their ideal weight.",
    ),
    Calculator(
        id="target-weight@1972",
        title="Target weight for a body mass index",
        category="body",
        summary="The weight that gives a certain body mass index.",
        synonyms=("goal weight", "weight for bmi"),
        inputs=(
            quantity(m.BMI, title="Target body mass index", synonyms=("target_bmi",)),
            quantity(m.HEIGHT),
        ),
        compute=_target,
        formula="weight [kg] = BMI x height [m]^2",
        unit="kg",
        decimals=1,
        citations=(
            Citation("Keys A et al. Indices of relative weight and obesity. J Chronic Dis 1972;25:329-43",
                     "10.1016/0021-9681(72)90027-6"),
        ),
        validity="Adults.",
    ),
)  # fmt: skip
