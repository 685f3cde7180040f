"""Whether every model and every client can work with the tools' schemas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import anyio.to_thread

from agentkit.mcp.verification.checks import Group, Problem
from agentkit.mcp.verification.shape import Shape
from agentkit.mcp.verification.site import Site
from agentkit.mcp.verification.study import Study, study

SCHEMAS: Final = Group("schemas", needs=("tools.list",))

MOST_CHOICES: Final = 250
MOST_ALTERNATIVES: Final = 10
DEEPEST: Final = 8
FORMATS: Final = frozenset(
    {"date", "date-time", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"}
)
"""Formats that models know; JSON Schema has more."""

_COMBINING: Final = frozenset({"anyOf", "oneOf", "allOf", "not", "enum"})


@SCHEMAS.check(
    "schema.valid",
    "Every input schema is JSON Schema",
    "Correct the schema; a validator names the place.",
    "MCP-ERA-03",
)
async def valid(site: Site) -> Sequence[Problem]:
    """It is an object, and fits its metaschema."""
    site.seen.studies = await anyio.to_thread.run_sync(study, site.seen.listing.distinct, abandon_on_cancel=True)
    return [
        Problem(f"its input schema is no JSON Schema: {found.fault}", found.tool)
        for found in site.seen.studies
        if found.fault
    ]


@SCHEMAS.check(
    "schema.object",
    "Every input schema is an object at its top",
    'Say "type": "object" at the top, and no anyOf, oneOf, allOf, not or enum beside it.',
    "MCP-ERA-03",
)
async def at_top(site: Site) -> Sequence[Problem]:
    """Vendors refuse anything else."""
    problems = [
        Problem("the type of its input schema is not object", s.tool)
        for s in _sound(site)
        if s.schema.get("type") != "object"
    ]
    return problems + [
        Problem(f"{sorted(_COMBINING & s.schema.keys())[0]} stands at the top of its input schema", s.tool)
        for s in _sound(site)
        if _COMBINING & s.schema.keys()
    ]


@SCHEMAS.check(
    "schema.references",
    "References stay in the schema",
    "Define what is referred to below $defs of the same schema, or write it out.",
    "MCP-SRV-01",
)
async def references(site: Site) -> Sequence[Problem]:
    """Nothing is fetched, nothing is missing."""
    return [
        Problem(f"{site.quoted(reference)} is {why}", found.tool)
        for found in _sound(site)
        for shapes in (found.shape, found.output_shape)
        for why, some in (("outside of the schema", shapes.foreign), ("not there", shapes.dangling))
        for reference in sorted(some)
    ]


@SCHEMAS.check(
    "schema.recursive",
    "No input schema comes back to itself",
    "Write out the levels that are really used; models and several clients refuse recursion.",
    "MCP-SRV-01",
)
async def recursive(site: Site) -> Sequence[Problem]:
    """A tree of finite depth."""
    return _each(site, lambda shape: [f"{site.quoted(found)} is recursive" for found in sorted(shape.recursive)])


@SCHEMAS.check(
    "schema.size",
    "Input schemas are of a size that a model reads",
    "Ask for less in one tool, or take shared parts out of the repetition.",
    "MCP-SRV-01",
    warning=True,
)
async def size(site: Site) -> Sequence[Problem]:
    """Characters, and places with references followed."""
    limit = site.thresholds.schema
    problems = [
        Problem(f"its input schema has {found.size} characters; {limit} are enough", found.tool)
        for found in _sound(site)
        if found.size > limit
    ]
    return problems + _each(site, lambda shape: ["too many places once references are followed"] * shape.too_large)


@SCHEMAS.check(
    "schema.keywords",
    "Only keywords that models know",
    "Say it in the description, and check it in the tool.",
    "MCP-SRV-01",
    warning=True,
)
async def keywords(site: Site) -> Sequence[Problem]:
    """Keywords that vendors refuse or ignore."""
    return _each(site, lambda shape: [f"the keyword {keyword} is used" for keyword in sorted(shape.rare)])


@SCHEMAS.check(
    "schema.additional",
    "Unknown arguments are excluded",
    'Say "additionalProperties": false: an argument that is silently ignored makes an answer wrong.',
    "MCP-SRV-06",
    warning=True,
)
async def additional(site: Site) -> Sequence[Problem]:
    """At the top of the input schema."""
    return [
        Problem("additionalProperties of its input schema is not false", found.tool)
        for found in _sound(site)
        if found.schema.get("additionalProperties") is not False
    ]


@SCHEMAS.check(
    "schema.boolean", "No true or false stands for a schema", "Write a type.", "MCP-SRV-01", warning=True
)  # fmt: skip
async def boolean(site: Site) -> Sequence[Problem]:
    """Few clients read them."""
    return _each(
        site, lambda shape: [f"true or false stands at {site.quoted(place)}" for place in sorted(shape.booleans)]
    )


@SCHEMAS.check(
    "schema.typed",
    "Every parameter has a type",
    "Give it a type: a model that may send anything does.",
    "MCP-SRV-01",
    warning=True,
)
async def typed(site: Site) -> Sequence[Problem]:
    """No place that may be anything."""
    return _each(site, lambda shape: [f"{site.quoted(place)} may be anything" for place in sorted(shape.untyped)])


@SCHEMAS.check(
    "schema.alternatives",
    "Few alternatives at one place",
    "Make several tools of it, or take a text and say in the description what it may be.",
    "MCP-SRV-01",
    warning=True,
)
async def alternatives(site: Site) -> Sequence[Problem]:
    """Sizes of anyOf, oneOf and enum."""
    unions = _each(
        site, lambda shape: [f"there are {shape.union} alternatives at one place"] * (shape.union > MOST_ALTERNATIVES)
    )
    return unions + _each(site, lambda shape: [f"an enum has {shape.choices} values"] * (shape.choices > MOST_CHOICES))


@SCHEMAS.check(
    "schema.depth",
    "Objects do not lie too deep in each other",
    f"Flatten it to {DEEPEST} levels at most.",
    "MCP-SRV-01",
    warning=True,
)
async def depth(site: Site) -> Sequence[Problem]:
    """Models lose themselves in deep ones, and vendors refuse them."""
    return _each(
        site, lambda shape: [f"objects lie {shape.depth} levels deep"] * (shape.depth > DEEPEST and not shape.recursive)
    )


@SCHEMAS.check(
    "schema.formats",
    "Only formats that models know",
    "Say in the description what the text looks like, with an example.",
    "MCP-SRV-01",
    warning=True,
)
async def formats(site: Site) -> Sequence[Problem]:
    """A format is no more than a hint."""
    return _each(
        site, lambda shape: [f"the format {site.quoted(found)} is used" for found in sorted(shape.formats - FORMATS)]
    )


@SCHEMAS.check(
    "schema.output",
    "Output schemas are JSON Schema of an object",
    'Say "type": "object" at the top; clients validate results against it.',
    "MCP-ERA-03",
    "MCP-SRV-01",
)
async def output(site: Site) -> Sequence[Problem]:
    """Where there is one."""
    problems = [
        Problem(f"its output schema is no JSON Schema: {found.output_fault}", found.tool)
        for found in _sound(site)
        if found.output_fault
    ]
    return problems + [
        Problem("the type of its output schema is not object", found.tool)
        for found in _sound(site)
        if found.output is not None and not found.output_fault and found.output.get("type") != "object"
    ]


@SCHEMAS.check(
    "schema.output-present",
    "Every tool says what it gives back",
    "Return a typed result (a pydantic model), so that an outputSchema exists.",
    "MCP-SRV-01",
    warning=True,
)
async def output_present(site: Site) -> Sequence[Problem]:
    """`outputSchema`."""
    missing = [found for found in _sound(site) if found.output is None and not found.output_fault]
    return [Problem("no outputSchema", found.tool) for found in missing]


def _each(site: Site, problems: Callable[[Shape], Sequence[str]]) -> list[Problem]:
    return [Problem(text, found.tool) for found in _sound(site) for text in problems(found.shape)]


def _sound(site: Site) -> list[Study]:
    """Those whose input schema is one: the others have been told."""
    return [found for found in site.seen.studies if found.fault is None]
