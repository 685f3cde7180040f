"""What a model and a person read: names, descriptions, titles, and who the server is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from agentkit.mcp.client.listing import MAX_TOOLS
from agentkit.mcp.verification.checks import Group, Problem
from agentkit.mcp.verification.listing import name_of, read_listing
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.site import Site
from agentkit.models import Json, JsonObject

NAMING: Final = Group("tools", needs=("tools.list",))
SERVER: Final = Group("server", needs=("protocol.handshake",))

NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What every model's function calling takes."""

_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


@NAMING.check(
    "tools.list",
    "The tools are listed",
    "Answer tools/list with a list of tools.",
    "MCP-CONF-01",
    needs=("protocol.handshake",),
)
async def listed(site: Site) -> Sequence[Problem]:
    """There is a list, and something in it."""
    async with site.session() as session:
        listing = site.seen.listing = await read_listing(session.ask)
    site.seen.listings["handshake"] = listing.names
    site.took("list", listing.seconds)
    problems = [Problem(text) for text in listing.broken]
    return problems if problems or listing.tools else [Problem("the server has no tools: an expert needs at least one")]


@NAMING.check(
    "tools.pages", "The list comes to an end", "End the list: leave nextCursor out of the last page.", "MCP-CLI-07"
)
async def pages(site: Site) -> Sequence[Problem]:
    """Cursors lead forward, and there are not too many of them."""
    return [Problem(site.seen.listing.endless)] if site.seen.listing.endless else []


@NAMING.check(
    "tools.count",
    "A model can survey the tools",
    "Split the server into several experts, or merge tools that do nearly the same.",
    warning=True,
)
async def count(site: Site) -> Sequence[Problem]:
    """Not too many to choose from."""
    found = len(site.seen.listing.tools)
    if found <= site.thresholds.tools:
        return []
    severity = Verdict.ERROR if found > MAX_TOOLS else None
    return [Problem(f"{found} tools; models choose well from about {site.thresholds.tools}", severity=severity)]


@NAMING.check(
    "tools.name",
    "Models can call every name",
    "Use letters, digits, _ and -, at most 64 of them.",
    "MCP-SRV-03",
)
async def name(site: Site) -> Sequence[Problem]:
    """The pattern that every vendor takes."""
    return [
        Problem("function calling does not take this name", name_of(tool))
        for tool in site.seen.listing.distinct
        if not NAME.fullmatch(name_of(tool))
    ]


@NAMING.check(
    "tools.unique",
    "No name is used twice",
    "Give each tool a name of its own.",
    "MCP-SRV-03",
    needs=("tools.list", "tools.pages"),
)
async def unique(site: Site) -> Sequence[Problem]:
    """Clients keep one of them."""
    counted = Counter(site.seen.listing.names)
    return [Problem(f"{times} tools have this name", name) for name, times in counted.items() if times > 1]


@NAMING.check(
    "tools.description",
    "Every tool says what it does",
    "Describe what the tool does, when to use it and what it gives back.",
    "MCP-SRV-01",
)
async def description(site: Site) -> Sequence[Problem]:
    """A model chooses by it."""
    return [
        Problem("no description", name_of(tool))
        for tool in site.seen.listing.distinct
        if not _text(tool, "description")
    ]


@NAMING.check(
    "tools.description-length",
    "Descriptions are short enough",
    "Say what a model needs in order to choose; leave the rest to the server's instructions or the expert's prompt.",
    "MCP-SRV-02",
    warning=True,
)
async def description_length(site: Site) -> Sequence[Problem]:
    """They are sent with every turn."""
    limit = site.thresholds.description
    return [
        Problem(f"its description has {length} characters; {limit} are enough", name_of(tool))
        for tool in site.seen.listing.distinct
        if (length := len(_text(tool, "description"))) > limit
    ]


@NAMING.check(
    "tools.hidden-text",
    "Names and descriptions show all they say",
    "Remove control and invisible characters: a model reads what a person does not see.",
    "MCP-SRV-02",
)
async def hidden_text(site: Site) -> Sequence[Problem]:
    """No escape sequences, directions or invisible letters."""
    return [
        Problem("there are invisible characters in its texts", name_of(tool))
        for tool in site.seen.listing.distinct
        if any(_INVISIBLE.search(text) for text in _texts(tool))
    ]


@NAMING.check(
    "tools.parameter-description",
    "Every parameter says what it is",
    "Describe it, with an example (agentkit: the Args section, or Field(description=...)).",
    "MCP-SRV-01",
    warning=True,
)
async def parameter_description(site: Site) -> Sequence[Problem]:
    """A model fills them by it."""
    return [
        Problem(f"parameter {site.quoted(parameter)} has no description", name_of(tool))
        for tool in site.seen.listing.distinct
        for parameter, wanted in parameters(tool).items()
        if not (isinstance(wanted, dict) and _text(wanted, "description"))
    ]


@NAMING.check(
    "tools.title", "Every tool has a title for people", "Give it a title: people see it when they allow a call.",
    "MCP-ERA-03", warning=True,
)  # fmt: skip
async def title(site: Site) -> Sequence[Problem]:
    """Its own, or that of its annotations."""
    return [
        Problem("no title", name_of(tool))
        for tool in site.seen.listing.distinct
        if not _text(tool, "title") and not _text(object_in(tool, "annotations"), "title")
    ]


@SERVER.check(
    "server.info",
    "The server says name and version",
    "Name it, and count its version up with each change of its tools.",
    "MCP-SDK-02",
    warning=True,
)
async def info(site: Site) -> Sequence[Problem]:
    """`serverInfo`."""
    found = object_in(site.seen.opening.result or {}, "serverInfo")
    return [Problem(f"the server says no {field}") for field in ("name", "version") if not _text(found, field)]


@SERVER.check(
    "server.instructions",
    "The server says how to use it",
    "Give instructions: what the server is for and in which order its tools are used.",
    "MCP-SDK-02",
    warning=True,
)
async def instructions(site: Site) -> Sequence[Problem]:
    """`instructions` of the handshake."""
    return (
        [] if _text(site.seen.opening.result or {}, "instructions") else [Problem("the server gives no instructions")]
    )


def parameters(tool: JsonObject) -> dict[str, Json]:
    """The parameters that a tool's input schema names at its top."""
    return object_in(object_in(tool, "inputSchema"), "properties")


def object_in(thing: JsonObject, field: str) -> JsonObject:
    """The object in a field; an empty one where there is none."""
    found = thing.get(field)
    return found if isinstance(found, dict) else {}


def _text(thing: JsonObject, field: str) -> str:
    found = thing.get(field)
    return found.strip() if isinstance(found, str) else ""


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for key, item in value.items():
                yield key
                yield from _texts(item)
        case _:
            return
