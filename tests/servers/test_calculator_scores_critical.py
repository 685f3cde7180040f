"""SOFA, APACHE II, NEWS2 and the Glasgow Coma Scale against sums added up by hand from clinical reference 3.5, 3.6."""

from __future__ import annotations

import pytest

from agentkit_servers.calculator.core.plain import BadInput

from .score_calls import Inputs, band, calculate, flags, no, q, total, without, years

RATES = ("dopamine", "dobutamine", "epinephrine", "norepinephrine")
ORGANS: Inputs = {
    "pao2": q(95, "mmHg"),
    "fio2": q(21, "%"),
    "respiratory_support": "no",
    "platelets": q(250, "10*9/L"),
    "bilirubin": q(0.8, "mg/dL"),
    "map": q(85, "mmHg"),
    **no(*RATES),
    "gcs": 15,
    "creatinine": q(0.9, "mg/dL"),
    "urine_output": q(1800, "mL/day"),
}
ADMITTED: Inputs = {
    "temperature": q(37, "Cel"),
    "map": q(85, "mmHg"),
    "heart_rate": q(80, "/min"),
    "respiratory_rate": q(16, "/min"),
    "fio2": q(21, "%"),
    "pao2": q(90, "mmHg"),
    "paco2": q(40, "mmHg"),
    "ph": 7.4,
    "sodium": q(140, "mmol/L"),
    "potassium": q(4.2, "mmol/L"),
    "creatinine": q(1.0, "mg/dL"),
    "acute_renal_failure": "no",
    "hematocrit": q(40, "%"),
    "wbc": q(8, "10*9/L"),
    "gcs": 15,
    "age": years(40),
    "chronic_organ_insufficiency": "no",
    "admission": "nonoperative",
}
WELL: Inputs = {
    "respiratory_rate": q(16, "/min"),
    "spo2": q(97, "%"),
    "supplemental_oxygen": "no",
    "sbp": q(120, "mmHg"),
    "heart_rate": q(70, "/min"),
    "consciousness": "alert",
    "temperature": q(37, "Cel"),
}


def rate(name: str, value: float) -> Inputs:
    return {name: q(value, "mcg/kg/min")}


