"""As much JSON Schema as tools use, without raising: reading a schema and checking a value against it.

Unknown keywords are ignored, broken ones count as absent, and so do patterns that the engine does not know: a schema
comes from a foreign server and may be anything, and that server checks what it gets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agentkit.models import Json, JsonObject
from agentkit.models.patterns import expression

_MAX_DEPTH: Final = 24
_MAX_SCHEMAS: Final = 10_000
"""Schemas that the check of one value looks at; what lies beyond counts as satisfied."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", re.ASCII)
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def as_object(value: Json) -> JsonObject:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text_of(schema: JsonObject, key: str) -> str:
    """A text keyword of a schema, else empty."""
    value = schema.get(key)
    return value if isinstance(value, str) else ""


def resolve(schema: Json, root: JsonObject) -> JsonObject:
    """Follow `$ref`, take the one variant of `anyOf`, `oneOf` or `allOf` that is not null, keep what is beside it."""
    current = as_object(schema)
    for _ in range(_MAX_DEPTH):
        beside = {key: value for key, value in current.items() if key not in {"$ref", "anyOf", "oneOf", "allOf"}}
        reference = current.get("$ref")
        if isinstance(reference, str):
            current = {**_pointer(root, reference), **beside}
            continue
        variants = _variants(current)
        if len(variants) != 1:
            return current
        current = {**variants[0], **beside}
    return current


def types(schema: JsonObject) -> frozenset[str]:
    """The types a schema names, `null` left out."""
    named = schema.get("type")
    listed = named if isinstance(named, list) else [named]
    return frozenset(name for name in listed if isinstance(name, str) and name != "null")


def properties(schema: JsonObject) -> dict[str, Json]:
    """The properties of an object schema."""
    return as_object(schema.get("properties"))


def required(schema: JsonObject) -> frozenset[str]:
    """The names an object must have."""
    names = schema.get("required")
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


def fits(value: Json, schema: Json, root: JsonObject) -> bool:
    """Whether a value satisfies a schema, by the keywords tools use for arguments, as far as the check may look."""
    return _Walk(root).fits(value, schema)


def matches(pattern: Json, text: str) -> bool:
    """Whether a text matches a pattern; a pattern that cannot be used matches nothing."""
    known = expression(pattern) if isinstance(pattern, str) else None
    return known is not None and known.is_found_in(text)


@lru_cache(maxsize=512)
def is_identifying(pattern: str) -> bool:
    """Whether a pattern tells ids from ordinary words, names and numbers."""
    ordinary = ("word", "Word", "someone", "two words", "Two Words", "a", "1", "x-ray", "2024", "2024-05-17", "")
    return expression(pattern) is not None and not any(matches(pattern, probe) for probe in ordinary)


@lru_cache(maxsize=512)
def is_dates(pattern: str) -> bool:
    """Whether a pattern takes ISO dates and no words."""
    others = ("word", "1", "12345678", "202-555-0101")
    return matches(pattern, "2024-05-17") and not any(matches(pattern, probe) for probe in others)


@lru_cache(maxsize=512)
def is_times(pattern: str) -> bool:
    """Whether a pattern takes times of day and neither words nor dates."""
    others = ("word", "1", "2024-05-17", "99:99", "A-12:30")
    return all(matches(pattern, time) for time in ("09:15", "23:59")) and not any(
        matches(pattern, probe) for probe in others
    )


def _pointer(root: JsonObject, reference: str) -> JsonObject:
    if not reference.startswith("#"):
        return {}
    here: Json = root
    for step in reference.lstrip("#").strip("/").split("/"):
        if step:
            here = as_object(here).get(step.replace("~1", "/").replace("~0", "~"))
    return as_object(here)


def _variants(schema: JsonObject) -> list[JsonObject]:
    for keyword in ("anyOf", "oneOf", "allOf"):
        listed = schema.get(keyword)
        if isinstance(listed, list):
            found = [variant for variant in listed if isinstance(variant, dict)]
            return [variant for variant in found if variant.get("type") != "null"]
    return []


