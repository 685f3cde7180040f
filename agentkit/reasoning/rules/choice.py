"""Which tool a message asks for: its words held against name, title, description and schema of each tool."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.described import is_open
from agentkit.reasoning.rules.kept import kept
from agentkit.reasoning.rules.parameters import Kind, Parameter, examples_in, parameters
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.vocabulary import ASKING_VERBS, FILLER_WORDS, FUNCTION_WORDS, NO_VERBS, QUESTION_WORDS
from agentkit.reasoning.rules.words import initials, name_stems, resembles, schema_stems, stem, stems_of

_NAME: Final = 3.0
_FIRST: Final = 2.0
_EXAMPLE: Final = 2.0
_BODY: Final = 1.2
_PARAMETER: Final = 1.0
_HINT: Final = 0.5
_VALUES: Final = 1.5
_TITLE_LENGTH: Final = 80
ENOUGH: Final = 1.1
"""The least evidence that makes a message a request for a tool."""

DOUBTFUL: Final = 1.7
"""The least evidence where the message also holds words that no tool knows."""

_VAGUE: Final = stems_of(FILLER_WORDS) | stems_of(FUNCTION_WORDS)
_VAGUE_SHARE: Final = 0.5
_VERB_REACH: Final = 120
_FIRST_WORDS: Final = re.compile(r"^\s*[^\W_]+(?:\s*\([^()]*\))?")
_LISTED_WORDS: Final = re.compile(r"[^.:\n]{0,60}:\s*(\w+(?:,\s*\w+){0,8}\s+or\s+\w+)")
_NO_VERBS: Final = stems_of(NO_VERBS)
_ASKING: Final = stems_of(ASKING_VERBS)
_QUESTION: Final = stems_of(QUESTION_WORDS)
_SEARCHED_BY: Final = frozenset({Kind.NAME, Kind.TEXT, Kind.ID})


@dataclass(frozen=True, slots=True)
class Profile:
    """What a tool, or an expert, is about: stems with the weight of where they stand."""

    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much of a message speaks for a tool.

    Attributes:
        tool: The tool.
        score: The weight of all evidence.
        stems: The words of the message that speak for it, with their weight.
    """

    tool: Tool
    score: float
    stems: Mapping[str, float]


def headline(tool: Tool) -> str:
    """The tool's title, or the first sentence of its description, or its name in words."""
    first = tool.description.strip().split("\n", 1)[0].strip()
    sentence = first.split(". ", 1)[0].rstrip(".").strip()
    return sentence or " ".join(tool.name.replace("_", " ").split()) or "use a tool"


@kept
def profile(tool: Tool) -> Profile:
    """What a tool is about."""
    weights: dict[str, float] = {}
    _weigh(weights, name_stems(tool.name), _NAME)
    title, opening, rest = _told(tool.description)
    _weigh(weights, schema_stems(title), _NAME)
    _weigh(weights, schema_stems(opening), _FIRST)
    _weigh(weights, schema_stems(rest), _BODY)
    for example in examples_in(tool.description):
        _weigh(weights, schema_stems(example), _EXAMPLE)
    for parameter in parameters(tool):
        _weigh(weights, parameter.stems, _PARAMETER)
        _weigh(weights, parameter.hints, _HINT)
        for word in _telling(parameter):
            told = _BODY if parameter.required and not parameter.names_things else _PARAMETER
            _weigh(weights, schema_stems(word), _EXAMPLE if word in parameter.examples else told)
            _weigh(weights, initials(word), _EXAMPLE)
    return Profile(weights)


def merged(profiles: Iterable[Profile]) -> Profile:
    """What several are about together."""
    weights: dict[str, float] = {}
    for one in profiles:
        for piece, weight in one.weights.items():
            weights[piece] = max(weights.get(piece, 0.0), weight)
    return Profile(weights)


