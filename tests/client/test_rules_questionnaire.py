"""The questionnaire expert, rule by rule, through the public API (section 13)."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.errors import SpecError
from agentkit.models import JsonObject, TaskState
from agentkit.specs import AgentSpec, AgentType
from tests.client.connecting import connected
from tests.contract.corti_double import CortiDouble, Produce, Turn, data_part
from tests.contract.on_platform import Server

pytestmark = pytest.mark.anyio

# The documented exchange, in the form the reference gives it.
REST_DEMO: JsonObject = {
    "questionnaireId": "rest-demo",
    "version": "1",
    "startQuestion": "q1",
    "questions": [
        {"id": "q1", "type": "scale", "text": "Satisfaction with your nights?", "min": 1, "max": 5},
        {"id": "q2", "type": "scale", "text": "Hours slept?", "min": 0, "max": 12},
        {"id": "q3", "type": "text_short", "text": "How rested are you?"},
        {
            "id": "q4",
            "type": "single_choice",
            "text": "Wake-ups?",
            "options": [
                {"value": "none", "label": "No"},
                {"value": "few", "label": "Some"},
                {"value": "lots", "label": "Many"},
            ],
        },
    ],
}

# Every field and word of QNC-02 to QNC-08, and fields nobody documented.
EVERYTHING: dict[str, Any] = {
    "questionnaireId": "everything",
    "version": 2,
    "startQuestion": "q1",
    "title": "t",
    "description": "d",
    "meta": {"source": "clinic"},
    "questions": [
        {
            "id": "q1",
            "type": "boolean",
            "text": "b",
            "guideline": "g",
            "facets": ["f"],
            "required": True,
            "defaultNext": "q3",
            "meta": {"n": 1},
            "colour": "red",
        },
        {"id": "q2", "type": "text_long", "text": "l"},
        {"id": "q3", "type": "number", "text": "n"},
        {"id": "q4", "type": "date_time", "text": "d", "mode": "date"},
        {"id": "q5", "type": "scale", "text": "s", "min": 1, "max": 5, "step": 0.5, "labels": ["low", "high"]},
        {
            "id": "q6",
            "type": "single_choice",
            "text": "c",
            "options": [
                {"value": "a", "label": "A", "guideline": "g", "next": "q2"},
                {"value": 7, "label": "B"},
                {"value": True, "label": "C"},
            ],
        },
        {"id": "q7", "type": "multi_choice", "text": "m", "options": [{"value": 1, "label": "A"}], "maxSelections": 1},
        {
            "id": "q8",
            "type": "text_short",
            "text": "k",
            "conditions": [
                {"question": "q1", "operator": operator, "value": 1}
                for operator in ("=", "!=", "<", "<=", ">", ">=", "contains", "not_contains", "in", "not_in")
            ]
            + [{"question": "q2", "operator": "exists"}, {"question": "q2", "operator": "not_exists"}],
        },
    ],
}


INTERVIEW = AgentSpec(name="interview", description="Asks", experts=["interviewing-expert"])


def response(**fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "answers": {},
        "is_completed": False,
        "next_question_id": "q2",
        "questionnaire_id": "x",
        "version": "1",
    }
    return {**base, **fields}


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_the_documented_exchange_turn_by_turn(generation: str, server: Server) -> None:
    """QNC-01, QNC-12 to QNC-17, CON-24."""
    async with connected(server, generation=generation) as corti:
        talk = (await corti.agents.create(INTERVIEW)).conversation()
        first = await talk.send("I would say satisfied enough", questionnaire=REST_DEMO)
        second = await talk.send("Seven hours")
        third = await talk.send("Rested, and I did not wake up")
    parts = [message["parts"] for message in server.messages]
    assert [len(sent) for sent in parts] == [2, 1, 1]
    assert parts[0][1]["data"] == {"type": "questionnaire", "questionnaire": REST_DEMO}
    assert all("taskId" not in message for message in server.messages)
    assert {message["contextId"] for message in server.messages[1:]} == {first.context}
    assert {reply.state for reply in (first, second, third)} == {TaskState.COMPLETED}
    assert len({reply.task.id for reply in (first, second, third) if reply.task}) == 3
    read = [reply.questionnaire for reply in (first, second, third)]
    assert [one and (one.answers, one.is_completed, one.next_question_id) for one in read] == [
        ({"q1": 3}, False, "q2"),
        ({"q1": 3, "q2": 7}, False, "q3"),
        ({"q1": 3, "q2": 7, "q3": "Rested", "q4": "none"}, True, None),
    ]
    assert [one and (one.questionnaire_id, one.version) for one in read] == [("rest-demo", "1")] * 3
    assert "hours" in first.text.casefold()
    assert third.text == ""


@pytest.mark.parametrize("generation", ["v1", "v2"])
async def test_every_field_and_word_of_a_questionnaire_arrives_as_it_was_written(
    generation: str, server: Server
) -> None:
    """QNC-02 to QNC-09, QNC-20: camelCase, types of values and unknown fields included."""
    async with connected(server, generation=generation) as corti:
        talk = (await corti.agents.create(INTERVIEW)).conversation()
        await talk.send("Hello", questionnaire=EVERYTHING)
    sent = server.messages[0]["parts"][1]["data"]["questionnaire"]
    assert sent == EVERYTHING
    assert list(sent) == list(EVERYTHING)
    assert [repr(option["value"]) for option in sent["questions"][5]["options"]] == ["'a'", "7", "True"]


async def test_the_interviewing_expert_is_an_agent_type_or_a_name_of_the_registry(server: Server) -> None:
    """QNC-01."""
    async with connected(server) as corti:
        await corti.agents.create(AgentSpec(name="a", description="b", agent_type=AgentType.INTERVIEWING_EXPERT))
        await corti.agents.create(AgentSpec(name="a", description="b", experts=["interviewing-expert"]))
    assert server.calls[0].json["agentType"] == "interviewing-expert"
    assert server.calls[1].json["experts"] == [{"type": "reference", "name": "interviewing-expert"}]


@pytest.mark.parametrize(
    "answers",
    [
        {"scale": 3, "number": 7.5, "text_short": "Rested", "text_long": "a\nb"},
        {"single_choice": "none", "other_choice": 2, "third_choice": True},
        {"multi_choice": ["a", 1, True], "boolean": False, "date": "2026-01-01", "datetime": "2026-01-01T10:00:00Z"},
        {},
    ],
)
@pytest.mark.parametrize("version", ["1", 1, 1.5])
async def test_answers_and_versions_keep_their_types(answers: dict[str, Any], version: object) -> None:
    """QNC-14, QNC-15, QNC-17; unknown fields survive (QNC-20)."""
    double = CortiDouble()
    data = response(answers=answers, version=version, score={"total": 4})
    double.agent_answers(
        Turn("Next?", artifacts=[Produce([data_part(data, type="questionnaire_response")])], metadata={"x": 1})
    )
    async with connected(double) as corti:
        reply = await (await corti.agents.get(double.add_agent())).send("hello")
    read = reply.questionnaire
    assert read is not None
    assert repr(read.answers) == repr(answers)
    assert repr(read.version) == repr(version)
    assert read.unknown_fields == {"score": {"total": 4}}


async def test_what_comes_next_is_said_by_the_response_and_not_by_the_text() -> None:
    """QNC-16, CON-24."""
    double = CortiDouble()
    data = response(next_question_id="q3")
    double.agent_answers(
        Turn("Did you wake up? (q4)", artifacts=[Produce([data_part(data, type="questionnaire_response")])])
    )
    async with connected(double) as corti:
        reply = await (await corti.agents.get(double.add_agent())).send("hello")
    assert reply.questionnaire is not None
    assert reply.questionnaire.next_question_id == "q3"


async def test_a_questionnaire_that_the_expert_refuses_is_a_failed_task() -> None:
    """QNC-19."""
    double = CortiDouble()
    double.agent_answers(Turn("QUESTION_UNREACHABLE at questions[1]", "failed"))
    async with connected(double) as corti:
        talk = (await corti.agents.get(double.add_agent())).conversation()
        reply = await talk.send("hello")
    assert (reply.state, reply.questionnaire) == (TaskState.FAILED, None)
    assert "questions[1]" in reply.text


async def test_a_questionnaire_without_id_version_or_questions_is_not_sent(server: Server) -> None:
    """QNC-02."""
    async with connected(server) as corti:
        talk = (await corti.agents.get(await server.agent())).conversation()
        for name in ("questionnaireId", "version", "questions"):
            with pytest.raises(SpecError) as refused:
                await talk.send("hello", questionnaire={k: v for k, v in REST_DEMO.items() if k != name})
            assert refused.value.field == f"questionnaire.{name}"
    assert not server.messages
