"""Choices from a message: said in full, by a word only one of them has, or in another form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.parameters import Kind, Parameter, parameters
from agentkit.reasoning.rules.placing import Filling, negated, put, span_of
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.values import Span
from agentkit.reasoning.rules.vocabulary import INCLUDING, NEGATIONS
from agentkit.reasoning.rules.words import Word, name_stems, resembles, words

_TWO: Final = 2
_NAME: Final = 3
"""Letters more than which a name has."""

_NEAR: Final = 12
"""Characters in which a word belongs to what follows."""


def place_choice(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    """Put the choice, or the choices where several may be, that a message says into a parameter."""
    found: dict[str, Span] = {}
    for choice in parameter.choices:
        span = reading.mentions(choice) or _shortened(choice, parameter, reading)
        if span and filling.is_free(span) and _is_said(choice, parameter, reading) and not _added(span, reading, tool):
            if negated(reading, span) and not parameter.names_things:
                return
            found[choice] = span
    found = _telling_ones(found, parameter, reading) or _resembled(parameter, reading, filling)
    if not parameter.many and len(found) > 1:
        return
    put(parameter, list(found), filling, tool, *found.values())


def _added(span: Span, reading: Reading, tool: Tool) -> bool:
    """`Including the old ones` turns a switch on; it does not limit the answer to them."""
    before = {word.lower for word in reading.words if word.end <= span.start and span.start - word.end <= _NEAR}
    stems = {word.stem for word in reading.words if span.holds(word)}
    switches = [one for one in parameters(tool) if one.kind is Kind.BOOLEAN and not stems.isdisjoint(one.stems)]
    return bool(switches) and not before.isdisjoint(INCLUDING)


def _telling_ones(found: Mapping[str, Span], parameter: Parameter, reading: Reading) -> dict[str, Span]:
    """Of choices found in the same place the longest; of a long list no ordinary word that belongs to another one."""
    longest = {
        choice: span
        for choice, span in found.items()
        if not any(_inside(span, other) for name, other in found.items() if name != choice)
    }
    if not parameter.names_things:
        return longest
    return {choice: span for choice, span in longest.items() if not _is_part(span, reading)}


def _resembled(parameter: Parameter, reading: Reading, filling: Filling) -> dict[str, Span]:
    """The one choice of which a word that nothing explains is another form: `surgical` for `surgery`."""
    if parameter.names_things:
        return {}
    found: dict[str, Span] = {}
    for word in {word.lower: word for word in reading.unexplained}.values():
        if filling.is_free(span_of(word)) and not negated(reading, span_of(word)):
            found |= {one: span_of(word) for one in parameter.choices if one.isalpha() and resembles(word.lower, one)}
    return found if len(found) == 1 else {}


def _inside(span: Span, other: Span) -> bool:
    return other.start <= span.start and span.end <= other.end and span.end - span.start < other.end - other.start


def _is_part(span: Span, reading: Reading) -> bool:
    """One word in lower case with another one behind it that no tool knows: `heart` in `heart failure`."""
    if not reading.text[span.start : span.end].isalpha() or not reading.text[span.start : span.end].islower():
        return False
    after = next((word for word in reading.words if word.start >= span.end), None)
    if after is None or reading.text[span.end : after.start].strip():
        return False
    return not after.functional and after.stem not in reading.known


def _shortened(choice: str, parameter: Parameter, reading: Reading) -> Span | None:
    """A choice of several words is said by one that no other has: its first (`reds` for `red-wine`), or a name."""
    pieces = [word for part in choice.replace("_", "-").split("-") for word in words(part)]
    if len(pieces) < _TWO or any(word.functional or word.lower in NEGATIONS for word in pieces):
        return None
    others = {stem for other in parameter.choices if other != choice for stem in name_stems(other)}
    for place, piece in enumerate(pieces):
        if piece.stem in others:
            continue
        if place == 0 and len(pieces) == _TWO and not parameter.names_things:
            said = next((word for word in reading.content if word.stem == piece.stem), None)
        else:
            said = next((word for word in reading.words if word.stem == piece.stem and _is_a_name(word)), None)
        if said:
            return span_of(said)
    return None


def _is_a_name(word: Word) -> bool:
    return word.capital and not word.opens and word.text.isalpha() and len(word.text) > _NAME


def _is_said(choice: str, parameter: Parameter, reading: Reading) -> bool:
    """A word like `other` serves every sentence; it is a choice where the parameter is spoken of as well."""
    spoken = words(choice)
    return not all(word.functional for word in spoken) or any(word.stem in parameter.stems for word in reading.words)
