"""What an argument without a schema of its own holds: another tool describes it, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Observation, Tool
from agentkit.reasoning.rules.kept import kept_for_two
from agentkit.reasoning.rules.parameters import Parameter, parameters
from agentkit.reasoning.rules.words import name_stems, stem

_KEYS: Final = ("name", "key", "id", "field")
_TITLES: Final = ("title", "label", "display")
_UNIT: Final = stem("unit")
_CHOICE: Final = frozenset(stem(word) for word in ("choice", "options", "enum", "allowed"))
_KIND: Final = frozenset(stem(word) for word in ("kind", "type"))
_NEEDED: Final = frozenset(stem(word) for word in ("required", "needed", "mandatory"))
_SHAPES: Final = (
    (frozenset({"yes", "bool", "flag"}), "YES_NO"),
    (frozenset({"date", "day"}), "DATE"),
    (frozenset({"integer", "whole", "int", "count"}), "WHOLE"),
    (frozenset({"quantity", "number", "numeric", "float", "decimal", "measure"}), "QUANTITY"),
)


class Shape(Enum):
    """How the value of an entry is written."""

    QUANTITY = auto()
    WHOLE = auto()
    YES_NO = auto()
    CHOICE = auto()
    DATE = auto()
    TEXT = auto()


@dataclass(frozen=True)
class Entry:
    """One entry that an open object may have.

    Attributes:
        key: Under which name.
        title: What it is called.
        about: What exactly counts.
        shape: How its value is written.
        needed: It must be there.
        unit_names: In what a quantity may be given.
        bare: In what a number without a unit must be, for there is no other; empty where there is a choice.
        low: The least a whole number may be.
        high: The most.
        choices: The values of a choice, with what they mean.
    """

    key: str
    title: str
    about: str
    shape: Shape
    needed: bool
    unit_names: tuple[str, ...]
    bare: str
    low: float | None
    high: float | None
    choices: dict[str, str]

    @cached_property
    def spoken(self) -> str:
        """What to call it when asking for it."""
        unit = f" (in {' or '.join(self.unit_names)})" if self.unit_names else ""
        choices = f" ({', '.join(self.choices)})" if self.choices else ""
        return f"{self.title.lower() if self.title[1:2].islower() else self.title}{unit}{choices}"


@dataclass(frozen=True, slots=True)
class Description:
    """A tool that describes what a parameter of another one holds.

    Attributes:
        tool: It.
        field: The field of its result with one record for each entry.
        takes: What it must be called with; the other tool is called with the same.
    """

    tool: Tool
    field: str
    takes: tuple[str, ...]


def is_open(parameter: Parameter) -> bool:
    """It takes an object of which the schema does not say what is in it."""
    schema = parameter.schema
    named = js.types(schema)
    closed = schema.get("additionalProperties") is False
    return "object" in named and not js.properties(schema) and not closed and not parameter.many


def described_by(tool: Tool, parameter: Parameter, tools: Sequence[Tool]) -> Description | None:
    """The tool on offer that says what an open parameter holds; None where there is none."""
    for other in tools:
        found = _describes(other, parameter) if other.read_only and other is not tool else None
        if found and _shared(other, tool):
            return found
    return None


def entries(description: Description, observation: Observation) -> tuple[Entry, ...]:
    """The entries a result describes."""
    data = observation.data if isinstance(observation.data, dict) else {}
    listed = data.get(description.field)
    found = [_entry(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return tuple(one for one in found if one)


@kept_for_two
def _describes(tool: Tool, parameter: Parameter) -> Description | None:
    root = tool.output_schema or {}
    for name, part in js.properties(js.resolve(root, root)).items():
        field = js.resolve(part, root)
        item = js.properties(js.resolve(field.get("items", {}), root))
        same = name == parameter.name or not parameter.stems.isdisjoint(name_stems(name))
        if same and any(key in item for key in _KEYS) and any(js.types(js.as_object(one)) for one in item.values()):
            needs = tuple(one.name for one in parameters(tool) if one.required)
            return Description(tool, name, needs) if needs else None
    return None


def _shared(other: Tool, tool: Tool) -> bool:
    """All that one tool must have, the other one takes as well: the same name with the same schema."""
    takes = {one.name: one.schema for one in parameters(tool)}
    needs = {one.name: one.schema for one in parameters(other) if one.required}
    return bool(needs) and all(takes.get(name) == schema for name, schema in needs.items())


def _entry(record: JsonObject) -> Entry | None:
    key = next((record[name] for name in _KEYS if isinstance(record.get(name), str)), None)
    if not isinstance(key, str) or not key:
        return None
    title = next((str(record[name]) for name in _TITLES if record.get(name)), key.replace("_", " "))
    texts = {name: value for name, value in record.items() if isinstance(value, str)}
    measures = [one for name, value in record.items() if _UNIT in name_stems(name) for one in _texts(value)]
    choices = _choices(next((value for name, value in record.items() if _about(name, _CHOICE)), None))
    kind = next((value for name, value in texts.items() if _about(name, _KIND)), "")
    needed = next((value for name, value in record.items() if _about(name, _NEEDED)), True)
    numbers = [value for value in record.values() if isinstance(value, int | float) and not isinstance(value, bool)]
    return Entry(
        key=key,
        title=title,
        about=texts.get("description", ""),
        shape=Shape.CHOICE if choices else _shape(kind, bool(measures)),
        needed=needed is not False,
        unit_names=tuple(dict.fromkeys(measures)),
        bare=measures[0] if len(set(measures)) == 1 else "",
        low=min(numbers, default=None) if len(numbers) > 1 else None,
        high=max(numbers, default=None) if len(numbers) > 1 else None,
        choices=choices,
    )


def _shape(kind: str, measured: bool) -> Shape:
    spoken = set(name_stems(kind.replace("-", "_")))
    for words, shape in _SHAPES:
        if not spoken.isdisjoint(stem(word) for word in words):
            return Shape[shape]
    return Shape.QUANTITY if measured else Shape.TEXT


def _choices(value: Json) -> dict[str, str]:
    if isinstance(value, dict):
        return {key: str(meaning) for key, meaning in value.items()}
    return {one: one for one in _texts(value)}


def _texts(value: Json) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str) and one]


def _about(name: str, words: frozenset[str]) -> bool:
    return not words.isdisjoint(name_stems(name))
