"""Turns of the interviewing expert (section 13 of the API contract)."""

from __future__ import annotations

from typing import Final, Self, cast

from pydantic import ValidationError

from agentkit.errors import SpecError, WireError
from agentkit.models.base import Json, JsonObject, Model
from agentkit.models.message import Part
from agentkit.models.task import Task

_MARK: Final = "questionnaire_response"


class QuestionnaireResponse(Model):
    """How far a questionnaire is filled in after a turn (QNC-14); fields it does not know survive (QNC-20).

    Attributes:
        answers: All answers so far by question id, typed: numbers for scales, option values for choices (QNC-15).
        is_completed: Nothing more is asked.
        next_question_id: What the next message should answer; None when complete (CON-24).
        questionnaire_id: Which questionnaire.
        version: Its version, text or number as it was sent (QNC-17).
    """

    answers: JsonObject
    is_completed: bool
    next_question_id: str | None = None
    questionnaire_id: str | None = None
    version: Json = None

    @classmethod
    def of(cls, task: Task) -> Self | None:
        """The response a task brings; None for a task without one.

        It is a data part of an artifact, told by `type` in the part's metadata or in the data (QNC-13, QNC-14). Of
        several the last one counts.

        Raises:
            WireError: A part says it is a response, and is none.
        """
        for place, artifact in reversed(tuple(enumerate(task.artifacts))):
            for index, part in reversed(tuple(enumerate(artifact.parts))):
                if _is_response(part):
                    return cls._read(part.data, f"task.artifacts[{place}].parts[{index}].data")
        return None

    @classmethod
    def _read(cls, data: Json, path: str) -> Self:
        if not isinstance(data, dict):
            raise WireError(path, "type", "must be an object")
        for key, kind, word in (("answers", dict, "an object"), ("is_completed", bool, "true or false")):
            if data.get(key) is None:
                raise WireError(f"{path}.{key}", "missing", "is required")
            if not isinstance(data[key], kind):
                raise WireError(f"{path}.{key}", "type", f"must be {word}")
        for key in ("next_question_id", "questionnaire_id"):
            if not isinstance(data.get(key), str | None):
                raise WireError(f"{path}.{key}", "type", "must be a string")
        return cls.model_validate(data)


def questionnaire_part(questionnaire: JsonObject) -> Part:
    """The part that starts a questionnaire, to stand beside a text part in the first message (QNC-01).

    Args:
        questionnaire: In the documented camelCase form (QNC-02); it is sent as it is (QNC-20).

    Raises:
        SpecError: It is no JSON object, has no id, version or questions, a question has no id or one that is taken, or
            the start question does not exist.
    """
    given = cast(object, questionnaire)  # a caller may hand over anything
    if not isinstance(given, dict):
        raise SpecError("questionnaire", "must be a JSON object (a dict)")
    identifier = questionnaire.get("questionnaireId")
    if not isinstance(identifier, str) or not identifier.strip():
        raise _wrong("questionnaireId", "must be a text that is not empty")
    version = questionnaire.get("version")
    if isinstance(version, bool) or not isinstance(version, str | int | float):
        raise _wrong("version", "must be a text or a number")
    known = _question_ids(questionnaire.get("questions"))
    start = questionnaire.get("startQuestion")
    if start is not None and start not in known:
        raise _wrong("startQuestion", "names no question", remedy="Name the id of one of the questions.")
    try:
        return Part(data={"type": "questionnaire", "questionnaire": questionnaire})
    except ValidationError:
        raise SpecError("questionnaire", "must be a JSON object, all the way down") from None


def _question_ids(questions: Json) -> list[str]:
    if not isinstance(questions, list) or not questions:
        raise _wrong("questions", "must be a list that is not empty")
    known: list[str] = []
    for index, question in enumerate(questions):
        identifier = question.get("id") if isinstance(question, dict) else None
        if not isinstance(identifier, str) or not identifier:
            raise _wrong(f"questions[{index}].id", "must be a text that is not empty")
        if identifier in known:
            raise _wrong(f"questions[{index}].id", "is taken by an earlier question", remedy="Give each its own id.")
        known.append(identifier)
    return known


def _is_response(part: Part) -> bool:
    if part.kind != "data":
        return False
    told = (part.metadata or {}).get("type")
    return told == _MARK or (isinstance(part.data, dict) and part.data.get("type") == _MARK)


def _wrong(field: str, message: str, *, remedy: str | None = None) -> SpecError:
    return SpecError(f"questionnaire.{field}", message, remedy=remedy or "See QNC-02 for the documented form.")
