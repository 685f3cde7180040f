"""Medications, allergies and observations of one patient (clinical reference 1.2 to 1.8, 1.10)."""

from __future__ import annotations

from typing import cast

import pytest

from .conftest import Caller, Json

pytestmark = pytest.mark.anyio

LISTS = ("list_medications", "list_allergies", "search_observations")


async def test_medications_show_dosage_status_and_intent_those_in_force_first(ehr: Caller) -> None:
    told = await ehr("list_medications", patient="Patient/p101")
    assert told.data["state"] == "ok"
    assert [item["status"] for item in told.items] == ["active", "active", "active", "active", "stopped"]
    assert "Metformin 1000 mg tablet, 1 tablet twice daily with meals; active, order" in told.text
    assert "stopped, order, reason for the status: dose increased" in told.text
    assert "active, reported" in told.text


async def test_polypharmacy_fits_into_one_answer(ehr: Caller) -> None:
    told = await ehr("list_medications", patient="Patient/p107", status=["active"])
    assert told.data["total"] == 13
    assert told.data["truncated"] is False


async def test_what_a_patient_does_not_take_and_what_is_only_proposed_is_labelled(ehr: Caller) -> None:
    """EHR-D3."""
    told = await ehr("list_medications", patient="Patient/p107")
    assert "St John's wort capsule, 1 capsule daily; not-taken, reported" in told.text
    assert "Potassium chloride 20 mEq tablet, 1 tablet daily; draft, proposal" in told.text


async def test_only_orders_or_only_reports_can_be_asked_for(ehr: Caller) -> None:
    told = await ehr("list_medications", patient="Patient/p101", sources=["statement"])
    assert [item["ref"] for item in told.items] == ["MedicationStatement/p101-reported-1"]


async def test_severity_and_reaction_of_an_allergy_are_on_the_line_and_the_dangerous_one_first(ehr: Caller) -> None:
    told = await ehr("list_allergies", patient="Patient/p101")
    assert "Penicillin: allergy, criticality high, reaction anaphylaxis (severe); active, confirmed" in str(
        told.items[0]["line"]
    )
    assert len(told.items) == 2


async def test_inactive_allergies_are_left_out_with_a_count(ehr: Caller) -> None:
    told = await ehr("list_allergies", patient="Patient/p107")
    assert "Adhesive plaster" not in told.text
    assert "Left out: 1 no longer in force" in told.text
    shown = await ehr("list_allergies", patient="Patient/p107", include_inactive=True)
    assert "Adhesive plaster" in shown.text
    assert "resolved" in shown.text


@pytest.mark.parametrize(
    ("tool", "patient", "state", "words"),
    [
        ("list_allergies", "p102", "none-known", "No known allergies (recorded 2026-01-12"),
        ("list_allergies", "p106", "none-known", "No known drug allergies (recorded 2026-05-11"),
        ("list_allergies", "p114", "none-known", "No known allergies (recorded 2026-07-30"),
        ("list_allergies", "p104", "not-recorded", "nobody has asked (recorded 2026-02-03"),
        ("list_allergies", "p109", "not-recorded", "Nothing recorded about allergies."),
        ("list_medications", "p114", "none-known", "No known medications (recorded 2026-07-30"),
        ("list_medications", "p109", "not-recorded", "Nothing recorded about medications."),
        ("search_observations", "p109", "not-recorded", "Nothing recorded about observations."),
    ],
)
async def test_the_kinds_of_no_data_are_told_apart(
    ehr: Caller, tool: str, patient: str, state: str, words: str
) -> None:
    told = await ehr(tool, patient=f"Patient/{patient}")
    assert told.data["state"] == state
    assert words in told.text


async def test_an_allergy_beside_no_known_allergies_is_a_contradiction_that_is_shown(ehr: Caller) -> None:
    told = await ehr("list_allergies", patient="Patient/p110")
    assert told.data["state"] == "ok"
    assert [notice["code"] for notice in cast("list[Json]", told.data["warnings"])] == ["contradiction"]
    assert "Iodinated contrast medium" in told.text
    assert "unconfirmed" in told.text


