"""Whoever can be given work, and an expert among them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from agentkit.compose import RunContext
from agentkit.errors import AgentKitError, McpAuthRequired, TurnLimitExceeded
from agentkit.experts import Step, Toolbox, Worker, WorkerResult
from agentkit.models import JsonObject, Message
from agentkit.platform.faults.slowness import held_up
from agentkit.platform.orchestration.budget import TurnBudget
from agentkit.platform.orchestration.contribution import Contribution, Notebook
from agentkit.platform.orchestration.deciding import Deciding
from agentkit.platform.orchestration.happenings import Progress
from agentkit.platform.orchestration.journal import Journal
from agentkit.platform.orchestration.plan import MemberPlan
from agentkit.platform.settings import PlatformLimits
from agentkit.platform.tools.measured import MeasuredToolbox
from agentkit.reasoning import Candidate, Reasoner, Situation


@dataclass(frozen=True, slots=True)
class Shift:
    """What everybody shares who works on one message.

    Attributes:
        message: As the user sent it, without credentials.
        context: Of the agent's run.
    """

    message: Message
    context: RunContext
    reasoner: Reasoner
    limits: PlatformLimits
    budget: TurnBudget
    journal: Journal

    def deciding(self, worker: str, journal: Journal) -> Deciding:
        """The reasoner for one worker."""
        return Deciding(self.reasoner, self.budget, journal, worker)


@dataclass(frozen=True, slots=True, repr=False)
class Assignment:
    """One piece of work.

    Attributes:
        situation: What whoever does it is shown (ORCH-02).
        place: Which piece of the turn it is, for example `2`, or `2.1` inside a nested agent.
        waiting: The agents elsewhere that wait for an answer of the user; whoever passes it on to one takes that out.
        notebook: Takes what is found on the way.
    """

    situation: Situation
    place: str = "1"
    waiting: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    notebook: Notebook = field(default_factory=Notebook)


class Member(Protocol):
    """Somebody to whom an orchestrator can delegate."""

    @property
    def plan(self) -> MemberPlan:
        """Who it is; the name is unique in the team."""
        ...

    async def introduce(self) -> Candidate:
        """What the member is good for and which tools it has.

        Raises:
            AgentKitError: It cannot be asked; `McpAuthRequired` where a server wants another credential, or any.
        """
        ...

    def work(self, assignment: Assignment) -> AsyncGenerator[Progress | Contribution]:
        """Do a piece of work; yields what happens on the way, and at the end one `Contribution`.

        What goes wrong is a contribution, too.

        Raises:
            TurnLimitExceeded: The turn may not go on.
        """
        ...


class ExpertMember:
    """A custom or registry expert: a prompt and tools (EXP-01)."""

    def __init__(self, plan: MemberPlan, shift: Shift, toolboxes: Mapping[str, Toolbox]) -> None:
        """Work with the tools of several servers, by the servers' names."""
        self.plan = plan
        self._shift = shift
        self._toolboxes = toolboxes

    async def introduce(self) -> Candidate:
        """The expert with its tools."""
        if not self._toolboxes:
            return Candidate(self.plan.name, self.plan.description)
        worker = Worker(self.plan.name, self._shift.reasoner, self._toolboxes)
        return Candidate(self.plan.name, self.plan.description, await worker.tools())

    async def work(self, assignment: Assignment) -> AsyncGenerator[Progress | Contribution]:
        """Run a worker to its end."""
        name, place, notebook = self.plan.name, assignment.place, assignment.notebook
        await held_up()
        try:
            async with aclosing(self._worker(place).run(assignment.situation)) as events:
                async for event in events:
                    if isinstance(event, Step):
                        notebook.note(event)
                    elif isinstance(event, WorkerResult):
                        yield Contribution(name, event, place)
        except McpAuthRequired as error:
            yield Contribution(name, notebook.result(str(error), error=error), place, wanted=(error,))
        except TurnLimitExceeded:
            raise
        except AgentKitError as error:
            yield Contribution(name, notebook.result(str(error), error=error), place)

    def _worker(self, place: str) -> Worker:
        shift = self._shift
        journal = shift.journal.within(place)
        return Worker(
            self.plan.name,
            shift.deciding(self.plan.name, journal),
            {
                name: MeasuredToolbox(box, shift.budget, journal, shift.limits.tool_result_bytes)
                for name, box in self._toolboxes.items()
            },
            self.plan.prompt,
            shift.limits.expert_calls,
        )


async def introduce(
    members: Sequence[Member],
) -> tuple[tuple[Candidate, ...], tuple[tuple[str, AgentKitError], ...]]:
    """Ask all members at once who they are.

    Returns:
        Those who answered, and the names of those who could not with the reason.
    """

    async def ask(member: Member) -> Candidate | AgentKitError:
        try:
            return await member.introduce()
        except AgentKitError as error:
            return error

    if len(members) < 2:  # nobody to wait for meanwhile
        answers = [(member.plan.name, await ask(member)) for member in members]
    else:
        async with asyncio.TaskGroup() as group:
            asked = [(member.plan.name, group.create_task(ask(member))) for member in members]
        answers = [(name, task.result()) for name, task in asked]
    present = tuple(answer for _, answer in answers if isinstance(answer, Candidate))
    absent = tuple((name, answer) for name, answer in answers if isinstance(answer, AgentKitError))
    return present, absent
