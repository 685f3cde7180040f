"""A reasoner that does what a script says: for tests and replays, where the decisions are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agentkit.errors import EngineError
from agentkit.reasoning.protocol import Act, Situation

ScriptEntry = Act | Callable[[Situation], Act]
"""An act, or a function that makes one of what the reasoner was shown."""


class ScriptedReasoner:
    """Answers with the given acts, in order, and keeps what it was shown.

    Attributes:
        situations: Every situation it was asked about, in order; the last one also where the script had ended.
    """

    def __init__(self, script: Iterable[ScriptEntry]) -> None:
        """Take the script; a function in it gets the situation, to assert on or to build the act from."""
        self._script = list(script)
        self._next = 0
        self.situations: list[Situation] = []

    @property
    def left(self) -> int:
        """How many acts have not been asked for yet."""
        return len(self._script) - self._next

    async def decide(self, situation: Situation) -> Act:
        """Give the next act of the script.

        Args:
            situation: Kept in `situations`.

        Returns:
            The next act.

        Raises:
            EngineError: The script has ended.
        """
        self.situations.append(situation)
        if self._next >= len(self._script):
            raise EngineError(
                f"The script has {len(self._script)} acts and was asked for one more.",
                remedy="Give ScriptedReasoner an act for every decision of the run.",
            )
        entry = self._script[self._next]
        self._next += 1
        return entry(situation) if callable(entry) else entry
