"""Schemas of types, and what is wrong with one that an author bent by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from mcp.shared.inbound import find_invalid_x_mcp_header
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaWarningKind

from agentkit.errors import SpecError
from agentkit.models import Json, JsonObject

_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_MAPS: Final = ("properties", "$defs", "patternProperties", "dependentSchemas")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE: Final = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_STRINGS: Final = ("title", "description", "format", "pattern", "$ref", "$comment")


class _Quiet(GenerateJsonSchema):
    # A default that JSON cannot say is left out of the schema; that is all a warning would tell.
    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012


def schema_of(source: type[BaseModel] | TypeAdapter[Any], mode: JsonSchemaMode = "validation") -> JsonObject:
    """The JSON schema of a model or type.

    Raises:
        PydanticUserError: No JSON schema describes it.
    """
    if isinstance(source, TypeAdapter):
        return source.json_schema(mode=mode, schema_generator=_Quiet)
    schema: JsonObject = source.model_json_schema(mode=mode, schema_generator=_Quiet)
    _require_tags(schema, cast("JsonObject", schema.get("$defs") or {}))
    return schema


def _require_tags(schema: Json, definitions: JsonObject) -> None:
    """Say that the members of a union need the tag that tells them apart: it is read before its default is known."""
    if isinstance(schema, list):
        for one in schema:
            _require_tags(one, definitions)
    elif isinstance(schema, dict):
        told, members = schema.get("discriminator"), schema.get("oneOf")
        tag = told.get("propertyName") if isinstance(told, dict) else None
        for member in members if isinstance(members, list) and isinstance(tag, str) else ():
            meant = definitions.get(str(member.get("$ref")).rpartition("/")[2]) if isinstance(member, dict) else None
            if isinstance(meant, dict) and tag in cast("JsonObject", meant.get("properties") or {}):
                required = cast("list[Json]", meant.get("required") or [])
                meant["required"] = required if tag in required else [*required, tag]
        for one in schema.values():
            _require_tags(one, definitions)


def check_schema(place: str, schema: JsonObject) -> None:
    """Refuse a schema that says nothing or nonsense, for example by a hand-written `json_schema_extra`.

    Raises:
        SpecError: With the place in the schema.
    """
    try:
        json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise SpecError(place, "its schema holds what JSON cannot say", remedy=_REMEDY) from None
    _walk(place, schema, ())
    if (reason := find_invalid_x_mcp_header(schema)) is not None:
        raise SpecError(place, f"its x-mcp-header is not valid: {reason}")


_REMEDY: Final = "Look at json_schema_extra, examples and WithJsonSchema of this parameter or model."


def _walk(place: str, schema: Json, path: tuple[str, ...]) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise _nonsense(place, path, "must be an object")
    for word, fits, wanted in _WORDS:
        if word in schema and not fits(schema[word]):
            raise _nonsense(place, (*path, word), wanted)
    known = cast("JsonObject", schema.get("properties", {}))
    for name in cast("list[str]", schema.get("required", [])):
        if name not in known:
            raise _nonsense(place, (*path, "required"), f"names {name!r}, which is no property")
    for where, inner in _inner(schema):
        _walk(place, inner, (*path, *where))


def _inner(schema: JsonObject) -> Iterator[tuple[tuple[str, ...], Json]]:
    for key in _MAPS:
        for name, inner in cast("JsonObject", schema.get(key, {})).items():
            yield (key, name), inner
    for key in _LISTS:
        for index, inner in enumerate(cast("list[Json]", schema.get(key, []))):
            yield (key, str(index)), inner
    for key in _SINGLE:
        if key in schema:
            yield (key,), schema[key]


def _is_type(value: Json) -> bool:
    kinds = value if isinstance(value, list) else [value]
    return bool(kinds) and all(isinstance(kind, str) and kind in _TYPES for kind in kinds)


def _is_names(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


_WORDS: Final[tuple[tuple[str, Callable[[Json], bool], str], ...]] = (
    ("type", _is_type, f"must be one of {', '.join(sorted(_TYPES))}"),
    ("required", _is_names, "must be a list of names"),
    *((key, lambda value: isinstance(value, str), "must be text") for key in _STRINGS),
    *((key, lambda value: isinstance(value, dict), "must be an object") for key in _MAPS),
    *((key, lambda value: isinstance(value, list) and bool(value), "must be a list of schemas") for key in _LISTS),
    *(
        (key, lambda value: isinstance(value, list) and bool(value), "must be a list that is not empty")
        for key in ("enum", "examples")
    ),
)
"""Words of a schema, and what their values must be."""


def _nonsense(place: str, path: tuple[str, ...], what: str) -> SpecError:
    return SpecError(place, f"its schema is not valid at {'/'.join(path)}: {what}", remedy=_REMEDY)
