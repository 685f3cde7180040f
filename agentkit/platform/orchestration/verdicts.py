"""From the last decision, or from what stops the work, to how the turn ends."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.errors import AgentKitError, McpAuthRequired, RemoteAuthRequired
from agentkit.models import TaskState
from agentkit.platform.orchestration.citing import cited
from agentkit.platform.orchestration.contribution import Contribution
from agentkit.platform.orchestration.happenings import Absence, Output, Verdict
from agentkit.platform.orchestration.outputs import told
from agentkit.reasoning import Answer, Ask, Decline, Delegation

TOOL_CALLED = "The orchestrator decided to call a tool; only an expert can do that."
UNKNOWN_EXPERT = "The orchestrator chose an expert that it does not have."


def decided(
    act: Answer | Ask | Decline,
    delegations: tuple[Delegation, ...],
    done: tuple[Contribution, ...],
    absences: tuple[Absence, ...],
) -> Verdict:
    """The reasoner has come to an end.

    An answer counts only as far as the experts behind it could work; who could not is named, and who did is cited
    (ORCH-01).

    Args:
        act: Its last decision.
        delegations: Everything that was found for the message, also before a credential was missing.
        done: What was found in this turn.
        absences: Who could not be asked.
    """
    if isinstance(act, Ask):
        return Verdict(TaskState.INPUT_REQUIRED, act.text, done, absences, _sole(done))
    failures = [one for one in done if one.result.error is not None]
    answered = len(failures) < len(done) or (not done and not isinstance(act, Decline))
    notes = _notes(done, absences)
    if notes and not answered:
        return Verdict(TaskState.FAILED, "\n".join(notes), done, absences)
    return Verdict(
        TaskState.COMPLETED, "\n\n".join([cited(act.text, delegations), *notes]), done, absences, _sole(done)
    )


def given_out(output: Output, state: TaskState, done: tuple[Contribution, ...]) -> Verdict:
    """The agent gave out what its author wants (V2-OBJ-08)."""
    return Verdict(state, told(output, state), done, output=output)


def refused(absent: Sequence[tuple[str, AgentKitError]], absences: tuple[Absence, ...]) -> Verdict | None:
    """Servers, or agents elsewhere, want credentials before anybody can work; None where none does."""
    wanted = tuple(error for _, error in absent if isinstance(error, McpAuthRequired))
    agents = [(name, error) for name, error in absent if isinstance(error, RemoteAuthRequired)]
    if not wanted and not agents:
        return None
    text = "\n".join(str(error) for _, error in agents)
    names = tuple(name for name, _ in agents)
    return Verdict(TaskState.AUTH_REQUIRED, text, (), absences, wanted=wanted, agents=names)


def stopped(text: str, done: tuple[Contribution, ...], absences: tuple[Absence, ...]) -> Verdict:
    """The work cannot go on."""
    return Verdict(TaskState.FAILED, text, done, absences)


def interrupted(
    fresh: Sequence[Contribution], done: tuple[Contribution, ...], absences: tuple[Absence, ...]
) -> Verdict | None:
    """What a round of work makes of the turn: somebody must answer first, or nobody knows what was done.

    None where the reasoner goes on.
    """
    lacking = [one for one in fresh if one.wanted or one.lacks_credential]
    asking = [one for one in fresh if one.waiting and not one.lacks_credential]
    waiting = {key: left for one in fresh for key, left in one.waiting.items()}
    wanted = tuple(error for one in fresh for error in one.wanted)
    if lacking:
        elsewhere = [one for one in lacking if not one.wanted]
        text = "\n".join(one.result.text for one in elsewhere)
        names = tuple(one.expert for one in elsewhere)
        return Verdict(TaskState.AUTH_REQUIRED, text, done, absences, wanted=wanted, waiting=waiting, agents=names)
    if asking:
        # The question is the last thing said, where the user will answer.
        said = [one.result.text for one in fresh if one.completed and one.result.text]
        text = "\n\n".join([*said, *(one.result.text for one in asking)])
        return Verdict(TaskState.INPUT_REQUIRED, text, done, absences, _sole(tuple(asking)), waiting=waiting)
    return None


def _notes(done: Sequence[Contribution], absences: Sequence[Absence]) -> list[str]:
    failures = [one for one in done if one.result.error is not None]
    notes = [f"The expert {one.expert} could not do its part: {one.result.text}" for one in failures]
    return [*notes, *(f"The expert {one.expert} could not be asked: {one.reason}" for one in absences)]


def _sole(done: tuple[Contribution, ...]) -> str | None:
    names = {one.expert for one in done}
    return names.pop() if len(names) == 1 else None
