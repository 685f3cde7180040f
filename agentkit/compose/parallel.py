"""Several agents at once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast

from agentkit.compose.agent import Agent, RunContext
from agentkit.compose.combinator import Combinator, handed_on, kept_answer, passed_on, stop, stopped
from agentkit.compose.joining import Join, OnFailure, Reduce, Terms, joined
from agentkit.compose.members import members_of
from agentkit.compose.outcome import Outcome, status_update, surfaced
from agentkit.compose.pending import Pending, Result, read_results, write_results
from agentkit.compose.signature import answer_of
from agentkit.compose.together import together
from agentkit.compose.turn import Turn
from agentkit.compose.usage import NOTHING, Meter, charged
from agentkit.errors import SpecError, TooFewCompleted
from agentkit.models import ArtifactUpdate, Event, JsonObject, Message, StatusUpdate, TaskState

DEFAULT_LIMIT: Final = 8
"""So many agents of one `Parallel` run at the same time unless it is told otherwise."""


class Parallel(Combinator):
    """Gives all agents the same message at the same time and makes one answer of theirs.

    Without `reduce` the answer has one text part per agent that starts with the agent's name, and behind them the data
    parts, each with the agent's name in its metadata. Questions of several agents are asked one after the other; each
    answer goes to the agent that asked, and what the others found is kept meanwhile. Agents that are not needed any
    more are cancelled, with what they set going elsewhere. What others had found is kept as artifacts `<agent>/answer`
    when a failure ends all.
    """

    def __init__(
        self,
        name: str,
        agents: Sequence[Agent],
        *,
        description: str | None = None,
        limit: int = DEFAULT_LIMIT,
        join: Join = "all",
        on_failure: OnFailure | None = None,
        reduce: Reduce | Agent | None = None,
        durable: bool = False,
    ) -> None:
        """Combine agents.

        Args:
            name: The name of the combination.
            agents: Whom to ask.
            description: What the combination is for.
            limit: How many run at the same time.
            join: Whose answers are waited for: `all`, the `first` agent's that completes, or those of so many.
            on_failure: For `join="all"`: `fail` (where nothing is said) stops the others when one fails; `keep` joins
                what the others found and says who failed; a number does so while so many complete.
            reduce: Makes one answer of the outcomes: a function of them by agent name, or an agent that gets the joined
                message.
            durable: What each agent did survives a crash.

        Raises:
            SpecError: There is no agent, something is none, two share a name, the limit is below 1, or the terms do not
                fit.
        """
        self._reducer = cast("Agent", reduce) if hasattr(reduce, "run") else None
        self._reduce = None if self._reducer is not None else cast("Reduce | None", reduce)
        self._workers = members_of("Parallel.agents", agents)
        members = self._workers if self._reducer is None else (*self._workers, self._reducer)
        super().__init__(name, members if self._workers else (), description=description, durable=durable)
        if limit < 1:
            raise SpecError("Parallel.limit", "must be at least 1")
        if self._reduce is not None and not callable(self._reduce):
            raise SpecError("Parallel.reduce", f"is a {type(reduce).__name__}; it must be a function or an agent")
        self._limit = limit
        self._terms = Terms.of(join, on_failure, len(self._workers))

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Ask all agents, give the answer to the one that asked, or let the one that reduces go on."""
        meter = Meter(context.meter)
        context = replace(context, meter=meter)
        left = context.continuation or {}
        if self._reducer is not None and "agent" in left:
            results = read_results(left.get("done"))
        else:
            pending = Pending.read(context, [agent.name for agent in self._workers])
            async with aclosing(self._asked(message, pending, context)) as events:
                async for event in events:
                    yield event
            if self._terms.are_lost(pending.failed):
                return
            waiting = pending.first
            if waiting is not None and not self._terms.are_met(pending.completed):
                end = stopped(pending.pause_of(waiting), context.child(waiting), pending.write())
                yield charged(end, meter.total)
                return
            await self._let_go(pending, context)
            results = self._ordered(pending.results)
        if self._reducer is not None:
            async with aclosing(self._reduced(self._reducer, message, results, context)) as events:
                async for event in events:
                    yield event
            return
        answer = await self._answer(results, context)
        yield answer if meter.total == NOTHING else charged(_completed(answer, context), meter.total)

    async def _asked(self, message: Message, pending: Pending, context: RunContext) -> AsyncGenerator[Event]:
        """Run those whose turn it is, until all are done, enough are, or too many failed; the last ends the task."""
        due = pending.due(datetime.now(UTC))
        workers = [agent for agent in self._workers if not due or agent.name in due]
        children = {
            agent.name: context.child(agent.name, resumed=bool(due), continuation=pending.inner(agent.name))
            for agent in workers
        }
        pending.resume(due)
        running = {agent.name: agent for agent in workers}
        lost: tuple[Outcome, RunContext] | None = None
        async with aclosing(together(workers, message, children, self._limit)) as happenings:
            async for name, happening in happenings:
                if not isinstance(happening, Outcome):
                    yield passed_on(happening, children[name])
                    continue
                del running[name]
                if happening.is_paused:
                    pending.pause(name, happening)
                    continue
                pending.finish(name, happening)
                if self._terms.are_lost(pending.failed):
                    lost = happening, children[name]
                if lost or self._terms.are_met(pending.completed):
                    break
        # Only those that we do not need any more: where somebody stops us, it is for him to say whether for good.
        await asyncio.gather(*(stop(agent, children[name]) for name, agent in running.items()))
        if lost is None:
            return
        await self._let_go(pending, context)
        for kept in _kept(pending.results, context):
            yield kept
        yield _charged(self._lost(*lost, pending, message, context), context)

    async def _reduced(
        self, reducer: Agent, message: Message, results: dict[str, Result], context: RunContext
    ) -> AsyncGenerator[Event]:
        left = context.continuation or {}
        inner, resumed = left.get("inner"), "agent" in left
        child = context.child(reducer.name, resumed=resumed, continuation=inner if isinstance(inner, dict) else None)
        said = message if resumed else handed_on(joined(results, context).parts, message, child)
        turn = Turn(reducer, said, child)
        async with aclosing(turn.events()) as events:
            async for update in events:
                yield passed_on(update, child)
        outcome = turn.outcome
        if outcome.state is TaskState.COMPLETED:
            end = _completed(outcome.message, context)
        else:
            for kept in () if outcome.is_paused else _kept(results, context):
                yield kept
            kept_on: JsonObject = {"agent": reducer.name, "inner": outcome.continuation}
            end = stopped(outcome, child, {**kept_on, "done": write_results(results)})
        yield _charged(end, context)

    def _ordered(self, results: Mapping[str, Result]) -> dict[str, Result]:
        return {agent.name: results[agent.name] for agent in self._workers if agent.name in results}

    async def _answer(self, results: Mapping[str, Result], context: RunContext) -> Message:
        if self._reduce is None:
            return joined(results, context)
        made = self._reduce({name: result.outcome for name, result in results.items()})
        return answer_of(await made if inspect.isawaitable(made) else made, context, self.name)

    async def _let_go(self, pending: Pending, context: RunContext) -> None:
        """Stop those that wait although it is over: nobody will answer them."""
        given_up = [agent for agent in self._workers if agent.name in pending.paused]
        await asyncio.gather(
            *(stop(agent, context.child(agent.name, continuation=pending.inner(agent.name))) for agent in given_up)
        )

    def _lost(
        self, failure: Outcome, child: RunContext, pending: Pending, message: Message, context: RunContext
    ) -> StatusUpdate:
        """The end where too many have failed: the one failure that decided it, or how many there were."""
        if self._terms.needed == self._terms.total:
            return stopped(failure, child, None)
        end = surfaced(TooFewCompleted(self.name, self._terms.needed, pending.completed), message, context)
        said = joined(self._ordered(pending.results), context)
        told = end.status.message
        parts = (*(told.parts if told is not None else ()), *said.parts)
        status = end.status.model_copy(update={"message": said.model_copy(update={"parts": parts})})
        return end.model_copy(update={"status": status})


def _kept(results: Mapping[str, Result], context: RunContext) -> Iterator[ArtifactUpdate]:
    for name, result in results.items():
        if result.state is TaskState.COMPLETED and result.parts:
            yield kept_answer(result.parts, context.child(name))


def _completed(answer: Message | None, context: RunContext) -> StatusUpdate:
    return status_update(context, TaskState.COMPLETED, answer)


def _charged(end: StatusUpdate, context: RunContext) -> StatusUpdate:
    return end if context.meter is None else charged(end, context.meter.total)
