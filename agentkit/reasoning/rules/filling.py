"""Arguments from a message: each parameter takes what the message holds for its kind and role, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from agentkit.models import Json
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.choices import place_choice
from agentkit.reasoning.rules.moments import place_dates, place_time
from agentkit.reasoning.rules.parameters import Kind, Parameter, Role, parameters
from agentkit.reasoning.rules.placing import Filling, accepts, negated, put, span_of
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.topics import topic
from agentkit.reasoning.rules.values import Span
from agentkit.reasoning.rules.words import Word, abbreviates, flat, name_stems, stem

_COUNT: Final = r"\s+(?:few|couple|several|two|three|four|five|six|seven|eight|nine|ten|\d{1,3}(?![\w.-]))\b"
_TWO: Final = 2
_NEAR: Final = 12
"""Characters in which a word belongs to what follows."""

_SYMBOL: Final = 3
"""Letters of an abbreviation that is written like a word: `Na`, `K`."""

_LISTED: Final = re.compile(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+|\s*&\s*", re.IGNORECASE)


def fill(
    tool: Tool,
    reading: Reading,
    given: Mapping[str, Json] | None = None,
    *,
    reserved: Iterable[Span] = (),
    finding: bool = False,
) -> Filling:
    """Fill what a message holds into a tool's parameters; every value fits its schema.

    Args:
        tool: The tool.
        reading: The message.
        given: Arguments that are known already.
        reserved: Pieces of the message that serve something else.
        finding: The tool is called to find the thing a message names, so free text takes the name of that thing.
    """
    filling = Filling(dict(given or {}), list(reserved), finding)
    takes = parameters(tool)
    steps: tuple[tuple[Callable[[Parameter, Reading, Filling, Tool], None], frozenset[Kind]], ...] = (
        (_from_data, frozenset(Kind)),
        (_identifier, frozenset({Kind.ID})),
        (place_choice, frozenset({Kind.ENUM})),
        (_switch, frozenset({Kind.BOOLEAN})),
        (place_time, frozenset({Kind.TIME})),
        (_counted, frozenset({Kind.NUMBER})),
        (_cued, frozenset({Kind.OTHER, Kind.NUMBER, Kind.TEXT})),
        (_example, frozenset({Kind.OTHER})),
        (_name, frozenset({Kind.NAME})),
        (_text, frozenset({Kind.TEXT})),
    )
    for step, kinds in steps:
        for parameter in takes:
            if parameter.kind in kinds and parameter.name not in filling.arguments:
                step(parameter, reading, filling, tool)
        if step is _switch:
            place_dates([one for one in takes if one.kind is Kind.DATE], reading, filling, tool)
    return filling


def _from_data(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    found: list[Json] = []
    for item in reading.data:
        for key, value in item.items() if isinstance(item, dict) else ():
            if flat(key) == flat(parameter.name) and accepts(parameter, value, tool) and value not in found:
                found.append(value)
    # Of two that differ none is taken: nothing says which one counts.
    if len(found) == 1:
        filling.arguments[parameter.name] = found[0]


def _identifier(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    found: dict[str, Word] = {}
    for word in reading.words:
        for spelling in (word.text, word.lower, word.text.upper()):
            if js.fits(spelling, parameter.schema, tool.input_schema):
                found.setdefault(spelling, word)
                break
    spans = [Span(word.text, word.start, word.end) for word in found.values()]
    put(parameter, list(found), filling, tool, *spans)


def _switch(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    own = set(name_stems(parameter.name)) - _common_stems(parameter, tool)
    said = [
        Span(word.text, word.start, word.end)
        for word in reading.words
        if word.stem in own and not word.functional and not any(span.holds(word) for span in reading.vague_times)
    ]
    # "The last three" wants more than the last.
    if said and not any(re.match(_COUNT, reading.text[span.end :], re.IGNORECASE) for span in said):
        put(parameter, [not negated(reading, said[0])], filling, tool, *said)


def _common_stems(parameter: Parameter, tool: Tool) -> set[str]:
    others = {piece for other in parameters(tool) if other.name != parameter.name for piece in name_stems(other.name)}
    general = {stem(word) for word in ("include", "with", "only", "show", "per", "is", "has", "and", "all")}
    return others | general | set(name_stems(tool.name))


def _counted(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    """A number in front of what the parameter counts: `90 minutes`, `45 min`."""
    for span in reading.numbers:
        after = next((word for word in reading.words if word.start >= span.end), None)
        if after and not reading.text[span.end : after.start].strip() and filling.is_free(span):
            counted = any(abbreviates(after.lower, piece) for piece in parameter.name.lower().split("_"))
            if counted and put(parameter, _typed(parameter, span.value), filling, tool, span, span_of(after)):
                return


def _cued(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    """A value with a digit, or in quotation marks, right after the parameter's own word."""
    own = set(name_stems(parameter.name)) | parameter.stems
    listed = reading.words
    for index, word in enumerate(listed):
        if stem(word.text) not in own or not filling.is_free(Span("", word.start, word.end)):
            continue
        for follower in listed[index + 1 : index + 3]:
            if follower.lower in {"is", "number", "no", "of", "id", "code"}:
                continue
            span = _as_value(follower, reading)
            if span and filling.is_free(span) and put(parameter, _typed(parameter, span.value), filling, tool, span):
                return
            break
    if parameter.kind is Kind.NUMBER and parameter.required and not parameter.identifies:
        free = [span for span in reading.numbers if filling.is_free(span)]
        if len(free) == 1:
            put(parameter, _typed(parameter, free[0].value), filling, tool, free[0])