def ventilated(pao2: float, fio2: float, support: str) -> Inputs:
    return {"pao2": q(pao2, "mmHg"), "fio2": q(fio2, "%"), "respiratory_support": support}


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        (ventilated(84, 21, "no"), 0),
        (ventilated(83, 21, "no"), 1),
        (ventilated(120, 40, "no"), 1),
        (ventilated(119, 40, "no"), 2),
        # Below 200 without support it stays at 2; with support it is 3, below 100 4.
        (ventilated(80, 40, "yes"), 2),
        (ventilated(79, 40, "yes"), 3),
        (ventilated(79, 40, "no"), 2),
        (ventilated(100, 100, "yes"), 3),
        (ventilated(99, 100, "yes"), 4),
        (ventilated(50, 100, "no"), 2),
        ({"pao2_fio2_ratio": q(180, "mmHg"), "respiratory_support": "yes"}, 3),
        (ventilated(10.6, 40, "no") | {"pao2": q(10.6, "kPa")}, 2),
        ({"platelets": q(150, "10*9/L")}, 0),
        ({"platelets": q(149, "10*9/L")}, 1),
        ({"platelets": q(100, "10*9/L")}, 1),
        ({"platelets": q(99, "10*9/L")}, 2),
        ({"platelets": q(50, "10*9/L")}, 2),
        ({"platelets": q(49, "10*9/L")}, 3),
        ({"platelets": q(20, "10*9/L")}, 3),
        ({"platelets": q(19, "10*9/L")}, 4),
        ({"platelets": q(19000, "/uL")}, 4),
        ({"bilirubin": q(1.19, "mg/dL")}, 0),
        ({"bilirubin": q(1.2, "mg/dL")}, 1),
        ({"bilirubin": q(1.99, "mg/dL")}, 1),
        ({"bilirubin": q(2, "mg/dL")}, 2),
        ({"bilirubin": q(5.9, "mg/dL")}, 2),
        ({"bilirubin": q(6, "mg/dL")}, 3),
        ({"bilirubin": q(11.9, "mg/dL")}, 3),
        ({"bilirubin": q(12, "mg/dL")}, 4),
        ({"bilirubin": q(210, "umol/L")}, 4),
        ({"map": q(70, "mmHg")}, 0),
        ({"map": q(69, "mmHg")}, 1),
        (rate("dobutamine", 1), 2),
        (rate("dobutamine", 20), 2),
        (rate("dopamine", 0.1), 2),
        (rate("dopamine", 5), 2),
        (rate("dopamine", 5.1), 3),
        (rate("dopamine", 15), 3),
        (rate("dopamine", 15.1), 4),
        (rate("epinephrine", 0.01), 3),
        (rate("epinephrine", 0.1), 3),
        (rate("epinephrine", 0.11), 4),
        (rate("norepinephrine", 0.1), 3),
        (rate("norepinephrine", 0.11), 4),
        ({"norepinephrine": q(0.00006, "mg/kg/min")}, 3),
        ({"gcs": 14}, 1),
        ({"gcs": 13}, 1),
        ({"gcs": 12}, 2),
        ({"gcs": 10}, 2),
        ({"gcs": 9}, 3),
        ({"gcs": 6}, 3),
        ({"gcs": 5}, 4),
        ({"gcs": 3}, 4),
        ({"creatinine": q(1.19, "mg/dL")}, 0),
        ({"creatinine": q(1.2, "mg/dL")}, 1),
        ({"creatinine": q(1.99, "mg/dL")}, 1),
        ({"creatinine": q(2, "mg/dL")}, 2),
        ({"creatinine": q(3.49, "mg/dL")}, 2),
        ({"creatinine": q(3.5, "mg/dL")}, 3),
        ({"creatinine": q(4.99, "mg/dL")}, 3),
        ({"creatinine": q(5, "mg/dL")}, 4),
        ({"urine_output": q(500, "mL/d")}, 0),
        ({"urine_output": q(499, "mL/d")}, 3),
        ({"urine_output": q(200, "mL/d")}, 3),
        ({"urine_output": q(199, "mL/d")}, 4),
        ({"urine_output": "no"}, 0),
        # Ventilated (80/0.5 = 160) 3, platelets 85 2, bilirubin 2.4 2, norepinephrine 0.2 4, GCS 9 3, creatinine 2.1 2.
        (
            ventilated(80, 50, "yes")
            | rate("norepinephrine", 0.2)
            | {"platelets": q(85, "10*9/L"), "bilirubin": q(2.4, "mg/dL"), "gcs": 9, "creatinine": q(2.1, "mg/dL")},
            16,
        ),
    ],
)
def test_sofa(more: Inputs, points: float) -> None:
    assert total("sofa", {**ORGANS, **more}) == points


def test_sofa_is_interpreted_from_two_points_on() -> None:
    assert band("sofa", {**ORGANS, "platelets": q(149, "10*9/L")}) == "below 2"
    told = band("sofa", {**ORGANS, "platelets": q(99, "10*9/L")})
    assert told == "organ dysfunction where it is an acute rise of 2 or more from the baseline"


def test_sofa_ends_at_twenty_four() -> None:
    worst = {
        **ventilated(50, 100, "yes"),
        **rate("epinephrine", 1),
        "platelets": q(5, "10*9/L"),
        "bilirubin": q(20, "mg/dL"),
        "gcs": 3,
        "creatinine": q(6, "mg/dL"),
    }
    assert total("sofa", {**ORGANS, **worst}) == 24


