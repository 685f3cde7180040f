"""The signature of a function that becomes a tool, and why some functions cannot."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import cast

from mcp.server.mcpserver import Resolve

from agentkit.errors import SpecError


def written(function: Callable[..., object]) -> Callable[..., object]:
    """What its author wrote: the function behind a `functools.partial`, or an object's `__call__`."""
    while isinstance(function, functools.partial):
        function = cast("functools.partial[object]", function).func
    if inspect.isroutine(function) or not inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
        return function
    return function.__call__


def name_of(function: Callable[..., object]) -> str:
    """The name of what its author wrote; of an object that can be called, the name of its class."""
    name = str(getattr(written(function), "__name__", ""))
    return type(function).__name__ if name == "__call__" else name


def checked_signature(place: str, function: Callable[..., object]) -> inspect.Signature:
    """The signature of an async function, annotations evaluated.

    Args:
        place: The tool, for errors.
        function: What shall be a tool.

    Raises:
        SpecError: It is no async function, or an annotation names what cannot be found.
    """
    if inspect.isasyncgenfunction(written(function)):
        raise SpecError(place, "is an async generator", remedy="Return a list: a tool answers once.")
    if not inspect.iscoroutinefunction(written(function)):
        raise SpecError(place, "is not an async function", remedy="Write async def: a sync tool cannot be cancelled.")
    try:
        return inspect.signature(function, eval_str=True)
    except Exception as error:
        raise _unresolved(place, function, error) from None


def _unresolved(place: str, function: Callable[..., object], error: Exception) -> SpecError:
    missing = error.name if isinstance(error, NameError) else None
    for parameter in inspect.signature(function).parameters.values():
        written = str(parameter.annotation)
        if missing and re.search(rf"\b{re.escape(missing)}\b", written):
            place = f"{place}.{parameter.name}"
            break
    else:
        place = f"{place}.return" if missing else place
    what = f"names {missing!r}, which cannot be found" if missing else f"cannot be evaluated ({type(error).__name__})"
    return SpecError(
        place,
        f"its annotation {what}",
        remedy="Define the type at module level, and import it outside of TYPE_CHECKING.",
    )


def check_parameter(place: str, parameter: inspect.Parameter) -> None:
    """Refuse a parameter that a model cannot fill in by name.

    Raises:
        SpecError: With what to write instead.
    """
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise SpecError(place, "is positional-only", remedy="Remove the slash: arguments are given by name.")
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
        raise SpecError(
            place, f"collects arguments with {stars}", remedy="Name each parameter: the model sees a schema of them."
        )
    if parameter.name.startswith("_"):
        raise SpecError(place, "begins with an underscore", remedy="Give it a name the model may see.")
    if parameter.annotation is parameter.empty:
        raise SpecError(
            place, "has no type", remedy=f"Write one, for example {parameter.name}: str. It becomes the schema."
        )
    if any(isinstance(extra, Resolve) for extra in getattr(parameter.annotation, "__metadata__", ())):
        raise SpecError(
            place,
            "is resolved by asking the client back",
            remedy="Make it an argument: a tool has no state between calls (MCP-ERA-01).",
        )
