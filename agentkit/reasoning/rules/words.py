"""Text into words, words into stems that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agentkit.reasoning.rules.vocabulary import FUNCTION_WORDS, SYNONYMS

_WORD: Final = re.compile(r"\w+(?:[-'\u2019./|:]\w+)*")
_PIECES: Final = re.compile(r"[^\W\d_]+|\d+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CONTRACTION: Final = re.compile("['\u2019]")
_POSSESSIVE: Final = re.compile(r"['\u2019]s?$")
_SENTENCE_ENDS: Final = frozenset(".!?\n")


_BEGUN: Final = 3
_LONG: Final = 6
_ALIKE: Final = 4
_DIPHTHONG: Final = 7


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Attributes:
        text: As written, without a possessive ending.
        start: Where it begins.
        end: Where it ends, with the possessive ending.
        opens: It is the first word of a sentence.
    """

    text: str
    start: int
    end: int
    opens: bool = False

    @property
    def lower(self) -> str:
        """In lower case."""
        return self.text.lower()

    @property
    def stem(self) -> str:
        """What it is compared by."""
        return stem(self.text)

    @property
    def functional(self) -> bool:
        """It says nothing about what is wanted; so do contractions of such words (`I'd`, `don't`)."""
        return _CONTRACTION.split(self.lower)[0] in FUNCTION_WORDS

    @property
    def possessive(self) -> bool:
        """It was written with a possessive ending."""
        return self.end - self.start > len(self.text)

    @property
    def flat(self) -> str:
        """Lower case letters and digits only: `AB-2`, `ab2` and `Ab 2` are the same."""
        return flat(self.text)

    @property
    def capital(self) -> bool:
        """Begins with a capital letter."""
        return self.text[:1].isupper()

    @property
    def code_like(self) -> bool:
        """An abbreviation or code (`ABC`, `Ab1c`, `AB-2`), not an ordinary word or a number."""
        letters = [char for char in self.text if char.isalpha()]
        if not letters or "'" in self.text:
            return False
        mixed = any(char.isdigit() for char in self.text)
        inner = any(char.isupper() for part in re.split(r"[-./|:]", self.text) for char in part[1:])
        return mixed or (inner and not self.text[1:].islower()) or (len(letters) > 1 and self.text.isupper())


def words(text: str) -> tuple[Word, ...]:
    """The words of a text, in order."""
    found: list[Word] = []
    previous = 0
    for match in _WORD.finditer(text):
        between = text[previous : match.start()]
        opens = not found or not _SENTENCE_ENDS.isdisjoint(between)
        written = match.group()
        bare = _POSSESSIVE.sub("", written) or written
        found.append(Word(bare, match.start(), match.end(), opens))
        previous = match.end()
    return tuple(found)


def flat(text: str) -> str:
    """Lower case letters and digits only."""
    return "".join(char for char in text.lower() if char.isalnum())


def stem(word: str) -> str:
    """The stem of a word; words of one synonym group have the same."""
    plain = _plain_stem(flat(word))
    return _canonical().get(plain, plain)


@lru_cache(maxsize=1024)
def name_stems(identifier: str) -> tuple[str, ...]:
    """The stems in an identifier (`due_day`, `dueDay`) or a title."""
    spaced = _CAMEL.sub(" ", identifier).replace("_", " ")
    return tuple(stem(piece) for piece in _PIECES.findall(spaced))


def content_stems(text: str) -> tuple[str, ...]:
    """The stems of a text without function words, in order, each once."""
    found: dict[str, None] = {}
    for word in words(text.replace("_", " ")):
        parts = [word.text, *_PIECES.findall(word.text)] if not word.text.isalpha() else [word.text]
        for part in parts:
            if part.lower() not in FUNCTION_WORDS and flat(part):
                found[stem(part)] = None
    return tuple(found)


def common_stems(text: str) -> frozenset[str]:
    """The stems of words in lower case, and of the first word of a sentence: the others may be names in examples."""
    said = (word for word in words(text) if word.text.islower() or (word.opens and word.text.isalpha()))
    return frozenset(word.stem for word in said)


@lru_cache(maxsize=2048)
def schema_stems(text: str) -> tuple[str, ...]:
    """The same for a text of a schema: kept, because it is read on every decision; what users say is not kept."""
    return content_stems(text)


@lru_cache(maxsize=2048)
def initials(phrase: str) -> tuple[str, ...]:
    """The initials of a name of three words or more (`pour over kettle`: `pok`), as people abbreviate it."""
    pieces = [piece for piece in _PIECES.findall(phrase.replace("_", " ")) if not piece.isdigit()]
    return ("".join(piece[0].lower() for piece in pieces),) if len(pieces) >= _BEGUN else ()


def stems_of(vocabulary: Iterable[str]) -> frozenset[str]:
    """The stems of a list of words."""
    return frozenset(stem(word) for word in vocabulary)


def abbreviates(short: str, word: str) -> bool:
    """Whether a word is said, or begun and left off after three letters or more: `min` for `minutes`."""
    return stem(short) == stem(word) or (len(short) >= _BEGUN and word.startswith(short))


def resembles(one: str, other: str) -> bool:
    """Whether two longer words are forms of one: they begin alike for half of their length."""
    if min(len(one), len(other)) < _LONG or one[0] != other[0]:
        return False
    shared = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return shared >= max(_ALIKE, max(len(one), len(other)) // 2)


@lru_cache(maxsize=1)
def _canonical() -> dict[str, str]:
    table: dict[str, str] = {}
    for group in SYNONYMS:
        stems = [_plain_stem(word) for word in group.split()]
        for member in stems:
            table[member] = stems[0]
    return table


def _plain_stem(word: str) -> str:
    if len(word) <= 3 or not word.isalpha():
        return word
    if len(word) > _DIPHTHONG:  # the same word on both sides of the Atlantic
        word = word.replace("ae", "e").replace("oe", "e")
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) >= 4 and any(char in "aeiouy" for char in bare):
            word = bare[:-1] if len(bare) > 4 and bare[-1] == bare[-2] and bare[-1] not in "sl" else bare
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word
