"""Interviews through the MCP tools (clinical reference 2.2 to 2.8)."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import cast

import anyio
import pytest
from mcp import Client

from agentkit_servers.questionnaires import server as questionnaire_server
from tests.deadline import HANG

from .conftest import NOW, Caller, Json, questionnaire_tool_server

pytestmark = pytest.mark.anyio


async def start(call: Caller, questionnaire: str = "phq-2") -> str:
    told = await call("start_interview", questionnaire=questionnaire)
    return str(told.data["session"])


async def test_the_questionnaires_on_offer_are_listed_with_their_terms(questionnaires: Caller) -> None:
    told = await questionnaires("list_questionnaires")
    assert [item["questionnaire_id"] for item in told.items] == ["gad-2", "phq-2"]
    assert all("no permission required" in str(item["license"]) for item in told.items)


@pytest.mark.parametrize("name", ["phq-2", "PHQ-2", "phq 2", "PHQ2"])
async def test_a_questionnaire_is_shown_in_the_documented_schema(questionnaires: Caller, name: str) -> None:
    told = await questionnaires("get_questionnaire", questionnaire=name)
    shown = cast("Json", told.data["questionnaire"])
    assert shown["questionnaireId"] == "phq-2"
    assert shown["startQuestion"] == "phq-2-1"
    questions = cast("list[Json]", shown["questions"])
    assert [question["type"] for question in questions] == ["single_choice", "single_choice"]
    assert "Pfizer" in told.text


async def test_an_interview_asks_word_for_word_and_ends_with_a_score(questionnaires: Caller) -> None:
    """QN-I2: score, cut-off, source and version together; never a diagnosis."""
    first = await questionnaires("start_interview", questionnaire="phq-2")
    assert "how often have you been bothered by any of the following problems?" in first.text
    assert "Little interest or pleasure in doing things\n  0 = Not at all\n  1 = Several days" in first.text
    assert first.data["next_question_id"] == "phq-2-1"
    assert first.data["missing"] == ["phq-2-1", "phq-2-2"]
    session = first.data["session"]
    second = await questionnaires("answer", session=session, answer="Nearly every day")
    assert second.data["answers"] == {"phq-2-1": 3}
    assert second.data["is_completed"] is False
    assert "Feeling down, depressed, or hopeless" in second.text
    last = await questionnaires("answer", session=session, answer="1")
    assert last.data["is_completed"] is True
    assert last.data["next_question_id"] is None
    assert last.data["type"] == "questionnaire_response"
    result = cast("Json", last.data["score"])
    assert (result["value"], result["maximum"], result["cutoff"], result["positive"]) == (4, 6, 3, True)
    assert "Med Care 2003" in str(result["cutoff_source"])
    assert result["instrument"] == "PHQ-2 version 1.0"
    assert "not a diagnosis" in last.text


@pytest.mark.parametrize(("answers", "positive"), [(("1", "1"), False), (("1", "2"), True), (("0", "0"), False)])
async def test_the_screen_is_positive_from_three_on(
    questionnaires: Caller, answers: tuple[str, str], positive: bool
) -> None:
    session = await start(questionnaires, "gad-2")
    await questionnaires("answer", session=session, answer=answers[0])
    last = await questionnaires("answer", session=session, answer=answers[1])
    assert cast("Json", last.data["score"])["positive"] is positive
    assert ("At or above the cut-off" in last.text) is positive


async def test_an_unclear_answer_is_asked_again_and_never_counted(questionnaires: Caller) -> None:
    session = await start(questionnaires)
    for attempt, said in enumerate(["it comes and goes", "maybe several days", "17", "skip"], start=1):
        told = await questionnaires("answer", session=session, answer=said)
        assert told.data["answers"] == {}
        assert told.data["unclear"]
        assert told.data["attempts"] == attempt
        assert told.data["score"] is None
        assert "question 1 of 2" in told.text
        assert "3 = Nearly every day" in told.text
    clear = await questionnaires("answer", session=session, answer="not at all")
    assert clear.data["attempts"] == 0
    assert clear.data["next_question_id"] == "phq-2-2"


async def test_an_answer_delivered_twice_counts_once(questionnaires: Caller) -> None:
    session = await start(questionnaires)
    for _ in range(2):
        told = await questionnaires("answer", session=session, answer="2", question="phq-2-1")
        assert told.data["answers"] == {"phq-2-1": 2}
    other = await questionnaires("answer", session=session, answer="3", question="phq-2-1")
    assert other.code == "invalid-input"
    assert "phq-2-2" in other.text


async def test_the_last_answer_delivered_twice_returns_the_result_twice(questionnaires: Caller) -> None:
    session = await start(questionnaires)
    await questionnaires("answer", session=session, answer="2", question="phq-2-1")
    results = [await questionnaires("answer", session=session, answer="1", question="phq-2-2") for _ in range(2)]
    assert results[0] == results[1]
    assert results[1].data["is_completed"] is True


async def test_a_number_is_accepted_as_a_json_number_too(questionnaires: Caller) -> None:
    told = await questionnaires("answer", session=await start(questionnaires), answer=2)
    assert told.data["answers"] == {"phq-2-1": 2}


async def test_an_answer_after_the_end_is_refused(questionnaires: Caller) -> None:
    session = await start(questionnaires)
    for _ in range(2):
        await questionnaires("answer", session=session, answer="0")
    told = await questionnaires("answer", session=session, answer="0")
    assert told.code == "invalid-input"


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("start_interview", {"questionnaire": "beck"}, "not-found"),
        ("start_interview", {"questionnaire": "phq-2", "version": "9"}, "not-found"),
        ("start_interview", {}, "invalid-input"),
        ("answer", {"session": "qs_0123456789abcdefABCDEF", "answer": "1"}, "not-found"),
        ("answer", {"session": "1", "answer": "1"}, "invalid-input"),
        ("answer", {"session": "qs_0123456789abcdefABCDEF", "answer": ""}, "invalid-input"),
        ("answer", {"session": "qs_0123456789abcdefABCDEF", "answer": "x" * 1001}, "invalid-input"),
    ],
    ids=str,
)
async def test_bad_input_is_a_typed_error_with_a_hint(
    questionnaires: Caller, tool: str, arguments: dict[str, object], code: str
) -> None:
    told = await questionnaires(tool, **arguments)
    assert told.code == code
    assert told.error is not None
    assert told.error["hint"]
    assert "qs_0123456789abcdefABCDEF" not in str(told.error["message"])


async def test_session_ids_are_long_random_and_different(questionnaires: Caller) -> None:
    sessions = {await start(questionnaires) for _ in range(20)}
    assert len(sessions) == 20
    assert all(len(session) == 25 for session in sessions)


async def test_an_interview_survives_a_restart_of_the_server(tmp_path: Path) -> None:
    path = str(tmp_path / "interviews.db")
    async with Client(questionnaire_tool_server(path).mcp) as client:
        call = Caller(client)
        session = await start(call)
        await call("answer", session=session, answer="2")
    async with Client(questionnaire_tool_server(path).mcp) as client:
        told = await Caller(client)("answer", session=session, answer="2")
        assert told.data["answers"] == {"phq-2-1": 2, "phq-2-2": 2}


async def test_answers_given_at_the_same_time_are_counted_one_after_the_other(questionnaires: Caller) -> None:
    session = await start(questionnaires)
    done: list[object] = []

    async def give() -> None:
        done.append((await questionnaires("answer", session=session, answer="1")).data["is_completed"])

    with anyio.fail_after(HANG):
        async with anyio.create_task_group() as group:
            group.start_soon(give)
            group.start_soon(give)
    assert sorted(done, key=str) == [False, True]


async def test_an_interview_is_forgotten_after_thirty_days(tmp_path: Path) -> None:
    path = tmp_path / "interviews.db"
    now = [NOW]
    server = questionnaire_server.build_server(str(path), clock=lambda: now[0])
    async with Client(server.mcp) as client:
        call = Caller(client)
        session = await start(call)
        now[0] = NOW + timedelta(days=31)
        assert (await call("answer", session=session, answer="1")).code == "not-found"
        await start(call)

    def count() -> int:
        connection = sqlite3.connect(path)
        try:
            return cast("int", connection.execute("SELECT COUNT(*) FROM sessions").fetchone()[0])
        finally:
            connection.close()

    assert await anyio.to_thread.run_sync(count) == 1
