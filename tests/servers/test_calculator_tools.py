"""The calculator through its MCP tools (clinical reference 3.1, 3.8; rules R4, R11, R15)."""

from __future__ import annotations

import json
import logging
import re
from typing import cast

import pytest

from agentkit_servers.calculator import registry
from agentkit_servers.calculator.pages import described

from .conftest import Caller, Json

pytestmark = pytest.mark.anyio

INPUTS = {
    "age": {"value": 61, "unit": "a"},
    "sex": "female",
    "creatinine": {"value": 97, "unit": "umol/L", "ref": "Observation/o9", "date": "2026-11-02"},
}


async def names(call: Caller, query: str) -> list[str]:
    told = await call("search_calculators", query=query)
    return [str(item["calculator"]) for item in told.items]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("kidney function", "ckd-epi-creatinine@2021"),
        ("Which calculators are there for kidney function?", "ckd-epi-creatinine@2021"),
        ("eGFR", "ckd-epi-creatinine@2021"),
        ("cockcroft gault", "creatinine-clearance@1976"),
        ("body mass index", "bmi@1972"),
        ("BMI", "bmi@1972"),
        ("stroke atrial fibrillation", "cha2ds2-vasc@2010"),
        ("CHA2DS2-VASc", "cha2ds2-vasc@2010"),
        ("stroke risk", "cha2ds2-vasc@2010"),
        ("TIA stroke risk", "abcd2@2007"),
        ("Wells pulmonary embolism", "wells-pe@2000"),
        ("corrected calcium", "corrected-calcium@1973"),
        ("delta ratio", "delta-ratio@2007"),
        ("opioid", "morphine-milligram-equivalents@2022"),
        ("steroid", "steroid-equivalence@2013"),
        ("pregnancy due date", "due-date@2017"),
        ("early warning", "news2@2017"),
        ("fib4", "fib-4@2006"),
        # The name itself comes before everything that has the word as well.
        ("SOFA", "sofa@1996"),
        ("heart score", "heart@2008"),
        ("PERC rule", "perc@2004"),
        ("MAP", "mean-arterial-pressure@1"),
        ("delta delta", "delta-ratio@2007"),
        ("obesity", "bmi@1972"),
        # Spellings run together, typing errors, words nobody has.
        ("CHADSVASC", "cha2ds2-vasc@2010"),
        ("cha2ds2vasc", "cha2ds2-vasc@2010"),
        ("afib stroke risk", "cha2ds2-vasc@2010"),
        ("Cockroft Gault", "creatinine-clearance@1976"),
        ("kidny function", "ckd-epi-creatinine@2021"),
        ("cholestrol", "ldl-friedewald@1972"),
        ("opioid conversion", "morphine-milligram-equivalents@2022"),
        ("weeks pregnant", "gestational-age@2017"),
        ("how sick is this ICU patient", "apache-ii@1985"),
        ("10 year cardiovascular risk", "prevent-cvd@2023"),
        # Names as LOINC has them.
        (
            "Glomerular filtration rate/1.73 sq M.predicted by Creatinine-based formula (CKD-EPI 2021)",
            "ckd-epi-creatinine@2021",
        ),
        ("Calcium corrected for albumin [Mass/volume] in Serum or Plasma", "corrected-calcium@1973"),
    ],
)
async def test_a_search_finds_what_a_person_means_first(calculator: Caller, query: str, first: str) -> None:
    assert (await names(calculator, query))[0] == first


async def test_a_search_for_what_is_not_there_finds_nothing_and_says_so(calculator: Caller) -> None:
    told = await calculator("search_calculators", query="tooth whitening")
    assert told.items == []
    assert "No calculator fits" in told.text


@pytest.mark.parametrize("query", ["sepsis", "MELD", "kidney function", "end-stage liver disease"])
async def test_what_is_superseded_comes_behind_what_fits_as_well(calculator: Caller, query: str) -> None:
    told = await calculator("search_calculators", query=query)
    assert told.items[0]["superseded"] is False
    assert any(item["superseded"] for item in told.items)


@pytest.mark.parametrize("name", [" ", "@", "-", "\x00"])
async def test_a_name_without_a_word_is_not_answered_with_guesses(calculator: Caller, name: str) -> None:
    told = await calculator("describe_calculator", name=name)
    assert told.error is not None
    assert told.error["hint"] == "Search for it by topic first. For example name='ckd-epi-creatinine'."


