"""A limit on what an agent uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Final

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import result_parts, stop
from agentkit.compose.outcome import surfaced
from agentkit.compose.turn import Turn
from agentkit.compose.usage import Meter, Usage, charged
from agentkit.compose.wrappers.wrapper import Wrapper, ending, inside
from agentkit.errors import BudgetExceeded, SpecError
from agentkit.models import Artifact, ArtifactUpdate, Event, JsonObject, Message, TaskState

BUDGET_KEY: Final = "agentkit.budget"
"""Where in the metadata of a turn that its budget ended stand limit, allowed and used."""


class Budget(Wrapper):
    """Stops an agent that uses more than it may: credits, tokens of models, or seconds at work.

    Credits and tokens are known when a leaf ends. As soon as their sum is above the limit, all that still runs inside
    is cancelled, and the turn fails with `BudgetExceeded`, which names the limit and what was used; the last leaf may
    have gone beyond it. What had been found is kept as artifacts. The budget is for a task: it goes on counting when
    the task waited for an answer, and the waiting costs nothing.
    """

    def __init__(
        self,
        agent: Agent,
        *,
        credits: float | None = None,  # noqa: A002 - the word of the field; nobody calls the site's builtin here
        tokens: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Wrap an agent.

        Args:
            agent: Whom to limit.
            credits: What Corti may charge.
            tokens: How many tokens models may read and write.
            seconds: How long it may be at work.

        Raises:
            SpecError: No limit is given, or one is no number from 0 up.
        """
        super().__init__(agent)
        given = {"credits": credits, "tokens": tokens, "seconds": seconds}
        self._limits = {name: float(limit) for name, limit in given.items() if limit is not None}
        if not self._limits:
            raise SpecError("Budget", "has no limit", remedy="Give credits=, tokens= or seconds=.")
        for name, limit in self._limits.items():
            if not limit >= 0:
                raise SpecError(f"Budget.{name}", "must be a number from 0 up")

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Run the agent for as long as its budget lasts."""
        spending = _Spending(self.name, self._limits, context)
        child = replace(inside(context, meter=spending.meter), continuation=self.inner(context.continuation))
        turn = Turn(self.agent, message, child)
        async with aclosing(turn.events()) as updates:
            while not spending.is_over:
                try:
                    async with spending.limited():
                        update = await anext(updates)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    continue
                yield update
        outcome, exceeded = turn.outcome, spending.exceeded()
        if exceeded is None:
            end = ending(outcome, context, spending.kept(outcome.continuation))
            yield charged(end, spending.meter.total)
            return
        await stop(self.agent, child)
        if outcome.state is TaskState.COMPLETED and (parts := result_parts(outcome)):
            found = Artifact(artifact_id="answer", parts=parts)
            yield ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=found)
        end = surfaced(exceeded, message, context)
        budget: JsonObject = {"limit": exceeded.limit, "allowed": exceeded.allowed, "used": exceeded.used}
        told: JsonObject = {**(end.metadata or {}), BUDGET_KEY: budget}
        yield charged(end.model_copy(update={"metadata": told}), spending.meter.total)

    def inner(self, left: JsonObject | None) -> JsonObject | None:
        """What the agent left behind, beside what was spent."""
        inner = left.get("inner") if left and "spent" in left else left
        return inner if isinstance(inner, dict) else None


class _Spending:
    """What one turn uses, on top of the earlier turns of the task."""

    def __init__(self, name: str, limits: Mapping[str, float], context: RunContext) -> None:
        self._name = name
        self.meter = Meter(context.meter, self._changed)
        self.is_over = False
        self._limits = limits
        self._before = Usage.read((context.continuation or {}).get("spent"))
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._waiting: asyncio.Timeout | None = None

    @asynccontextmanager
    async def limited(self) -> AsyncGenerator[None]:
        """Around a wait for the agent: ends it when the seconds are over, or a leaf used too much."""
        seconds = self._limits.get("seconds")
        limit = asyncio.timeout_at(None if seconds is None else self._began + seconds - self._before.seconds)
        try:
            async with limit:
                self._waiting = limit
                yield
        finally:
            self._waiting = None
            self.is_over |= limit.expired()

    def exceeded(self) -> BudgetExceeded | None:
        """The limit that is exceeded."""
        used = self._used()
        amounts = {"credits": used.credits, "tokens": used.tokens, "seconds": round(used.seconds, 3)}
        for name, allowed in self._limits.items():
            if amounts[name] > allowed:
                return BudgetExceeded(self._name, name, allowed, amounts[name])
        # The clock of the limit and that of the sum may differ by a hair.
        late = BudgetExceeded(self._name, "seconds", self._limits.get("seconds", 0.0), amounts["seconds"])
        return late if self.is_over else None

    def kept(self, continuation: JsonObject | None) -> JsonObject:
        """What is wanted back when the agent goes on."""
        return {"spent": self._used().json(), "inner": continuation}

    def _used(self) -> Usage:
        # At work is whoever is inside, from the first wait to the last: not the sum of what its leaves say.
        total = self._before + self.meter.total
        return replace(total, seconds=self._before.seconds + self._loop.time() - self._began)

    def _changed(self, _: Usage) -> None:
        if self.is_over or (exceeded := self.exceeded()) is None:
            return
        self.is_over, self.meter.exceeded = True, exceeded
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(self._loop.time())
