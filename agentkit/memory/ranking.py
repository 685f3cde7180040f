"""Which items bear on a text: those that share its words, those that are near in meaning, and both together."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Final

from agentkit.memory.rows import ContextRow, waiting
from agentkit.memory.stemming import words
from agentkit.storage import Connection

RANKED: Final = 64
"""So many items at most come out of one half of the search."""

_MOST_WORDS: Final = 24
_HITS: Final = 64
_K: Final = 10
_LEXICAL_WEIGHT: Final = 0.5


def lexical(connection: Connection, context: ContextRow, text: str, *, shown: Collection[int] = ()) -> list[int]:
    """Places of the items that share words with a text, best first.

    A word weighs the more the fewer items of the context have it. One that a great many have finds nothing beside rarer
    ones, and moves only the order; of such words alone the newest items count. No other context, and no item beyond
    the newest of each word, has a say or a price.

    Args:
        connection: To read from.
        context: Where to look.
        text: Any text; it is not a query language.
        shown: Places that are of no interest.
    """
    hits = {word: _having(connection, context, word) for word in words(text, _MOST_WORDS)}
    if hits and context.items > context.indexed:
        _add_waiting(connection, context, hits, shown)
    scores: dict[int, float] = {}
    for places in sorted((places for places in hits.values() if places), key=len):
        weight = math.log(1 + _HITS / len(places))
        only_known = len(places) >= _HITS and bool(scores)
        for place in places:
            if place in scores:
                scores[place] += weight
            elif not only_known and place not in shown:
                scores[place] = weight
    return _best_first(scores)[:RANKED]


def fused(lexically: Sequence[int], by_meaning: Sequence[int]) -> list[int]:
    """Both halves as one order: reciprocal rank fusion, for the scores of the two cannot be compared."""
    scores: dict[int, float] = {}
    for weight, places in ((_LEXICAL_WEIGHT, lexically), (1 - _LEXICAL_WEIGHT, by_meaning)):
        for rank, place in enumerate(places, 1):
            scores[place] = scores.get(place, 0.0) + weight / (_K + rank)
    return _best_first(scores)


def _best_first(scores: dict[int, float]) -> list[int]:
    """Of equals, the newest first."""
    return [place for _, place in sorted(((score, place) for place, score in scores.items()), reverse=True)]


def _having(connection: Connection, context: ContextRow, word: str) -> list[int]:
    rows = connection.execute(
        "SELECT place FROM memory_words WHERE context = ? AND word = ? ORDER BY place DESC LIMIT ?",
        (context.number, word, _HITS),
    )
    return [place for (place,) in rows.fetchall()]


def _add_waiting(
    connection: Connection, context: ContextRow, hits: dict[str, list[int]], shown: Collection[int]
) -> None:
    """Add the items that are not in the index yet."""
    for place, text in waiting(connection, context.number, context.indexed):
        if place not in shown:
            for word in words(text):
                if word in hits:
                    hits[word].append(place)
