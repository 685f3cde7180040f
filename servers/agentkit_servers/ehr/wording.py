"""What people call measurements: from a plain question's words to names, without guessing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agentkit_servers.ehr.normal import words

# Words around a name that say nothing about which measurement is meant.
_FILLER: Final = frozenset(
    words(
        "a abnormal all also an any and are at been better by change changed changes check controlled course"
        " current data decreasing developed development did do does done down ever falling figure figures for from"
        " get getting give going has have her high higher his history how i improving in increasing is it its last"
        " lately latest level levels like list look low lower me measured measurement measurements measures most"
        " my new newest normal number numbers observation observations of on or over past patient please previous"
        " reading readings recent recently recorded report reports result results rising s say see show stable"
        " tell test tests the their there these they time to today trend trends up us value values was were what"
        " whats when which with worse worsening"
    )
)

_CATEGORIES: Final = {
    "laboratory": frozenset({"lab", "labs", "laboratory", "labor", "bloodwork"}),
    "vital-signs": frozenset({"vital", "vitals", "sign", "signs"}),
    "social-history": frozenset({"social", "lifestyle"}),
}


@dataclass(frozen=True, slots=True)
class Wording:
    """How a plain text was understood.

    Attributes:
        measures: Alternatives, each the words of one measurement's name.
        category: The category the text names as a whole, for example `laboratory` for "lab results".
    """

    measures: tuple[tuple[str, ...], ...] = ()
    category: str | None = None


def understood(text: str) -> Wording:
    """Split a text into alternatives ("HbA1c and creatinine") and drop what says nothing."""
    parts = [
        tuple(word for word in words(part) if word not in _FILLER)
        for part in re.split(r",|;|\band\b|\bor\b|&", text, flags=re.IGNORECASE)
    ]
    named = tuple(dict.fromkeys(part for part in parts if part))
    said = {word for part in named for word in part}
    for category, synonyms in _CATEGORIES.items():
        if said and said <= synonyms:
            return Wording(category=category)
    return Wording(measures=named)
