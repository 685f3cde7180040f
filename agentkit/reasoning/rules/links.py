"""Which tool can supply what another one needs: output fields held against a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Observation, Tool
from agentkit.reasoning.rules.kept import kept_for_two
from agentkit.reasoning.rules.parameters import Parameter, parameters
from agentkit.reasoning.rules.vocabulary import IDENTIFIER_WORDS
from agentkit.reasoning.rules.words import name_stems, schema_stems, stems_of

_MAX_FIELDS: Final = 400
_MAX_RECORDS: Final = 500
_ENOUGH: Final = 2.0
_IDENTIFIER: Final = stems_of(IDENTIFIER_WORDS)
_WEAK: Final = _IDENTIFIER | {"[]", "item"}

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A field of a tool's output that can fill a parameter."""

    tool: Tool
    path: Path
    strength: float


@dataclass(frozen=True, slots=True)
class Record:
    """One thing a tool returned, with the value that identifies it."""

    value: Json
    facts: JsonObject


@kept_for_two
def supplies(tool: Tool, parameter: Parameter) -> Link | None:
    """The field of the tool's output that fills the parameter best, or None."""
    if tool.output_schema is None:
        return None
    best: Link | None = None
    root = tool.output_schema
    for path, schema in islice(js.walk(root, root), _MAX_FIELDS):
        if path[-1] == "[]" and "properties" in schema:
            continue
        strength = _affinity(parameter, path, schema)
        if strength >= _ENOUGH and (best is None or strength > best.strength):
            best = Link(tool, path, strength)
    return best


def same(left: Parameter, right: Parameter) -> bool:
    """Whether two parameters take the same thing."""
    if left.pattern or right.pattern:
        return left.pattern == right.pattern
    if left.kind is not right.kind or not (left.identifies and right.identifies):
        return False
    return left.name == right.name or (left.title == right.title and left.title not in _IDENTIFIER)


def needs(tool: Tool, parameter: Parameter) -> bool:
    """Whether a tool itself cannot be called without what the parameter wants."""
    return any(other.required and same(other, parameter) for other in parameters(tool))


def takes(tool: Tool, parameter: Parameter) -> bool:
    """Whether a tool takes what the parameter wants, needed or not."""
    return any(same(other, parameter) for other in parameters(tool))


def suppliers(parameter: Parameter, tools: Sequence[Tool]) -> list[Link]:
    """The tools that can find what the parameter wants without having it already, strongest first."""
    found = [supplies(tool, parameter) for tool in tools if tool.read_only and not needs(tool, parameter)]
    return sorted((link for link in found if link), key=lambda link: -link.strength)


def records(observation: Observation, path: Path) -> list[Record]:
    """The things a result holds at a path, each id once."""
    found: dict[str, Record] = {}
    for value, holder in _at(observation.data, path, None):
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            found.setdefault(str(value), Record(value, holder))
        if len(found) >= _MAX_RECORDS:
            break
    return list(found.values())


def _at(value: Json, path: Path, holder: JsonObject | None, listed: bool = False) -> list[tuple[Json, JsonObject]]:
    """The values at a path, each with the item of the innermost list around it, or else the object it stands in."""
    if not path:
        return [(value, holder or {})]
    step, rest = path[0], path[1:]
    if step == "[]":
        items = value if isinstance(value, list) else []
        return [hit for item in items for hit in _at(item, rest, item if isinstance(item, dict) else None, True)]
    if isinstance(value, dict) and step in value:
        return _at(value[step], rest, holder if listed and holder else value, listed)
    return []


def _affinity(parameter: Parameter, path: Path, schema: JsonObject) -> float:
    if not _types_agree(parameter.schema, schema):
        return 0.0
    pattern = js.text_of(schema, "pattern")
    if parameter.pattern:
        if pattern != parameter.pattern:
            return 0.0
        return 3.0 + _likeness(parameter, path, schema)
    if pattern and js.text_of(parameter.schema, "pattern") == pattern and not js.is_dates(pattern):
        return 1.5 + _likeness(parameter, path, schema)
    if schema.get("format") not in (None, parameter.schema.get("format")) or not parameter.identifies:
        return 0.0
    return _likeness(parameter, path, schema)


def _likeness(parameter: Parameter, path: Path, schema: JsonObject) -> float:
    title = js.text_of(schema, "title")
    field_words = {*name_stems(path[-1]), *name_stems(title)} - _WEAK
    around = {piece for step in path[:-1] for piece in name_stems(step)} - _WEAK
    wanted = parameter.stems - _WEAK
    score = 0.0
    if parameter.name == path[-1] and parameter.name.lower() not in _IDENTIFIER:
        score += 2.0
    if title and title.lower() == js.text_of(parameter.schema, "title").lower():
        score += 1.0 if _specific(title) else 0.5
    if wanted and wanted & (field_words | around):
        score += 1.0
    elif wanted and not wanted & _described(schema):
        score -= 0.5
    if not _IDENTIFIER.isdisjoint(name_stems(path[-1])):
        score += 0.5
    return score + _overlap(parameter.hints, _described(schema))


def _described(schema: JsonObject) -> frozenset[str]:
    return frozenset(schema_stems(js.text_of(schema, "description")))


@lru_cache(maxsize=512)
def _specific(title: str) -> bool:
    return bool(set(name_stems(title)) - _WEAK)


def _overlap(left: frozenset[str], right: frozenset[str]) -> float:
    common = (left & right) - _IDENTIFIER
    smaller = min(len(left - _IDENTIFIER), len(right - _IDENTIFIER))
    return len(common) / smaller if smaller else 0.0


def _types_agree(left: JsonObject, right: JsonObject) -> bool:
    one, other = js.types(left), js.types(right)
    if "object" in other or "array" in other or "boolean" in other:
        return False
    return not one or not other or bool(one & other)
