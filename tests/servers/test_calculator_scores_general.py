"""Glasgow-Blatchford, Child-Pugh, Charlson, ABCD2, Apgar and the screening sums, added up by hand (3.5, 3.6)."""

from __future__ import annotations

import pytest

from .score_calls import Inputs, band, calculate, flags, no, q, total, without, years

BLEEDING: Inputs = {
    "urea_nitrogen": q(14, "mg/dL"),
    "hemoglobin": q(14, "g/dL"),
    "sex": "male",
    "sbp": q(120, "mmHg"),
    "heart_rate": q(80, "/min"),
    **no("melena", "syncope", "liver_disease", "heart_failure"),
}
LIVER: Inputs = {
    "bilirubin": q(1, "mg/dL"),
    "albumin": q(4, "g/dL"),
    "inr": 1.1,
    "ascites": "none",
    "encephalopathy": "none",
}
CHARLSON_FINDINGS = {
    "myocardial_infarction": 1, "heart_failure": 1, "peripheral_vascular_disease": 1, "stroke": 1, "dementia": 1,
    "copd": 1, "connective_tissue_disease": 1, "peptic_ulcer": 1, "mild_liver_disease": 1, "diabetes": 1,
    "hemiplegia": 2, "ckd": 2, "diabetes_end_organ": 2, "localised_tumour": 2, "leukaemia": 2, "lymphoma": 2,
    "severe_liver_disease": 3, "metastatic_tumour": 6, "aids": 6,
}  # fmt: skip
COMORBID: Inputs = {"age": years(40), **no(*CHARLSON_FINDINGS)}
TIA: Inputs = {
    "age": years(50),
    "sbp": q(120, "mmHg"),
    "dbp": q(80, "mmHg"),
    "clinical_features": "other",
    "duration": q(5, "min"),
    "diabetes": "no",
}
NEWBORN = ("heart_rate", "respiration", "muscle_tone", "reflex", "colour")
PHQ = ("interest", "mood", "sleep", "energy", "appetite", "self_esteem", "concentration", "psychomotor", "self_harm")
GAD = ("nervous", "control", "worry", "relax", "restless", "irritable", "afraid")


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"urea_nitrogen": q(18.1, "mg/dL")}, 0),
        ({"urea_nitrogen": q(18.2, "mg/dL")}, 2),
        ({"urea_nitrogen": q(22.3, "mg/dL")}, 2),
        ({"urea_nitrogen": q(22.4, "mg/dL")}, 3),
        ({"urea_nitrogen": q(27.9, "mg/dL")}, 3),
        ({"urea_nitrogen": q(28, "mg/dL")}, 4),
        ({"urea_nitrogen": q(70, "mg/dL")}, 4),
        ({"urea_nitrogen": q(70.1, "mg/dL")}, 6),
        # The original table of Blatchford 2000 is in mmol/L of urea: 6.5, 8, 10, 25.
        ({"urea_nitrogen": q(6.4, "mmol/L")}, 0),
        ({"urea_nitrogen": q(6.5, "mmol/L")}, 2),
        ({"urea_nitrogen": q(7.9, "mmol/L")}, 2),
        ({"urea_nitrogen": q(8, "mmol/L")}, 3),
        ({"urea_nitrogen": q(9.9, "mmol/L")}, 3),
        ({"urea_nitrogen": q(10, "mmol/L")}, 4),
        ({"urea_nitrogen": q(24.9, "mmol/L")}, 4),
        ({"urea_nitrogen": q(25, "mmol/L")}, 6),
        *[({"hemoglobin": q(v, "g/dL")}, p) for v, p in [(13, 0), (12.9, 1), (12, 1), (11.9, 3), (10, 3), (9.9, 6)]],
        *[
            ({"sex": "female", "hemoglobin": q(v, "g/dL")}, p)
            for v, p in [(13, 0), (12, 0), (11.9, 1), (10, 1), (9.9, 6)]
        ],
        ({"hemoglobin": q(119, "g/L")}, 3),
        # 7 mmol/L of haemoglobin (monomer) is 11.28 g/dL; by the tetramer it would be four times as much (trap of 3.7).
        ({"hemoglobin": q(7, "mmol/L")}, 3),
        ({"sbp": q(110, "mmHg")}, 0),
        ({"sbp": q(109, "mmHg")}, 1),
        ({"sbp": q(100, "mmHg")}, 1),
        ({"sbp": q(99, "mmHg")}, 2),
        ({"sbp": q(90, "mmHg")}, 2),
        ({"sbp": q(89, "mmHg")}, 3),
        ({"heart_rate": q(99, "/min")}, 0),
        ({"heart_rate": q(100, "/min")}, 1),
        ({"melena": "yes"}, 1),
        ({"syncope": "yes"}, 2),
        ({"liver_disease": "yes"}, 2),
        ({"heart_failure": "yes"}, 2),
        # Man, urea 12 mmol/L, haemoglobin 9.1, 95 mmHg, pulse 115, melaena: 4 + 6 + 2 + 1 + 1.
        (
            {"urea_nitrogen": q(12, "mmol/L"), "hemoglobin": q(9.1, "g/dL"), "sbp": q(95, "mmHg")}
            | {"heart_rate": q(115, "/min"), "melena": "yes"},
            14,
        ),
    ],
)
def test_glasgow_blatchford(more: Inputs, points: float) -> None:
    assert total("glasgow-blatchford", {**BLEEDING, **more}) == points