@pytest.mark.parametrize(("sbp", "dbp", "points"), [(110, 50, 0), (109, 50, 1), (120, 45, 0), (90, 60, 0), (89, 60, 1)])
def test_the_mean_pressure_is_worked_out_from_both_pressures(sbp: float, dbp: float, points: float) -> None:
    given = {**without(ORGANS, "map"), "sbp": q(sbp, "mmHg"), "dbp": q(dbp, "mmHg")}
    assert total("sofa", given) == points


def test_sofa_leaves_open_what_is_not_known() -> None:
    done = calculate("sofa", without(ORGANS, "map", "urine_output", "gcs"))
    assert done.missing == ["sbp", "dbp", "gcs", "urine_output"]
    assert done.possible is not None
    assert (done.possible.low, done.possible.high) == (0, 9)


def test_support_need_not_be_known_where_it_changes_nothing() -> None:
    assert total("sofa", without(ORGANS, "respiratory_support")) == 0
    asked = calculate("sofa", without({**ORGANS, "pao2": q(50, "mmHg"), "fio2": q(40, "%")}, "respiratory_support"))
    assert asked.missing == ["respiratory_support"]
    assert asked.possible is not None
    assert (asked.possible.low, asked.possible.high) == (2, 3)


def test_what_was_worked_out_is_shown() -> None:
    given: Inputs = {**without(ORGANS, "map"), "sbp": q(110, "mmHg"), "dbp": q(50, "mmHg"), **ventilated(80, 50, "yes")}
    steps = calculate("sofa", given).steps
    assert steps[:2] == ["PaO2/FiO2 = 160 mmHg", "mean arterial pressure = (sbp + 2 x dbp) / 3 = 70 mmHg"]
    assert "Coagulation: platelets (250 10*9/L): 0" in steps
    assert "A-a gradient (FiO2 >= 50 %) = fio2 x (pressure - 47) - paco2 / 0.8 - pao2 = 287.8 mmHg" in (
        calculate("apache-ii", {**ADMITTED, "fio2": q(60, "%")}).steps
    )


def test_no_says_that_a_vasopressor_is_not_given_and_yes_says_too_little() -> None:
    assert total("sofa", {**ORGANS, "dopamine": False}) == 0
    with pytest.raises(BadInput, match="dopamine"):
        calculate("sofa", {**ORGANS, "dopamine": "yes"})


def test_a_vasopressor_needs_its_rate() -> None:
    assert calculate("sofa", {**ORGANS, "dopamine": q(5, "mg")}).state == "unit-error"
    assert calculate("sofa", {**ORGANS, "norepinephrine": q(0.1, "mL/h")}).state == "unit-error"


def test_an_inspired_fraction_without_unit_is_refused() -> None:
    """CALC-U1: 0.4 without unit is ambiguous."""
    assert calculate("sofa", {**ORGANS, "fio2": 0.4}).state == "unit-error"
    assert total("sofa", {**ORGANS, "fio2": "40 %", "pao2": q(119, "mmHg")}) == 2


