"""Questions several experts asked in one turn: which of them a message answers."""

from __future__ import annotations

from dataclasses import replace

from agentkit.reasoning.protocol import Situation
from agentkit.reasoning.rules.exchanges import names_option, open_exchange
from agentkit.reasoning.rules.facts import chosen
from agentkit.reasoning.rules.turn import Turn


def answering(situation: Situation) -> list[str]:
    """The experts one of whose open questions the message answers."""
    return [name for name, turn in _turns(situation) if _answers(turn)]


def waiting(situation: Situation) -> list[str]:
    """The experts with an open question."""
    return [name for name, turn in _turns(situation) if turn.ambiguity or open_exchange(turn)]


def _turns(situation: Situation) -> list[tuple[str, Turn]]:
    # What was found for this very message answers nothing that was asked before it.
    before = tuple(one for one in situation.observations if not one.current)
    return [
        (expert.name, Turn.of(replace(situation, tools=expert.tools, experts=(), observations=before)))
        for expert in situation.experts
        if expert.tools
    ]


def _answers(turn: Turn) -> bool:
    found = turn.ambiguity
    if found and chosen(found.records, turn.reading, pointing=True):
        return True
    exchange = open_exchange(turn)
    if exchange is None:
        return False
    # Options are often chosen by number, and what number one has is not always told.
    counted = bool(turn.reading.words) and all(word.text.isdigit() for word in turn.reading.words)
    return counted or turn.reading.stops or names_option(exchange, turn)
