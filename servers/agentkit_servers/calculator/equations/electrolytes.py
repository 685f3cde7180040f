"""Electrolytes and water: corrected calcium and sodium, osmolality, free water, maintenance fluid."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import SEX, Calculator, Citation, Option, Valid, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import shown

_ADULT: Final = 18
_ELDERLY: Final = 65


def _calcium(values: Values, working: Working) -> float:
    calcium, albumin = values.number("calcium"), values.number("albumin")
    result = calcium + 0.8 * (4.0 - albumin)
    working.step(f"{shown(calcium)} + 0.8 x (4.0 - {shown(albumin)}) = {shown(result)} mg/dL")
    return result


def _sodium(values: Values, working: Working) -> float:
    sodium, glucose, factor = values.number("sodium"), values.number("glucose"), values.option("factor")
    result = sodium + float(factor) * (glucose - 100)
    working.step(f"{shown(sodium)} + {factor} x ({shown(glucose)} - 100) = {shown(result)} mmol/L")
    return result


def _osmolality(values: Values, working: Working) -> float:
    sodium, nitrogen, glucose = values.number("sodium"), values.number("urea_nitrogen"), values.number("glucose")
    result = 2 * sodium + nitrogen / 2.8 + glucose / 18
    working.step(f"2 x {shown(sodium)} + {shown(nitrogen)} / 2.8 + {shown(glucose)} / 18 = {shown(result)} mOsm/kg")
    return result


def body_water_share(age: int, *, female: bool) -> float:
    """The part of the weight that is water, by completed years and sex."""
    if age < _ADULT:
        return 0.6
    if age < _ELDERLY:
        return 0.5 if female else 0.6
    return 0.45 if female else 0.5


def _free_water(values: Values, working: Working) -> float:
    weight, sodium = values.number("weight"), values.number("sodium")
    share = body_water_share(values.years(), female=values.female)
    result = share * weight * (sodium / 140 - 1)
    working.step(f"body water = {share} x {shown(weight)} kg = {shown(share * weight)} L")
    working.step(f"{shown(share * weight)} x ({shown(sodium)} / 140 - 1) = {shown(result)} L")
    return result


def _maintenance(values: Values, working: Working) -> float:
    weight = values.number("weight")
    if weight <= 10:
        result = 4 * weight
        working.step(f"4 x {shown(weight)} kg = {shown(result)} mL/h")
    elif weight <= 20:
        result = 40 + 2 * (weight - 10)
        working.step(f"40 + 2 x ({shown(weight)} kg - 10) = {shown(result)} mL/h")
    else:
        result = 60 + (weight - 20)
        working.step(f"60 + 1 x ({shown(weight)} kg - 20) = {shown(result)} mL/h")
    return result


CALCULATORS: Final = (
    Calculator(
        id="corrected-calcium@1973",
        title="Calcium corrected for albumin",
        category="electrolytes and acid-base",
        summary="Total calcium corrected for a low or high albumin.",
        synonyms=("calcium correction", "hypocalcaemia", "hypercalcaemia", "payne"),
        inputs=(quantity(m.CALCIUM), quantity(m.ALBUMIN)),
        compute=_calcium,
        formula="Ca + 0.8 x (4.0 - albumin); Ca in mg/dL, albumin in g/dL",
        unit="mg/dL",
        decimals=1,
        citations=(
            Citation("Payne RB et al. Interpretation of serum calcium in patients with abnormal serum proteins. Br Med"
                     " J 1973;4:643-6", "10.1136/bmj.4.5893.643"),
        ),
        validity="Adults; unreliable in kidney failure and critical illness, where ionised calcium is measured.",
    ),
    Calculator(
        id="sodium-correction@1999",
        title="Sodium corrected for glucose",
        category="electrolytes and acid-base",
        summary="Sodium corrected for a high glucose.",
        synonyms=("corrected sodium", "hyponatraemia", "hyperglycaemia", "hillier", "katz"),
        inputs=(quantity(m.SODIUM), quantity(m.GLUCOSE)),
        compute=_sodium,
        formula="Na + 0.024 x (glucose - 100) (Hillier); with the option factor 0.016 (Katz); glucose in mg/dL",
        unit="mmol/L",
        decimals=0,
        citations=(
            Citation("Hillier TA et al. Hyponatremia: evaluating the correction factor for hyperglycemia. Am J Med"
                     " 1999;106:399-403", "10.1016/S0002-9343(99)00055-8"),
            Citation("Katz MA. Hyperglycemia-induced hyponatremia. N Engl J Med 1973;289:843-4",
                     "10.1056/NEJM197310182891607"),
        ),
        validity="High glucose.",
        valid=(Valid("glucose", ">= 100", "The correction is meant for a glucose above 100 mg/dL."),),
        options=(Option("factor", "Sodium per mg/dL of glucose: Hillier 0.024 or Katz 0.016", ("0.024", "0.016")),),
    ),
    Calculator(
        id="serum-osmolality@1976",
        title="Serum osmolality, calculated",
        category="electrolytes and acid-base",
        summary="Osmolality of serum from sodium, urea nitrogen and glucose.",
        synonyms=("osmolarity", "osmolal gap"),
        inputs=(quantity(m.SODIUM), quantity(m.UREA_NITROGEN), quantity(m.GLUCOSE)),
        compute=_osmolality,
        formula="2 x Na + BUN / 2.8 + glucose / 18; BUN and glucose in mg/dL",
        unit="mOsm/kg",
        decimals=0,
        citations=(
            Citation("Smithline N, Gardner KD. Gaps - anionic and osmolal. JAMA 1976;236:1594-7",
                     "10.1001/jama.236.14.1594"),
        ),
        validity="Without alcohols and other unmeasured substances.",
    ),
    Calculator(
        id="free-water-deficit@2000",
        title="Free water deficit",
        category="electrolytes and acid-base",
        summary="Water that is missing in a high sodium.",
        synonyms=("hypernatraemia", "hypernatremia", "dehydration", "total body water"),
        inputs=(quantity(m.AGE), SEX, quantity(m.WEIGHT), quantity(m.SODIUM)),
        compute=_free_water,
        formula=(
            "body water x weight x (Na / 140 - 1); body water below 18 years 0.6; 18 to 64 years 0.6 male, 0.5 female;"
            " from 65 years 0.5 male, 0.45 female"
        ),
        unit="L",
        decimals=1,
        citations=(
            Citation("Adrogue HJ, Madias NE. Hypernatremia. N Engl J Med 2000;342:1493-9",
                     "10.1056/NEJM200005183422006"),
        ),
        validity="High sodium.",
        valid=(Valid("sodium", ">= 140", "The formula is meant for a sodium above 140 mmol/L."),),
    ),
    Calculator(
        id="maintenance-fluid@1957",
        title="Maintenance fluid (4-2-1 rule)",
        category="electrolytes and acid-base",
        summary="Fluid need per hour by weight.",
        synonyms=("holliday segar", "holliday-segar", "4-2-1", "421 rule", "paediatric fluid"),
        inputs=(quantity(m.WEIGHT),),
        compute=_maintenance,
        formula="4 mL/kg/h for the first 10 kg, 2 mL/kg/h for the next 10 kg, 1 mL/kg/h for the rest",
        unit="mL/h",
        decimals=0,
        citations=(
            Citation("Holliday MA, Segar WE. The maintenance need for water in parenteral fluid therapy. Pediatrics"
                     " 1957;19:823-32", "10.1542/peds.19.5.823"),
        ),
        validity="Children; not newborns.",
    ),
)  # fmt: skip
