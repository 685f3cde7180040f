"""A message as the rules read it: its words, and the values found in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from agentkit.models import Json
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.kept import kept
from agentkit.reasoning.rules.manner import Manner
from agentkit.reasoning.rules.parameters import parameters
from agentkit.reasoning.rules.quantities import Quantity, quantities
from agentkit.reasoning.rules.times import times
from agentkit.reasoning.rules.values import Cover, DateSpan, Span, dates, names, numbers, quoted, vague_times
from agentkit.reasoning.rules.vocabulary import (
    FILLER_WORDS,
    PRONOUNS,
    RELATIVES,
    REQUEST_OPENERS,
    SUBJECT_CUES,
)
from agentkit.reasoning.rules.words import Word, common_stems, initials, name_stems, words

MAX_TEXT: Final = 8_000
"""Characters of a message that are read."""

_UNKNOWN: Final = "not looked up"
_OWNERS: Final = frozenset({"my", "your", "our"})
_LEADING: Final = frozenset({"of", "for", "to", "from"})
_JOINING: Final = frozenset({"vs", "versus", "plus"})


@dataclass(frozen=True)
class Reading(Manner):
    """A message read with the vocabulary of the tools on offer.

    Attributes:
        text: The message.
        known: Stems of the words the tools use.
        data: The data parts of the message.
        answers: It follows a question to the user.
    """

    known: frozenset[str]
    data: tuple[Json, ...] = ()
    answers: bool = False

    @cached_property
    def dates(self) -> tuple[DateSpan, ...]:
        """Dates."""
        return dates(self.text)

    @cached_property
    def vague_times(self) -> tuple[Span, ...]:
        """Times relative to now (`last year`): nothing here knows what day it is."""
        return vague_times(self.text)

    @cached_property
    def times(self) -> tuple[Span, ...]:
        """Times of day."""
        return times(self.text, self.dates)

    @cached_property
    def quoted(self) -> tuple[Span, ...]:
        """What stands in quotation marks."""
        return quoted(self.text)

    @cached_property
    def names(self) -> tuple[Span, ...]:
        """Names of people and things."""
        found = names(self.text, (*self.dates, *self.quoted), self.known)
        if len(found) > 1 and self._opens_only(found[0]):
            found = found[1:]
        if len(found) == 2 and self.text[found[0].end : found[1].start].strip(" ") == ",":
            family, given = found
            if " " not in family.value and " " not in given.value:
                return (Span(f"{given.value} {family.value}", family.start, given.end),)
        return found

    def _opens_only(self, span: Span) -> bool:
        """A word has its capital because a sentence begins with it: it leads to other words, and names come later."""
        index = next(index for index, word in enumerate(self.words) if word.start == span.start)
        word, after = self.words[index], self.words[index + 1]
        plain = self.text[span.start : span.end] == word.text and not self.text[word.end : after.start].strip(" ")
        leads = not after.functional and after.text.islower() and after.lower not in _JOINING
        return word.opens and plain and (leads or after.lower in _LEADING)

    @cached_property
    def numbers(self) -> tuple[Span, ...]:
        """Plain numbers."""
        return numbers(self.text, (*self.dates, *self.times, *self.quoted))

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """Numbers, each with the unit that was said."""
        return quantities(self.text, (*self.dates, *self.times, *self.quoted))

    @cached_property
    def content(self) -> tuple[Word, ...]:
        """The words that say what is wanted: no function words, no names, times or quotations."""
        return self.outside((*self.dates, *self.times, *self.vague_times, *self.quoted, *self.names))

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """The stems of the content, each once; a compound (`follow-up`) also by its pieces."""
        found: dict[str, None] = {}
        for word in self.content:
            found[word.stem] = None
            if not word.text.isalnum() and not word.code_like:
                found |= dict.fromkeys(name_stems(word.text))
        return tuple(found)

    @cached_property
    def unexplained(self) -> tuple[Word, ...]:
        """Content words that no tool knows; a unit belongs to its number."""
        cover = Cover(self.quantities)
        return tuple(
            word
            for word in self.content
            if word.stem not in self.known
            and word.lower not in FILLER_WORDS
            and len(word.text) > 1
            and not word.text.replace("/", "").isdigit()
            and not cover.holds(word)
        )

    @cached_property
    def called(self) -> tuple[Span, ...]:
        """What a message calls the thing it is about: names, quotations, else words in lower case no tool knows."""
        return self.names or self.quoted or self._bare_name() or self._lower_names()

    def _bare_name(self) -> tuple[Span, ...]:
        """A question was asked, and all that is said is a few words no tool knows, in whatever case."""
        run = [*self.unexplained] if self.answers and not self.requests else []
        if not 1 < len(run) <= 4 or len(run) != len(self.content) or not all(_lettered(word) for word in run):
            return ()
        text = self.text[run[0].start : run[-1].end]
        if text.split() != [word.text for word in run]:
            return ()
        return (Span(text, run[0].start, run[-1].end),)

    def _lower_names(self) -> tuple[Span, ...]:
        runs: list[list[Word]] = []
        for word in self.unexplained:
            if word.code_like or not word.text.replace("-", "").isalpha() or word.lower in REQUEST_OPENERS:
                continue
            if runs and not self.text[runs[-1][-1].end : word.start].strip(" ") and runs[-1][-1].end < word.start:
                runs[-1].append(word)
            else:
                runs.append([word])
        pointed = [run for run in runs if self._before(run[0]) in SUBJECT_CUES and len(run) <= 3]
        if self.refers_back or len(pointed) != 1:
            return ()
        return (Span(" ".join(word.text for word in pointed[0]), pointed[0][0].start, pointed[0][-1].end),)

    def _before(self, word: Word) -> str:
        index = self.words.index(word)
        return self.words[index - 1].lower if index else ""

    @cached_property
    def only_topic(self) -> bool:
        """The words no tool knows are one topic and nothing else: `ABC`, `her score`, `the score of Somebody`."""
        run = [word for word in self.unexplained if not any(span.holds(word) for span in self.called)]
        if not run or len(run) > 2 or self.text[run[0].start : run[-1].end].split() != [word.text for word in run]:
            return False
        first, last = self.words.index(run[0]), self.words.index(run[-1])
        behind = (word.lower for word in self.words[last + 1 :] if word.lower not in FILLER_WORDS)
        after = next(behind, "")
        owned = self._before(run[0]) in PRONOUNS or (after in {"of", "for"} and bool(self.names))
        return owned or all(word.code_like for word in self.words[first : last + 1])

    @cached_property
    def relative(self) -> bool:
        """It speaks of somebody by whom they belong to (`her brother`, `the mother of Somebody`) and not by name."""
        named = {span.start for span in self.names}
        for index, word in enumerate(self.words):
            after = self.words[index + 1] if index + 1 < len(self.words) else None
            if word.lower not in RELATIVES or (after is not None and after.start in named):
                continue
            before = self.words[index - 1] if index else None
            owned = before is not None and (before.lower in PRONOUNS or before.lower in _OWNERS or before.possessive)
            if owned or (after is not None and after.lower == "of"):
                return True
        return False

    @cached_property
    def introduces(self) -> bool:
        """It names one person or thing and does not say what is wanted of it."""
        return len(self.names) == 1 and not (self.unexplained or self.refers_back or self.changes)

    def outside(self, spans: Iterable[Span]) -> tuple[Word, ...]:
        """The words without function words and without those inside of the spans."""
        cover = Cover(spans)
        return tuple(word for word in self.words if not word.functional and not cover.holds(word))

    def mentions(self, phrase: str) -> Span | None:
        """Where the message holds a word or phrase, whatever its punctuation and endings; None where it does not."""
        found = self._looked_up.get(phrase, _UNKNOWN)
        if isinstance(found, str):
            found = self._looked_up[phrase] = self._find(spelling(phrase))
        return found

    def _find(self, phrase: Spelling) -> Span | None:
        by_stem, by_flat, stems, flats = self._spelled
        for index in by_stem.get(phrase.stems[0], ()) if phrase.stems else ():
            end = index + len(phrase.stems)
            if tuple(stems[index:end]) == phrase.stems:
                return Span(phrase.text, self.words[index].start, self.words[end - 1].end)
        for length in range(1, len(phrase.joined) + 1):
            for index in by_flat.get(phrase.joined[:length], ()):
                for size in phrase.sizes:
                    if "".join(flats[index : index + size]) == phrase.joined:
                        last = min(index + size, len(flats)) - 1
                        return Span(phrase.text, self.words[index].start, self.words[last].end)
        for index in by_flat.get(phrase.initials, ()) if phrase.initials else ():
            if self.words[index].code_like:
                return Span(phrase.text, self.words[index].start, self.words[index].end)
        return None

    @cached_property
    def _looked_up(self) -> dict[str, Span | None]:
        return {}

    @cached_property
    def _spelled(self) -> tuple[dict[str, list[int]], dict[str, list[int]], list[str], list[str]]:
        """The places of each stem and of each word without punctuation, and both in order."""
        stems, flats = [word.stem for word in self.words], [word.flat for word in self.words]
        return _places(stems), _places(flats), stems, flats


@dataclass(frozen=True, slots=True)
class Spelling:
    """A phrase as it is looked for.

    Attributes:
        text: It.
        stems: Of its words.
        joined: Without punctuation and spaces.
        sizes: Of how many words it may be made in a message.
        initials: As people abbreviate it; empty for short ones.
    """

    text: str
    stems: tuple[str, ...]
    joined: str
    sizes: tuple[int, ...]
    initials: str


@lru_cache(maxsize=4096)
def spelling(phrase: str) -> Spelling:
    """How a phrase of a schema is looked for."""
    wanted = words(phrase)
    stems = tuple(word.stem for word in wanted)
    joined = "".join(word.flat for word in wanted)
    sizes = tuple(sorted({len(stems), len(name_stems(phrase)), 1, 2}))
    return Spelling(phrase, stems, joined, sizes, "".join(initials(phrase)))


def _places(listed: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, one in enumerate(listed):
        found.setdefault(one, []).append(index)
    return found


def vocabulary(tools: Sequence[Tool]) -> frozenset[str]:
    """The stems of the words that tools use in lower case, in their names, titles, descriptions and parameters."""
    return frozenset[str]().union(*(_used_by(tool) for tool in tools))


@kept
def _used_by(tool: Tool) -> frozenset[str]:
    found = {*name_stems(tool.name), *common_stems(tool.description)}
    for parameter in parameters(tool):
        found |= parameter.stems
        found.update(common_stems(js.text_of(js.as_object(parameter.whole), "description")))
        for choice in parameter.choices:
            found.update(name_stems(choice))
    return frozenset(found)


def read(text: str, tools: Sequence[Tool], data: tuple[Json, ...] = (), *, answers: bool = False) -> Reading:
    """Read a message with the vocabulary of tools."""
    return Reading(text[:MAX_TEXT], vocabulary(tools), data, answers)


def _lettered(word: Word) -> bool:
    return word.text.replace("-", "").replace("'", "").isalpha()
