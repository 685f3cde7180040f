"""The schemas of a server's tools, looked at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from agentkit.mcp.verification.listing import name_of
from agentkit.mcp.verification.shape import MOST_PLACES, RENAMING, Shape, schema_fault, shape_of
from agentkit.models import Json, JsonObject

MOST_PLACES_OF_ALL: Final = 100_000
MOST_CHARACTERS_OF_ALL: Final = 400_000
"""What the schemas of all tools may have together; those behind count as too large, and are not looked at."""


@dataclass(frozen=True, slots=True)
class Study:
    """What was found out about the schemas of one tool.

    Attributes:
        tool: Its name.
        schema: Of its arguments.
        shape: What that is made of.
        fault: Why it is no JSON schema.
        size: Its characters as JSON.
        output: The schema of its results, where it has one.
        output_shape: What that is made of.
        output_fault: Why it is no JSON schema.
    """

    tool: str
    schema: JsonObject
    shape: Shape
    fault: str | None
    size: int
    output: JsonObject | None
    output_shape: Shape
    output_fault: str | None

    @property
    def usable(self) -> bool:
        """Whether arguments can be compared with the schema."""
        return self.fault is None and _validates(self.shape)

    @property
    def output_usable(self) -> bool:
        """Whether results can be compared with the schema."""
        return self.output is not None and self.output_fault is None and _validates(self.output_shape)


def study(tools: Iterable[JsonObject]) -> list[Study]:
    """Look at the schemas of all tools; takes time, so not on the loop."""
    places, characters = MOST_PLACES_OF_ALL, MOST_CHARACTERS_OF_ALL
    studies: list[Study] = []
    for tool in tools:
        found = _study(tool, min(places, MOST_PLACES) if characters > 0 else 0)
        studies.append(found)
        places -= found.shape.places + found.output_shape.places
        characters -= found.size + len(json.dumps(found.output))
    return studies


def _study(tool: JsonObject, most: int) -> Study:
    given, declared = tool.get("inputSchema"), tool.get("outputSchema")
    schema = given if isinstance(given, dict) else {}
    output = declared if isinstance(declared, dict) else None
    fault, shape = _look(given, most)
    output_fault, output_shape = (None, Shape()) if declared is None else _look(declared, most)
    return Study(
        tool=name_of(tool),
        schema=schema,
        shape=shape,
        fault=fault,
        size=len(json.dumps(schema)),
        output=output,
        output_shape=output_shape,
        output_fault=output_fault,
    )


def _look(found: Json, most: int) -> tuple[str | None, Shape]:
    if not isinstance(found, dict):
        return "it is not an object", Shape()
    if most <= 0:
        return None, Shape(too_large=True)
    fault = schema_fault(found)
    return fault, Shape() if fault else shape_of(found, most)


def _validates(shape: Shape) -> bool:
    elsewhere = shape.foreign or shape.dangling or shape.rare & RENAMING
    return not (elsewhere or shape.recursive or shape.too_large)
