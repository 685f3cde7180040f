"""What holds for every score, whatever the values are (CALC-1, CALC-2, CALC-P1, CALC-P3)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentkit_servers.calculator.core import Choice, Integer, Quantity, YesNo
from agentkit_servers.calculator.core.definition import Calculator
from agentkit_servers.calculator.core.inputs import Input

from .score_calls import SCORES, Inputs, calculate, q

# The tests of the parts cover what this computes; a tracer would double the time.
pytestmark = pytest.mark.no_cover

ONE_EACH = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# The lowest and the highest total, as published or added up from the table by hand.
RANGES = {
    "cha2ds2-vasc": (0, 9),
    "has-bled": (0, 9),
    "heart": (0, 10),
    "rcri": (0, 6),
    "wells-pe": (0, 12.5),
    "wells-dvt": (-2, 9),
    "perc": (0, 8),
    "caprini": (0, 73),
    "curb-65": (0, 5),
    "psi": (-10, 415),
    "centor-mcisaac": (-1, 5),
    "feverpain": (0, 5),
    "sirs": (0, 4),
    "qsofa": (0, 3),
    "sofa": (0, 24),
    "apache-ii": (0, 71),
    "news2": (0, 20),
    "glasgow-coma-scale": (3, 15),
    "abcd2": (0, 7),
    "glasgow-blatchford": (0, 23),
    "child-pugh": (5, 15),
    "charlson": (0, 37),
    "apgar": (0, 10),
    "phq-9": (0, 27),
    "gad-7": (0, 21),
    "audit-c": (0, 12),
}
# Findings that speak against what a score looks for.
LOWERING = {"wells-dvt": {"alternative_diagnosis"}}


def value_of(asked: Input) -> st.SearchStrategy[object]:
    match asked:
        case YesNo():
            return st.sampled_from(["yes", "no"])
        case Choice():
            return st.sampled_from(sorted(asked.choices))
        case Integer():
            return st.integers(asked.low, asked.high)
        case Quantity():
            low, high = asked.measure.plausible or (0, 1000)
            # Whole and half steps as well as fine ones: thresholds are met, and passed by little.
            fine = st.decimals(min_value=Decimal(str(low)), max_value=Decimal(str(high)), places=2)
            coarse = st.integers(int(-(-low // 1)), int(high))
            numbers = st.one_of(coarse, fine).map(float)
            return numbers.map(lambda number: q(number, asked.measure.unit))
        case _:
            raise AssertionError(asked)


def inputs_of(calculator: Calculator) -> st.SearchStrategy[Inputs]:
    return st.fixed_dictionaries({asked.name: value_of(asked) for asked in calculator.inputs})


def test_every_score_of_the_reference_is_there() -> None:
    assert set(RANGES) == set(SCORES)


@pytest.mark.parametrize("slug", SCORES)
def test_without_any_input_the_whole_range_of_a_score_is_attainable(slug: str) -> None:
    done = calculate(slug, {})
    assert done.state == "missing-inputs"
    assert done.result is None
    assert done.possible is not None
    assert (done.possible.low, done.possible.high) == RANGES[slug]


@pytest.mark.parametrize("slug", SCORES)
def test_unknown_is_the_same_as_not_said_for_every_input(slug: str) -> None:
    """Every item accepts unknown (3.5)."""
    unsaid = calculate(slug, {})
    told = calculate(slug, {asked.name: "unknown" for asked in SCORES[slug].inputs})
    assert (told.state, told.missing, told.possible) == (unsaid.state, unsaid.missing, unsaid.possible)


@pytest.mark.parametrize("slug", SCORES)
def test_what_is_normal_is_assumed_only_when_asked_and_is_listed(slug: str) -> None:
    """CALC-2; age, sex and the answers of a person are never assumed."""
    score = SCORES[slug]
    mine = {"age": q(30, "a"), "sex": "male"}
    given_ones = {name: value for name, value in mine.items() if name in {asked.name for asked in score.inputs}}
    done = calculate(slug, given_ones, assume_missing="normal")
    if slug in {"phq-9", "gad-7", "audit-c"}:
        assert (done.state, done.assumed) == ("missing-inputs", [])
        return
    assert done.state == "ok", done.missing
    assert done.result is not None
    assert done.result.value == {"child-pugh": 5, "glasgow-coma-scale": 15, "apgar": 10, "psi": 30}.get(slug, 0)
    assert {line.partition(":")[0] for line in done.assumed} <= {asked.name for asked in score.inputs}
    assert len(done.assumed) == len(set(done.assumed)) > 0


@pytest.mark.parametrize("slug", SCORES)
@ONE_EACH
@given(data=st.data())
def test_the_attainable_range_holds_every_completion_of_what_is_missing(slug: str, data: st.DataObject) -> None:
    whole = data.draw(inputs_of(SCORES[slug]))
    # An optional input stands in for others: it is there in both calculations, or in neither.
    optional = [asked.name for asked in SCORES[slug].inputs if not asked.required]
    given_too = data.draw(st.sets(st.sampled_from(optional))) if optional else set[str]()
    whole = {name: value for name, value in whole.items() if name not in optional or name in given_too}
    known = data.draw(st.sets(st.sampled_from(sorted(whole)))) | given_too
    # Two drawn pressures need not fit each other; that is not the point here.
    full = calculate(slug, whole, allow_implausible=True)
    assert full.state == "ok"
    assert full.result is not None
    part = calculate(slug, {name: whole[name] for name in known}, allow_implausible=True)
    if part.state == "ok":
        assert part.result is not None
        assert part.result.value == full.result.value
        return
    assert part.state == "missing-inputs"
    assert part.missing
    assert part.result is None
    assert part.possible is not None
    assert isinstance(full.result.value, float)
    assert part.possible.low <= full.result.value <= part.possible.high


@pytest.mark.parametrize("slug", SCORES)
@ONE_EACH
@given(data=st.data())
def test_a_finding_never_lowers_a_score(slug: str, data: st.DataObject) -> None:
    score = SCORES[slug]
    findings = [
        one.name for one in score.inputs if isinstance(one, YesNo) and one.name not in LOWERING.get(slug, set())
    ]
    whole = data.draw(inputs_of(score))
    for name in findings:
        absent = calculate(slug, {**whole, name: "no"}, allow_implausible=True).result
        present = calculate(slug, {**whole, name: "yes"}, allow_implausible=True).result
        assert absent is not None
        assert present is not None
        assert isinstance(absent.value, float)
        assert isinstance(present.value, float)
        assert absent.value <= present.value


@pytest.mark.parametrize("slug", SCORES)
@ONE_EACH
@given(data=st.data())
def test_the_steps_add_up_to_the_result(slug: str, data: st.DataObject) -> None:
    done = calculate(slug, data.draw(inputs_of(SCORES[slug])), allow_implausible=True)
    end = next(number for number, step in enumerate(done.steps) if step.startswith("sum: "))
    start = end - len(SCORES[slug].items)
    assert all(" = " in step for step in done.steps[:start])
    points = [float(step.rsplit(": ", 1)[1]) for step in done.steps[start:end]]
    assert done.result is not None
    assert sum(points) == done.result.value == float(done.steps[end].removeprefix("sum: "))


# How a value in another unit comes to the unit of the formulas, by the factors of clinical reference 3.2; written as
# what the caller's number is multiplied with to get from the formula's unit, so that decimals stay exact.
OTHER_UNITS: dict[str, list[tuple[str, str, str]]] = {
    "creatinine": [("umol/L", "88.42", "0")],
    "urea_nitrogen": [("mmol/L", "0.357", "0")],
    "bilirubin": [("umol/L", "17.10", "0")],
    "albumin": [("g/L", "10", "0")],
    "hemoglobin": [("g/L", "10", "0")],
    "temperature": [("degrees fahrenheit", "1.8", "32")],
    "platelets": [("/uL", "1000", "0"), ("K/uL", "1", "0"), ("mm^3", "1000", "0"), ("/L", "1000000000", "0")],
    "wbc": [("/uL", "1000", "0"), ("10^9/L", "1", "0"), ("L", "1000000000", "0")],
    "sodium": [("mEq/L", "1", "0")],
    "potassium": [("mEq/L", "1", "0")],
    "age": [("months", "12", "0")],
    "height": [("m", "0.01", "0")],
    "weight": [("g", "1000", "0")],
    "calf_difference": [("mm", "10", "0")],
    "duration": [("s", "60", "0")],
    "dopamine": [("mg/kg/min", "0.001", "0")],
    "norepinephrine": [("mg/kg/min", "0.001", "0")],
    "fio2": [("1", "0.01", "0")],
}
PAIRS = [
    (slug, asked.name)
    for slug, score in SCORES.items()
    for asked in score.inputs
    if asked.name in OTHER_UNITS and isinstance(asked, Quantity)
]


@pytest.mark.parametrize(("slug", "name"), PAIRS)
@ONE_EACH
@given(data=st.data())
def test_a_score_is_the_same_in_every_unit(slug: str, name: str, data: st.DataObject) -> None:
    """CALC-P3, and the traps of 3.7 about counts per volume, months and metres."""
    asked = next(one for one in SCORES[slug].inputs if one.name == name)
    assert isinstance(asked, Quantity)
    whole = data.draw(inputs_of(SCORES[slug]))
    drawn = cast("Inputs", whole[name])
    here = calculate(slug, whole, allow_implausible=True)
    for unit, factor, plus in OTHER_UNITS[name]:
        there = float(Decimal(str(drawn["value"])) * Decimal(factor) + Decimal(plus))
        other = calculate(slug, {**whole, name: q(there, unit)}, allow_implausible=True)
        assert other.state == "ok", other.flags
        assert other.result == here.result
        assert [line for line in other.conversions if line.startswith(name)] or factor == "1"


@pytest.mark.parametrize("slug", SCORES)
def test_a_score_says_where_it_comes_from_and_for_whom(slug: str) -> None:
    """CALC-P1."""
    score = SCORES[slug]
    assert re.fullmatch(r"(19|20)\d\d", score.version)
    assert score.validity
    assert score.synonyms
    for citation in score.citations:
        assert citation.doi is None or re.fullmatch(r"10\.\d{4,5}/\S+", citation.doi)
        assert re.search(r"\b(19|20)\d\d\b", citation.text)
    without_doi = [one.text for one in score.citations if one.doi is None]
    assert without_doi == [] or slug in {"centor-mcisaac", "news2"}, without_doi


@pytest.mark.parametrize("slug", SCORES)
def test_a_score_gives_no_advice_on_treatment(slug: str) -> None:
    """CALC-3."""
    score = SCORES[slug]
    bands = [name for _, name in score.bands.bands] if score.bands else []
    told = " ".join([score.summary, score.superseded or "", *bands]).casefold()
    assert not re.search(r"\b(recommend\w*|consider\w*|administer\w*|should|prescrib\w*|discharg\w*|admit\w*)\b", told)


@pytest.mark.parametrize("slug", SCORES)
def test_every_band_can_be_reached_and_none_is_left_without_a_name(slug: str) -> None:
    bands = SCORES[slug].bands
    if bands is None:
        return
    low, high = RANGES[slug]
    step = 0.5 if SCORES[slug].decimals else 1
    names = {bands.of(low + number * step) for number in range(int((high - low) / step) + 1)}
    assert names == {name for _, name in bands.bands}