@pytest.mark.parametrize("arguments", [{}, {"query": ""}])
async def test_an_empty_search_lists_by_topic_and_says_how_many_there_are(calculator: Caller, arguments: Json) -> None:
    told = await calculator("search_calculators", **arguments)
    assert told.data["total"] == len(registry.BY_SLUG)
    assert len(told.items) == 25
    assert told.text.startswith(f"25 of {len(registry.BY_SLUG)} calculators:")


async def test_superseded_calculators_are_marked_in_a_list(calculator: Caller) -> None:
    told = await calculator("search_calculators", query="kidney function")
    marked = {item["calculator"] for item in told.items if item["superseded"]}
    assert marked == {"mdrd@2006"}
    assert re.search(r"mdrd@2006.*Superseded", told.text)


@pytest.mark.parametrize(
    "name",
    ["ckd-epi-creatinine", "ckd-epi-creatinine@2021", "CKD-EPI creatinine", "CKD EPI Creatinine", "ckd-epi"],
)
async def test_a_calculator_is_described_in_full(calculator: Caller, name: str) -> None:
    """CALC-P1, R15."""
    told = await calculator("describe_calculator", name=name)
    assert told.data["calculator"] == "ckd-epi-creatinine@2021"
    assert told.data["version"] == "2021"
    inputs = {str(one["name"]): one for one in cast("list[Json]", told.data["inputs"])}
    assert inputs["creatinine"]["units"] == ["mg/dL", "umol/L"]
    assert (inputs["creatinine"]["us_unit"], inputs["creatinine"]["si_unit"]) == ("mg/dL", "umol/L")
    assert (inputs["creatinine"]["low"], inputs["creatinine"]["high"]) == (0.1, 40)
    assert inputs["sex"]["choices"] == {"female": "female", "male": "male"}
    for text in ("142 x min(Cr/k, 1)^a", "10.1056/NEJMoa2102953", "Adults", "KDIGO 2024", "Not for autonomous use"):
        assert text in told.text


@pytest.mark.parametrize("name", registry.BY_ID)
async def test_every_calculator_is_found_by_id_slug_and_title_and_carries_its_provenance(
    calculator: Caller, name: str
) -> None:
    """CALC-P1."""
    wanted = registry.BY_ID[name]
    for spelling in (wanted.id, wanted.slug, wanted.title):
        told = await calculator("describe_calculator", name=spelling)
        assert told.data["calculator"] == name
    assert told.data["citation"]
    assert told.data["authored"]
    assert told.data["validity"]
    assert "autonomous" in str(told.data["notice"])


async def test_a_calculation_answers_in_structure_and_in_words(calculator: Caller) -> None:
    """3.1: the documented keys, and R11: the input cites its record."""
    told = await calculator("calculate", name="ckd-epi-creatinine", inputs=INPUTS, options={"assume_missing": None})
    documented = {
        "state", "result", "interpretation", "conversions", "steps", "missing", "assumed", "flags", "formula",
        "inputs_used",
    }  # fmt: skip
    assert documented <= told.data.keys()
    result = cast("Json", told.data["result"])
    assert cast("float", result["value"]) == pytest.approx(57.35, abs=0.005)
    assert (result["unit"], result["rounded"]) == ("mL/min/1.73 m2", "57")
    assert cast("Json", told.data["formula"])["version"] == "2021"
    lines = told.text.splitlines()
    assert lines[0] == "CKD-EPI creatinine: 57 mL/min/1.73 m2 (unrounded 57.3535)"
    assert lines[1] == "Interpretation: G3a (KDIGO 2024)"
    assert "Conversion: creatinine 97 umol/L / 88.42 = 1.097 mg/dL" in lines
    assert "creatinine 1.09704 mg/dL [Observation/o9, 2026-11-02]" in told.text
    used = cast("list[Json]", told.data["inputs_used"])
    assert used[2]["age_days"] == 18
    assert "ckd-epi-creatinine@2021" in lines[-2]
    assert "Not for autonomous use" in lines[-1]


