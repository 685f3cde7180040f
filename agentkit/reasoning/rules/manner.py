"""How a message speaks, whatever it is about: it asks, answers, denies, stops, or wants something changed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from agentkit.reasoning.rules.vocabulary import (
    AFFIRMATIONS,
    CHANGE_VERBS,
    CONTINUATIONS,
    IMPERATIVE_CUES,
    NEGATIONS,
    PRONOUNS,
    REQUEST_OPENERS,
    RESUMING_WORDS,
    STOP_PHRASES,
)
from agentkit.reasoning.rules.words import Word, words


@dataclass(frozen=True)
class Manner:
    """How a message speaks.

    Attributes:
        text: The message.
    """

    text: str

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All words."""
        return words(self.text)

    def before(self, place: int, count: int) -> tuple[Word, ...]:
        """The last words in front of a place."""
        index = bisect_right(self._ends, place)
        return self.words[max(0, index - count) : index]

    @cached_property
    def _ends(self) -> list[int]:
        return [word.end for word in self.words]

    @cached_property
    def refers_back(self) -> bool:
        """It holds a pronoun."""
        return any(word.lower in PRONOUNS for word in self.words)

    @cached_property
    def continues(self) -> bool:
        """It begins as a continuation."""
        begin = self.text.strip().lower()
        return any(begin.startswith((f"{opening} ", f"{opening},")) for opening in CONTINUATIONS)

    @cached_property
    def requests(self) -> bool:
        """It asks for something, as against answering a question."""
        if not self.words:
            return False
        return self.text.rstrip().endswith("?") or self.words[0].lower in REQUEST_OPENERS or self.continues

    @cached_property
    def affirms(self) -> bool:
        """It only says yes."""
        return bool(self.words) and all(word.lower in AFFIRMATIONS for word in self.words)

    @cached_property
    def stops(self) -> bool:
        """It says little but that an exchange shall end."""
        content = [word.lower for word in self.words if not word.functional and not _denies(word)]
        if self.negates and RESUMING_WORDS.issuperset(content):
            return not RESUMING_WORDS.isdisjoint(word.lower for word in self.words)
        return bool(content) and len(content) <= 3 and content[0] in STOP_PHRASES

    @cached_property
    def negates(self) -> bool:
        """It holds a negation; `no` in front of what is meant instead is none."""
        start = 1 if self.text.lstrip().lower().startswith("no,") else 0
        return any(_denies(word) for word in self.words[start:])

    @cached_property
    def commands(self) -> tuple[Word, ...]:
        """The words that stand where a verb asks for something to be done: first, or after words that lead to it."""
        found: list[Word] = []
        for index, word in enumerate(self.words):
            before = self.words[index - 1] if index else None
            if before is None or before.lower in IMPERATIVE_CUES or self.text[before.end : word.start].strip():
                found.append(word)
        return tuple(found)

    @cached_property
    def changes(self) -> tuple[Word, ...]:
        """The words that ask for a change."""
        return tuple(word for word in self.commands if word.lower in CHANGE_VERBS and not self._is_noun(word))

    def _is_noun(self, word: Word) -> bool:
        index = self.words.index(word)
        return index + 1 < len(self.words) and self.words[index + 1].lower in {"of", "in"}


def _denies(word: Word) -> bool:
    return word.lower in NEGATIONS or (word.flat.endswith("nt") and "'" in word.text.replace("\u2019", "'"))
