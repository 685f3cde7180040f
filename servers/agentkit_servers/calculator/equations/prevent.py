"""PREVENT base models, ten years (American Heart Association 2023): total CVD, ASCVD and heart failure."""

from __future__ import annotations

import math
from typing import Final

from agentkit_servers.calculator.core import (
    SEX,
    Calculator,
    Citation,
    NotApplicable,
    Valid,
    Values,
    Working,
    YesNo,
    quantity,
)
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.inputs import Input
from agentkit_servers.calculator.core.numbers import shown

_TERMS: Final = (
    "age", "non-HDL", "HDL", "SBP < 110", "SBP >= 110", "diabetes", "smoking", "BMI < 30", "BMI >= 30", "eGFR < 60",
    "eGFR >= 60", "treated", "statin", "treated x SBP", "statin x non-HDL", "age x non-HDL", "age x HDL", "age x SBP",
    "age x diabetes", "age x smoking", "age x BMI", "age x eGFR", "constant",
)  # fmt: skip

_COEFFICIENTS: Final[dict[tuple[str, str], tuple[float, ...]]] = {
    ("cvd", "female"): (
        0.7939329, 0.0305239, -0.1606857, -0.2394003, 0.3600781, 0.8667604, 0.5360739, 0, 0, 0.6045917, 0.0433769,
        0.3151672, -0.1477655, -0.0663612, 0.1197879, -0.0819715, 0.0306769, -0.0946348, -0.27057, -0.078715, 0,
        -0.1637806, -3.307728,
    ),
    ("cvd", "male"): (
        0.7688528, 0.0736174, -0.0954431, -0.4347345, 0.3362658, 0.7692857, 0.4386871, 0, 0, 0.5378979, 0.0164827,
        0.288879, -0.1337349, -0.0475924, 0.150273, -0.0517874, 0.0191169, -0.1049477, -0.2251948, -0.0895067, 0,
        -0.1543702, -3.031168,
    ),
    ("ascvd", "female"): (
        0.719883, 0.1176967, -0.151185, -0.0835358, 0.3592852, 0.8348585, 0.4831078, 0, 0, 0.4864619, 0.0397779,
        0.2265309, -0.0592374, -0.0395762, 0.0844423, -0.0567839, 0.0325692, -0.1035985, -0.2417542, -0.0791142, 0,
        -0.1671492, -3.819975,
    ),
    ("ascvd", "male"): (
        0.7099847, 0.1658663, -0.1144285, -0.2837212, 0.3239977, 0.7189597, 0.3956973, 0, 0, 0.3690075, 0.0203619,
        0.2036522, -0.0865581, -0.0322916, 0.114563, -0.0300005, 0.0232747, -0.0927024, -0.2018525, -0.0970527, 0,
        -0.1217081, -3.500655,
    ),
    ("hf", "female"): (
        0.8998235, 0, 0, -0.4559771, 0.3576505, 1.038346, 0.583916, -0.0072294, 0.2997706, 0.7451638, 0.0557087,
        0.3534442, 0, -0.0981511, 0, 0, 0, -0.0946663, -0.3581041, -0.1159453, -0.003878, -0.1884289, -4.310409,
    ),
    ("hf", "male"): (
        0.8972642, 0, 0, -0.6811466, 0.3634461, 0.923776, 0.5023736, -0.0485841, 0.3726929, 0.6926917, 0.0251827,
        0.2980922, 0, -0.0497731, 0, 0, 0, -0.1289201, -0.3040924, -0.1401688, 0.0068126, -0.1797778, -3.946391,
    ),
}  # fmt: skip

_MMOL: Final = 0.02586

_DIABETES: Final = YesNo(name="diabetes", title="Diabetes")
_SMOKER: Final = YesNo(
    name="smoker", title="Current smoker", description="Cigarettes within the past 30 days.", synonyms=("smoking",)
)
_TREATED: Final = YesNo(
    name="blood_pressure_treated",
    title="Blood pressure is treated",
    description="Takes medicines against high blood pressure.",
    synonyms=("treated", "antihypertensive", "hypertension_treatment"),
)
_STATIN: Final = YesNo(name="statin", title="Takes a statin", synonyms=("statins", "lipid_lowering"))
_SHARED: Final[tuple[Input, ...]] = (
    quantity(m.AGE), SEX, quantity(m.SBP), quantity(m.EGFR), _DIABETES, _SMOKER, _TREATED
)  # fmt: skip
_LIPIDS: Final[tuple[Input, ...]] = (quantity(m.TOTAL_CHOLESTEROL), quantity(m.HDL), _STATIN)

_VALID: Final = (
    Valid("age", ">= 30", "The model was derived for ages 30 to 79."),
    Valid("age", "< 80", "The model was derived for ages 30 to 79."),
    Valid("sbp", ">= 90", "The model was derived for a systolic pressure of 90 to 200 mmHg."),
    Valid("sbp", "<= 200", "The model was derived for a systolic pressure of 90 to 200 mmHg."),
    Valid("egfr", ">= 15", "The published calculators of the model take an eGFR of 15 mL/min/1.73 m2 and more."),
)
_VALID_LIPIDS: Final = (
    Valid("total_cholesterol", ">= 130", "The model was derived for a total cholesterol of 130 to 320 mg/dL."),
    Valid("total_cholesterol", "<= 320", "The model was derived for a total cholesterol of 130 to 320 mg/dL."),
    Valid("hdl", ">= 20", "The model was derived for an HDL cholesterol of 20 to 100 mg/dL."),
    Valid("hdl", "<= 100", "The model was derived for an HDL cholesterol of 20 to 100 mg/dL."),
)
_VALID_BMI: Final = (
    Valid("bmi", ">= 18.5", "The model was derived for a body mass index of 18.5 to below 40 kg/m2."),
    Valid("bmi", "< 40", "The model was derived for a body mass index of 18.5 to below 40 kg/m2."),
)


