"""The equations, one small module per topic (clinical reference 3.4 and 3.6)."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Calculator
from agentkit_servers.calculator.equations import (
    acid_base,
    body,
    electrolytes,
    filtration,
    framingham,
    heart,
    liver,
    metabolism,
    opioids,
    pregnancy,
    prevent,
    renal,
    steroids,
)

CALCULATORS: Final[tuple[Calculator, ...]] = (
    *body.CALCULATORS,
    *heart.CALCULATORS,
    *framingham.CALCULATORS,
    *prevent.CALCULATORS,
    *filtration.CALCULATORS,
    *renal.CALCULATORS,
    *electrolytes.CALCULATORS,
    *acid_base.CALCULATORS,
    *metabolism.CALCULATORS,
    *liver.CALCULATORS,
    *opioids.CALCULATORS,
    *steroids.CALCULATORS,
    *pregnancy.CALCULATORS,
)
"""All of them."""
