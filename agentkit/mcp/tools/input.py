"""From a function's signature to a schema, and from a model's arguments to the function's."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast, get_origin

from mcp.server.mcpserver import Context
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import to_json

from agentkit.errors import SpecError
from agentkit.mcp.tools.errors import ToolError, invalid_arguments, properties, unknown_arguments
from agentkit.mcp.tools.schema_check import check_schema, schema_of
from agentkit.mcp.tools.signature import check_parameter
from agentkit.mcp.tools.typed_dicts import readable
from agentkit.models import Json, JsonObject

MAX_DEPTH: Final = 64
"""How deep an argument may be nested."""

# What a value that came as JSON is called where its type demands what JSON has not.
_NOT_IN_JSON: Final = frozenset(
    {"date_type", "datetime_type", "time_type", "time_delta_type", "tuple_type", "set_type", "frozen_set_type"}
    | {"bytes_type", "is_instance_of", "named_tuple_type"}
)
_STRUCTURED: Final = frozenset({"object", "array"})
_CONFIG: Final = ConfigDict(extra="forbid", protected_namespaces=())


@dataclass(frozen=True, slots=True)
class ToolInput:
    """What a tool takes.

    Attributes:
        schema: The JSON schema of its arguments.
        context: The parameter that receives the SDK's context, if there is one.
        wants_headers: An argument shall be repeated in a header of the request (`x-mcp-header`).
    """

    schema: JsonObject
    context: str | None
    wants_headers: bool
    _model: type[BaseModel]
    _known: frozenset[str]
    _structured: frozenset[str]
    _renamed: Mapping[str, str]

    def read(self, given: Mapping[str, object], limit: int) -> dict[str, Any]:
        """The function's arguments.

        Args:
            given: What the model sent.
            limit: How many characters it may have, names included.

        Raises:
            ToolError: An argument is unknown, missing, wrong or too large; it names fields, never values.
        """
        if not self._known.issuperset(given):
            raise unknown_arguments([name for name in given if name not in self._known], self.schema, self._accepts)
        arguments = {name: self._unpacked(name, value) for name, value in given.items()}
        size = 0
        for name, value in arguments.items():
            size += len(name) + _measured(name, value, MAX_DEPTH)
            if size > limit:
                raise ToolError(
                    f"The arguments have more than {limit} characters.",
                    code="too-large",
                    hint="Send less at once.",
                )
        try:
            valid = self._validated(arguments)
        except ValidationError as error:
            raise invalid_arguments(error, self.schema, self._accepts) from None
        except OverflowError:
            raise ToolError("arguments: a number is too large", code="invalid-input") from None
        read = cast("dict[str, Any]", valid.__dict__)
        if not self._renamed:
            return read
        return {self._renamed.get(name, name): value for name, value in read.items()}

    def _validated(self, arguments: Mapping[str, object]) -> Any:
        validator = self._model.__pydantic_validator__
        try:
            return validator.validate_python(arguments)
        except ValidationError as error:
            if _NOT_IN_JSON.isdisjoint(entry["type"] for entry in error.errors(include_input=False, include_url=False)):
                raise
            # A strict type takes a text for a day, and a list for a tuple, only from what it knows to be JSON.
            try:
                sent = to_json(arguments)
            except ValueError:
                raise error from None
            return validator.validate_json(sent)

    def _accepts(self, name: str, value: Json) -> bool:
        try:
            self._validated({name: value})
        except ValidationError as error:
            return all(entry["loc"][:1] != (name,) for entry in error.errors(include_input=False))
        except Exception:
            # A validator of the tool's author may raise what it likes.
            return False
        return True

    def _unpacked(self, name: str, value: object) -> object:
        # Some models send an object or a list as a string that holds its JSON.
        if not isinstance(value, str) or name not in self._structured:
            return value
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return cast("object", inner) if isinstance(inner, dict | list) else value


def tool_input(
    place: str, function: Callable[..., object], signature: inspect.Signature, texts: Mapping[str, str]
) -> ToolInput:
    """Work out what a function takes as a tool.

    Args:
        place: The tool, for errors.
        function: Whose signature it is.
        signature: With evaluated annotations.
        texts: Descriptions of parameters that have none in their annotation.

    Raises:
        SpecError: A parameter cannot be filled in by a model; it is named with the remedy.
    """
    fields: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    context: str | None = None
    for name, parameter in signature.parameters.items():
        check_parameter(f"{place}.{name}", parameter)
        if _is_context(parameter.annotation):
            context = name
            continue
        annotation, field = readable(parameter.annotation), name
        if hasattr(BaseModel, name):
            # A field of this name would hide one of the model's own attributes.
            field = f"field_{name}"
            while field in signature.parameters:
                field += "_"
            renamed[field] = name
            annotation = Annotated[annotation, Field(alias=name, title=name.replace("_", " ").title())]
        fields[field] = annotation if parameter.default is parameter.empty else (annotation, parameter.default)
    name = str(getattr(function, "__name__", "tool"))
    try:
        model = create_model(f"{name}Arguments", __config__=_CONFIG, **fields)
        schema = schema_of(model)
    except SpecError:
        raise
    except Exception as error:
        raise _culprit(place, signature, context) from error
    for parameter, wanted in properties(schema).items():
        if not wanted.get("description") and parameter in texts:
            wanted["description"] = texts[parameter]
    check_schema(place, schema)
    known = properties(schema)
    structured = frozenset(name for name, wanted in known.items() if _only_structure(wanted, schema))
    wants_headers = "x-mcp-header" in json.dumps(schema)
    return ToolInput(schema, context, wants_headers, model, frozenset(known), structured, renamed)


def _is_context(annotation: object) -> bool:
    origin = get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, Context)


def _culprit(place: str, signature: inspect.Signature, context: str | None) -> SpecError:
    for name, parameter in signature.parameters.items():
        if name == context:
            continue
        try:
            schema_of(create_model("One", __config__=_CONFIG, one=readable(parameter.annotation)))
        except Exception:
            return SpecError(
                f"{place}.{name}",
                f"has a type that no JSON schema describes: {described(parameter.annotation)}",
                remedy="Use str, int, float, bool, date, list, dict, Literal, a TypedDict, a dataclass or a model.",
            )
    return SpecError(
        place, "has parameters that make no JSON schema together", remedy="Check their defaults and aliases."
    )


def described(annotation: object) -> str:
    """The annotation as its author would know it."""
    return annotation.__name__ if isinstance(annotation, type) else re.sub(r"\btyping\.", "", str(annotation))[:80]


def _measured(name: str, value: object, depth: int) -> int:
    """Characters of an argument."""
    if isinstance(value, str):
        if not value.isascii():
            _check_text(name, value)
        return len(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ToolError(f"{name}: is not a finite number", code="invalid-input")
    if isinstance(value, int):
        return 1 + value.bit_length() // 3
    if isinstance(value, dict | list):
        if depth == 0:
            raise ToolError(f"{name}: is nested more than {MAX_DEPTH} levels deep", code="invalid-input")
        items = cast("dict[str, object] | list[object]", value)
        inner = items.values() if isinstance(items, dict) else items
        names = sum(_measured(name, key, 0) for key in items) if isinstance(items, dict) else 0
        return names + sum(_measured(name, one, depth - 1) for one in inner)
    return 4


def _check_text(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        # JSON can say half of a character; hardly anything that a tool would do with it works.
        raise ToolError(f"{name}: is not valid Unicode", code="invalid-input") from None


def _only_structure(wanted: Mapping[str, Json], schema: JsonObject) -> bool:
    """Whether a parameter takes objects or lists and no text."""
    kinds = _kinds(wanted, schema, 8)
    return bool(kinds & _STRUCTURED) and "string" not in kinds and "any" not in kinds


def _kinds(wanted: Mapping[str, Json], schema: JsonObject, depth: int) -> frozenset[str]:
    kind = wanted.get("type")
    if isinstance(kind, str):
        return frozenset({kind})
    if isinstance(kind, list):
        return frozenset(map(str, kind))
    choices = wanted.get("anyOf") or wanted.get("oneOf")
    if isinstance(choices, list) and depth:
        found = [_kinds(one, schema, depth - 1) for one in choices if isinstance(one, dict)]
        return frozenset(kind for kinds in found for kind in kinds)
    reference = wanted.get("$ref")
    if isinstance(reference, str) and depth:
        definition = cast("JsonObject", schema.get("$defs") or {}).get(reference.rpartition("/")[2])
        return _kinds(definition, schema, depth - 1) if isinstance(definition, dict) else frozenset({"any"})
    return frozenset({"any"})
