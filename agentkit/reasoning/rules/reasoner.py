"""The reasoner that needs no model."""

from __future__ import annotations

from typing import Final

from anyio import to_thread

from agentkit.reasoning.protocol import Act, Ask, Decline, Situation
from agentkit.reasoning.rules import phrases
from agentkit.reasoning.rules.experts import decide_with_experts
from agentkit.reasoning.rules.planner import decide_with_tools
from agentkit.reasoning.rules.reading import MAX_TEXT

_BRIEF: Final = 400
"""Characters of a message up to which a decision takes a few milliseconds, less than the way to a thread is worth."""


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
        if len(situation.text) <= _BRIEF:
            return _decide(situation)
        # What has begun runs to its end: a decision changes nothing, so nobody need wait for one that was cancelled.
        return await to_thread.run_sync(_decide, situation, abandon_on_cancel=True)


def _decide(situation: Situation) -> Act:
    if situation.experts:
        act = decide_with_experts(situation)
        if not (isinstance(act, Decline) and situation.tools):
            return act
    if situation.tools:
        return decide_with_tools(situation)
    return Decline(phrases.cannot([]))
