"""Equivalent doses of corticosteroids."""

from __future__ import annotations

from typing import Final

from agentkit_servers.calculator.core import Calculator, Choice, Citation, Values, Working, quantity
from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.numbers import shown

_EQUIVALENT: Final = {
    "betamethasone-iv": 0.75,
    "cortisone-po": 25,
    "dexamethasone-iv": 0.75,
    "dexamethasone-po": 0.75,
    "hydrocortisone-iv": 20,
    "hydrocortisone-po": 20,
    "methylprednisolone-iv": 4,
    "methylprednisolone-po": 4,
    "prednisolone-po": 5,
    "prednisone-po": 5,
    "triamcinolone-iv": 4,
}
"""Milligrams with the same glucocorticoid effect; the route is part of the name."""


def _spelled(name: str) -> tuple[str, str, str]:
    drug, _, route = name.partition("-")
    words = "oral" if route == "po" else "intravenous"
    return f"{drug} {words}", f"{words} {drug}", f"{route} {drug}"


_CHOICES: Final = {name: name.replace("-po", ", oral").replace("-iv", ", intravenous") for name in _EQUIVALENT}
_SPELLINGS: Final = {spelling: name for name in _EQUIVALENT for spelling in _spelled(name)}


def _converted(values: Values, working: Working) -> float:
    dose, start, target = values.number("dose"), values.choice("from"), values.choice("to")
    result = dose * _EQUIVALENT[target] / _EQUIVALENT[start]
    working.step(f"{_EQUIVALENT[start]:g} mg {start} = {_EQUIVALENT[target]:g} mg {target}")
    working.step(f"{shown(dose)} mg x {_EQUIVALENT[target]:g} / {_EQUIVALENT[start]:g} = {shown(result)} mg {target}")
    return result


CALCULATORS: Final = (
    Calculator(
        id="steroid-equivalence@2013",
        title="Steroid equivalence",
        category="medication",
        summary="Dose of one corticosteroid with the same glucocorticoid effect as another.",
        synonyms=("corticosteroid conversion", "prednisone equivalent", "dexamethasone", "hydrocortisone"),
        inputs=(
            quantity(m.DOSE_MG, "dose", "Dose"),
            Choice(
                name="from",
                title="Corticosteroid that is given",
                description="With its route: po (oral) or iv (intravenous).",
                choices=_CHOICES,
                spellings=_SPELLINGS,
                assumable=False,
            ),
            Choice(
                name="to",
                title="Corticosteroid that is compared",
                description="With its route: po (oral) or iv (intravenous).",
                choices=_CHOICES,
                spellings=_SPELLINGS,
                assumable=False,
            ),
        ),
        compute=_converted,
        formula="equivalent in mg: " + ", ".join(f"{name} {dose:g}" for name, dose in _EQUIVALENT.items()),
        unit="mg",
        decimals=2,
        citations=(
            Citation(
                "Liu D et al. A practical guide to the monitoring and management of the complications of systemic"
                " corticosteroid therapy. Allergy Asthma Clin Immunol 2013;9:30",
                "10.1186/1710-1492-9-30",
            ),
        ),
        validity="Glucocorticoid effect only, systemic routes; duration and mineralocorticoid effect differ.",
    ),
)
