"""What in a message leans towards an expert, beside its words: names, choices and measured values its tools work on."""

from __future__ import annotations

from collections.abc import Sequence

from agentkit.reasoning.protocol import Tool
from agentkit.reasoning.rules.choice import profile, score
from agentkit.reasoning.rules.described import is_open
from agentkit.reasoning.rules.links import suppliers
from agentkit.reasoning.rules.parameters import Kind, parameters
from agentkit.reasoning.rules.reading import Reading
from agentkit.reasoning.rules.words import flat, schema_stems


def concerns_somebody(reading: Reading, tools: Sequence[Tool]) -> bool:
    """Whether the tool that fits a message best works on somebody who has a name."""
    if not tools:
        return False
    best = max(tools, key=lambda tool: sum(score(reading.stems, profile(tool), {}).values()))
    takes = parameters(best)
    if any(one.kind is Kind.NAME for one in takes):
        return True
    found = [link.tool for one in takes if one.identifies for link in suppliers(one, tools)]
    return any(one.kind is Kind.NAME for tool in found for one in parameters(tool))


def names_choice(reading: Reading, tools: Sequence[Tool]) -> bool:
    """Whether a message names one of the choices of a tool that are of several words, or one of many things."""
    proper = {word.flat for word in reading.words if word.code_like or word.capital}
    return any(
        (len(schema_stems(word)) > 1 and reading.mentions(word) is not None)
        or (parameter.names_things and flat(word) in proper)
        for tool in tools
        for parameter in parameters(tool)
        if parameter.required
        for word in parameter.choices
    )


def takes_values(reading: Reading, tools: Sequence[Tool]) -> bool:
    """Whether a message gives measured values, and one of the tools works on such."""
    measured = any(one.unit for one in reading.quantities)
    return measured and any(one.required and is_open(one) for tool in tools for one in parameters(tool))
