"""What agents outside a workflow can do: call others and show output, without a record."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import NoReturn

from pydantic import BaseModel

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import result_parts
from agentkit.compose.outcome import Outcome
from agentkit.compose.turn import collect
from agentkit.compose.workflow.decision import Deciders, Decision, Proposal
from agentkit.compose.workflow.operations import SHORT_SECONDS, Said, moment_of, seconds_until, spoken
from agentkit.engine import Effect, LookUp, Work
from agentkit.errors import EngineError, StepFailed
from agentkit.models import Artifact, Json, JsonObject, Message, Role, TaskState


class PlainOperations:
    """`Operations` of an agent that is no workflow."""

    def __init__(self, context: RunContext) -> None:
        """Work for one turn of one agent."""
        self._context = context

    async def call(self, agent: Agent, message: Said, key: str | None) -> Message:
        """Have another agent do one turn; what it asks fails the call, for nobody could give it the answer later."""
        del key
        child = self._context.child(agent.name, resumed=False)
        # Another id each time: what is not recorded cannot say which call of the same agent this is.
        outcome = await collect(agent, spoken(message, Message.user(""), child, 1), child)
        if outcome.is_paused:
            _refuse(f"{agent.name} asks for something")
        return answered(outcome, child)

    async def approve(
        self, question: str, proposal: Proposal, by: Deciders | None, expires_in: timedelta | None, key: str | None
    ) -> Decision:
        """Refused: nothing would remember what the agent did before."""
        del question, proposal, by, expires_in, key
        _refuse("approve was called")

    async def ask(
        self, question: str, model: type[BaseModel] | None, schema: JsonObject | None, key: str | None
    ) -> object:
        """Refused: nothing would remember what the agent did before."""
        del question, model, schema, key
        _refuse("ask was called")

    async def sleep(self, until: float | timedelta | datetime, key: str | None) -> None:
        """Wait in this process; a long wait is refused."""
        del key
        seconds = seconds_until(moment_of(until))
        if seconds > SHORT_SECONDS:
            _refuse(f"a wait of more than {SHORT_SECONDS:g} s was wanted")
        await asyncio.sleep(seconds)

    async def step(self, key: str, work: Work, effect: Effect, look_up: LookUp | None) -> Json:
        """Execute one piece of work; recorded where the engine is durable and no step around it is recorded."""
        context = self._context
        if context.in_step:
            return await work()
        run_id, step_key = context.run_id or context.task_id, f"{context.step_key}/{key}"
        return await context.engine.step(run_id, step_key, work, effect=effect, look_up=look_up)

    async def publish(self, output: str | Artifact) -> None:
        """Refused: an agent that is no workflow yields what it has to show."""
        del output
        _refuse("publish was called")


def answered(outcome: Outcome, child: RunContext) -> Message:
    """What a called agent answered.

    Raises:
        StepFailed: It did not complete.
    """
    if outcome.state is not TaskState.COMPLETED:
        metadata = outcome.metadata or {}
        error, path = metadata.get("error"), metadata.get("agentkit.agent", "/".join(child.path))
        raise StepFailed(
            str(path),
            step=child.step_key,
            state=outcome.state.value,
            error=None if error is None else str(error),
            text=outcome.text,
        )
    parts = result_parts(outcome)
    if outcome.message is not None and outcome.message.role is Role.AGENT and parts is outcome.message.parts:
        return outcome.message
    return Message(role=Role.AGENT, parts=parts, context_id=child.context_id, task_id=child.task_id)


def _refuse(what: str) -> NoReturn:
    raise EngineError(
        f"Outside a workflow {what}.", remedy="Make the function a @workflow, which goes on where it was interrupted."
    )
