"""All calculators: found by name, and searched by words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Final

from agentkit_servers.calculator.core import Calculator
from agentkit_servers.calculator.equations import CALCULATORS as EQUATIONS
from agentkit_servers.calculator.scores import CALCULATORS as SCORES

_FILLER: Final = frozenset({
    "a", "an", "and", "any", "are", "available", "based", "by", "calculate", "calculator", "calculators", "can",
    "compute", "do", "does", "equation", "equations", "estimate", "find", "for", "formula", "formulas", "from", "have",
    "how", "i", "in", "is", "it", "list", "m", "mass", "me", "my", "of", "offer", "on", "or", "patient", "patients",
    "plasma", "predicted", "score", "scores", "serum", "show", "sq", "tell", "that", "the", "there", "this", "to",
    "use", "used", "volume", "what", "which", "with", "you",
})  # fmt: skip
_EXACT: Final = 50
_NAME: Final = 6
_SYNONYM: Final = 5
_SUMMARY: Final = 2
_CATEGORY: Final = 3
_Stems = Mapping[str, str]
"""Words with their stems."""
_MOST_WORDS: Final = 16
_SHORTEST: Final = 5
"""Shorter words resemble too many others."""


def _joined(calculators: Iterable[Calculator]) -> dict[str, Calculator]:
    found: dict[str, Calculator] = {}
    for one in calculators:
        if one.id in found:
            raise ValueError(f"two calculators are called {one.id}")
        found[one.id] = one
    return found


def _newest(calculators: Iterable[Calculator]) -> dict[str, Calculator]:
    found: dict[str, Calculator] = {}
    for one in calculators:
        known = found.get(one.slug)
        if known is None or _age(one.version) > _age(known.version):
            found[one.slug] = one
    return found


def _age(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


BY_ID: Final[Mapping[str, Calculator]] = _joined((*EQUATIONS, *SCORES))
"""Every calculator by `slug@version`."""

BY_SLUG: Final[Mapping[str, Calculator]] = _newest(BY_ID.values())
"""The newest version of every calculator by its bare slug."""


def find(name: str) -> Calculator | None:
    """The calculator of a name.

    Args:
        name: Slug with or without version, or the title; case, spaces, hyphens and accents of spelling do not matter.

    Returns:
        The calculator, None when there is none or the name fits several.
    """
    wanted, _, version = name.strip().partition("@")
    if version:
        return next((one for one in BY_ID.values() if _key(one.id) == _key(name)), None)
    if wanted in BY_SLUG:
        return BY_SLUG[wanted]
    for names in (_slugs, _titles, _synonyms):
        found = [one for one in BY_SLUG.values() if _key(wanted) in names(one)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def similar(name: str) -> tuple[str, ...]:
    """Ids that somebody may have meant; none for a name without a word."""
    if not _words(name):
        return ()
    found = [one.id for one, _ in ranked(name)[:5]]
    close = get_close_matches(name.partition("@")[0].casefold(), BY_SLUG, n=3, cutoff=0.6)
    return tuple(dict.fromkeys([*(BY_SLUG[one].id for one in close), *found]))[:5]


def ranked(query: str) -> list[tuple[Calculator, int]]:
    """The calculators that fit a query, best first.

    A word of the query counts where a word of the calculator begins with it, most in its name; a word that no
    calculator has counts as the one it resembles. Half of the words have to be met. A query that is the very name or
    synonym of a calculator finds it first; of those that fit as well as one another, what is superseded comes last.
    With no word but fillers everything fits.
    """
    asked = list(dict.fromkeys(one for one in _words(query) if one not in _FILLER))
    words = [_spelled(one) for one in asked[:_MOST_WORDS]]
    if not words:
        return [(one, 0) for one in sorted(BY_SLUG.values(), key=lambda one: (one.category, one.title))]
    keys = {_key(query), "".join(words)}
    found = [(one, _fit(one, words) + _EXACT * bool(keys & _names(one))) for one in BY_SLUG.values()]
    return sorted(((one, fit) for one, fit in found if fit), key=_place)


def _place(found: tuple[Calculator, int]) -> tuple[int, bool, int, str]:
    one, fit = found
    return -fit, one.superseded is not None, len(one.title), one.title


def _fit(calculator: Calculator, words: list[str]) -> int:
    fields = _fields(calculator.slug)
    total = sum(max((weight for weight, known in fields if _met(word, known)), default=0) for word in words)
    met = sum(any(_met(word, known) for _, known in fields) for word in words)
    return total if 2 * met >= len(words) else 0


@cache
def _fields(slug: str) -> tuple[tuple[int, _Stems], ...]:
    """The words of a calculator by what they weigh."""
    one = BY_SLUG[slug]
    fields = ((_NAME, (one.slug, one.title)), (_SYNONYM, one.synonyms), (_CATEGORY, (one.category,)))
    return tuple((weight, _stemmed(*texts)) for weight, texts in (*fields, (_SUMMARY, (one.summary,))))


def _stemmed(*texts: str) -> _Stems:
    return {word: _stem(word) for text in texts for word in _words(text)}


def _spelled(word: str) -> str:
    """A word of the calculators for one with a typing error."""
    if len(word) < _SHORTEST or _met(word, _vocabulary()):
        return word
    return next(iter(get_close_matches(word, _vocabulary(), n=1, cutoff=0.8)), word)


@cache
def _vocabulary() -> _Stems:
    found = {word: stem for slug in BY_SLUG for _, known in _fields(slug) for word, stem in known.items()}
    return {word: found[word] for word in sorted(found) if len(word) >= _SHORTEST}


def _met(word: str, known: _Stems) -> bool:
    stem = _stem(word)
    return any(
        one == word or of_one == stem or (len(word) > 3 and one.startswith(word)) for one, of_one in known.items()
    )


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("es", "e"), ("s", "")):
        if len(word) > 4 and word.endswith(ending) and not word.endswith("ss"):
            return word.removesuffix(ending) + instead
    return word


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.casefold())


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9@]+", "", name.casefold())


def _slugs(one: Calculator) -> set[str]:
    return {_key(one.slug)}


def _titles(one: Calculator) -> set[str]:
    title = one.title
    short = re.findall(r"\(([^()]*)\)", title)
    plain = re.sub(r"\([^()]*\)", "", title)
    return {_key(part) for part in (title, plain, re.sub(r" (score|index)$", "", plain.strip()), *short)}


def _synonyms(one: Calculator) -> set[str]:
    return {_key(part) for part in one.synonyms}


def _names(one: Calculator) -> set[str]:
    return _slugs(one) | _titles(one) | _synonyms(one)
