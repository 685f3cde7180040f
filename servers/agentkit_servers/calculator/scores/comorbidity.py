"""The Charlson comorbidity index, with age."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import (
    Bands,
    Citation,
    Item,
    Tally,
    Working,
    YesNo,
    graded,
    rule,
    score,
    yes_no,
)
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.scores.items import ADULTS


def _worse_of(name: str, title: str, mild: YesNo, mild_points: float, severe: YesNo, severe_points: float) -> Item:
    """Two degrees of one disease: only the worse one counts."""
    return rule(
        name,
        title,
        (mild, severe),
        lambda v: severe_points if v.yes(severe.name) else mild_points if v.yes(mild.name) else 0,
        f"{mild.title} {mild_points:g}, {severe.title} {severe_points:g}, only the worse one counts",
    )


_GROUPS: Final = Bands(
    "Charlson 1987 (groups of the index without age)",
    ((">= 5", "5 or more"), (">= 3", "3 to 4"), (">= 1", "1 to 2"), ("else", "0")),
)


def _without_age(tally: Tally, working: Working) -> None:
    index = tally.total - tally.points["age"]
    working.also("comorbidity without age", index, "points", 0)
    working.band = _GROUPS.of(index)


CHARLSON: Final = score(
    id="charlson@1994",
    title="Charlson comorbidity index, combined with age",
    category="general",
    summary="Burden of comorbid disease for long-term survival.",
    synonyms=("CCI", "comorbidity", "Charlson"),
    items=(
        graded(m.AGE, ((">= 80", 4), (">= 70", 3), (">= 60", 2), (">= 50", 1))),
        yes_no("myocardial_infarction", 1, "Myocardial infarction"),
        yes_no("heart_failure", 1, "Congestive heart failure"),
        yes_no("peripheral_vascular_disease", 1, "Peripheral vascular disease", "Aortic aneurysm of 6 cm included."),
        yes_no("stroke", 1, "Stroke or TIA"),
        yes_no("dementia", 1, "Dementia"),
        yes_no("copd", 1, "Chronic pulmonary disease", synonyms=("chronic_pulmonary_disease",)),
        yes_no("connective_tissue_disease", 1, "Connective tissue disease"),
        yes_no("peptic_ulcer", 1, "Peptic ulcer disease"),
        _worse_of(
            "liver_disease",
            "Liver disease",
            YesNo(name="mild_liver_disease", title="mild", description="Chronic hepatitis or compensated cirrhosis."),
            1,
            YesNo(
                name="severe_liver_disease",
                title="moderate to severe",
                description="Cirrhosis with portal hypertension.",
                synonyms=("moderate_severe_liver_disease",),
            ),
            3,
        ),
        _worse_of(
            "diabetes",
            "Diabetes",
            YesNo(name="diabetes", title="uncomplicated", synonyms=("diabetes_uncomplicated",)),
            1,
            YesNo(
                name="diabetes_end_organ",
                title="with end-organ damage",
                description="Retinopathy, neuropathy or nephropathy.",
                synonyms=("diabetes_end_organ_damage",),
            ),
            2,
        ),
        yes_no("hemiplegia", 2, "Hemiplegia"),
        yes_no("ckd", 2, "Moderate to severe chronic kidney disease", synonyms=("chronic_kidney_disease",)),
        _worse_of(
            "solid_tumour",
            "Solid tumour",
            YesNo(name="localised_tumour", title="localised", synonyms=("localized_tumor", "tumour", "tumor")),
            2,
            YesNo(name="metastatic_tumour", title="metastatic", synonyms=("metastatic_tumor", "metastasis")),
            6,
        ),
        yes_no("leukaemia", 2, "Leukaemia", synonyms=("leukemia",)),
        yes_no("lymphoma", 2, "Lymphoma"),
        yes_no("aids", 6, "AIDS"),
    ),
    citations=(
        Citation("Charlson ME, et al. J Chronic Dis 1987;40:373-383.", "10.1016/0021-9681(87)90171-8"),
        Citation("Charlson M, et al. J Clin Epidemiol 1994;47:1245-1251.", "10.1016/0895-4356(94)90129-5"),
    ),
    validity="Adults. The weights are those of 1987.",
    valid=(ADULTS,),
    bands=_GROUPS,
    finish=_without_age,
)

CALCULATORS: Final = (CHARLSON,)
