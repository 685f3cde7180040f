"""The National Early Warning Score 2."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import (
    Bands,
    Citation,
    Item,
    Option,
    Tally,
    Values,
    Working,
    YesNo,
    pick,
    quantity,
    rule,
    score,
)
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.items import cuts_text
from agentkit_servers.calculator.core.measures import Measure
from agentkit_servers.calculator.core.numbers import Cuts, points_of, probes, rounded

_SCALE_1: Final = (("<= 91", 3), ("<= 93", 2), ("<= 95", 1), ("else", 0))
_SCALE_2_AIR: Final = (("<= 83", 3), ("<= 85", 2), ("<= 87", 1), ("else", 0))
_SCALE_2_OXYGEN: Final = (
    ("<= 83", 3), ("<= 85", 2), ("<= 87", 1), ("<= 92", 0), ("<= 94", 1), ("<= 96", 2), ("else", 3)
)  # fmt: skip
_OXYGEN: Final = YesNo(name="supplemental_oxygen", title="Supplemental oxygen", synonyms=("oxygen", "on_oxygen"))
_SCALE_OPTION: Final = Option(
    "spo2_scale", "SpO2 scale; 2 only on a specialist's decision (hypercapnic failure)", ("1", "2")
)


def _charted(values: Values, name: str, decimals: int = 0) -> float:
    # The chart has columns for whole numbers and tenths of a degree: a reading goes where it is written.
    return float(rounded(values.number(name), decimals))


def _column(measure: Measure, cuts: Cuts, decimals: int = 0) -> Item:
    return rule(
        measure.name,
        measure.title,
        (quantity(measure),),
        lambda values: points_of(cuts, _charted(values, measure.name, decimals)),
        f"{cuts_text(cuts, measure.unit)}, {'to a tenth' if decimals else 'in whole numbers'} as on the chart",
        probes={measure.name: tuple(probes(cuts))},
    )


def _saturation(values: Values) -> float:
    spo2 = _charted(values, "spo2")
    if values.option("spo2_scale") == "1":
        return points_of(_SCALE_1, spo2)
    return points_of(_SCALE_2_OXYGEN if values.yes("supplemental_oxygen") else _SCALE_2_AIR, spo2)


def _single_three(tally: Tally, working: Working) -> None:
    if tally.values.option("spo2_scale") == "2":
        working.flag("spo2-scale-2", "SpO2 scale 2 was used; it holds only where a specialist has decided so.")
    red = [name for name, points in tally.points.items() if points == 3]
    if red:
        working.flag("single-3", f"A single parameter has 3 points: {', '.join(red)}.")
        if tally.total < 5:
            working.band = "low-medium"


NEWS2: Final = score(
    id="news2@2017",
    title="National Early Warning Score 2",
    category="critical care",
    summary="Acute illness and deterioration by seven vital signs.",
    synonyms=("NEWS", "early warning score", "deterioration", "vital signs"),
    items=(
        _column(m.RESPIRATORY_RATE, (("<= 8", 3), ("<= 11", 1), ("<= 20", 0), ("<= 24", 2), ("else", 3))),
        rule(
            "spo2",
            "Oxygen saturation",
            (quantity(m.SPO2), _OXYGEN),
            _saturation,
            "scale 1: <= 91 3, <= 93 2, <= 95 1; scale 2: <= 83 3, <= 85 2, <= 87 1, on oxygen 93-94 1, 95-96 2,"
            " >= 97 3",
            probes={"spo2": (*probes(_SCALE_1), *probes(_SCALE_2_OXYGEN))},
        ),
        rule("supplemental_oxygen", "Air or oxygen", (_OXYGEN,), lambda v: 2 if v.yes(_OXYGEN.name) else 0, "oxygen 2"),
        _column(m.SBP, (("<= 90", 3), ("<= 100", 2), ("<= 110", 1), ("<= 219", 0), ("else", 3))),
        _column(m.HEART_RATE, (("<= 40", 3), ("<= 50", 1), ("<= 90", 0), ("<= 110", 1), ("<= 130", 2), ("else", 3))),
        pick(
            "consciousness",
            "Consciousness",
            {
                "alert": (0, "alert"),
                "confusion": (3, "new confusion"),
                "voice": (3, "responds to voice"),
                "pain": (3, "responds to pain"),
                "unresponsive": (3, "unresponsive"),
            },
            "ACVPU; confusion counts where it is new.",
            normal="alert",
            spellings={"a": "alert", "c": "confusion", "v": "voice", "p": "pain", "u": "unresponsive"}
            | {"confused": "confusion", "new confusion": "confusion"},
        ),
        _column(m.TEMPERATURE, (("<= 35", 3), ("<= 36", 1), ("<= 38", 0), ("<= 39", 1), ("else", 2)), 1),
    ),
    citations=(Citation("Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017."),),
    validity="Patients of 16 years and more, not in pregnancy.",
    bands=Bands("RCP 2017", ((">= 7", "high"), (">= 5", "medium"), ("else", "low"))),
    options=(_SCALE_OPTION,),
    finish=_single_three,
)

CALCULATORS: Final = (NEWS2,)
