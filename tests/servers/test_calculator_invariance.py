"""The same result in US and in SI units (CALC-P3), with factors of the test's own, and the traps of 3.7."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agentkit_servers.calculator import registry
from agentkit_servers.calculator.core import Calculator, Choice, Day, Integer, Quantity, YesNo
from agentkit_servers.calculator.core.answer import Calculation
from agentkit_servers.calculator.core.engine import run
from agentkit_servers.calculator.core.plain import BadInput
from agentkit_servers.calculator.equations import CALCULATORS
from agentkit_servers.calculator.pages import described

# The tests of the parts cover what this computes; a tracer would double the time.
pytestmark = pytest.mark.no_cover

SI: dict[str, tuple[str, float]] = {
    "creatinine": ("umol/L", 88.42),
    "urine_creatinine": ("umol/L", 88.42),
    "urea_nitrogen": ("mmol/L", 0.357),
    "bilirubin": ("umol/L", 17.10),
    "glucose": ("mmol/L", 1 / 18.016),
    "total_cholesterol": ("mmol/L", 1 / 38.67),
    "hdl": ("mmol/L", 1 / 38.67),
    "triglycerides": ("mmol/L", 1 / 88.57),
    "calcium": ("mmol/L", 1 / 4.008),
    "albumin": ("g/L", 10),
    "insulin": ("pmol/L", 6),
    "pao2": ("kPa", 1 / 7.50062),
    "paco2": ("kPa", 1 / 7.50062),
}
"""What a value in the formula's unit is multiplied with to be one in SI."""

US: dict[str, tuple[str, float]] = {
    "height": ("in", 1 / 2.54),
    "weight": ("lb", 1 / 0.45359237),
    "platelets": ("K/uL", 1),
    "sodium": ("mEq/L", 1),
    "chloride": ("mEq/L", 1),
    "bicarbonate": ("mEq/L", 1),
}
OTHER: dict[str, tuple[str, float]] = {
    "age": ("months", 12),
    "height": ("m", 0.01),
    "weight": ("g", 1000),
    "platelets": ("/uL", 1000),
    "creatinine": ("mmol/L", 0.08842),
    "calcium": ("mEq/L", 1 / 2.004),
    "qt": ("s", 0.001),
    "fio2": ("fraction", 0.01),
    "albumin": ("mg/dL", 1000),
    "dose": ("g", 0.001),
    "patch": ("mg/d", 0.024),
    "cystatin_c": ("mg/dL", 0.1),
    "ast": ("mU/mL", 1),
}


def given_as(table: dict[str, tuple[str, float]], asked: Quantity, number: float) -> dict[str, object]:
    unit, factor = table.get(asked.measure.name, (asked.measure.unit, 1))
    if asked.measure.name == "dose" and asked.measure.unit == "ug":
        unit, factor = "ug", 1
    return {"value": number * factor, "unit": unit}


def drawn(calculator: Calculator, data: st.DataObject) -> tuple[dict[str, object], dict[str, float]]:
    """Everything a calculator asks for: what has no unit, and the numbers in the units of the formula."""
    plain: dict[str, object] = {}
    numbers: dict[str, float] = {}
    for asked in calculator.inputs:
        match asked:
            case Quantity():
                low, high = asked.measure.plausible or (0.0, 1.0)
                # A little inside, so that the noise of a conversion does not make an end implausible.
                inside = (high - low) / 1000
                numbers[asked.name] = data.draw(st.floats(low + inside, high - inside))
            case YesNo():
                plain[asked.name] = data.draw(st.booleans())
            case Choice():
                plain[asked.name] = data.draw(st.sampled_from(sorted(asked.choices)))
            case Integer():
                plain[asked.name] = data.draw(st.integers(asked.low, asked.high))
            case Day():
                plain[asked.name] = (date(2026, 1, 1) + timedelta(data.draw(st.integers(0, 200)))).isoformat()
    return plain, numbers


def value_of(done: Calculation) -> object:
    return done.result.value if done.result else done.state


@pytest.mark.parametrize("calculator", CALCULATORS, ids=lambda one: one.id)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_the_result_is_the_same_in_every_unit(calculator: Calculator, data: st.DataObject) -> None:
    """CALC-P3."""
    plain, numbers = drawn(calculator, data)
    assume("sbp" not in numbers or "dbp" not in numbers or numbers["sbp"] > numbers["dbp"] + 1)
    asked = {one.name: one for one in calculator.inputs if isinstance(one, Quantity)}
    results: list[object] = []
    for table in ({}, SI, US, OTHER):
        inputs = {name: given_as(table, asked[name], number) for name, number in numbers.items()}
        results.append(value_of(run(calculator, {**plain, **inputs})))
    if isinstance(results[0], float):
        assert results == pytest.approx([results[0]] * len(results), rel=1e-9, abs=1e-9)
    else:
        assert results == [results[0]] * len(results)


