"""What a `Parallel` knows while some of its agents wait for answers; kept as its continuation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentkit.compose.agent import RunContext
from agentkit.compose.combinator import result_parts
from agentkit.compose.outcome import Outcome
from agentkit.compose.record import dump_outcome, dump_parts, load_outcome, load_parts
from agentkit.errors import EngineError
from agentkit.models import Json, JsonObject, Part, TaskState


@dataclass(frozen=True, slots=True)
class Result:
    """What an agent found, or why it failed."""

    state: TaskState
    parts: tuple[Part, ...]


class Pending:
    """Results of the agents that are done, and questions of those that are not, in the order they are asked."""

    def __init__(self, names: Sequence[str], results: dict[str, Result], questions: dict[str, Outcome]) -> None:
        """Start from what was kept."""
        self.results = results
        self._questions = questions
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
        done, asked = _objects(left.get("done")), _objects(left.get("asked"))
        if {*done, *asked} != set(names) or not asked:
            raise EngineError(
                "The agents that work in parallel were changed while this task waited.",
                remedy="Start a new task in the same context.",
            )
        results = {name: Result(TaskState(str(one["state"])), load_parts(one["parts"])) for name, one in done.items()}
        return cls(names, results, {name: load_outcome(one) for name, one in asked.items()})

    @property
    def first(self) -> str | None:
        """Whose question is asked next."""
        return next(iter(self._questions), None)

    def inner(self, name: str) -> JsonObject | None:
        """The continuation of an agent."""
        return self._questions[name].continuation if name in self._questions else None

    def question(self, name: str) -> Outcome:
        """What an agent asks."""
        return self._questions[name]

    def answered(self) -> None:
        """The first question has its answer."""
        name = self.first
        if name is not None:
            del self._questions[name]
            # One that asks again is heard before those that still wait.
            self._order[name] = -1

    def ask(self, name: str, outcome: Outcome) -> None:
        """An agent asks; questions are put in the order of the agents."""
        self._questions[name] = outcome
        self._questions = dict(sorted(self._questions.items(), key=lambda one: self._order[one[0]]))

    def finish(self, name: str, outcome: Outcome) -> None:
        """An agent is done."""
        self.results[name] = Result(outcome.state, result_parts(outcome))

    def write(self) -> JsonObject:
        """All of it as JSON."""
        done: JsonObject = {
            name: {"state": result.state.value, "parts": dump_parts(result.parts)}
            for name, result in self.results.items()
        }
        # What an agent produced so far the task has already.
        asked: JsonObject = {
            name: dump_outcome(replace(outcome, artifacts=())) for name, outcome in self._questions.items()
        }
        return {"done": done, "asked": asked}


def _objects(value: Json) -> dict[str, JsonObject]:
    found = value if isinstance(value, dict) else {}
    return {name: one for name, one in found.items() if isinstance(one, dict)}
