"""A step of a chain that waits until somebody has approved what is handed on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from typing import Final

from agentkit.compose.agent import RunContext
from agentkit.compose.continuation import CONTINUATION_KEY
from agentkit.compose.named import Named
from agentkit.compose.outcome import status_update
from agentkit.compose.record import dump_parts, load_parts
from agentkit.compose.workflow.decision import Deciders, Decision, Proposal, Question
from agentkit.compose.workflow.operations import moment_of, seconds_until
from agentkit.compose.workflow.verdict import Unclear
from agentkit.engine import Effect
from agentkit.errors import SpecError
from agentkit.models import AgentSkill, Event, Json, JsonObject, Message, Role, TaskState


class Approval(Named):
    """Asks for approval of what it is handed, and hands it on unchanged when it is approved.

    The task waits `input-required`, for minutes or days. An answer that is not clearly a yes or a no, that names
    another hash, or that comes from somebody who may not decide, is asked for again. A declined proposal ends the
    chain `rejected`. Who decided what is kept as artifact `approval`.
    """

    effect: Final[Effect] = "idempotent"

    def __init__(
        self,
        name: str,
        *,
        question: str,
        proposal: Callable[[Message], Proposal] | None = None,
        by: Deciders | None = None,
        expires_in: timedelta | None = None,
        description: str | None = None,
    ) -> None:
        """Say what is asked.

        Args:
            name: The agent's name.
            question: What is asked.
            proposal: What is approved, made of the message; its text and data when None.
            by: Who may decide: an owner, several, or a function of the caller; everybody who may continue the task
                when None.
            expires_in: A later decision counts as declined. The question says until when; nobody is woken then, it
                waits until somebody answers or cancels the task.
            description: What the agent is for.

        Raises:
            SpecError: Name or question is empty.
        """
        for field, value in (("name", name), ("question", question)):
            if not value.strip():
                raise SpecError(f"Approval.{field}", "must not be empty")
        self._name = name
        self._question = question
        self._proposal = proposal
        self._by = by
        self._expires_in = expires_in
        self._description = description or f"Asks for approval: {question}"

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """One skill: to ask."""
        return (AgentSkill(id=self._name, name=self._name, description=self._description, tags=("approval",)),)

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Ask, or read the answer.

        Raises:
            EngineError: What is proposed is not JSON.
        """
        left = context.continuation
        if left is None:
            expires = None if self._expires_in is None else moment_of(self._expires_in).isoformat()
            question = self._about(message)
            kept: JsonObject = {
                "parts": dump_parts(message.parts),
                "proposal": question.proposal,
                "expires": expires,
            }
            yield self._asked(question, kept, context)
            return
        handed = Message(
            role=Role.AGENT,
            parts=load_parts(left.get("parts")),
            context_id=context.context_id,
            task_id=context.task_id,
        )
        # What was shown is what is decided on, whatever would be proposed today.
        question = Question.about(self._question, left.get("proposal"))
        try:
            decision = self._decided(question, message, left.get("expires"), context)
        except Unclear as unclear:
            yield self._asked(question, left, context, str(unclear))
            return
        # In each round of a loop somebody decides anew: no decision takes the place of another.
        yield question.record(decision, context, "#".join(("approval", *_rounds(context))))
        if decision:
            yield handed
        else:
            text = f"Declined: {decision.reason}" if decision.reason else "Declined."
            said = Message.agent(text, context_id=context.context_id, task_id=context.task_id)
            yield status_update(context, TaskState.REJECTED, said)

    async def cancel(self, context: RunContext) -> None:
        """Nothing goes on elsewhere."""

    def _decided(self, question: Question, answer: Message, expires: Json, context: RunContext) -> Decision:
        if isinstance(expires, str) and seconds_until(datetime.fromisoformat(expires)) == 0:
            return question.expired()
        return question.decide(answer, context.caller, self._by)

    def _about(self, message: Message) -> Question:
        if self._proposal is not None:
            return Question.about(self._question, self._proposal(message))
        shown: list[Json] = [message.text] if message.text else []
        return Question.about(self._question, [*shown, *message.data])

    @staticmethod
    def _asked(question: Question, kept: JsonObject, context: RunContext, why: str = "") -> Event:
        expires = kept.get("expires")
        asked = question.message(context, why, expires if isinstance(expires, str) else None)
        return status_update(context, TaskState.INPUT_REQUIRED, asked, {CONTINUATION_KEY: kept})


def _rounds(context: RunContext) -> tuple[str, ...]:
    return (".".join(map(str, context.rounds)),) if context.rounds else ()
