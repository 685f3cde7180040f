"""Units of the calculator: every spelling, every factor, and what is refused (clinical reference 3.2, CALC-U1)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit_servers.calculator.core import catalogue as m
from agentkit_servers.calculator.core.measures import Measure, UnitMismatch
from agentkit_servers.calculator.core.units import parse_unit

MEASURES = [one for one in vars(m).values() if isinstance(one, Measure)]


def converted(measure: Measure, number: str, unit: str) -> float:
    return float(measure.convert(Fraction(number), unit)[0])


@pytest.mark.parametrize(
    ("measure", "number", "unit", "value"),
    [
        (m.CREATININE, "1.1", "mg/dL", 1.1),
        (m.CREATININE, "1.1", "MG/DL", 1.1),
        (m.CREATININE, "1.1", "mg / dl", 1.1),
        (m.CREATININE, "1.1", "mg per dL", 1.1),
        (m.CREATININE, "1.1", "mg/100mL", 1.1),
        (m.CREATININE, "11", "mg/L", 1.1),
        (m.CREATININE, "88.42", "\u00b5mol/L", 1),
        (m.CREATININE, "88.42", "\u03bcmol/L", 1),
        (m.CREATININE, "88.42", "umol/l", 1),
        (m.CREATININE, "88.42", "uM", 1),
        (m.CREATININE, "0.08842", "mmol/L", 1),
        (m.ALBUMIN, "40", "g/L", 4),
        (m.ALBUMIN, "4", "g/dL", 4),
        (m.SODIUM, "140", "mEq/L", 140),
        (m.SODIUM, "140", "meq/l", 140),
        (m.SODIUM, "140", "mmol/L", 140),
        (m.SODIUM, "140", "mM", 140),
        (m.AST, "40", "U/L", 40),
        (m.AST, "40", "IU/L", 40),
        (m.AST, "40", "units/L", 40),
        (m.INSULIN, "12", "\u00b5IU/mL", 12),
        (m.INSULIN, "12", "mIU/L", 12),
        (m.INSULIN, "12", "uU/mL", 12),
        (m.D_DIMER, "500", "ng/mL", 500),
        (m.D_DIMER, "0.5", "mg/L", 500),
        (m.CRP, "12", "mg/L", 12),
        (m.SPO2, "97", "%", 97),
        (m.SPO2, "0.97", "fraction", 97),
        (m.HEMATOCRIT, "0.42", "L/L", 42),
        (m.PLATELETS, "150000", "\u00b5L", 150),
        (m.PLATELETS, "150000", "/uL", 150),
        (m.PLATELETS, "150000", "cells/\u00b5L", 150),
        (m.PLATELETS, "150000", "mm^3", 150),
        (m.PLATELETS, "150000", "/mm3", 150),
        (m.PLATELETS, "150000", "/cu mm", 150),
        (m.PLATELETS, "150000000000", "L", 150),
        (m.PLATELETS, "150000000000", "cells/L", 150),
        (m.PLATELETS, "150000000000000", "m^3", 150),
        (m.PLATELETS, "150", "10*9/L", 150),
        (m.PLATELETS, "150", "10^9/L", 150),
        (m.PLATELETS, "150", "x10^9/L", 150),
        (m.PLATELETS, "150", "x 10^9 / L", 150),
        (m.PLATELETS, "150", "x10\u2079/L", 150),
        (m.PLATELETS, "150", "K/uL", 150),
        (m.PLATELETS, "150", "10^3/uL", 150),
        (m.PLATELETS, "150", "10*3/mm3", 150),
        (m.PLATELETS, "150", "thousand/uL", 150),
        (m.WBC, "8.2", "10e9/L", 8.2),
        *((m.SBP, "120", unit, 120) for unit in ("mm Hg", "mmHg", "mm hg", "mmhg", "MMHG", "mm[Hg]")),
        (m.PAO2, "10", "kPa", 75.0062),
        *((m.HEART_RATE, "72", unit, 72) for unit in ("beats per minute", "bpm", "/min", "beats/min", "per minute")),
        *((m.RESPIRATORY_RATE, "18", unit, 18) for unit in ("breaths per minute", "breaths/min", "/min")),
        (m.HEART_RATE, "1.2", "/s", 72),
        *((m.QT, "400", unit, 400) for unit in ("msec", "ms", "milliseconds")),
        (m.QT, "0.4", "s", 400),
        *(
            (m.TEMPERATURE, "37.5", unit, 37.5)
            for unit in ("degrees celsius", "degrees celsisus", "Cel", "C", "\u00b0C", "\u00b0 C", "celsius")
        ),
        *(
            (m.TEMPERATURE, "100.4", unit, 38)
            for unit in ("degrees fahrenheit", "degrees fahreinheit", "[degF]", "F", "\u00b0F", "deg F")
        ),
        (m.TEMPERATURE, "311.15", "K", 38),
        *((m.WEIGHT, "70", unit, 70) for unit in ("kg", "KG", "kgs", "kilograms")),
        *((m.WEIGHT, "100", unit, 45.359237) for unit in ("lbs", "lb", "pounds", "[lb_av]")),
        (m.WEIGHT, "3500", "g", 3.5),
        (m.DOSE_MG, "5", "mg", 5),
        *((m.DOSE_MG, "5000", unit, 5) for unit in ("\u00b5g", "mcg", "ug")),
        (m.DOSE_MG, "0.005", "g", 5),
        (m.HEIGHT, "175", "cm", 175),
        (m.HEIGHT, "1.75", "m", 175),
        (m.HEIGHT, "70", "in", 177.8),
        (m.HEIGHT, "70", "inches", 177.8),
        (m.HEIGHT, "6", "ft", 182.88),
        *((m.BMI, "25", unit, 25) for unit in ("kg/m^2", "kg/m2", "kg/m\u00b2", "kg/sqm")),
        *((m.VASOPRESSOR, "5", unit, 5) for unit in ("mcg/kg/min", "\u00b5g/kg/min", "ug/kg/min")),
        (m.VASOPRESSOR, "0.3", "mg/kg/h", 5),
        *((m.URINE_OUTPUT, "500", unit, 500) for unit in ("mL/day", "mL/d", "cc/day", "mL per day", "mL/24 h")),
        (m.URINE_OUTPUT, "50", "mL/h", 1200),
        (m.PER_DAY, "4", "per day", 4),
        (m.PER_DAY, "4", "daily", 4),
        *((m.AGE, "61", unit, 61) for unit in ("a", "years", "yr", "y", "years old", "year")),
        (m.AGE, "18", "months", 1.5),
        (m.AGE, "18", "mo", 1.5),
        (m.AGE, "52", "weeks", 52 * 7 / 365.25),
        (m.AGE, "1461", "days", 4),
        (m.EGFR, "90", "mL/min/1.73 m2", 90),
        (m.EGFR, "90", "mL/min/1.73m^2", 90),
        (m.EGFR, "90", "ml/min/1.73 m\u00b2", 90),
        (m.PATCH_RATE, "25", "mcg/hr", 25),
        (m.FIO2, "0.4", "1", 40),
    ],
)
def test_a_unit_is_read_in_every_usual_spelling(measure: Measure, number: str, unit: str, value: float) -> None:
    assert converted(measure, number, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("measure", "number", "unit", "value"),
    [
        (m.CREATININE, "176.84", "umol/L", 2),
        (m.GLUCOSE, "10", "mmol/L", 180.16),
        (m.UREA_NITROGEN, "3.57", "mmol/L", 10),
        (m.TOTAL_CHOLESTEROL, "5", "mmol/L", 193.35),
        (m.HDL, "1", "mmol/L", 38.67),
        (m.LDL, "3", "mmol/L", 116.01),
        (m.TRIGLYCERIDES, "2", "mmol/L", 177.14),
        (m.BILIRUBIN, "34.2", "umol/L", 2),
        (m.CALCIUM, "2.5", "mmol/L", 10.02),
        (m.CALCIUM, "5", "mEq/L", 10.02),
        (m.MAGNESIUM, "1", "mmol/L", 2.431),
        (m.PHOSPHATE, "1", "mmol/L", 3.097),
        (m.URIC_ACID, "356.88", "umol/L", 6),
        (m.HEMOGLOBIN, "150", "g/L", 15),
        (m.HEMOGLOBIN, "10", "mmol/L", 16.11),
        (m.HBA1C, "48", "mmol/mol", 0.09148 * 48 + 2.152),
        (m.HBA1C, "6.5", "%", 6.5),
        (m.INSULIN, "60", "pmol/L", 10),
        (m.LACTATE, "18.02", "mg/dL", 2),
        (m.CRP, "1.2", "mg/dL", 12),
        (m.D_DIMER, "250", "ng/mL DDU", 500),
        (m.D_DIMER, "250", "ng/mL FEU", 250),
        (m.POTASSIUM, "4", "mEq/L", 4),
        (m.BICARBONATE, "24", "mEq/L", 24),
    ],
)
def test_the_factors_are_those_of_the_reference(measure: Measure, number: str, unit: str, value: float) -> None:
    assert converted(measure, number, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("measure", "unit"),
    [
        (m.CREATININE, "mg"),
        (m.CREATININE, "U/L"),
        (m.CREATININE, "mEq/L"),
        (m.CREATININE, "furlong"),
        (m.CREATININE, "mg/dL/"),
        (m.CREATININE, "/"),
        (m.PLATELETS, "G/L"),
        (m.CREATININE, "x" * 100),
        (m.SODIUM, "mg/dL"),
        (m.ALBUMIN, "mmol/L"),
        (m.AST, "ukat/L"),
        (m.HEART_RATE, "/h/kg"),
        (m.HEIGHT, "kg"),
        (m.WEIGHT, "st"),
        (m.EGFR, "mL/min"),
        (m.TEMPERATURE, "Cel/min"),
        (m.INR, "mg/dL"),
        (m.AGE, "m"),
        (m.SPO2, "mmHg"),
        (m.HBA1C, "g/dL"),
        (m.PLATELETS, "0/L"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused_and_the_fitting_ones_are_named(measure: Measure, unit: str) -> None:
    """CALC-U1: amount and mass convert for a known analyte only."""
    with pytest.raises(UnitMismatch, match=f"^{measure.name}: .*it takes .*for example") as caught:
        measure.convert(Fraction(1), unit)
    assert ("a number without unit" if measure.pure else measure.unit) in str(caught.value)


@pytest.mark.parametrize(
    ("measure", "number", "unit", "line"),
    [
        (m.CREATININE, "97", "umol/L", "creatinine 97 umol/L / 88.42 = 1.097 mg/dL"),
        (m.CREATININE, "0.097", "mmol/L", "creatinine 0.097 mmol/L = 97 umol/L / 88.42 = 1.097 mg/dL"),
        (m.ALBUMIN, "40", "g/L", "albumin 40 g/L / 10 = 4 g/dL"),
        (m.TEMPERATURE, "100.4", "[degF]", "temperature 100.4 [degF]: (100.4 - 32) x 5/9 = 38 Cel"),
        (m.INSULIN, "60", "pmol/L", "insulin 60 pmol/L / 6.0 = 10 uU/mL"),
        (m.HBA1C, "48", "mmol/mol", "hba1c 48 mmol/mol x 0.09148 + 2.152 = 6.543 %"),
        (m.AGE, "18", "months", "age 18 months / 12 = 1.5 a"),
        (m.SODIUM, "140", "mEq/L", "sodium 140 mEq/L x 1 = 140 mmol/L"),
    ],
)
def test_every_conversion_is_shown(measure: Measure, number: str, unit: str, line: str) -> None:
    assert measure.convert(Fraction(number), unit)[1] == line


def test_the_formulas_own_unit_needs_no_conversion() -> None:
    for measure in MEASURES:
        assert measure.convert(Fraction(7), measure.unit) == (Fraction(7), None)


def test_conversions_are_exact_at_thresholds() -> None:
    """In float64 100.4 F is more than 38 Cel, and a score of `> 38` would count a point."""
    assert converted(m.TEMPERATURE, "100.4", "F") == 38.0
    assert converted(m.CREATININE, "176.84", "umol/L") == 2.0
    assert converted(m.AGE, "780", "months") == 65.0


def test_every_unit_a_measure_names_converts() -> None:
    for measure in MEASURES:
        assert measure.plausible is not None, measure.name
        for unit in measure.units:
            measure.convert(Fraction(1), unit)


@given(st.text(max_size=80))
def test_no_text_breaks_the_parser(text: str) -> None:
    unit = parse_unit(text)
    if unit is not None:
        assert unit.factor > 0
