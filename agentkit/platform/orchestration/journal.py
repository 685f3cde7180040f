"""What a durable turn has done, so that after a crash it goes on instead of beginning anew (design, section 7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agentkit.compose import RunContext
from agentkit.engine import Effect
from agentkit.errors import EngineError
from agentkit.models import Json, TokenUsage
from agentkit.reasoning import (
    Act,
    Observation,
    counting,
    dump_act,
    dump_observation,
    load_act,
    load_observation,
    spent,
)


class Journal:
    """The steps of one worker in a turn: decisions and tool calls, numbered in the order they are made.

    On an engine that forgets it costs nothing. On a durable one each step is recorded; a decision, and a call of a
    tool that only reads, may be made twice, any other call is made once or ends in an unknown outcome.
    """

    __slots__ = ("_context", "_number", "_place", "_recorded")

    def __init__(self, context: RunContext, place: str = "turn") -> None:
        """Record the steps of a place in the turn.

        Args:
            context: Of the turn.
            place: Tells the workers of a turn apart; the same whenever the turn is carried out again.
        """
        self._context = context
        self._place = place
        self._number = 0
        self._recorded = context.engine.durable and not context.in_step

    def within(self, place: str) -> Journal:
        """The journal of a worker below this one."""
        return Journal(self._context, f"{self._place}/{place}") if self._recorded else self

    async def decided(self, decide: Callable[[], Awaitable[Act]]) -> Act:
        """A decision, with what its model used."""
        if not self._recorded:
            return await decide()

        async def work() -> Json:
            with counting() as used:
                act = await decide()
            return {"act": dump_act(act), "usage": used.total.model_dump() if used.times else None}

        record = await self._step("decide", work, "idempotent")
        fields = record if isinstance(record, dict) else {}
        if fields.get("usage") is not None:
            spent(TokenUsage.model_validate(fields["usage"]))
        return load_act(fields.get("act"))

    async def called(self, call: Callable[[], Awaitable[Observation]], *, read_only: bool) -> Observation:
        """What a tool answered."""
        if not self._recorded:
            return await call()

        async def work() -> Json:
            return dump_observation(await call())

        record = await self._step("call", work, "idempotent" if read_only else "once")
        observation = load_observation(record, current=True)
        if observation is None:
            raise EngineError("What was recorded of a tool call cannot be read.", remedy="Start a new task.")
        return observation

    async def _step(self, what: str, work: Callable[[], Awaitable[Json]], effect: Effect) -> Json:
        self._number += 1
        return await self._context.step(f"{self._place}/{what}#{self._number}", work, effect=effect)