def test_glasgow_blatchford_ends_at_twenty_three() -> None:
    worst = {"urea_nitrogen": q(80, "mg/dL"), "hemoglobin": q(6, "g/dL"), "sbp": q(70, "mmHg")} | dict.fromkeys(
        ("heart_rate", "melena", "syncope", "liver_disease", "heart_failure"), "yes"
    )
    assert total("glasgow-blatchford", {**BLEEDING, **worst}) == 23


def test_the_sex_matters_to_glasgow_blatchford_only_between_its_bands() -> None:
    assert total("glasgow-blatchford", without({**BLEEDING, "hemoglobin": q(9, "g/dL")}, "sex")) == 6
    assert calculate("glasgow-blatchford", without({**BLEEDING, "hemoglobin": q(12.5, "g/dL")}, "sex")).missing == [
        "sex"
    ]
    assert band("glasgow-blatchford", {**BLEEDING, "melena": "yes"}) == "very low risk"
    assert band("glasgow-blatchford", {**BLEEDING, "syncope": "yes"}) == "not very low risk"


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 5),
        ({"bilirubin": q(1.99, "mg/dL")}, 5),
        ({"bilirubin": q(2, "mg/dL")}, 6),
        ({"bilirubin": q(3, "mg/dL")}, 6),
        ({"bilirubin": q(3.01, "mg/dL")}, 7),
        # 33 umol/L is 1.93 mg/dL, 52 umol/L is 3.04 mg/dL (molar mass 584.66, trap of 3.7).
        ({"bilirubin": q(33, "umol/L")}, 5),
        ({"bilirubin": q(35, "umol/L")}, 6),
        ({"bilirubin": q(51, "umol/L")}, 6),
        ({"bilirubin": q(52, "umol/L")}, 7),
        ({"albumin": q(3.51, "g/dL")}, 5),
        ({"albumin": q(3.5, "g/dL")}, 6),
        ({"albumin": q(2.8, "g/dL")}, 6),
        ({"albumin": q(2.79, "g/dL")}, 7),
        ({"albumin": q(28, "g/L")}, 6),
        ({"inr": 1.69}, 5),
        ({"inr": 1.7}, 6),
        ({"inr": 2.3}, 6),
        ({"inr": 2.31}, 7),
        ({"ascites": "slight"}, 6),
        ({"ascites": "moderate"}, 7),
        ({"encephalopathy": "1-2"}, 6),
        ({"encephalopathy": 2}, 6),
        ({"encephalopathy": "grade 3"}, 7),
        # Bilirubin 2.5 2, albumin 2.6 3, INR 1.8 2, slight ascites 2, no encephalopathy 1.
        ({"bilirubin": q(2.5, "mg/dL"), "albumin": q(2.6, "g/dL"), "inr": 1.8, "ascites": "slight"}, 10),
    ],
)
def test_child_pugh(more: Inputs, points: float) -> None:
    assert total("child-pugh", {**LIVER, **more}) == points


@pytest.mark.parametrize(
    ("more", "points", "name"),
    [
        ({}, 5, "class A"),
        ({"inr": 2}, 6, "class A"),
        ({"inr": 3}, 7, "class B"),
        ({"inr": 3, "ascites": "moderate"}, 9, "class B"),
        ({"inr": 3, "ascites": "moderate", "encephalopathy": "1-2"}, 10, "class C"),
        (
            {"inr": 3, "ascites": "moderate", "encephalopathy": "3-4", "albumin": q(2, "g/dL")}
            | {"bilirubin": q(9, "mg/dL")},
            15,
            "class C",
        ),
    ],
)
def test_child_pugh_classes(more: Inputs, points: float, name: str) -> None:
    assert total("child-pugh", {**LIVER, **more}) == points
    assert band("child-pugh", {**LIVER, **more}) == name


