"""Where a message speaks of something that was described, and whether it says so or denies it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from agentkit.models import Json
from agentkit.reasoning.rules.described import Entry, Shape
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.values import Span
from agentkit.reasoning.rules.vocabulary import DENIALS, FILLER_WORDS, FUNCTION_WORDS, SYMBOLS
from agentkit.reasoning.rules.words import Word, stem, words

_OR: Final = re.compile(r",|;|/|\bor\b|\band\b", re.IGNORECASE)
_SEGMENT: Final = re.compile(r"[.;!?\n]|\bbut\b|\bwith\b(?!out)|\bhas\b|\bhad\b|\bhaving\b|\bplus\b", re.IGNORECASE)
_LIST: Final = re.compile(r"\b(?:or|nor)\b", re.IGNORECASE)
_AFTER: Final = re.compile(
    r"\s*(?:(?:[:=]|is|was|-)\s*)?(yes|no|none|present|absent|positive|negative|pos|neg|denied|y|n)\b(?!\s+\w)",
    re.IGNORECASE,
)
NOTHING: Final = frozenset({"none", "no", "absent", "nil"})
"""Choices that say there is none."""

_NOES: Final = frozenset({"no", "none", "absent", "negative", "neg", "denied", "n"})
_TELLING: Final = 4
_SHARED: Final = 5
_SHARE: Final = 0.6
_SHORT: Final = 4


def finding(entry: Entry, reading: Reading) -> Json:
    """Yes or no as it was said of an entry; None where nothing was said, or not clearly."""
    said: set[str] = set()
    for span in mentioned(entry, reading, ()):
        after = _AFTER.match(reading.text, span.end)
        if after:
            said.add("no" if after[1].lower() in _NOES else "yes")
            continue
        verdict = _denial(span, reading)
        if verdict is None:
            return None
        said.add("no" if verdict else "yes")
    return said.pop() if len(said) == 1 else None


def denied(word: Word, reading: Reading) -> bool:
    """A denial clearly reaches a word."""
    return denied_at(Span(word.text, word.start, word.end), reading)


def denied_at(span: Span, reading: Reading) -> bool:
    """A denial clearly reaches a place."""
    return _denial(span, reading) is True


def _denial(span: Span, reading: Reading) -> bool | None:
    """Whether a denial in front reaches as far; None where the words can be read in two ways (`no pain, fever`)."""
    start = max((match.end() for match in _SEGMENT.finditer(reading.text, 0, span.start)), default=0)
    negations = [word for word in reading.words if start <= word.start and word.end <= span.start and _denies(word)]
    if not negations:
        return False
    between = reading.text[negations[-1].end : span.start]
    if any(char.isdigit() for char in between):
        return False  # what is measured stands between the two
    if not re.search(r",|\band\b", between):
        return True
    # "No A, B or C" denies all of them; in "no A, B" the second may be meant or not.
    end = _SEGMENT.search(reading.text, span.end)
    return True if _LIST.search(reading.text[negations[-1].end : end.start() if end else len(reading.text)]) else None


def _denies(word: Word) -> bool:
    return word.lower in DENIALS or word.lower.endswith(("n't", "n\u2019t"))


def mentioned(entry: Entry, reading: Reading, others: Sequence[Entry]) -> list[Span]:
    """Where a message names an entry, by its key, its title, the initials of one, or a telling word of one."""
    return list(dict.fromkeys(_spans(entry, reading, others)))


def _spans(entry: Entry, reading: Reading, others: Sequence[Entry]) -> Iterator[Span]:
    for phrase in _phrases(entry.key, entry.title, entry.about if entry.shape is Shape.YES_NO else ""):
        yield from _phrase(phrase, reading.words)
        initials = "".join(word[0] for word in phrase)
        if len(initials) > 1:
            yield from (_span(word) for word in reading.words if word.flat == initials)
            tail = {initials[start:] for start in range(1, len(initials) - 1)}
            shared = entry.shape is not Shape.YES_NO
            yield from (_span(word) for word in reading.words if shared and word.flat in tail)
    if entry.shape is Shape.YES_NO:
        return
    own = {word for phrase in _phrases(entry.key, entry.title, "") for word in phrase if len(word) >= _TELLING}
    foreign = {
        word for one in others if one is not entry for phrase in _phrases(one.key, one.title, "") for word in phrase
    }
    for word in reading.words:
        if any(alike(word.lower, mine) for mine in own - foreign):
            yield _span(word)


@lru_cache(maxsize=1024)
def _phrases(key: str, title: str, about: str) -> tuple[tuple[str, ...], ...]:
    """The ways to name an entry: its key, its title, and each of several things its title or description lists."""
    spaced = key.replace("_", " ")
    texts = [spaced, title, *_OR.split(title), *(_OR.split(about.split(". ", 1)[0].rstrip(".")) if about else ())]
    found: dict[tuple[str, ...], None] = {}
    for text in texts:
        bare = re.sub(r"\([^)]*\)", " ", text)
        plain = tuple(word.lower for word in words(bare) if word.lower not in FUNCTION_WORDS | FILLER_WORDS)
        if plain:
            found[plain] = None
    return tuple(found)


def _phrase(phrase: tuple[str, ...], listed: Sequence[Word]) -> Iterator[Span]:
    """Where all words of a phrase stand one after the other, with none but function words between them."""
    for index, word in enumerate(listed):
        if not alike(word.lower, phrase[0]):
            continue
        end, place = index, 1
        while place < len(phrase) and end + 1 < len(listed):
            end += 1
            if alike(listed[end].lower, phrase[place]):
                place += 1
            elif not listed[end].functional:
                break
        if place == len(phrase):
            yield Span(" ".join(phrase), word.start, listed[end].end)


@lru_cache(maxsize=4096)
def alike(said: str, word: str) -> bool:
    """Whether a word was said, in any form, begun (`creat`), contracted (`wt`), or as its symbol (`Na`)."""
    if stem(said) == stem(word) or SYMBOLS.get(said) == word:
        return True
    if len(said) <= _SHORT:
        return _contracted(said, word)
    shared = _common(said, word)
    return shared >= _SHARED and (shared >= _SHARE * max(len(said), len(word)) or shared == len(said))


def _contracted(said: str, word: str) -> bool:
    if len(said) < 2 or len(word) < 5 or not said.isalpha() or said in FUNCTION_WORDS:
        return False
    if len(said) > 2 and word.startswith(said):
        return True
    # First and last letter, and no vowel: `wt`, `ht`.
    ends = said[0] == word[0] and said[-1] == word[-1]
    return ends and not set(said) & set("aeiouy") and len(word) <= 3 * len(said)


def _common(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _span(word: Word) -> Span:
    return Span(word.text, word.start, word.end)