# One row for each threshold of APACHE II: the value, its points, and the value just on the other side with its points.
APACHE_ROWS: list[tuple[str, str, list[tuple[float, int]]]] = [
    (
        "temperature",
        "Cel",
        [
            (41, 4),
            (40.9, 3),
            (39, 3),
            (38.9, 1),
            (38.5, 1),
            (38.4, 0),
            (36, 0),
            (35.9, 1),
            (34, 1),
            (33.9, 2),
            (32, 2),
            (31.9, 3),
            (30, 3),
            (29.9, 4),
        ],
    ),
    (
        "map",
        "mmHg",
        # 40-49 counts 4, as everything below 50 (trap of 3.7).
        [
            (160, 4),
            (159, 3),
            (130, 3),
            (129, 2),
            (110, 2),
            (109, 0),
            (70, 0),
            (69, 2),
            (50, 2),
            (49, 4),
            (45, 4),
            (40, 4),
            (39, 4),
        ],
    ),
    (
        "heart_rate",
        "/min",
        [
            (180, 4),
            (179, 3),
            (140, 3),
            (139, 2),
            (110, 2),
            (109, 0),
            (70, 0),
            (69, 2),
            (55, 2),
            (54, 3),
            (40, 3),
            (39, 4),
        ],
    ),
    (
        "respiratory_rate",
        "/min",
        [(50, 4), (49, 3), (35, 3), (34, 1), (25, 1), (24, 0), (12, 0), (11, 1), (10, 1), (9, 2), (6, 2), (5, 4)],
    ),
    ("pao2", "mmHg", [(71, 0), (70.1, 0), (70, 1), (61, 1), (60, 3), (55, 3), (54, 4)]),
    (
        "sodium",
        "mmol/L",
        [
            (180, 4),
            (179, 3),
            (160, 3),
            (159, 2),
            (155, 2),
            (154, 1),
            (150, 1),
            (149, 0),
            (130, 0),
            (129, 2),
            (120, 2),
            (119, 3),
            (111, 3),
            (110, 4),
        ],
    ),
    (
        "potassium",
        "mmol/L",
        [
            (7, 4),
            (6.9, 3),
            (6, 3),
            (5.9, 1),
            (5.5, 1),
            (5.4, 0),
            (3.5, 0),
            (3.4, 1),
            (3, 1),
            (2.9, 2),
            (2.5, 2),
            (2.4, 4),
        ],
    ),
    ("creatinine", "mg/dL", [(3.5, 4), (3.4, 3), (2, 3), (1.9, 2), (1.5, 2), (1.4, 0), (0.6, 0), (0.5, 2)]),
    (
        "hematocrit",
        "%",
        [(60, 4), (59.9, 2), (50, 2), (49.9, 1), (46, 1), (45.9, 0), (30, 0), (29.9, 2), (20, 2), (19.9, 4)],
    ),
    ("wbc", "10*9/L", [(40, 4), (39.9, 2), (20, 2), (19.9, 1), (15, 1), (14.9, 0), (3, 0), (2.9, 2), (1, 2), (0.9, 4)]),
    ("age", "a", [(44.9, 0), (45, 2), (54.9, 2), (55, 3), (64.9, 3), (65, 5), (74.9, 5), (75, 6)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "unit", "value", "points"),
    [(name, unit, value, points) for name, unit, rows in APACHE_ROWS for value, points in rows],
)
def test_apache_rows(name: str, unit: str, value: float, points: float) -> None:
    assert total("apache-ii", {**ADMITTED, name: q(value, unit)}) == points


ACID = [
        (7.7, 4),
        (7.69, 3),
        (7.6, 3),
        (7.59, 1),
        (7.5, 1),
        (7.49, 0),
        (7.33, 0),
        (7.32, 2),
        (7.25, 2),
        (7.24, 3),
        (7.15, 3),
        (7.14, 4),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "points"),
    ACID,
)
def test_apache_arterial_ph(value: float, points: float) -> None:
    assert total("apache-ii", {**ADMITTED, "ph": value}) == points


@pytest.mark.parametrize(
    ("fio2", "pao2", "paco2", "points"),
    [
        # Below an FiO2 of 50 % PaO2 counts, from 50 % on the gradient: 0.5 x 713 - 40 / 0.8 - PaO2 = 306.5 - PaO2.
        (49, 60, 40, 3),
        (50, 60, 40, 2),
        (50, 106.5, 40, 2),
        (50, 107, 40, 0),
        # 0.8 x 713 - 32 / 0.8 = 530.4: less 180.4 is 350, less 181 is 349.4.
        (80, 180.4, 32, 3),
        (80, 181, 32, 2),
        # 1.0 x 713 - 48 / 0.8 = 653: less 153 is 500.
        (100, 153, 48, 4),
        (100, 154, 48, 3),
        (100, 600, 40, 0),
    ],
)
def test_apache_oxygenation_goes_by_the_inspired_fraction(
    fio2: float, pao2: float, paco2: float, points: float
) -> None:
    given = {**ADMITTED, "fio2": q(fio2, "%"), "pao2": q(pao2, "mmHg"), "paco2": q(paco2, "mmHg")}
    assert total("apache-ii", given) == points


