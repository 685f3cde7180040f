"""A turn of an interview in the documented shape: one artifact, one question (QNC-12 to QNC-19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from agentkit.interviewing import (
    RESPONSE_TYPE,
    Notice,
    Output,
    Questionnaire,
    Session,
    evidence,
    notices,
    response,
    say,
)
from agentkit.models import Artifact, Json, JsonObject, Part, TaskState
from agentkit.platform.orchestration.interview_parts import InterviewRefused
from agentkit.platform.orchestration.reporting import METADATA_KEY

_IDS: Final = UUID("3c1d0a4e-9a63-4f0f-8c2e-51b0de0c7a19")
_WANTED: Final = (
    "Send the questionnaire as a data part beside a text part:"
    ' {"type": "questionnaire", "questionnaire": {"questionnaireId": ..., "version": ..., "questions": [...]}}.'
)


@dataclass(frozen=True, slots=True, repr=False)
class InterviewTurn:
    """How a turn ends.

    Attributes:
        state: `completed`, unless the person must be asked otherwise.
        text: What is said; empty for a turn that says nothing (QNC-16).
        artifacts: The response.
        error: What a program needs to know of a turn that failed or waits.
    """

    state: TaskState
    text: str
    artifacts: tuple[Artifact, ...] = ()
    error: JsonObject | None = None

    @property
    def asks(self) -> bool:
        """It ends with a question."""
        return bool(self.text) and self.state is not TaskState.FAILED


def refused(error: InterviewRefused) -> InterviewTurn:
    """The end of a turn that is no part of an interview; the interview stays what it was (QNC-19)."""
    told: JsonObject = {"code": error.code}
    if error.findings:
        told["findings"] = [*error.findings]
    return InterviewTurn(TaskState.FAILED, error.text, error=told)


def without_questionnaire() -> InterviewTurn:
    """An interviewing expert that was given nothing to ask."""
    return InterviewTurn(TaskState.INPUT_REQUIRED, _WANTED, error={"code": "questionnaire_missing"})


def result(
    questionnaire: Questionnaire, session: Session, output: Output, raised: Sequence[Notice], name: str
) -> InterviewTurn:
    """The turn after a step of the engine.

    Args:
        questionnaire: What is asked.
        session: The interview after the step.
        output: What comes next.
        raised: The safety notices that are new with this turn (QN-I1).
        name: Names the artifact; within one task the newest response replaces the one before.
    """
    text = "\n\n".join(text for text in (*(notice.text for notice in raised), say(output)) if text)
    artifacts = (_artifact(questionnaire, session, name),)
    if output.exhausted and output.question is not None:
        error: JsonObject = {"code": "answer_declined", "question_id": output.question.id}
        return InterviewTurn(TaskState.INPUT_REQUIRED, text, artifacts, error)
    waits = output.question is not None and questionnaire.meta.get("stateMode") == TaskState.INPUT_REQUIRED.value
    return InterviewTurn(TaskState.INPUT_REQUIRED if waits else TaskState.COMPLETED, text, artifacts)


def _artifact(questionnaire: Questionnaire, session: Session, name: str) -> Artifact:
    skipped: list[Json] = [*session.skipped]
    told: JsonObject = {"type": RESPONSE_TYPE, **({"skipped": skipped} if skipped else {})}
    raised: list[Json] = [
        {"question_id": notice.question_id, "text": notice.text} for notice in notices(questionnaire, session)
    ]
    report: JsonObject = {"evidence": evidence(session), **({"safety": raised} if raised else {})}
    return Artifact(
        artifact_id=str(uuid5(_IDS, name)),
        parts=(Part(data=response(questionnaire, session), metadata=told),),
        metadata={METADATA_KEY: report},
    )
