"""The reasoner that needs no model."""

from __future__ import annotations

from typing import Final

from anyio import to_thread

from agentkit.models import Role
from agentkit.reasoning.protocol import Act, Ask, Decline, Situation
from agentkit.reasoning.rules import phrases
from agentkit.reasoning.rules.experts import decide_with_experts
from agentkit.reasoning.rules.planner import decide_with_tools
from agentkit.reasoning.rules.reading import MAX_TEXT

_BRIEF: Final = 400
"""Characters of a message up to which a decision takes a few milliseconds, less than the way to a thread is worth."""

_SAID: Final = 4_000
"""Characters of what the user said before, the same."""

_FOUND: Final = 300
"""Values in results, the same."""


class RuleReasoner:
    """Decides by rules over what tools and experts say of themselves: deterministic, and honest about its limits.

    It matches the words of a message against names, titles, descriptions and schemas; it knows no tool, server or
    domain. An argument is what the message says, what the user chose, or what another tool returned; where something
    required is missing or several things match, it asks. A tool that changes something is called only when its verb is
    said. It reads English.
    """

    async def decide(self, situation: Situation) -> Act:
        """Decide for an orchestrator (experts on offer) or for an expert (tools on offer).

        Args:
            situation: What is known now.

        Returns:
            The same act for the same situation.
        """
        if len(situation.text) > MAX_TEXT:
            return Ask(phrases.too_long(MAX_TEXT))
        if _is_small(situation):
            return _decide(situation)
        # What has begun runs to its end: a decision changes nothing, so nobody need wait for one that was cancelled.
        return await to_thread.run_sync(_decide, situation, abandon_on_cancel=True)


def _is_small(situation: Situation) -> bool:
    said = sum(len(one.text) for one in situation.history if one.role is Role.USER)
    if len(situation.text) > _BRIEF or said > _SAID:
        return False
    left, values = _FOUND, [one.data for one in situation.observations]
    while values and left >= 0:
        value = values.pop()
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        values.extend(inner)
        left -= 1
    return left >= 0


def _decide(situation: Situation) -> Act:
    if situation.experts:
        act = decide_with_experts(situation)
        if not (isinstance(act, Decline) and situation.tools):
            return act
    if situation.tools:
        return decide_with_tools(situation)
    return Decline(phrases.cannot([]))