async def test_a_trend_is_listed_newest_first_with_flag_and_range(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p101", text="HbA1c")
    assert [str(item["line"]).split("[")[0].strip() for item in told.items] == [
        "2026-09-14 HbA1c 8.6 % (H, ref 4.0-5.6) final",
        "2026-03-02 HbA1c 8.1 % (H, ref 4.0-5.6) final",
        "2025-09-15 HbA1c 7.4 % (H, ref 4.0-5.6) final",
        "2025-03-10 HbA1c 6.9 % (H, ref 4.0-5.6) final",
    ]


@pytest.mark.parametrize(
    "text",
    ["hba1c", "A1c", "glycated hemoglobin", "the HbA1c results over time", "What is her latest HbA1c value?", "hba"],
)
async def test_a_measurement_is_found_by_the_words_people_use(ehr: Caller, text: str) -> None:
    told = await ehr("search_observations", patient="Patient/p101", text=text)
    assert told.data["total"] == 4


async def test_two_measurements_can_be_asked_for_at_once(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p107", text="creatinine and potassium")
    assert told.data["total"] == 7


async def test_the_name_of_a_category_stands_for_the_category(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p108", text="vital signs")
    assert told.data["total"] == 16


async def test_an_unknown_measurement_is_refused_rather_than_reported_as_absent(ehr: Caller) -> None:
    """EHR-F4: "no data" is never the answer to a question that was not understood."""
    told = await ehr("search_observations", patient="Patient/p101", text="left ventricular twist")
    assert told.code == "unsupported-search"
    assert "twist" not in told.text


async def test_a_known_measurement_without_results_is_not_recorded(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p101", text="potassium")
    assert told.data["state"] == "not-recorded"
    assert "name of the measurement" in told.text


async def test_components_of_a_blood_pressure_are_on_one_line(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p101", text="blood pressure", limit=1)
    assert "Blood pressure systolic 134 mmHg, diastolic 84 mmHg final" in told.text


async def test_comparator_absent_value_text_value_and_decimals_stay_as_recorded(ehr: Caller) -> None:
    """EHR-D4."""
    told = await ehr("search_observations", patient="Patient/p110")
    assert "C-reactive protein <5 mg/L" in told.text
    assert "Hemoglobin no value (sample clotted)" in told.text
    assert "ref <=0.50" in told.text
    other = await ehr("search_observations", patient="Patient/p114")
    assert "2026-07 Vitamin D (outside laboratory) 18 ng per ml, low" in other.text


async def test_preliminary_and_corrected_results_are_labelled(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p110", text="TSH")
    assert [item["status"] for item in told.items] == ["corrected", "preliminary"]
    assert "[Observation/p110-lab-6 v3]" in told.text


async def test_what_was_entered_in_error_is_dropped_with_a_count_and_shown_on_request(ehr: Caller) -> None:
    """EHR-D1."""
    told = await ehr("search_observations", patient="Patient/p110", text="potassium")
    assert "9.8" not in told.text
    assert told.data["dropped"] == {"entered_in_error": 1, "client_filter": 0}
    assert "Left out: 1 entered in error." in told.text
    shown = await ehr("search_observations", patient="Patient/p110", text="potassium", include_entered_in_error=True)
    assert "Potassium 9.8 mmol/L (HH, ref 3.5-5.1) entered-in-error" in shown.text


async def test_restricted_records_are_withheld_with_a_count(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p110")
    assert told.data["withheld"] == 1
    assert "Cigarettes" not in told.text
    alone = await ehr("search_observations", patient="Patient/p110", text="cigarettes per day")
    assert alone.data["state"] == "not-permitted"


async def test_only_the_latest_of_each_measurement_can_be_asked_for(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p101", category=["laboratory"], latest_per_code=True)
    assert told.text.count("HbA1c") == 1
    assert "8.6 %" in told.text
    assert told.data["total"] == 6


async def test_equal_results_in_a_row_share_a_line(ehr: Caller) -> None:
    """EHR-B4."""
    told = await ehr("search_observations", patient="Patient/p101", text="smoking")
    assert told.data["total"] == 2
    assert "2025-03-10 to 2026-03-02 (2 times) Tobacco smoking status Never smoker" in told.text


@pytest.mark.parametrize(
    ("window", "count"),
    [
        ({"date_from": "2026"}, 2),
        ({"date_to": "2025"}, 2),
        ({"date_from": "2025-09-15", "date_to": "2026-03"}, 2),
        ({"date_from": "2026-09-15"}, 0),
    ],
    ids=str,
)
async def test_dates_count_by_their_precision_with_both_ends_included(
    ehr: Caller, window: dict[str, object], count: int
) -> None:
    told = await ehr("search_observations", patient="Patient/p101", text="HbA1c", **window)
    assert told.data["total"] == count


async def test_an_end_before_the_start_is_refused(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p101", date_from="2026-05", date_to="2025")
    assert told.code == "invalid-input"


@pytest.mark.parametrize("code", ["4548-4", "http://loinc.org|4548-4"])
async def test_codes_match_with_and_without_their_system(ehr: Caller, code: str) -> None:
    told = await ehr("search_observations", patient="Patient/p101", codes=[code])
    assert told.data["total"] == 4


async def test_a_code_of_another_system_does_not_match(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p101", codes=["urn:other|4548-4"])
    assert told.data["total"] == 0


async def test_full_detail_names_the_elements(ehr: Caller) -> None:
    told = await ehr("list_allergies", patient="Patient/p101", detail="full")
    elements = cast("dict[str, str]", told.items[0]["elements"])
    assert elements["substance"] == "Penicillin"
    assert elements["reaction"] == "anaphylaxis (severe)"
    assert elements["note"] == "Needed adrenaline in the emergency department."


async def test_pages_follow_each_other_without_gap_or_repetition(ehr: Caller) -> None:
    told = await ehr("search_observations", patient="Patient/p107", limit=4)
    seen = [item["ref"] for item in told.items]
    while told.data["truncated"] and len(seen) < 100:
        told = await ehr("search_observations", patient="Patient/p107", limit=4, cursor=told.data["cursor"])
        seen += [item["ref"] for item in told.items]
        assert told.data["total"] == 18
    assert told.data["cursor"] is None
    assert len(seen) == len(set(seen)) == 18


@pytest.mark.parametrize("cursor", ["x", "not a cursor!", "é", "A" * 40])
async def test_a_foreign_cursor_is_refused(ehr: Caller, cursor: str) -> None:
    told = await ehr("search_observations", patient="Patient/p107", cursor=cursor)
    assert told.code == "cursor-expired"


async def test_a_cursor_works_for_its_own_question_and_patient_only(ehr: Caller) -> None:
    first = await ehr("search_observations", patient="Patient/p107", limit=2)
    cursor = first.data["cursor"]
    other_patient = await ehr("search_observations", patient="Patient/p101", limit=2, cursor=cursor)
    other_question = await ehr("search_observations", patient="Patient/p107", limit=2, cursor=cursor, text="INR")
    other_tool = await ehr("list_medications", patient="Patient/p107", limit=2, cursor=cursor)
    assert {other_patient.code, other_question.code, other_tool.code} == {"cursor-expired"}


@pytest.mark.parametrize("tool", [*LISTS, "patient_summary"])
async def test_an_unknown_patient_is_not_found(ehr: Caller, tool: str) -> None:
    told = await ehr(tool, patient="Patient/p999")
    assert told.code == "not-found"
    assert "Patient/p101" in told.text


@pytest.mark.parametrize("tool", [*LISTS, "patient_summary"])
async def test_a_name_is_no_patient_reference(ehr: Caller, tool: str) -> None:
    told = await ehr(tool, patient="Anna Berg")
    assert told.code == "invalid-input"
    assert "Anna Berg" not in told.text


@pytest.mark.parametrize("tool", [*LISTS, "patient_summary"])
async def test_the_id_alone_means_the_same_as_the_full_reference(ehr: Caller, tool: str) -> None:
    short, full = await ehr(tool, patient="p101"), await ehr(tool, patient="Patient/p101")
    assert short == full


@pytest.mark.parametrize("tool", [*LISTS, "patient_summary"])
async def test_every_answer_about_a_deceased_or_replaced_patient_says_so(ehr: Caller, tool: str) -> None:
    deceased = await ehr(tool, patient="Patient/p105")
    assert "DECEASED 2025-12-03" in deceased.text
    replaced = await ehr(tool, patient="Patient/p111")
    assert "replaced by Patient/p112" in replaced.text
    codes = [notice["code"] for notice in cast("list[Json]", replaced.data["warnings"])]
    assert "patient-replaced" in codes


@pytest.mark.parametrize("tool", LISTS)
@pytest.mark.parametrize("patient", [f"Patient/p{number}" for number in range(101, 116)])
async def test_every_line_carries_source_and_belongs_to_the_patient(ehr: Caller, tool: str, patient: str) -> None:
    """EHR-D5 and rule R11, over the whole demo set."""
    told = await ehr(tool, patient=patient, limit=200)
    assert told.data["patient"] == patient
    for item in told.items:
        assert f"[{item['ref']} v{item['version']}]" in str(item["line"])
        assert str(item["ref"]).split("/")[1].startswith(patient.removeprefix("Patient/") + "-")
        assert item["status"]
    assert told.size < 32_768
