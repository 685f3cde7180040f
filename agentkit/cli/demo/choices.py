"""Why each expert and each tool was chosen, in the words of the reasoner that chose."""

from __future__ import annotations

from agentkit.reasoning import Act, CallTool, Delegate, DelegateTogether, Reasoner, RuleReasoner, Situation


class Choices:
    """A reasoner that decides as another does, and remembers the choices of the present turn."""

    def __init__(self, reasoner: Reasoner | None = None) -> None:
        """Decide as `reasoner` does, by default by the rules."""
        self._reasoner = reasoner or RuleReasoner()
        self._made: list[Act] = []

    async def decide(self, situation: Situation) -> Act:
        """What the other one decides."""
        act = await self._reasoner.decide(situation)
        self._made.append(act)
        return act

    def begin(self) -> None:
        """Forget the choices of the turn before."""
        self._made.clear()

    def expert(self, name: str) -> str:
        """Why an expert was given work in this turn; empty where nobody chose it."""
        given = (one for act in self._made for one in _delegations(act))
        return next((one.reason for one in given if one.expert == name), "")

    def tool(self, name: str) -> str:
        """Why a tool was called in this turn."""
        return next((act.reason for act in self._made if isinstance(act, CallTool) and act.tool == name), "")


def _delegations(act: Act) -> tuple[Delegate, ...]:
    match act:
        case Delegate():
            return (act,)
        case DelegateTogether(delegations):
            return delegations
        case _:
            return ()
