"""Arguments from a message: each parameter takes what the message holds for its kind and role, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.parameters import Kind, Parameter, Role, parameters
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.topics import topic
from agentkit.reasoning.rules.values import DateSpan, Span
from agentkit.reasoning.rules.vocabulary import NEGATIONS
from agentkit.reasoning.rules.words import Word, flat, name_stems, stem, words

_COUNT: Final = r"\s+(?:few|couple|several|two|three|four|five|six|seven|eight|nine|ten|\d{1,3}(?![\w.-]))\b"
_SYMBOL: Final = 3
"""Letters of an abbreviation that is written like a word: `Na`, `K`."""

_LISTED: Final = re.compile(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+|\s*&\s*", re.IGNORECASE)


@dataclass
class Filling:
    """Arguments found so far, and which pieces of the message they used."""

    arguments: JsonObject = field(default_factory=dict[str, Json])
    used: list[Span] = field(default_factory=list[Span])
    finding: bool = False

    def is_free(self, span: Span) -> bool:
        """No argument was made of this piece of the message."""
        return not any(span.start < other.end and other.start < span.end for other in self.used)


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
        (_choice, frozenset({Kind.ENUM})),
        (_switch, frozenset({Kind.BOOLEAN})),
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
            _dates([one for one in takes if one.kind is Kind.DATE], reading, filling, tool)
    return filling


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


def _choice(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    found: dict[str, Span] = {}
    for choice in parameter.choices:
        span = reading.mentions(choice) or _shortened(choice, parameter, reading)
        if span and filling.is_free(span) and _is_said(choice, parameter, reading):
            if _negated(reading, span):
                return
            found[choice] = span
    if not parameter.many and len(found) > 1:
        return
    put(parameter, list(found), filling, tool, *found.values())


def _shortened(choice: str, parameter: Parameter, reading: Reading) -> Span | None:
    """A choice of two words (`red-wine`) is said by the first alone (`reds`), where no other choice has that word."""
    pieces = [word for part in choice.replace("_", "-").split("-") for word in words(part)]
    if len(pieces) != 2 or any(word.functional or word.lower in NEGATIONS for word in pieces):
        return None
    if any(pieces[0].stem in name_stems(other) for other in parameter.choices if other != choice):
        return None
    said = next((word for word in reading.content if word.stem == pieces[0].stem), None)
    return Span(said.text, said.start, said.end) if said else None


def _is_said(choice: str, parameter: Parameter, reading: Reading) -> bool:
    """A word like `other` serves every sentence; it is a choice where the parameter is spoken of as well."""
    spoken = words(choice)
    return not all(word.functional for word in spoken) or any(word.stem in parameter.stems for word in reading.words)


def _switch(parameter: Parameter, reading: Reading, filling: Filling, tool: Tool) -> None:
    own = set(name_stems(parameter.name)) - _common_stems(parameter, tool)
    said = [
        Span(word.text, word.start, word.end)
        for word in reading.words
        if word.stem in own and not word.functional and not any(span.holds(word) for span in reading.vague_times)
    ]
    # "The last three" wants more than the last.
    if said and not any(re.match(_COUNT, reading.text[span.end :], re.IGNORECASE) for span in said):
        put(parameter, [not _negated(reading, said[0])], filling, tool, *said)


def _common_stems(parameter: Parameter, tool: Tool) -> set[str]:
    others = {piece for other in parameters(tool) if other.name != parameter.name for piece in name_stems(other.name)}
    general = {stem(word) for word in ("include", "with", "only", "show", "per", "is", "has", "and", "all")}
    return others | general | set(name_stems(tool.name))


def _dates(takes: list[Parameter], reading: Reading, filling: Filling, tool: Tool) -> None:
    free = [span for span in reading.dates if filling.is_free(span)]
    by_role: dict[Role, list[DateSpan]] = {}
    for span in free:
        by_role.setdefault(span.role, []).append(span)
    for parameter in takes:
        if parameter.name in filling.arguments:
            continue
        for span in _candidates(parameter.role, by_role):
            if any(put(parameter, [value], filling, tool, span) for value in _spellings(parameter.role, span)):
                break


def _candidates(role: Role, by_role: Mapping[Role, list[DateSpan]]) -> list[DateSpan]:
    exact = by_role.get(role, []) if role is not Role.PLAIN else []
    plain = by_role.get(Role.PLAIN, [])
    if exact:
        return exact[:1] if len(exact) == 1 else []
    if role in {Role.FROM, Role.UNTIL}:
        return plain if len(plain) == 1 and (plain[0].within or len(plain[0].value) == 10) else []
    if role is Role.BIRTH:
        return plain if len(plain) == 1 and not plain[0].within and len(plain[0].value) == 10 else []
    return plain if len(plain) == 1 else []


def _spellings(role: Role, span: DateSpan) -> tuple[str, ...]:
    full = span.last if role is Role.UNTIL else span.first
    if role is Role.FROM or role is Role.UNTIL:
        return (span.value, full, f"{full}T00:00:00Z")
    return (span.value,)


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
    found = {span.value: span for span in said if span and filling.is_free(span) and not _negated(reading, span)}
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


def _negated(reading: Reading, span: Span) -> bool:
    before = [word.lower for word in reading.words if word.end <= span.start][-2:]
    return any(word in NEGATIONS for word in before)