def rank(reading: Reading, tools: Sequence[Tool], others: Sequence[Tool] = ()) -> list[Evidence]:
    """The tools for which a message holds enough evidence, best first.

    Args:
        reading: The message.
        tools: To choose from.
        others: More tools that are on offer; a word that all of them use tells little.
    """
    profiles = [profile(tool) for tool in tools]
    rarity = rarities([*profiles, *(profile(tool) for tool in others)])
    found = [_evidence(reading, tool, one, rarity) for tool, one in zip(tools, profiles, strict=True)]
    least = needed(reading)
    enough = [evidence for evidence in found if evidence.score >= least and _permitted(reading, evidence)]
    doing = [evidence.tool for evidence in enough if not evidence.tool.read_only]
    return sorted((one for one in enough if not any(_only_shows(one.tool, tool) for tool in doing)), key=_order)


def _only_shows(tool: Tool, doing: Tool) -> bool:
    """A tool reads the very thing another one, which was asked for by its verb, does something with."""
    takes = {one.name: one.schema for one in parameters(doing)}
    needs = {one.name: one.schema for one in parameters(tool) if one.required}
    return tool.read_only and bool(needs) and needs.items() <= takes.items()


def needed(reading: Reading) -> float:
    """How much evidence a message must hold."""
    foreign = [word for word in reading.unexplained if not word.code_like]
    return DOUBTFUL if any(not any(span.holds(word) for span in reading.called) for word in foreign) else ENOUGH


def _order(evidence: Evidence) -> tuple[float, bool, int]:
    demands = sum(1 for one in parameters(evidence.tool) if one.required)
    return -round(evidence.score, 6), not evidence.tool.read_only, demands


def rarities(profiles: Sequence[Profile]) -> dict[str, float]:
    """How much a stem tells, from 1 for one that a single profile has down to 0.56 for one that all have."""
    count = Counter(stem for one in profiles for stem in one.weights)
    total = len(profiles)
    if total < 2:
        return dict.fromkeys(count, 1.0)
    return {stem: 1.0 - 0.44 * math.log(number) / math.log(total) for stem, number in count.items()}


def score(stems: Iterable[str], one: Profile, rarity: Mapping[str, float]) -> dict[str, float]:
    """The stems of a message that a profile has, with their weight; vague words count half."""
    return {
        stem: one.weights[stem] * rarity.get(stem, 1.0) * (_VAGUE_SHARE if stem in _VAGUE else 1.0)
        for stem in stems
        if stem in one.weights and not stem.isdigit()
    }


def _evidence(reading: Reading, tool: Tool, one: Profile, rarity: Mapping[str, float]) -> Evidence:
    hits = score(reading.stems, one, rarity)
    for parameter in parameters(tool):
        for word in _telling(parameter):
            stems = schema_stems(word)
            if stems and (len(stems) > 1 or hits.keys().isdisjoint(stems)) and reading.mentions(word):
                hits[word] = _EXAMPLE if parameter.required else _PARAMETER
    if resembled(reading, tool):
        hits["resembled"] = _EXAMPLE
    if hits and any(one.required and is_open(one) for one in parameters(tool)) and gives_values(reading):
        hits["values"] = _VALUES
    if not tool.read_only and asks_for(reading, tool):
        hits["verb"] = hits.get("verb", _PARAMETER)
    return Evidence(tool, sum(hits.values()), hits)


def resembled(reading: Reading, tool: Tool) -> bool:
    """Whether a word that nothing explains is another form of one of the choices a tool must have."""
    return any(
        resembles(word.lower, choice)
        for word in reading.unexplained
        for one in parameters(tool)
        if one.required and not one.names_things
        for choice in one.choices
    )


def gives_values(reading: Reading) -> bool:
    """Whether a message holds what an open object is made of: numbers, dates, or answers of yes and no."""
    return bool(reading.quantities or reading.dates) or any(word.lower in {"yes", "no"} for word in reading.words[1:])


