"""From what a function returns to text for the model and structured content for the program."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Final, cast, get_args, get_origin

import pydantic_core
from mcp.server.mcpserver import Audio, Image
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp_types import CallToolResult, ContentBlock, TextContent
from pydantic import BaseModel, TypeAdapter
from typing_extensions import is_typeddict

from agentkit.errors import SpecError
from agentkit.mcp.tools.errors import ToolError
from agentkit.mcp.tools.input import described
from agentkit.mcp.tools.schema_check import check_schema, schema_of
from agentkit.mcp.tools.typed_dicts import readable
from agentkit.models import Json, JsonObject

DONE: Final = "Done."
"""What a tool that returns nothing says."""

_MANY_DIGITS: Final = re.compile(rb"\d{4300}")
_CONTENT: Final = (*get_args(ContentBlock), Image, Audio)
_CONTENT_RESULT: Final = FuncMetadata(arg_model=ArgModelBase)


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool returns.

    Attributes:
        schema: The JSON schema of its structured content; None where it has only text.
        wrapped: The value lies under `result`, because structured content is an object.
    """

    schema: JsonObject | None
    wrapped: bool
    _model: type[BaseModel] | None
    _adapter: TypeAdapter[Any] | None

    def result(self, value: object, limit: int) -> JsonObject:
        """The MCP result of a value, as it travels.

        Args:
            value: What the function returned.
            limit: How many bytes text and structured content may have together, each as UTF-8.

        Raises:
            ToolError: The result is larger than that.
            Exception: The value is not what the function promised; the caller reports a crash.
        """
        if isinstance(value, CallToolResult):
            return _foreign(value, limit)
        if self._adapter is None:
            return self._without_schema(value, limit)
        adapter = self._adapter
        if self._model is None or not isinstance(value, self._model):
            value = adapter.validate_python(value, by_alias=True, by_name=True)
        serializer = value.__pydantic_serializer__ if isinstance(value, BaseModel) else adapter.serializer
        # A model that was changed after its validation may be anything, and a mere warning would print its content.
        encoded = serializer.to_json(value, by_alias=True, warnings="error")
        spoken = _words(value)
        text = encoded.decode() if spoken is None else spoken
        check_size(len(encoded) + len(text.encode()), limit)
        _check_numbers(encoded)
        if b"null" in encoded:  # which the serializer also writes for a number that JSON cannot say
            _check_finite(serializer.to_python(value))
        structured = serializer.to_python(value, mode="json", by_alias=True)
        return _answer(text, {"result": structured} if self.wrapped else structured)

    def _without_schema(self, value: object, limit: int) -> JsonObject:
        if value is None:
            return _answer(DONE, None)
        if isinstance(value, _CONTENT) or (
            isinstance(value, list | tuple) and _all_content(cast("list[object]", value))
        ):
            return _foreign(cast("CallToolResult", _CONTENT_RESULT.convert_result(value)), limit)
        structured = cast("Json", pydantic_core.to_jsonable_python(value, by_alias=True))
        encoded = pydantic_core.to_json(structured, inf_nan_mode="null")
        spoken = _words(cast("object", value))
        text = encoded.decode() if spoken is None else spoken
        sent = structured if isinstance(structured, dict) else None
        check_size((len(encoded) if sent is not None else 0) + len(text.encode()), limit)
        _check_finite(structured)
        _check_numbers(encoded)
        return _answer(text, sent)


def tool_output(place: str, annotation: object) -> ToolOutput:
    """Work out what a function returns as a tool.

    A model, dataclass, TypedDict or dict with text keys is the structured content; anything else lies in it under
    `result`. `None`, content blocks, and what is not annotated, have no schema.

    Raises:
        SpecError: No JSON schema describes the type.
    """
    if annotation in (None, type(None), inspect.Signature.empty, Any, object) or _is_content(annotation):
        return ToolOutput(None, False, None, None)
    kind = readable(annotation)
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        schema = schema_of(adapter, "serialization")
    except Exception as error:
        raise SpecError(
            f"{place}.return",
            f"is of a type that no JSON schema describes: {described(annotation)}",
            remedy="Return a model, dataclass, TypedDict, dict, list, text, number or None.",
        ) from error
    wrapped = not _is_object(kind)
    schema = _with_object_root(schema, wrapped)
    check_schema(f"{place}.return", schema)
    model = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    return ToolOutput(schema, wrapped, model, adapter)


def _with_object_root(schema: JsonObject, wrapped: bool) -> JsonObject:
    definitions = schema.pop("$defs", None)
    root: JsonObject = {"$defs": definitions} if isinstance(definitions, dict) else {}
    if wrapped:
        return {**root, "type": "object", "properties": {"result": schema}, "required": ["result"]}
    reference = schema.pop("$ref", None)
    if isinstance(reference, str) and isinstance(definitions, dict):
        # A recursive model is a bare reference, and clients want an object at the root.
        root |= cast("JsonObject", definitions[reference.rpartition("/")[2]])
    return {**root, **schema}


def _is_object(kind: object) -> bool:
    origin = get_origin(kind)
    if origin is Annotated:
        return _is_object(get_args(kind)[0])
    bare = cast("object", origin or kind)
    if not isinstance(bare, type):
        return False
    if issubclass(bare, Mapping):
        return not get_args(kind) or get_args(kind)[0] is str
    if issubclass(bare, BaseModel):
        return not bare.__pydantic_root_model__
    return is_typeddict(kind) or is_typeddict(origin) or is_dataclass(kind) or is_dataclass(origin)


def _is_content(annotation: object) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, (*_CONTENT, CallToolResult)):
        return True
    return get_origin(annotation) is not None and any(map(_is_content, get_args(annotation)))


def _all_content(values: list[object] | tuple[object, ...]) -> bool:
    return any(isinstance(value, _CONTENT) for value in values)


def _words(value: object) -> str | None:
    """What a value says of itself: a text is its own, and a method `to_text() -> str` decides for anything else."""
    if isinstance(value, str):
        return value
    to_text = getattr(value, "to_text", None)
    return cast("str", to_text()) if callable(to_text) else None


def _answer(text: str, structured: Json) -> JsonObject:
    result: JsonObject = {"content": [{"type": "text", "text": text}], "isError": False, "resultType": "complete"}
    if structured is not None:
        result["structuredContent"] = structured
    return result


def _foreign(result: CallToolResult, limit: int) -> JsonObject:
    """A result that somebody else put together."""
    size = len(pydantic_core.to_json(result.structured_content)) if result.structured_content is not None else 0
    for block in result.content:
        size += len(block.text.encode()) if isinstance(block, TextContent) else len(pydantic_core.to_json(block))
    check_size(size, limit)
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


def _check_numbers(encoded: bytes) -> None:
    """Find the number that is written with more digits than Python's own JSON takes, before the SDK meets it.

    Raises:
        ValueError: There is one.
    """
    if _MANY_DIGITS.search(encoded):
        json.loads(encoded)


def _check_finite(value: object) -> None:
    """A result that is no number is a defect of the tool; sent as null it would look like a value that is not known."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that JSON cannot say")
    if isinstance(value, Mapping):
        value = list(cast("Mapping[object, object]", value).values())
    for each in cast("Iterable[object]", value) if isinstance(value, list | tuple) else ():
        _check_finite(each)


def check_size(size: int, limit: int) -> None:
    """Refuse an answer that is larger than its tool may give.

    Raises:
        ToolError: It is.
    """
    if size > limit:
        raise ToolError(
            f"The answer has {size} bytes; at most {limit} are allowed.",
            code="too-large",
            hint="Narrow the request, or ask for fewer items at once.",
        )
