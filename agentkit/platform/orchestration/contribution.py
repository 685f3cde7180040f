"""What somebody did of the work on one message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from agentkit.errors import AgentKitError, McpAuthRequired, UnknownOutcome
from agentkit.experts import Step, WorkerResult, WorkerState
from agentkit.models import Artifact, Json, JsonObject, TaskState
from agentkit.reasoning import Delegation, Observation

Waiting = Mapping[str, JsonObject]
"""What agents elsewhere want back when they are answered, by the id of their connector."""

NOBODY_WAITS: Final[Waiting] = MappingProxyType({})

_STATES: Final = {TaskState.COMPLETED: WorkerState.COMPLETED, TaskState.INPUT_REQUIRED: WorkerState.INPUT_REQUIRED}


@dataclass(frozen=True, slots=True, repr=False)
class Contribution:
    """What one member did with one piece of work.

    Attributes:
        expert: Who did it.
        result: What came of it.
        place: Which piece of the turn it is: its number, and for those of a nested agent the path of numbers.
        artifacts: What was made elsewhere and has been shown as it is; of results that are data one is made here.
        wanted: The servers that refused the credential, or got none.
        waiting: The agents elsewhere that wait for an answer.
        lacks_credential: An agent elsewhere waits for a credential, not for words.
    """

    expert: str
    result: WorkerResult
    place: str = "1"
    artifacts: tuple[Artifact, ...] = ()
    wanted: tuple[McpAuthRequired, ...] = ()
    waiting: Waiting = field(default_factory=lambda: NOBODY_WAITS)
    lacks_credential: bool = False

    @property
    def completed(self) -> bool:
        """It is done, and there is something to show."""
        return self.result.state is WorkerState.COMPLETED and not self.result.declined

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What its tools brought, under its name."""
        return tuple(
            one if one.expert is not None else replace(one, expert=self.expert) for one in self.result.observations
        )

    def delegation(self) -> Delegation:
        """In the reasoner's words."""
        return Delegation(
            expert=self.expert,
            text=self.result.text,
            data=self.result.data,
            asks=self.result.state is WorkerState.INPUT_REQUIRED,
            failed=self.result.state is WorkerState.FAILED,
            declined=self.result.declined,
        )


class Notebook:
    """What a member at work has found so far, for when it is stopped before it is done."""

    __slots__ = ("_above", "observations", "steps")

    def __init__(self, above: Notebook | None = None) -> None:
        """Begin with nothing; `above` takes what is found here, too, for the nested agent that the member works for."""
        self._above = above
        self.steps: list[Step] = []
        self.observations: list[Observation] = []

    def note(self, step: Step) -> None:
        """Keep what a call brought."""
        self.steps.append(step)
        if step.observation is not None:
            self.observations.append(step.observation)
        if self._above is not None:
            self._above.note(step)

    def result(self, text: str, **ending: object) -> WorkerResult:
        """A result that failed, with what was found until then."""
        made = WorkerResult(
            text, state=WorkerState.FAILED, steps=tuple(self.steps), observations=tuple(self.observations)
        )
        return replace(made, **ending)


def worker_state(state: TaskState) -> WorkerState:
    """How a piece of work ended that was a turn of an agent."""
    return _STATES.get(state, WorkerState.FAILED)


def failure(text: str, place: str, *, unknown: bool) -> AgentKitError:
    """Why a piece of work failed that was a turn of an agent.

    Args:
        text: What it said.
        place: Which piece it was.
        unknown: Nobody knows whether it was done, so it must not be done again.
    """
    return UnknownOutcome(text, step=place) if unknown else AgentKitError(text)


def dump_delegation(delegation: Delegation) -> JsonObject:
    """A finished piece of work as JSON, for the turn that goes on when a credential has come."""
    return {
        "expert": delegation.expert,
        "text": delegation.text,
        "data": list(delegation.data),
        "declined": delegation.declined,
    }


def load_delegations(record: Json) -> tuple[Delegation, ...]:
    """The finished pieces of work of an earlier turn of the task."""
    found: list[Delegation] = []
    for one in record if isinstance(record, list) else []:
        match one:
            case {"expert": str(expert), "text": str(text), "data": list(data), "declined": bool(declined)}:
                found.append(Delegation(expert, text, tuple(data), declined=declined))
            case _:
                pass
    return tuple(found)
