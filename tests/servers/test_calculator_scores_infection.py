"""CURB-65, PSI, Centor-McIsaac, FeverPAIN, SIRS and qSOFA against sums added up by hand from clinical reference 3.5."""

from __future__ import annotations

import pytest

from .score_calls import Inputs, band, calculate, flags, no, q, total, without, years

CURB: Inputs = {
    "confusion": "no",
    "urea_nitrogen": q(14, "mg/dL"),
    "respiratory_rate": q(18, "/min"),
    "sbp": q(120, "mmHg"),
    "dbp": q(75, "mmHg"),
    "age": years(40),
}
PORT_FINDINGS = {
    "nursing_home": 10, "neoplasm": 30, "liver_disease": 20, "heart_failure": 10, "cerebrovascular_disease": 10,
    "renal_disease": 10, "altered_mental_status": 20, "pleural_effusion": 10,
}  # fmt: skip
PORT: Inputs = {
    "age": years(60),
    "sex": "male",
    "respiratory_rate": q(18, "/min"),
    "sbp": q(120, "mmHg"),
    "temperature": q(37, "Cel"),
    "heart_rate": q(80, "/min"),
    "ph": 7.4,
    "urea_nitrogen": q(14, "mg/dL"),
    "sodium": q(140, "mmol/L"),
    "glucose": q(100, "mg/dL"),
    "hematocrit": q(42, "%"),
    "pao2": q(85, "mmHg"),
    **no(*PORT_FINDINGS),
}
THROAT: Inputs = {"age": years(30), "temperature": q(37, "Cel"), **no("exudate", "tender_nodes", "cough_absent")}
FEVERPAIN: Inputs = no("fever", "purulence", "attend_rapidly", "inflamed_tonsils", "no_cough_or_coryza")
CALM: Inputs = {
    "temperature": q(37, "Cel"),
    "heart_rate": q(80, "/min"),
    "respiratory_rate": q(16, "/min"),
    "paco2": q(40, "mmHg"),
    "wbc": q(8, "10*9/L"),
    "bands": q(2, "%"),
}
BEDSIDE: Inputs = {"respiratory_rate": q(16, "/min"), "sbp": q(120, "mmHg"), "altered_mentation": "no"}


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"confusion": "yes"}, 1),
        ({"urea_nitrogen": q(18.9, "mg/dL")}, 0),
        ({"urea_nitrogen": q(19, "mg/dL")}, 0),
        ({"urea_nitrogen": q(19.1, "mg/dL")}, 1),
        ({"urea_nitrogen": q(20, "mg/dL")}, 1),
        ({"urea_nitrogen": q(6.7, "mmol/L")}, 0),
        ({"urea_nitrogen": q(7.1, "mmol/L")}, 1),
        ({"urea_nitrogen": "yes"}, 1),
        ({"respiratory_rate": q(29, "/min")}, 0),
        ({"respiratory_rate": q(30, "/min")}, 1),
        ({"respiratory_rate": q(31, "breaths per minute")}, 1),
        ({"sbp": q(91, "mmHg")}, 0),
        ({"sbp": q(90, "mmHg")}, 0),
        ({"sbp": q(89, "mmHg")}, 1),
        ({"dbp": q(61, "mmHg")}, 0),
        ({"dbp": q(60, "mmHg")}, 1),
        ({"dbp": q(59, "mmHg")}, 1),
        ({"sbp": q(85, "mmHg"), "dbp": q(50, "mmHg")}, 1),
        ({"age": years(64.9)}, 0),
        ({"age": years(65)}, 1),
        # 78 years, newly confused, urea 11 mmol/L, 32 breaths, 84/48 mmHg: all five.
        (
            {"age": years(78), "confusion": "yes", "urea_nitrogen": q(11, "mmol/L")}
            | {"respiratory_rate": q(32, "/min"), "sbp": q(84, "mmHg"), "dbp": q(48, "mmHg")},
            5,
        ),
    ],
)
def test_curb_65(more: Inputs, points: float) -> None:
    assert total("curb-65", {**CURB, **more}) == points


