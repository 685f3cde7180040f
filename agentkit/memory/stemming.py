"""The words of a text, by their stems: what the lexical half of the search compares.

They are stored, and deleted by what they are made from: other rules need a migration that empties the index.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Final

MOST_WORDS: Final = 512
"""So many different words of one text are indexed."""

_WORD: Final = re.compile(r"\w+")
_LONGEST: Final = 64
_READ: Final = 128
"""So much of a word is read, and kept among those whose stem is known."""

_VOWELS: Final = frozenset("aeiou")
# Words that say nothing about what a text is about; every English text has them.
_EMPTY_WORDS: Final = """
    s t a about after all also am an and any are as at be because been before being but by can could did do does doing
    done for from had has have having he her here hers him his how i if in into is it its just me more most my no nor
    not now of off on one only or other our out over own please shall she should so some such than that the their them
    then there these they this those to too under until up us very was we were what when where which while who whom
    whose why will with would you your
"""
_EMPTY: Final = frozenset(_EMPTY_WORDS.split())
_STEP_2: Final = (
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"),
    ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
    ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
    ("iviti", "ive"), ("biliti", "ble"),
)  # fmt: skip
_STEP_3: Final = (
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
)  # fmt: skip
_STEP_4: Final = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ion", "ism", "ate", "iti", "ous", "ive", "ize",
    "al", "er", "ic", "ou",
)  # fmt: skip


def words(text: str, most: int = MOST_WORDS) -> list[str]:
    """The different words of a text that mean something, stemmed, in the order of their first occurrence."""
    found: dict[str, None] = {}
    for raw in _WORD.findall(text):
        word = stem(raw[:_READ])
        if word:
            found[word] = None
            if len(found) >= most:
                break
    return list(found)


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A word without case, accents and English endings (by M. F. Porter's rules of 1980); empty for an empty one."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(one))
    plain = plain.strip("_")[:_LONGEST]
    if plain in _EMPTY or not plain:
        return ""
    if len(plain) < 3 or not (plain.isascii() and plain.isalpha()):
        # Half a surrogate pair cannot be stored.
        return plain.encode("utf-8", "replace").decode()
    return _ended(_suffixes(_past(_plural(plain))))


def _plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _past(word: str) -> str:
    if word.endswith("eed"):
        word = word[:-1] if _measure(word[:-3]) > 0 else word
    else:
        for ending in ("ed", "ing"):
            if word.endswith(ending) and _has_vowel(word[: -len(ending)]):
                word = _restored(word[: -len(ending)])
                break
    return f"{word[:-1]}i" if word.endswith("y") and _has_vowel(word[:-1]) else word


def _restored(word: str) -> str:
    """What is left after `-ed` or `-ing`, made a word again."""
    if word.endswith(("at", "bl", "iz")):
        return f"{word}e"
    if _doubled(word) and word[-1] not in "lsz":
        return word[:-1]
    return f"{word}e" if _measure(word) == 1 and _short(word) else word


def _suffixes(word: str) -> str:
    for step in (_STEP_2, _STEP_3):
        for ending, other in step:
            if word.endswith(ending):
                if _measure(word[: -len(ending)]) > 0:
                    word = word[: -len(ending)] + other
                break
    for ending in _STEP_4:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            if _measure(rest) > 1 and (ending != "ion" or rest.endswith(("s", "t"))):
                return rest
            break
    return word


def _ended(word: str) -> str:
    if word.endswith("e"):
        measure = _measure(word[:-1])
        if measure > 1 or (measure == 1 and not _short(word[:-1])):
            word = word[:-1]
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word


def _consonants(word: str) -> list[bool]:
    kinds: list[bool] = []
    for letter in word:
        kinds.append(letter not in _VOWELS and not (letter == "y" and bool(kinds) and kinds[-1]))
    return kinds


def _measure(word: str) -> int:
    """How often a vowel is followed by a consonant."""
    kinds = _consonants(word)
    return sum(1 for before, after in pairwise(kinds) if not before and after)


def _has_vowel(word: str) -> bool:
    return not all(_consonants(word))


def _doubled(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _consonants(word)[-1]


def _short(word: str) -> bool:
    """Ends like `hop`: consonant, vowel, consonant other than w, x and y."""
    kinds = _consonants(word)
    return len(word) > 2 and kinds[-3:] == [True, False, True] and word[-1] not in "wxy"
