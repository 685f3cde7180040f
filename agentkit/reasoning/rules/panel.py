"""The experts on offer, held against a piece of a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from agentkit.reasoning.protocol import Candidate, Tool
from agentkit.reasoning.rules.choice import (
    ENOUGH,
    Profile,
    introducing,
    merged,
    needed,
    profile,
    rarities,
    resembled,
    score,
    searching,
)
from agentkit.reasoning.rules.leanings import concerns_somebody, names_choice, takes_values
from agentkit.reasoning.rules.reading import MAX_TEXT, Reading, vocabulary
from agentkit.reasoning.rules.words import common_stems, name_stems, schema_stems

_FIRST: Final = 2.0
_BODY: Final = 1.2
_SWITCH: Final = 1.5
"""What makes up for another expert when a message goes on with what was spoken of."""

_NAMED: Final = 1.0
"""What it is worth that a message names one of an expert's choices, or somebody its tools work on."""

_NEARLY: Final = 0.75
"""The share of the needed evidence that makes somebody worth asking when the best has declined."""

_SAME: Final = 1e-9


@dataclass(frozen=True)
class Panel:
    """Experts to choose from.

    Attributes:
        experts: They.
        last: Who answered last.
    """

    experts: tuple[Candidate, ...]
    last: str | None

    @cached_property
    def tools(self) -> tuple[Tool, ...]:
        """The tools of all of them."""
        return tuple(tool for expert in self.experts for tool in expert.tools)

    @cached_property
    def _profiles(self) -> list[Profile]:
        return [_profile(expert) for expert in self.experts]

    @cached_property
    def _rarity(self) -> dict[str, float]:
        return rarities(self._profiles)

    def read(self, text: str) -> Reading:
        """Read a message with the words of the tools, and with those in which experts that tell no tool speak."""
        silent = [expert for expert in self.experts if not expert.tools]
        own = (stems for one in silent for stems in (name_stems(one.name), common_stems(one.description)))
        return Reading(text[:MAX_TEXT], vocabulary(self.tools).union(*own))

    def best(self, part: Reading) -> str | None:
        """Who fits a piece of a message best; None where nobody fits well enough."""
        scores = self._scores(part)
        top = max(scores.values(), default=0.0)
        if top < needed(part):
            return None
        equal = [name for name, one in scores.items() if top - one < _SAME]
        return self.last if self.last in equal else equal[0]

    def others(self, part: Reading, tried: Sequence[str]) -> list[str]:
        """Who may be asked when those tried cannot do it, best first."""
        scores = self._scores(part)
        near = [name for name, one in scores.items() if name not in tried and one >= _NEARLY * needed(part)]
        return sorted(near, key=lambda name: -scores[name])

    def introducer(self, reading: Reading) -> str | None:
        """Who can look up somebody of whom a message says no more than the name."""
        able = [expert.name for expert in self.experts if introducing(expert.tools)] if reading.introduces else []
        return self.last if self.last in able else able[0] if len(able) == 1 else None

    def _scores(self, part: Reading) -> dict[str, float]:
        # "The capital of Somewhere" is anybody's question; with a full name or a pronoun it is about somebody known.
        owned = part.refers_back or any(" " in span.value for span in part.names)
        worth = needed(part) if owned else ENOUGH
        scores: dict[str, float] = {}
        for expert, one in zip(self.experts, self._profiles, strict=True):
            total = sum(score(part.stems, one, self._rarity).values())
            if part.only_topic and searching(expert.tools) is not None:
                total += worth
            if names_choice(part, expert.tools):
                total += _NAMED
            if total and takes_values(part, expert.tools):
                total += _NAMED
            if any(resembled(part, tool) for tool in expert.tools):
                total += needed(part)
            if total and owned and concerns_somebody(part, expert.tools):
                total += _NAMED
            if expert.name == self.last and (part.continues or part.refers_back):
                total += _SWITCH
            scores[expert.name] = total
        return scores


def _profile(expert: Candidate) -> Profile:
    # Of an agent elsewhere each line tells another skill.
    lines = [expert.description] if expert.tools else expert.description.split("\n")
    parts = [line.partition(". ") for line in lines]
    own = dict.fromkeys((stem for _, _, rest in parts for stem in schema_stems(rest)), _BODY)
    own |= dict.fromkeys((stem for first, _, _ in parts for stem in schema_stems(first)), _FIRST)
    own |= dict.fromkeys(name_stems(expert.name), _FIRST)
    return merged([Profile(own), *(profile(tool) for tool in expert.tools)])
