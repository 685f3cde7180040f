"""Words of an utterance with their places, and which of them change nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"[0-9](?:[0-9.,:/-]*[0-9])?|[^\W\d_]+(?:'[^\W\d_]+)*|\S")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign in lower case, and where it stands."""

    text: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """It is made of letters."""
        return self.text[0].isalpha()

    @property
    def is_number(self) -> bool:
        """It is written in digits."""
        return self.text[0] in "0123456789"


def tokens(text: str) -> list[Token]:
    """The words, numbers and signs of a text, in lower case and with straight apostrophes."""
    plain = "".join(_plain(letter) for letter in text)
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(plain)]


def _plain(letter: str) -> str:
    if letter in "\u2019\u2018\u02bc":
        return "'"
    if letter in "\u2012\u2013\u2014\u2212":
        return "-"
    lower = letter.lower()
    return lower if len(lower) == 1 else letter  # a place in the plain text is a place in the text


def loose(parts: Sequence[Token]) -> list[Token]:
    """The tokens without those that change nothing; a sign that touches the number behind it is no full stop."""
    kept: list[Token] = []
    for place, token in enumerate(parts):
        following = parts[place + 1] if place + 1 < len(parts) else None
        touches = following is not None and following.is_number and following.start == token.end
        if token.text in STOPS and not touches:
            continue
        if token.text in NEUTRAL or (token.text == "am" and place and parts[place - 1].text == "i"):
            continue
        kept.append(token)
    return kept


def corrected(parts: Sequence[Token]) -> list[Token]:
    """What stands behind an explicit correction ("no wait, 6"); everything where there is none (QN-P2)."""
    for place in range(len(parts) - 1, 0, -1):
        if parts[place].text not in _BEGINNINGS:
            continue
        said = [token.text for token in parts[place:] if token.text not in STOPS]
        for marker in _CORRECTIONS:
            if said[: len(marker)] == marker and len(said) > len(marker):
                left, after = len(marker), place
                while left:
                    left -= parts[after].text not in STOPS
                    after += 1
                return [*parts[after:]]
    return [*parts]


def spoken(parts: Sequence[Token]) -> str:
    """The tokens with a space between each."""
    return " ".join(token.text for token in parts)


def words(text: str) -> list[str]:
    """The words and numbers of a text, without signs."""
    return [token.text for token in tokens(text) if token.is_word or token.is_number]


def without(parts: Sequence[Token], dropped: Collection[str]) -> list[Token]:
    """The tokens that are not among some texts."""
    return [token for token in parts if token.text not in dropped]


def extent(parts: Sequence[Token]) -> tuple[int, int]:
    """From where to where tokens stand."""
    return parts[0].start, parts[-1].end


STOPS: Final = frozenset(".,;!:\"'()")
"""Signs that change nothing around an answer."""

NEUTRAL: Final = frozenset(
    words(
        "i i'd id i'm im i've ive i'll would say said it it's its was is been that's thats that for me my the answer"
        " option number choose chose pick select please on have had felt feeling feel this happened happens well ok"
        " okay um uh er hmm so yes yeah"
    )
)
"""Words around an answer that leave its meaning as it is; no negation, no doubt, no intensity is among them."""

_CORRECTIONS: Final = tuple(
    phrase.split()
    for phrase in (
        "no wait",
        "wait no",
        "scratch that",
        "correction",
        "i mean",
        "i meant",
        "i meant to say",
        "make that",
        "make it",
        "no make that",
        "sorry i mean",
        "sorry i meant",
        "or rather",
    )
)
_BEGINNINGS: Final = frozenset(marker[0] for marker in _CORRECTIONS)
DOUBT: Final = frozenset(
    words(
        "maybe perhaps probably possibly guess unsure uncertain think suppose dunno depends might could unknown"
        " presumably supposedly assume reckon believe imagine apparently somewhere"
    )
)
DOUBTFUL: Final = (
    "not sure",
    "don't know",
    "do not know",
    "dont know",
    "no idea",
    "can't say",
    "cannot say",
    "can't tell",
    "can't remember",
    "don't remember",
    "hard to say",
    "hard to tell",
    "not certain",
    "kind of",
    "sort of",
    "more or less",
    "not that i know",
    "not really",
    "who knows",
    "it varies",
    "as far as i know",
)
NEGATIONS: Final = frozenset(
    words(
        "no not never none nothing neither nor without hardly barely scarcely rarely seldom cannot can't don't dont"
        " doesn't didn't isn't wasn't aren't weren't haven't hasn't hadn't won't wouldn't couldn't shouldn't ain't"
        " except excluding unless nope nah"
    )
)
INTENSITY: Final = frozenset(
    words(
        "very too so quite rather really extremely slightly somewhat almost nearly barely mostly fully totally"
        " completely more less most least much little bit only just over under above below always often sometimes"
        " occasionally frequently usually mildly moderately severely strongly highly"
    )
)
CHANGE: Final = frozenset(
    words("but however although though formerly previously quit stopped anymore longer until former ex once before")
)
"""Words that turn what was said before or after them, or put it into the past."""


def doubts(parts: Sequence[Token]) -> bool:
    """Whether an utterance is not sure of itself."""
    text = f" {spoken(parts)} "
    return any(token.text in DOUBT for token in parts) or any(f" {phrase} " in text for phrase in DOUBTFUL)
