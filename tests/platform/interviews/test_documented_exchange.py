"""The documented exchange, turn by turn in raw JSON, in both generations and through our client (section 13)."""

from __future__ import annotations

from typing import Any

import pytest

from agentkit.models import QuestionnaireResponse
from agentkit.platform import PlatformSettings
from agentkit.specs import AgentSpec, AgentType
from agentkit.testing.local_platform import LocalPlatform

from .parts import REST, Scripted, interviewer, part, state, text, told

pytestmark = pytest.mark.anyio

SCRIPT = Scripted(
    {
        "I would say satisfied enough": {"q1": 3},
        "Seven hours": {"q2": 7},
        "Rested, and I did not wake up": {"q3": "Rested", "q4": "none"},
    }
)


async def test_the_documented_exchange_is_reproduced_in_shape() -> None:
    """QNC-01, QNC-10 to QNC-17, CON-24, QN-01, QN-02, QN-22, QN-25."""
    async with LocalPlatform(PlatformSettings(interpreter=SCRIPT)) as platform:
        asked = await interviewer(platform)
        first = await asked.says("I would say satisfied enough", part(REST))
        second = await asked.says("Seven hours")
        third = await asked.says("Rested, and I did not wake up")
    assert told(first) == {
        "type": "questionnaire_response",
        "answers": {"q1": 3},
        "is_completed": False,
        "next_question_id": "q2",
        "questionnaire_id": "rest-demo",
        "version": "1",
    }
    assert told(second) == {
        "type": "questionnaire_response",
        "answers": {"q1": 3, "q2": 7},
        "is_completed": False,
        "next_question_id": "q3",
        "questionnaire_id": "rest-demo",
        "version": "1",
    }
    assert told(third) == {
        "type": "questionnaire_response",
        "answers": {"q1": 3, "q2": 7, "q3": "Rested", "q4": "none"},
        "is_completed": True,
        "next_question_id": None,
        "questionnaire_id": "rest-demo",
        "version": "1",
    }
    assert [state(task) for task in (first, second, third)] == ["completed"] * 3
    assert len({task["id"] for task in (first, second, third)}) == 3
    assert len({task["contextId"] for task in (first, second, third)}) == 1
    assert text(first) == "Hours slept?\nFrom 0 to 12."
    assert text(second) == "How rested are you?"
    assert "message" not in third["status"]
    for task in (first, second):
        message = task["status"]["message"]
        assert (message["kind"], message["role"]) == ("message", "agent")
        assert (message["taskId"], message["contextId"]) == (task["id"], task["contextId"])
    for task in (first, second, third):
        (artifact,) = task["artifacts"]
        assert artifact["parts"][0]["metadata"] == {"type": "questionnaire_response"}


async def test_the_deterministic_reader_asks_where_words_are_vague() -> None:
    """QN-25: a vague word on a scale without labels has no value that could be derived."""
    async with LocalPlatform() as platform:
        asked = await interviewer(platform)
        first = await asked.says("I would say satisfied enough", part(REST))
        assert told(first)["answers"] == {}
        assert text(first) == "Satisfaction with your nights?\nFrom 1 to 5."
        again = await asked.says("well, satisfied enough")
        assert told(again)["answers"] == {}
        assert told(again)["next_question_id"] == "q1"
        assert "Satisfaction with your nights?" in (text(again) or "")
        assert told(await asked.says("3 out of 5"))["answers"] == {"q1": 3}
        assert told(await asked.says("Seven hours"))["answers"] == {"q1": 3, "q2": 7}
        third = await asked.says("Rested")
        assert text(third) == "Wake-ups?\n  a) No\n  b) Some\n  c) Many"
        last = await asked.says("some")
    assert told(last)["answers"] == {"q1": 3, "q2": 7, "q3": "Rested", "q4": "few"}
    assert told(last)["is_completed"] is True
    assert "message" not in last["status"]


async def test_the_same_exchange_in_the_second_generation() -> None:
    """QNC-13 to QNC-17 over A2A 1.0 JSON: the part's metadata and data stay what they are."""
    questionnaire: dict[str, Any] = {**REST, "version": 2}

    def message(number: int, words: str, **more: Any) -> dict[str, Any]:
        return {"messageId": f"m{number}", "role": "ROLE_USER", "parts": [{"text": words}], **more}

    async with LocalPlatform(PlatformSettings(interpreter=SCRIPT)) as platform:
        asked = await interviewer(platform)
        http = platform.http
        http.headers["tenant-name"] = "base"
        opening = message(1, "I would say satisfied enough")
        opening["parts"].append({"data": {"type": "questionnaire", "questionnaire": questionnaire}})
        path = f"/v2/agentic/agents/agt.{asked.agent}/a2a/message:send"
        first = await http.post(path, json={"message": opening})
        assert first.status_code == 200, first.text
        task = first.json()["task"]
        (artifact,) = task["artifacts"]
        assert artifact["parts"][0]["metadata"] == {"type": "questionnaire_response"}
        assert artifact["parts"][0]["data"] == {
            "type": "questionnaire_response",
            "answers": {"q1": 3},
            "is_completed": False,
            "next_question_id": "q2",
            "questionnaire_id": "rest-demo",
            "version": 2,
        }
        assert task["status"]["state"] == "TASK_STATE_COMPLETED"
        context = task["contextId"]
        second = await http.post(path, json={"message": message(2, "Seven hours", contextId=context)})
        third = await http.post(path, json={"message": message(3, "Rested, and I did not wake up", contextId=context)})
        last = third.json()["task"]
        assert second.json()["task"]["status"]["message"]["parts"] == [{"text": "How rested are you?"}]
        assert "message" not in last["status"]
        assert last["artifacts"][0]["parts"][0]["data"]["is_completed"] is True


async def test_our_client_reads_every_turn() -> None:
    """QNC-14: by the artifact, whatever else the task holds."""
    async with LocalPlatform(PlatformSettings(interpreter=SCRIPT)) as platform:
        spec = AgentSpec(name="interviewer", description="Asks.", agent_type=AgentType.INTERVIEWING_EXPERT)
        agent = await platform.corti.agents.create(spec)
        conversation = agent.conversation()
        first = await conversation.send("I would say satisfied enough", questionnaire=REST)
        response = first.questionnaire
        assert response is not None
        assert (response.answers, response.is_completed, response.next_question_id) == ({"q1": 3}, False, "q2")
        assert (response.questionnaire_id, response.version) == ("rest-demo", "1")
        await conversation.send("Seven hours")
        last = await conversation.send("Rested, and I did not wake up")
        assert last.questionnaire is not None
        assert last.questionnaire.is_completed
        assert last.questionnaire.answers == {"q1": 3, "q2": 7, "q3": "Rested", "q4": "none"}
        assert last.task is not None
        assert QuestionnaireResponse.of(last.task) == last.questionnaire
