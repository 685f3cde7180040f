"""Infection at the bedside: SIRS criteria and qSOFA."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Bands, Citation, score, yes_no
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.scores.items import IMMATURE_NEUTROPHILS, either, met

SIRS: Final = score(
    id="sirs@1992",
    title="Systemic inflammatory response syndrome criteria",
    category="infection",
    summary="Number of criteria of the systemic inflammatory response.",
    synonyms=("SIRS", "sepsis", "systemic inflammatory response"),
    items=(
        either("temperature", "Temperature > 38 or < 36 Cel", 1, (m.TEMPERATURE, "> 38"), (m.TEMPERATURE, "< 36")),
        met(m.HEART_RATE, "> 90", 1, "Heart rate > 90/min"),
        either(
            "respiration",
            "Respiratory rate > 20/min or PaCO2 < 32 mmHg",
            1,
            (m.RESPIRATORY_RATE, "> 20"),
            (m.PACO2, "< 32"),
        ),
        either(
            "white_cells",
            "White cells > 12 or < 4 x 10*9/L, or > 10 % bands",
            1,
            (m.WBC, "> 12"),
            (m.WBC, "< 4"),
            (IMMATURE_NEUTROPHILS, "> 10"),
        ),
    ),
    citations=(
        Citation("Bone RC, Balk RA, Cerra FB, et al. Chest 1992;101:1644-1655.", "10.1378/chest.101.6.1644"),
        Citation("Singer M, Deutschman CS, Seymour CW, et al. JAMA 2016;315:801-810.", "10.1001/jama.2016.0287"),
    ),
    validity="Adults. Unspecific: trauma, burns or pancreatitis fulfil the criteria without infection.",
    bands=Bands("Bone 1992", ((">= 2", "SIRS criteria met"), ("else", "SIRS criteria not met"))),
    superseded="Sepsis-3 (2016) no longer defines sepsis by SIRS; see sofa and qsofa.",
)

QSOFA: Final = score(
    id="qsofa@2016",
    title="Quick SOFA",
    category="infection",
    summary="Bedside criteria for a poor outcome of a suspected infection outside intensive care.",
    synonyms=("sepsis", "quick SOFA", "qSOFA", "Sepsis-3"),
    items=(
        met(m.RESPIRATORY_RATE, ">= 22", 1, "Respiratory rate >= 22/min"),
        met(m.SBP, "<= 100", 1, "Systolic pressure <= 100 mmHg"),
        yes_no("altered_mentation", 1, "Altered mentation", "Glasgow Coma Scale below 15."),
    ),
    citations=(
        Citation("Singer M, Deutschman CS, Seymour CW, et al. JAMA 2016;315:801-810.", "10.1001/jama.2016.0287"),
        Citation("Seymour CW, Liu VX, Iwashyna TJ, et al. JAMA 2016;315:762-774.", "10.1001/jama.2016.0288"),
    ),
    validity=(
        "Adults with suspected infection outside intensive care. A low score does not rule out sepsis; the Surviving"
        " Sepsis Campaign 2021 recommends against it as the only screening tool."
    ),
    bands=Bands("Singer 2016", ((">= 2", "positive"), ("else", "negative"))),
)

CALCULATORS: Final = (SIRS, QSOFA)