def _permitted(reading: Reading, evidence: Evidence) -> bool:
    """A tool that changes something needs to be asked for by its verb; one that only reads answers no such request."""
    opening = next((word for word in reading.words if not word.functional), None)
    if evidence.tool.read_only and opening not in reading.changes:
        return True
    return asks_for(reading, evidence.tool)


def searching(tools: Sequence[Tool]) -> Tool | None:
    """The one tool that searches by free text, if there is exactly one."""
    found = [tool for tool in tools if tool.read_only and any(one.kind is Kind.TEXT for one in parameters(tool))]
    return found[0] if len(found) == 1 else None


def introducing(tools: Sequence[Tool]) -> Tool | None:
    """A tool that finds somebody or something by name alone."""
    for tool in tools:
        takes = parameters(tool)
        if tool.read_only and any(one.kind is Kind.NAME for one in takes) and not any(one.required for one in takes):
            return tool
    return None


def asks_for(reading: Reading, tool: Tool) -> bool:
    """Whether a message holds the verb of a tool: what its name, title or description begins with."""
    lines = [line for line in tool.description.split("\n") if line.strip()][:2]
    verbs = {verb for text in (" ".join(name_stems(tool.name)), *lines) for verb in _verbs(text)} - _NO_VERBS
    if puts_questions(tool):
        verbs |= _ASKING
    return not verbs.isdisjoint({word.stem for word in reading.commands})


def is_question(name: str, field: Json, root: JsonObject) -> bool:
    """Whether a field of a result is a question to a person, by its name and title or else by its description."""
    schema = js.resolve(field, root)
    described = schema_stems(js.text_of(js.as_object(field), "description"))
    named = (*name_stems(name), *name_stems(js.text_of(schema, "title")))
    if not _QUESTION.isdisjoint(named):
        return True
    return not _QUESTION.isdisjoint(described) and not js.text_of(schema, "pattern")


@kept
def puts_questions(tool: Tool) -> bool:
    """Whether a tool begins to ask a person: its result holds a question, and it needs no earlier result itself."""
    root = tool.output_schema or {}
    fields = js.properties(js.resolve(root, root))
    asks = any(is_question(name, field, root) for name, field in fields.items())
    return asks and not tool.read_only and not any(one.required and one.identifies for one in parameters(tool))


def _verbs(text: str) -> list[str]:
    """The first word of a text, with the synonyms in parentheses after it or listed after a colon."""
    listed = _LISTED_WORDS.match(text)
    found = [*_FIRST_WORDS.findall(text[:_VERB_REACH]), listed.group(1) if listed else ""]
    return [stem(word) for part in found for word in re.findall(r"[^\W_]+", part)]


def takes_anything(tool: Tool) -> bool:
    """Whether a tool takes what says which things are wanted; else it lists all there are."""
    takes = [one for one in parameters(tool) if not one.limits]
    return any(one.required or one.kind in _SEARCHED_BY for one in takes)


def _telling(parameter: Parameter) -> tuple[str, ...]:
    """Values that speak for a tool when a message holds them; a name or date could go with any tool."""
    if parameter.kind in {Kind.NAME, Kind.DATE, Kind.ID, Kind.NUMBER}:
        return ()
    return (*parameter.choices, *parameter.examples)


def _told(description: str) -> tuple[str, str, str]:
    """A description as title (a short first line that is no sentence), first sentence and the rest."""
    first, _, body = description.strip().partition("\n")
    titled = bool(body.strip()) and not first.rstrip().endswith(".") and len(first) <= _TITLE_LENGTH
    title, text = (first, " ".join(body.split())) if titled else ("", " ".join(description.split()))
    opening, _, rest = text.partition(". ")
    return title, opening, rest


def _weigh(weights: dict[str, float], stems: Iterable[str], weight: float) -> None:
    for piece in stems:
        weights[piece] = max(weights.get(piece, 0.0), weight)