async def test_units_are_told_in_words_that_everybody_reads(calculator: Caller) -> None:
    told = await calculator("calculate", name="centor-mcisaac", inputs={"age": "20 a", "temperature": "38.5 Cel"})
    assert "Inputs: temperature 38.5 \u00b0C; age 20 years" in told.text
    told = await calculator("calculate", name="centor-mcisaac", inputs={"age": "200 a"})
    assert "age is 200 years, plausible is 0 to 130 years" in told.text
    told = await calculator("calculate", name="abcd2", inputs={"age": "20 a"}, options={"assume_missing": "normal"})
    assert "Step: Age >= 60 (20 years): 0" in told.text
    told = await calculator("describe_calculator", name="heart")
    assert "- age: Age (years; 0 to 130 years)." in told.text
    assert "; Age (>= 65: 2, >= 45: 1; in years);" in told.text
    assert "- troponin_ratio: Troponin, times the upper limit of normal (a number without unit; 0 to 1000000)." in (
        told.text
    )


async def test_missing_inputs_are_named_and_nothing_is_computed(calculator: Caller) -> None:
    """CALC-1, CALC-2."""
    told = await calculator("calculate", name="ckd-epi-creatinine", inputs={"age": "61 a"})
    assert told.data["state"] == "missing-inputs"
    assert told.data["missing"] == ["sex", "creatinine"]
    assert told.data["result"] is None
    assert "Needed and not given: sex, creatinine. Nothing was assumed" in told.text
    assert '- creatinine: Serum creatinine, for example "97 umol/L"' in told.text


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("phq-9", "- mood: Item 2: feeling down: a whole number from 0 to 3"),
        ("glasgow-coma-scale", "- verbal: Verbal response: a whole number from 1 to 5"),
        ("perc", "- hormones: Hormone use: yes, no or unknown"),
        ("child-pugh", "- ascites: Ascites: none, slight or moderate"),
        ("sofa", '- dopamine: Dopamine, for example "0.1 ug/kg/min"'),
        ("due-date", '- last_menstrual_period: First day of the last menstrual period, for example "2026-01-31"'),
    ],
)
async def test_what_is_missing_is_told_without_an_answer_to_copy(calculator: Caller, name: str, line: str) -> None:
    """A made-up 3 for an item of a questionnaire would be the most severe answer."""
    told = await calculator("calculate", name=name, inputs={})
    assert line in told.text.splitlines()


async def test_a_score_with_missing_items_tells_what_is_still_possible(calculator: Caller) -> None:
    """CALC-2."""
    told = await calculator("calculate", name="cha2ds2-vasc", inputs={"age": "77 a", "sex": "f", "diabetes": "yes"})
    assert told.data["state"] == "missing-inputs"
    assert told.data["possible"] == {"low": 4, "high": 9}
    assert "Still possible: 4 to 9 points." in told.text


@pytest.mark.parametrize(
    ("inputs", "state"),
    [
        ({**INPUTS, "creatinine": 97}, "unit-error"),
        ({**INPUTS, "creatinine": "97 mmol/L"}, "implausible"),
        ({**INPUTS, "creatinine": "97 U/L"}, "unit-error"),
        ({**INPUTS, "sex": "unknown"}, "missing-inputs"),
    ],
)
async def test_a_state_other_than_ok_carries_no_value(calculator: Caller, inputs: Json, state: str) -> None:
    """CALC-1."""
    told = await calculator("calculate", name="ckd-epi-creatinine", inputs=inputs)
    assert told.data["state"] == state
    assert told.data["result"] is None
    assert f"no result ({state})" in told.text


async def test_units_decide_what_bare_numbers_mean(calculator: Caller) -> None:
    inputs = {"age": 61, "sex": "female", "creatinine": 97}
    told = await calculator("calculate", name="ckd-epi-creatinine", inputs=inputs, units="si")
    assert cast("Json", told.data["result"])["rounded"] == "57"


async def test_inputs_written_as_a_text_of_json_are_taken(calculator: Caller) -> None:
    told = await calculator("calculate", name="ckd-epi-creatinine", inputs=json.dumps(INPUTS), options="{}")
    assert told.data["state"] == "ok"


