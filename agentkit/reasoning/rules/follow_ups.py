"""What a message gives without saying what it is: a bare answer to a question (`P-17`), or the next (`and P-99?`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agentkit.models import Json
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.filling import fill
from agentkit.reasoning.rules.parameters import Kind, Parameter, parameters
from agentkit.reasoning.rules.placing import Filling, put
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.values import Span
from agentkit.reasoning.rules.vocabulary import NEGATIONS
from agentkit.reasoning.rules.words import Word


def follow(tool: Tool, reading: Reading, before: Reading, filling: Filling) -> None:
    """Fill what nothing describes but its place in the conversation; of two that could be meant none is taken.

    Args:
        tool: The tool the earlier message asked for.
        reading: The message.
        before: The earlier message.
        filling: What the message says by itself; the value is added to it.
    """
    wanted = [one for one in parameters(tool) if _is_plain(one) and one.name not in filling.arguments]
    if not wanted or reading.negates or any(word.lower in NEGATIONS for word in reading.words):
        return
    earlier = fill(tool, before).arguments
    lacking = [one for one in wanted if one.name not in earlier]
    if reading.answers and len(lacking) == 1:
        found = _said(lacking[0], reading, filling)
        if len(found) == 1:
            put(lacking[0], [found[0].value], filling, tool, found[0])
        return
    codes = _codes(reading, filling)
    for parameter in wanted:
        like = [span for span in codes if _shape(span.value) == _shape(str(earlier.get(parameter.name, "")))]
        if len(like) == 1 and put(parameter, [like[0].value], filling, tool, like[0]):
            return


def replaced(tool: Tool, reading: Reading, filling: Filling) -> frozenset[str]:
    """The parameters whose earlier value may no longer be meant: the message holds a code that found no place."""
    if not _codes(reading, filling):
        return frozenset()
    return frozenset(one.name for one in parameters(tool) if _is_plain(one) and one.name not in filling.arguments)


def _is_plain(parameter: Parameter) -> bool:
    return parameter.required and parameter.kind is Kind.OTHER and not parameter.many


def _said(parameter: Parameter, reading: Reading, filling: Filling) -> Sequence[Span]:
    """What the answer to a question may be: a code, a number, or what it names where no number is wanted."""
    if reading.requests or reading.stops or reading.affirms:
        return ()
    codes = _codes(reading, filling) or [span for span in reading.numbers if filling.is_free(span)]
    return codes or ([] if parameter.identifies else [span for span in reading.called if filling.is_free(span)])


def _codes(reading: Reading, filling: Filling) -> list[Span]:
    """Words with letters and digits of which no argument was made, each once."""
    found: Mapping[str, Span] = {
        word.text: Span(word.text, word.start, word.end)
        for word in reading.words
        if _is_code(word) and not any(span.holds(word) for span in reading.dates)
    }
    return [span for span in found.values() if filling.is_free(span)]


def _is_code(word: Word) -> bool:
    return word.code_like and any(char.isdigit() for char in word.text)


def _shape(text: Json) -> str:
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "A", str(text)))
