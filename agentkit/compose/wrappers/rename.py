"""The same agent under another name."""

from __future__ import annotations

from agentkit.compose.agent import Agent
from agentkit.compose.wrappers.wrapper import Wrapper
from agentkit.errors import SpecError


class Rename(Wrapper):
    """Gives an agent another name, or another description: for example to use it twice in one combination."""

    def __init__(self, agent: Agent, name: str | None = None, *, description: str | None = None) -> None:
        """Wrap an agent.

        Args:
            agent: Whom to rename.
            name: The new name; None keeps the old one.
            description: The new description; None keeps the old one.

        Raises:
            SpecError: The name says nothing.
        """
        super().__init__(agent)
        if name is not None and not name.strip():
            raise SpecError("Rename.name", "must not be empty")
        self._name = name
        self._description = description

    @property
    def name(self) -> str:
        """The new name."""
        return self.agent.name if self._name is None else self._name

    @property
    def description(self) -> str:
        """What the agent is for, in the new words where there are any."""
        return self.agent.description if self._description is None else self._description