@pytest.mark.parametrize(
    ("arguments", "field", "example"),
    [
        ({"name": "ckd-epi-creatinine", "inputs": {"creatinine": "high"}}, "inputs.creatinine:", "97 umol/L"),
        ({"name": "ckd-epi-creatinine", "inputs": {"hair": "red"}}, "inputs:", "creatinine"),
        ({"name": "ckd-epi-creatinine", "inputs": {"sex": "x"}}, "inputs.sex:", "female"),
        ({"name": "ckd-epi-creatinine", "inputs": 5}, "inputs:", "example"),
        ({"name": "ckd-epi-creatinine", "inputs": "age 61"}, "inputs:", "example"),
        ({"name": "ckd-epi-creatinine", "inputs": "{broken"}, "inputs:", "example"),
        ({"name": "ckd-epi-creatinine"}, "inputs:", "example"),
        ({"name": "ckd-epi-creatinine", "inputs": {}, "units": "metric"}, "units:", "us"),
        ({"name": "ckd-epi-creatinine", "inputs": {}, "options": {"speed": 1}}, "options:", "assume_missing"),
        ({"name": "ckd-epi-creatinine", "inputs": {}, "options": {"assume_missing": "x"}}, "assume_missing:", "absent"),
        ({"name": "ckd-epi-creatinine", "inputs": {f"x{n}": 1 for n in range(200)}}, "inputs:", "example"),
        ({"name": "no such thing", "inputs": {}}, "name:", "ckd-epi-creatinine"),
        ({"name": "ckd-epi-creatinine@1999", "inputs": {}}, "name:", "ckd-epi-creatinine@2021"),
        ({"name": "meld", "inputs": {}}, "name:", "meld-3@2021"),
        ({"name": "x" * 500, "inputs": {}}, "name:", "example"),
        ({"name": "", "inputs": {}}, "name:", "example"),
    ],
)
async def test_a_wrong_argument_is_refused_with_its_name_and_an_example(
    calculator: Caller, arguments: Json, field: str, example: str
) -> None:
    told = await calculator("calculate", **arguments)
    assert told.error is not None
    assert field in str(told.error["message"])
    assert example in str(told.error["hint"])


async def test_values_of_any_size_are_answered(calculator: Caller) -> None:
    """A result is rounded whatever its size, also where implausible values are allowed."""
    largest = {"dose_per_weight": "1e15 mg/kg", "weight": "1e15 kg", "maximum_dose": "1e16 mg"}
    told = await calculator("calculate", name="dose-by-weight", inputs=largest, options={"allow_implausible": True})
    assert told.data["state"] == "ok"
    told = await calculator(
        "calculate", name="news2", inputs={"spo2": {"value": 5, "unit": "10^99"}}, options={"allow_implausible": True}
    )
    assert told.code == "invalid-input"
    assert "inputs.spo2:" in told.text


async def test_no_result_and_no_description_gives_advice_on_treatment(calculator: Caller) -> None:
    """CALC-3, R15."""
    advice = re.compile(
        r"\b(should (?:be|receive|take|start|stop)|prescribe|initiate|administer|increase the dose"
        r"|reduce the dose|consider (?:starting|anticoagul)|HIPAA)",
        re.IGNORECASE,
    )
    for one in registry.BY_ID.values():
        found = advice.search(described(one).to_text())
        assert found is None, (one.id, found)


async def test_inputs_reach_no_log(calculator: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """Rule R4: values, references and malformed keys, in answers and in failures."""
    canary = {"age": "61.7319 a", "sex": "female", "creatinine": {"value": 97.4417, "unit": "umol/L"}}
    with caplog.at_level(logging.DEBUG):
        await calculator("calculate", name="ckd-epi-creatinine", inputs=canary)
        await calculator("calculate", name="ckd-epi-creatinine", inputs={**canary, "Anna Canary": 1})
        await calculator("calculate", name="ckd-epi-creatinine", inputs={**canary, "creatinine": "Canary97.4417"})
        await calculator("calculate", name="Anna Canary", inputs=canary)
        await calculator("search_calculators", query="Anna Canary 97.4417")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("agentkit")]
    assert ours
    for line in ours:
        assert not re.search(r"Canary|97\.4417|61\.7319|97\.44", line)


async def test_a_failure_repeats_no_value(calculator: Caller) -> None:
    told = await calculator("calculate", name="bmi", inputs={"weight": "Canary 71.93", "height": "1 m"})
    assert told.error is not None
    assert "71.93" not in told.text
    assert "Canary" not in told.text