BARE = [
    one
    for one in CALCULATORS
    if not any(isinstance(asked, Quantity) and asked.measure.unit_always for asked in one.inputs)
]


@pytest.mark.parametrize("calculator", BARE, ids=lambda one: one.id)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_bare_numbers_mean_the_same_in_the_system_that_is_named(calculator: Calculator, data: st.DataObject) -> None:
    plain, numbers = drawn(calculator, data)
    assume("sbp" not in numbers or "dbp" not in numbers or numbers["sbp"] > numbers["dbp"] + 1)
    asked = {one.name: one for one in calculator.inputs if isinstance(one, Quantity)}
    us = {name: given_as(US, asked[name], number)["value"] for name, number in numbers.items()}
    si = {name: given_as(SI, asked[name], number)["value"] for name, number in numbers.items()}
    first = value_of(run(calculator, {**plain, **us}, units="us"))
    second = value_of(run(calculator, {**plain, **si}, units="si"))
    assert first == (pytest.approx(second, rel=1e-9, abs=1e-9) if isinstance(second, float) else second)


def calculated(name: str, inputs: dict[str, object], **options: object) -> Calculation:
    return run(registry.BY_SLUG[name], inputs, options=options)


def value(name: str, inputs: dict[str, object]) -> float:
    done = calculated(name, inputs)
    assert done.result is not None, done.to_text()
    return float(done.result.value)


def test_trap_the_constant_of_women_used_for_men_with_a_low_creatinine() -> None:
    """With k 0.7 a man of 40 with 0.8 mg/dL would have 109, with 0.9 he has 115."""
    assert value("ckd-epi-creatinine", {"age": "40 a", "sex": "m", "creatinine": "0.8 mg/dL"}) == pytest.approx(
        142 * (0.8 / 0.9) ** -0.302 * 0.9938**40
    )


def test_trap_insulin_in_pmol_is_divided_by_six() -> None:
    glucose = {"glucose": "90 mg/dL"}
    assert value("homa-ir", {"insulin": "60 pmol/L", **glucose}) == pytest.approx(10 * 90 / 405)


@pytest.mark.parametrize("creatinine", ["0.6 mg/dL", "0.99 mg/dL", "1.2 mg/dL", "6 mg/dL"])
def test_trap_dialysis_sets_creatinine_whatever_it_is(creatinine: str) -> None:
    others: dict[str, object] = {
        "bilirubin": "2 mg/dL", "inr": 1.5, "sodium": "132 mmol/L", "albumin": "3 g/dL", "sex": "m"
    }  # fmt: skip
    for name, cap in (("meld-na", "4 mg/dL"), ("meld-3", "3 mg/dL")):
        inputs = {key: known for key, known in others.items() if name == "meld-3" or key not in {"albumin", "sex"}}
        dialysed = value(name, {**inputs, "creatinine": creatinine, "dialysis": "yes"})
        assert dialysed == value(name, {**inputs, "creatinine": cap, "dialysis": "no"})


def test_trap_bilirubin_has_the_molar_mass_584_66() -> None:
    """548.66 would give 18.23 umol/L per mg/dL."""
    done = calculated("meld-na", {"bilirubin": "171 umol/L"})
    assert next(one.value for one in done.inputs_used if one.name == "bilirubin") == 10.0


def test_trap_haemoglobin_in_mmol_is_of_the_monomer() -> None:
    done = calculated("glasgow-blatchford", {"hemoglobin": "8 mmol/L"})
    assert done.inputs_used[0].value == pytest.approx(12.888)


@pytest.mark.parametrize(
    "count", ["250000 /uL", "250000 uL", "250 10*9/L", "250 K/uL", "250000000000 L", "250000000000000 m^3"]
)
def test_trap_a_count_is_read_per_the_volume_that_is_named(count: str) -> None:
    inputs: dict[str, object] = {"age": "50 a", "ast": "80 U/L", "alt": "64 U/L"}
    assert value("fib-4", {**inputs, "platelets": count}) == pytest.approx(2.0)


