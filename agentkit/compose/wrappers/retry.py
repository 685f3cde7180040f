"""Another try after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.facets import effect_of
from agentkit.compose.message_ids import outbound_id
from agentkit.compose.outcome import Outcome, surfaced
from agentkit.compose.record import dump_message
from agentkit.compose.turn import Turn
from agentkit.compose.usage import Meter, charged
from agentkit.compose.wrappers.failures import PASSING, Failure, Failures, is_passing
from agentkit.compose.wrappers.wrapper import Wrapper, ending, inside
from agentkit.errors import EngineError, SpecError, UnknownOutcome
from agentkit.models import Event, JsonObject, Message, StatusUpdate

ATTEMPTS_KEY: Final = "agentkit.attempts"
"""Where in metadata stands how often an agent was tried, where that was more than once."""


_STEEP: Final = 64
"""From this try on waits grow no more; a power of anything larger might be no number."""


class Retry(Wrapper):
    """Tries an agent again when it fails in a way that may pass.

    - An agent with effect `once` is not tried again unless the author says so: nobody could tell whether the work would
      be done twice. One with effect `lookup` is asked first what came of the last try.
    - Every try sends the same `messageId`, so that whoever receives it can tell a repetition. Only after an agent is
      known to have ended without success does the message get a new id, for the same id would bring the same failure.
    - A try that asks or wants a credential is not over; its failure afterwards counts.
    """

    def __init__(
        self,
        agent: Agent,
        attempts: int = 3,
        *,
        on: Collection[Failure] = PASSING,
        wait: float = 1.0,
        factor: float = 2.0,
        longest: float = 30.0,
        even_once: bool = False,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Wrap an agent.

        Args:
            agent: Whom to try again.
            attempts: How often it is tried, the first time included.
            on: Which failures: classes of errors, and states.
            wait: Seconds before the second try.
            factor: How much longer each further wait is.
            longest: The longest wait, in seconds.
            even_once: Also an agent whose work must not be done twice; the author knows that it will not.
            sleep: Waits between two tries.

        Raises:
            SpecError: The agent must not be tried again, or an argument does not fit.
        """
        super().__init__(agent)
        if attempts < 1:
            raise SpecError("Retry.attempts", "must be at least 1")
        if wait < 0 or factor < 1 or longest < 0:
            raise SpecError("Retry.wait", "must not be negative, nor become shorter")
        if effect_of(agent) == "once" and not even_once:
            raise SpecError(
                "Retry.agent",
                f"{agent.name} has the effect once: its work might be done twice",
                remedy='Declare effect="idempotent" or "lookup" on it, or say even_once=True.',
            )
        self._attempts = attempts
        self._on = Failures("Retry.on", on)
        self._wait, self._factor, self._longest = wait, factor, longest
        self._sleep = sleep

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Run the agent until it succeeds, asks, fails for good, or was tried often enough."""
        meter = Meter(context.meter)
        place = _Place.of(message, context.continuation)
        said, resumed, inner = message, context.resumed, self.inner(context.continuation)
        for attempt in range(place.attempt, self._attempts + 1):
            child = replace(
                inside(context, meter=meter),
                rounds=(*context.rounds, attempt),
                resumed=resumed,
                continuation=inner,
            )
            turn = Turn(self.agent, said, child)
            async with aclosing(turn.events()) as updates:
                async for update in updates:
                    yield update
            outcome = await self._known(turn.outcome, said, child)
            if outcome.is_paused or attempt == self._attempts or not self._on.hold(outcome):
                left: JsonObject = {"attempt": attempt, "asked": dump_message(place.asked)}
                end = ending(outcome, context, {**left, "inner": outcome.continuation})
                yield charged(_counted(end, attempt), meter.total)
                return
            await self._sleep(min(self._wait * self._factor ** min(attempt - 1, _STEEP), self._longest))
            said, resumed, inner = place.asked, False, None
            if not is_passing(outcome):
                again = outbound_id(place.asked, context, attempt + 1)
                said = said.model_copy(update={"message_id": again})

    def inner(self, left: JsonObject | None) -> JsonObject | None:
        """What the agent left behind, beside the count of tries."""
        inner = left.get("inner") if left and "attempt" in left else left
        return inner if isinstance(inner, dict) else None

    async def _known(self, outcome: Outcome, said: Message, child: RunContext) -> Outcome:
        """How the try really ended, where the agent can find out and did not come to an end."""
        if effect_of(self.agent) != "lookup" or not is_passing(outcome):
            return outcome
        try:
            return await self.look_up(said, child) or outcome
        except UnknownOutcome as error:
            end = surfaced(error, said, child)
            return Outcome(end.status.state, end.status.message, outcome.artifacts, end.metadata)


@dataclass(frozen=True, slots=True)
class _Place:
    """Which try it is, and what the agent was asked in the first place."""

    attempt: int
    asked: Message

    @classmethod
    def of(cls, message: Message, left: JsonObject | None) -> _Place:
        if not left or "attempt" not in left:
            return cls(1, message)
        attempt, asked = left["attempt"], left.get("asked")
        if not isinstance(attempt, int) or not isinstance(asked, dict):
            raise EngineError("What a retry kept of its tries cannot be read.", remedy="Start a new task.")
        return cls(attempt, Message.model_validate(asked))


def _counted(end: StatusUpdate, attempt: int) -> StatusUpdate:
    if attempt == 1:
        return end
    return end.model_copy(update={"metadata": {**(end.metadata or {}), ATTEMPTS_KEY: attempt}})