def _lipid_terms(values: Values) -> tuple[float, float, bool]:
    """Non-HDL, HDL and statin; the heart failure model uses none of them."""
    if not values.has("total_cholesterol"):
        return 0.0, 0.0, False
    total, hdl = values.number("total_cholesterol"), values.number("hdl")
    if total <= hdl:
        raise NotApplicable("total cholesterol is not above HDL cholesterol")
    return (total - hdl) * _MMOL - 3.5, (hdl * _MMOL - 1.3) / 0.3, values.yes("statin")


def _terms(values: Values) -> tuple[float, ...]:
    age = (values.number("age") - 55) / 10
    non_hdl, hdl, statin = _lipid_terms(values)
    pressure, gfr = values.number("sbp"), values.number("egfr")
    low_pressure, high_pressure = (min(pressure, 110) - 110) / 20, (max(pressure, 110) - 130) / 20
    bmi = values.optional("bmi")
    low_bmi, high_bmi = (0.0, 0.0) if bmi is None else ((min(bmi, 30) - 25) / 5, (max(bmi, 30) - 30) / 5)
    low_gfr, high_gfr = (min(gfr, 60) - 60) / -15, (max(gfr, 60) - 90) / -15
    diabetes, smoker, treated = values.yes("diabetes"), values.yes("smoker"), values.yes("blood_pressure_treated")
    return (
        age, non_hdl, hdl, low_pressure, high_pressure, diabetes, smoker, low_bmi, high_bmi, low_gfr, high_gfr,
        treated, statin, treated * high_pressure, statin * non_hdl, age * non_hdl, age * hdl, age * high_pressure,
        age * diabetes, age * smoker, age * high_bmi, age * low_gfr, 1,
    )  # fmt: skip


def _model(outcome: str, title: str, summary: str, more: tuple[Input, ...], valid: tuple[Valid, ...]) -> Calculator:
    def compute(values: Values, working: Working) -> float:
        coefficients = _COEFFICIENTS[outcome, values.choice("sex")]
        x = 0.0
        for name, coefficient, term in zip(_TERMS, coefficients, _terms(values), strict=True):
            if coefficient and term:
                working.step(f"{name}: {coefficient:g} x {shown(term)}")
                x += coefficient * term
        risk = 100 / (1 + math.exp(-x))
        working.step(f"x = {shown(x)}; risk = 1 / (1 + e^-x) = {shown(risk)} %")
        return risk

    return Calculator(
        id=f"prevent-{outcome}@2023",
        title=title,
        category="cardiovascular",
        summary=summary,
        synonyms=("prevent", "aha", "heart risk", "cardiovascular risk", outcome),
        inputs=(*_SHARED, *more),
        compute=compute,
        formula=(
            "p = 1 / (1 + e^-x), x the sum of: "
            + ", ".join(_TERMS)
            + "; age (age - 55) / 10, non-HDL and HDL in mmol/L"
            " (mg/dL x 0.02586) less 3.5 and (HDL - 1.3) / 0.3, SBP (min(SBP, 110) - 110) / 20 and (max(SBP, 110) -"
            " 130) / 20, BMI (min(BMI, 30) - 25) / 5 and (max(BMI, 30) - 30) / 5, eGFR (min(eGFR, 60) - 60) / -15 and"
            " (max(eGFR, 60) - 90) / -15; women "
            + ", ".join(f"{one:g}" for one in _COEFFICIENTS[outcome, "female"])
            + "; men "
            + ", ".join(f"{one:g}" for one in _COEFFICIENTS[outcome, "male"])
        ),
        unit="%",
        decimals=1,
        citations=(
            Citation(
                "Khan SS et al. Development and validation of the American Heart Association's PREVENT equations."
                " Circulation 2024;149:430-49",
                "10.1161/CIRCULATIONAHA.123.067626",
            ),
        ),
        validity="Ages 30 to 79 without cardiovascular disease; base model without HbA1c, albuminuria, deprivation.",
        valid=(*_VALID, *valid),
    )


CALCULATORS: Final = (
    _model(
        "cvd",
        "PREVENT risk of cardiovascular disease, 10 years",
        "Risk of atherosclerotic cardiovascular disease or heart failure within ten years.",
        _LIPIDS,
        _VALID_LIPIDS,
    ),
    _model(
        "ascvd",
        "PREVENT risk of atherosclerotic cardiovascular disease, 10 years",
        "Risk of myocardial infarction, coronary death or stroke within ten years.",
        _LIPIDS,
        _VALID_LIPIDS,
    ),
    _model(
        "hf",
        "PREVENT risk of heart failure, 10 years",
        "Risk of heart failure within ten years.",
        (quantity(m.BMI),),
        _VALID_BMI,
    ),
)