@pytest.mark.parametrize(
    ("given", "flagged"),
    [
        (q(19, "mg/dL"), False),
        (q(19.5, "mg/dL"), True),
        (q(7, "mmol/L"), True),
        (q(7.01, "mmol/L"), False),
        (q(20, "mg/dL"), False),
    ],
)
def test_a_urea_between_the_american_and_the_original_limit_is_flagged(given: Inputs, flagged: bool) -> None:
    """Lim 2003 counts urea above 7 mmol/L (19.6 mg/dL of urea nitrogen), clinical reference 3.5 above 19 mg/dL."""
    assert ("between-limits" in flags("curb-65", {**CURB, "urea_nitrogen": given})) is flagged


def test_a_low_systolic_pressure_decides_without_the_diastolic() -> None:
    assert total("curb-65", {**without(CURB, "dbp"), "sbp": q(80, "mmHg")}) == 1
    assert calculate("curb-65", without(CURB, "dbp")).missing == ["dbp"]


@pytest.mark.parametrize(("points", "name"), [(0, "low"), (1, "low"), (2, "intermediate"), (3, "high"), (5, "high")])
def test_curb_65_is_interpreted_as_published(points: int, name: str) -> None:
    chosen = ("confusion", "urea_nitrogen", "respiratory_rate", "sbp", "age")[:points]
    given = {**without(CURB, "sbp"), "sbp": "no", "dbp": "no", **dict.fromkeys(chosen, "yes")}
    assert total("curb-65", given) == points
    assert band("curb-65", given) == name


@pytest.mark.parametrize(("name", "points"), PORT_FINDINGS.items())
def test_every_finding_of_the_pneumonia_index_has_its_points(name: str, points: float) -> None:
    assert total("psi", {**PORT, name: "yes"}) == 60 + points


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 60),
        ({"sex": "female"}, 50),
        ({"age": years(60.9)}, 60),
        ({"age": {"value": 732, "unit": "months"}}, 61),
        ({"respiratory_rate": q(29, "/min")}, 60),
        ({"respiratory_rate": q(30, "/min")}, 80),
        ({"sbp": q(90, "mmHg")}, 60),
        ({"sbp": q(89, "mmHg")}, 80),
        ({"temperature": q(34.9, "Cel")}, 75),
        ({"temperature": q(35, "Cel")}, 60),
        ({"temperature": q(39.9, "Cel")}, 60),
        ({"temperature": q(40, "Cel")}, 75),
        ({"temperature": q(104, "degrees fahrenheit")}, 75),
        ({"temperature": q(95, "degrees fahrenheit")}, 60),
        ({"heart_rate": q(124, "/min")}, 60),
        ({"heart_rate": q(125, "/min")}, 70),
        ({"ph": 7.34}, 90),
        ({"ph": 7.35}, 60),
        ({"urea_nitrogen": q(29.9, "mg/dL")}, 60),
        ({"urea_nitrogen": q(30, "mg/dL")}, 80),
        ({"urea_nitrogen": q(11, "mmol/L")}, 80),
        ({"sodium": q(129, "mEq/L")}, 80),
        ({"sodium": q(130, "mmol/L")}, 60),
        ({"glucose": q(249, "mg/dL")}, 60),
        ({"glucose": q(250, "mg/dL")}, 70),
        ({"glucose": q(14, "mmol/L")}, 70),
        ({"hematocrit": q(29.9, "%")}, 70),
        ({"hematocrit": q(30, "%")}, 60),
        ({"pao2": q(59, "mmHg")}, 70),
        ({"pao2": q(60, "mmHg")}, 60),
        ({"pao2": q(7.9, "kPa")}, 70),
        ({"pao2": "no", "ph": "no"}, 60),
        # Woman of 82 from a nursing home, heart failure, confused, 34 breaths, urea nitrogen 42, sodium 128:
        # 82 - 10 + 10 + 10 + 20 + 20 + 20 + 20.
        (
            {"age": years(82), "sex": "female", "nursing_home": "yes", "heart_failure": "yes"}
            | {"altered_mental_status": "yes", "respiratory_rate": q(34, "/min")}
            | {"urea_nitrogen": q(42, "mg/dL"), "sodium": q(128, "mmol/L")},
            172,
        ),
    ],
)
def test_psi(more: Inputs, points: float) -> None:
    assert total("psi", {**PORT, **more}) == points


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"age": years(50)}, "class I"),
        ({"age": years(50.9)}, "class I"),
        ({"age": years(51)}, "class II"),
        ({"age": years(20), "heart_failure": "yes"}, "class II"),
        ({"age": years(20), "temperature": q(40.5, "Cel")}, "class II"),
        # Laboratory findings and a nursing home are no part of step 1.
        ({"age": years(50), "ph": 7.2, "nursing_home": "yes", "glucose": q(300, "mg/dL")}, "class I"),
        ({"age": years(70)}, "class II"),
        ({"age": years(71)}, "class III"),
        ({"age": years(90)}, "class III"),
        ({"age": years(91)}, "class IV"),
        ({"age": years(100), "neoplasm": "yes"}, "class IV"),
        ({"age": years(101), "neoplasm": "yes"}, "class V"),
    ],
)
def test_psi_classes(more: Inputs, name: str) -> None:
    """Class I by the first step of Fine 1997, whatever the total; the others by the total."""
    assert band("psi", {**PORT, **more}) == name


