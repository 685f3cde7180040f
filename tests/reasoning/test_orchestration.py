"""Which expert gets which piece of a message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from agentkit.models import Role
from agentkit.reasoning import (
    Answer,
    Ask,
    Candidate,
    Decline,
    Delegate,
    Delegation,
    RuleReasoner,
    Situation,
    Utterance,
)

if TYPE_CHECKING:
    from tests.reasoning.conftest import Desk, Expert

pytestmark = pytest.mark.anyio

VARIANTS = ["as they are", "renamed"]


@pytest.fixture(params=VARIANTS)
def desk(
    request: pytest.FixtureRequest,
    make_records: Callable[[str], Expert],
    make_interviewer: Callable[[str], Expert],
    make_desk: Callable[[Sequence[Expert]], Desk],
) -> Desk:
    variant = str(request.param)
    return make_desk([make_records(variant), make_interviewer(variant)])


@pytest.mark.parametrize(
    ("text", "expert"),
    [
        ("Which medications does Priya Raman take?", "records"),
        ("What is the TSH of Priya Raman?", "records"),
        ("Run a PHQ-2", "interviewer"),
        ("What questionnaires are there?", "interviewer"),
    ],
)
async def test_a_message_goes_to_the_expert_whose_tools_fit(desk: Desk, text: str, expert: str) -> None:
    await desk.says(text)
    assert desk.delegated == [(expert, text)]


async def test_two_pieces_go_to_two_experts_in_order_and_the_question_comes_last(desk: Desk) -> None:
    act = await desk.says("List the allergies of Priya Raman and run a PHQ-2")
    assert desk.delegated == [("records", "List the allergies of Priya Raman"), ("interviewer", "run a PHQ-2")]
    assert isinstance(act, Ask)
    assert act.text.index("Priya Raman") < act.text.index("Little interest")


async def test_the_answer_to_a_question_goes_back_to_who_asked(desk: Desk) -> None:
    await desk.says("Run a PHQ-2")
    await desk.says("nearly every day, with or without medication")
    assert [expert for expert, _ in desk.delegated] == ["interviewer"]


async def test_a_choice_between_two_patients_goes_back_to_who_asked(desk: Desk) -> None:
    assert isinstance(await desk.says("Which medications does Anna Berg take?"), Ask)
    act = await desk.says("the one born 1980-04-12")
    assert desk.delegated[0][0] == "records"
    assert isinstance(act, Answer)
    assert "Metformin" in act.text
    assert act.data


async def test_a_question_to_another_expert_interrupts_an_interview_which_then_goes_on(desk: Desk) -> None:
    await desk.says("Run a PHQ-2")
    await desk.says("What are the allergies of Priya Raman?")
    assert desk.delegated[0][0] == "records"
    act = await desk.says("several days")
    assert desk.delegated[0][0] == "interviewer"
    assert isinstance(act, Ask)
    assert "Feeling down" in act.text


async def test_a_follow_up_without_words_of_its_own_stays_with_who_answered_last(desk: Desk) -> None:
    await desk.says("Which medications does Priya Raman take?")
    await desk.says("And for Mia Tanaka?")
    assert desk.delegated[0][0] == "records"


@pytest.mark.parametrize("text", ["Book me a flight", "Hello", "", "What is the capital of France?"])
async def test_what_no_expert_does_is_declined_with_what_they_do(desk: Desk, text: str) -> None:
    act = await desk.says(text)
    assert isinstance(act, Decline)
    assert "Looks up patients' records" in act.text
    assert "Asks people the questions of questionnaires" in act.text


async def test_what_the_expert_declines_is_declined_with_everything_that_can_be_done(desk: Desk) -> None:
    await desk.says("Which medications does Priya Raman take?")
    act = await desk.says("Book me a flight")
    assert isinstance(act, Decline)
    assert "questionnaires" in act.text


async def test_an_expert_is_chosen_by_its_description_when_its_tools_are_unknown() -> None:
    experts = (
        Candidate("a", "Converts currencies and knows exchange rates."),
        Candidate("b", "Forecasts the weather."),
    )
    act = await RuleReasoner().decide(Situation("What will the weather be in Oslo?", experts=experts))
    assert isinstance(act, Delegate)
    assert act.expert == "b"


async def test_a_failed_delegation_is_told_and_not_hidden() -> None:
    situation = Situation(
        "Weather in Oslo",
        experts=(Candidate("b", "Forecasts the weather."),),
        delegations=(Delegation("b", "MCP server sky: no answer within 30 s", failed=True),),
    )
    act = await RuleReasoner().decide(situation)
    assert isinstance(act, Answer)
    assert "no answer within 30 s" in act.text


async def test_an_expert_that_is_gone_gets_no_follow_up() -> None:
    situation = Situation(
        "and there?",
        experts=(Candidate("b", "Forecasts the weather."),),
        history=(Utterance(Role.USER, "x"), Utterance(Role.AGENT, "y", "gone")),
    )
    assert isinstance(await RuleReasoner().decide(situation), Decline)


async def test_without_experts_and_tools_there_is_nothing_it_can_do() -> None:
    act = await RuleReasoner().decide(Situation("Which medications does Anna take?"))
    assert isinstance(act, Decline)
    assert "no tools or experts" in act.text


async def test_an_expert_that_gets_two_pieces_works_on_each(desk: Desk) -> None:
    act = await desk.says(
        "List the allergies of Priya Raman, then run a PHQ-2, and then list the allergies of Mia Tanaka"
    )
    assert [expert for expert, _ in desk.delegated] == ["records", "interviewer", "records"]
    assert isinstance(act, Ask)
    assert "Priya Raman" in act.text
    assert "Mia Tanaka" in act.text


@pytest.mark.parametrize("text", ["Priya Raman", "What does Priya Raman take?"])
async def test_a_name_alone_goes_to_the_one_expert_that_finds_by_name(desk: Desk, text: str) -> None:
    act = await desk.says(text)
    assert desk.delegated == [("records", text)]
    assert isinstance(act, Ask)
    act = await desk.says("her allergies?")
    assert isinstance(act, Answer)
    assert "Priya Raman" in act.text


async def test_a_number_answers_the_interview_that_waits_and_no_search(desk: Desk) -> None:
    await desk.says("Run a PHQ-2")
    await desk.says("Which allergies does Priya Raman have?")
    act = await desk.says("1")
    assert desk.delegated == [("interviewer", "1")]
    assert isinstance(act, Ask)
    assert "Feeling down" in act.text


async def test_a_request_for_a_change_is_declined(desk: Desk) -> None:
    act = await desk.says("Add penicillin to the allergies of Priya Raman")
    assert isinstance(act, Decline)


@pytest.mark.parametrize("text", ["What is the weight of Mia Tanaka?", "What is the ferritin of Priya Raman?"])
async def test_a_topic_no_tool_names_is_searched_for_when_it_is_about_a_full_name(desk: Desk, text: str) -> None:
    act = await desk.says(text)
    assert desk.delegated == [("records", text)]
    assert isinstance(act, Answer)


@pytest.mark.parametrize(
    ("answer", "expert", "then"),
    [
        ("the one born 1980-04-12", "records", "Penicillin"),
        ("several days", "interviewer", "Feeling down"),
        ("stop", "interviewer", "stopped"),
    ],
)
async def test_of_two_open_questions_the_one_that_fits_is_answered(
    desk: Desk, answer: str, expert: str, then: str
) -> None:
    await desk.says("List the allergies of Anna Berg and run a PHQ-2")
    act = await desk.says(answer)
    assert desk.delegated == [(expert, answer)]
    assert isinstance(act, Answer | Ask)
    assert then in act.text


@pytest.mark.parametrize("answer", ["1", "hm"])
async def test_what_could_answer_either_of_two_questions_answers_none(desk: Desk, answer: str) -> None:
    await desk.says("List the allergies of Anna Berg and run a PHQ-2")
    act = await desk.says(answer)
    assert desk.delegated == []
    assert isinstance(act, Ask)
    await desk.says("the one born 1980-04-12")
    act = await desk.says("several days")
    assert desk.delegated == [("interviewer", "several days")]
    assert isinstance(act, Ask)
    assert "Feeling down" in act.text
