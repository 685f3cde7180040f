"""The Apgar score."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Bands, Citation, scale, score

APGAR: Final = score(
    id="apgar@1953",
    title="Apgar score",
    category="pregnancy and newborn",
    summary="Condition of a newborn at 1 and 5 minutes of life.",
    synonyms=("newborn", "neonate", "delivery"),
    items=(
        scale("heart_rate", "Heart rate", 0, 2, "0 absent, 1 below 100/min, 2 from 100/min.", normal=2),
        scale("respiration", "Respiratory effort", 0, 2, "0 absent, 1 weak or irregular, 2 good or crying.", normal=2),
        scale("muscle_tone", "Muscle tone", 0, 2, "0 limp, 1 some flexion, 2 active motion.", normal=2),
        scale("reflex", "Reflex irritability", 0, 2, "0 none, 1 grimace, 2 cry, cough or withdrawal.", normal=2),
        scale("colour", "Colour", 0, 2, "0 blue or pale, 1 body pink, limbs blue, 2 pink.", normal=2),
    ),
    citations=(
        Citation("Apgar V. Curr Res Anesth Analg 1953;32:260-267.", "10.1213/ANE.0b013e31829bdc5c"),
        Citation("AAP and ACOG. The Apgar score. Pediatrics 2015;136:819-822.", "10.1542/peds.2015-2651"),
    ),
    validity="Newborns, at a stated minute of life. It does not predict the outcome of one child.",
    bands=Bands(
        "AAP and ACOG 2015 (5 minutes, term and late preterm)",
        ((">= 7", "reassuring"), (">= 4", "moderately abnormal"), ("else", "low")),
    ),
)

CALCULATORS: Final = (APGAR,)