def test_child_pugh_starts_at_one_point_for_each_item() -> None:
    done = calculate("child-pugh", {})
    assert done.possible is not None
    assert (done.possible.low, done.possible.high) == (5, 15)
    assert total("child-pugh", {}, assume_missing="normal") == 5


@pytest.mark.parametrize(("name", "points"), CHARLSON_FINDINGS.items())
def test_every_disease_of_charlson_has_its_weight(name: str, points: float) -> None:
    assert total("charlson", {**COMORBID, name: "yes"}) == points


@pytest.mark.parametrize(
    ("mild", "severe", "points"),
    [
        ("mild_liver_disease", "severe_liver_disease", 3),
        ("diabetes", "diabetes_end_organ", 2),
        ("localised_tumour", "metastatic_tumour", 6),
    ],
)
def test_of_two_degrees_of_one_disease_only_the_worse_one_counts(mild: str, severe: str, points: float) -> None:
    both = {**COMORBID, mild: "yes", severe: "yes"}
    assert total("charlson", both) == points
    assert total("charlson", without(both, mild)) == points
    assert calculate("charlson", without({**both, severe: "no"}, severe)).missing == [severe]


@pytest.mark.parametrize(
    ("age", "points"), [(49.9, 0), (50, 1), (59.9, 1), (60, 2), (69.9, 2), (70, 3), (79.9, 3), (80, 4), (95, 4)]
)
def test_charlson_counts_the_age(age: float, points: float) -> None:
    assert total("charlson", {**COMORBID, "age": years(age)}) == points


def test_charlson_tells_the_index_without_age_as_well() -> None:
    """72 years, heart failure, COPD, diabetes with nephropathy, metastatic tumour: 3 + 1 + 1 + 2 + 6."""
    chosen = ("heart_failure", "copd", "diabetes", "diabetes_end_organ", "metastatic_tumour")
    given = {**COMORBID, "age": years(72), **dict.fromkeys(chosen, "yes")}
    assert total("charlson", given) == 13
    assert [one.value for one in calculate("charlson", given).further] == [10]
    assert band("charlson", given) == "5 or more"


def test_the_groups_of_charlson_are_those_of_the_index_without_age() -> None:
    """The groups of 1987 know no age: 75 years without any disease are 3 points and group 0."""
    given = {**COMORBID, "age": years(75)}
    assert total("charlson", given) == 3
    done = calculate("charlson", given)
    assert done.interpretation is not None
    assert (done.interpretation.band, done.interpretation.source) == (
        "0",
        "Charlson 1987 (groups of the index without age)",
    )


@pytest.mark.parametrize(
    ("count", "name"), [(0, "0"), (1, "1 to 2"), (2, "1 to 2"), (3, "3 to 4"), (4, "3 to 4"), (5, "5 or more")]
)
def test_charlson_is_interpreted_by_its_groups(count: int, name: str) -> None:
    chosen = ("myocardial_infarction", "heart_failure", "stroke", "dementia", "copd")[:count]
    assert band("charlson", {**COMORBID, **dict.fromkeys(chosen, "yes")}) == name


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        ({"age": years(59.9)}, 0),
        ({"age": years(60)}, 1),
        ({"sbp": q(139, "mmHg")}, 0),
        ({"sbp": q(140, "mmHg")}, 1),
        ({"dbp": q(89, "mmHg")}, 0),
        ({"dbp": q(90, "mmHg")}, 1),
        ({"sbp": q(180, "mmHg"), "dbp": q(110, "mmHg")}, 1),
        ({"clinical_features": "speech"}, 1),
        ({"clinical_features": "unilateral weakness"}, 2),
        ({"duration": q(9.9, "min")}, 0),
        ({"duration": q(10, "min")}, 1),
        ({"duration": q(59, "min")}, 1),
        ({"duration": q(60, "min")}, 2),
        ({"duration": q(1, "h")}, 2),
        ({"diabetes": "yes"}, 1),
        # 66 years, 150/85, weakness of one arm for 20 minutes, no diabetes: 1 + 1 + 2 + 1.
        (
            {"age": years(66), "sbp": q(150, "mmHg"), "dbp": q(85, "mmHg"), "clinical_features": "weakness"}
            | {"duration": q(20, "min")},
            5,
        ),
    ],
)
def test_abcd2(more: Inputs, points: float) -> None:
    assert total("abcd2", {**TIA, **more}) == points


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"duration": q(90, "min"), "diabetes": "yes"}, "low"),
        ({"duration": q(90, "min"), "clinical_features": "weakness"}, "moderate"),
        ({"duration": q(90, "min"), "clinical_features": "weakness", "diabetes": "yes"}, "moderate"),
        ({"duration": q(90, "min"), "clinical_features": "weakness", "diabetes": "yes", "age": "yes"}, "high"),
    ],
)
def test_abcd2_is_interpreted_as_published(more: Inputs, name: str) -> None:
    assert band("abcd2", {**TIA, **more}) == name


