"""CHA2DS2-VASc, HAS-BLED, HEART and RCRI against sums added up by hand from clinical reference 3.5 (CALC-P3)."""

from __future__ import annotations

import pytest

from .score_calls import Inputs, band, calculate, flags, no, q, total, without, years

AF: Inputs = {
    "age": years(50),
    "sex": "male",
    **no("heart_failure", "hypertension", "diabetes", "stroke", "vascular_disease"),
}
BLEED: Inputs = {
    "sbp": q(130, "mmHg"),
    "age": years(50),
    "drinks_per_week": 0,
    **no("abnormal_renal_function", "abnormal_liver_function", "stroke", "bleeding", "labile_inr", "drugs"),
}
FACTORS = ("hypertension", "hypercholesterolaemia", "diabetes", "obesity", "smoking", "family_history")
PAIN: Inputs = {
    "history": "slightly",
    "ecg": "normal",
    "age": years(40),
    "troponin_ratio": 0.5,
    **no(*FACTORS, "atherosclerotic_disease"),
}
SURGERY: Inputs = {
    "creatinine": q(1.0, "mg/dL"),
    **no("high_risk_surgery", "ischaemic_heart_disease", "heart_failure", "cerebrovascular_disease", "insulin"),
}


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"heart_failure": "yes"}, 1),
        ({"hypertension": "yes"}, 1),
        ({"diabetes": "yes"}, 1),
        ({"stroke": "yes"}, 2),
        ({"vascular_disease": "yes"}, 1),
        ({"sex": "female"}, 1),
        ({"age": years(64)}, 0),
        ({"age": years(64.99)}, 0),
        ({"age": years(65)}, 1),
        ({"age": years(74.99)}, 1),
        ({"age": years(75)}, 2),
        ({"age": years(90)}, 2),
        # A woman of 76 with hypertension and diabetes: 2 + 1 + 1 + 1.
        ({"age": years(76), "sex": "female", "hypertension": "yes", "diabetes": "yes"}, 5),
        # A man of 67 with heart failure and a previous TIA: 1 + 1 + 2.
        ({"age": years(67), "heart_failure": "yes", "stroke": "yes"}, 4),
        ({**dict.fromkeys(("heart_failure", "hypertension", "diabetes", "stroke", "vascular_disease"), "yes")}, 6),
    ],
)
def test_cha2ds2_vasc(more: Inputs, points: float) -> None:
    assert total("cha2ds2-vasc", {**AF, **more}) == points


def test_cha2ds2_vasc_ends_at_nine() -> None:
    every = dict.fromkeys(AF, "yes") | {"age": years(75), "sex": "female"}
    assert total("cha2ds2-vasc", every) == 9


@pytest.mark.parametrize(
    ("more", "name"), [({}, "low"), ({"diabetes": "yes"}, "intermediate"), ({"stroke": "yes"}, "high")]
)
def test_cha2ds2_vasc_is_interpreted_as_published(more: Inputs, name: str) -> None:
    assert band("cha2ds2-vasc", {**AF, **more}) == name


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"sbp": q(159, "mmHg")}, 0),
        ({"sbp": q(160, "mmHg")}, 0),
        ({"sbp": q(161, "mmHg")}, 1),
        ({"sbp": "yes"}, 1),
        ({"sbp": "no"}, 0),
        ({"abnormal_renal_function": "yes"}, 1),
        ({"abnormal_liver_function": "yes"}, 1),
        ({"stroke": "yes"}, 1),
        ({"bleeding": "yes"}, 1),
        ({"labile_inr": "yes"}, 1),
        ({"drugs": "yes"}, 1),
        ({"age": years(65)}, 0),
        ({"age": years(65.9)}, 0),
        ({"age": years(66)}, 1),
        ({"drinks_per_week": 7}, 0),
        ({"drinks_per_week": 8}, 1),
        ({"drinks_per_week": 9}, 1),
        ({"alcohol": "yes"}, 1),
        # Uncontrolled hypertension, 72 years, aspirin, ten drinks a week.
        ({"sbp": q(172, "mmHg"), "age": years(72), "drugs": "yes", "drinks_per_week": 10}, 4),
    ],
)
def test_has_bled(more: Inputs, points: float) -> None:
    given = {**without(BLEED, "drinks_per_week"), **more} if "alcohol" in more else {**BLEED, **more}
    assert total("has-bled", given) == points


