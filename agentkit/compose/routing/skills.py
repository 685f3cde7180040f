"""Choosing by what agents say they can do: the words of a message held against their names and skills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from agentkit.compose.agent import Agent
from agentkit.compose.routing.choice import Choice
from agentkit.models import Message
from agentkit.reasoning.rules.words import content_stems, name_stems, schema_stems

_TAG: Final = 3.0
_SKILL: Final = 3.0
_NAME: Final = 2.0
_EXAMPLE: Final = 2.0
_DESCRIPTION: Final = 1.0
ENOUGH: Final = 1.0
"""The least score for which an agent is chosen: one word of its description that no other agent uses."""


class BySkills:
    """The agent whose name, description, skills, tags and examples fit the words of the message best.

    The score of an agent is the sum over the words of the message (their stems, without such as "the" and "please"): a
    word counts as much as the place where it stands in the card, tags and names of skills most, and less where several
    agents have it. Nothing is random and nothing is learned: the same message has the same scores. Where two agents
    fit equally well, or none well enough, nobody is chosen.
    """

    async def choose(self, message: Message, agents: Sequence[Agent]) -> Choice:
        """Score all agents."""
        profiles = {agent.name: _profile(agent) for agent in agents}
        spread = Counter(stem for weights in profiles.values() for stem in weights)
        wanted = _stems(message)
        scores = {
            name: round(sum(weights[stem] / spread[stem] for stem in wanted if stem in weights), 6)
            for name, weights in profiles.items()
        }
        (best, score), *others = sorted(scores.items(), key=lambda one: -one[1])
        if score < ENOUGH:
            return Choice(None, "skills", "no agent fits")
        if others and others[0][1] == score:
            tied = sum(1 for other in scores.values() if other == score)
            return Choice(None, "skills", f"{tied} agents fit equally well")
        why = f"score {score:g}" + (f", next {others[0][1]:g}" if others else "")
        return Choice(best, "skills", why)


def _stems(message: Message) -> tuple[str, ...]:
    # Names of fields say what a data part is about; its values are for whoever gets it.
    keys = [stem for value in message.data if isinstance(value, dict) for key in value for stem in name_stems(key)]
    return tuple(dict.fromkeys((*content_stems(message.text), *keys)))


def _profile(agent: Agent) -> Mapping[str, float]:
    weights: dict[str, float] = {}
    _weigh(weights, name_stems(agent.name.replace("-", " ")), _NAME)
    _weigh(weights, schema_stems(agent.description), _DESCRIPTION)
    for skill in agent.skills:
        _weigh(weights, schema_stems(skill.name.replace("-", " ")), _SKILL)
        _weigh(weights, schema_stems(skill.description), _DESCRIPTION)
        for tag in skill.tags:
            _weigh(weights, schema_stems(tag.replace("-", " ")), _TAG)
        for example in skill.examples:
            _weigh(weights, schema_stems(example), _EXAMPLE)
    return weights


def _weigh(weights: dict[str, float], stems: Iterable[str], weight: float) -> None:
    for stem in stems:
        weights[stem] = max(weights.get(stem, 0.0), weight)
