"""What a `Parallel` knows while some of its agents wait; kept as its continuation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agentkit.compose.agent import RunContext
from agentkit.compose.combinator import result_parts
from agentkit.compose.outcome import Outcome
from agentkit.compose.record import dump_outcome, dump_parts, load_outcome, load_parts
from agentkit.errors import EngineError
from agentkit.models import Json, JsonObject, Message, Part, Role, TaskState


@dataclass(frozen=True, slots=True)
class Result:
    """What an agent found, or why it failed."""

    state: TaskState
    parts: tuple[Part, ...]

    @property
    def outcome(self) -> Outcome:
        """The same as an outcome; a message that says nothing is none."""
        return Outcome(self.state, Message(role=Role.AGENT, parts=self.parts) if self.parts else None)


class Pending:
    """Results of the agents that are done, and pauses of those that are not: questions, and timers.

    Questions come before timers, each kind in the order in which it is due.
    """

    def __init__(self, names: Sequence[str], results: dict[str, Result], paused: dict[str, Outcome]) -> None:
        """Start from what was kept."""
        self.results = results
        self._paused = paused
        self._order = {name: index for index, name in enumerate(names)}

    @classmethod
    def read(cls, context: RunContext, names: Sequence[str]) -> Pending:
        """What was kept of the interrupted turn; nothing on a first turn.

        Raises:
            EngineError: The agents are not the same any more.
        """
        left = context.continuation
        if left is None:
            return cls(names, {}, {})
        done, paused = _objects(left.get("done")), _objects(left.get("asked"))
        if {*done, *paused} != set(names) or not paused:
            raise EngineError(
                "The agents that work in parallel were changed while this task waited.",
                remedy="Start a new task in the same context.",
            )
        return cls(names, read_results(left.get("done")), {name: load_outcome(one) for name, one in paused.items()})

    @property
    def completed(self) -> int:
        """How many agents did what they were asked."""
        return sum(result.state is TaskState.COMPLETED for result in self.results.values())

    @property
    def failed(self) -> int:
        """How many did not."""
        return len(self.results) - self.completed

    @property
    def first(self) -> str | None:
        """Whose pause is shown: the next question, or without one the next timer."""
        return min(self._paused, key=self._rank, default=None)

    @property
    def paused(self) -> tuple[str, ...]:
        """Who waits."""
        return tuple(self._paused)

    def due(self, now: datetime) -> tuple[str, ...]:
        """Who goes on: whoever was asked for, and those whose moment has come."""
        return tuple(
            name
            for name, one in self._paused.items()
            if name == self.first or (one.wake is not None and one.wake <= now)
        )

    def inner(self, name: str) -> JsonObject | None:
        """The continuation of an agent."""
        return self._paused[name].continuation if name in self._paused else None

    def pause_of(self, name: str) -> Outcome:
        """What an agent asks, or until when it waits."""
        return self._paused[name]

    def resume(self, names: Sequence[str]) -> None:
        """These go on. One that asks again is heard before those that still wait."""
        for name in names:
            if not self._paused.pop(name).wake:
                self._order[name] = -1

    def pause(self, name: str, outcome: Outcome) -> None:
        """An agent asks, or waits for a moment."""
        self._paused[name] = outcome

    def finish(self, name: str, outcome: Outcome) -> None:
        """An agent is done."""
        self.results[name] = Result(outcome.state, result_parts(outcome))

    def write(self) -> JsonObject:
        """All of it as JSON."""
        # What an agent produced so far the task has already.
        paused: JsonObject = {
            name: dump_outcome(replace(outcome, artifacts=())) for name, outcome in self._paused.items()
        }
        return {"done": write_results(self.results), "asked": paused}

    def _rank(self, name: str) -> tuple[float, int]:
        wake = self._paused[name].wake
        return (float("-inf") if wake is None else wake.timestamp(), self._order[name])


def write_results(results: dict[str, Result]) -> JsonObject:
    """Results as JSON."""
    return {name: {"state": result.state.value, "parts": dump_parts(result.parts)} for name, result in results.items()}


def read_results(kept: Json) -> dict[str, Result]:
    """What `write_results` wrote."""
    return {
        name: Result(TaskState(str(one["state"])), load_parts(one["parts"])) for name, one in _objects(kept).items()
    }


def _objects(value: Json) -> dict[str, JsonObject]:
    found = value if isinstance(value, dict) else {}
    return {name: one for name, one in found.items() if isinstance(one, dict)}