@pytest.mark.parametrize("count", ["250 /uL", "250000 10*9/L", "250 /L"])
def test_trap_a_count_of_the_wrong_magnitude_is_implausible(count: str) -> None:
    inputs: dict[str, object] = {"age": "50 a", "ast": "80 U/L", "alt": "64 U/L"}
    assert calculated("fib-4", {**inputs, "platelets": count}).state == "implausible"


def test_trap_delta_gap_and_delta_ratio_are_two_things() -> None:
    ions: dict[str, object] = {"sodium": "140 mmol/L", "chloride": "98 mmol/L", "bicarbonate": "12 mmol/L"}
    assert value("delta-gap", ions) == 18
    assert value("delta-ratio", ions) == 1.5
    assert registry.find("delta gap") is registry.BY_SLUG["delta-gap"]
    assert registry.find("delta ratio") is registry.BY_SLUG["delta-ratio"]


def test_trap_age_in_months_is_no_age_in_years() -> None:
    months = calculated("ckd-epi-creatinine", {"age": "30 months", "sex": "m", "creatinine": "0.4 mg/dL"})
    assert months.inputs_used[0].value == 2.5
    assert [flag.code for flag in months.flags] == ["outside-validity"]


@pytest.mark.parametrize("calculator", registry.BY_ID.values(), ids=lambda one: one.id)
def test_trap_a_height_means_the_same_in_every_calculator(calculator: Calculator) -> None:
    """Inches in one tool and centimetres in another; metres taken as centimetres."""
    heights = [one for one in calculator.inputs if isinstance(one, Quantity) and one.measure.name == "height"]
    for asked in heights:
        assert asked.measure.unit == "cm"
        assert run(calculator, {asked.name: 70}).state == "unit-error"
        assert run(calculator, {asked.name: "70 in"}).inputs_used[0].value == pytest.approx(177.8)
        assert run(calculator, {asked.name: "1.78 cm"}).state == "implausible"


def test_trap_prevent_keeps_its_interactions() -> None:
    """A copy without interaction terms gives the same at age 55 for a treated pressure of 130 only."""
    base: dict[str, object] = {
        "sex": "m", "tc": "210 mg/dL", "hdl": "40 mg/dL", "sbp": "160 mmHg", "treated": "yes", "diabetes": "yes",
        "smoker": "yes", "statin": "yes", "egfr": "50 mL/min/1.73 m2",
    }  # fmt: skip
    done = calculated("prevent-ascvd", {**base, "age": "70 a"})
    shown = " ".join(done.steps)
    for term in ("treated x SBP", "statin x non-HDL", "age x non-HDL", "age x HDL", "age x SBP", "age x diabetes",
                 "age x smoking", "age x eGFR"):  # fmt: skip
        assert f"{term}:" in shown


def test_trap_meld_3_is_the_published_formula() -> None:
    """Pages that show another formula give other numbers: a case worked by hand.

    1.33 + 4.56 ln 3 + 0.82 x 7 - 0.24 x 7 ln 3 + 9.09 ln 1.8 + 11.14 ln 1.6 + 1.85 x 0.7 - 1.83 x 0.7 ln 1.6 + 6
    = 1.33 + 5.0097 + 5.74 - 1.8457 + 5.3430 + 5.2358 + 1.295 - 0.6021 + 6 = 27.51
    """
    inputs: dict[str, object] = {
        "sex": "f", "bilirubin": "3 mg/dL", "sodium": "130 mmol/L", "inr": 1.8, "creatinine": "1.6 mg/dL",
        "albumin": "2.8 g/dL", "dialysis": "no",
    }  # fmt: skip
    assert value("meld-3", inputs) == 28


def test_trap_a_creatinine_clearance_is_never_called_by_the_code_of_a_serum_creatinine() -> None:
    """LOINC 2160-0 is creatinine in serum; no calculator carries a code that is not its own."""
    for calculator in registry.BY_ID.values():
        assert "2160-0" not in described(calculator).model_dump_json()
    assert registry.BY_SLUG["creatinine-clearance"].unit == "mL/min"
    assert registry.BY_SLUG["ckd-epi-creatinine"].unit == "mL/min/1.73 m2"


def test_trap_urea_in_mg_is_not_urea_nitrogen() -> None:
    """Urea weighs 2.14 times its nitrogen, so the name `urea` is not taken for the nitrogen; in mmol both are one."""
    with pytest.raises(BadInput, match="no input of serum-osmolality"):
        calculated("serum-osmolality", {"urea": "40 mg/dL"})
    done = calculated("serum-osmolality", {"bun": "5 mmol/L"})
    assert done.inputs_used[0].value == pytest.approx(5 / 0.357)
