"""The schemas of a server's tools, looked at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from agentkit.mcp.verification.listing import name_of
from agentkit.mcp.verification.shape import LARGEST, RENAMING, Shape, schema_fault, shape_of
from agentkit.models import Json, JsonObject


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
    return [_study(tool) for tool in tools]


def _study(tool: JsonObject) -> Study:
    schema, fault = _read(tool.get("inputSchema"))
    declared = tool.get("outputSchema")
    output, output_fault = _read(declared) if declared is not None else (None, None)
    text = len(json.dumps(schema))
    return Study(
        name_of(tool),
        schema,
        Shape() if text > LARGEST else shape_of(schema),
        fault,
        text,
        output,
        Shape() if output is None or output_fault else shape_of(output),
        output_fault,
    )


def _read(found: Json) -> tuple[JsonObject, str | None]:
    return (found, schema_fault(found)) if isinstance(found, dict) else ({}, "it is not an object")


def _validates(shape: Shape) -> bool:
    elsewhere = shape.foreign or shape.dangling or shape.rare & RENAMING
    return not (elsewhere or shape.recursive or shape.too_large)
