"""Names and words in a form in which spelling, case and accents do not matter (EHR-S06)."""

from __future__ import annotations

import re
import unicodedata

# Letters that do not decompose under NFKD.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i", "ß": "ss"}
)


def normalised(value: str) -> str:
    """Lower case without accents, white space collapsed."""
    plain = value.casefold().translate(_PLAIN)
    decomposed = unicodedata.normalize("NFKD", plain)
    without = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(without.casefold().split())


def words(value: str) -> tuple[str, ...]:
    """The normalised words of a text; a word is a run of letters and digits."""
    return tuple(re.findall(r"[^\W_]+", normalised(value)))