def test_apache_takes_a_measured_gradient_and_another_air_pressure() -> None:
    high = {**ADMITTED, "fio2": q(60, "%")}
    assert total("apache-ii", {**high, "aa_gradient": q(500, "mmHg")}) == 4
    # 0.6 x (600 - 47) - 50 - 90 = 191.8; at sea level it is 0.6 x 713 - 140 = 287.8.
    assert total("apache-ii", {**high, "atmospheric_pressure": q(600, "mmHg")}) == 0
    assert total("apache-ii", high) == 2
    assert flags("apache-ii", high) == ["sea-level-pressure"]
    assert flags("apache-ii", {**ADMITTED, "fio2": q(50, "%")}) == ["sea-level-pressure"]
    assert total("apache-ii", without({**high, "aa_gradient": q(349, "mmHg")}, "paco2", "pao2")) == 2
    assert flags("apache-ii", ADMITTED) == []


def test_carbon_dioxide_is_needed_only_for_the_gradient() -> None:
    assert total("apache-ii", without(ADMITTED, "paco2")) == 0
    assert calculate("apache-ii", without({**ADMITTED, "fio2": q(60, "%")}, "paco2")).missing == ["paco2"]


@pytest.mark.parametrize(("creatinine", "points"), [(3.5, 8), (2.0, 6), (1.5, 4), (1.4, 0), (0.6, 0), (0.5, 4)])
def test_apache_creatinine_counts_double_in_acute_renal_failure(creatinine: float, points: float) -> None:
    given = {**ADMITTED, "creatinine": q(creatinine, "mg/dL"), "acute_renal_failure": "yes"}
    assert total("apache-ii", given) == points


@pytest.mark.parametrize(("gcs", "points"), [(15, 0), (14, 1), (8, 7), (3, 12)])
def test_apache_adds_what_is_missing_from_a_full_coma_scale(gcs: int, points: float) -> None:
    assert total("apache-ii", {**ADMITTED, "gcs": gcs}) == points


@pytest.mark.parametrize(
    ("admission", "points"),
    [("nonoperative", 5), ("emergency surgery", 5), ("elective surgery", 2), ("emergency postoperative", 5)],
)
def test_apache_chronic_health(admission: str, points: float) -> None:
    given = {**ADMITTED, "admission": admission, "chronic_organ_insufficiency": "yes"}
    assert total("apache-ii", given) == points
    assert total("apache-ii", {**given, "chronic_organ_insufficiency": "no"}) == 0


GROUPS = (
    (0, 4, "0-4"), (5, 9, "5-9"), (10, 14, "10-14"), (15, 19, "15-19"), (20, 24, "20-24"), (25, 29, "25-29"),
    (30, 34, "30-34"), (35, 36, "35 and more"),
)  # fmt: skip


