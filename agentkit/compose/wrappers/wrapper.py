"""What all wrappers have in common."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import stop
from agentkit.compose.continuation import CONTINUATION_KEY, WAKE_KEY
from agentkit.compose.facets import effect_of, look_up_of
from agentkit.compose.members import require_agent
from agentkit.compose.outcome import Outcome, status_update
from agentkit.compose.turn import Turn
from agentkit.compose.usage import Meter, charged
from agentkit.engine import Effect
from agentkit.models import AgentSkill, ArtifactUpdate, Event, JsonObject, Message, StatusUpdate

Update = StatusUpdate | ArtifactUpdate
"""What happens on the way."""


class Wrapper:
    """Passes everything on as it is: the base of wrappers that change one thing.

    The agent inside runs under the wrapper's own path, so nothing that is addressed by a path (artifacts, steps, kept
    state, the place where a pause is resumed) changes when a wrapper is put around an agent or taken away.
    """

    composite = True

    def __init__(self, agent: Agent) -> None:
        """Wrap an agent.

        Raises:
            SpecError: It is none.
        """
        require_agent(f"{type(self).__name__}.agent", agent)
        self.agent: Final = agent

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.agent.name

    @property
    def description(self) -> str:
        """What the agent is for."""
        return self.agent.description

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """What the agent can do."""
        return self.agent.skills

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The one agent inside."""
        return (self.agent,)

    @property
    def effect(self) -> Effect:
        """What running the agent a second time would do."""
        return effect_of(self.agent)

    async def look_up(self, message: Message, context: RunContext) -> Outcome | None:
        """What came of an interrupted turn of the agent.

        Raises:
            UnknownOutcome: It cannot be told.
        """
        ask = look_up_of(self.agent)
        return None if ask is None else await ask(message, self._within(context))

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Run the agent."""
        meter = Meter(context.meter)
        turn = Turn(self.agent, message, inside(context, meter=meter))
        async with aclosing(turn.events()) as updates:
            async for update in updates:
                yield update
        yield charged(ending(turn.outcome, context), meter.total)

    async def cancel(self, context: RunContext) -> None:
        """Stop what the agent set going elsewhere."""
        await stop(self.agent, self._within(context))

    def inner(self, left: JsonObject | None) -> JsonObject | None:
        """What the agent inside left behind, in what the wrapper left behind."""
        return left

    def _within(self, context: RunContext) -> RunContext:
        return replace(inside(context), continuation=self.inner(context.continuation))


def inside(context: RunContext, *, meter: Meter | None = None) -> RunContext:
    """The wrapper's context for the agent inside: one layer deeper, on the same path."""
    return replace(context, wrapped=context.wrapped + 1, meter=meter or context.meter)


def ending(outcome: Outcome, context: RunContext, continuation: JsonObject | None = None) -> StatusUpdate:
    """The update that ended a turn, for whoever is around the wrapper.

    Args:
        outcome: How the turn ended.
        context: Of the wrapper.
        continuation: What the wrapper wants back instead of the agent's own continuation, which it must hold.
    """
    metadata: JsonObject = dict(outcome.metadata or {})
    if outcome.is_paused and (continuation or outcome.continuation) is not None:
        metadata[CONTINUATION_KEY] = continuation or outcome.continuation
    if outcome.wake is not None:
        metadata[WAKE_KEY] = outcome.wake.isoformat()
    return status_update(context, outcome.state, outcome.message, metadata or None)
