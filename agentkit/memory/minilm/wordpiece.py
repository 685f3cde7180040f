"""Texts as the numbers of word pieces, as BERT's uncased models were taught them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

_LONGEST_WORD: Final = 100
_UNKNOWN: Final = "[UNK]"
_CJK: Final = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPieces:
    """A vocabulary, and how texts are cut by it."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Number the pieces in their order."""
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self._longest = max(map(len, vocabulary))

    def numbers(self, text: str, most: int) -> list[int]:
        """A text as numbers between those of its begin and its end, at most `most` in all."""
        found = [self._numbers["[CLS]"]]
        for word in _words(text):
            found += self._pieces(word)
            if len(found) >= most:
                break
        return [*found[: most - 1], self._numbers["[SEP]"]]

    def _pieces(self, word: str) -> list[int]:
        """The longest piece that fits, then the longest of the rest, and so on."""
        if len(word) > _LONGEST_WORD:
            return [self._numbers[_UNKNOWN]]
        pieces: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                number = self._numbers.get(mark + word[start:end])
                if number is not None:
                    pieces.append(number)
                    start = end
                    break
            else:
                return [self._numbers[_UNKNOWN]]
        return pieces


def _words(text: str) -> Iterator[str]:
    """Words in lower case without accents; every mark of punctuation and every Chinese character stands alone."""
    word: list[str] = []
    for character in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(character)
        if kind == "Mn" or _is_nothing(character, kind):
            continue
        if character.isspace():
            if word:
                yield "".join(word)
                word.clear()
        elif _stands_alone(character, kind):
            if word:
                yield "".join(word)
                word.clear()
            yield character
        else:
            word.append(character)
    if word:
        yield "".join(word)


def _is_nothing(character: str, kind: str) -> bool:
    return character in "\x00\ufffd" or (kind in {"Cc", "Cf", "Cs", "Co", "Cn"} and character not in "\t\n\r")


def _stands_alone(character: str, kind: str) -> bool:
    code = ord(character)
    if code < 128:
        return not character.isalnum()
    return kind.startswith("P") or (code >= 0x3400 and any(first <= code <= last for first, last in _CJK))
