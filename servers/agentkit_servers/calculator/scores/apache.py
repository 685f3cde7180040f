"""APACHE II: acute physiology, age and chronic health."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import (
    Bands,
    Choice,
    Citation,
    Quantity,
    Tally,
    Valid,
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
    AA_GRADIENT,
    GCS,
    MEAN_PRESSURE,
    derived,
    mean_pressure,
    ratio,
    show_mean_pressure,
)

_SEA_LEVEL: Final = 760.0
_WATER_VAPOUR: Final = 47.0

_TEMPERATURE: Final = (
    (">= 41", 4), (">= 39", 3), (">= 38.5", 1), (">= 36", 0), (">= 34", 1), (">= 32", 2), (">= 30", 3), ("else", 4)
)  # fmt: skip
_SODIUM: Final = (
    (">= 180", 4), (">= 160", 3), (">= 155", 2), (">= 150", 1), (">= 130", 0), (">= 120", 2), (">= 111", 3), ("else", 4)
)  # fmt: skip
_MAP: Final = ((">= 160", 4), (">= 130", 3), (">= 110", 2), (">= 70", 0), (">= 50", 2), ("else", 4))
_GRADIENT: Final = ((">= 500", 4), (">= 350", 3), (">= 200", 2), ("else", 0))
_OXYGEN: Final = (("> 70", 0), (">= 61", 1), (">= 55", 3), ("else", 4))
_CREATININE: Final = ((">= 3.5", 4), (">= 2", 3), (">= 1.5", 2), (">= 0.6", 0), ("else", 2))

_GRADIENT_INPUT: Final = Quantity(
    name=AA_GRADIENT.name,
    title=AA_GRADIENT.title,
    description="Used from an FiO2 of 50 %; where it is not given it is worked out from fio2, pao2 and paco2.",
    required=False,
    measure=AA_GRADIENT,
)
_AIR_PRESSURE: Final = Quantity(
    name=m.ATMOSPHERIC_PRESSURE.name,
    title=m.ATMOSPHERIC_PRESSURE.title,
    description="For the alveolar-arterial gradient; 760 mmHg (sea level) where it is not given, which is flagged.",
    required=False,
    synonyms=m.ATMOSPHERIC_PRESSURE.synonyms,
    measure=m.ATMOSPHERIC_PRESSURE,
)
_ADMISSION: Final = Choice(
    name="admission",
    title="Kind of admission",
    description="Decides what chronic organ insufficiency counts.",
    choices={
        "nonoperative": "nonoperative",
        "emergency surgery": "after emergency surgery",
        "elective surgery": "after elective surgery",
    },
    spellings={"medical": "nonoperative", "emergency": "emergency surgery", "elective": "elective surgery"}
    | {"emergency postoperative": "emergency surgery", "elective postoperative": "elective surgery"},
)
_CHRONIC: Final = YesNo(
    name="chronic_organ_insufficiency",
    title="Severe organ insufficiency or immunocompromise",
    description=(
        "Before this admission: cirrhosis with portal hypertension, NYHA IV, severe restrictive, obstructive or"
        " vascular lung disease, chronic dialysis, or immunocompromised."
    ),
)
_ACUTE_FAILURE: Final = YesNo(name="acute_renal_failure", title="Acute renal failure")


def _aa_gradient(values: Values) -> float:
    given = values.optional(AA_GRADIENT.name)
    if given is not None:
        return given
    pressure = values.optional(_AIR_PRESSURE.name) or _SEA_LEVEL
    inspired = ratio(values.number("fio2") * (pressure - _WATER_VAPOUR), 100)
    return inspired - ratio(values.number("paco2"), 0.8) - values.number("pao2")


def _oxygenation(values: Values) -> float:
    if values.number("fio2") >= 50:
        return points_of(_GRADIENT, _aa_gradient(values))
    return points_of(_OXYGEN, values.number("pao2"))


def _creatinine(values: Values) -> float:
    points = points_of(_CREATININE, values.number("creatinine"))
    return 2 * points if values.yes("acute_renal_failure") else points


def _chronic(values: Values) -> float:
    if not values.yes("chronic_organ_insufficiency"):
        return 0
    return 2 if values.choice("admission") == "elective surgery" else 5


def _notes(tally: Tally, working: Working) -> None:
    values = tally.values
    show_mean_pressure(values, working)
    if not all(values.has(name) for name in ("fio2", "pao2", "paco2")) or values.number("fio2") < 50:
        return
    if not values.has(AA_GRADIENT.name):
        derived(
            working,
            "A-a gradient (FiO2 >= 50 %) = fio2 x (pressure - 47) - paco2 / 0.8 - pao2"
            f" = {shown(_aa_gradient(values))} mmHg",
        )
        if not values.has(_AIR_PRESSURE.name):
            working.flag("sea-level-pressure", "The A-a gradient was worked out with 760 mmHg of atmospheric pressure.")


APACHE_II: Final = score(
    id="apache-ii@1985",
    title="APACHE II",
    category="critical care",
    summary="Severity of disease in adults in the first 24 hours of intensive care.",
    synonyms=("APACHE", "ICU mortality", "intensive care", "acute physiology"),
    items=(
        graded(
            m.TEMPERATURE,
            _TEMPERATURE,
        ),
        rule(
            "mean_pressure",
            "Mean arterial pressure",
            (MEAN_PRESSURE, quantity(m.SBP), quantity(m.DBP)),
            lambda v: points_of(_MAP, mean_pressure(v)),
            ">= 160 4, >= 130 3, >= 110 2, >= 70 0, >= 50 2, else 4 (mmHg; 40-49 counts 4)",
            together=True,
            # Steps of 10 mmHg of mean pressure; no row is narrower, so every row that can be reached is.
            probes={"sbp": tuple(range(20, 351, 30)), "dbp": tuple(range(5, 251, 15))},
        ),
        graded(
            m.HEART_RATE,
            ((">= 180", 4), (">= 140", 3), (">= 110", 2), (">= 70", 0), (">= 55", 2), (">= 40", 3), ("else", 4)),
        ),
        graded(
            m.RESPIRATORY_RATE,
            ((">= 50", 4), (">= 35", 3), (">= 25", 1), (">= 12", 0), (">= 10", 1), (">= 6", 2), ("else", 4)),
        ),
        rule(
            "oxygenation",
            "Oxygenation",
            (quantity(m.FIO2), quantity(m.PAO2), quantity(m.PACO2), _GRADIENT_INPUT, _AIR_PRESSURE),
            _oxygenation,
            "FiO2 >= 50 %: A-a gradient >= 500 4, >= 350 3, >= 200 2, else 0; below: PaO2 > 70 0, >= 61 1, >= 55 3,"
            " else 4 (mmHg)",
            together=True,
            probes={"fio2": tuple(probes(((">= 50", 0),))), "pao2": tuple(probes(_OXYGEN))},
        ),
        graded(
            m.PH,
            ((">= 7.7", 4), (">= 7.6", 3), (">= 7.5", 1), (">= 7.33", 0), (">= 7.25", 2), (">= 7.15", 3), ("else", 4)),
        ),
        graded(
            m.SODIUM,
            _SODIUM,
        ),
        graded(
            m.POTASSIUM,
            ((">= 7", 4), (">= 6", 3), (">= 5.5", 1), (">= 3.5", 0), (">= 3", 1), (">= 2.5", 2), ("else", 4)),
        ),
        rule(
            "creatinine",
            "Creatinine",
            (quantity(m.CREATININE), _ACUTE_FAILURE),
            _creatinine,
            ">= 3.5 mg/dL 4, >= 2 3, >= 1.5 2, >= 0.6 0, else 2; doubled in acute renal failure",
            probes={"creatinine": tuple(probes(_CREATININE))},
        ),
        graded(m.HEMATOCRIT, ((">= 60", 4), (">= 50", 2), (">= 46", 1), (">= 30", 0), (">= 20", 2), ("else", 4))),
        graded(m.WBC, ((">= 40", 4), (">= 20", 2), (">= 15", 1), (">= 3", 0), (">= 1", 2), ("else", 4))),
        rule("gcs", "Glasgow Coma Scale", (GCS,), lambda v: 15 - v.number("gcs"), "15 minus the scale"),
        graded(m.AGE, ((">= 75", 6), (">= 65", 5), (">= 55", 3), (">= 45", 2))),
        rule(
            "chronic_health",
            "Chronic health",
            (_CHRONIC, _ADMISSION),
            _chronic,
            "severe organ insufficiency or immunocompromise: nonoperative or emergency surgery 5, elective surgery 2",
        ),
    ),
    citations=(
        Citation(
            "Knaus WA, Draper EA, Wagner DP, Zimmerman JE. Crit Care Med 1985;13:818-829.",
            "10.1097/00003246-198510000-00009",
        ),
    ),
    validity="Adults; the worst values of the first 24 hours in intensive care. Not recalculated during the stay.",
    valid=(Valid("age", ">= 16", "APACHE II was derived in patients of 16 years and more."),),
    bands=Bands(
        "Knaus 1985 (approximate hospital mortality nonoperative / postoperative)",
        (
            (">= 35", "35 and more: 85 % / 88 %"),
            (">= 30", "30-34: 73 % / 73 %"),
            (">= 25", "25-29: 55 % / 35 %"),
            (">= 20", "20-24: 40 % / 30 %"),
            (">= 15", "15-19: 24 % / 12 %"),
            (">= 10", "10-14: 15 % / 7 %"),
            (">= 5", "5-9: 8 % / 3 %"),
            ("else", "0-4: 4 % / 1 %"),
        ),
    ),
    finish=_notes,
)

CALCULATORS: Final = (APACHE_II,)
