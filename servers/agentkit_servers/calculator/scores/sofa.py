"""The Sequential Organ Failure Assessment, version of 1996."""

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
    YesNo,
    graded,
    quantity,
    rule,
    score,
)
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import points_of, probes, shown
from agentkit_servers.calculator.scores.items import (
    GCS,
    MEAN_PRESSURE,
    PF_RATIO,
    derived,
    excluded,
    holds,
    mean_pressure,
    ratio,
    show_mean_pressure,
)

_SUPPORT: Final = YesNo(
    name="respiratory_support", title="Respiratory support", description="Ventilation, CPAP included."
)
_RATIO: Final = Quantity(
    name=PF_RATIO.name,
    title=PF_RATIO.title,
    description="Where it is not given it is worked out from pao2 and fio2.",
    synonyms=("pf_ratio", "p_f_ratio"),
    required=False,
    measure=PF_RATIO,
)


def _oxygen_ratio(values: Values) -> float:
    given = values.optional(PF_RATIO.name)
    return given if given is not None else ratio(values.number("pao2") * 100, values.number("fio2"))


def _respiration(values: Values) -> float:
    found = _oxygen_ratio(values)
    if found < 200 and values.yes("respiratory_support"):
        return 4 if found < 100 else 3
    return 2 if found < 300 else 1 if found < 400 else 0


def _show(tally: Tally, working: Working) -> None:
    values = tally.values
    show_mean_pressure(values, working)
    if not values.has(PF_RATIO.name) and values.has("pao2") and values.has("fio2"):
        derived(working, f"PaO2/FiO2 = {shown(_oxygen_ratio(values))} mmHg")


def _rate(name: str, title: str) -> Quantity:
    described = "Rate for at least one hour; no or 0 ug/kg/min where it is not given."
    return replace(quantity(m.VASOPRESSOR, name, title, description=described), words={False: 0.0})


def _circulation(values: Values) -> float:
    dopamine, dobutamine = values.number("dopamine"), values.number("dobutamine")
    adrenaline = max(values.number("epinephrine"), values.number("norepinephrine"))
    if dopamine > 15 or adrenaline > 0.1:
        return 4
    if dopamine > 5 or adrenaline > 0:
        return 3
    if dopamine > 0 or dobutamine > 0:
        return 2
    return 1 if mean_pressure(values) < 70 else 0


_RENAL: Final = ((">= 5", 4), (">= 3.5", 3), (">= 2", 2), (">= 1.2", 1))


def _kidney(values: Values) -> float:
    urine = 4 if holds(values, "urine_output", "< 200") else 3 if holds(values, "urine_output", "< 500") else 0
    return max(points_of(_RENAL, values.number("creatinine")), urine)


SOFA: Final = score(
    id="sofa@1996",
    title="Sequential Organ Failure Assessment",
    category="critical care",
    summary="Degree of dysfunction of six organ systems in critical illness.",
    synonyms=("SOFA", "organ failure", "sepsis", "Sepsis-3", "ICU mortality", "intensive care"),
    items=(
        rule(
            "respiration",
            "Respiration: PaO2/FiO2",
            (_RATIO, quantity(m.PAO2), quantity(m.FIO2), _SUPPORT),
            _respiration,
            "< 400 mmHg 1, < 300 2, < 200 with support 3, < 100 with support 4",
            together=True,
            # In several rows with another one, so that both are asked for.
            probes={"pao2": (80.0,), "fio2": (40.0,)},
        ),
        graded(m.PLATELETS, (("< 20", 4), ("< 50", 3), ("< 100", 2), ("< 150", 1)), "Coagulation: platelets"),
        graded(m.BILIRUBIN, ((">= 12", 4), (">= 6", 3), (">= 2", 2), (">= 1.2", 1)), "Liver: bilirubin"),
        rule(
            "circulation",
            "Circulation: mean pressure and vasopressors",
            (
                MEAN_PRESSURE,
                quantity(m.SBP),
                quantity(m.DBP),
                _rate("dopamine", "Dopamine"),
                _rate("dobutamine", "Dobutamine"),
                _rate("epinephrine", "Epinephrine"),
                _rate("norepinephrine", "Norepinephrine"),
            ),
            _circulation,
            "MAP < 70 mmHg 1; dopamine <= 5 ug/kg/min or any dobutamine 2; dopamine > 5, epinephrine or norepinephrine"
            " <= 0.1 3; dopamine > 15, epinephrine or norepinephrine > 0.1 4",
            together=True,
        ),
        rule(
            "nervous_system",
            "Central nervous system: Glasgow Coma Scale",
            (GCS,),
            lambda v: points_of((("< 6", 4), ("< 10", 3), ("< 13", 2), ("< 15", 1)), v.number("gcs")),
            "13-14 1, 10-12 2, 6-9 3, < 6 4",
        ),
        rule(
            "kidney",
            "Kidney: creatinine or urine output",
            (quantity(m.CREATININE), excluded(m.URINE_OUTPUT, "< 500")),
            _kidney,
            "creatinine >= 1.2 mg/dL 1, >= 2 2, >= 3.5 or urine < 500 mL/d 3, >= 5 or urine < 200 mL/d 4",
            probes={"creatinine": tuple(probes(_RENAL))},
        ),
    ),
    citations=(
        Citation("Vincent JL, Moreno R, Takala J, et al. Intensive Care Med 1996;22:707-710.", "10.1007/BF01709751"),
        Citation("Singer M, Deutschman CS, Seymour CW, et al. JAMA 2016;315:801-810.", "10.1001/jama.2016.0287"),
    ),
    validity=(
        "Adults in intensive care; the worst values of 24 hours. This is the version of 1996; SOFA-2 (2025) has other"
        " tables."
    ),
    bands=Bands(
        "Singer 2016 (Sepsis-3)",
        ((">= 2", "organ dysfunction where it is an acute rise of 2 or more from the baseline"), ("else", "below 2")),
    ),
    finish=_show,
)

CALCULATORS: Final = (SOFA,)
