"""From a plan to the members who do the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentkit.experts import Toolbox
from agentkit.memory import ContextMemory, Scope
from agentkit.platform.orchestration.deliberation import Team
from agentkit.platform.orchestration.happenings import Absence
from agentkit.platform.orchestration.members import ExpertMember, Member, Shift
from agentkit.platform.orchestration.nested import AgentMember
from agentkit.platform.orchestration.outputs import Outputs
from agentkit.platform.orchestration.plan import MemberPlan
from agentkit.platform.orchestration.remote import RemoteMember
from agentkit.platform.tools.connections import Connect
from agentkit.platform.tools.registration import Registration
from agentkit.platform.tools.remotes import Remotes
from agentkit.platform.tools.toolboxes import MemoryToolbox, RegisteredToolbox


@dataclass(frozen=True, slots=True)
class TeamBuilder:
    """Makes members for one turn of one context."""

    shift: Shift
    registration: Registration
    connect: Connect
    remotes: Remotes
    memory: ContextMemory
    scope: Scope

    def build(self, plan: MemberPlan) -> Team:
        """The team of an agent; who leads interviews is not asked for pieces of work."""
        return Team(
            members=tuple(
                self._member(member) for member in plan.members if member.gone is None and not member.interviews
            ),
            absences=tuple(Absence(member.name, member.gone) for member in plan.members if member.gone is not None),
            outputs=Outputs(plan.outputs),
        )

    def _member(self, plan: MemberPlan) -> Member:
        if plan.url is not None:
            return RemoteMember(plan, self.shift, self.remotes)
        if plan.is_agent:
            return AgentMember(plan, self.build(plan), self.shift)
        return ExpertMember(plan, self.shift, self._toolboxes(plan))

    def _toolboxes(self, plan: MemberPlan) -> Mapping[str, Toolbox]:
        boxes: dict[str, Toolbox] = {
            server.name: RegisteredToolbox(server, self.registration, self.connect) for server in plan.servers
        }
        if plan.recalls:
            boxes["memory"] = MemoryToolbox(self.memory, self.scope, self.shift.context.task_id)
        return boxes
