"""The documented exchange and other questionnaires, as a client sends them over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from agentkit.interviewing import Inquiry, Reading, Reason, Unclear, Understood
from agentkit.testing.local_platform import LocalPlatform

REST: Final[dict[str, Any]] = {
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
"""The questionnaire of the documented exchange (section 13)."""


@dataclass
class Scripted:
    """An interpreter that has its readings by text: question ids with values, or a reason."""

    readings: Mapping[str, Mapping[str, Any] | Reason]
    seen: list[Inquiry] = field(default_factory=list[Inquiry])

    async def interpret(self, inquiry: Inquiry) -> Reading:
        self.seen.append(inquiry)
        found = self.readings.get(inquiry.text, Reason.AMBIGUOUS)
        if isinstance(found, Reason):
            return Unclear(reason=found)
        return tuple(
            Understood(question_id=question, value=value, confidence=0.8, evidence=(0, 1), method="script")
            for question, value in found.items()
        )


def sheet(*questions: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A questionnaire."""
    return {"questionnaireId": "sheet", "version": 1, "questions": [*questions], **fields}


def part(questionnaire: Any) -> dict[str, Any]:
    """The data part that starts it (QNC-01)."""
    return {"kind": "data", "data": {"type": "questionnaire", "questionnaire": questionnaire}}


def event(**data: Any) -> dict[str, Any]:
    """A data part of ours that is no text."""
    return {"kind": "data", "data": {"type": "questionnaire_event", **data}}


@dataclass
class Interviewer:
    """An agent that interviews, over v1."""

    http: httpx2.AsyncClient
    agent: str
    context: str | None = None
    sent: int = 0

    async def post(self, *parts: Mapping[str, Any], **fields: Any) -> httpx2.Response:
        self.sent += 1
        message: dict[str, Any] = {
            "kind": "message",
            "role": "user",
            "messageId": f"m{self.sent}",
            "parts": [*parts],
            **fields,
        }
        if self.context and "contextId" not in message:
            message["contextId"] = self.context
        return await self.http.post(f"/agents/{self.agent}/v1/message:send", json={"message": message})

    async def says(self, text: str | None, *parts: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """The task that a message becomes; the conversation goes on in its context."""
        words = [] if text is None else [{"kind": "text", "text": text}]
        answer = await self.post(*words, *parts, **fields)
        assert answer.status_code == 200, answer.text
        task: dict[str, Any] = answer.json()["task"]
        self.context = task["contextId"]
        return task


async def interviewer(platform: LocalPlatform, **fields: Any) -> Interviewer:
    """A new interviewing expert."""
    platform.http.headers["authorization"] = f"Bearer {await platform.bearer()}"
    platform.http.base_url = platform.url
    body = {"name": "interviewer", "description": "Asks.", "agentType": "interviewing-expert", **fields}
    created = await platform.http.post("/agents", json=body)
    assert created.status_code == 201, created.text
    return Interviewer(platform.http, created.json()["id"])


def told(task: Mapping[str, Any]) -> dict[str, Any]:
    """The response of a turn: the only data part of its only artifact (QNC-13)."""
    (artifact,) = task["artifacts"]
    (only,) = artifact["parts"]
    assert only["kind"] == "data"
    assert only["metadata"]["type"] == "questionnaire_response"
    assert only["data"]["type"] == "questionnaire_response"
    return only["data"]


def text(task: Mapping[str, Any]) -> str | None:
    """What the status message says; None where there is none."""
    message = task["status"].get("message")
    if message is None:
        return None
    (only,) = message["parts"]
    return only["text"]


def state(task: Mapping[str, Any]) -> str:
    """The task's state."""
    return task["status"]["state"]


def report(task: Mapping[str, Any]) -> dict[str, Any]:
    """What the artifact's metadata tell beside the documented shape."""
    return task["artifacts"][0]["metadata"]["agentkit"]
