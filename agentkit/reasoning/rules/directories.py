"""Which tool lists or searches the things that a parameter of another tool can be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from agentkit.reasoning import jsonschema as js
from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.kept import kept_for_two
from agentkit.reasoning.rules.parameters import Kind, Parameter, parameters
from agentkit.reasoning.rules.vocabulary import IDENTIFIER_WORDS
from agentkit.reasoning.rules.words import name_stems, stem, stems_of

_WEAK: Final = stems_of(IDENTIFIER_WORDS)


@dataclass(frozen=True, slots=True)
class Directory:
    """A tool that lists or searches what a parameter can be.

    Attributes:
        tool: It.
        listed: The field of its result with one record for each thing.
        name: The field of a record with the thing's name.
        searched: Its parameter for words; None where it lists everything.
    """

    tool: Tool
    listed: str
    name: str
    searched: Parameter | None


def directory_of(parameter: Parameter, tool: Tool, tools: Iterable[Tool]) -> Directory | None:
    """The tool on offer that lists what a parameter of another one can be; None where there is none."""
    for other in tools:
        if other.read_only and other.name != tool.name:
            found = _lists(other, parameter)
            if found:
                return found
    return None


@kept_for_two
def _lists(tool: Tool, parameter: Parameter) -> Directory | None:
    """Whether a tool lists records of the kind of thing the parameter's title names."""
    takes = parameters(tool)
    if any(one.required and one.kind is not Kind.TEXT for one in takes):
        return None
    wanted = {stem(word) for word in parameter.title.split()} - _WEAK
    root = tool.output_schema or {}
    for listed, part in js.properties(js.resolve(root, root)).items():
        item = js.properties(js.resolve(js.resolve(part, root).get("items", {}), root))
        for name, schema in item.items():
            field = js.resolve(schema, root)
            named = {*name_stems(name), *name_stems(js.text_of(field, "title"))} - _WEAK
            if "string" in js.types(field) and wanted and wanted <= named:
                return Directory(tool, listed, name, next((one for one in takes if one.kind is Kind.TEXT), None))
    return None
