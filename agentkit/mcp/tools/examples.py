"""Values that fit a JSON schema, to show a model what an argument looks like."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Final, cast

from jsonschema import Draft202012Validator

from agentkit.models import Json, JsonObject

_DEEPEST: Final = 8
_MOST: Final = 40
"""So many values are tried."""

_BY_FORMAT: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("1980-01-31", "2099-12-31"),
    "date-time": ("1980-01-31T08:00:00Z", "1980-01-31T08:00:00", "2099-12-31T08:00:00Z"),
    "time": ("08:00:00", "08:00:00Z"),
    "duration": ("PT1H",),
    "uri": ("https://example.org/",),
    "email": ("name@example.org",),
    "ipv4": ("192.0.2.1",),
    "ipv6": ("2001:db8::1",),
    "ipv4network": ("192.0.2.0/24",),
    "ipv6network": ("2001:db8::/32",),
    "ipvanyaddress": ("192.0.2.1",),
    "ipvanynetwork": ("192.0.2.0/24",),
    "base64": ("dGV4dA==",),
    "base64url": ("dGV4dA==",),
}
# One of them fits most of the patterns that people write: codes, ids, names, numbers, days.
_TEXTS: Final = (
    "text",
    *("a", "A", "1", "ab", "AB", "A1", "A12", "A1.2", "a-b", "a_b", "abc", "ABC", "12", "123", "1234", "12345"),
    *("12345678", "1.5", "1/2", "12-34", "1234-5", "A-123", "ABC123", "ABC-123", "1980-01-31", "08:00", "Ab", "a@b.c"),
)
_FIRST: Final = (1, 0, 2, 3, -1, 10, 100)


def examples(wanted: JsonObject, root: JsonObject) -> Iterator[Json]:
    """Values that fit: those that the schema's author names, then some that are made up.

    There may be none, which a pattern can be the reason for.

    Args:
        wanted: The schema of one argument.
        root: The whole schema, whose `$defs` it may name.
    """
    for value in islice(_candidates(wanted, root, _DEEPEST), _MOST):
        if value is not None and _fits(value, wanted, root):
            yield value


def _fits(value: Json, wanted: JsonObject, root: JsonObject) -> bool:
    validator = Draft202012Validator({"$defs": root.get("$defs", {}), **wanted})
    try:
        return bool(validator.is_valid(value))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    except Exception:  # a pattern that only pydantic's engine knows, or a reference to nowhere
        return False


def _candidates(wanted: Json, root: JsonObject, depth: int) -> Iterator[Json]:
    """Values that may fit, the likely ones first."""
    if not isinstance(wanted, dict) or depth == 0:
        return
    named = wanted.get("examples"), wanted.get("enum")
    yield from chain.from_iterable(values for values in named if isinstance(values, list))
    if "const" in wanted:
        yield wanted["const"]
    if wanted.get("default") is not None:
        yield wanted["default"]
    reference = wanted.get("$ref")
    if isinstance(reference, str):
        definitions = cast("JsonObject", root.get("$defs") or {})
        yield from _candidates(definitions.get(reference.rpartition("/")[2]), root, depth - 1)
    for choices in (wanted.get("anyOf"), wanted.get("oneOf"), wanted.get("allOf")):
        for choice in choices if isinstance(choices, list) else ():
            yield from islice(_candidates(choice, root, depth - 1), _MOST)
    kinds = wanted.get("type")
    for kind in kinds if isinstance(kinds, list) else (kinds,):
        yield from _of_type(kind, wanted, root, depth)


def _of_type(kind: Json, wanted: JsonObject, root: JsonObject, depth: int) -> Iterator[Json]:
    match kind:
        case "string":
            yield from _texts(wanted, root, depth)
        case "integer" | "number":
            yield from _numbers(wanted, whole=kind == "integer")
        case "boolean":
            yield from (True, False)
        case "array":
            yield from _lists(wanted, root, depth)
        case "object":
            yield from _objects(wanted, root, depth)
        case "null":
            yield None
        case _:
            if not wanted.keys() & {"$ref", "anyOf", "oneOf", "allOf", "enum", "const"}:
                yield "text"


def _texts(wanted: JsonObject, root: JsonObject, depth: int) -> Iterator[Json]:
    form = str(wanted.get("format"))
    if form in _BY_FORMAT:
        yield from _BY_FORMAT[form]
    elif form.startswith("uuid"):
        yield f"6f1c2a9e-3b7d-{form[4:] or 4}c55-9d0e-2f8b1a7c4e63"
    elif wanted.get("contentMediaType") == "application/json":
        yield from map(json.dumps, islice(_candidates(wanted.get("contentSchema", {}), root, depth - 1), _MOST))
    else:
        yield from _plain_texts(wanted)


def _plain_texts(wanted: JsonObject) -> Iterator[Json]:
    shortest, longest = wanted.get("minLength", 0), wanted.get("maxLength", 1000)
    for text in _TEXTS:
        if isinstance(shortest, int) and len(text) < shortest <= 1000:
            yield (text * shortest)[:shortest]
        elif isinstance(longest, int) and len(text) > longest:
            yield text[:longest]
        else:
            yield text


def _numbers(wanted: JsonObject, *, whole: bool) -> Iterator[Json]:
    step = wanted.get("multipleOf")
    by = float(step) if isinstance(step, int | float) and step > 0 else 1.0
    limits = [wanted.get(word) for word in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")]
    given = [float(limit) for limit in limits if isinstance(limit, int | float)]
    if not whole and step is None:
        yield 1.5
    for value in _FIRST:
        yield _number(value * by, whole)
    for limit in given:
        nearest = math.floor(limit / by) * by
        for value in (limit, nearest, nearest + by, nearest - by, nearest + 2 * by):
            yield _number(value, whole)
    if len(given) > 1 and not whole:
        yield sum(given) / len(given)


def _number(value: float, whole: bool) -> Json:
    return int(value) if whole or value.is_integer() else value


def _lists(wanted: JsonObject, root: JsonObject, depth: int) -> Iterator[Json]:
    least = wanted.get("minItems", 0)
    places = wanted.get("prefixItems")
    if isinstance(places, list):
        yield [_one(place, root, depth) for place in places]
        return
    inner = wanted.get("items", {})
    fitting = _distinct(inner, root, depth)
    count = least if isinstance(least, int) and least <= _MOST else 0
    if not count:
        # An example with something in it says more than an empty list.
        if fitting:
            yield fitting[:1]
        yield []
    elif fitting:
        yield fitting[:count]
        yield [fitting[index % len(fitting)] for index in range(count)]


def _objects(wanted: JsonObject, root: JsonObject, depth: int) -> Iterator[Json]:
    properties = cast("JsonObject", wanted.get("properties") or {})
    required = cast("list[str]", wanted.get("required") or [])
    made: JsonObject = {name: _one(properties.get(name, {}), root, depth) for name in required}
    least = wanted.get("minProperties", 0)
    yield made
    more = wanted.get("additionalProperties")
    if isinstance(least, int) and isinstance(more, dict):
        yield {**made, **{name: _one(more, root, depth) for name in "abcdefghij"[: least - len(made)]}}


def _one(wanted: Json, root: JsonObject, depth: int) -> Json:
    found = _distinct(wanted, root, depth, 1)
    return found[0] if found else None


def _distinct(wanted: Json, root: JsonObject, depth: int, most: int = 10) -> list[Json]:
    """Different values that fit."""
    found: list[Json] = []
    for value in islice(_candidates(wanted, root, depth - 1), _MOST):
        if isinstance(wanted, dict) and value not in found and _fits(value, wanted, root):
            found.append(value)
            if len(found) == most:
                break
    return found
