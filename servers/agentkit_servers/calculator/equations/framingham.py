"""Framingham risk of hard coronary heart disease within ten years (ATP III)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from agentkit_servers.calculator.core import SEX, Calculator, Citation, Valid, Values, Working, YesNo, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import shown


@dataclass(frozen=True, slots=True)
class _Model:
    age: float
    cholesterol: float
    hdl: float
    pressure: float
    treated: float
    smoker: float
    age_cholesterol: float
    age_smoker: float
    smoker_age_cap: float
    age_squared: float
    constant: float
    survival: float


_MEN: Final = _Model(
    52.00961, 20.014077, -0.905964, 1.305784, 0.241549, 12.096316, -4.605038, -2.84367, 70, -2.93323,
    -172.300168, 0.9402,
)  # fmt: skip
_WOMEN: Final = _Model(
    31.764001, 22.465206, -1.187731, 2.552905, 0.420251, 13.07543, -5.060998, -2.996945, 78, 0, -146.5933061, 0.98767
)  # fmt: skip


def _risk(values: Values, working: Working) -> float:
    model = _WOMEN if values.female else _MEN
    age = values.number("age")
    log_age, log_cholesterol = math.log(age), math.log(values.number("total_cholesterol"))
    smoker, treated = values.yes("smoker"), values.yes("blood_pressure_treated")
    x = (
        model.age * log_age
        + model.cholesterol * log_cholesterol
        + model.hdl * math.log(values.number("hdl"))
        + model.pressure * math.log(values.number("sbp"))
        + model.treated * treated
        + model.smoker * smoker
        + model.age_cholesterol * log_age * log_cholesterol
        + model.age_smoker * math.log(min(age, model.smoker_age_cap)) * smoker
        + model.age_squared * log_age**2
        + model.constant
    )
    risk = 100 * (1 - model.survival ** math.exp(x))
    working.step(f"x = {shown(x)} ({'women' if values.female else 'men'})")
    working.step(f"risk = 1 - {model.survival:g}^(e^x) = {shown(risk)} %")
    return risk


CALCULATORS: Final = (
    Calculator(
        id="framingham-hard-chd@2002",
        title="Framingham risk of hard coronary heart disease, 10 years",
        category="cardiovascular",
        summary="Risk of myocardial infarction or coronary death within ten years.",
        synonyms=("framingham risk score", "frs", "atp iii", "heart attack risk", "coronary risk"),
        inputs=(
            quantity(m.AGE),
            SEX,
            quantity(m.TOTAL_CHOLESTEROL),
            quantity(m.HDL),
            quantity(m.SBP),
            YesNo(
                name="blood_pressure_treated",
                title="Blood pressure is treated",
                description="Takes medicines against high blood pressure.",
                synonyms=("treated", "hypertension_treatment"),
            ),
            YesNo(name="smoker", title="Smoker", description="Smoked in the past month.", synonyms=("smoking",)),
        ),
        compute=_risk,
        formula=(
            "men: x = 52.00961 ln age + 20.014077 ln TC - 0.905964 ln HDL + 1.305784 ln SBP + 0.241549 treated"
            " + 12.096316 smoker - 4.605038 ln age ln TC - 2.84367 ln(min(age, 70)) smoker - 2.93323 (ln age)^2"
            " - 172.300168, risk = 1 - 0.9402^(e^x); women: x = 31.764001 ln age + 22.465206 ln TC - 1.187731 ln HDL"
            " + 2.552905 ln SBP + 0.420251 treated + 13.07543 smoker - 5.060998 ln age ln TC"
            " - 2.996945 ln(min(age, 78)) smoker - 146.5933061, risk = 1 - 0.98767^(e^x); mg/dL, mmHg, years"
        ),
        unit="%",
        decimals=1,
        citations=(
            Citation(
                "Third report of the National Cholesterol Education Program (Adult Treatment Panel III), final report."
                " Circulation 2002;106:3143-421",
                "10.1161/circ.106.25.3143",
            ),
            Citation("Wilson PW et al. Prediction of coronary heart disease using risk factor categories. Circulation"
                     " 1998;97:1837-47", "10.1161/01.CIR.97.18.1837"),
        ),
        validity="Ages 30 to 79 without known coronary heart disease, diabetes or intermittent claudication.",
        valid=(
            Valid("age", ">= 30", "The risk was derived for ages 30 to 79."),
            Valid("age", "< 80", "The risk was derived for ages 30 to 79."),
        ),
        superseded="Newer models (PREVENT, 2023) have replaced the hard coronary risk of 2002 in US guidelines.",
    ),
)  # fmt: skip
