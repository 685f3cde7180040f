"""Glomerular filtration estimated from creatinine and cystatin C."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import SEX, Bands, Calculator, Citation, Option, Valid, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import shown

UNIT: Final = "mL/min/1.73 m2"

_BANDS: Final = Bands(
    "KDIGO 2024",
    ((">= 90", "G1"), (">= 60", "G2"), (">= 45", "G3a"), (">= 30", "G3b"), (">= 15", "G4"), ("else", "G5")),
    of_rounded=True,
)
_ADULTS: Final = (Valid("age", ">= 18", "The equation was derived for adults of 18 years and more."),)
_VALIDITY: Final = "Adults in a steady state; not in acute kidney injury, on dialysis, or with unusual muscle mass."

_INKER_2021: Final = Citation(
    "Inker LA et al. New creatinine- and cystatin C-based equations to estimate GFR without race. N Engl J Med"
    " 2021;385:1737-49",
    "10.1056/NEJMoa2102953",
)
_INKER_2012: Final = Citation(
    "Inker LA et al. Estimating glomerular filtration rate from serum creatinine and cystatin C. N Engl J Med"
    " 2012;367:20-9",
    "10.1056/NEJMoa1114248",
)


def _kappa(values: Values) -> float:
    return 0.7 if values.female else 0.9


def _creatinine(values: Values, working: Working) -> float:
    creatinine, age, kappa = values.number("creatinine"), values.number("age"), _kappa(values)
    alpha = -0.241 if values.female else -0.302
    ratio = creatinine / kappa
    result = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age * (1.012 if values.female else 1)
    working.step(f"Cr/k = {shown(creatinine)} / {kappa} = {shown(ratio)}")
    working.step(
        f"142 x min({shown(ratio)}, 1)^{alpha} x max({shown(ratio)}, 1)^-1.200 x 0.9938^{shown(age)}"
        f"{' x 1.012' if values.female else ''} = {shown(result)}"
    )
    return result


def _both(values: Values, working: Working) -> float:
    creatinine, cystatin, age = values.number("creatinine"), values.number("cystatin_c"), values.number("age")
    kappa, alpha = _kappa(values), -0.219 if values.female else -0.144
    ratio, other = creatinine / kappa, cystatin / 0.8
    result = (
        135
        * min(ratio, 1) ** alpha
        * max(ratio, 1) ** -0.544
        * min(other, 1) ** -0.323
        * max(other, 1) ** -0.778
        * 0.9961**age
        * (0.963 if values.female else 1)
    )
    working.step(f"Cr/k = {shown(creatinine)} / {kappa} = {shown(ratio)}; Cys/0.8 = {shown(other)}")
    working.step(
        f"135 x min({shown(ratio)}, 1)^{alpha} x max({shown(ratio)}, 1)^-0.544 x min({shown(other)}, 1)^-0.323"
        f" x max({shown(other)}, 1)^-0.778 x 0.9961^{shown(age)}{' x 0.963' if values.female else ''} = {shown(result)}"
    )
    return result


def _cystatin(values: Values, working: Working) -> float:
    cystatin, age = values.number("cystatin_c"), values.number("age")
    ratio = cystatin / 0.8
    result = 133 * min(ratio, 1) ** -0.499 * max(ratio, 1) ** -1.328 * 0.996**age * (0.932 if values.female else 1)
    working.step(
        f"133 x min({shown(ratio)}, 1)^-0.499 x max({shown(ratio)}, 1)^-1.328 x 0.996^{shown(age)}"
        f"{' x 0.932' if values.female else ''} = {shown(result)}"
    )
    return result


def _mdrd(values: Values, working: Working) -> float:
    creatinine, age = values.number("creatinine"), values.number("age")
    result = 175 * creatinine**-1.154 * age**-0.203 * (0.742 if values.female else 1)
    said = f"175 x {shown(creatinine)}^-1.154 x {shown(age)}^-0.203{' x 0.742' if values.female else ''}"
    if values.option("race_term") == "black":
        result *= 1.212
        said += " x 1.212"
        working.flag("race-based", "The race term of 1.212 is outdated; it was used because it was asked for.")
    working.step(f"{said} = {shown(result)}")
    return result


CALCULATORS: Final = (
    Calculator(
        id="ckd-epi-creatinine@2021",
        title="CKD-EPI creatinine",
        category="kidney",
        summary="Kidney function: glomerular filtration rate estimated from creatinine, without race.",
        synonyms=("egfr", "gfr", "kidney function", "renal function", "ckd epi", "ckd-epi", "chronic kidney disease"),
        inputs=(quantity(m.AGE), SEX, quantity(m.CREATININE)),
        compute=_creatinine,
        formula=(
            "142 x min(Cr/k, 1)^a x max(Cr/k, 1)^-1.200 x 0.9938^age x (1.012 if female); k 0.7 female, 0.9 male;"
            " a -0.241 female, -0.302 male; Cr in mg/dL"
        ),
        unit=UNIT,
        decimals=0,
        citations=(_INKER_2021,),
        validity=_VALIDITY,
        valid=_ADULTS,
        bands=_BANDS,
    ),
    Calculator(
        id="ckd-epi-creatinine-cystatin-c@2021",
        title="CKD-EPI creatinine and cystatin C",
        category="kidney",
        summary="Kidney function: glomerular filtration rate estimated from creatinine and cystatin C, without race.",
        synonyms=("egfr", "gfr", "kidney function", "renal function", "ckd-epi equations", "cystatin"),
        inputs=(quantity(m.AGE), SEX, quantity(m.CREATININE), quantity(m.CYSTATIN_C)),
        compute=_both,
        formula=(
            "135 x min(Cr/k, 1)^a x max(Cr/k, 1)^-0.544 x min(Cys/0.8, 1)^-0.323 x max(Cys/0.8, 1)^-0.778 x 0.9961^age"
            " x (0.963 if female); k 0.7 female, 0.9 male; a -0.219 female, -0.144 male; Cr in mg/dL, Cys in mg/L"
        ),
        unit=UNIT,
        decimals=0,
        citations=(_INKER_2021,),
        validity=_VALIDITY,
        valid=_ADULTS,
        bands=_BANDS,
    ),
    Calculator(
        id="ckd-epi-cystatin-c@2012",
        title="CKD-EPI cystatin C",
        category="kidney",
        summary="Kidney function: glomerular filtration rate estimated from cystatin C alone.",
        synonyms=("egfr", "gfr", "kidney function", "renal function", "ckd-epi equations", "cystatin"),
        inputs=(quantity(m.AGE), SEX, quantity(m.CYSTATIN_C)),
        compute=_cystatin,
        formula=("133 x min(Cys/0.8, 1)^-0.499 x max(Cys/0.8, 1)^-1.328 x 0.996^age x (0.932 if female); Cys in mg/L"),
        unit=UNIT,
        decimals=0,
        citations=(_INKER_2012,),
        validity="Adults in a steady state; thyroid disease, steroids and inflammation change cystatin C.",
        valid=_ADULTS,
        bands=_BANDS,
    ),
    Calculator(
        id="mdrd@2006",
        title="MDRD (four variables)",
        category="kidney",
        summary="Kidney function: older estimate of the glomerular filtration rate from creatinine.",
        synonyms=("egfr", "gfr", "kidney function", "renal function", "modification of diet in renal disease"),
        inputs=(quantity(m.AGE), SEX, quantity(m.CREATININE)),
        compute=_mdrd,
        formula="175 x Cr^-1.154 x age^-0.203 x (0.742 if female) x (1.212 race term, only by option); Cr in mg/dL",
        unit=UNIT,
        decimals=0,
        citations=(
            Citation(
                "Levey AS et al. Using standardized serum creatinine values in the Modification of Diet in Renal"
                " Disease study equation. Ann Intern Med 2006;145:247-54",
                "10.7326/0003-4819-145-4-200608150-00004",
            ),
        ),
        validity="Adults with chronic kidney disease in a steady state; imprecise above 60.",
        valid=_ADULTS,
        bands=_BANDS,
        options=(Option("race_term", "Multiply by the outdated race term of the original", ("off", "black")),),
        superseded="Superseded by CKD-EPI creatinine 2021 (ckd-epi-creatinine@2021), which has no race term.",
        race_based=True,
    ),
)
