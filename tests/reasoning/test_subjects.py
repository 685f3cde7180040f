"""Whom a message is about: never the wrong one, and a question where it is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from agentkit.experts import WorkerState
from agentkit.models import JsonObject

if TYPE_CHECKING:
    from tests.reasoning.conftest import Expert

pytestmark = pytest.mark.anyio

BORN_1980 = "Patient/p101"
PRIYA = "Patient/p114"


@pytest.fixture(params=["as they are", "renamed"])
def records(request: pytest.FixtureRequest, make_records: Callable[[str], Expert]) -> Expert:
    return make_records(str(request.param))


@pytest.mark.parametrize("answer", ["The one born 1980-04-12.", "1980", "born in April 1980"])
async def test_a_date_that_told_two_apart_was_taken_into_account(records: Expert, answer: str) -> None:
    await records.says("Which allergies does Anna Berg have?")
    result = await records.says(answer)
    assert records.calls == [("list_allergies", {"patient": BORN_1980})]
    assert "Not taken into account" not in result.text


async def test_a_date_that_limits_the_question_is_not_excused_by_a_birth_date(records: Expert) -> None:
    result = await records.says("Which allergies did Priya Raman have since 1999?")
    assert "Not taken into account" in result.text


@pytest.mark.parametrize(
    "answer", ["not the first one", "not the one born 1980-04-12", "no, not p101", "isn't it 1980"]
)
async def test_who_is_ruled_out_is_not_chosen(records: Expert, answer: str) -> None:
    await records.says("Which allergies does Anna Berg have?")
    result = await records.says(answer)
    assert "list_allergies" not in records.called
    assert result.state is WorkerState.INPUT_REQUIRED


@pytest.mark.parametrize(
    ("answer", "patient"), [("0101", BORN_1980), ("MRN-100101", BORN_1980), ("no, 1980", BORN_1980)]
)
async def test_a_record_number_chooses_too(records: Expert, answer: str, patient: str) -> None:
    await records.says("Which allergies does Anna Berg have?")
    await records.says(answer)
    assert records.calls[-1] == ("list_allergies", {"patient": patient})


async def test_a_pronoun_that_does_not_fit_is_asked_about(records: Expert) -> None:
    await records.says("Which medications does Priya Raman take?")
    result = await records.says("Does he have allergies?")
    assert records.called == []
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "Priya Raman" in result.text
    await records.says("yes")
    assert records.calls == [("list_allergies", {"patient": PRIYA})]


async def test_a_pronoun_that_does_not_fit_and_is_denied_leads_to_the_open_question(records: Expert) -> None:
    await records.says("Which medications does Priya Raman take?")
    await records.says("Does he have allergies?")
    result = await records.says("no")
    assert "Priya Raman" not in result.text
    assert result.state is WorkerState.INPUT_REQUIRED
    await records.says("Robert Okafor")
    assert records.calls[-1] == ("list_allergies", {"patient": "Patient/p107"})


async def test_a_choice_counts_for_the_question_it_answered_and_no_later_one(records: Expert) -> None:
    for text in ("Find Anna Berg", "the first one", "What about Anna Berg?"):
        await records.says(text)
    result = await records.says("and her allergies?")
    assert "list_allergies" not in records.called
    assert result.state is WorkerState.INPUT_REQUIRED


async def test_a_pronoun_that_does_not_fit_the_choice_is_asked_about(records: Expert) -> None:
    for text in ("Find Anna Berg", "the first one"):
        await records.says(text)
    result = await records.says("and his allergies?")
    assert records.called == []
    assert result.state is WorkerState.INPUT_REQUIRED


async def test_after_a_name_that_was_not_looked_up_a_pronoun_is_asked_about(records: Expert) -> None:
    await records.says("Which medications does Priya Raman take?")
    assert (await records.says("Please call Mia Tanaka tomorrow")).declined
    result = await records.says("and her allergies?")
    assert records.called == []
    assert result.state is WorkerState.INPUT_REQUIRED


@pytest.mark.parametrize("text", ["PRIYA RAMAN", "priya raman", "Raman, Priya", "it is Priya Raman"])
async def test_a_name_given_when_asked_counts_in_any_spelling(records: Expert, text: str) -> None:
    await records.says("Which allergies are there?")
    await records.says(text)
    assert records.calls[-1] == ("list_allergies", {"patient": PRIYA})


@pytest.mark.parametrize(
    "text",
    [
        "Blood pressure of Anna Berg born 1980-04-12 since 2026-06",
        "Measurements for Anna Berg, born 1980-04-12, since 2026-06: blood pressure",
    ],
)
async def test_the_capital_that_begins_a_sentence_makes_no_name(records: Expert, text: str) -> None:
    await records.says(text)
    assert records.calls[0] == ("find_patients", {"name": "Anna Berg", "birth_date": "1980-04-12"})
    assert records.calls[1][1]["date_from"] == "2026-06"


async def test_a_word_for_people_in_front_of_a_name_is_no_part_of_it(records: Expert) -> None:
    result = await records.says("Twins Nyström born 2008-06-21: allergies?")
    assert records.calls == [("find_patients", {"name": "Nyström", "birth_date": "2008-06-21"})]
    assert "Erik" in result.text
    assert "Elias" in result.text


async def test_a_name_said_twice_is_one_person(records: Expert) -> None:
    await records.says("Allergies of Priya Raman and medications of Priya Raman")
    assert records.calls[1:] == [("list_allergies", {"patient": PRIYA}), ("list_medications", {"patient": PRIYA})]


async def test_of_two_people_none_is_left_out_in_silence(records: Expert) -> None:
    result = await records.says("Which medications do Priya Raman and Mia Tanaka take?")
    assert records.called == []
    assert "one at a time" in result.text
    await records.says("Mia Tanaka")
    assert records.calls[-1] == ("list_medications", {"patient": "Patient/p108"})


@pytest.mark.parametrize("text", ["Priya Raman", "What does Priya Raman take?", "Tell me about Priya Raman"])
async def test_who_is_only_named_is_found_and_then_asked_about(records: Expert, text: str) -> None:
    result = await records.says(text)
    assert records.called == ["find_patients"]
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "What would you like to know about Priya Raman?" in result.text
    await records.says("her allergies")
    assert records.calls == [("list_allergies", {"patient": PRIYA})]


async def test_somebody_unknown_who_is_only_named_is_reported(records: Expert) -> None:
    result = await records.says("Zed Zimmer")
    assert result.state is WorkerState.COMPLETED
    assert "No patient found" in result.text


@pytest.mark.parametrize(
    "text",
    [
        "Add penicillin to the allergies of Priya Raman",
        "Delete the allergies of Priya Raman",
        "Stop the medications of Priya Raman",
        "Please remove Priya Raman's allergies",
        "I want you to change the medications of Priya Raman",
    ],
)
async def test_a_request_for_a_change_is_not_answered_by_reading(records: Expert, text: str) -> None:
    result = await records.says(text)
    assert records.called == []
    assert result.declined


async def test_a_change_asked_for_beside_a_question_is_said_not_to_be_made(records: Expert) -> None:
    result = await records.says("List the allergies of Robert Okafor and delete them")
    assert records.called == ["find_patients", "list_allergies"]
    assert "Nothing was changed" in result.text


async def test_other_is_not_a_choice_unless_its_parameter_is_spoken_of(records: Expert) -> None:
    await records.says("Find the other patient Anna Berg")
    assert records.calls == [("find_patients", {"name": "Anna Berg"})]


@pytest.mark.parametrize(
    "text", ["and the medications of her brother?", "and for her twin?", "what does her mother take?"]
)
async def test_a_relative_is_somebody_else(records: Expert, text: str) -> None:
    await records.says("Which medications does Priya Raman take?")
    await records.says(text)
    assert PRIYA not in [arguments.get("patient") for _, arguments in records.calls]


@pytest.mark.parametrize(
    "text",
    ["Does Priya Raman's mother have allergies?", "Allergies of the brother of Priya Raman", "My son's allergies?"],
)
async def test_a_relative_without_a_name_is_asked_for(records: Expert, text: str) -> None:
    result = await records.says(text)
    assert records.called == []
    assert result.state is WorkerState.INPUT_REQUIRED


async def test_two_references_that_differ_are_both_left_alone(records: Expert) -> None:
    key = records.named("patient")
    result = await records.says("Which allergies are there?", ({key: "Patient/p103"}, {key: "Patient/p104"}))
    assert records.called == []
    assert result.state is WorkerState.INPUT_REQUIRED


@pytest.mark.parametrize("text", ["allergies of Mia Tanaka", "Which allergies does Mia Tanaka (Patient/p103) have?"])
async def test_a_name_and_a_reference_of_two_people_are_asked_about(records: Expert, text: str) -> None:
    part: JsonObject = {records.named("patient"): "Patient/p103"}
    result = await records.says(text, () if "p103" in text else (part,))
    assert "list_allergies" not in records.called
    assert result.state is WorkerState.INPUT_REQUIRED


async def test_a_name_and_a_reference_of_one_person_belong_together(records: Expert) -> None:
    await records.says("Which allergies does Anna Berg (Patient/p101) have?")
    assert records.calls[-1] == ("list_allergies", {"patient": BORN_1980})


async def test_the_last_three_are_more_than_the_last(records: Expert) -> None:
    await records.says("Give me the last 3 HbA1c of Anna Berg born 1980-04-12")
    assert records.calls[-1] == ("search_observations", {"patient": BORN_1980, "text": "HbA1c"})


async def test_the_words_of_a_switch_are_not_searched_for(make_records: Callable[[str], Expert]) -> None:
    records = make_records("as they are")
    await records.says("Labs of Samuel Ortiz including entered in error")
    assert "text" not in records.calls[-1][1]
    assert records.calls[-1][1]["include_entered_in_error"] is True
