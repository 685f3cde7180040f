"""What agents of a chain have found, kept for when a later one fails."""

from __future__ import annotations

from collections.abc import Iterator

from agentkit.compose.agent import RunContext
from agentkit.compose.combinator import kept_answer
from agentkit.compose.record import dump_parts, load_parts
from agentkit.models import ArtifactUpdate, Json, JsonObject, Part


class Answers:
    """The last answer of each agent that is done, in the order in which they first came to an end."""

    __slots__ = ("_parts",)

    def __init__(self, kept: Json = None) -> None:
        """Start from what was kept while a task waited."""
        done = kept if isinstance(kept, dict) else {}
        self._parts: dict[str, tuple[Part, ...]] = {name: load_parts(parts) for name, parts in done.items()}

    def add(self, name: str, parts: tuple[Part, ...]) -> None:
        """An agent is done."""
        self._parts[name] = parts

    def artifacts(self, context: RunContext) -> Iterator[ArtifactUpdate]:
        """The answers as artifacts, for a task that fails because of another agent.

        Args:
            context: Of the combination.
        """
        for name, parts in self._parts.items():
            if parts:
                yield kept_answer(parts, context.child(name))

    def json(self) -> JsonObject:
        """As it is kept while the task waits."""
        return {name: dump_parts(parts) for name, parts in self._parts.items()}
