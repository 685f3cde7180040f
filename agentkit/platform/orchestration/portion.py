"""What of a context an expert is shown (ORCH-02)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from agentkit.models import Role
from agentkit.reasoning import Situation, Utterance

_OF_THE_USER: Final = frozenset({"user", "part"})


def portion(situation: Situation, expert: str, text: str) -> Situation:
    """The part of a situation that is relevant to one piece of work, in place of the whole context.

    The expert is shown the text it is given with the data of the message, its own earlier results and turns, what the
    user gave earlier that bears on the message, and what was found for this very message before it. What others found
    and said earlier it does not see: whoever delegates sees all of it, and says in the text what matters.

    Args:
        situation: What the orchestrator sees.
        expert: Whose portion.
        text: The piece of work.
    """
    return replace(
        situation,
        text=text,
        instructions="",
        history=_own_turns(situation.history, expert),
        observations=tuple(one for one in situation.observations if one.current or one.expert in {None, expert}),
        recalled=tuple(one for one in situation.recalled if one.kind in _OF_THE_USER or one.source == expert),
        tools=(),
        experts=(),
        delegations=(),
    )


def _own_turns(history: tuple[Utterance, ...], expert: str) -> tuple[Utterance, ...]:
    """What the expert said, each with what it answered."""
    own: list[Utterance] = []
    for before, said in zip((None, *history), history, strict=False):
        if said.role is Role.AGENT and said.expert == expert:
            if before is not None and before.role is Role.USER:
                own.append(before)
            own.append(said)
    return tuple(own)
