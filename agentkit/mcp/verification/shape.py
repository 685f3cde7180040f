"""What a JSON schema is made of, as far as models and other clients care; bounded, whatever the schema is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from agentkit.models import Json, JsonObject

MOST_PLACES: Final = 5_000
"""Places that a schema may have with its references followed."""

MOST_WAITING: Final = 100_000
"""Places that may wait to be looked at: small schemas can refer to many of them at once."""

LARGEST: Final = 60_000
"""Characters up to which a schema, or a structured answer, is validated."""

_PLAIN: Final = ("items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems", "items")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas")
_DEEPER: Final = frozenset({"items", "prefixItems", "properties", "patternProperties", "additionalProperties"})
_KINDS: Final = frozenset({"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"})
_RARE: Final = frozenset(
    {
        "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentSchemas", "dependentRequired",
        "dependencies", "unevaluatedProperties", "unevaluatedItems", "contains", "$dynamicRef", "$dynamicAnchor",
        "$recursiveRef", "$anchor", "$id",
    }
)  # fmt: skip
RENAMING: Final = frozenset({"$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"})
"""With these, what a reference means is no longer seen by looking at it."""

_COSTLY: Final = frozenset({"pattern", "patternProperties", "uniqueItems", "format"})
"""What a validator can be kept busy with; a hostile server chooses schema and answer."""


@dataclass(slots=True)
class Shape:
    """What was found in one schema; places are written like `patient.codes[]`.

    Attributes:
        foreign: References to other documents.
        dangling: References that lead nowhere.
        recursive: References that come back to themselves.
        rare: Keywords that models do not understand.
        booleans: Places where `true` or `false` stands for a schema.
        untyped: Parameters that may be anything.
        formats: Formats that are used.
        union: The most alternatives of one place.
        choices: The most values of one enum.
        depth: How deep objects and lists lie in each other.
        too_large: There are too many places: not all were looked at.
        places: How many were looked at.
    """

    foreign: set[str] = field(default_factory=set[str])
    dangling: set[str] = field(default_factory=set[str])
    recursive: set[str] = field(default_factory=set[str])
    rare: set[str] = field(default_factory=set[str])
    booleans: set[str] = field(default_factory=set[str])
    untyped: set[str] = field(default_factory=set[str])
    formats: set[str] = field(default_factory=set[str])
    union: int = 0
    choices: int = 0
    depth: int = 0
    too_large: bool = False
    places: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    schema: Json
    path: str
    depth: int
    through: tuple[str, ...] = ()


def shape_of(root: JsonObject, most: int = MOST_PLACES) -> Shape:
    """Look at every place of a schema, references followed, but at no more than `most`."""
    shape = Shape()
    waiting = [_Place(root, "", 0)]
    while shape.places < most and len(waiting) <= MOST_WAITING:
        if not waiting:
            return shape
        place = waiting.pop()
        shape.places += 1
        shape.depth = max(shape.depth, place.depth)
        if isinstance(place.schema, bool):
            shape.booleans.add(place.path)
        elif isinstance(place.schema, dict):
            _note(place.schema, place.path, shape)
            waiting += _below(place.schema, place)
            waiting += _referred(root, place.schema, place, shape)
    shape.too_large = True
    return shape


def _note(schema: JsonObject, path: str, shape: Shape) -> None:
    shape.rare |= _RARE & schema.keys()
    if not _KINDS & schema.keys():
        shape.untyped.add(path)
    for keyword in ("anyOf", "oneOf"):
        found = schema.get(keyword)
        shape.union = max(shape.union, len(found) if isinstance(found, list) else 0)
    choices = schema.get("enum")
    shape.choices = max(shape.choices, len(choices) if isinstance(choices, list) else 0)
    form = schema.get("format")
    if isinstance(form, str):
        shape.formats.add(form)


def _below(schema: JsonObject, place: _Place) -> Iterator[_Place]:
    def at(inner: Json, keyword: str, path: str) -> _Place:
        return _Place(inner, path, place.depth + (keyword in _DEEPER), place.through)

    for keyword in _PLAIN:
        inner = schema.get(keyword)
        whole = isinstance(inner, dict) or (isinstance(inner, bool) and keyword != "additionalProperties")
        if whole:
            yield at(inner, keyword, f"{place.path}[]" if keyword == "items" else f"{place.path}.*".lstrip("."))
    for keyword in _LISTS:
        several = schema.get(keyword)
        for inner in several if isinstance(several, list) else ():
            yield at(inner, keyword, f"{place.path}[]" if keyword in _DEEPER else place.path)
    for keyword in _MAPS:
        named = schema.get(keyword)
        for name, inner in named.items() if isinstance(named, dict) else ():
            yield at(inner, keyword, f"{place.path}.{name}".lstrip("."))


def _referred(root: JsonObject, schema: JsonObject, place: _Place, shape: Shape) -> Iterator[_Place]:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return
    if not reference.startswith("#"):
        shape.foreign.add(reference)
    elif reference in place.through:
        shape.recursive.add(reference)
    elif (target := _resolved(root, reference)) is None:
        shape.dangling.add(reference)
    else:
        yield _Place(target, place.path, place.depth, (*place.through, reference))


def _resolved(root: JsonObject, reference: str) -> JsonObject | bool | None:
    found: Json = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found if isinstance(found, dict | bool) and (reference == "#" or reference.startswith("#/")) else None


def schema_fault(schema: JsonObject) -> str | None:
    """Why it is no JSON schema, in words; None for a valid one."""
    if len(json.dumps(schema)) > LARGEST:
        return f"it has more than {LARGEST} characters, too many to be validated"
    if not isinstance(schema.get("$schema", ""), str):
        return "$schema is not a text"
    kind = validator_for(cast("dict[str, object]", schema), default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        place = ".".join(str(step) for step in error.absolute_path) or "its top"
        return f"at {place[:100]}: {error.validator} does not hold"
    return None


def first_misfit(schema: JsonObject, value: Json) -> str | None:
    """Where a value does not fit a valid schema without loops, in words of the schema; None where it fits.

    Patterns, formats and uniqueness are left out: they can keep a validator busy for ever.
    """
    kind = validator_for(cast("dict[str, object]", schema), default=Draft202012Validator)
    # An empty registry: what a reference names is never fetched.
    validator = kind(cast("dict[str, object]", _lightened(schema)), registry=Registry())
    errors: Iterator[ValidationError] = validator.iter_errors(value)  # pyright: ignore[reportUnknownMemberType]
    try:
        error = next(errors, None)
    except (Unresolvable, RecursionError):  # below a keyword that `shape_of` does not know
        return None
    return f"{'.'.join(str(step) for step in error.absolute_schema_path)} does not hold" if error else None


def _lightened(schema: Json) -> Json:
    if isinstance(schema, list):
        return [_lightened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept: JsonObject = {}
    for keyword, inner in schema.items():
        if keyword in {"properties", "$defs", "definitions"} and isinstance(inner, dict):
            # What stands here as a name is none of the keywords.
            kept[keyword] = {name: _lightened(part) for name, part in inner.items()}
        elif keyword in {"enum", "const"}:
            kept[keyword] = inner
        elif keyword not in _COSTLY:
            kept[keyword] = _lightened(inner)
    return kept