@dataclass(slots=True)
class _Walk:
    """A check on its way: references may multiply at every step, so it looks at so many schemas and no more."""

    root: JsonObject
    depth: int = 0
    left: int = _MAX_SCHEMAS

    def fits(self, value: Json, schema: Json) -> bool:
        if isinstance(schema, bool):
            return schema
        self.left -= 1
        if not isinstance(schema, dict) or self.depth > _MAX_DEPTH or self.left < 0:
            return True
        self.depth += 1
        try:
            return all(check(value, schema, self) for check in _CHECKS)
        finally:
            self.depth -= 1


def _reference_fits(value: Json, schema: JsonObject, walk: _Walk) -> bool:
    reference = schema.get("$ref")
    return not isinstance(reference, str) or walk.fits(value, _pointer(walk.root, reference))


def _variants_fit(value: Json, schema: JsonObject, walk: _Walk) -> bool:
    for keyword in ("anyOf", "oneOf"):
        listed = schema.get(keyword)
        if isinstance(listed, list) and listed and not any(walk.fits(value, one) for one in listed):
            return False
    listed = schema.get("allOf")
    return not isinstance(listed, list) or all(walk.fits(value, one) for one in listed)


def _type_fits(value: Json, schema: JsonObject, _walk: _Walk) -> bool:
    named = schema.get("type")
    names = [name for name in (named if isinstance(named, list) else [named]) if isinstance(name, str)]
    known = [name for name in names if name in _TYPES]
    if not known:
        return True
    if isinstance(value, bool):
        return "boolean" in known
    whole = isinstance(value, float) and value.is_integer() and "integer" in known
    return whole or any(isinstance(value, _TYPES[name]) for name in known)


def _listed_fits(value: Json, schema: JsonObject, _walk: _Walk) -> bool:
    listed = schema.get("enum")
    if isinstance(listed, list) and not any(_same(value, one) for one in listed):
        return False
    return "const" not in schema or _same(value, schema["const"])


def _same(left: Json, right: Json) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _string_fits(value: Json, schema: JsonObject, _walk: _Walk) -> bool:
    if not isinstance(value, str):
        return True
    pattern = schema.get("pattern")
    known = expression(pattern) if isinstance(pattern, str) else None
    if known is not None and not known.is_found_in(value):
        return False
    if not _between(len(value), schema.get("minLength"), schema.get("maxLength")):
        return False
    match schema.get("format"):
        case "date":
            return _DATE.fullmatch(value) is not None
        case "date-time":
            return _DATE_TIME.match(value) is not None
        case _:
            return True


def _number_fits(value: Json, schema: JsonObject, _walk: _Walk) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    if isinstance(value, float) and not math.isfinite(value):
        return False  # no JSON number
    low, high = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(low, int | float) and not isinstance(low, bool) and value <= low:
        return False
    if isinstance(high, int | float) and not isinstance(high, bool) and value >= high:
        return False
    return _between(value, schema.get("minimum"), schema.get("maximum"))


def _parts_fit(value: Json, schema: JsonObject, walk: _Walk) -> bool:
    if isinstance(value, list):
        items = schema.get("items")
        fitting = items is None or all(walk.fits(item, items) for item in value)
        return fitting and _between(len(value), schema.get("minItems"), schema.get("maxItems"))
    if not isinstance(value, dict):
        return True
    if not required(schema) <= value.keys():
        return False
    known = properties(schema)
    if schema.get("additionalProperties") is False and not value.keys() <= known.keys():
        return False
    return all(walk.fits(value[name], part) for name, part in known.items() if name in value)


def _between(value: float, low: Json, high: Json) -> bool:
    if isinstance(low, int | float) and not isinstance(low, bool) and value < low:
        return False
    return not (isinstance(high, int | float) and not isinstance(high, bool) and value > high)


_CHECKS: Final = (
    _reference_fits,
    _variants_fit,
    _type_fits,
    _listed_fits,
    _string_fits,
    _number_fits,
    _parts_fit,
)


def walk(schema: Json, root: JsonObject, depth: int = 0) -> Iterator[tuple[tuple[str, ...], JsonObject]]:
    """Every field of an output schema with its path; `[]` stands for the items of a list."""
    if depth > 6:
        return
    here = resolve(schema, root)
    for name, part in properties(here).items():
        field = resolve(part, root)
        yield (name,), field
        for path, inner in walk(field, root, depth + 1):
            yield (name, *path), inner
    if "items" in here:
        item = resolve(here["items"], root)
        yield ("[]",), item
        for path, inner in walk(item, root, depth + 1):
            yield ("[]", *path), inner
