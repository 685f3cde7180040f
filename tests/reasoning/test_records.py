"""Questions to the bundled EHR server, as they are and with every tool and parameter under another name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from agentkit.experts import WorkerState

if TYPE_CHECKING:
    from tests.reasoning.conftest import Expert

pytestmark = pytest.mark.anyio

BORN_1980 = "Patient/p101"
BORN_1957 = "Patient/p102"


@pytest.fixture(params=["as they are", "renamed", "renamed, without titles"])
def records(request: pytest.FixtureRequest, make_records: Callable[[str], Expert]) -> Expert:
    return make_records(str(request.param))


async def test_the_patient_is_found_first_and_then_asked_about(records: Expert) -> None:
    result = await records.says("Which medications does Priya Raman take?")
    assert records.called == ["find_patients", "list_medications"]
    assert records.calls[1][1]["patient"] == "Patient/p114"
    assert result.state is WorkerState.COMPLETED
    assert "Priya Raman" in result.text
    assert result.data


async def test_two_patients_of_one_name_are_asked_about_and_none_is_picked(records: Expert) -> None:
    result = await records.says("Which medications does Anna Berg take?")
    assert records.called == ["find_patients"]
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "1957-09-30" in result.text
    assert "1980-04-12" in result.text


@pytest.mark.parametrize(
    ("answer", "patient"),
    [
        ("the one born 1980-04-12", BORN_1980),
        ("the one born on 30 September 1957", BORN_1957),
        ("1957", BORN_1957),
        ("the second one", BORN_1980),
        ("2", BORN_1980),
        ("p101", BORN_1980),
        ("Patient/p102", BORN_1957),
        ("Anna Berg, born April 12, 1980", BORN_1980),
    ],
)
async def test_the_answer_to_which_one_goes_on_with_the_first_question(
    records: Expert, answer: str, patient: str
) -> None:
    await records.says("Which medications does Anna Berg take?")
    result = await records.says(answer)
    assert records.calls[-1] == ("list_medications", {"patient": patient})
    assert result.state is WorkerState.COMPLETED


@pytest.mark.parametrize("answer", ["no idea", "the third one", "hm", "the one born 1970-01-01"])
async def test_an_answer_that_chooses_none_is_followed_by_the_same_question(records: Expert, answer: str) -> None:
    await records.says("Which medications does Anna Berg take?")
    result = await records.says(answer)
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "list_medications" not in records.called
    assert "1980-04-12" in result.text


async def test_twins_are_told_apart_by_given_name(records: Expert) -> None:
    result = await records.says("Which allergies does Nyström, born 2008-06-21, have?")
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "Elias Nyström" in result.text
    assert "Erik Nyström" in result.text
    await records.says("Erik")
    assert records.calls == [("list_allergies", {"patient": "Patient/p103"})]


async def test_a_follow_up_stays_with_the_patient(records: Expert) -> None:
    await records.says("Which medications does Priya Raman take?")
    result = await records.says("and her allergies?")
    assert records.calls == [("list_allergies", {"patient": "Patient/p114"})]
    assert "Priya Raman" in result.text


async def test_a_follow_up_that_names_somebody_else_is_about_them(records: Expert) -> None:
    await records.says("Which medications does Priya Raman take?")
    await records.says("And for Mia Tanaka?")
    assert records.called == ["find_patients", "list_medications"]
    assert records.calls[-1][1]["patient"] == "Patient/p108"


async def test_in_a_new_context_nobody_is_known(records: Expert) -> None:
    result = await records.says("and her allergies?")
    assert result.state is WorkerState.INPUT_REQUIRED
    assert result.text.startswith("Which ")
    assert records.called == []


async def test_the_name_given_when_asked_completes_the_question(records: Expert) -> None:
    await records.says("and her allergies?")
    await records.says("Anna Berg born 1980-04-12")
    assert records.calls[-1] == ("list_allergies", {"patient": BORN_1980})


async def test_an_unknown_patient_is_reported_and_not_replaced_by_an_earlier_one(records: Expert) -> None:
    await records.says("Which medications does Priya Raman take?")
    result = await records.says("Which medications does Zed Zimmer take?")
    assert records.called == ["find_patients"]
    assert result.state is WorkerState.COMPLETED
    assert "No patient found" in result.text
    assert "Zed Zimmer" in result.text
    after = await records.says("and her allergies?")
    assert after.state is WorkerState.INPUT_REQUIRED
    assert records.called == []


async def test_topic_and_date_become_filters(records: Expert) -> None:
    result = await records.says("What were the HbA1c values of Anna Berg, born 1980-04-12, since 2025?")
    assert records.calls[-1] == (
        "search_observations",
        {"patient": BORN_1980, "text": "HbA1c", "date_from": "2025"},
    )
    assert "8.6 %" in result.text


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("What is the latest TSH of Priya Raman?", {"text": "TSH", "latest_per_code": True}),
        ("Priya Raman's creatinine between 2024-01-01 and 2025-12-31?",
         {"text": "creatinine", "date_from": "2024-01-01", "date_to": "2025-12-31"}),
        ("Show the vital signs of Priya Raman from March 2025 to June 2026",
         {"category": ["vital-signs"], "date_from": "2025-03", "date_to": "2026-06"}),
        ("What is the blood pressure of priya raman?", {"text": "blood pressure"}),
        ("Show the lab results of Priya Raman in 2026",
         {"category": ["laboratory"], "date_from": "2026", "date_to": "2026"}),
        ("What is the ferritin of Priya Raman?", {"text": "ferritin"}),
    ],
)  # fmt: skip
async def test_searches_take_what_was_said_and_nothing_else(
    records: Expert, question: str, arguments: dict[str, object]
) -> None:
    await records.says(question)
    assert records.calls[-1] == ("search_observations", {"patient": "Patient/p114", **arguments})


async def test_a_state_named_in_the_question_becomes_a_filter(records: Expert) -> None:
    await records.says("What are the active medications of Søren Ødegård?")
    assert records.calls[-1] == ("list_medications", {"patient": "Patient/p113", "status": ["active"]})


async def test_two_questions_about_one_patient_are_both_answered(records: Expert) -> None:
    result = await records.says("Which medications and allergies does Anna Berg, born 12 April 1980, have?")
    assert records.called == ["find_patients", "list_medications", "list_allergies"]
    assert "Metformin" in result.text
    assert "Penicillin" in result.text
    assert len(result.data) == 2


async def test_a_record_number_finds_the_patient(records: Expert) -> None:
    await records.says("Show me the allergies of MRN-100101")
    assert records.calls == [
        ("find_patients", {"identifier": "MRN-100101"}),
        ("list_allergies", {"patient": BORN_1980}),
    ]


async def test_a_reference_in_the_message_needs_no_search(records: Expert) -> None:
    await records.says("Which allergies does Patient/p101 have?")
    assert records.calls == [("list_allergies", {"patient": BORN_1980})]


async def test_arguments_in_a_data_part_are_used(records: Expert) -> None:
    await records.says("Which allergies are there?", data=({records.named("patient"): "Patient/p103"},))
    assert records.calls == [("list_allergies", {"patient": "Patient/p103"})]


async def test_a_summary_is_asked_for_by_that_word(records: Expert) -> None:
    await records.says("Give me a summary of Mia Tanaka")
    assert records.called == ["find_patients", "patient_summary"]


async def test_one_fact_too_few_is_asked_for_in_the_words_of_the_tool(records: Expert) -> None:
    result = await records.says("Allergies of Berg?")
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "record number" in result.text
    result = await records.says("Anna, born 1980-04-12")
    assert records.calls[-1] == ("list_allergies", {"patient": BORN_1980})


async def test_a_patient_chosen_from_a_list_stays_chosen(records: Expert) -> None:
    await records.says("Find the patient Anna Berg")
    result = await records.says("the first one")
    assert "1957-09-30" in result.text
    await records.says("and her allergies?")
    assert records.calls == [("list_allergies", {"patient": BORN_1957})]


@pytest.mark.parametrize(
    "text",
    [
        "Book me a flight",
        "Book me a flight to Paris",
        "Book a flight for the patient",
        "Delete Anna Berg",
        "What is the weather tomorrow?",
        "asdf qwer",
        "Does Mia Tanaka have a car?",
        "",
        "?!",
    ],
)
async def test_what_no_tool_does_is_declined_with_what_can_be_done(records: Expert, text: str) -> None:
    result = await records.says(text)
    assert result.declined
    assert "What I can do" in result.text
    assert records.called == []


async def test_a_date_that_no_tool_takes_is_said_to_be_ignored(records: Expert) -> None:
    result = await records.says("Which allergies did Priya Raman have since 2020?")
    assert records.calls[-1] == ("list_allergies", {"patient": "Patient/p114"})
    assert "Not taken into account" in result.text
    assert "2020" in result.text


@pytest.mark.parametrize("times", ["last year", "two weeks ago", "the past 3 months"])
async def test_a_time_relative_to_now_is_said_to_be_ignored(records: Expert, times: str) -> None:
    result = await records.says(f"I'd like the lab values of Mr. Robert Okafor from {times}")
    assert records.calls[-1] == ("search_observations", {"patient": "Patient/p107", "category": ["laboratory"]})
    assert "Not taken into account" in result.text


async def test_what_was_searched_for_in_words_is_told_when_nothing_was_found(records: Expert) -> None:
    result = await records.says("What is the ferritin of Priya Raman?")
    assert '"ferritin"' in result.text


async def test_a_name_said_with_a_pronoun_is_somebody_else(records: Expert) -> None:
    await records.says("Which allergies does Priya Raman have?")
    await records.says("Which allergies does her sister Maria Raman have?")
    assert records.called == ["find_patients"]


async def test_a_question_what_can_be_done_is_answered_without_a_refusal(records: Expert) -> None:
    result = await records.says("What can you do?")
    assert result.text.startswith("What I can do:")


async def test_of_several_questions_each_takes_its_own_words_only(records: Expert) -> None:
    result = await records.says("allergies, medications and vital signs of Robert Okafor")
    assert records.calls[1:] == [
        ("list_allergies", {"patient": "Patient/p107"}),
        ("list_medications", {"patient": "Patient/p107"}),
        ("search_observations", {"patient": "Patient/p107", "category": ["vital-signs"]}),
    ]
    assert "Warfarin" in result.text


async def test_two_kinds_asked_for_in_short_are_both_looked_for(records: Expert) -> None:
    await records.says("Labs and vitals of Robert Okafor")
    assert records.calls[-1][1]["category"] == ["laboratory", "vital-signs"]


async def test_what_was_found_before_a_failure_is_told_with_it(records: Expert) -> None:
    result = await records.says('List the allergies of Robert Okafor and search observations for "xyzzy plugh"')
    assert "Sulfamethoxazole" in result.text
    assert "no measurement known here" in result.text
