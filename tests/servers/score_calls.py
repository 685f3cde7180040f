"""Calls of scores as a caller writes them, for the tests of their tables."""

from __future__ import annotations

from collections.abc import Mapping

from agentkit_servers.calculator.core.answer import Calculation
from agentkit_servers.calculator.core.definition import Calculator
from agentkit_servers.calculator.core.engine import run
from agentkit_servers.calculator.scores import CALCULATORS

SCORES: dict[str, Calculator] = {one.slug: one for one in CALCULATORS}

Inputs = dict[str, object]


def q(value: float, unit: str) -> Inputs:
    return {"value": value, "unit": unit}


def years(value: float) -> Inputs:
    return q(value, "a")


def no(*names: str) -> Inputs:
    return dict.fromkeys(names, "no")


def without(inputs: Mapping[str, object], *names: str) -> Inputs:
    return {name: value for name, value in inputs.items() if name not in names}


def calculate(slug: str, inputs: Mapping[str, object], **options: object) -> Calculation:
    return run(SCORES[slug], inputs, options=options)


def total(slug: str, inputs: Mapping[str, object], **options: object) -> float:
    done = calculate(slug, inputs, **options)
    assert done.state == "ok", (done.state, done.missing, done.flags)
    assert done.result is not None
    assert isinstance(done.result.value, float)
    assert done.result.unit == "points"
    return done.result.value


def band(slug: str, inputs: Mapping[str, object], **options: object) -> str | None:
    done = calculate(slug, inputs, **options)
    return done.interpretation.band if done.interpretation else None


def flags(slug: str, inputs: Mapping[str, object], **options: object) -> list[str]:
    return [flag.code for flag in calculate(slug, inputs, **options).flags]
