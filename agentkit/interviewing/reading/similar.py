"""Typos of an option's label, and nothing else that looks like it (QN-P5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentkit.interviewing.reading.words import INTENSITY, NEGATIONS, Token, words
from agentkit.interviewing.schema import Option, Question

_LIKENESS: Final = 90.0
_LEAD: Final = 15.0
_LONGEST: Final = 80
_SHORTEST: Final = 5


def similar_option(question: Question, parts: Sequence[Token]) -> Option | None:
    """The option of which an utterance is a typo.

    The likeness must be at least 90 of 100 and 15 above that of the next option, each word may be wrong by one letter
    only, and neither side may hold a word of negation or intensity that the other lacks.
    """
    said = [token.text for token in parts]
    text = " ".join(said)
    if not text or len(text) > _LONGEST:
        return None
    ranked = sorted(((likeness(text, _plain(option)), option) for option in question.options), key=lambda one: -one[0])
    if not ranked or ranked[0][0] < _LIKENESS or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _LEAD):
        return None
    option = ranked[0][1]
    wanted = words(option.label)
    weighty = NEGATIONS | INTENSITY
    if {*said} & weighty != {*wanted} & weighty or len(said) != len(wanted):
        return None
    pairs = zip(said, wanted, strict=True)
    return option if all(one == other or _is_typo(one, other) for one, other in pairs) else None


def likeness(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 100: twice what they have in common in order, of what both have."""
    row = [0] * (len(other) + 1)
    for letter in one:
        diagonal = 0
        for place, candidate in enumerate(other, start=1):
            above = row[place]
            row[place] = diagonal + 1 if letter == candidate else max(above, row[place - 1])
            diagonal = above
    return 200.0 * row[-1] / (len(one) + len(other)) if one or other else 100.0


def _plain(option: Option) -> str:
    return " ".join(words(option.label))[: _LONGEST + 20]


def _is_typo(said: str, wanted: str) -> bool:
    """One letter added, left out, changed, or two swapped, not at the start, in a word that is long enough."""
    if min(len(said), len(wanted)) < _SHORTEST or said[0] != wanted[0] or not said.isalpha():
        return False
    start = 0
    while start < min(len(said), len(wanted)) and said[start] == wanted[start]:
        start += 1
    one, other = said[start:], wanted[start:]
    return (
        one[1:] == other[1:]
        or one[1:] == other
        or one == other[1:]
        or (one[:2] == other[1::-1] and one[2:] == other[2:])
    )
