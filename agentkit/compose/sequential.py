"""One agent after the other."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from agentkit.compose.agent import RunContext
from agentkit.compose.combinator import Combinator, handed_on, passed_on, result_parts, stopped
from agentkit.compose.outcome import Outcome, status_update
from agentkit.compose.turn import Turn
from agentkit.errors import EngineError
from agentkit.models import Event, JsonObject, Message, TaskState


class Sequential(Combinator):
    """Runs agents one after the other: what one answers becomes the message of the next, the last one's answer is ours.

    An agent that asks, wants a credential or fails stops the chain; the state comes up with the agent's path. The
    answer to a question goes to the agent that asked and to no other: the agents before it are not run again.
    """

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Run the chain, or go on with it where it was interrupted."""
        position, inner = self._place(context)
        resumed = context.resumed
        outcome = Outcome(TaskState.COMPLETED)
        for index, agent in enumerate(self.agents[position:], position):
            child = context.child(agent.name, resumed=resumed, continuation=inner)
            turn = Turn(agent, message, child)
            async with aclosing(turn.events()) as events:
                async for update in events:
                    yield passed_on(update, child)
            outcome = turn.outcome
            if outcome.state is not TaskState.COMPLETED:
                yield stopped(outcome, child, {"step": index, "agent": agent.name, "inner": outcome.continuation})
                return
            message = handed_on(result_parts(outcome), message, child)
            resumed, inner = False, None
        if outcome.message is None:
            yield status_update(context, TaskState.COMPLETED)
        else:
            yield outcome.message

    def _place(self, context: RunContext) -> tuple[int, JsonObject | None]:
        left = context.continuation
        if left is None:
            return 0, None
        step, inner = left.get("step"), left.get("inner")
        if not isinstance(step, int) or not 0 <= step < len(self.agents) or self.agents[step].name != left.get("agent"):
            raise EngineError(
                f"The chain {self.name} was changed while this task waited.",
                remedy="Start a new task in the same context.",
            )
        return step, inner if isinstance(inner, dict) else None