def test_psi_of_a_child_is_flagged_and_computed() -> None:
    """CALC-4."""
    assert flags("psi", {**PORT, "age": years(17.9)}) == ["outside-validity"]
    assert flags("psi", {**PORT, "age": years(18)}) == []
    assert total("psi", {**PORT, "age": years(17.9)}) == 17


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"exudate": "yes"}, 1),
        ({"tender_nodes": "yes"}, 1),
        ({"cough_absent": "yes"}, 1),
        ({"temperature": q(37.9, "Cel")}, 0),
        ({"temperature": q(38, "Cel")}, 0),
        ({"temperature": q(100.4, "[degF]")}, 0),
        ({"temperature": q(38.1, "Cel")}, 1),
        ({"temperature": q(100.5, "[degF]")}, 1),
        ({"temperature": "yes"}, 1),
        ({"age": years(3)}, 1),
        ({"age": years(14.9)}, 1),
        ({"age": years(15)}, 0),
        ({"age": years(44.9)}, 0),
        ({"age": years(45)}, -1),
        ({"age": {"value": 96, "unit": "months"}}, 1),
        (
            {"exudate": "yes", "tender_nodes": "yes", "cough_absent": "yes", "temperature": "yes", "age": years(8)},
            5,
        ),
    ],
)
def test_centor_mcisaac(more: Inputs, points: float) -> None:
    assert total("centor-mcisaac", {**THROAT, **more}) == points


def test_centor_below_three_years_is_outside_its_validity() -> None:
    assert flags("centor-mcisaac", {**THROAT, "age": years(2)}) == ["outside-validity"]
    assert flags("centor-mcisaac", {**THROAT, "age": years(3)}) == []


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"age": years(50)}, "1-2.5 % probability"),
        ({}, "1-2.5 % probability"),
        ({"exudate": "yes"}, "5-10 % probability"),
        ({"exudate": "yes", "tender_nodes": "yes"}, "11-17 % probability"),
        ({"exudate": "yes", "tender_nodes": "yes", "cough_absent": "yes"}, "28-35 % probability"),
        (
            {"exudate": "yes", "tender_nodes": "yes", "cough_absent": "yes", "temperature": "yes"},
            "51-53 % probability",
        ),
    ],
)
def test_centor_is_interpreted_as_published(more: Inputs, name: str) -> None:
    assert band("centor-mcisaac", {**THROAT, **more}) == name


@pytest.mark.parametrize("count", range(6))
def test_feverpain_counts_its_five_findings(count: int) -> None:
    given = {**FEVERPAIN, **dict.fromkeys(list(FEVERPAIN)[:count], "yes")}
    assert total("feverpain", given) == count
    assert band("feverpain", given) == ("13-18 %", "13-18 %", "34-40 %", "34-40 %", "62-65 %", "62-65 %")[count]


