"""What nearly every agent has: a name, and words that say what it is for."""

from __future__ import annotations


class Named:
    """Name and description of an agent, as its author gave them; set both when the agent is made."""

    _name: str
    _description: str

    @property
    def name(self) -> str:
        """The agent's name, unique among its siblings."""
        return self._name

    @property
    def description(self) -> str:
        """What the agent is for."""
        return self._description
