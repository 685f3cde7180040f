"""Run a calculator: read, convert, check, compute, and say how (CALC-1 to CALC-4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Final, TypeGuard

from agentkit_servers.calculator.core.answer import (
    Calculation,
    FlagShown,
    FormulaShown,
    FurtherResult,
    InputUsed,
    Interpretation,
    Possible,
    Result,
    State,
)
from agentkit_servers.calculator.core.definition import Calculator
from agentkit_servers.calculator.core.inputs import Input, Quantity, absent
from agentkit_servers.calculator.core.measures import System, spoken
from agentkit_servers.calculator.core.numbers import Condition, rounded, shown
from agentkit_servers.calculator.core.plain import BadInput, example, needed
from agentkit_servers.calculator.core.reading import Read, read
from agentkit_servers.calculator.core.scoring import attainable, undetermined
from agentkit_servers.calculator.core.settings import Settings, settings_of
from agentkit_servers.calculator.core.working import Flag, Further, InputNeeded, NotApplicable, Value, Values, Working

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
"""A name that is repeated: longer ones are sentences."""
_MOST_INPUTS: Final = 80
_LONGEST: Final = 64


@dataclass(slots=True)
class _Run:
    """One calculation on its way."""

    calculator: Calculator
    settings: Settings
    today: date | None
    found: dict[str, Read] = field(default_factory=dict[str, Read])
    values: dict[str, Value | None] = field(default_factory=dict[str, Value | None])
    assumed: list[str] = field(default_factory=list[str])
    missing: list[str] = field(default_factory=list[str])
    working: Working = field(default_factory=Working)

    @property
    def inputs(self) -> Values:
        """What the formula gets."""
        return Values(self.values, self.settings.options)

    def may_assume(self, asked: Input) -> bool:
        """Whether an input that is missing may be assumed: not where somebody tried, and could not test it."""
        known = self.found.get(asked.name)
        return asked.assumable and not (known and known.untestable)


def run(
    calculator: Calculator,
    inputs: Mapping[str, object],
    *,
    units: System | None = None,
    options: Mapping[str, object] | None = None,
    today: date | None = None,
) -> Calculation:
    """Run a calculator.

    Args:
        calculator: What to compute.
        inputs: By name; see `reading`.
        units: What numbers without unit mean; without it they are a `unit-error`.
        options: `assume_missing` (`absent`, `normal`), `allow_implausible` (true), and the calculator's own.
        today: For the age of dated inputs.

    Returns:
        The result with its working, or the state that says why there is none.

    Raises:
        BadInput: An argument is malformed.
    """
    this = _Run(calculator, settings_of(calculator, options or {}), today)
    _read_all(this, inputs, units)
    problems = [one.unit_problem for one in this.found.values() if one.unit_problem]
    if problems:
        return _refused(this, "unit-error", problems)
    implausible = [*_implausible(this), *_contradictions(this)]
    if implausible and not this.settings.allow_implausible:
        return _refused(this, "implausible", implausible)
    for text in implausible:
        this.working.flag("implausible-allowed", text)
    try:
        return _computed(this)
    except InputNeeded as asked:
        this.missing = list(asked.names)
        return _refused(this, "missing-inputs", [])
    except NotApplicable as reason:
        return _refused(this, "not-applicable", [str(reason)])


def _read_all(this: _Run, inputs: Mapping[str, object], units: System | None) -> None:
    for wanted, given in _by_name(this.calculator, inputs):
        this.found[wanted.name] = read(wanted, given, units)
    for wanted in this.calculator.inputs:
        known = this.found.get(wanted.name)
        value = known.value if known else None
        assumable = value is None and this.settings.assume_missing is not None and this.may_assume(wanted)
        if assumable and (value := absent(wanted)) is not None:
            this.assumed.append(f"{wanted.name}: absent")
        this.values[wanted.name] = value


def _by_name(calculator: Calculator, inputs: Mapping[str, object]) -> list[tuple[Input, object]]:
    if len(inputs) > _MOST_INPUTS:
        raise BadInput("inputs", f"at most {_MOST_INPUTS} may be given", _all_example(calculator))
    known: dict[str, Input] = {}
    for wanted in calculator.inputs:
        for name in wanted.synonyms:
            known.setdefault(_key(name), wanted)
    known.update({_key(wanted.name): wanted for wanted in calculator.inputs})
    found: dict[str, tuple[Input, object]] = {}
    for name, given in inputs.items():
        wanted = known.get(_key(name))
        if wanted is None:
            raise _unknown(calculator, name, known)
        if wanted.name in found:
            raise BadInput(f"inputs.{wanted.name}", "is given twice under two names", example(wanted))
        found[wanted.name] = (wanted, given)
    return list(found.values())


def _unknown(calculator: Calculator, name: str, known: Mapping[str, Input]) -> BadInput:
    said = f"`{name}` is" if _NAME.fullmatch(name) else "one of them is"
    near = get_close_matches(_key(name[:_LONGEST]), known, n=1, cutoff=0.75)
    if near:
        meant = known[near[0]]
        text = f"{said} no input of {calculator.slug}; did you mean {meant.name}?"
        return BadInput("inputs", text, f'{{"{meant.name}": {example(meant)}}}')
    names = ", ".join(one.name for one in calculator.inputs)
    return BadInput("inputs", f"{said} no input of {calculator.slug}; it takes {names}", _all_example(calculator))


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def _all_example(calculator: Calculator) -> str:
    return "{" + ", ".join(f'"{one.name}": {example(one)}' for one in calculator.inputs[:3]) + "}"


def _implausible(this: _Run) -> list[str]:
    found: list[str] = []
    for wanted in this.calculator.inputs:
        value = this.values.get(wanted.name)
        if not isinstance(wanted, Quantity) or value is None or wanted.measure.plausible is None:
            continue
        low, high = wanted.measure.plausible
        if _is_number(value) and not low <= value <= high:
            unit = f" {spoken(wanted.measure.unit)}".rstrip()
            found.append(f"{wanted.name} is {shown(value)}{unit}, plausible is {shown(low)} to {shown(high)}{unit}")
    return found


def _contradictions(this: _Run) -> list[str]:
    found = [f"{name} is dated in the future" for name, known in this.found.items() if _age(this, known) < -1]
    systolic, diastolic = this.values.get("sbp"), this.values.get("dbp")
    if isinstance(systolic, float) and isinstance(diastolic, float) and systolic <= diastolic:
        found.append("sbp is not above dbp")
    return found


def _age(this: _Run, known: Read) -> int:
    """Days since an input was measured; -1 is today in a time zone that is ahead."""
    return (this.today - known.dated).days if this.today and known.dated else 0


def _computed(this: _Run) -> Calculation:
    calculator = this.calculator
    values = this.inputs
    if calculator.alerts:
        calculator.alerts(values, this.working)
    if calculator.items:
        open_items = undetermined(calculator.items, values)
        if this.settings.assume_missing == "normal":
            assumable = [
                one for one in open_items if one.assumable(values) and all(map(this.may_assume, one.deciding(values)))
            ]
            this.assumed += [f"{asked.name}: normal" for one in assumable for asked in one.deciding(values)]
            open_items = tuple(one for one in open_items if one not in assumable)
        open_inputs = [asked.name for one in open_items for asked in one.deciding(values)]
    else:
        open_inputs = [one.name for one in calculator.inputs if one.required and not values.has(one.name)]
    this.missing = list(dict.fromkeys(open_inputs))
    if this.missing:
        low_high = attainable(calculator.items, values) if calculator.items else None
        return _answer(this, "missing-inputs", possible=low_high)
    _check_validity(this)
    try:
        value = calculator.compute(values, this.working)
    except (ZeroDivisionError, OverflowError, ValueError):
        raise NotApplicable("the formula divides by zero or leaves its domain with these values") from None
    if isinstance(value, complex):
        raise NotApplicable("the formula leaves its domain with these values")
    return _answer(this, "ok", value=value)


def _is_number(value: Value | None) -> TypeGuard[float]:
    # A quantity is a yes or no where only one comparison is made with it.
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_validity(this: _Run) -> None:
    calculator = this.calculator
    if calculator.superseded:
        this.working.flag("superseded", calculator.superseded)
    for valid in calculator.valid:
        value = this.values.get(valid.input)
        if _is_number(value) and not Condition.of(valid.condition).holds(value):
            this.working.outside(valid.text)


def _refused(this: _Run, state: State, reasons: list[str]) -> Calculation:
    this.working.flags[:] = [Flag(state, text) for text in reasons]
    this.working.steps.clear()
    this.working.further.clear()
    return _answer(this, state)


def _answer(
    this: _Run, state: State, *, value: float | date | None = None, possible: tuple[float, float] | None = None
) -> Calculation:
    calculator = this.calculator
    result = None if value is None else _result(calculator, value)
    asked = calculator.inputs if this.missing else ()
    return Calculation(
        state=state,
        title=calculator.title,
        result=result,
        further=[_further(one) for one in this.working.further],
        interpretation=_interpretation(this, result) if result else None,
        conversions=[one.conversion for one in this.found.values() if one.conversion],
        steps=list(this.working.steps),
        missing=this.missing,
        needed=[needed(one) for one in asked if one.name in this.missing],
        possible=Possible(low=possible[0], high=possible[1]) if possible else None,
        assumed=this.assumed,
        flags=[FlagShown(code=flag.code, text=flag.text) for flag in this.working.flags],
        formula=FormulaShown(
            id=calculator.slug,
            version=calculator.version,
            citation="; ".join(str(one) for one in calculator.citations),
        ),
        inputs_used=[_used(this, wanted) for wanted in calculator.inputs if _was_read(this, wanted)],
    )


def _result(calculator: Calculator, value: float | date) -> Result:
    if isinstance(value, date):
        return Result(value=value.isoformat(), unit="date", rounded=value.isoformat())
    return Result(value=float(value) + 0.0, unit=calculator.unit, rounded=rounded(value, calculator.decimals))


def _further(one: Further) -> FurtherResult:
    said = one.value if isinstance(one.value, str) else rounded(one.value, one.decimals)
    return FurtherResult(name=one.name, value=one.value, unit=one.unit, rounded=said)


def _interpretation(this: _Run, result: Result) -> Interpretation | None:
    bands = this.calculator.bands
    band = this.working.band
    if band is None and bands is not None and not isinstance(result.value, str):
        band = bands.of(float(result.rounded) if bands.of_rounded else result.value)
    if band is None:
        return None
    return Interpretation(band=band, source=bands.source if bands else str(this.calculator.citations[0]))


def _was_read(this: _Run, wanted: Input) -> bool:
    read_value = this.found.get(wanted.name)
    return read_value is not None and read_value.value is not None


def _used(this: _Run, wanted: Input) -> InputUsed:
    known = this.found[wanted.name]
    value = known.value
    unit = wanted.measure.unit if isinstance(wanted, Quantity) and _is_number(value) else ""
    age = max(0, _age(this, known)) if this.today and known.dated else None
    return InputUsed(
        name=wanted.name,
        value=value.isoformat() if isinstance(value, date) else value if value is not None else "",
        unit="" if unit == "1" else unit,
        ref=known.ref,
        date=known.dated.isoformat() if known.dated else None,
        age_days=age,
    )
