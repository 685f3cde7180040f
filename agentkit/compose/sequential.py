"""One agent after the other."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from agentkit.compose.agent import RunContext
from agentkit.compose.answers import Answers
from agentkit.compose.combinator import Combinator, handed_on, passed_on, result_parts, stopped
from agentkit.compose.outcome import Outcome, status_update
from agentkit.compose.turn import Turn
from agentkit.compose.usage import NOTHING, Meter, charged
from agentkit.errors import EngineError
from agentkit.models import Event, JsonObject, Message, TaskState


class Sequential(Combinator):
    """Runs agents one after the other: what one answers becomes the message of the next, the last one's answer is ours.

    An agent that asks, wants a credential or fails stops the chain; the state comes up with the agent's path. The
    answer to a question goes to the agent that asked and to no other: the agents before it are not run again. What
    they answered is kept as artifacts `<agent>/answer` when a later one fails.
    """

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Run the chain, or go on with it where it was interrupted."""
        position, inner, answers = self._place(context)
        resumed = context.resumed
        meter = Meter(context.meter)
        context = replace(context, meter=meter)
        outcome = Outcome(TaskState.COMPLETED)
        for index, agent in enumerate(self.agents[position:], position):
            child = context.child(agent.name, resumed=resumed, continuation=inner)
            turn = Turn(agent, message, child)
            async with aclosing(turn.events()) as events:
                async for update in events:
                    yield passed_on(update, child)
            outcome = turn.outcome
            if outcome.state is not TaskState.COMPLETED:
                left: JsonObject = {}
                if outcome.is_paused:
                    left = {
                        "step": index,
                        "agent": agent.name,
                        "inner": outcome.continuation,
                        "answers": answers.json(),
                    }
                else:
                    for kept in answers.artifacts(context):
                        yield kept
                yield charged(stopped(outcome, child, left), meter.total)
                return
            parts = result_parts(outcome)
            answers.add(agent.name, parts)
            if index + 1 < len(self.agents):
                message = handed_on(parts, message, child)
            resumed, inner = False, None
        if outcome.message is None or meter.total != NOTHING:
            yield charged(status_update(context, TaskState.COMPLETED, outcome.message), meter.total)
        else:
            yield outcome.message

    def _place(self, context: RunContext) -> tuple[int, JsonObject | None, Answers]:
        left = context.continuation
        if left is None:
            return 0, None, Answers()
        step, inner = left.get("step"), left.get("inner")
        if not isinstance(step, int) or not 0 <= step < len(self.agents) or self.agents[step].name != left.get("agent"):
            raise EngineError(
                f"The chain {self.name} was changed while this task waited.",
                remedy="Start a new task in the same context.",
            )
        return step, inner if isinstance(inner, dict) else None, Answers(left.get("answers"))
