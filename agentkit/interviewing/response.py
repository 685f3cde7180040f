"""The answer of the interviewing expert in the documented shape (QNC-13 to QNC-17, QN-02)."""

from __future__ import annotations

from typing import Final

from agentkit.interviewing.engine import pending
from agentkit.interviewing.schema import Questionnaire
from agentkit.interviewing.session import Session
from agentkit.interviewing.values import as_json
from agentkit.models.base import JsonObject

RESPONSE_TYPE: Final = "questionnaire_response"
QUESTIONNAIRE_TYPE: Final = "questionnaire"


def response(questionnaire: Questionnaire, session: Session) -> JsonObject:
    """How far a questionnaire is filled in; keys in snake case, the version with its type."""
    question = pending(questionnaire, session)
    # In the order of the questions, whatever was answered first.
    answers: JsonObject = {
        one.id: as_json(session.answers[one.id].value) for one in questionnaire.questions if one.id in session.answers
    }
    return {
        "type": RESPONSE_TYPE,
        "answers": answers,
        "is_completed": question is None,
        "next_question_id": None if question is None else question.id,
        "questionnaire_id": questionnaire.questionnaire_id,
        "version": questionnaire.version,
    }


def evidence(session: Session) -> JsonObject:
    """Where in the texts the answers stand and how they were read, by question (QN-24, QN-17)."""
    told: JsonObject = {}
    for question, accepted in session.answers.items():
        entry: JsonObject = {"method": accepted.method, "confidence": accepted.confidence, "at": accepted.at}
        if accepted.evidence is not None:
            entry["span"] = list(accepted.evidence)
        if accepted.clock is not None:
            entry["clock"] = accepted.clock
        told[question] = entry
    return told
