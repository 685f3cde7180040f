"""An agent of the platform at work: registers tools, lets experts work, answers (sections 9 and 10)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from agentkit.compose import CONTINUATION_KEY, RunContext, status_update
from agentkit.errors import McpAuthRequired
from agentkit.memory import ContextMemory, Scope
from agentkit.models import AgentSkill, ArtifactUpdate, Event, ExpertInfo, Json, JsonObject, Message, TaskState
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.orchestration.deliberation import Delegated, Deliberation, Team, Verdict
from agentkit.platform.orchestration.plan import ExpertPlan, Planner, ServerPlan
from agentkit.platform.orchestration.recollection import Conclusion, Recollection
from agentkit.platform.orchestration.reporting import artifacts, auth_metadata, auth_text, metadata, steps
from agentkit.platform.orchestration.team import TeamBuilder
from agentkit.platform.settings import PlatformLimits
from agentkit.platform.tools.connections import Connect, Connections
from agentkit.platform.tools.registration import Registration, Registrations
from agentkit.reasoning import Reasoner, Situation

_QUESTION: Final = "question"
_DATA: Final = "data"
_STEPS: Final = "steps"


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all orchestrators of a platform share."""

    planner: Planner
    memory: ContextMemory
    registrations: Registrations
    connections: Connections
    reasoner: Reasoner
    limits: PlatformLimits


@dataclass(frozen=True, slots=True, repr=False)
class _Turn:
    """One message on its way.

    Attributes:
        text: What is to be answered; for a task that waited for a credential that is the question from before.
        data: The data parts that came with it.
        earlier: Steps of the task's earlier turns.
    """

    message: Message
    context: RunContext
    recollection: Recollection
    plan: ExpertPlan
    registration: Registration
    text: str
    data: tuple[Json, ...]
    earlier: tuple[Json, ...]

    @property
    def scope(self) -> Scope:
        """Whose memory and credentials the turn uses."""
        return Scope(self.context.caller.tenant, self.context.caller.owner, self.context.context_id)


