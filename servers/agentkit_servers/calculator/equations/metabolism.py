"""Lipids and insulin resistance."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Calculator, Citation, Valid, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import shown


def _ldl(values: Values, working: Working) -> float:
    total, hdl, triglycerides = (values.number(name) for name in ("total_cholesterol", "hdl", "triglycerides"))
    result = total - hdl - triglycerides / 5
    working.step(f"{shown(total)} - {shown(hdl)} - {shown(triglycerides)} / 5 = {shown(result)} mg/dL")
    if result < 0:
        working.outside("The result is below zero, so the formula does not fit these values.")
    return result


def _homa(values: Values, working: Working) -> float:
    insulin, glucose = values.number("insulin"), values.number("glucose")
    result = insulin * glucose / 405
    working.step(f"{shown(insulin)} uU/mL x {shown(glucose)} mg/dL / 405 = {shown(result)}")
    return result


CALCULATORS: Final = (
    Calculator(
        id="ldl-friedewald@1972",
        title="LDL cholesterol (Friedewald)",
        category="endocrine and metabolism",
        summary="LDL cholesterol from total cholesterol, HDL and triglycerides.",
        synonyms=("ldl", "friedewald", "lipids"),
        inputs=(quantity(m.TOTAL_CHOLESTEROL), quantity(m.HDL), quantity(m.TRIGLYCERIDES)),
        compute=_ldl,
        formula="TC - HDL - TG / 5, in mg/dL",
        unit="mg/dL",
        decimals=0,
        citations=(
            Citation(
                "Friedewald WT et al. Estimation of the concentration of low-density lipoprotein cholesterol in plasma,"
                " without use of the preparative ultracentrifuge. Clin Chem 1972;18:499-502",
                "10.1093/clinchem/18.6.499",
            ),
        ),
        validity="Fasting, triglycerides below 400 mg/dL, no type III hyperlipoproteinaemia.",
        valid=(Valid("triglycerides", "< 400", "The formula is not valid for triglycerides of 400 mg/dL and more."),),
    ),
    Calculator(
        id="homa-ir@1985",
        title="HOMA-IR",
        category="endocrine and metabolism",
        summary="Insulin resistance from fasting insulin and fasting glucose.",
        synonyms=("insulin resistance", "homeostatic model assessment", "homa"),
        inputs=(quantity(m.INSULIN), quantity(m.GLUCOSE, title="Fasting glucose", synonyms=("fasting_glucose",))),
        compute=_homa,
        formula="insulin [uU/mL] x glucose [mg/dL] / 405",
        unit="",
        decimals=1,
        citations=(
            Citation(
                "Matthews DR et al. Homeostasis model assessment: insulin resistance and beta-cell function from"
                " fasting plasma glucose and insulin concentrations in man. Diabetologia 1985;28:412-9",
                "10.1007/BF00280883",
            ),
        ),
        validity="Fasting; not with insulin treatment. Cut-offs depend on population and assay.",
    ),
)
