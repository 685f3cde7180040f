"""What `assume_missing` may fill, and what is asked for when it may not (CALC-2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit_servers.calculator.core import YesNo

from .score_calls import SCORES, Inputs, calculate, no, q
from .test_calculator_scores_properties import ONE_EACH, inputs_of

# The tests of the parts cover what this computes; a tracer would double the time.
pytestmark = pytest.mark.no_cover

SHOCK: Inputs = {
    "pao2_fio2_ratio": q(450, "mmHg"),
    "respiratory_support": "no",
    "platelets": q(200, "10*9/L"),
    "bilirubin": q(1, "mg/dL"),
    "map": q(60, "mmHg"),
    "gcs": 15,
    "creatinine": q(3, "mg/dL"),
}
VASOPRESSORS = ["dopamine", "dobutamine", "epinephrine", "norepinephrine"]


def test_what_is_assumed_normal_hides_nothing_that_is_known_to_be_abnormal() -> None:
    """A mean pressure of 60 mmHg counts 1 and a creatinine of 3 mg/dL counts 2, whatever is not known beside them."""
    done = calculate("sofa", SHOCK, assume_missing="normal")
    assert done.result is not None
    assert done.result.value == 3
    assert done.assumed == [*(f"{name}: absent" for name in VASOPRESSORS), "urine_output: normal"]


@pytest.mark.parametrize("slug", SCORES)
@ONE_EACH
@given(data=st.data())
def test_an_assumed_total_is_one_that_is_possible(slug: str, data: st.DataObject) -> None:
    full = data.draw(inputs_of(SCORES[slug]))
    kept = data.draw(st.sets(st.sampled_from(sorted(full))))
    some = {name: full[name] for name in kept}
    unassumed = calculate(slug, some, allow_implausible=True)
    assumed = calculate(slug, some, allow_implausible=True, assume_missing="normal")
    if assumed.result is None or unassumed.possible is None:
        return
    assert isinstance(assumed.result.value, float)
    assert unassumed.possible.low <= assumed.result.value <= unassumed.possible.high


def test_only_what_makes_a_difference_is_asked_for() -> None:
    """The pressures are not needed beside their mean, nor dobutamine beside norepinephrine."""
    assert calculate("sofa", SHOCK).missing == [*VASOPRESSORS, "urine_output"]
    treated = {**SHOCK, "norepinephrine": q(0.05, "ug/kg/min"), "urine_output": "no"}
    assert calculate("sofa", treated).missing == ["dopamine", "epinephrine"]


@pytest.mark.parametrize("slug", SCORES)
def test_everything_that_is_needed_is_asked_for_at_once(slug: str) -> None:
    needed = {one.name for one in SCORES[slug].inputs if one.required}
    # The sex decides nothing but the cut-off of AUDIT-C.
    assert set(calculate(slug, {}).missing) == needed - ({"sex"} if slug == "audit-c" else set())


@pytest.mark.parametrize(
    ("slug", "known", "missing"),
    [
        ("sofa", {"fio2": q(60, "%")}, "pao2"),
        ("apache-ii", {"fio2": q(60, "%"), "pao2": q(90, "mmHg")}, "paco2"),
        ("apache-ii", {"sbp": q(230, "mmHg")}, "dbp"),
        ("caprini", {"weight": q(90, "kg")}, "height"),
    ],
)
def test_one_half_of_a_ratio_is_not_assumed_beside_the_other(slug: str, known: Inputs, missing: str) -> None:
    done = calculate(slug, {"age": q(50, "a"), **known} if slug != "sofa" else known, assume_missing="normal")
    assert done.state == "missing-inputs"
    assert done.missing == [missing]


@pytest.mark.parametrize("assume", ["absent", "normal"])
@pytest.mark.parametrize("said", ["not testable", "NT"])
def test_what_could_not_be_tested_is_never_assumed(assume: str, said: str) -> None:
    """A trap of 3.7: a response that is not testable was looked for, so it is not simply normal."""
    done = calculate("glasgow-coma-scale", {"eye": 4, "verbal": said, "motor": 6}, assume_missing=assume)
    assert (done.state, done.missing, done.assumed) == ("missing-inputs", ["verbal"], [])
    done = calculate("sofa", {**SHOCK, **no(*VASOPRESSORS, "urine_output"), "gcs": said}, assume_missing=assume)
    assert done.missing == ["gcs"]
    done = calculate("qsofa", {"altered_mentation": said}, assume_missing=assume)
    assert "altered_mentation" in done.missing


@pytest.mark.parametrize("slug", SCORES)
def test_absent_fills_findings_only(slug: str) -> None:
    done = calculate(slug, {}, assume_missing="absent")
    findings = {one.name for one in SCORES[slug].inputs if isinstance(one, YesNo)}
    given = set(VASOPRESSORS) if slug == "sofa" else set[str]()
    assert {line.partition(":")[0] for line in done.assumed} == findings | given


def test_a_vasopressor_that_nobody_mentions_is_absent_where_that_is_asked_for() -> None:
    done = calculate("sofa", {**SHOCK, "urine_output": "no"}, assume_missing="absent")
    assert done.result is not None
    assert done.result.value == 3
    assert done.assumed == [f"{name}: absent" for name in VASOPRESSORS]