def _as_value(word: Word, reading: Reading) -> Span | None:
    for span in reading.quoted:
        if span.holds(word):
            return span
    has_digit = any(char.isdigit() for char in word.text)
    return Span(word.text, word.start, word.end) if has_digit else None


def _typed(parameter: Parameter, text: str) -> list[Json]:
    if parameter.kind is not Kind.NUMBER:
        return [text]
    try:
        return [int(text)] if "." not in text else [float(text)]
    except ValueError:
        return []


def _example(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    said = [reading.mentions(example) for example in parameter.examples]
    found = {span.value: span for span in said if span and filling.is_free(span) and not negated(reading, span)}
    for span in [*found.values()]:
        # Beside it stands one more of its kind, which the description need not list: `HB and CRP`.
        found |= {other.value: other for other in _listed_with(span, reading) if filling.is_free(other)}
    put(parameter, list(found), filling, tool, *found.values())


def _listed_with(span: Span, reading: Reading) -> list[Span]:
    found: list[Span] = []
    for ordered, ahead in ((reading.words, True), (reading.words[::-1], False)):
        edge = span
        for word in ordered:
            gap = reading.text[edge.end : word.start] if ahead else reading.text[word.end : edge.start]
            symbol = word.capital and len(word.text) <= _SYMBOL and not word.functional
            if (word.code_like or symbol) and _LISTED.fullmatch(gap):
                edge = Span(word.text, word.start, word.end)
                found.append(edge)
    return found


def _name(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    free = [span for span in reading.called if filling.is_free(span)]
    # A name said twice is one.
    if len({span.value for span in free}) != 1:
        return
    span, pieces = free[0], free[0].value.split()
    match parameter.role:
        case Role.GIVEN:
            if len(pieces) > 1 and not _has_full_name(tool):
                put(parameter, [" ".join(pieces[:-1])], filling, tool)
        case Role.FAMILY:
            if not _has_full_name(tool):
                put(parameter, [pieces[-1]], filling, tool)
        case _:
            put(parameter, [span.value], filling, tool, *free)


def _has_full_name(tool: Tool) -> bool:
    return any(one.kind is Kind.NAME and one.role is Role.PLAIN for one in parameters(tool))


def _text(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    if filling.finding:
        free = [span for span in reading.called if filling.is_free(span)]
        span = free[0] if len(free) == 1 else None
    else:
        span = topic(parameter, reading, filling.used, tool)
    if span:
        put(parameter, [span.value], filling, tool, span)
