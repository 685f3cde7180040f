"""From a plan to the members who do the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentkit.experts import Toolbox, Worker
from agentkit.memory import ContextMemory, Scope
from agentkit.platform.orchestration.deliberation import Absence, Team
from agentkit.platform.orchestration.members import ExpertMember, Member
from agentkit.platform.orchestration.nested import AgentMember
from agentkit.platform.orchestration.plan import ExpertPlan
from agentkit.platform.settings import PlatformLimits
from agentkit.platform.tools.connections import Connect
from agentkit.platform.tools.registration import Registration
from agentkit.platform.tools.toolboxes import MemoryToolbox, RegisteredToolbox
from agentkit.reasoning import Reasoner


@dataclass(frozen=True, slots=True)
class TeamBuilder:
    """Makes members for one turn of one context."""

    reasoner: Reasoner
    limits: PlatformLimits
    registration: Registration
    connect: Connect
    memory: ContextMemory
    scope: Scope
    task_id: str

    def build(self, plan: ExpertPlan) -> Team:
        """The members for the experts of a plan."""
        present = [expert for expert in plan.experts if not expert.gone]
        gone = [expert for expert in plan.experts if expert.gone]
        return Team(
            members=tuple(self._member(expert) for expert in present),
            absences=tuple(Absence(expert.name, "it is not on offer any more.") for expert in gone),
        )

    def _member(self, plan: ExpertPlan) -> Member:
        if plan.experts:
            return AgentMember(plan, self.build(plan), self.reasoner, limit=self.limits.delegations)
        worker = Worker(plan.name, self.reasoner, self._toolboxes(plan), plan.prompt, self.limits.tool_calls)
        return ExpertMember(plan.description, worker)

    def _toolboxes(self, plan: ExpertPlan) -> Mapping[str, Toolbox]:
        boxes: dict[str, Toolbox] = {
            server.name: RegisteredToolbox(server, self.registration, self.connect) for server in plan.servers
        }
        if plan.recalls:
            boxes["memory"] = MemoryToolbox(self.memory, self.scope, self.task_id)
        return boxes
