"""Rule scores: tables of items with points, each with its version, citation, validity and bands."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Calculator
from agentkit_servers.calculator.scores import (
    apache,
    caprini,
    cardiac,
    comorbidity,
    consciousness,
    early_warning,
    liver,
    newborn,
    pneumonia,
    screening,
    sepsis,
    sofa,
    throat,
    thromboembolism,
    transient_attack,
)

CALCULATORS: Final[tuple[Calculator, ...]] = tuple(
    one
    for module in (
        cardiac,
        thromboembolism,
        caprini,
        pneumonia,
        throat,
        sepsis,
        sofa,
        apache,
        early_warning,
        consciousness,
        transient_attack,
        liver,
        comorbidity,
        newborn,
        screening,
    )
    for one in module.CALCULATORS
)
