"""Make `typing.TypedDict` readable for pydantic, which takes only that of typing_extensions below Python 3.12."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Annotated, Any, NotRequired, Required, Union, cast, get_args, get_origin, get_type_hints

from typing_extensions import ReadOnly, TypedDict, is_typeddict


def readable(annotation: object) -> Any:
    """The same type, with each `typing.TypedDict` in it rebuilt as one of typing_extensions.

    Args:
        annotation: An evaluated annotation; what is no TypedDict and holds none comes back as it is.
    """
    return annotation if sys.version_info >= (3, 12) else _readable(annotation, frozenset())


def _readable(annotation: object, outer: frozenset[object]) -> Any:
    if isinstance(annotation, type) and is_typeddict(annotation):
        return annotation if annotation in outer else _rebuilt(annotation, outer | {annotation})
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        inner = _readable(arguments[0], outer)
        return annotation if inner is arguments[0] else Annotated[(inner, *arguments[1:])]
    inner = tuple(_readable(argument, outer) for argument in arguments)
    if origin is None or all(new is old for new, old in zip(inner, arguments, strict=True)):
        return annotation
    if origin is types.UnionType or origin is Union:
        return Union[inner]  # noqa: UP007
    return origin[inner]


def _rebuilt(original: type[Any], outer: frozenset[object]) -> Any:
    fields: dict[str, object] = {}
    for name, hint in get_type_hints(original, include_extras=True).items():
        field, required = hint, name in original.__required_keys__
        # Where annotations are strings, the class itself does not know which keys may be missing.
        while (qualifier := get_origin(field)) in (Required, NotRequired, ReadOnly):
            required = required if qualifier is ReadOnly else qualifier is Required
            field = get_args(field)[0]
        field = _readable(field, outer)
        fields[name] = field if required else NotRequired[field]
    make = cast("Callable[[str, dict[str, object]], type[Any]]", TypedDict)
    rebuilt = make(original.__name__, fields)
    for attribute in ("__doc__", "__module__", "__qualname__", "__pydantic_config__"):
        if hasattr(original, attribute):
            setattr(rebuilt, attribute, getattr(original, attribute))
    return rebuilt
