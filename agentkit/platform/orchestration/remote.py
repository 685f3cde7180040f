"""An agent that is reached over A2A, as an expert (V2-OBJ-07)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final, Protocol, cast
from uuid import UUID, uuid5

from agentkit.compose import AGENT_KEY, Agent, Outcome, RunContext, Turn
from agentkit.errors import McpUnreachable, RemoteAuthRequired, UnknownOutcome
from agentkit.experts import WorkerResult, WorkerState
from agentkit.models import Artifact, ArtifactUpdate, Json, JsonObject, Message, Part, Role, TaskState
from agentkit.platform.orchestration.contribution import Contribution, failure, worker_state
from agentkit.platform.orchestration.happenings import Made, Progress, Said
from agentkit.platform.orchestration.members import Assignment, Shift
from agentkit.platform.orchestration.plan import MemberPlan
from agentkit.platform.tools.remotes import Remotes
from agentkit.reasoning import Candidate, Situation

_IDS: Final = UUID("0b0f3c9b-7f07-4d0e-8c7a-1f9f9b6b2d11")


class _HasCard(Protocol):
    async def card(self, bearer: str | None = None) -> object: ...


class RemoteMember:
    """Sends the work to an agent elsewhere; its progress, its artifacts and its questions come up.

    Each conversation of a caller has one context there, kept over turns. A task there that waits for an answer gets it;
    a turn that is cancelled cancels it.
    """

    def __init__(self, plan: MemberPlan, shift: Shift, remotes: Remotes) -> None:
        """Ask the agent of a plan with an address."""
        self.plan = plan
        self._shift = shift
        self._remotes = remotes

    async def introduce(self) -> Candidate:
        """The agent, as its card describes it.

        Raises:
            AgentKitError: It cannot be reached.
        """
        agent = self._agent()
        card = getattr(agent, "card", None)
        if callable(card):
            await cast(_HasCard, agent).card(self._context("card").caller.bearer)
        skills = (f"{skill.name}: {skill.description}" for skill in agent.skills if skill.description)
        return Candidate(self.plan.name, "\n".join((agent.description, *skills)))

    async def work(self, assignment: Assignment) -> AsyncGenerator[Progress | Contribution]:
        """One turn there."""
        name, place, shift = self.plan.name, assignment.place, self._shift
        context = self._context(place, assignment.waiting.pop(self.plan.id, None))
        turn = Turn(self._agent(), self._message(assignment.situation, place), context)
        async with aclosing(turn.events()) as updates:
            async for update in updates:
                if isinstance(update, ArtifactUpdate):
                    shift.budget.produce(sum(map(_size, update.artifact.parts)))
                    yield Made(name, self._ours(update))
                elif update.status.message is not None and update.status.message.text:
                    yield Said(name, update.status.message.text)
        outcome = turn.outcome
        shift.budget.produce(len(outcome.text.encode()))
        yield self._contribution(outcome, place)

    async def cancel(self, left: JsonObject | None) -> None:
        """Cancel what was set going there: a task that waits, or those of a durable run."""
        await self._agent().cancel(self._context("cancel", left))

    def _agent(self) -> Agent:
        agent = self._remotes.agent(self.plan, inherit=self._bearer() is not None)
        if agent is None:
            raise McpUnreachable(
                self.plan.name,
                "this platform reaches no agents over A2A.",
                remedy="Give PlatformSettings.remote_agents, for example agentkit.a2a.remote_agent.",
            )
        return agent

    def _context(self, place: str, left: JsonObject | None = None) -> RunContext:
        """Of the agent elsewhere: what is kept of it goes by its connector, whatever the agents here are called."""
        context = self._shift.context
        child = context.child(self.plan.name, resumed=left is not None, continuation=left)
        return replace(
            child, path=("a2a", self.plan.id), rounds=(place,), caller=replace(context.caller, bearer=self._bearer())
        )

    def _bearer(self) -> str | None:
        return self._shift.context.caller.bearer if self._remotes.may_inherit(self.plan) else None

    def _message(self, situation: Situation, place: str) -> Message:
        # The id tells a repetition there from a second piece of work of the same turn.
        identifier = str(uuid5(_IDS, f"{self._shift.message.message_id}\n{place}"))
        texts = (Part(text=situation.text),) if situation.text else ()
        return Message(
            role=Role.USER, parts=(*texts, *(Part(data=item) for item in situation.data)), message_id=identifier
        )

    def _contribution(self, outcome: Outcome, place: str) -> Contribution:
        error = (outcome.metadata or {}).get("error")
        refused, unknown = error == RemoteAuthRequired.__name__, error == UnknownOutcome.__name__
        lacks_credential = refused or outcome.state is TaskState.AUTH_REQUIRED
        artifacts = tuple(self._named(artifact) for artifact in outcome.artifacts)
        data: list[Json] = [part.data for artifact in artifacts for part in artifact.parts if part.kind == "data"]
        if outcome.message is not None:
            data.extend(outcome.message.data)
        state = worker_state(outcome.state)
        text = outcome.text or "\n".join(artifact.text for artifact in artifacts if artifact.text)
        failed = state is WorkerState.FAILED and not lacks_credential
        result = WorkerResult(
            text,
            data=tuple(data),
            state=WorkerState.INPUT_REQUIRED if lacks_credential else state,
            error=failure(text, place, unknown=unknown) if failed else None,
        )
        left = outcome.continuation
        waiting = {self.plan.id: left if left is not None else {}} if left is not None or refused else {}
        return Contribution(
            self.plan.name, result, place, artifacts, waiting=waiting, lacks_credential=lacks_credential
        )

    def _ours(self, update: ArtifactUpdate) -> ArtifactUpdate:
        return update.model_copy(update={"artifact": self._named(update.artifact), "metadata": None})

    def _named(self, artifact: Artifact) -> Artifact:
        """Under an id that no other agent's artifact has, and the name of who made it."""
        identifier = str(uuid5(_IDS, f"{self._shift.context.task_id}\n{self.plan.id}\n{artifact.artifact_id}"))
        metadata: JsonObject = {**(artifact.metadata or {}), "agentkit": {"expert": self.plan.name}}
        metadata.pop(AGENT_KEY, None)
        return artifact.model_copy(update={"artifact_id": identifier, "metadata": metadata})


def _size(part: Part) -> int:
    return len(part.model_dump_json(exclude_unset=True))
