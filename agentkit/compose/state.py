"""What agents keep of a conversation between its turns."""

from __future__ import annotations

from typing import Protocol

from agentkit.models import Json


class ConversationState(Protocol):
    """What agents keep of a conversation between its turns, for example which context a remote agent gave it.

    It belongs to one caller, one served agent and one context, outlives the process where the task service does, and
    goes with the context. Keys begin with the path of the agent (`RunContext.path`), so that no two agents share one.
    """

    async def read(self, key: str) -> Json:
        """What was kept under a key; None for nothing."""
        ...

    async def write(self, key: str, value: Json) -> None:
        """Keep a small value, never a credential; None forgets the key."""
        ...


class ShortState:
    """A `ConversationState` that ends with the run; for agents that are run without a task service."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._kept: dict[str, Json] = {}

    async def read(self, key: str) -> Json:
        """What was kept under a key; None for nothing."""
        return self._kept.get(key)

    async def write(self, key: str, value: Json) -> None:
        """Keep a value; None forgets the key."""
        self._kept[key] = value
