"""Liver: fibrosis and the scores for end-stage liver disease."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

from agentkit_servers.calculator.core import SEX, Bands, Calculator, Citation, Valid, Values, Working, YesNo, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import rounded, shown, whole

_DIALYSIS: Final = YesNo(
    name="dialysis",
    title="Dialysis",
    description="At least twice within the past seven days, or 24 hours of continuous haemodialysis.",
    synonyms=("dialysis_twice_in_week", "cvvhd"),
)


def _fib4(values: Values, working: Working) -> float:
    age, ast, alt, platelets = (values.number(name) for name in ("age", "ast", "alt", "platelets"))
    result = age * ast / (platelets * math.sqrt(alt))
    working.step(f"{shown(age)} x {shown(ast)} / ({shown(platelets)} x sqrt({shown(alt)})) = {shown(result)}")
    return result


def _bounded(value: float, low: float, high: float = math.inf) -> float:
    return min(max(value, low), high)


def _creatinine(values: Values, working: Working, cap: float) -> float:
    """Dialysis sets creatinine to the cap, whatever it is."""
    creatinine = cap if values.yes("dialysis") else _bounded(values.number("creatinine"), 1.0, cap)
    why = "dialysis" if values.yes("dialysis") else f"bounded to 1.0-{cap}"
    working.step(f"creatinine used = {shown(creatinine)} mg/dL ({why})")
    return creatinine


def _meld_na(values: Values, working: Working) -> float:
    creatinine = _creatinine(values, working, 4.0)
    bilirubin, inr = _bounded(values.number("bilirubin"), 1.0), _bounded(values.number("inr"), 1.0)
    sodium = _bounded(values.number("sodium"), 125, 137)
    raw = 0.957 * math.log(creatinine) + 0.378 * math.log(bilirubin) + 1.12 * math.log(inr) + 0.643
    initial = float(Decimal(rounded(raw, 1)) * 10)
    working.step(
        f"0.957 ln {shown(creatinine)} + 0.378 ln {shown(bilirubin)} + 1.120 ln {shown(inr)} + 0.643 = {shown(raw)};"
        f" MELD(i) = {shown(initial)}"
    )
    score = initial
    if initial > 11:
        score = initial + 1.32 * (137 - sodium) - 0.033 * initial * (137 - sodium)
        working.step(
            f"{shown(initial)} + 1.32 x (137 - {shown(sodium)}) - 0.033 x {shown(initial)} x (137 - {shown(sodium)})"
            f" = {shown(score)}"
        )
    result = min(whole(score), 40)
    working.step(f"rounded and at most 40: {result}")
    return float(result)


def _meld_3(values: Values, working: Working) -> float:
    creatinine = _creatinine(values, working, 3.0)
    bilirubin, inr = _bounded(values.number("bilirubin"), 1.0), _bounded(values.number("inr"), 1.0)
    low_sodium = 137 - _bounded(values.number("sodium"), 125, 137)
    low_albumin = 3.5 - _bounded(values.number("albumin"), 1.5, 3.5)
    log_bilirubin, log_creatinine = math.log(bilirubin), math.log(creatinine)
    score = (
        1.33 * values.female
        + 4.56 * log_bilirubin
        + 0.82 * low_sodium
        - 0.24 * low_sodium * log_bilirubin
        + 9.09 * math.log(inr)
        + 11.14 * log_creatinine
        + 1.85 * low_albumin
        - 1.83 * low_albumin * log_creatinine
        + 6
    )
    working.step(
        f"{'1.33 + ' if values.female else ''}4.56 ln {shown(bilirubin)} + 0.82 x {shown(low_sodium)}"
        f" - 0.24 x {shown(low_sodium)} x ln {shown(bilirubin)} + 9.09 ln {shown(inr)} + 11.14 ln {shown(creatinine)}"
        f" + 1.85 x {shown(low_albumin)} - 1.83 x {shown(low_albumin)} x ln {shown(creatinine)} + 6 = {shown(score)}"
    )
    result = int(_bounded(whole(score), 6, 40))
    working.step(f"rounded, from 6 to 40: {result}")
    return float(result)


CALCULATORS: Final = (
    Calculator(
        id="fib-4@2006",
        title="FIB-4 index",
        category="liver",
        summary="Liver fibrosis from age, transaminases and platelets.",
        synonyms=("liver fibrosis", "fib4", "cirrhosis", "hepatic fibrosis"),
        inputs=(quantity(m.AGE), quantity(m.AST), quantity(m.ALT), quantity(m.PLATELETS)),
        compute=_fib4,
        formula="age x AST / (platelets [10^9/L] x sqrt(ALT))",
        unit="",
        decimals=2,
        citations=(
            Citation("Sterling RK et al. Development of a simple noninvasive index to predict significant fibrosis"
                     " in patients with HIV/HCV coinfection. Hepatology 2006;43:1317-25", "10.1002/hep.21178"),
        ),
        validity="Ages 35 to 65 with chronic liver disease; other cut-offs are in use for fatty liver.",
        valid=(
            Valid("age", ">= 35", "The index is less reliable outside ages 35 to 65."),
            Valid("age", "< 66", "The index is less reliable outside ages 35 to 65."),
        ),
        bands=Bands("Sterling 2006", (
            ("< 1.45", "advanced fibrosis unlikely"), ("<= 3.25", "indeterminate"),
            ("else", "advanced fibrosis likely"),
        )),
    ),
    Calculator(
        id="meld-na@2016",
        title="MELD-Na score",
        category="liver",
        summary="Severity of end-stage liver disease, with sodium (UNOS 2016).",
        synonyms=("meld", "model for end-stage liver disease", "liver transplant", "cirrhosis"),
        inputs=(
            quantity(m.CREATININE), quantity(m.BILIRUBIN), quantity(m.INR), quantity(m.SODIUM), _DIALYSIS,
        ),
        compute=_meld_na,
        formula=(
            "MELD(i) = (0.957 ln Cr + 0.378 ln bilirubin + 1.120 ln INR + 0.643, rounded to 0.1) x 10; Cr, bilirubin"
            " and INR at least 1.0, Cr at most 4.0, dialysis sets Cr to 4.0; if MELD(i) > 11: + 1.32 (137 - Na) - 0.033"
            " MELD(i) (137 - Na), Na 125 to 137; rounded, at most 40"
        ),
        unit="points",
        decimals=0,
        citations=(
            Citation("Kim WR et al. Hyponatremia and mortality among patients on the liver-transplant waiting list. N"
                     " Engl J Med 2008;359:1018-26", "10.1056/NEJMoa0801209"),
            Citation("OPTN/UNOS policy 9.1, MELD score, January 2016"),
        ),
        validity="12 years and more with chronic liver disease.",
        superseded="US allocation uses MELD 3.0 (meld-3@2021) since 2023.",
    ),
    Calculator(
        id="meld-3@2021",
        title="MELD 3.0 score",
        category="liver",
        summary="Severity of end-stage liver disease, with sodium, albumin and sex.",
        synonyms=("meld", "meld 3", "model for end-stage liver disease", "liver transplant", "cirrhosis"),
        inputs=(
            SEX, quantity(m.CREATININE), quantity(m.BILIRUBIN), quantity(m.INR), quantity(m.SODIUM),
            quantity(m.ALBUMIN), _DIALYSIS,
        ),
        compute=_meld_3,
        formula=(
            "1.33 if female + 4.56 ln bilirubin + 0.82 (137 - Na) - 0.24 (137 - Na) ln bilirubin + 9.09 ln INR + 11.14"
            " ln Cr + 1.85 (3.5 - albumin) - 1.83 (3.5 - albumin) ln Cr + 6; bilirubin, INR and Cr at least 1.0, Cr at"
            " most 3.0, dialysis sets Cr to 3.0, Na 125 to 137, albumin 1.5 to 3.5; rounded, 6 to 40"
        ),
        unit="points",
        decimals=0,
        citations=(
            Citation("Kim WR et al. MELD 3.0: the model for end-stage liver disease updated for the modern era."
                     " Gastroenterology 2021;161:1887-95", "10.1053/j.gastro.2021.08.050"),
        ),
        validity="Adults with chronic liver disease.",
    ),
)  # fmt: skip