@pytest.mark.parametrize("name", FEVERPAIN)
def test_every_finding_of_feverpain_is_one_point(name: str) -> None:
    assert total("feverpain", {**FEVERPAIN, name: "yes"}) == 1


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"temperature": q(38, "Cel")}, 0),
        ({"temperature": q(38.1, "Cel")}, 1),
        ({"temperature": q(100.4, "degrees fahrenheit")}, 0),
        ({"temperature": q(36, "Cel")}, 0),
        ({"temperature": q(96.8, "degrees fahrenheit")}, 0),
        ({"temperature": q(35.9, "Cel")}, 1),
        ({"heart_rate": q(90, "/min")}, 0),
        ({"heart_rate": q(91, "/min")}, 1),
        ({"respiratory_rate": q(20, "/min")}, 0),
        ({"respiratory_rate": q(21, "/min")}, 1),
        ({"paco2": q(32, "mmHg")}, 0),
        ({"paco2": q(31.9, "mmHg")}, 1),
        ({"paco2": q(4.2, "kPa")}, 1),
        ({"paco2": q(31, "mmHg"), "respiratory_rate": q(28, "/min")}, 1),
        ({"wbc": q(12, "10*9/L")}, 0),
        ({"wbc": q(12.1, "10*9/L")}, 1),
        ({"wbc": q(4, "10*9/L")}, 0),
        ({"wbc": q(3.9, "10*9/L")}, 1),
        ({"wbc": q(12100, "/uL")}, 1),
        ({"wbc": q(11900, "uL")}, 0),
        ({"bands": q(10, "%")}, 0),
        ({"bands": q(10.1, "%")}, 1),
        ({"temperature": q(39, "Cel"), "heart_rate": "yes"}, 2),
        (
            {"temperature": q(39, "Cel"), "heart_rate": q(118, "/min"), "respiratory_rate": q(26, "/min")}
            | {"wbc": q(17.2, "K/uL")},
            4,
        ),
    ],
)
def test_sirs(more: Inputs, points: float) -> None:
    assert total("sirs", {**CALM, **more}) == points
    assert band("sirs", {**CALM, **more}) == ("SIRS criteria met" if points >= 2 else "SIRS criteria not met")


@pytest.mark.parametrize(
    ("given", "points"),
    [
        # The same count written per litre, per cubic metre and per microlitre.
        ({"value": 13e9, "unit": "/L"}, 1),
        ({"value": 13e12, "unit": "m^3"}, 1),
        ({"value": 13000, "unit": "mm^3"}, 1),
        ({"value": 8e9, "unit": "L"}, 0),
    ],
)
def test_white_cells_count_the_same_whatever_volume_they_are_given_per(given: Inputs, points: float) -> None:
    """Trap of 3.7: a count per L or m3 read as per microlitre."""
    assert total("sirs", {**CALM, "wbc": given}) == points


def test_sirs_is_flagged_as_superseded() -> None:
    assert "superseded" in flags("sirs", CALM)


def test_a_fast_respiration_decides_without_carbon_dioxide_and_a_slow_one_does_not() -> None:
    """CALC-2: what could still give a point is missing, not assumed."""
    assert total("sirs", {**without(CALM, "paco2"), "respiratory_rate": q(24, "/min")}) == 1
    done = calculate("sirs", without(CALM, "paco2", "bands"))
    assert done.missing == ["paco2", "bands"]
    assert done.possible is not None
    assert (done.possible.low, done.possible.high) == (0, 2)


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"respiratory_rate": q(21, "/min")}, 0),
        ({"respiratory_rate": q(22, "/min")}, 1),
        ({"sbp": q(101, "mmHg")}, 0),
        ({"sbp": q(100, "mmHg")}, 1),
        ({"altered_mentation": "yes"}, 1),
        ({"respiratory_rate": q(30, "/min"), "sbp": q(80, "mmHg")}, 2),
        ({"respiratory_rate": q(30, "/min"), "sbp": q(80, "mmHg"), "altered_mentation": True}, 3),
    ],
)
def test_qsofa(more: Inputs, points: float) -> None:
    assert total("qsofa", {**BEDSIDE, **more}) == points
    assert band("qsofa", {**BEDSIDE, **more}) == ("positive" if points >= 2 else "negative")
