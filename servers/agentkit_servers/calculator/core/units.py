"""Units as they are written in notes and laboratory reports, read into dimension and factor.

UCUM with its usual misspellings: `umol/L`, `uMol/l`, `mm Hg`, `10*9/L`, `K/uL`, `x10^3/mm^3`, `degrees celsius`, `lbs`.
There is no mega and no giga prefix on grams or moles, so capital letters decide nothing but `mM`, `K` and `M`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Final

from agentkit_servers.calculator.core.unit_names import (
    ATOMS,
    BASES,
    EXACT_TERMS,
    PREFIXABLE,
    PREFIXES,
    TEMPERATURES,
    TERMS,
    WHOLE,
)

Dimension = tuple[int, ...]

_MAX_LENGTH: Final = 64
_PLAIN: Final[Dimension] = (0,) * len(BASES)
_VOLUME: Final[Dimension] = tuple(3 if base == "m" else 0 for base in BASES)
_POWER: Final = re.compile(r"(?:x\s*)?10\s*(?:\*\*|\*|\^)\s*([+-]?\d{1,2})|x?10e([+-]?\d{1,2})", re.IGNORECASE)
_TERM: Final = re.compile(r"(\d{1,9})?(\[?[A-Za-z%]+(?:\[[A-Za-z0-9]+\])?\]?)\^?(-?[1-9])?")
_NUMBER: Final = re.compile(r"\d{1,9}")
_PER: Final = re.compile(r"\s+per\s+|^per\s+", re.IGNORECASE)
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")
_INDEXED: Final = re.compile(r"1\.73\s*(?:m\^?2|sqm)(?:\s*bsa)?", re.IGNORECASE)
_SUPERSCRIPTS: Final = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
_RAISED: Final = re.compile(f"10([{_SUPERSCRIPTS}]+)")
# Micro sign and Greek mu, multiplication sign, middle dot, superscripts, degree sign, minus sign.
_LETTERS: Final = str.maketrans({
    "\u00b5": "u", "\u03bc": "u", "\u00d7": "x", "\u00b7": ".", "\u00b2": "2", "\u00b3": "3",
    "\u00b0": "deg ", "\u2212": "-",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what it measures, and how it becomes base units.

    Attributes:
        text: As it was written, with plain signs.
        dimension: Exponents of the base units.
        factor: One of it in base units.
        offset: Where its zero lies (temperatures only).
    """

    text: str
    dimension: Dimension
    factor: Fraction
    offset: Fraction = Fraction(0)

    def to_base(self, number: Fraction) -> Fraction:
        """A value of this unit in base units."""
        return number * self.factor + self.offset

    def from_base(self, number: Fraction) -> Fraction:
        """A value in base units in this unit."""
        return (number - self.offset) / self.factor

    @property
    def is_volume(self) -> bool:
        """It is a volume, which beside a count means `per` that volume."""
        return self.dimension == _VOLUME

    def inverse(self) -> Unit:
        """`uL` as `/uL`."""
        return Unit(f"/{self.text}", tuple(-one for one in self.dimension), 1 / self.factor)


NO_UNIT: Final = Unit("1", _PLAIN, Fraction(1))


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit | None:
    """Read a unit.

    Args:
        text: As somebody wrote it; empty or `1` is a pure number.

    Returns:
        The unit, None when it is not known.
    """
    if len(text) > _MAX_LENGTH:
        return None
    powers = _RAISED.sub(lambda found: "10^" + "".join(str(_SUPERSCRIPTS.index(one)) for one in found[1]), text)
    plain = " ".join(_ANNOTATION.sub("", powers.strip().translate(_LETTERS)).split())
    meant = WHOLE.get(plain.casefold(), plain)
    if meant in {"", "1"}:
        return NO_UNIT
    if meant in TEMPERATURES:
        factor, offset = TEMPERATURES[meant]
        return Unit(plain, _base("K"), Fraction(factor), Fraction(offset))
    found = _compound(meant)
    return replace(found, text=plain) if found else None


def _compound(text: str) -> Unit | None:
    written = _INDEXED.sub("[bsa]", _PER.sub("/", text)).replace(" /", "/").replace("/ ", "/")
    parts = written.split("/")
    dimension, factor = list(_PLAIN), Fraction(1)
    for place, part in enumerate(parts):
        if not part and place == 0 and len(parts) > 1:
            continue
        found = _product(part) if part else None
        if found is None:
            return None
        sign = -1 if place else 1
        dimension = [one + sign * other for one, other in zip(dimension, found.dimension, strict=True)]
        factor *= found.factor**sign
    return Unit(written, tuple(dimension), factor)


def _product(part: str) -> Unit | None:
    part = TERMS.get(part.strip().casefold(), part.strip())
    dimension, factor = list(_PLAIN), Fraction(1)
    power = _POWER.match(part)
    if power:
        factor = Fraction(10) ** int(power[1] or power[2])
        part = part[power.end() :]
    for place, word in enumerate(re.split(r"[ .*]+", part.strip())):
        found = _term(word) if word else NO_UNIT
        # A number leads a unit (mL/24 h); behind one it is a value that does not belong there.
        if found is None or (place and _NUMBER.fullmatch(word)):
            return None
        dimension = [one + other for one, other in zip(dimension, found.dimension, strict=True)]
        factor *= found.factor
    return Unit(part, tuple(dimension), factor)


def _term(word: str) -> Unit | None:
    if _NUMBER.fullmatch(word):
        return Unit(word, _PLAIN, Fraction(word)) if int(word) else None
    if word in EXACT_TERMS:
        return _compound(EXACT_TERMS[word])
    word = TERMS.get(word.casefold(), word)
    if word == "1":
        return NO_UNIT
    found = _TERM.fullmatch(word)
    count = Fraction(found[1] or 1) if found else Fraction(0)
    atom = _atom(found[2]) if found else None
    if found is None or atom is None or not count:
        return None
    exponent = int(found[3] or 1)
    return Unit(word, tuple(one * exponent for one in atom.dimension), count * atom.factor**exponent)


def _atom(name: str) -> Unit | None:
    for spelling in (name, _IN_SMALL.get(name.casefold(), "")):
        if spelling in ATOMS:
            factor, dimension = ATOMS[spelling]
            return Unit(spelling, _base_of(dimension), Fraction(factor))
    prefix, rest = name[:1].lower(), name[1:]
    spelling = rest if rest in PREFIXABLE else _IN_SMALL.get(rest.casefold(), "")
    if prefix not in PREFIXES or spelling not in PREFIXABLE:
        return None
    factor, dimension = ATOMS[spelling]
    return Unit(name, _base_of(dimension), Fraction(factor) * Fraction(PREFIXES[prefix]))


def _base_of(dimension: dict[str, int]) -> Dimension:
    return tuple(dimension.get(base, 0) for base in BASES)


def _base(name: str) -> Dimension:
    return _base_of({name: 1})


_IN_SMALL: Final = {atom.casefold(): atom for atom in ATOMS}