def test_has_bled_ends_at_nine_and_is_high_from_three() -> None:
    every = dict.fromkeys(BLEED, "yes")
    assert total("has-bled", every) == 9
    assert band("has-bled", {**BLEED, "drugs": "yes", "stroke": "yes"}) == "low to moderate"
    assert band("has-bled", {**BLEED, "drugs": "yes", "stroke": "yes", "bleeding": "yes"}) == "high"


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"history": "moderately"}, 1),
        ({"history": "highly suspicious"}, 2),
        ({"ecg": "nonspecific"}, 1),
        ({"ecg": "significant ST deviation"}, 2),
        ({"age": years(44.9)}, 0),
        ({"age": years(45)}, 1),
        ({"age": years(64.9)}, 1),
        ({"age": years(65)}, 2),
        ({"smoking": "yes"}, 1),
        ({"smoking": "yes", "diabetes": "yes"}, 1),
        ({"smoking": "yes", "diabetes": "yes", "obesity": "yes"}, 2),
        (dict.fromkeys(FACTORS, "yes"), 2),
        ({"troponin_ratio": 0.99}, 0),
        ({"troponin_ratio": 1}, 0),
        ({"troponin_ratio": 1.01}, 1),
        ({"troponin_ratio": 3}, 1),
        ({"troponin_ratio": 3.01}, 2),
        ({"troponin_ratio": "no"}, 0),
        # 58 years, moderately suspicious, normal ECG, hypertension and smoking, troponin twice the limit.
        (
            {"age": years(58), "history": "moderately", "hypertension": "yes", "smoking": "yes", "troponin_ratio": 2},
            4,
        ),
    ],
)
def test_heart(more: Inputs, points: float) -> None:
    assert total("heart", {**PAIN, **more}) == points


@pytest.mark.parametrize("others", [0, 1, 2, 3, 6])
def test_known_atherosclerosis_gives_two_points_whatever_other_risk_factors_there_are(others: int) -> None:
    """Trap of 3.7: the branch must be reachable with one or two other factors."""
    given = {**PAIN, **dict.fromkeys(FACTORS[:others], "yes"), "atherosclerotic_disease": "yes"}
    assert total("heart", given) == 2


def test_known_atherosclerosis_needs_no_other_risk_factor_to_be_asked() -> None:
    assert total("heart", {**without(PAIN, *FACTORS), "atherosclerotic_disease": "yes"}) == 2


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"history": "highly", "age": years(45)}, "low"),
        ({"history": "highly", "age": years(65)}, "intermediate"),
        ({"history": "highly", "age": years(65), "ecg": "st-deviation"}, "intermediate"),
        ({"history": "highly", "age": years(65), "ecg": "st-deviation", "smoking": "yes"}, "high"),
    ],
)
def test_heart_is_interpreted_as_published(more: Inputs, name: str) -> None:
    assert band("heart", {**PAIN, **more}) == name


@pytest.mark.parametrize(
    ("more", "points", "name"),
    [
        ({}, 0, "class I"),
        ({"high_risk_surgery": "yes"}, 1, "class II"),
        ({"ischaemic_heart_disease": "yes"}, 1, "class II"),
        ({"heart_failure": "yes"}, 1, "class II"),
        ({"cerebrovascular_disease": "yes"}, 1, "class II"),
        ({"insulin": "yes"}, 1, "class II"),
        ({"creatinine": q(1.99, "mg/dL")}, 0, "class I"),
        ({"creatinine": q(2.0, "mg/dL")}, 0, "class I"),
        ({"creatinine": q(2.01, "mg/dL")}, 1, "class II"),
        ({"creatinine": q(176, "umol/L")}, 0, "class I"),
        ({"creatinine": q(178, "umol/L")}, 1, "class II"),
        ({"high_risk_surgery": "yes", "insulin": "yes"}, 2, "class III"),
        ({"high_risk_surgery": "yes", "insulin": "yes", "creatinine": "yes"}, 3, "class IV"),
        (dict.fromkeys(SURGERY, "yes"), 6, "class IV"),
    ],
)
def test_rcri(more: Inputs, points: float, name: str) -> None:
    assert total("rcri", {**SURGERY, **more}) == points
    assert band("rcri", {**SURGERY, **more}) == name


def test_a_missing_item_leaves_a_range_and_no_result() -> None:
    """CALC-1, CALC-2."""
    done = calculate("cha2ds2-vasc", {**AF, "stroke": "unknown", "diabetes": None})
    assert done.state == "missing-inputs"
    assert done.result is None
    assert done.interpretation is None
    assert done.missing == ["diabetes", "stroke"]
    assert done.possible is not None
    assert (done.possible.low, done.possible.high) == (0, 3)


def test_a_missing_item_is_assumed_absent_only_when_asked_and_then_listed() -> None:
    """CALC-2."""
    given = without(AF, "stroke", "diabetes")
    done = calculate("cha2ds2-vasc", given, assume_missing="absent")
    assert done.state == "ok"
    assert done.assumed == ["diabetes: absent", "stroke: absent"]
    assert calculate("cha2ds2-vasc", without(AF, "age"), assume_missing="normal").missing == ["age"]
    assert calculate("cha2ds2-vasc", without(AF, "sex"), assume_missing="normal").missing == ["sex"]


def test_an_item_says_what_it_was_worth() -> None:
    done = calculate("cha2ds2-vasc", {**AF, "age": years(70), "sex": "female"})
    assert "Age (70 years): 1" in done.steps
    assert "Sex (female): 1" in done.steps
    assert done.steps[-1] == "sum: 2"
    assert flags("cha2ds2-vasc", AF) == []
