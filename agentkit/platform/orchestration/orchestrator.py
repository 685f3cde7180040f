"""An agent of the platform at work: registers tools, lets experts work, answers (sections 9 and 10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Final

from agentkit.compose import RunContext, status_update
from agentkit.errors import AgentKitError, SpecError, TurnLimitExceeded
from agentkit.models import AgentSkill, Event, JsonObject, Message, StatusUpdate, TaskState
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.orchestration.budget import TurnBudget
from agentkit.platform.orchestration.journal import Journal
from agentkit.platform.orchestration.members import Shift
from agentkit.platform.orchestration.remote import RemoteMember
from agentkit.platform.orchestration.reporting import METADATA_KEY
from agentkit.platform.orchestration.resuming import Resumed
from agentkit.platform.orchestration.turn import TurnAtWork
from agentkit.platform.orchestration.workshop import Workshop
from agentkit.reasoning import counting
from agentkit.tasks.verdict import stopped_elsewhere
from agentkit.tracing import Span, long_span


class Orchestrator:
    """One agent for one message; implements `agentkit.compose.Agent`.

    Attributes:
        mcp_names: Which servers it uses is known when its experts are registered: it sees all credentials.
        composite: On a durable engine it is entered again after a crash; what it did is recorded step by step.
        durable: Its turns survive the process.
    """

    mcp_names: Final = None
    composite: Final = True
    skills: tuple[AgentSkill, ...] = ()

    def __init__(self, workshop: Workshop, record: AgentRecord, *, first: bool) -> None:
        """Answer for an agent.

        Args:
            workshop: What all orchestrators share.
            record: The agent as it is now.
            first: The message opens a context, so its credentials are registered (MCPAUTH-14).
        """
        self._workshop = workshop
        self._record = record
        self._first = first
        self.durable = workshop.durable

    @property
    def name(self) -> str:
        """The agent's name."""
        return self._record.name

    @property
    def description(self) -> str:
        """The agent's description."""
        return self._record.description or ""

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event]:
        """Do one turn: register, deliberate, report.

        An agent that cannot work as it is configured rejects the message before anybody works (V2-OBJ-15).

        Raises:
            AgentKitError: The reasoner, or the store, cannot go on.
        """
        shop = self._workshop
        attributes = {
            "agentkit.agent.id": self._record.id,
            "agentkit.context.id": context.context_id,
            "agentkit.task.id": context.task_id,
        }
        recorder = shop.traces.recorder(context)
        with long_span("platform.turn", attributes, recorder=recorder) as hop, counting() as used:
            hop.content(asked=message.text)
            try:
                await shop.planner.require_offered(self._record)
                plan = await shop.planner.plan(self._record)
            except SpecError as error:
                end = _rejected(error, context)
                _note_end(end, hop)
                yield end
                return
            turn = TurnAtWork(shop, plan, message, context, used, first=self._first)
            try:
                async with aclosing(turn.events()) as events:
                    while (event := await _next(events, turn.budget, hop)) is not None:
                        _note_end(event, hop)
                        yield event
            except TurnLimitExceeded as error:
                # Who was stopped at work was told so, but for agents elsewhere on a durable engine: they would go on.
                await stopped_elsewhere(self, context)
                end = await turn.limited(error)
                _note_end(end, hop)
                yield end
            except BaseException:
                # On a durable engine the process may only be stopping, and the turn goes on at its next start.
                if not context.engine.durable:
                    await turn.stopped()
                raise

    async def cancel(self, context: RunContext) -> None:
        """Cancel what goes on, or waits, at agents elsewhere; the tool calls of the run were cancelled with it."""
        shop = self._workshop
        plan = await shop.planner.plan(self._record)
        message = Message.user("")
        waiting = Resumed.read(message, context.continuation).waiting
        shift = Shift(message, context, shop.reasoner, shop.limits, TurnBudget(shop.limits), Journal(context))
        members = [RemoteMember(remote, shift, shop.remotes) for remote in plan.every_remote()]
        with suppress(AgentKitError):
            await asyncio.gather(*(member.cancel(waiting.get(member.plan.id)) for member in members))


async def _next(events: AsyncGenerator[Event], budget: TurnBudget, hop: Span) -> Event | None:
    """The next event, None behind the last one; what happens until then belongs to the turn's span and its time.

    Raises:
        TurnLimitExceeded: The time is over; the work was stopped.
    """
    time = asyncio.timeout_at(budget.deadline)
    try:
        async with time:
            if not hop.is_recording:
                return await anext(events, None)
            with hop.current():
                return await anext(events, None)
    except TimeoutError:
        if time.expired():
            raise budget.late() from None
        raise


def _rejected(error: SpecError, context: RunContext) -> Event:
    said = Message.agent(str(error), context_id=context.context_id, task_id=context.task_id)
    told: JsonObject = {"error": {"code": "agent_invalid", "field": error.field}}
    return status_update(context, TaskState.REJECTED, said, {METADATA_KEY: told})


def _note_end(event: Event, hop: Span) -> None:
    if isinstance(event, StatusUpdate) and event.status.state.is_settled:
        hop.set("agentkit.task.state", event.status.state.value)
        if event.status.message is not None:
            hop.content(answered=event.status.message.text)
