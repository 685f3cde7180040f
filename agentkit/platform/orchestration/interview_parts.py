"""What a message brings for an interview: a questionnaire, an event, or words (QNC-01, QNC-12)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from agentkit.interviewing import QUESTIONNAIRE_TYPE, Amended, Answered, Event, Restarted, Skipped
from agentkit.models import Json, JsonObject, Message

EVENT_TYPE: Final = "questionnaire_event"
"""The `type` of a data part of ours: `event` is `skip`, `restart`, `answer` with `value`, or `amend` with
`question_id` and `value`."""


class InterviewRefused(Exception):
    """A message cannot be part of an interview.

    Attributes:
        code: Stable, for programs.
        text: For people, without any text of the questionnaire.
        findings: Codes and paths of lints.
    """

    def __init__(self, code: str, text: str, findings: tuple[JsonObject, ...] = ()) -> None:
        """Keep the reason."""
        super().__init__(code)
        self.code = code
        self.text = text
        self.findings = findings


@dataclass(frozen=True, slots=True, repr=False)
class InterviewParts:
    """What a message brings.

    Attributes:
        document: A questionnaire; None where there is none.
        sent: There is a questionnaire part, whatever it holds.
        event: An event that is no text.
        text: What the person said.
    """

    document: Json
    sent: bool
    event: JsonObject | None
    text: str

    @classmethod
    def of(cls, message: Message) -> InterviewParts:
        """The parts of a message.

        Raises:
            InterviewRefused: It brings several questionnaires.
        """
        parts = [data for data in message.data if isinstance(data, dict)]
        sent = [data for data in parts if data.get("type") == QUESTIONNAIRE_TYPE]
        if len(sent) > 1:
            raise InterviewRefused("several_questionnaires", "The message holds several questionnaires; send one.")
        events = [data for data in parts if data.get("type") == EVENT_TYPE]
        document = sent[0].get(QUESTIONNAIRE_TYPE) if sent else None
        return cls(document, bool(sent), events[0] if events else None, message.text)


def read_event(data: JsonObject, at: str) -> Event:
    """The event of a data part.

    Raises:
        InterviewRefused: It is none.
    """
    value, question = data.get("value"), data.get("question_id")
    match data.get("event"):
        case "skip":
            return Skipped(at=at)
        case "restart":
            return Restarted(at=at)
        case "answer" if value is not None:
            return Answered(at=at, value=value, question=question if isinstance(question, str) else None)
        case "amend" if value is not None and isinstance(question, str):
            return Amended(at=at, question_id=question, value=value)
        case _:
            text = "A questionnaire_event needs an event: skip, restart, answer with value, or amend with question_id."
            raise InterviewRefused("questionnaire_event", text)


def name_of(document: Json) -> str:
    """What tells one interview of a context from another: id and version, 1 and "1" being two versions (QN-23)."""
    told = document if isinstance(document, dict) else {}
    return json.dumps([told.get("questionnaireId"), told.get("version")], ensure_ascii=False)


def same_document(one: str, other: str) -> bool:
    """Whether two documents hold the same, in whatever order of keys."""
    return one == other or _sorted(one) == _sorted(other)


def _sorted(document: str) -> str:
    return json.dumps(json.loads(document), sort_keys=True)
