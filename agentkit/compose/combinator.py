"""What all agents that combine agents have in common."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.continuation import AGENT_KEY, CONTINUATION_KEY, RECORD_KEY, STEP_KEY, WAKE_KEY
from agentkit.compose.facets import effect_of
from agentkit.compose.members import members_of
from agentkit.compose.message_ids import outbound_id
from agentkit.compose.named import Named
from agentkit.compose.outcome import LEFT_ALONE, Outcome, status_update
from agentkit.engine import Effect
from agentkit.errors import EngineError, SpecError
from agentkit.models import (
    AgentSkill,
    Artifact,
    ArtifactUpdate,
    JsonObject,
    Message,
    Part,
    Role,
    StatusUpdate,
    TaskState,
)
from agentkit.models.base import assembled

PATIENCE: Final = 10.0
"""Seconds that an agent has to stop what it set going elsewhere."""

_log = logging.getLogger("agentkit.compose")


class Combinator(Named):
    """Name, skills and cancellation of a combination."""

    composite = True

    def __init__(
        self, name: str, agents: Sequence[Agent], *, description: str | None = None, durable: bool = False
    ) -> None:
        """Combine agents under one name.

        Args:
            name: The name of the combination.
            agents: What it combines.
            description: What it is for.
            durable: Each call of a leaf is recorded, so that after a crash it goes on where it was.

        Raises:
            SpecError: There is no agent, something is none, or two share a name: names are what answers and results
                are addressed by.
        """
        kind = type(self).__name__
        if not name.strip():
            raise SpecError(f"{kind}.name", "must not be empty")
        members = members_of(f"{kind}.agents", agents)
        if not members:
            raise SpecError(f"{kind}.agents", "must hold at least one agent")
        names = [agent.name for agent in members]
        for index, one in enumerate(names):
            if one in names[:index]:
                raise SpecError(f"{kind}.agents[{index}].name", f"another agent is called {one!r}")
        self.durable = durable
        self._name = name
        self._agents = members
        self._description = description or f"{kind} of {', '.join(names)}"

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The agents it combines, in order."""
        return self._agents

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """The combination itself as one skill, tagged with what its agents can do."""
        tags = dict.fromkeys(tag for agent in self._agents for skill in agent.skills for tag in skill.tags)
        return (AgentSkill(id=self._name, name=self._name, description=self._description, tags=tuple(tags)),)

    @property
    def effect(self) -> Effect:
        """What running all of it a second time would do: no harm only where none of its agents does any."""
        harmless = all(effect_of(agent) == "idempotent" for agent in self._agents)
        return "idempotent" if harmless else "once"

    async def cancel(self, context: RunContext) -> None:
        """Cancel all agents; the failure of one does not hold up the others (A2A-CMP-01)."""
        await cancel_all(self._agents, context)


async def cancel_all(agents: Iterable[Agent], context: RunContext) -> None:
    """Stop what agents set going elsewhere, all at once; one that waits is told what it left behind."""
    left = context.continuation
    await asyncio.gather(
        *(stop(agent, context.child(agent.name, continuation=_left_by(agent.name, left))) for agent in agents)
    )


async def stop(agent: Agent, context: RunContext, patience: float = PATIENCE) -> None:
    """Have an agent stop what it set going elsewhere; for a bounded time, and never with an error."""
    try:
        context.tally.enter(context)
    except EngineError:
        # A composition that contains itself: nothing works so deep inside.
        return
    try:
        async with asyncio.timeout(patience):
            await agent.cancel(context)
    except LEFT_ALONE:
        raise
    except BaseException as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
            raise
        _log.warning("cancel of agent %s raised %s", agent.name, type(error).__name__)


