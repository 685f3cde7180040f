"""What lies outside the validity of a formula is computed and flagged (CALC-4)."""

from __future__ import annotations

import pytest

from agentkit_servers.calculator import registry
from agentkit_servers.calculator.core.definition import Calculator
from agentkit_servers.calculator.core.engine import run
from agentkit_servers.calculator.core.inputs import Choice, Day, Input, Integer, Quantity, YesNo

OF_AGE = [one for one in registry.BY_ID.values() if any(asked.name == "age" and asked.required for asked in one.inputs)]
# Children are asked for as well as adults: the share of body water is told for them, sore throat has their age.
FOR_CHILDREN = {"free-water-deficit@2000", "centor-mcisaac@1998"}


def usual(asked: Input) -> object:
    match asked:
        case Quantity():
            return asked.measure.sample
        case YesNo():
            return "no"
        case Choice():
            return next(iter(asked.choices))
        case Integer():
            return asked.high
        case Day():
            return "2026-01-31"


def codes(calculator: Calculator, age: str) -> list[str]:
    inputs = {asked.name: usual(asked) for asked in calculator.inputs} | {"age": age}
    if calculator.slug == "free-water-deficit":
        inputs["sodium"] = "150 mmol/L"
    done = run(calculator, inputs)
    assert done.state == "ok", (done.flags, done.missing)
    return [flag.code for flag in done.flags]


@pytest.mark.parametrize("calculator", OF_AGE, ids=lambda one: one.id)
def test_a_formula_for_adults_flags_a_child_and_no_adult(calculator: Calculator) -> None:
    assert ("outside-validity" in codes(calculator, "15 a")) is (calculator.id not in FOR_CHILDREN)
    assert "outside-validity" not in codes(calculator, "61 a")


@pytest.mark.parametrize(("egfr", "flagged"), [("14.9", True), ("15", False), ("90", False)])
def test_prevent_is_flagged_where_kidneys_have_failed(egfr: str, flagged: bool) -> None:
    calculator = registry.BY_SLUG["prevent-hf"]
    inputs = {asked.name: usual(asked) for asked in calculator.inputs} | {"egfr": f"{egfr} mL/min/1.73 m2"}
    assert any(flag.code == "outside-validity" for flag in run(calculator, inputs).flags) is flagged
