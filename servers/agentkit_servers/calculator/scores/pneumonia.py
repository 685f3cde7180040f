"""Community-acquired pneumonia: CURB-65 and the Pneumonia Severity Index."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import SEX, Bands, Citation, Tally, Working, quantity, rule, score, yes_no
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.scores.items import ADULTS, either, met

_UREA_OF_THE_SOURCE: Final = 7 / 0.357
"""7 mmol/L of urea in mg/dL of urea nitrogen, above which Lim counts; in the USA it is written as > 19 mg/dL."""


def _between_two_limits(tally: Tally, working: Working) -> None:
    given = tally.values.known["urea_nitrogen"]
    if isinstance(given, float) and 19 < given <= _UREA_OF_THE_SOURCE:
        working.flag(
            "between-limits",
            "Urea nitrogen counts from above 19 mg/dL here; the original limit is urea above 7 mmol/L (19.6 mg/dL),"
            " by which this value gives no point.",
        )


CURB_65: Final = score(
    id="curb-65@2003",
    title="CURB-65",
    category="infection",
    summary="Thirty-day mortality of community-acquired pneumonia.",
    synonyms=("pneumonia severity", "CAP", "CURB65"),
    items=(
        yes_no("confusion", 1, "Confusion", "New disorientation in person, place or time, or AMTS of 8 or less."),
        met(m.UREA_NITROGEN, "> 19", 1, "Urea nitrogen > 19 mg/dL"),
        met(m.RESPIRATORY_RATE, ">= 30", 1, "Respiratory rate >= 30/min"),
        either(
            "blood_pressure",
            "Systolic pressure < 90 or diastolic <= 60 mmHg",
            1,
            (m.SBP, "< 90"),
            (m.DBP, "<= 60"),
        ),
        met(m.AGE, ">= 65", 1, "Age >= 65"),
    ),
    citations=(
        Citation("Lim WS, van der Eerden MM, Laing R, et al. Thorax 2003;58:377-382.", "10.1136/thorax.58.5.377"),
    ),
    validity="Adults with community-acquired pneumonia.",
    valid=(ADULTS,),
    bands=Bands(
        "Lim 2003 (30-day mortality 1.5 %, 9.2 %, 22 %)", ((">= 3", "high"), ("= 2", "intermediate"), ("else", "low"))
    ),
    finish=_between_two_limits,
)

_STEP_ONE: Final = (
    "neoplasm",
    "liver_disease",
    "heart_failure",
    "cerebrovascular_disease",
    "renal_disease",
    "altered_mental_status",
    "respiratory_rate",
    "sbp",
    "temperature",
    "heart_rate",
)
"""Without any of these, and up to 50 years of age, the class is I whatever the total is (Fine 1997, step 1)."""


def _risk_class(tally: Tally, working: Working) -> None:
    if tally.values.years() <= 50 and not any(tally.points[name] for name in _STEP_ONE):
        working.step("step 1: age <= 50 and no finding of step 1: class I")
        working.band = "class I"


PSI: Final = score(
    id="psi@1997",
    title="Pneumonia Severity Index (PORT)",
    category="infection",
    summary="Thirty-day mortality of community-acquired pneumonia in five risk classes.",
    synonyms=("PORT score", "Fine score", "pneumonia severity", "CAP"),
    items=(
        rule(
            "age",
            "Age in completed years",
            (quantity(m.AGE),),
            lambda v: v.years(),
            "1 per completed year",
            normal=None,
        ),
        rule("sex", "Sex", (SEX,), lambda v: -10 if v.female else 0, "female -10", normal=None),
        yes_no("nursing_home", 10, "Nursing home resident"),
        yes_no("neoplasm", 30, "Neoplastic disease", "Active or within one year; not basal or squamous skin cancer."),
        yes_no("liver_disease", 20, "Liver disease", "Cirrhosis or another chronic liver disease."),
        yes_no("heart_failure", 10, "Congestive heart failure"),
        yes_no("cerebrovascular_disease", 10, "Cerebrovascular disease", "Stroke or TIA."),
        yes_no("renal_disease", 10, "Renal disease", "Chronic, or abnormal urea nitrogen and creatinine on record."),
        yes_no(
            "altered_mental_status", 20, "Altered mental status", "Disoriented, stupor or coma, not known as chronic."
        ),
        met(m.RESPIRATORY_RATE, ">= 30", 20, "Respiratory rate >= 30/min"),
        met(m.SBP, "< 90", 20, "Systolic pressure < 90 mmHg"),
        either("temperature", "Temperature < 35 or > 39.9 Cel", 15, (m.TEMPERATURE, "< 35"), (m.TEMPERATURE, "> 39.9")),
        met(m.HEART_RATE, ">= 125", 10, "Heart rate >= 125/min"),
        met(m.PH, "< 7.35", 30, "Arterial pH < 7.35"),
        met(m.UREA_NITROGEN, ">= 30", 20, "Urea nitrogen >= 30 mg/dL"),
        met(m.SODIUM, "< 130", 20, "Sodium < 130 mmol/L"),
        met(m.GLUCOSE, ">= 250", 10, "Glucose >= 250 mg/dL"),
        met(m.HEMATOCRIT, "< 30", 10, "Haematocrit < 30 %"),
        met(m.PAO2, "< 60", 10, "Arterial oxygen pressure < 60 mmHg"),
        yes_no("pleural_effusion", 10, "Pleural effusion"),
    ),
    citations=(
        Citation("Fine MJ, Auble TE, Yealy DM, et al. N Engl J Med 1997;336:243-250.", "10.1056/NEJM199701233360402"),
    ),
    validity="Adults with community-acquired pneumonia, not immunosuppressed by HIV, not recently discharged.",
    valid=(ADULTS,),
    bands=Bands(
        "Fine 1997 (class I by step 1; mortality I 0.1 %, II 0.6 %, III 0.9 %, IV 9.3 %, V 27.0 % in the PORT cohort)",
        (("> 130", "class V"), ("> 90", "class IV"), ("> 70", "class III"), ("else", "class II")),
    ),
    finish=_risk_class,
)

CALCULATORS: Final = (CURB_65, PSI)
