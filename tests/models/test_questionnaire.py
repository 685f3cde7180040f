"""Questionnaire turns (section 13 of the API contract)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from agentkit.errors import SpecError, WireError
from agentkit.models import Artifact, Json, JsonObject, Part, QuestionnaireResponse, Task, TaskState, TaskStatus
from agentkit.models import questionnaire_part as make_part
from tests.wire import strategies

SLEEP: JsonObject = {
    "questionnaireId": "rest-demo",
    "version": "1",
    "startQuestion": "q1",
    "questions": [
        {"id": "q1", "type": "scale", "text": "Satisfaction with your nights?", "min": 1, "max": 5},
        {"id": "q2", "type": "scale", "text": "Hours slept?", "min": 0, "max": 12},
    ],
}
MIDWAY: JsonObject = {
    "answers": {"q1": 3},
    "is_completed": False,
    "next_question_id": "q2",
    "questionnaire_id": "rest-demo",
    "version": "1",
}
MARK: JsonObject = {"type": "questionnaire_response"}


def task(*parts: Part) -> Task:
    artifacts = tuple(Artifact(artifact_id=f"r{number}", parts=(part,)) for number, part in enumerate(parts))
    return Task(id="t", context_id="c", status=TaskStatus(state=TaskState.COMPLETED), artifacts=artifacts)


def test_a_response_is_told_by_the_metadata_of_its_part() -> None:
    """QNC-13, QNC-14: `data.type` is not needed."""
    response = QuestionnaireResponse.of(task(Part(text="x"), Part(data=MIDWAY, metadata=MARK), Part(data={"a": 1})))
    assert response is not None
    assert response.answers == {"q1": 3}
    assert (response.is_completed, response.next_question_id) == (False, "q2")
    assert (response.questionnaire_id, response.version) == ("rest-demo", "1")


def test_a_response_is_told_by_its_data_alone() -> None:
    """QNC-14: the documented final answer says it there too; nothing follows it."""
    done: JsonObject = {**MIDWAY, **MARK, "is_completed": True, "next_question_id": None, "answers": {"q4": "none"}}
    response = QuestionnaireResponse.of(task(Part(data=done)))
    assert response is not None
    assert response.is_completed
    assert response.next_question_id is None


def test_the_last_response_counts() -> None:
    later: JsonObject = {**MIDWAY, "answers": {"q1": 3, "q2": 7}}
    response = QuestionnaireResponse.of(task(Part(data=MIDWAY, metadata=MARK), Part(data=later, metadata=MARK)))
    assert response is not None
    assert response.answers == {"q1": 3, "q2": 7}


@pytest.mark.parametrize("version", ["1", 1, 1.5, None])
def test_a_version_keeps_its_type_and_unknown_fields_survive(version: Json) -> None:
    """QNC-17, QNC-20."""
    data: JsonObject = {**MIDWAY, "version": version, "score": {"total": 4}}
    response = QuestionnaireResponse.of(task(Part(data=data, metadata=MARK)))
    assert response is not None
    assert response.version == version
    assert type(response.version) is type(version)
    assert response.unknown_fields == {"score": {"total": 4}}


def test_a_task_without_a_response_has_none() -> None:
    other: JsonObject = {"type": "note"}
    assert QuestionnaireResponse.of(task(Part(text="questionnaire_response", metadata=MARK))) is None
    assert QuestionnaireResponse.of(task(Part(data=MIDWAY, metadata=other), Part(data=["type"]))) is None
    assert QuestionnaireResponse.of(task()) is None


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        (7, "task.artifacts[0].parts[0].data", "type"),
        ({}, "task.artifacts[0].parts[0].data.answers", "missing"),
        ({**MIDWAY, "answers": []}, "task.artifacts[0].parts[0].data.answers", "type"),
        ({**MIDWAY, "is_completed": "yes"}, "task.artifacts[0].parts[0].data.is_completed", "type"),
        ({**MIDWAY, "next_question_id": 2}, "task.artifacts[0].parts[0].data.next_question_id", "type"),
    ],
)
def test_a_response_that_is_none_is_refused_with_its_place(data: Json, path: str, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        QuestionnaireResponse.of(task(Part(data=data, metadata=MARK)))
    assert (refused.value.path, refused.value.reason) == (path, reason)


@settings(max_examples=100, deadline=None)
@given(strategies.json, strategies.json_object)
def test_whatever_is_marked_as_a_response_is_read_or_refused(value: Json, fields: JsonObject) -> None:
    for data in (value, {**fields, **MIDWAY}, {**MIDWAY, **fields}, {**MIDWAY, "answers": value}):
        try:
            response = QuestionnaireResponse.of(task(Part(data=data, metadata=MARK)))
        except WireError:
            continue
        assert response is not None


def test_what_was_answered_is_not_in_the_repr() -> None:
    data: JsonObject = {**MIDWAY, "answers": {"q3": "secret words"}}
    assert "secret words" not in repr(QuestionnaireResponse.of(task(Part(data=data, metadata=MARK))))


def test_a_questionnaire_travels_as_it_was_written() -> None:
    """QNC-01, QNC-20."""
    written: JsonObject = {**SLEEP, "meta": {"x": 1}}
    assert make_part(written).data == {"type": "questionnaire", "questionnaire": written}


def test_a_start_question_may_be_left_out() -> None:
    """QNC-03."""
    assert make_part({key: value for key, value in SLEEP.items() if key != "startQuestion"}).kind == "data"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"questionnaireId": None}, "questionnaire.questionnaireId"),
        ({"questionnaireId": " "}, "questionnaire.questionnaireId"),
        ({"version": None}, "questionnaire.version"),
        ({"version": True}, "questionnaire.version"),
        ({"questions": None}, "questionnaire.questions"),
        ({"questions": []}, "questionnaire.questions"),
        ({"questions": [7]}, "questionnaire.questions[0].id"),
        ({"questions": [{"id": "q1"}, {"id": 2}]}, "questionnaire.questions[1].id"),
        ({"questions": [{"id": "q1"}, {"id": "q1"}]}, "questionnaire.questions[1].id"),
        ({"startQuestion": "q9"}, "questionnaire.startQuestion"),
        ({"startQuestion": ["q1"]}, "questionnaire.startQuestion"),
    ],
)
def test_a_questionnaire_that_cannot_work_is_refused_before_it_is_sent(change: JsonObject, field: str) -> None:
    """QNC-02."""
    with pytest.raises(SpecError) as refused:
        make_part({**SLEEP, **change})
    assert refused.value.field == field
    assert refused.value.remedy
