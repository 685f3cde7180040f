"""How a `Parallel` makes one answer of several, and when it has enough of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentkit.compose.agent import RunContext
from agentkit.compose.continuation import AGENT_KEY
from agentkit.compose.outcome import Outcome
from agentkit.compose.pending import Result
from agentkit.compose.signature import Answer
from agentkit.errors import SpecError
from agentkit.models import Message, Part, Role, TaskState

Join: TypeAlias = 'Literal["all", "first"] | int'
"""Whose answers are waited for: all agents', the first one's that completes, or those of so many."""

OnFailure: TypeAlias = 'Literal["fail", "keep"] | int'
"""What a failure does: it ends all, or it is kept as long as one, or so many, complete."""

Reduce: TypeAlias = Callable[[Mapping[str, Outcome]], "Answer | Awaitable[Answer]"]
"""Makes one answer of the outcomes by agent, in the order of the agents; those that failed are among them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """When a `Parallel` has enough, and when it cannot have enough any more.

    Attributes:
        enough: So many that completed end it, and the others are stopped; None waits for all.
        needed: So many must complete.
        total: So many agents there are.
    """

    enough: int | None
    needed: int
    total: int

    @classmethod
    def of(cls, join: Join, on_failure: OnFailure | None, total: int) -> Terms:
        """Read what an author wrote.

        Raises:
            SpecError: It does not fit the number of agents, or both together make no sense.
        """
        enough = {"all": None, "first": 1}.get(join, 0) if isinstance(join, str) else _count("join", join, total)
        if enough == 0:
            raise SpecError("Parallel.join", "must be all, first or a number of agents")
        if enough is not None:
            if on_failure is not None:
                raise SpecError("Parallel.on_failure", "is for join='all'; here so many must complete as join says")
            return cls(enough, enough, total)
        if isinstance(on_failure, str) or on_failure is None:
            words = {None: total, "fail": total, "keep": 1}
            if on_failure not in words:
                raise SpecError("Parallel.on_failure", "must be fail, keep or a number of agents")
            return cls(None, words[on_failure], total)
        return cls(None, _count("on_failure", on_failure, total), total)

    def are_met(self, completed: int) -> bool:
        """Enough have completed, and nobody else is waited for."""
        return self.enough is not None and completed >= self.enough

    def are_lost(self, failed: int) -> bool:
        """Too many have failed for enough to complete."""
        return self.total - failed < self.needed


def joined(results: Mapping[str, Result], context: RunContext) -> Message:
    """One message of several answers: a text part per agent that starts with its name, and behind them the data."""
    texts: list[Part] = []
    data: list[Part] = []
    for name, result in results.items():
        said = "\n".join(part.text for part in result.parts if part.text is not None)
        text = said if result.state is TaskState.COMPLETED else f"failed: {said or result.state.value}"
        mark = {AGENT_KEY: "/".join((*context.path, name))}
        texts.append(Part(text=f"{name}: {text}" if text else f"{name}: done", metadata=dict(mark)))
        data += [
            part.model_copy(update={"metadata": {**(part.metadata or {}), **mark}})
            for part in result.parts
            if part.kind != "text"
        ]
    return Message(role=Role.AGENT, parts=(*texts, *data), context_id=context.context_id, task_id=context.task_id)


def _count(field: str, given: int, total: int) -> int:
    if isinstance(given, bool) or not 1 <= given <= total:
        raise SpecError(f"Parallel.{field}", f"must be a number from 1 to {total}, that of the agents")
    return given
