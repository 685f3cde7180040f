"""How an orchestrator comes to an answer: it decides, experts work, it decides again, a bounded number of times."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from agentkit.errors import UnknownOutcome
from agentkit.models import JsonObject, TaskState
from agentkit.platform.orchestration import verdicts
from agentkit.platform.orchestration.contribution import Contribution, Notebook
from agentkit.platform.orchestration.happenings import Absence, Delegated, Happening, Progress, Verdict
from agentkit.platform.orchestration.members import Assignment, Member, Shift, introduce
from agentkit.platform.orchestration.outputs import Outputs
from agentkit.platform.orchestration.portion import portion
from agentkit.platform.orchestration.together import together
from agentkit.reasoning import (
    Act,
    Answer,
    Ask,
    CallTool,
    Decline,
    Delegate,
    Observation,
    Situation,
)


@dataclass(frozen=True, slots=True)
class Team:
    """Who works on one message.

    Attributes:
        members: To whom can be delegated.
        absences: Whose place is empty, and why.
        outputs: What the agent can give out itself.
    """

    members: tuple[Member, ...]
    absences: tuple[Absence, ...]
    outputs: Outputs


@dataclass(frozen=True, slots=True, repr=False)
class _AtWork:
    """A piece of work that is not done yet."""

    expert: str
    place: str
    notebook: Notebook

    def stopped(self) -> Contribution | None:
        """What is kept of it when it is stopped; None where nothing was found."""
        if not self.notebook.steps:
            return None
        return Contribution(self.expert, self.notebook.result("It was stopped before it was done."), self.place)


class Deliberation:
    """One message before a team.

    Attributes:
        done: What the experts did so far, in the order they were asked; also of those that were stopped at work.
    """

    def __init__(
        self, team: Team, shift: Shift, *, name: str, place: str = "", notebook: Notebook | None = None
    ) -> None:
        """Have a team work.

        Args:
            team: Who.
            shift: What everybody shares.
            name: Of the agent that decides.
            place: Which piece of the turn this is, for a nested agent.
            notebook: Takes what is found on the way, for a nested agent.
        """
        self._team = team
        self._members = {member.plan.name: member for member in team.members}
        self._shift = shift
        self._place = place
        self._notebook = notebook
        self._reasoner = shift.deciding(name, shift.journal.within(place) if place else shift.journal)
        self._absences = team.absences
        self._numbers = 0
        self._done: list[Contribution] = []
        self._round: dict[str, Contribution | _AtWork] = {}

    @property
    def done(self) -> tuple[Contribution, ...]:
        """What was found so far, also by those who are still at work."""
        running = (one if isinstance(one, Contribution) else one.stopped() for one in self._round.values())
        return (*self._done, *(one for one in running if one is not None))

    async def run(self, situation: Situation, waiting: dict[str, JsonObject]) -> AsyncGenerator[Happening]:
        """Come to a verdict.

        Args:
            situation: What is known; experts and outputs are filled in here.
            waiting: Agents elsewhere that wait for this message as an answer: it goes to them before anything is
                decided. Who was given it is taken out.

        Yields:
            What happens, a `Contribution` for each finished piece of work, at the end one `Verdict`.

        Raises:
            TurnLimitExceeded: The turn may not go on.
        """
        present, absent = await introduce(self._team.members)
        self._absences = (*self._absences, *(Absence(name, str(error)) for name, error in absent))
        refused = verdicts.refused(absent, self._absences)
        if refused is not None:
            yield refused
            return
        situation = replace(situation, experts=present, tools=self._team.outputs.tools())
        act = self._answering(situation, waiting) or await self._reasoner.decide(situation)
        while not isinstance(act, Answer | Ask | Decline):
            verdict: Verdict | None = None
            if isinstance(act, CallTool):
                given = await self._give_out(act)
                if isinstance(given, Verdict):
                    yield given
                    return
                situation = replace(situation, observations=(*situation.observations, given))
            else:
                pieces = (act,) if isinstance(act, Delegate) else act.delegations
                before = len(self._done)
                async with aclosing(self._delegate(pieces, situation, waiting)) as happenings:
                    async for happening in happenings:
                        yield happening
                        verdict = happening if isinstance(happening, Verdict) else None
                if verdict is not None:
                    return
                fresh = self._done[before:]
                situation = _with(situation, fresh)
                verdict = self._after(fresh)
                if verdict is not None:
                    yield verdict
                    return
            act = await self._reasoner.decide(situation)
        yield verdicts.decided(act, situation.delegations, tuple(self._done), self._absences)

    def _answering(self, situation: Situation, waiting: dict[str, JsonObject]) -> Act | None:
        """Who asked gets the answer; where several did, the reasoner tells for whom it is."""
        if not waiting:
            return None
        asking = [
            name
            for name, member in self._members.items()
            if any(remote.id in waiting for remote in member.plan.every_remote())
        ]
        return Delegate(asking[0], situation.text, "it has asked") if len(asking) == 1 else None

    async def _give_out(self, act: CallTool) -> Verdict | Observation:
        outputs = self._team.outputs
        if not outputs.has(act.tool):
            return verdicts.stopped(verdicts.TOOL_CALLED, tuple(self._done), self._absences)
        output = await outputs.check(act)
        if isinstance(output, Observation):
            return output
        return verdicts.given_out(output, outputs.state(output), tuple(self._done))

    async def _delegate(
        self, pieces: Sequence[Delegate], situation: Situation, waiting: dict[str, JsonObject]
    ) -> AsyncGenerator[Happening]:
        """Have one expert, or several at once, work; their contributions stand in the order of the pieces."""
        if not pieces or any(piece.expert not in self._members for piece in pieces):
            yield verdicts.stopped(verdicts.UNKNOWN_EXPERT, tuple(self._done), self._absences)
            return
        self._shift.budget.delegate(len(pieces))
        works: list[AsyncGenerator[Progress | Contribution]] = []
        for piece in pieces:
            assignment = self._assignment(piece, situation, waiting)
            works.append(self._members[piece.expert].work(assignment))
            yield Delegated(piece.expert)
        async with aclosing(works[0] if len(works) == 1 else together(works)) as happenings:
            async for happening in happenings:
                if isinstance(happening, Contribution):
                    self._round[happening.place] = happening
                yield happening
        self._done.extend(one for one in self._round.values() if isinstance(one, Contribution))
        self._round.clear()

    def _assignment(self, piece: Delegate, situation: Situation, waiting: dict[str, JsonObject]) -> Assignment:
        self._numbers += 1
        place = f"{self._place}.{self._numbers}" if self._place else str(self._numbers)
        shown = portion(situation, piece.expert, piece.text)
        assignment = Assignment(shown, place, waiting, Notebook(self._notebook))
        self._round[place] = _AtWork(piece.expert, place, assignment.notebook)
        return assignment

    def _after(self, fresh: Sequence[Contribution]) -> Verdict | None:
        done = tuple(self._done)
        unknown = next((one for one in fresh if isinstance(one.result.error, UnknownOutcome)), None)
        if unknown is not None:
            text = f"The expert {unknown.expert} could not do its part: {unknown.result.text}"
            return Verdict(TaskState.FAILED, text, done, self._absences, code=UnknownOutcome.code)
        return verdicts.interrupted(fresh, done, self._absences)


def _with(situation: Situation, fresh: Sequence[Contribution]) -> Situation:
    """The situation after a round of work."""
    return replace(
        situation,
        observations=(*situation.observations, *(found for one in fresh for found in one.observations)),
        delegations=(*situation.delegations, *(one.delegation() for one in fresh)),
    )
