"""What a choice is, and the protocol of whoever chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agentkit.compose.agent import Agent
from agentkit.models import Json, JsonObject, Message


@dataclass(frozen=True, slots=True)
class Choice:
    """Who shall get a message, and why; a reason never holds anything of the message.

    Attributes:
        agent: The name of the agent; None where nobody was found.
        by: What decided: `rule`, `function`, `skills`, `reasoner`, `default` or `name`.
        why: What spoke for it, in numbers and names of the composition.
        text: Without an agent: what to ask, or to answer, instead of the router's own question.
        data: Data that belongs to an answer.
        answered: The text is the answer, and nobody needs to be asked.
        declined: Nobody can do it, and asking back would not help.
    """

    agent: str | None
    by: str
    why: str = ""
    text: str = ""
    data: tuple[Json, ...] = ()
    answered: bool = False
    declined: bool = False

    def told(self) -> JsonObject:
        """What metadata says of it."""
        told: JsonObject = {"agent": self.agent, "by": self.by}
        return {**told, "why": self.why} if self.why else told


class Chooser(Protocol):
    """Chooses among agents by a message."""

    async def choose(self, message: Message, agents: Sequence[Agent]) -> Choice:
        """Choose; a choice without agent leaves it to the default, or has the caller asked.

        Args:
            message: What came.
            agents: Among whom to choose, in the order of the router.
        """
        ...
