"""How an orchestrator comes to an answer: it decides, an expert works, it decides again, a bounded number of times."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

from agentkit.errors import McpAuthRequired
from agentkit.experts import WorkerResult, WorkerState
from agentkit.models import TaskState
from agentkit.platform.orchestration.members import Member, introduce
from agentkit.reasoning import (
    Act,
    Answer,
    Ask,
    CallTool,
    Decline,
    Delegate,
    DelegateTogether,
    Delegation,
    Reasoner,
    Situation,
)


@dataclass(frozen=True, slots=True, repr=False)
class Contribution:
    """What one expert did for the message."""

    expert: str
    result: WorkerResult


@dataclass(frozen=True, slots=True)
class Absence:
    """An expert that could not be asked, and why."""

    expert: str
    reason: str


@dataclass(frozen=True, slots=True)
class Team:
    """Who works on one message.

    Attributes:
        members: To whom can be delegated.
        absences: Whose place is empty, and why.
    """

    members: tuple[Member, ...]
    absences: tuple[Absence, ...]


@dataclass(frozen=True, slots=True)
class Delegated:
    """An expert is at work now."""

    expert: str


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """How the turn ends.

    Attributes:
        state: `completed`, `input-required` or `failed`.
        text: The answer, the question, or what went wrong.
        contributions: What the experts did, in order.
        absences: Who could not be asked.
        expert: Who is behind the text, where it was one expert alone.
    """

    state: TaskState
    text: str
    contributions: tuple[Contribution, ...] = ()
    absences: tuple[Absence, ...] = ()
    expert: str | None = None


class Deliberation:
    """One message before a team."""

    def __init__(self, reasoner: Reasoner, team: Team, *, limit: int) -> None:
        """Let the reasoner delegate to the team at most `limit` times."""
        self._reasoner = reasoner
        self._members = {member.name: member for member in team.members}
        self._absences = team.absences
        self._limit = limit

    async def run(self, situation: Situation) -> AsyncGenerator[Delegated | Verdict, None]:
        """Come to a verdict.

        Args:
            situation: What is known; the experts are filled in here.

        Yields:
            `Delegated` whenever an expert sets to work, at the end one `Verdict`.

        Raises:
            McpAuthRequired: A server refused the credential.
        """
        present, absent = await introduce(tuple(self._members.values()))
        for _, error in absent:
            if isinstance(error, McpAuthRequired):
                raise error
        missing = (*self._absences, *(Absence(name, str(error)) for name, error in absent))
        situation = replace(situation, experts=present, delegations=())
        done: list[Contribution] = []
        act = await self._reasoner.decide(situation)
        while isinstance(act, Delegate | DelegateTogether):
            pieces = act.delegations if isinstance(act, DelegateTogether) else (act,)
            for piece in pieces:
                member = self._members.get(piece.expert)
                if member is None or len(done) >= self._limit:
                    yield _stopped(done, missing, self._limit, unknown=member is None)
                    return
                yield Delegated(piece.expert)
                result = await member.work(replace(situation, text=piece.text, experts=(), delegations=()))
                done.append(Contribution(piece.expert, result))
                situation = replace(
                    situation,
                    observations=(*situation.observations, *result.observations),
                    delegations=(*situation.delegations, _delegation(piece.expert, result)),
                )
            act = await self._reasoner.decide(situation)
        yield _verdict(act, tuple(done), missing)


def _delegation(expert: str, result: WorkerResult) -> Delegation:
    return Delegation(
        expert=expert,
        text=result.text,
        data=result.data,
        asks=result.state is WorkerState.INPUT_REQUIRED,
        failed=result.state is WorkerState.FAILED,
        declined=result.declined,
    )


def _verdict(act: Act, done: tuple[Contribution, ...], absences: tuple[Absence, ...]) -> Verdict:
    match act:
        case Ask(text):
            return Verdict(TaskState.INPUT_REQUIRED, text, done, absences, _sole(done))
        case Answer(text) | Decline(text):
            return _concluded(text, isinstance(act, Decline), done, absences)
        case CallTool() | Delegate() | DelegateTogether():
            text = "The orchestrator decided to call a tool; only an expert can do that."
            return Verdict(TaskState.FAILED, text, done, absences)


def _concluded(text: str, declined: bool, done: tuple[Contribution, ...], absences: tuple[Absence, ...]) -> Verdict:
    """An answer counts only as far as the experts behind it could work; who could not is named (ORCH-01)."""
    failures = [one for one in done if one.result.state is WorkerState.FAILED]
    answered = len(failures) < len(done) or (not done and not declined)
    notes = [f"The expert {one.expert} could not do its part: {one.result.text}" for one in failures]
    notes += [f"The expert {one.expert} could not be asked: {one.reason}" for one in absences]
    if notes and not answered:
        return Verdict(TaskState.FAILED, "\n".join(notes), done, absences)
    return Verdict(TaskState.COMPLETED, "\n\n".join([text, *notes]), done, absences, _sole(done))


def _sole(done: tuple[Contribution, ...]) -> str | None:
    names = {one.expert for one in done}
    return names.pop() if len(names) == 1 else None


def _stopped(done: Sequence[Contribution], absences: Sequence[Absence], limit: int, *, unknown: bool) -> Verdict:
    text = f"The orchestrator did not come to an answer within {limit} delegations. Ask a narrower question."
    if unknown:
        text = "The orchestrator chose an expert that it does not have."
    return Verdict(TaskState.FAILED, text, tuple(done), tuple(absences))
