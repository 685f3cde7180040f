"""The same agents again, until a condition holds."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final, Literal, TypeAlias, cast

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.answers import Answers
from agentkit.compose.combinator import Combinator, handed_on, passed_on, result_parts, stopped
from agentkit.compose.outcome import Outcome, status_update, surfaced
from agentkit.compose.turn import Turn
from agentkit.compose.usage import Meter, charged
from agentkit.errors import EngineError, LoopExhausted, SpecError
from agentkit.models import Event, JsonObject, Message, StatusUpdate, TaskState

ROUNDS_KEY: Final = "agentkit.rounds"
"""Where in the metadata of a loop's last update stands how many rounds it had."""

EXHAUSTED_KEY: Final = "agentkit.exhausted"
"""True beside it where the condition never held, and the last answer was kept."""

Until: TypeAlias = "Callable[[Outcome], bool | Awaitable[bool]]"
"""Whether a round was the last one, told by how it ended; sync or async, and always the same for the same outcome."""


class Loop(Combinator):
    """Runs agents in order, again and again, until a condition over a round's outcome holds.

    What the last agent of a round answers is the message of the next round. An agent that asks, wants a credential or
    fails stops the loop; after an answer the very round goes on where it stood. An artifact that is made again in a
    later round replaces the one of the same id. There is a bound: after `at_most` rounds the loop is exhausted.
    """

    def __init__(
        self,
        name: str,
        agents: Agent | Sequence[Agent],
        *,
        until: Until,
        at_most: int,
        on_exhausted: Literal["fail", "keep"] = "fail",
        description: str | None = None,
        durable: bool = False,
    ) -> None:
        """Combine agents.

        Args:
            name: The name of the combination.
            agents: One agent, or several that make a round in order.
            until: Asked after each round, with the outcome of its last agent.
            at_most: How many rounds there are at the most.
            on_exhausted: `fail` ends with `LoopExhausted`, and keeps what the last round found as artifacts; `keep`
                completes with the last answer and says so in its metadata (`agentkit.exhausted`).
            description: What the combination is for.
            durable: What the agents did in each round survives a crash.

        Raises:
            SpecError: There is no agent, two share a name, or the bound is below 1.
        """
        members = agents if isinstance(agents, Sequence) else (agents,)
        super().__init__(name, cast("Sequence[Agent]", members), description=description, durable=durable)
        if at_most < 1:
            raise SpecError("Loop.at_most", "must be at least 1")
        if not callable(until):
            raise SpecError("Loop.until", f"is a {type(until).__name__}; it must be a function")
        if on_exhausted not in ("fail", "keep"):
            raise SpecError("Loop.on_exhausted", "must be fail or keep")
        self._until = until
        self._at_most = at_most
        self._keeps = on_exhausted == "keep"

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Run rounds, or go on in the one that was interrupted."""
        first, step, inner, answers = self._place(context)
        resumed, meter = context.resumed, Meter(context.meter)
        outcome = Outcome(TaskState.COMPLETED)
        for number in range(first, self._at_most + 1):
            here = replace(context, meter=meter, rounds=(*context.rounds, number))
            for index, agent in enumerate(self.agents[step:], step):
                child = here.child(agent.name, resumed=resumed, continuation=inner)
                turn = Turn(agent, message, child)
                async with aclosing(turn.events()) as events:
                    async for update in events:
                        yield passed_on(update, child)
                outcome = turn.outcome
                if outcome.state is not TaskState.COMPLETED:
                    left: JsonObject = {"round": number, "step": index, "agent": agent.name, "answers": answers.json()}
                    for kept in () if outcome.is_paused else answers.artifacts(context):
                        yield kept
                    end = stopped(outcome, child, {**left, "inner": outcome.continuation})
                    yield charged(_numbered(end, number), meter.total)
                    return
                parts = result_parts(outcome)
                answers.add(agent.name, parts)
                message = handed_on(parts, message, child)
                resumed, inner = False, None
            step = 0
            if await self._is_done(outcome):
                end = status_update(context, TaskState.COMPLETED, outcome.message)
                yield charged(_numbered(end, number), meter.total)
                return
        if self._keeps:
            end = status_update(context, TaskState.COMPLETED, outcome.message, {EXHAUSTED_KEY: True})
        else:
            for kept in answers.artifacts(context):
                yield kept
            end = surfaced(LoopExhausted(self.name, self._at_most), message, context)
        yield charged(_numbered(end, self._at_most), meter.total)

    async def _is_done(self, outcome: Outcome) -> bool:
        done = self._until(outcome)
        return bool(await done if inspect.isawaitable(done) else done)

    def _place(self, context: RunContext) -> tuple[int, int, JsonObject | None, Answers]:
        left = context.continuation
        if left is None:
            return 1, 0, None, Answers()
        number, step, inner = left.get("round"), left.get("step"), left.get("inner")
        names = [agent.name for agent in self.agents]
        if (
            not isinstance(number, int)
            or not isinstance(step, int)
            or not 1 <= number <= self._at_most
            or names[step : step + 1] != [left.get("agent")]
        ):
            raise EngineError(
                f"The loop {self.name} was changed while this task waited.",
                remedy="Start a new task in the same context.",
            )
        return number, step, inner if isinstance(inner, dict) else None, Answers(left.get("answers"))


def _numbered(end: StatusUpdate, number: int) -> StatusUpdate:
    return end.model_copy(update={"metadata": {**(end.metadata or {}), ROUNDS_KEY: number}})
