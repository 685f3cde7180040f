"""Another agent after a failure."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import Combinator, passed_on, stopped
from agentkit.compose.message_ids import outbound_id
from agentkit.compose.outcome import status_update
from agentkit.compose.record import dump_message
from agentkit.compose.turn import Turn
from agentkit.compose.usage import Meter, charged
from agentkit.compose.wrappers.failures import FAILED, Failure, Failures
from agentkit.errors import EngineError
from agentkit.models import Event, Json, JsonObject, Message, StatusUpdate, TaskState

FALLBACK_KEY: Final = "agentkit.fallback"
"""Where in metadata stand the names of the agents that failed before the one whose answer it is."""


class Fallback(Combinator):
    """Asks agents in order until one does what it is asked; the answer is the first one's that does not fail.

    An agent that waits for an answer or a credential gets it; when it fails then, the next one gets the message that
    all began with. A step whose outcome nobody knows is no reason to have another agent do the work, unless
    `on` names `UnknownOutcome`.
    """

    def __init__(
        self,
        name: str,
        agents: Sequence[Agent],
        *,
        on: Collection[Failure] = FAILED,
        description: str | None = None,
        durable: bool = False,
    ) -> None:
        """Combine agents.

        Args:
            name: The name of the combination.
            agents: Whom to ask, in order.
            on: After which failures the next one is asked: classes of errors, and states.
            description: What the combination is for.
            durable: What the agents did survives a crash.

        Raises:
            SpecError: There is no agent, two share a name, or `on` does not fit.
        """
        super().__init__(name, agents, description=description, durable=durable)
        self._on = Failures("Fallback.on", on)

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Ask one agent after the other, or go on with the one that waits."""
        first, asked, inner = self._place(message, context)
        meter = Meter(context.meter)
        said, resumed = message, context.resumed
        for index, agent in enumerate(self.agents[first:], first):
            child = replace(context, meter=meter).child(agent.name, resumed=resumed, continuation=inner)
            turn = Turn(agent, said, child)
            async with aclosing(turn.events()) as updates:
                async for update in updates:
                    yield passed_on(update, child)
            outcome = turn.outcome
            if outcome.is_paused or index + 1 == len(self.agents) or not self._on.hold(outcome):
                left: JsonObject = {"agent": agent.name, "asked": dump_message(asked), "inner": outcome.continuation}
                end = stopped(outcome, child, left)
                if outcome.state is TaskState.COMPLETED:
                    end = status_update(context, TaskState.COMPLETED, outcome.message, outcome.metadata)
                yield charged(_told(end, [one.name for one in self.agents[:index]]), meter.total)
                return
            said = asked.model_copy(update={"message_id": outbound_id(asked, child)})
            resumed, inner = False, None

    def _place(self, message: Message, context: RunContext) -> tuple[int, Message, JsonObject | None]:
        left = context.continuation
        if left is None:
            return 0, message, None
        asked, inner = left.get("asked"), left.get("inner")
        names = [agent.name for agent in self.agents]
        if left.get("agent") not in names or not isinstance(asked, dict):
            raise EngineError(
                f"The agents of {self.name} were changed while this task waited.",
                remedy="Start a new task in the same context.",
            )
        return (
            names.index(str(left["agent"])),
            Message.model_validate(asked),
            inner if isinstance(inner, dict) else None,
        )


def _told(end: StatusUpdate, failed: list[str]) -> StatusUpdate:
    if not failed:
        return end
    return end.model_copy(update={"metadata": {**(end.metadata or {}), FALLBACK_KEY: list[Json](failed)}})