class Orchestrator:
    """One agent for one message; implements `agentkit.compose.Agent`.

    Attributes:
        mcp_names: Which servers it uses is known when its experts are registered: it sees all credentials.
    """

    mcp_names: Final = None

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

    @property
    def name(self) -> str:
        """The agent's name."""
        return self._record.info.name

    @property
    def description(self) -> str:
        """The agent's description."""
        return self._record.info.description

    @property
    def skills(self) -> tuple[AgentSkill, ...]:
        """One for each expert."""
        return tuple(
            AgentSkill(
                id=expert.id or expert.name or "",
                name=expert.name or expert.id or "",
                description=expert.description if isinstance(expert, ExpertInfo) else f"Uses {expert.name}.",
                tags=("expert",),
            )
            for expert in self._record.info.experts
        )

    async def run(self, message: Message, context: RunContext) -> AsyncGenerator[Event, None]:
        """Do one turn: register, deliberate, report."""
        turn, situation = await self._begin(message, context)
        wanted = _wanted(turn)
        if wanted:
            yield await self._auth_required(turn, wanted)
            return
        shop = self._workshop
        try:
            async with shop.connections.turn(turn.scope, turn.registration, context.caller) as connect:
                team = self._team(turn, connect)
                deliberation = Deliberation(shop.reasoner, team, limit=shop.limits.delegations)
                async with aclosing(deliberation.run(situation)) as events:
                    async for event in events:
                        for report in await self._report(turn, event):
                            yield report
        except McpAuthRequired as error:
            yield await self._auth_required(turn, _refused(turn, error))

    async def cancel(self, context: RunContext) -> None:
        """Nothing is left to stop: cancelling the run cancels its tool calls."""

    def _team(self, turn: _Turn, connect: Connect) -> Team:
        builder = TeamBuilder(
            reasoner=self._workshop.reasoner,
            limits=self._workshop.limits,
            registration=turn.registration,
            connect=connect,
            memory=self._workshop.memory,
            scope=turn.scope,
            task_id=turn.context.task_id,
        )
        return builder.build(turn.plan)

    async def _begin(self, message: Message, context: RunContext) -> tuple[_Turn, Situation]:
        shop, limits = self._workshop, self._workshop.limits
        scope = Scope(context.caller.tenant, context.caller.owner, context.context_id)
        recollection = Recollection(shop.memory, scope, history=limits.history, observations=limits.observations)
        history = await recollection.history()
        await recollection.heard(message, context.task_id)
        plan = await shop.planner.plan(Ownership.of(context.caller), self._record)
        registration = shop.registrations.open(scope, context.credentials, first=self._first, resumed=context.resumed)
        text, data, earlier = _task(message, context.continuation or {})
        turn = _Turn(message, context, recollection, plan, registration, text, data, earlier)
        observations = await recollection.observations(text)
        return turn, Situation(
            text=text, data=data, instructions=plan.prompt, history=history, observations=observations
        )

    async def _report(self, turn: _Turn, event: Delegated | Verdict) -> Sequence[Event]:
        context = turn.context
        if isinstance(event, Delegated):
            return [status_update(context, TaskState.WORKING, _says(turn, f"Asking {event.expert}."))]
        produced = artifacts(event.contributions, context.task_id, turn.message.message_id)
        asks = event.state is TaskState.INPUT_REQUIRED
        conclusion = Conclusion(event.text, event.expert, event.contributions, produced, asks)
        await turn.recollection.concluded(conclusion, context.task_id)
        report = metadata(event.contributions, event.absences, earlier=turn.earlier)
        if asks:
            report[CONTINUATION_KEY] = {_STEPS: steps(event.contributions, turn.earlier)}
        updates = [
            ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)
            for artifact in produced
        ]
        return [*updates, status_update(context, event.state, _says(turn, event.text), report)]

    async def _auth_required(self, turn: _Turn, wanted: Sequence[tuple[ServerPlan, McpAuthRequired]]) -> Event:
        text = auth_text(wanted)
        await turn.recollection.concluded(Conclusion(text), turn.context.task_id)
        report = auth_metadata(wanted, earlier=turn.earlier)
        report[CONTINUATION_KEY] = {_QUESTION: turn.text, _DATA: list(turn.data), _STEPS: list(turn.earlier)}
        return status_update(turn.context, TaskState.AUTH_REQUIRED, _says(turn, text), report)


def _says(turn: _Turn, text: str) -> Message:
    return Message.agent(text, context_id=turn.context.context_id, task_id=turn.context.task_id)


def _task(message: Message, left: JsonObject) -> tuple[str, tuple[Json, ...], tuple[Json, ...]]:
    """Text, data parts and earlier steps: a question that waited for a credential is asked again."""
    question, data, earlier = left.get(_QUESTION), left.get(_DATA), left.get(_STEPS)
    texts = [text for text in (question, message.text) if isinstance(text, str) and text]
    waiting = data if isinstance(data, list) else []
    return "\n".join(texts), (*waiting, *message.data), tuple(earlier) if isinstance(earlier, list) else ()


def _wanted(turn: _Turn) -> list[tuple[ServerPlan, McpAuthRequired]]:
    """The servers for which nothing that fits was given (MCPAUTH-06)."""
    wanted: list[tuple[ServerPlan, McpAuthRequired]] = []
    for server in turn.plan.all_servers():
        try:
            turn.registration.authorize(server, turn.context.caller)
        except McpAuthRequired as error:
            wanted.append((server, error))
    return wanted


def _refused(turn: _Turn, error: McpAuthRequired) -> list[tuple[ServerPlan, McpAuthRequired]]:
    turn.registration.refused(error.server)
    return [(server, error) for server in turn.plan.all_servers() if server.name == error.server]
