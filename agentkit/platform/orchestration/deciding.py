"""A reasoner as one turn uses it: its decisions are counted, told as spans, and where need be recorded."""

from __future__ import annotations

from agentkit.models import TokenUsage
from agentkit.platform.orchestration.budget import TurnBudget
from agentkit.platform.orchestration.journal import Journal
from agentkit.reasoning import Act, CallTool, DelegateTogether, Reasoner, Situation, counting, spent
from agentkit.tracing import Span, span


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
        with span("platform.decide", self._attributes) as hop:
            with counting() as used:
                act = await self._journal.decided(lambda: self._reasoner.decide(situation))
            hop.set("agentkit.decision", type(act).__name__.lower())
            if hop.wants_content:
                hop.content(asked=situation.text, answered=_text(act))
            if used.times:
                spent(used.total)
                _tell(hop, used.total)
        return act


def _tell(hop: Span, used: TokenUsage) -> None:
    hop.set("gen_ai.request.model", used.model)
    hop.set("gen_ai.usage.input_tokens", used.input_tokens)
    hop.set("gen_ai.usage.output_tokens", used.output_tokens)


def _text(act: Act) -> str:
    match act:
        case DelegateTogether(pieces):
            return "\n".join(f"{piece.expert}: {piece.text}" for piece in pieces)
        case CallTool(tool):
            return tool
        case _:
            return act.text
