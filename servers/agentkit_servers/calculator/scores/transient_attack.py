"""Stroke after a transient ischaemic attack: ABCD2."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Bands, Citation, graded, pick, score, yes_no
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.scores.items import ADULTS, DURATION, either, met

ABCD2: Final = score(
    id="abcd2@2007",
    title="ABCD2 score",
    category="neurology",
    summary="Risk of stroke within days of a transient ischaemic attack.",
    synonyms=("TIA", "transient ischaemic attack", "transient ischemic attack", "stroke after TIA"),
    items=(
        met(m.AGE, ">= 60", 1, "Age >= 60"),
        either(
            "blood_pressure",
            "Blood pressure >= 140 systolic or >= 90 mmHg diastolic",
            1,
            (m.SBP, ">= 140"),
            (m.DBP, ">= 90"),
        ),
        pick(
            "clinical_features",
            "Clinical features",
            {
                "weakness": (2, "unilateral weakness"),
                "speech": (1, "speech impairment without weakness"),
                "other": (0, "other symptoms"),
            },
            normal="other",
            spellings={"unilateral weakness": "weakness", "speech disturbance": "speech"}
            | {"speech impairment": "speech", "none": "other"},
        ),
        graded(DURATION, ((">= 60", 2), (">= 10", 1))),
        yes_no("diabetes", 1, "Diabetes"),
    ),
    citations=(
        Citation(
            "Johnston SC, Rothwell PM, Nguyen-Huynh MN, et al. Lancet 2007;369:283-292.",
            "10.1016/S0140-6736(07)60150-0",
        ),
    ),
    validity="Adults after a transient ischaemic attack; the first blood pressure after it.",
    valid=(ADULTS,),
    bands=Bands(
        "Johnston 2007 (stroke within two days 1.0 %, 4.1 %, 8.1 %)",
        ((">= 6", "high"), (">= 4", "moderate"), ("else", "low")),
    ),
)

CALCULATORS: Final = (ABCD2,)
