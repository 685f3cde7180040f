"""An agent as an expert of another agent (V1-AGENT-06)."""

from __future__ import annotations

from dataclasses import replace

from agentkit.errors import AgentKitError, McpAuthRequired
from agentkit.experts import Step, WorkerResult, WorkerState
from agentkit.models import Json, TaskState
from agentkit.platform.orchestration.deliberation import Deliberation, Team, Verdict
from agentkit.platform.orchestration.members import introduce
from agentkit.platform.orchestration.plan import ExpertPlan
from agentkit.reasoning import Candidate, Observation, Reasoner, Situation, Tool

_STATES = {TaskState.COMPLETED: WorkerState.COMPLETED, TaskState.INPUT_REQUIRED: WorkerState.INPUT_REQUIRED}


class AgentMember:
    """Delegates to its own experts and hands back what they found."""

    def __init__(self, plan: ExpertPlan, team: Team, reasoner: Reasoner, *, limit: int) -> None:
        """Take the agent's plan and its own team."""
        self._plan = plan
        self._members = team.members
        self._deliberation = Deliberation(reasoner, team, limit=limit)

    @property
    def name(self) -> str:
        """The agent's name."""
        return self._plan.name

    async def introduce(self) -> Candidate:
        """The agent with the tools of all its experts.

        Raises:
            McpAuthRequired: One of its servers refused the credential.
            McpError: None of its experts can be asked.
        """
        present, absent = await introduce(self._members)
        for _, error in absent:
            if isinstance(error, McpAuthRequired) or not present:
                raise error
        tools: tuple[Tool, ...] = tuple(tool for candidate in present for tool in candidate.tools)
        return Candidate(self.name, self._plan.description, tools)

    async def work(self, situation: Situation) -> WorkerResult:
        """Let its own experts do it."""
        verdict: Verdict | None = None
        async for event in self._deliberation.run(replace(situation, instructions=self._plan.prompt)):
            if isinstance(event, Verdict):
                verdict = event
        if verdict is None:
            error = AgentKitError(f"The agent {self.name} ended without a result.")
            return WorkerResult(str(error), state=WorkerState.FAILED, error=error)
        return _result(verdict)


def _result(verdict: Verdict) -> WorkerResult:
    data: list[Json] = []
    steps: list[Step] = []
    observations: list[Observation] = []
    for contribution in verdict.contributions:
        data.extend(contribution.result.data)
        steps.extend(contribution.result.steps)
        observations.extend(contribution.result.observations)
    state = _STATES.get(verdict.state, WorkerState.FAILED)
    return WorkerResult(
        verdict.text,
        data=tuple(data),
        state=state,
        steps=tuple(steps),
        observations=tuple(observations),
        error=AgentKitError(verdict.text) if state is WorkerState.FAILED else None,
    )
