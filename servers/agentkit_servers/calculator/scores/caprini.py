"""The Caprini risk assessment for venous thromboembolism, version of 2005."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from agentkit_servers.calculator.core import (
    Bands,
    Citation,
    Quantity,
    Tally,
    Values,
    Working,
    graded,
    pick,
    quantity,
    rule,
    score,
    yes_no,
)
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import shown
from agentkit_servers.calculator.scores.items import ADULTS, derived, holds, ratio

_WITHIN = "Within the last month."

_SURGERY: Final = pick(
    "surgery",
    "Surgery planned or just done",
    {
        "none": (0, "none"),
        "minor": (1, "minor, up to 45 minutes"),
        "major": (2, "major, open, over 45 minutes"),
        "laparoscopic": (2, "laparoscopic, over 45 minutes"),
        "arthroscopic": (2, "arthroscopic"),
        "arthroplasty": (5, "elective arthroplasty of the leg"),
    },
    "One kind only: the one with the most points.",
    normal="none",
    spellings={"no": "none", "elective major lower extremity arthroplasty": "arthroplasty"},
)

_MOBILITY: Final = pick(
    "mobility",
    "Mobility",
    {
        "normal": (0, "mobile"),
        "bed rest": (1, "medical patient at bed rest"),
        "confined": (2, "confined to bed for more than 72 hours"),
    },
    normal="normal",
    spellings={"mobile": "normal", "bed_rest": "bed rest", "confined to bed": "confined"}
    | {"confined to bed >72 hours": "confined", "on bed rest": "bed rest"},
)

_BMI: Final = Quantity(
    name="bmi",
    title="Body mass index",
    description="A number, or yes or no to: > 25 kg/m2; worked out from height and weight where it is not given.",
    synonyms=m.BMI.synonyms,
    required=False,
    measure=m.BMI,
    words={True: True, False: False},
)
_HEIGHT: Final = replace(quantity(m.HEIGHT, description="Needed only without bmi."), assumable=True)
_WEIGHT: Final = replace(quantity(m.WEIGHT, description="Needed only without bmi."), assumable=True)


def _overweight(values: Values) -> float:
    if values.has("bmi"):
        return 1 if holds(values, "bmi", "> 25") else 0
    return 1 if _bmi(values) > 25 else 0


def _bmi(values: Values) -> float:
    return ratio(values.number("weight") * 10_000, values.number("height") ** 2)


def _show(tally: Tally, working: Working) -> None:
    values = tally.values
    if not values.has("bmi") and values.has("height") and values.has("weight"):
        derived(working, f"body mass index = weight / height^2 = {shown(_bmi(values))} kg/m2")


CAPRINI: Final = score(
    id="caprini@2005",
    title="Caprini risk assessment",
    category="haematology and thrombosis",
    summary="Risk of venous thromboembolism around surgery.",
    synonyms=("venous thromboembolism", "VTE risk", "DVT risk", "perioperative thrombosis", "blood clot"),
    items=(
        graded(m.AGE, ((">= 75", 3), (">= 61", 2), (">= 41", 1))),
        _SURGERY,
        yes_no("recent_major_surgery", 1, "Major surgery", _WITHIN),
        yes_no("heart_failure", 1, "Congestive heart failure", _WITHIN),
        yes_no("sepsis", 1, "Sepsis", _WITHIN),
        yes_no("pneumonia", 1, "Serious lung disease including pneumonia", _WITHIN),
        yes_no("cast", 2, "Immobilising plaster cast", _WITHIN),
        yes_no("fracture", 5, "Fracture of hip, pelvis or leg", _WITHIN),
        yes_no("stroke", 5, "Stroke", _WITHIN),
        yes_no("multiple_trauma", 5, "Multiple trauma", _WITHIN),
        yes_no("spinal_cord_injury", 5, "Acute spinal cord injury with paralysis", _WITHIN),
        yes_no("varicose_veins", 1, "Varicose veins"),
        yes_no("swollen_legs", 1, "Swollen legs", "At present."),
        yes_no("central_venous_access", 2, "Central venous access"),
        yes_no("prior_vte", 3, "History of DVT or PE"),
        yes_no("family_history", 3, "Family history of thrombosis"),
        yes_no("factor_v_leiden", 3, "Factor V Leiden"),
        yes_no("prothrombin_20210a", 3, "Prothrombin 20210A"),
        yes_no("homocysteine", 3, "Elevated serum homocysteine"),
        yes_no("lupus_anticoagulant", 3, "Lupus anticoagulant"),
        yes_no("anticardiolipin", 3, "Anticardiolipin antibodies"),
        yes_no("hit", 3, "Heparin-induced thrombocytopenia"),
        yes_no("other_thrombophilia", 3, "Other congenital or acquired thrombophilia"),
        _MOBILITY,
        yes_no("inflammatory_bowel_disease", 1, "History of inflammatory bowel disease"),
        rule(
            "overweight",
            "Body mass index > 25 kg/m2",
            (_BMI, _HEIGHT, _WEIGHT),
            _overweight,
            "> 25 1, counted once",
            together=True,
            # On either side of the limit with another one, so that both are asked for.
            probes={"height": (170.0,), "weight": (70.0,)},
        ),
        yes_no("myocardial_infarction", 1, "Acute myocardial infarction"),
        yes_no("copd", 1, "Chronic obstructive pulmonary disease"),
        yes_no("malignancy", 2, "Malignancy", "Present or previous."),
    ),
    citations=(
        Citation("Caprini JA. Dis Mon 2005;51:70-78.", "10.1016/j.disamonth.2005.02.003"),
        Citation("Bahl V, Hu HM, Henke PK, et al. Ann Surg 2010;251:344-350.", "10.1097/SLA.0b013e3181b7fca6"),
    ),
    validity=(
        "Adults in surgical care. The items of the form for women only (contraceptives or hormone replacement,"
        " pregnancy or the month after it, unexplained pregnancy losses: 1 point each) are not part of this table."
    ),
    valid=(ADULTS,),
    bands=Bands(
        "Caprini 2005",
        ((">= 5", "highest risk"), (">= 3", "higher risk"), ("= 2", "moderate risk"), ("else", "low risk")),
    ),
    finish=_show,
)

CALCULATORS: Final = (CAPRINI,)
