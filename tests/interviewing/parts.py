"""Questionnaires and answers for the tests of the engine."""

from __future__ import annotations

from typing import Any

from agentkit.interviewing import Answered, Inquiry, Output, Questionnaire, Session, load, read, step
from agentkit.interviewing.interpreter import Reading

AT = "2026-11-18T09:30:00+01:00"
"""A Wednesday."""

ZONE = "Europe/Berlin"


def question(identity: str = "q", kind: str = "text_short", **fields: Any) -> dict[str, Any]:
    """A question as an author writes it."""
    return {"id": identity, "type": kind, "text": f"Question {identity}?", **fields}


def choice(identity: str, *values: Any, kind: str = "single_choice", **fields: Any) -> dict[str, Any]:
    """A choice whose labels are its values in words of their own."""
    options = [{"value": value, "label": f"Option {value}"} for value in values or ("a", "b")]
    return question(identity, kind, **{"options": options, **fields})


def document(*questions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A questionnaire as an author writes it."""
    return {"questionnaireId": "demo", "version": "1", "questions": [*questions], **fields}


def questionnaire(*questions: dict[str, Any], **fields: Any) -> Questionnaire:
    """A questionnaire that was let pass."""
    return load(document(*questions, **fields))


def reads(asked: dict[str, Any], text: str) -> Reading:
    """What the deterministic interpreter makes of an answer to one question."""
    whole = questionnaire(asked)
    return read(Inquiry(whole, whole.questions[0], text, AT, ZONE))


def say(whole: Questionnaire, session: Session, *texts: str) -> tuple[Session, list[Output]]:
    """Several answers, one after the other."""
    outputs: list[Output] = []
    for text in texts:
        session, output = step(whole, session, Answered(at=AT, text=text, zone=ZONE))
        outputs.append(output)
    return session, outputs
