"""What is put up for decision, who decided, and how."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from pydantic import BaseModel

from agentkit.compose.agent import Caller, RunContext
from agentkit.compose.continuation import RECORD_KEY
from agentkit.compose.workflow.canonical import canonical_hash
from agentkit.compose.workflow.verdict import Unclear, verdict_of
from agentkit.errors import EngineError
from agentkit.models import Artifact, ArtifactUpdate, Json, JsonObject, Message, Part

APPROVAL_TYPE: Final = "agentkit.approval"
"""The `type` of the data part in which a question for approval is asked."""

Proposal = Json | Sequence[Json] | BaseModel
"""What is approved."""

Deciders = str | Collection[str] | Callable[[Caller], bool]
"""Who may decide: an owner (`Caller.owner`), several, or a function that knows."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision; true when it is an approval.

    Attributes:
        approved: Yes or no.
        reason: Why, where it was said.
        by: Who decided (`Caller.owner`); None where time ran out.
        at: When, with time zone.
        hash: Of what was decided on.
    """

    approved: bool
    reason: str | None
    by: str | None
    at: datetime
    hash: str

    def __bool__(self) -> bool:
        """Approved."""
        return self.approved

    def json(self) -> JsonObject:
        """As it is recorded."""
        return {
            "approved": self.approved,
            "reason": self.reason,
            "by": self.by,
            "at": self.at.isoformat(),
            "hash": self.hash,
        }

    @classmethod
    def read(cls, record: JsonObject) -> Decision:
        """What was recorded."""
        reason, by = record.get("reason"), record.get("by")
        return cls(
            record.get("approved") is True,
            None if reason is None else str(reason),
            None if by is None else str(by),
            datetime.fromisoformat(str(record["at"])),
            str(record["hash"]),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is put up for decision.

    Attributes:
        text: The question.
        proposal: What is approved.
        hash: Of the proposal, or of the question where there is none: SHA-256 over canonical JSON (RFC 8785).
    """

    text: str
    proposal: Json
    hash: str

    @classmethod
    def about(cls, text: str, proposal: Proposal) -> Question:
        """Put something up for decision.

        Raises:
            EngineError: The question is empty, or the proposal is not JSON.
        """
        if not text.strip():
            raise EngineError("A question for approval is empty.", remedy="Say what is to be approved.")
        try:
            value = _json(proposal)
            return cls(text, value, canonical_hash(text if value is None else value))
        except (TypeError, ValueError, RecursionError):
            raise EngineError("What is proposed is not JSON.", remedy="Pass JSON values or a pydantic model.") from None

    def message(self, context: RunContext, why: str = "", expires: str | None = None) -> Message:
        """The question for people, and for programs.

        Args:
            context: Of whoever asks.
            why: What was wrong with an answer before.
            expires: Until when it can be approved, as ISO 8601 moment.
        """
        schema: JsonObject = {
            "type": "object",
            "properties": {
                "approved": {"type": "boolean"},
                "reason": {"type": "string"},
                "hash": {"const": self.hash},
            },
            "required": ["approved"],
        }
        data: JsonObject = {
            "type": APPROVAL_TYPE,
            "question": self.text,
            "proposal": self.proposal,
            "schema": schema,
            "hash": self.hash,
        }
        if expires is not None:
            data["expires"] = expires
        until = "" if expires is None else f"It counts as declined after {expires}."
        lines = (why, self.text, _readable(self.proposal), until, "Answer yes or no; say why if you like.")
        text = "\n".join(line for line in lines if line)
        return Message.agent(text, data=(data,), context_id=context.context_id, task_id=context.task_id)

    def decide(self, answer: Message, caller: Caller, by: Deciders | None) -> Decision:
        """Read an answer.

        Raises:
            Unclear: It is not clearly a yes or a no, is about something else, or comes from somebody who may not
                decide; its text asks for a better one.
        """
        if not may_decide(caller, by):
            raise Unclear("You may not decide this.")
        verdict = verdict_of(answer, self.hash)
        return Decision(verdict.approved, verdict.reason, caller.owner, datetime.now(UTC), self.hash)

    def expired(self) -> Decision:
        """Nobody decided in time: declined."""
        return Decision(False, "Nobody decided in time.", None, datetime.now(UTC), self.hash)

    def record(self, decision: Decision, context: RunContext, identifier: str) -> ArtifactUpdate:
        """Who decided what, as an artifact of the task."""
        data: JsonObject = {"question": self.text, **decision.json()}
        artifact = Artifact(
            artifact_id=identifier, name="approval", parts=(Part(data=data),), metadata={RECORD_KEY: "approval"}
        )
        return ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)


def _readable(proposal: Json) -> str:
    """Texts as they are, everything else as JSON."""
    if proposal is None:
        return ""
    if isinstance(proposal, str):
        return proposal
    if isinstance(proposal, list) and any(isinstance(one, str) for one in proposal):
        return "\n".join(map(_readable, proposal))
    return json.dumps(proposal, ensure_ascii=False, indent=2)


def may_decide(caller: Caller, by: Deciders | None) -> bool:
    """Whether this caller may decide."""
    if by is None:
        return True
    if isinstance(by, str):
        return caller.owner == by
    return by(caller) if callable(by) else caller.owner in by


def _json(proposal: Proposal) -> Json:
    if isinstance(proposal, BaseModel):
        return cast(Json, proposal.model_dump(mode="json"))
    value = list(proposal) if isinstance(proposal, tuple) else cast(Json, proposal)
    # What is no JSON must not be hashed as if it were; a copy, so that nobody changes what was proposed.
    return cast(Json, json.loads(json.dumps(value, allow_nan=False)))
