"""Venous thromboembolism, diagnosis: Wells for pulmonary embolism and for deep vein thrombosis, and PERC."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Bands, Citation, Tally, Working, score, yes_no
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.scores.items import ADULTS, CALF_DIFFERENCE, met


def _three_levels(tally: Tally, working: Working) -> None:
    level = "high" if tally.total > 6 else "moderate" if tally.total >= 2 else "low"
    working.also("three-level probability (Wells 2000)", level, "")


WELLS_PE: Final = score(
    id="wells-pe@2000",
    title="Wells score for pulmonary embolism",
    category="haematology and thrombosis",
    summary="Clinical probability of pulmonary embolism before testing.",
    synonyms=("pulmonary embolism", "PE", "Wells criteria", "pretest probability", "blood clot"),
    items=(
        yes_no("dvt_signs", 3, "Clinical signs of DVT", "At least leg swelling and pain on palpation of deep veins."),
        yes_no("pe_most_likely", 3, "PE the most likely diagnosis", "An alternative diagnosis is less likely than PE."),
        met(m.HEART_RATE, "> 100", 1.5, "Heart rate > 100/min"),
        yes_no(
            "immobilisation_or_surgery",
            1.5,
            "Immobilisation or surgery",
            "Bed rest for at least 3 days, or surgery within the last 4 weeks.",
            synonyms=("immobilization_or_surgery",),
        ),
        yes_no("prior_vte", 1.5, "Previous PE or DVT"),
        yes_no("haemoptysis", 1, "Haemoptysis", synonyms=("hemoptysis",)),
        yes_no("cancer", 1, "Cancer", "Treated now or within 6 months, or palliative."),
    ),
    citations=(
        Citation("Wells PS, Anderson DR, Rodger M, et al. Thromb Haemost 2000;83:416-420.", "10.1055/s-0037-1613830"),
    ),
    validity="Adults with suspected pulmonary embolism; not validated in pregnancy.",
    bands=Bands("Wells 2000, two levels", (("> 4", "PE likely"), ("else", "PE unlikely"))),
    decimals=1,
    finish=_three_levels,
)

WELLS_DVT: Final = score(
    id="wells-dvt@2003",
    title="Wells score for deep vein thrombosis",
    category="haematology and thrombosis",
    summary="Clinical probability of deep vein thrombosis of the leg before testing.",
    synonyms=("deep vein thrombosis", "DVT", "Wells criteria", "pretest probability", "leg swelling", "blood clot"),
    items=(
        yes_no("cancer", 1, "Active cancer", "Treated now or within 6 months, or palliative."),
        yes_no("paralysis_or_cast", 1, "Paralysis, paresis or recent plaster cast of the leg"),
        yes_no(
            "bedridden_or_surgery",
            1,
            "Bedridden or surgery",
            "Bedridden for more than 3 days, or major surgery within 12 weeks.",
        ),
        yes_no("tenderness", 1, "Tenderness along the deep veins"),
        yes_no("leg_swollen", 1, "Entire leg swollen"),
        met(
            CALF_DIFFERENCE,
            "> 3",
            1,
            "Calf swelling > 3 cm",
        ),
        yes_no("pitting_oedema", 1, "Pitting oedema of the symptomatic leg", synonyms=("pitting_edema",)),
        yes_no("collateral_veins", 1, "Collateral superficial veins", "Not varicose."),
        yes_no("prior_dvt", 1, "Previously documented DVT"),
        yes_no("alternative_diagnosis", -2, "Alternative diagnosis at least as likely as DVT"),
    ),
    citations=(
        Citation("Wells PS, Anderson DR, Rodger M, et al. N Engl J Med 2003;349:1227-1235.", "10.1056/NEJMoa023153"),
    ),
    validity="Outpatients with suspected first or recurrent deep vein thrombosis of the leg.",
    bands=Bands("Wells 2003, two levels", ((">= 2", "DVT likely"), ("else", "DVT unlikely"))),
)

PERC: Final = score(
    id="perc@2004",
    title="Pulmonary Embolism Rule-out Criteria",
    category="haematology and thrombosis",
    summary="Whether none of eight criteria speaks for pulmonary embolism where it is improbable beforehand.",
    synonyms=("PERC rule", "pulmonary embolism", "PE", "rule out"),
    items=(
        met(m.AGE, ">= 50", 1, "Age >= 50"),
        met(m.HEART_RATE, ">= 100", 1, "Heart rate >= 100/min"),
        met(m.SPO2, "< 95", 1, "Oxygen saturation < 95 %"),
        yes_no("unilateral_leg_swelling", 1, "Unilateral leg swelling"),
        yes_no("haemoptysis", 1, "Haemoptysis", synonyms=("hemoptysis",)),
        yes_no("surgery_or_trauma", 1, "Surgery or trauma", "Within 4 weeks, with general anaesthesia."),
        yes_no("prior_vte", 1, "Previous PE or DVT"),
        yes_no("hormones", 1, "Hormone use", "Oral contraceptives, hormone replacement or oestrogen."),
    ),
    citations=(
        Citation(
            "Kline JA, Mitchell AM, Kabrhel C, et al. J Thromb Haemost 2004;2:1247-1255.",
            "10.1111/j.1538-7836.2004.00790.x",
        ),
        Citation(
            "Kline JA, Courtney DM, Kabrhel C, et al. J Thromb Haemost 2008;6:772-780.",
            "10.1111/j.1538-7836.2008.02944.x",
        ),
    ),
    validity="Adults whose probability of pulmonary embolism is below 15 % by clinical impression; not otherwise.",
    valid=(ADULTS,),
    bands=Bands("Kline 2004", (("= 0", "PERC negative"), ("else", "PERC positive"))),
)

CALCULATORS: Final = (WELLS_PE, WELLS_DVT, PERC)
