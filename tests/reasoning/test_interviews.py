"""Interviews through the bundled questionnaire server, as it is and with every name replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from agentkit.experts import WorkerState

if TYPE_CHECKING:
    from tests.reasoning.conftest import Expert

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["as they are", "renamed", "renamed, without titles"])
def interviewer(request: pytest.FixtureRequest, make_interviewer: Callable[[str], Expert]) -> Expert:
    return make_interviewer(str(request.param))


@pytest.mark.parametrize(
    "opening", ["Run a PHQ-2", "Start the PHQ 2, please", "Can you run the phq-2 questionnaire?", "Do a PHQ-2"]
)
async def test_an_interview_runs_from_start_to_score(interviewer: Expert, opening: str) -> None:
    first = await interviewer.says(opening)
    assert interviewer.calls == [("start_interview", {"questionnaire": "phq-2"})]
    assert first.state is WorkerState.INPUT_REQUIRED
    assert "Little interest" in first.text
    second = await interviewer.says("several days")
    assert second.state is WorkerState.INPUT_REQUIRED
    assert "Feeling down" in second.text
    last = await interviewer.says("not at all")
    assert last.state is WorkerState.COMPLETED
    assert "Score: 1 of 6" in last.text
    assert interviewer.called == ["answer"]


async def test_the_words_of_the_person_are_passed_on_as_they_are(interviewer: Expert) -> None:
    await interviewer.says("Run a PHQ-2")
    await interviewer.says("  Hm, nearly every day I would say. ")
    assert interviewer.calls[0][1]["answer"] == "Hm, nearly every day I would say."


async def test_an_unclear_answer_is_asked_again(interviewer: Expert) -> None:
    await interviewer.says("Run a PHQ-2")
    result = await interviewer.says("banana")
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "Little interest" in result.text


async def test_after_the_last_answer_nothing_more_is_entered(interviewer: Expert) -> None:
    for text in ("Run a PHQ-2", "several days", "not at all"):
        await interviewer.says(text)
    result = await interviewer.says("nearly every day")
    assert interviewer.called == []
    assert result.declined


async def test_a_clear_request_for_something_else_interrupts_and_the_interview_goes_on_after(
    interviewer: Expert,
) -> None:
    await interviewer.says("Run a PHQ-2")
    await interviewer.says("What questionnaires are there?")
    assert interviewer.called == ["list_questionnaires"]
    result = await interviewer.says("several days")
    assert interviewer.called == ["answer"]
    assert "Feeling down" in result.text


async def test_a_person_can_stop(interviewer: Expert) -> None:
    await interviewer.says("Run a PHQ-2")
    stopped = await interviewer.says("stop")
    assert stopped.state is WorkerState.COMPLETED
    assert interviewer.called == []
    await interviewer.says("several days")
    assert interviewer.called == []


async def test_which_questionnaire_is_asked_and_the_answer_starts_it(interviewer: Expert) -> None:
    result = await interviewer.says("Run a questionnaire")
    assert result.state is WorkerState.INPUT_REQUIRED
    assert "gad-2" in result.text
    assert interviewer.called == []
    await interviewer.says("GAD-2")
    assert interviewer.calls == [("start_interview", {"questionnaire": "gad-2"})]


@pytest.mark.parametrize(
    "text",
    [
        "Interview the patient with the PHQ-2",
        "Please do the PHQ-2 with me",
        "I want to take the PHQ-2",
        "Ask me the PHQ-2 questions",
        "Could you interview me with the PHQ-2?",
        "Let's do the PHQ-2",
        "Could I get asked the PHQ-2?",
    ],
)
async def test_who_wants_to_be_asked_is_asked(interviewer: Expert, text: str) -> None:
    result = await interviewer.says(text)
    assert interviewer.calls == [("start_interview", {"questionnaire": "phq-2"})]
    assert result.state is WorkerState.INPUT_REQUIRED


@pytest.mark.parametrize("text", ["stop", "cancel the questionnaire", "I don't want to continue", "please stop"])
async def test_every_word_to_stop_ends_the_interview(interviewer: Expert, text: str) -> None:
    await interviewer.says("Run a PHQ-2")
    await interviewer.says(text)
    assert interviewer.called == []
    await interviewer.says("1")
    assert interviewer.called == []


@pytest.mark.parametrize("text", ["", "   ", "x" * 1500], ids=["empty", "blank", "too long"])
async def test_what_cannot_be_an_answer_is_met_with_the_same_question(interviewer: Expert, text: str) -> None:
    await interviewer.says("Run a PHQ-2")
    result = await interviewer.says(text)
    assert interviewer.called == []
    assert "Little interest" in result.text


@pytest.mark.parametrize(
    "text", ["Show me the PHQ-2", "What are the questions of the PHQ-2?", "When did they start the PHQ-2?"]
)
async def test_an_interview_is_not_started_unless_asked_for(interviewer: Expert, text: str) -> None:
    await interviewer.says(text)
    assert interviewer.called == ["get_questionnaire"]
