"""One message on its way through an agent: what happens to it becomes events of its task."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final

from agentkit.compose import CONTINUATION_KEY, RunContext, status_update
from agentkit.errors import McpAuthRequired, TurnLimitExceeded
from agentkit.memory import Scope
from agentkit.models import (
    Artifact,
    ArtifactUpdate,
    Event,
    Json,
    JsonObject,
    Message,
    Part,
    Role,
    StatusUpdate,
    TaskState,
    TokenUsage,
)
from agentkit.models.base import assembled
from agentkit.models.identity import new_id
from agentkit.platform.orchestration import reporting
from agentkit.platform.orchestration.budget import TurnBudget
from agentkit.platform.orchestration.contribution import Contribution, Waiting
from agentkit.platform.orchestration.deliberation import Deliberation
from agentkit.platform.orchestration.happenings import Delegated, Happening, Made, Said, Verdict
from agentkit.platform.orchestration.interview_turn import InterviewTurn
from agentkit.platform.orchestration.journal import Journal
from agentkit.platform.orchestration.members import Shift
from agentkit.platform.orchestration.plan import MemberPlan, ServerPlan
from agentkit.platform.orchestration.planner import INTERVIEWER
from agentkit.platform.orchestration.recollection import Conclusion, Recollection
from agentkit.platform.orchestration.resuming import Resumed
from agentkit.platform.orchestration.team import TeamBuilder
from agentkit.platform.orchestration.workshop import Workshop
from agentkit.reasoning import Counting, Situation
from agentkit.tasks import TIMESTAMP_KEY
from agentkit.wire.reader import write_time
from agentkit.wire.usage import USAGE_KEY, encode_usage

_STOPPED: Final = "The work was stopped before it was done."


class TurnAtWork:
    """The work on one message."""

    def __init__(
        self,
        shop: Workshop,
        plan: MemberPlan,
        message: Message,
        context: RunContext,
        used: Counting,
        *,
        first: bool,
    ) -> None:
        """Prepare a turn.

        Args:
            shop: What all orchestrators share.
            plan: Of the agent.
            message: As the user sent it, without credentials.
            context: Of the run.
            used: What models use in the turn.
            first: The message opens a context.
        """
        self._shop = shop
        self._plan = plan
        self._message = message
        self._context = context
        self._used = used
        self._first = first
        self._scope = Scope(context.caller.tenant, context.caller.owner, context.context_id)
        self._resumed = Resumed.read(message, context.continuation)
        self._registration = shop.registrations.open(
            self._scope, context.credentials, plan.every_server(), first=first, resumed=context.resumed
        )
        limits = shop.limits
        self._recollection = Recollection(
            shop.memory, self._scope, history=limits.history, observations=limits.observations
        )
        self.budget = TurnBudget(limits)
        self._shift = Shift(message, context, shop.reasoner, limits, self.budget, Journal(context))
        self._waiting = dict(self._resumed.waiting)
        self._deliberation: Deliberation | None = None
        self._made: dict[str, list[Artifact]] = {}
        self._kept = False

    async def events(self) -> AsyncGenerator[Event]:
        """Do the work; the last event ends the turn.

        Raises:
            TurnLimitExceeded: The turn may not go on; `limited` ends it.
        """
        interview = await self._shop.interviews.turn(self._plan, self._message, self._context)
        if interview is not None:
            for event in await self._interviewed(interview):
                yield event
            return
        wanted = self._wanted()
        if wanted:
            yield await self._auth_required(wanted, Verdict(TaskState.AUTH_REQUIRED, ""))
            return
        shop = self._shop
        situation = await self._situation()
        async with shop.connections.turn(self._scope, self._registration, self._context.caller) as connect:
            builder = TeamBuilder(self._shift, self._registration, connect, shop.remotes, shop.memory, self._scope)
            self._deliberation = Deliberation(builder.build(self._plan), self._shift, name=self._plan.name)
            async with aclosing(self._deliberation.run(situation, self._waiting)) as happenings:
                async for happening in happenings:
                    if isinstance(happening, Verdict):
                        for event in await self._conclude(happening):
                            yield event
                        return
                    for event in self._told(happening):
                        yield event

    async def limited(self, error: TurnLimitExceeded) -> Event:
        """The end of a turn that reached a limit; what was found until then is kept."""
        report = self._report(self._done, error={"code": error.code, "limit": error.limit, "allowed": error.allowed})
        await self._keep(Conclusion(self._message, str(error), None, self._done, self._artifacts()))
        return self._status(TaskState.FAILED, str(error), report)

    async def stopped(self) -> None:
        """The work was stopped from outside: what was found until then is remembered, unless all of it is."""
        if not self._kept:  # whoever has read the last event of a turn stops it, too
            await self._keep(Conclusion(self._message, _STOPPED, None, self._done, self._artifacts()))

    @property
    def _done(self) -> tuple[Contribution, ...]:
        return () if self._deliberation is None else self._deliberation.done

    async def _situation(self) -> Situation:
        about = self._resumed
        recalled = await self._recollection.recall(
            about.text, fresh=self._first, tasks=self._message.reference_task_ids
        )
        return Situation(
            about.text,
            about.data,
            self._plan.prompt,
            recalled.history,
            recalled.observations,
            delegations=about.done,
            recalled=recalled.passages,
        )

    def _told(self, happening: Happening) -> Iterator[Event]:
        """What a reader is shown while the work goes on."""
        match happening:
            case Delegated(expert):
                yield self._status(TaskState.WORKING, f"Asking {expert}.")
            case Said(expert, text):
                yield self._status(TaskState.WORKING, text, {reporting.METADATA_KEY: {"expert": expert}})
            case Made(_, update):
                yield update
            case Contribution():
                task_id, message_id = self._context.task_id, self._message.message_id
                artifact = reporting.artifact_of(happening, task_id, message_id)
                made = list(happening.artifacts) if artifact is None else [artifact]
                self._made[happening.place] = made
                if artifact is not None:
                    yield self._update(artifact)
            case Verdict():
                pass

    async def _interviewed(self, turn: InterviewTurn) -> list[Event]:
        """The events of a turn of an interview, which needs neither a reasoner nor a credential."""
        self._made["interview"] = [*turn.artifacts]
        await self._keep(Conclusion(self._message, turn.text, INTERVIEWER, (), turn.artifacts, turn.asks))
        report = self._report((), error=turn.error)
        return [*map(self._update, turn.artifacts), self._status(turn.state, turn.text, report)]

    async def _conclude(self, verdict: Verdict) -> list[Event]:
        if verdict.state is TaskState.AUTH_REQUIRED:
            for error in verdict.wanted:
                self._registration.refused(error.server)
            servers = {server.name: server for server in self._plan.all_servers()}
            pairs = [(servers[error.server], error) for error in verdict.wanted if error.server in servers]
            return [await self._auth_required(pairs, verdict)]
        self.budget.produce(len(verdict.text.encode()))
        asks, updates = verdict.state is TaskState.INPUT_REQUIRED, list[Event]()
        if verdict.output is not None:
            artifact = reporting.artifact_of_output(verdict.output, self._context.task_id, self._message.message_id)
            self._made["output"] = [artifact]
            updates.append(self._update(artifact))
        code: Json = None if verdict.code is None else {"code": verdict.code}
        report = self._report(verdict.contributions, unavailable=reporting.unavailable(verdict.absences), error=code)
        if asks:
            steps = reporting.steps(verdict.contributions, self._resumed.steps)
            report[CONTINUATION_KEY] = self._resumed.left(steps, self._still_waiting(verdict), self._usage())
        await self._keep(
            Conclusion(self._message, verdict.text, verdict.expert, verdict.contributions, self._artifacts(), asks)
        )
        return [*updates, self._status(verdict.state, verdict.text, report)]

    def _wanted(self) -> list[tuple[ServerPlan, McpAuthRequired]]:
        """The servers for which nothing that fits was given (MCPAUTH-06)."""
        wanted: list[tuple[ServerPlan, McpAuthRequired]] = []
        for server in self._plan.all_servers():
            try:
                self._registration.authorize(server, self._context.caller)
            except McpAuthRequired as error:
                wanted.append((server, error))
        return wanted

    async def _auth_required(self, wanted: list[tuple[ServerPlan, McpAuthRequired]], verdict: Verdict) -> Event:
        done = verdict.contributions
        text = "\n".join(text for text in (reporting.auth_text(wanted), verdict.text) if text)
        agents: list[Json] = [{"agent": name} for name in verdict.agents]
        report = self._report(done, authRequired=[*reporting.auth_required(wanted), *agents])
        steps = reporting.steps(done, self._resumed.steps)
        waiting = self._still_waiting(verdict)
        report[CONTINUATION_KEY] = self._resumed.left_for_credential(done, steps, waiting, self._usage())
        await self._keep(Conclusion(self._message, text, None, done, self._artifacts()))
        return self._status(TaskState.AUTH_REQUIRED, text, report)

    def _still_waiting(self, verdict: Verdict) -> Waiting:
        """The agents elsewhere that have asked now, and those that have asked before and got no answer yet."""
        return {**self._waiting, **verdict.waiting}

    def _report(self, done: tuple[Contribution, ...], **more: Json) -> JsonObject:
        """What the task's metadata tell of the turn (V2-OBJ-14)."""
        made: dict[str, list[Json]] = {
            place: [artifact.artifact_id for artifact in artifacts] for place, artifacts in self._made.items()
        }
        told: JsonObject = {"steps": reporting.steps(done, self._resumed.steps)}
        if done:
            told["contributions"] = reporting.contributors(done, made)
        told.update({key: value for key, value in more.items() if value})
        used = self._usage()
        usage: JsonObject = {} if used is None else {USAGE_KEY: encode_usage(used)}
        return {reporting.METADATA_KEY: told, **usage}

    def _usage(self) -> TokenUsage | None:
        """What models used for the task so far; None where none was at work."""
        before = self._resumed.used
        if not self._used.times:
            return before
        return self._used.total if before is None else before + self._used.total

    def _artifacts(self) -> tuple[Artifact, ...]:
        return tuple(artifact for made in self._made.values() for artifact in made)

    async def _keep(self, conclusion: Conclusion) -> None:
        self._kept = True
        await self._recollection.keep(conclusion, self._context.task_id)

    def _update(self, artifact: Artifact) -> ArtifactUpdate:
        context = self._context
        return ArtifactUpdate(task_id=context.task_id, context_id=context.context_id, artifact=artifact)

    def _status(self, state: TaskState, text: str, metadata: JsonObject | None = None) -> StatusUpdate:
        context = self._context
        if not text:
            return status_update(context, state, None, metadata)
        # Made of our own values, so nothing is validated: every message costs one of these.
        said: dict[str, object] = {
            "role": Role.AGENT,
            "parts": (assembled(Part, {"text": text}, {}),),
            "message_id": new_id(),
            "context_id": context.context_id,
            "task_id": context.task_id,
            "metadata": {TIMESTAMP_KEY: write_time(self._shop.clock())},
        }
        return status_update(context, state, assembled(Message, said, {}), metadata)
