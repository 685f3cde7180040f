"""What a search is about: the words of a message that neither name the tool nor serve as anything else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.parameters import Parameter, examples_in
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.values import Span
from agentkit.reasoning.rules.vocabulary import FILLER_WORDS, NEGATIONS, TOPIC_CUES
from agentkit.reasoning.rules.words import Word, name_stems, schema_stems, words

_SELVES: Final = frozenset({"i", "we"})
_SENTENCE: Final = re.compile(r"[.!?;](?:\s+|$)|\n+")


def topic(parameter: Parameter, reading: Reading, used: Sequence[Span], tool: Tool) -> Span | None:
    """The words a free-text parameter searches for; None when the message holds none.

    A quotation comes first, then abbreviations and codes, then words the tool gives as examples, then the first run of
    words that the tool does not use to describe itself.
    """
    free = [span for span in reading.quoted if not _overlap(span, used)]
    if len(free) == 1:
        return free[0]
    runs = _runs(reading, used, _own(parameter, tool))
    if not runs:
        named = [span for span in reading.names if not _overlap(span, used)]
        return named[0] if len(named) == 1 else None
    best = min(runs, key=lambda run: _order(run, reading, parameter))
    if any(word.lower in NEGATIONS for word in reading.words[: reading.words.index(best[0])][-2:]):
        return None
    text = reading.text[best[0].start : best[-1].end] if len(best) > 1 else best[0].text
    return Span(text, best[0].start, best[-1].end)


def _own(parameter: Parameter, tool: Tool) -> frozenset[str]:
    """Stems that describe the tool; its examples are values, not description."""
    examples = [*parameter.examples, *examples_in(tool.description)]
    shown = {piece for example in examples for piece in schema_stems(example)}
    return frozenset((*name_stems(tool.name), *schema_stems(tool.description), *parameter.stems)) - shown


def _runs(reading: Reading, used: Sequence[Span], own: frozenset[str]) -> list[list[Word]]:
    runs: list[list[Word]] = []
    last: Word | None = None
    content = reading.outside(
        (*reading.dates, *reading.vague_times, *reading.quoted, *reading.names, *reading.quantities, *used)
    )
    aside = _asides(reading, own)
    for word in content:
        if not word.code_like and any(start <= word.start < end for start, end in aside):
            last = None
            continue
        if not word.code_like and (word.stem in own or word.lower in FILLER_WORDS or word.text.isdigit()):
            last = None
            continue
        adjacent = last is not None and not reading.text[last.end : word.start].strip(" ")
        if adjacent:
            runs[-1].append(word)
        else:
            runs.append([word])
        last = word
    return runs


def _asides(reading: Reading, own: frozenset[str]) -> list[tuple[int, int]]:
    """Sentences with none of the tool's words, beside one that has some, in which people speak of themselves."""
    ends = [match.end() for match in _SENTENCE.finditer(reading.text)]
    spans = list(zip([0, *ends], [*ends, len(reading.text)], strict=True))
    spoken = [[word for word in reading.words if start <= word.start < end] for start, end in spans]
    meant = [any(word.stem in own and not word.functional for word in every) for every in spoken]
    selves = [any(word.lower.split("'")[0] in _SELVES for word in every) for every in spoken]
    every = zip(spans, meant, selves, strict=True)
    return [span for span, own_words, self_words in every if self_words and not own_words] if any(meant) else []


def _order(run: list[Word], reading: Reading, parameter: Parameter) -> tuple[bool, bool, bool, int]:
    index = reading.words.index(run[0])
    before = reading.words[index - 1].lower if index else ""
    stems = {word.stem for word in run}
    shown = {piece for example in parameter.examples for word in words(example) for piece in (word.stem,)}
    return (
        not any(word.code_like for word in run),
        stems.isdisjoint(shown),
        before not in TOPIC_CUES,
        run[0].start,
    )


def _overlap(span: Span, used: Sequence[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in used)
