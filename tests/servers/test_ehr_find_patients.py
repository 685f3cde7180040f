"""Finding patients: candidates with the basis of the match, never a choice (clinical reference 1.2)."""

from __future__ import annotations

import pytest

from .conftest import Caller

pytestmark = pytest.mark.anyio


async def test_a_full_name_that_two_patients_share_returns_both_and_chooses_none(ehr: Caller) -> None:
    told = await ehr("find_patients", name="Anna Berg")
    assert {item["patient"] for item in told.items} == {"Patient/p101", "Patient/p102"}
    assert told.text.startswith("2 patients match; none was chosen.")
    assert "1980-04-12" in told.text
    assert "1957-09-30" in told.text


async def test_the_birth_date_tells_patients_of_one_name_apart(ehr: Caller) -> None:
    told = await ehr("find_patients", name="Anna Berg", birth_date="1980-04-12")
    assert [item["patient"] for item in told.items] == ["Patient/p101"]
    assert told.items[0]["matched_on"] == ["full words of the name", "birth date"]
    assert told.text.startswith("1 patient matches:")


async def test_twins_are_both_candidates_until_the_given_name_is_known(ehr: Caller) -> None:
    both = await ehr("find_patients", family="Nyström", birth_date="2008-06-21")
    assert {item["name"] for item in both.items} == {"Erik Nyström", "Elias Nyström"}
    one = await ehr("find_patients", family="Nyström", given="Erik", birth_date="2008-06-21")
    assert [item["name"] for item in one.items] == ["Erik Nyström"]


@pytest.mark.parametrize(
    "criteria",
    [{"name": "Anna"}, {"family": "Berg"}, {"birth_date": "1980-04-12"}, {"gender": "female"}, {}, {"name": "?!"}],
    ids=str,
)
async def test_fewer_than_two_facts_are_refused_with_an_example(ehr: Caller, criteria: dict[str, object]) -> None:
    told = await ehr("find_patients", **criteria)
    assert told.code == "too-few-criteria"
    assert told.error is not None
    assert "MRN-100101" in str(told.error["hint"])
    assert "Berg" not in str(told.error["message"])


@pytest.mark.parametrize(
    "criteria",
    [
        {"name": "berg anna", "birth_date": "1980"},
        {"family": "Berg", "given": "Anna", "birth_date": "1980-04"},
        {"family": "ber", "birth_date": "1980-04-12"},
        {"identifier": "MRN-100101"},
        {"identifier": "mrn-100101", "identifier_system": "https://ehr.example.org/mrn"},
        {"phone": "+1 (202) 555-0101", "gender": "female"},
    ],
    ids=str,
)
async def test_two_facts_or_a_record_number_find_the_patient(ehr: Caller, criteria: dict[str, object]) -> None:
    told = await ehr("find_patients", **criteria)
    assert [item["patient"] for item in told.items] == ["Patient/p101"]


async def test_a_record_number_of_another_system_finds_nobody(ehr: Caller) -> None:
    told = await ehr("find_patients", identifier="MRN-100101", identifier_system="https://elsewhere.example.org")
    assert told.items == []


@pytest.mark.parametrize("name", ["Søren Ødegård", "soren odegard", "ØDEGÅRD SØREN", "Soren Ode"])
async def test_accents_case_and_letters_that_do_not_decompose_do_not_matter(ehr: Caller, name: str) -> None:
    told = await ehr("find_patients", name=name)
    assert [item["name"] for item in told.items] == ["Søren Ødegård"]


async def test_a_match_on_the_beginning_of_a_name_says_so(ehr: Caller) -> None:
    told = await ehr("find_patients", name="Ann Ber", birth_date="1980-04-12")
    assert told.items[0]["matched_on"] == ["beginning of the name", "birth date"]


async def test_a_replaced_record_is_left_out_with_its_successor_named(ehr: Caller) -> None:
    told = await ehr("find_patients", name="Katarzyna Wójcik")
    assert [item["patient"] for item in told.items] == ["Patient/p112"]
    assert "Patient/p111 also matches" in told.text
    shown = await ehr("find_patients", name="Katarzyna Wójcik", include_inactive=True)
    old = next(item for item in shown.items if item["patient"] == "Patient/p111")
    assert old["active"] is False
    assert old["replaced_by"] == "Patient/p112"


async def test_a_deceased_patient_is_flagged(ehr: Caller) -> None:
    told = await ehr("find_patients", name="George Hollis")
    assert told.items[0]["deceased"] == "2025-12-03"
    assert "DECEASED 2025-12-03" in told.text


async def test_a_partial_birth_date_is_a_candidate_and_stays_partial(ehr: Caller) -> None:
    told = await ehr("find_patients", name="Tomás Quiroga", birth_date="1948-03-01")
    assert told.items[0]["birth_date"] == "1948"
    assert told.items[0]["matched_on"] == ["full words of the name", "birth date as far as it is recorded or given"]


async def test_nobody_found_is_an_answer_with_its_state(ehr: Caller) -> None:
    told = await ehr("find_patients", name="Quentin Farrow")
    assert told.data["state"] == "not-recorded"
    assert told.items == []
    assert told.text.startswith("No patient found")


async def test_demographics_are_minimal(ehr: Caller) -> None:
    told = await ehr("find_patients", name="Anna Berg", birth_date="1980-04-12")
    shown = told.text + str(told.data)
    assert "555" not in shown
    assert "Exampleton" not in shown
    assert "MRN-100101" not in shown
    assert told.items[0]["identifier_tail"] == "0101"


async def test_more_candidates_than_asked_for_are_truncated_visibly(ehr: Caller) -> None:
    told = await ehr("find_patients", name="Anna Berg", limit=1)
    assert told.data["truncated"] is True
    assert told.data["returned"] == 1
    assert told.data["total"] is None
    assert "More patients match" in told.text


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"name": "Anna Berg", "birth_date": "1980-02-30"}, "birth_date"),
        ({"name": "Anna Berg", "birth_date": "12.4.1980"}, "birth_date"),
        ({"name": "Anna Berg", "limit": 0}, "limit"),
        ({"name": "Anna Berg", "limit": 201}, "limit"),
        ({"name": "Anna Berg", "gender": "f"}, "gender"),
        ({"identifier": "no number"}, "identifier"),
        ({"name": "Anna Berg", "ward": "3"}, "ward"),
    ],
    ids=str,
)
async def test_a_wrong_argument_is_named_without_its_value(
    ehr: Caller, arguments: dict[str, object], field: str
) -> None:
    told = await ehr("find_patients", **arguments)
    assert told.code == "invalid-input"
    assert told.error is not None
    assert str(told.error["message"]).startswith(field)
    assert "Anna" not in str(told.error["message"])