@pytest.mark.parametrize(("points", "group"), [(points, name) for low, high, name in GROUPS for points in (low, high)])
def test_apache_is_interpreted_by_groups_of_five(points: int, group: str) -> None:
    extremes: Inputs = {
        "ph": 7.0,
        "sodium": q(190, "mmol/L"),
        "potassium": q(8, "mmol/L"),
        "temperature": q(42, "Cel"),
        "heart_rate": q(190, "/min"),
        "wbc": q(45, "K/uL"),
    }
    # Four points for each extreme, the rest by the coma scale, which gives up to twelve.
    count = max(0, -(-(points - 12) // 4))
    chosen = {name: extremes[name] for name in list(extremes)[:count]}
    given = {**ADMITTED, **chosen, "gcs": 15 - (points - 4 * count)}
    assert total("apache-ii", given) == points
    assert (band("apache-ii", given) or "").partition(":")[0] == group


def test_apache_below_sixteen_years_is_outside_its_validity() -> None:
    """CALC-4."""
    assert flags("apache-ii", {**ADMITTED, "age": years(15)}) == ["outside-validity"]
    assert flags("apache-ii", {**ADMITTED, "age": years(16)}) == []


def test_apache_of_a_septic_patient() -> None:
    """39.2 3, 62 (110/38) 2, 128 2, 30 1, FiO2 0.6 and PaO2 70 with PaCO2 32: 0.6 x 713 - 40 - 70 = 317.8 2, 7.28 2,
    132 0, 5.6 1, creatinine 2.4 in acute failure 6, 28 2, 22 2, GCS 11 4, 68 years 5, chronic nonoperative 5."""
    given: Inputs = {
        "temperature": q(39.2, "Cel"),
        "sbp": q(110, "mmHg"),
        "dbp": q(38, "mmHg"),
        "heart_rate": q(128, "/min"),
        "respiratory_rate": q(30, "/min"),
        "fio2": q(60, "%"),
        "pao2": q(70, "mmHg"),
        "paco2": q(32, "mmHg"),
        "ph": 7.28,
        "sodium": q(132, "mmol/L"),
        "potassium": q(5.6, "mmol/L"),
        "creatinine": q(2.4, "mg/dL"),
        "acute_renal_failure": "yes",
        "hematocrit": q(28, "%"),
        "wbc": q(22, "10*9/L"),
        "gcs": 11,
        "age": years(68),
        "chronic_organ_insufficiency": "yes",
        "admission": "nonoperative",
    }
    assert total("apache-ii", given) == 3 + 2 + 2 + 1 + 2 + 2 + 0 + 1 + 6 + 2 + 2 + 4 + 5 + 5
    assert band("apache-ii", given) == "35 and more: 85 % / 88 %"


@pytest.mark.parametrize(
    ("more", "points"),
    [
        ({}, 0),
        *[({"respiratory_rate": q(v, "/min")}, p) for v, p in [(8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2)]],
        *[({"respiratory_rate": q(v, "/min")}, p) for v, p in [(24, 2), (25, 3)]],
        *[({"spo2": q(v, "%")}, p) for v, p in [(91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)]],
        ({"supplemental_oxygen": "yes"}, 2),
        *[({"sbp": q(v, "mmHg")}, p) for v, p in [(90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0)]],
        *[({"sbp": q(v, "mmHg")}, p) for v, p in [(219, 0), (220, 3)]],
        *[({"heart_rate": q(v, "/min")}, p) for v, p in [(40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1)]],
        *[({"heart_rate": q(v, "/min")}, p) for v, p in [(110, 1), (111, 2), (130, 2), (131, 3)]],
        *[({"consciousness": v}, 3) for v in ("confusion", "voice", "pain", "unresponsive", "C", "V", "P", "U")],
        *[({"temperature": q(v, "Cel")}, p) for v, p in [(35, 3), (35.1, 1), (36, 1), (36.1, 0), (38, 0), (38.1, 1)]],
        *[({"temperature": q(v, "Cel")}, p) for v, p in [(39, 1), (39.1, 2)]],
        # 100.4 F is 38.0, 100.5 F is charted as 38.1, 95 F is 35.0.
        *[({"temperature": q(v, "[degF]")}, p) for v, p in [(100.4, 0), (100.5, 1), (95, 3), (95.2, 1)]],
        # 22 breaths 2, 93 % 2, oxygen 2, 98 mmHg 2, pulse 112 2, alert, 38.5 1.
        (
            {"respiratory_rate": q(22, "/min"), "spo2": q(93, "%"), "supplemental_oxygen": "yes"}
            | {"sbp": q(98, "mmHg"), "heart_rate": q(112, "/min"), "temperature": q(38.5, "Cel")},
            11,
        ),
    ],
)
def test_news2(more: Inputs, points: float) -> None:
    assert total("news2", {**WELL, **more}) == points


SCALE_2 = [
        (83, 3, 3),
        (84, 2, 2),
        (85, 2, 2),
        (86, 1, 1),
        (87, 1, 1),
        (88, 0, 0),
        (92, 0, 0),
        (93, 0, 1),
        (94, 0, 1),
        (95, 0, 2),
        (96, 0, 2),
        (97, 0, 3),
        (100, 0, 3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spo2", "air", "oxygen"),
    SCALE_2,
)
def test_the_second_saturation_scale_is_used_only_when_asked_for(spo2: float, air: float, oxygen: float) -> None:
    given = {**WELL, "spo2": q(spo2, "%")}
    assert total("news2", given, spo2_scale="2") == air
    assert total("news2", {**given, "supplemental_oxygen": "yes"}, spo2_scale=2) == oxygen + 2
    assert flags("news2", {**WELL, "spo2": q(97, "%")}, spo2_scale="2") == ["spo2-scale-2"]
    first = 3 if spo2 <= 91 else 2 if spo2 <= 93 else 1 if spo2 <= 95 else 0
    assert total("news2", given) == first


@pytest.mark.parametrize(
    ("more", "name", "flagged"),
    [
        ({}, "low", False),
        ({"spo2": q(92, "%"), "supplemental_oxygen": "yes"}, "low", False),
        ({"consciousness": "voice"}, "low-medium", True),
        ({"sbp": q(85, "mmHg"), "heart_rate": q(95, "/min")}, "low-medium", True),
        ({"spo2": q(92, "%"), "supplemental_oxygen": "yes", "heart_rate": q(95, "/min")}, "medium", False),
        ({"consciousness": "voice", "supplemental_oxygen": "yes"}, "medium", True),
        ({"consciousness": "pain", "sbp": q(85, "mmHg")}, "medium", True),
        ({"consciousness": "pain", "sbp": q(85, "mmHg"), "heart_rate": q(95, "/min")}, "high", True),
    ],
)
def test_a_single_parameter_with_three_points_is_flagged(more: Inputs, name: str, flagged: bool) -> None:
    assert band("news2", {**WELL, **more}) == name
    assert ("single-3" in flags("news2", {**WELL, **more})) is flagged


@pytest.mark.parametrize(
    ("eye", "verbal", "motor", "points", "name"),
    [
        (4, 5, 6, 15, "mild"),
        (4, 4, 5, 13, "mild"),
        (3, 4, 5, 12, "moderate"),
        (2, 3, 4, 9, "moderate"),
        (2, 2, 4, 8, "severe"),
        (1, 1, 1, 3, "severe"),
    ],
)
def test_glasgow_coma_scale(eye: int, verbal: int, motor: int, points: float, name: str) -> None:
    given: Inputs = {"eye": eye, "verbal": verbal, "motor": motor}
    assert total("glasgow-coma-scale", given) == points
    assert band("glasgow-coma-scale", given) == name


@pytest.mark.parametrize("said", ["not testable", "NT", "unknown", None])
def test_a_response_that_is_not_testable_is_missing_and_no_number(said: object) -> None:
    """Trap of 3.7: an intubated patient's verbal response counted as 4."""
    done = calculate("glasgow-coma-scale", {"eye": 3, "verbal": said, "motor": 5})
    assert done.state == "missing-inputs"
    assert done.result is None
    assert done.missing == ["verbal"]
    assert done.possible is not None
    assert (done.possible.low, done.possible.high) == (9, 13)


def test_a_coma_scale_that_is_not_testable_is_missing_in_the_scores_that_use_it() -> None:
    assert calculate("sofa", {**ORGANS, "gcs": "not testable"}).missing == ["gcs"]
    assert calculate("apache-ii", {**ADMITTED, "gcs": "NT"}).missing == ["gcs"]