def _left_by(name: str, left: JsonObject | None) -> JsonObject | None:
    """What an agent left behind, in the continuation of a combination: of one agent that waits, or of several."""
    if left is None:
        return None
    inner = left.get("inner") if left.get("agent") == name else None
    asked = left.get("asked")
    if isinstance(asked, dict) and "done" in left and isinstance(one := asked.get(name), dict):
        inner = one.get("continuation")
    return inner if isinstance(inner, dict) else None


def passed_on(
    update: StatusUpdate | ArtifactUpdate, child: RunContext, label: str | None = None
) -> StatusUpdate | ArtifactUpdate:
    """An update of an agent as its parent shows it: artifact ids get the agent's name, states its path.

    Args:
        update: What the agent said.
        child: Its context.
        label: In place of the name, where an agent is called several times and its artifacts must stay apart.
    """
    if isinstance(update, ArtifactUpdate):
        identifier = f"{label or child.path[-1]}/{update.artifact.artifact_id}"
        artifact = update.artifact.model_copy(update={"artifact_id": identifier})
        return update.model_copy(update={"artifact": artifact})
    return update.model_copy(update={"metadata": _located(update.metadata, child)})


def stopped(outcome: Outcome, child: RunContext, continuation: JsonObject | None) -> StatusUpdate:
    """The end of a turn in which an agent paused or failed: with its path, and with its name and step where it failed.

    A child that was canceled by somebody else failed for its parent.

    Args:
        outcome: How the agent's turn ended.
        child: The agent's context.
        continuation: What the parent wants back when the agent goes on; it must hold the outcome's continuation.
    """
    metadata = _located(outcome.metadata, child)
    if outcome.is_paused:
        if outcome.wake is not None:
            metadata[WAKE_KEY] = outcome.wake.isoformat()
        return status_update(child, outcome.state, outcome.message, {**metadata, CONTINUATION_KEY: continuation})
    state = TaskState.FAILED if outcome.state is TaskState.CANCELED else outcome.state
    text = f"{child.path[-1]}: {outcome.text or f'ended {outcome.state.value}'}"
    message = Message.agent(text, context_id=child.context_id, task_id=child.task_id)
    return status_update(child, state, message, {STEP_KEY: child.step_key, **metadata})


def kept_answer(parts: tuple[Part, ...], child: RunContext, label: str | None = None) -> ArtifactUpdate:
    """What an agent found, as artifact `<agent>/answer` of a task that fails because of another agent."""
    artifact = Artifact(
        artifact_id=f"{label or child.path[-1]}/answer", parts=parts, metadata={AGENT_KEY: "/".join(child.path)}
    )
    return ArtifactUpdate(task_id=child.task_id, context_id=child.context_id, artifact=artifact)


def result_parts(outcome: Outcome) -> tuple[Part, ...]:
    """What an agent hands on: the parts of its answer and the data parts of its artifacts, each value once.

    Artifacts that tell of the task itself (`RECORD_KEY`) are not handed on.
    """
    if not outcome.artifacts:
        return outcome.message.parts if outcome.message else ()
    parts = list(outcome.message.parts) if outcome.message else []
    values = [part.data for part in parts if part.kind == "data"]
    for artifact in outcome.artifacts:
        if artifact.metadata and RECORD_KEY in artifact.metadata:
            continue
        for part in artifact.parts:
            if part.kind == "data" and part.data not in values:
                values.append(part.data)
                parts.append(part)
    return tuple(parts)


def handed_on(parts: tuple[Part, ...], cause: Message, child: RunContext, ordinal: int = 1) -> Message:
    """Parts as the user message of the next agent; its id is the same whenever the same step is sent."""
    # Every value is of its type already; making sure of it would cost more than all else that a chain does.
    return assembled(
        Message,
        {
            "role": Role.USER,
            "parts": parts,
            "message_id": outbound_id(cause, child, ordinal),
            "context_id": child.context_id,
            "task_id": child.task_id,
        },
        {},
    )


def _located(metadata: JsonObject | None, child: RunContext) -> JsonObject:
    return {AGENT_KEY: "/".join(child.path), **(metadata or {})}
