"""Choosing by a reasoner: the same that orchestrators ask."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.compose.agent import Agent
from agentkit.compose.routing.choice import Choice
from agentkit.errors import EngineError
from agentkit.models import Message
from agentkit.reasoning import Answer, Ask, Candidate, Decline, Delegate, DelegateTogether, Reasoner, Situation


class ByReasoner:
    """Whom a reasoner delegates to; it may also ask back, decline, or answer by itself.

    The agent gets the message as it came, not the piece of it that the reasoner would give. The reason that a reasoner
    names stays here: a model may put words of the message into it.
    """

    def __init__(self, reasoner: Reasoner) -> None:
        """Take the reasoner."""
        self._reasoner = reasoner

    async def choose(self, message: Message, agents: Sequence[Agent]) -> Choice:
        """Show the reasoner the message and the agents.

        Raises:
            EngineError: It decided something that is no choice.
        """
        candidates = tuple(Candidate(agent.name, _told(agent)) for agent in agents)
        act = await self._reasoner.decide(Situation(message.text, message.data, experts=candidates))
        match act:
            case Delegate(expert) | DelegateTogether((Delegate(expert), *_)):  # a router takes one: the first
                return Choice(expert, "reasoner")
            case Ask(text):
                return Choice(None, "reasoner", "asked back", text)
            case Decline(text):
                return Choice(None, "reasoner", "declined", text, declined=True)
            case Answer(text, data):
                return Choice(None, "reasoner", "answered", text, data, answered=True)
            case _:
                raise EngineError(
                    f"The reasoner decided {type(act).__name__}; a router lets it delegate, ask, decline or answer."
                )


def _told(agent: Agent) -> str:
    skills = [skill for skill in agent.skills if skill.description != agent.description]
    return "\n".join(
        (agent.description, *(f"{skill.name}: {skill.description} ({', '.join(skill.tags)})" for skill in skills))
    )
