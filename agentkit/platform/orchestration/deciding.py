"""A reasoner as one turn uses it: its decisions are counted, told as spans, and where need be recorded."""

from __future__ import annotations

from agentkit.platform.orchestration.budget import TurnBudget
from agentkit.platform.orchestration.journal import Journal
from agentkit.reasoning import Act, Reasoner, Situation
from agentkit.tracing import span


class Deciding:
    """A `Reasoner` for one worker of one turn."""

    __slots__ = ("_attributes", "_budget", "_journal", "_reasoner")

    def __init__(self, reasoner: Reasoner, budget: TurnBudget, journal: Journal, worker: str) -> None:
        """Decide for a worker of this name."""
        self._reasoner = reasoner
        self._budget = budget
        self._journal = journal
        self._attributes = {"agentkit.expert.name": worker}

    async def decide(self, situation: Situation) -> Act:
        """Decide what to do next.

        Raises:
            TurnLimitExceeded: There were too many decisions.
        """
        self._budget.decide()
        with span("platform.decide", self._attributes):
            return await self._journal.decided(lambda: self._reasoner.decide(situation))
