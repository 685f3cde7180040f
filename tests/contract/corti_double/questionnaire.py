"""The documented exchange with the interviewing expert, replayed turn by turn (section 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.contract.corti_double.records import ContextRecord
from tests.contract.corti_double.turns import Part, Produce, Turn

_TURNS: tuple[tuple[str | None, dict[str, Any]], ...] = (
    (
        "Thank you. How many hours did you sleep?",
        {"answers": {"q1": 3}, "is_completed": False, "next_question_id": "q2"},
    ),
    (
        "And how rested do you feel?",
        {"answers": {"q1": 3, "q2": 7}, "is_completed": False, "next_question_id": "q3"},
    ),
    (
        None,
        {
            "type": "questionnaire_response",
            "answers": {"q1": 3, "q2": 7, "q3": "Rested", "q4": "none"},
            "is_completed": True,
            "next_question_id": None,
        },
    ),
)


def next_turn(context: ContextRecord, data: Sequence[Mapping[str, Any]]) -> Turn | None:
    """The documented answer, when a questionnaire came in or is under way (QNC-01, QNC-12)."""
    for item in data:
        sent = item.get("questionnaire")
        if item.get("type") == "questionnaire" and isinstance(sent, dict):
            context.questionnaire, context.questionnaire_turn = sent, 0
    if context.questionnaire is None or context.questionnaire_turn >= len(_TURNS):
        return None
    text, answer = _TURNS[context.questionnaire_turn]
    context.questionnaire_turn += 1
    response = {
        **answer,
        "questionnaire_id": context.questionnaire.get("questionnaireId"),
        "version": context.questionnaire.get("version"),
    }
    return Turn(text, artifacts=[Produce([Part(data=response, metadata={"type": "questionnaire_response"})])])