@pytest.mark.parametrize(
    ("signs", "points", "name"),
    [
        ((2, 2, 2, 2, 2), 10, "reassuring"),
        ((2, 2, 2, 1, 0), 7, "reassuring"),
        ((2, 1, 1, 1, 1), 6, "moderately abnormal"),
        ((1, 1, 1, 1, 0), 4, "moderately abnormal"),
        ((1, 1, 0, 1, 0), 3, "low"),
        ((0, 0, 0, 0, 0), 0, "low"),
    ],
)
def test_apgar(signs: tuple[int, ...], points: float, name: str) -> None:
    given: Inputs = dict(zip(NEWBORN, signs, strict=True))
    assert total("apgar", given) == points
    assert band("apgar", given) == name


@pytest.mark.parametrize(
    ("slug", "items", "answers", "points", "name"),
    [
        ("phq-9", PHQ, (0,) * 9, 0, "minimal"),
        ("phq-9", PHQ, (1, 1, 1, 1, 0, 0, 0, 0, 0), 4, "minimal"),
        ("phq-9", PHQ, (1, 1, 1, 1, 1, 0, 0, 0, 0), 5, "mild"),
        ("phq-9", PHQ, (1,) * 9, 9, "mild"),
        ("phq-9", PHQ, (2, 2, 2, 2, 2, 0, 0, 0, 0), 10, "moderate"),
        ("phq-9", PHQ, (2, 2, 2, 2, 2, 2, 2, 0, 0), 14, "moderate"),
        ("phq-9", PHQ, (3, 3, 3, 3, 3, 0, 0, 0, 0), 15, "moderately severe"),
        ("phq-9", PHQ, (3, 3, 3, 3, 3, 3, 1, 0, 0), 19, "moderately severe"),
        ("phq-9", PHQ, (3, 3, 3, 3, 3, 3, 2, 0, 0), 20, "severe"),
        ("phq-9", PHQ, (3,) * 9, 27, "severe"),
        ("gad-7", GAD, (1, 1, 1, 1, 0, 0, 0), 4, "minimal"),
        ("gad-7", GAD, (1, 1, 1, 1, 1, 0, 0), 5, "mild"),
        ("gad-7", GAD, (2, 2, 2, 2, 1, 0, 0), 9, "mild"),
        ("gad-7", GAD, (2, 2, 2, 2, 2, 0, 0), 10, "moderate"),
        ("gad-7", GAD, (2,) * 7, 14, "moderate"),
        ("gad-7", GAD, (3, 3, 3, 3, 3, 0, 0), 15, "severe"),
        ("gad-7", GAD, (3,) * 7, 21, "severe"),
    ],
)
def test_screening_sums(slug: str, items: tuple[str, ...], answers: tuple[int, ...], points: float, name: str) -> None:
    given: Inputs = dict(zip(items, answers, strict=True))
    assert total(slug, given) == points
    assert band(slug, given) == name


def test_an_answer_about_self_harm_is_flagged_whatever_else_is_missing() -> None:
    """QN-I1."""
    assert flags("phq-9", {"self_harm": 1}) == ["self-harm"]
    assert flags("phq-9", {**dict.fromkeys(PHQ, 0), "self_harm": 3}) == ["self-harm"]
    assert flags("phq-9", dict.fromkeys(PHQ, 0)) == []


def test_no_item_of_a_screening_is_ever_assumed() -> None:
    """QN-I2."""
    for wish in ("absent", "normal"):
        done = calculate("phq-9", without(dict.fromkeys(PHQ, 1), "sleep"), assume_missing=wish)
        assert (done.state, done.missing, done.assumed) == ("missing-inputs", ["sleep"], [])


@pytest.mark.parametrize(
    ("answers", "sex", "name"),
    [
        ((1, 1, 0), "female", "negative"),
        ((1, 1, 1), "female", "positive"),
        ((1, 1, 1), "male", "negative"),
        ((2, 1, 1), "male", "positive"),
        ((4, 4, 4), "male", "positive"),
    ],
)
def test_audit_c_has_a_cut_off_for_each_sex(answers: tuple[int, int, int], sex: str, name: str) -> None:
    given: Inputs = dict(zip(("frequency", "typical_amount", "heavy_occasions"), answers, strict=True))
    assert total("audit-c", {**given, "sex": sex}) == sum(answers)
    assert band("audit-c", {**given, "sex": sex}) == name
    assert total("audit-c", given) == sum(answers)
    assert band("audit-c", given) is None
