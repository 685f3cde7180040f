"""An argument put into its place: only where it fits the schema, and what it was made of is used up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.parameters import Parameter
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.values import Span
from agentkit.reasoning.rules.vocabulary import NEGATIONS
from agentkit.reasoning.rules.words import Word

_IN_FRONT: Final = 2
"""Words in front of another one that can turn it round."""


@dataclass
class Filling:
    """Arguments found so far, and which pieces of the message they used."""

    arguments: JsonObject = field(default_factory=dict[str, Json])
    used: list[Span] = field(default_factory=list[Span])
    finding: bool = False

    def is_free(self, span: Span) -> bool:
        """No argument was made of this piece of the message."""
        return not any(span.start < other.end and other.start < span.end for other in self.used)


def accepts(parameter: Parameter, value: Json, tool: Tool) -> bool:
    """Whether a parameter takes a value, as it is."""
    return js.fits(value, parameter.whole, tool.input_schema)


def put(parameter: Parameter, values: Iterable[Json], filling: Filling, tool: Tool, *spans: Span) -> bool:
    """Give a parameter the value, or the list of values where it takes a list, if they fit."""
    listed = list(values)
    if not listed or (len(listed) > 1 and not parameter.many):
        return False
    value: Json = listed if parameter.many else listed[0]
    if not accepts(parameter, value, tool):
        return False
    filling.arguments[parameter.name] = value
    filling.used.extend(spans)
    return True


def span_of(word: Word) -> Span:
    """The place of a word."""
    return Span(word.text, word.start, word.end)


def negated(reading: Reading, span: Span) -> bool:
    """A word right in front of a place turns it into its opposite."""
    return any(word.lower in NEGATIONS for word in reading.before(span.start, _IN_FRONT))
