"""An agent as an expert of another agent (V1-AGENT-06, V2-OBJ-06)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from agentkit.errors import AgentKitError, McpAuthRequired, RemoteAuthRequired, TurnLimitExceeded, UnknownOutcome
from agentkit.experts import Step, WorkerResult, WorkerState
from agentkit.models import Json, TaskState
from agentkit.platform.orchestration.contribution import Contribution, failure, worker_state
from agentkit.platform.orchestration.deliberation import Deliberation, Team
from agentkit.platform.orchestration.happenings import Progress, Verdict
from agentkit.platform.orchestration.members import Assignment, Shift, introduce
from agentkit.platform.orchestration.plan import MemberPlan
from agentkit.reasoning import Candidate, Observation, Tool
from agentkit.tracing import long_span


class AgentMember:
    """Delegates to its own experts and hands back what they found."""

    def __init__(self, plan: MemberPlan, team: Team, shift: Shift) -> None:
        """Take the agent's plan and its own team."""
        self.plan = plan
        self._team = team
        self._shift = shift

    async def introduce(self) -> Candidate:
        """The agent with the tools of all its experts.

        Raises:
            McpAuthRequired: One of its servers refused the credential.
            RemoteAuthRequired: An agent elsewhere that it asks refused it.
            AgentKitError: None of its experts can be asked.
        """
        present, absent = await introduce(self._team.members)
        for _, error in absent:
            if isinstance(error, McpAuthRequired | RemoteAuthRequired) or not present:
                raise error
        tools: tuple[Tool, ...] = tuple(tool for candidate in present for tool in candidate.tools)
        return Candidate(self.plan.name, self.plan.description, tools)

    async def work(self, assignment: Assignment) -> AsyncGenerator[Progress | Contribution]:
        """Let its own experts do it; it sees of the context what any expert does."""
        name, place = self.plan.name, assignment.place
        deliberation = Deliberation(self._team, self._shift, name=name, place=place, notebook=assignment.notebook)
        situation = replace(assignment.situation, instructions=self.plan.prompt)
        try:
            with long_span("expert.work", {"agentkit.expert.name": name}) as hop:
                async with aclosing(deliberation.run(situation, assignment.waiting)) as happenings:
                    while True:
                        with hop.current():
                            happening = await anext(happenings)
                        if isinstance(happening, Verdict):
                            yield _contribution(name, place, happening)
                            return
                        if not isinstance(happening, Contribution):
                            yield happening
        except TurnLimitExceeded:
            raise
        except AgentKitError as error:
            yield Contribution(name, assignment.notebook.result(str(error), error=error), place)


def _contribution(name: str, place: str, verdict: Verdict) -> Contribution:
    data: list[Json] = [] if verdict.output is None else [verdict.output.data]
    steps: list[Step] = []
    observations: list[Observation] = []
    for one in verdict.contributions:
        data.extend(one.result.data)
        steps.extend(one.result.steps)
        observations.extend(replace(found, expert=name) for found in one.result.observations)
    state = worker_state(verdict.state)
    failed = state is WorkerState.FAILED
    result = WorkerResult(
        verdict.text,
        data=tuple(data),
        state=state,
        steps=tuple(steps),
        observations=tuple(observations),
        error=failure(verdict.text, place, unknown=verdict.code == UnknownOutcome.code) if failed else None,
    )
    return Contribution(
        name,
        result,
        place,
        tuple(artifact for one in verdict.contributions for artifact in one.artifacts),
        verdict.wanted,
        verdict.waiting,
        lacks_credential=verdict.state is TaskState.AUTH_REQUIRED,
    )
