"""Wells, PERC and Caprini against sums added up by hand from clinical reference 3.5 (CALC-P3)."""

from __future__ import annotations

import pytest

from .score_calls import SCORES, Inputs, band, calculate, no, q, total, without, years

PE: Inputs = {
    "heart_rate": q(80, "/min"),
    **no("dvt_signs", "pe_most_likely", "immobilisation_or_surgery", "prior_vte", "haemoptysis", "cancer"),
}
DVT: Inputs = {
    "calf_difference": q(0, "cm"),
    **no("cancer", "paralysis_or_cast", "bedridden_or_surgery", "tenderness", "leg_swollen", "pitting_oedema"),
    **no("collateral_veins", "prior_dvt", "alternative_diagnosis"),
}
RULE_OUT: Inputs = {
    "age": years(30),
    "heart_rate": q(80, "/min"),
    "spo2": q(98, "%"),
    **no("unilateral_leg_swelling", "haemoptysis", "surgery_or_trauma", "prior_vte", "hormones"),
}
# Points of every finding of the Caprini form, written down from the reference.
CAPRINI_FINDINGS = {
    "recent_major_surgery": 1, "heart_failure": 1, "sepsis": 1, "pneumonia": 1, "cast": 2, "fracture": 5, "stroke": 5,
    "multiple_trauma": 5, "spinal_cord_injury": 5, "varicose_veins": 1, "swollen_legs": 1, "central_venous_access": 2,
    "prior_vte": 3, "family_history": 3, "factor_v_leiden": 3, "prothrombin_20210a": 3, "homocysteine": 3,
    "lupus_anticoagulant": 3, "anticardiolipin": 3, "hit": 3, "other_thrombophilia": 3,
    "inflammatory_bowel_disease": 1, "myocardial_infarction": 1, "copd": 1, "malignancy": 2,
}  # fmt: skip
CAPRINI: Inputs = {
    "age": years(30),
    "surgery": "none",
    "mobility": "normal",
    "bmi": q(22, "kg/m2"),
    **no(*CAPRINI_FINDINGS),
}


@pytest.mark.parametrize(
    ("more", "points", "name"),
    [
        ({}, 0, "PE unlikely"),
        ({"dvt_signs": "yes"}, 3, "PE unlikely"),
        ({"pe_most_likely": "yes"}, 3, "PE unlikely"),
        ({"heart_rate": q(99, "bpm")}, 0, "PE unlikely"),
        ({"heart_rate": q(100, "bpm")}, 0, "PE unlikely"),
        ({"heart_rate": q(101, "bpm")}, 1.5, "PE unlikely"),
        ({"heart_rate": "yes"}, 1.5, "PE unlikely"),
        ({"immobilisation_or_surgery": "yes"}, 1.5, "PE unlikely"),
        ({"prior_vte": "yes"}, 1.5, "PE unlikely"),
        ({"haemoptysis": "yes"}, 1, "PE unlikely"),
        ({"cancer": "yes"}, 1, "PE unlikely"),
        ({"pe_most_likely": "yes", "cancer": "yes"}, 4, "PE unlikely"),
        ({"pe_most_likely": "yes", "prior_vte": "yes"}, 4.5, "PE likely"),
        ({"pe_most_likely": "yes", "heart_rate": q(112, "/min"), "haemoptysis": "yes"}, 5.5, "PE likely"),
        (dict.fromkeys(PE, "yes"), 12.5, "PE likely"),
    ],
)
def test_wells_pe(more: Inputs, points: float, name: str) -> None:
    assert total("wells-pe", {**PE, **more}) == points
    assert band("wells-pe", {**PE, **more}) == name


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ({"prior_vte": "yes"}, "low"),
        ({"haemoptysis": "yes", "cancer": "yes"}, "moderate"),
        ({"dvt_signs": "yes", "pe_most_likely": "yes"}, "moderate"),
        ({"dvt_signs": "yes", "pe_most_likely": "yes", "cancer": "yes"}, "high"),
    ],
)
def test_wells_pe_tells_three_levels_as_well(more: Inputs, level: str) -> None:
    assert [one.value for one in calculate("wells-pe", {**PE, **more}).further] == [level]


@pytest.mark.parametrize(
    ("more", "points", "name"),
    [
        ({}, 0, "DVT unlikely"),
        *[
            ({name: "yes"}, 1, "DVT unlikely")
            for name in DVT
            if name not in {"calf_difference", "alternative_diagnosis"}
        ],
        ({"alternative_diagnosis": "yes"}, -2, "DVT unlikely"),
        ({"calf_difference": q(2.9, "cm")}, 0, "DVT unlikely"),
        ({"calf_difference": q(3, "cm")}, 0, "DVT unlikely"),
        ({"calf_difference": q(3.1, "cm")}, 1, "DVT unlikely"),
        ({"calf_difference": q(31, "mm")}, 1, "DVT unlikely"),
        ({"calf_difference": q(1, "in")}, 0, "DVT unlikely"),
        ({"calf_difference": q(1.5, "in")}, 1, "DVT unlikely"),
        ({"calf_difference": "yes"}, 1, "DVT unlikely"),
        ({"cancer": "yes", "leg_swollen": "yes"}, 2, "DVT likely"),
        ({"cancer": "yes", "leg_swollen": "yes", "alternative_diagnosis": "yes"}, 0, "DVT unlikely"),
        (dict.fromkeys(DVT, "yes"), 7, "DVT likely"),
    ],
)
def test_wells_dvt(more: Inputs, points: float, name: str) -> None:
    assert total("wells-dvt", {**DVT, **more}) == points
    assert band("wells-dvt", {**DVT, **more}) == name


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"age": years(49.9)}, 0),
        ({"age": years(50)}, 1),
        ({"heart_rate": q(99, "/min")}, 0),
        ({"heart_rate": q(100, "/min")}, 1),
        ({"spo2": q(95, "%")}, 0),
        ({"spo2": q(94.9, "%")}, 1),
        ({"spo2": "yes"}, 1),
        ({"unilateral_leg_swelling": "yes"}, 1),
        ({"haemoptysis": "yes"}, 1),
        ({"surgery_or_trauma": "yes"}, 1),
        ({"prior_vte": "yes"}, 1),
        ({"hormones": "yes"}, 1),
        (dict.fromkeys(RULE_OUT, "yes"), 8),
    ],
)
def test_perc(more: Inputs, points: float) -> None:
    assert total("perc", {**RULE_OUT, **more}) == points
    assert band("perc", {**RULE_OUT, **more}) == ("PERC negative" if points == 0 else "PERC positive")


@pytest.mark.parametrize(("name", "points"), CAPRINI_FINDINGS.items())
def test_every_finding_of_caprini_has_its_points(name: str, points: float) -> None:
    assert total("caprini", {**CAPRINI, name: "yes"}) == points


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"age": years(40.99)}, 0),
        ({"age": years(41)}, 1),
        ({"age": years(60.99)}, 1),
        ({"age": years(61)}, 2),
        ({"age": years(74.99)}, 2),
        ({"age": years(75)}, 3),
        ({"surgery": "minor"}, 1),
        ({"surgery": "major"}, 2),
        ({"surgery": "laparoscopic"}, 2),
        ({"surgery": "arthroscopic"}, 2),
        ({"surgery": "arthroplasty"}, 5),
        ({"mobility": "bed rest"}, 1),
        ({"mobility": "confined"}, 2),
        # 68 years, elective hip arthroplasty, BMI 31, varicose veins, previous DVT: 2 + 5 + 1 + 1 + 3.
        (
            {"age": years(68), "surgery": "arthroplasty", "bmi": q(31, "kg/m2")}
            | {"varicose_veins": "yes", "prior_vte": "yes"},
            12,
        ),
    ],
)
def test_caprini(more: Inputs, points: float) -> None:
    assert total("caprini", {**CAPRINI, **more}) == points


@pytest.mark.parametrize(
    ("given", "points"),
    [
        ({"bmi": q(24.9, "kg/m2")}, 0),
        ({"bmi": q(25, "kg/m2")}, 0),
        ({"bmi": q(25.1, "kg/m2")}, 1),
        ({"bmi": q(45, "kg/m2")}, 1),
        ({"bmi": "yes"}, 1),
        ({"bmi": "no"}, 0),
        ({"height": q(180, "cm"), "weight": q(81, "kg")}, 0),
        ({"height": q(180, "cm"), "weight": q(81.1, "kg")}, 1),
        ({"height": q(1.8, "m"), "weight": q(200, "lb")}, 1),
        ({"height": "5 ft 11 in", "weight": q(150, "lb")}, 0),
    ],
)
def test_a_bmi_above_25_counts_once_in_caprini(given: Inputs, points: float) -> None:
    """Trap of 3.7: BMI counted 2."""
    assert total("caprini", {**without(CAPRINI, "bmi"), **given}) == points


def test_a_height_in_metres_is_not_taken_for_centimetres() -> None:
    """Trap of 3.7."""
    body = {"height": q(1.8, "cm"), "weight": q(81, "kg")}
    assert calculate("caprini", {**without(CAPRINI, "bmi"), **body}).state == "implausible"
    shown = calculate("caprini", {**without(CAPRINI, "bmi"), **body, "height": q(1.8, "m")}).steps
    assert shown[0] == "body mass index = weight / height^2 = 25 kg/m2"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"sepsis": "yes"}, "low risk"),
        ({"cast": "yes"}, "moderate risk"),
        ({"cast": "yes", "sepsis": "yes"}, "higher risk"),
        ({"cast": "yes", "malignancy": "yes"}, "higher risk"),
        ({"stroke": "yes"}, "highest risk"),
    ],
)
def test_caprini_is_interpreted_as_published(more: Inputs, name: str) -> None:
    assert band("caprini", {**CAPRINI, **more}) == name


def test_without_bmi_height_and_weight_the_bmi_stays_open() -> None:
    done = calculate("caprini", without(CAPRINI, "bmi"))
    assert done.missing == ["height", "weight"]
    assert done.possible is not None
    assert (done.possible.low, done.possible.high) == (0, 1)


def test_caprini_says_that_the_items_for_women_are_not_part_of_it() -> None:
    assert "women" in SCORES["caprini"].validity
