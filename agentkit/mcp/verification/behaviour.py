"""What tools say of themselves, and whether the server is the same every time and fast enough."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from agentkit.mcp.verification.checks import Group, Problem, Skip
from agentkit.mcp.verification.listing import name_of, read_listing
from agentkit.mcp.verification.naming import object_in
from agentkit.mcp.verification.site import Site
from agentkit.models import JsonObject
from agentkit.specs import Authorization

ANNOTATIONS: Final = Group("annotations", needs=("tools.list",))
ORDER: Final = Group("order", needs=("tools.list", "tools.pages"))
SPEED: Final = Group("size and speed", needs=("tools.list",))
ECHO: Final = Group("authorization", needs=("auth.entry",), only=frozenset(Authorization) - {Authorization.NONE})

_HINTS: Final = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


@ANNOTATIONS.check(
    "annotations.present",
    "Every tool says whether it changes something",
    "Set readOnlyHint, and for a tool that changes something destructiveHint: clients ask people by them.",
    "MCP-ERA-03",
    warning=True,
)
async def present(site: Site) -> Sequence[Problem]:
    """`readOnlyHint`, and `destructiveHint` where that is false."""
    problems: list[Problem] = []
    for tool in site.seen.listing.distinct:
        hints = object_in(tool, "annotations")
        if "readOnlyHint" not in hints:
            problems.append(Problem("no readOnlyHint: it counts as one that changes something", name_of(tool)))
        elif hints["readOnlyHint"] is False and "destructiveHint" not in hints:
            problems.append(Problem("no destructiveHint: it counts as one that destroys", name_of(tool)))
    return problems


@ANNOTATIONS.check(
    "annotations.consistent",
    "Annotations do not contradict each other",
    "Let hints be true or false; what only reads does not destroy.",
    "MCP-ERA-03",
)
async def consistent(site: Site) -> Sequence[Problem]:
    """Booleans that go together."""
    problems: list[Problem] = []
    for tool in site.seen.listing.distinct:
        hints = object_in(tool, "annotations")
        problems += [
            Problem(f"{hint} is neither true nor false", name_of(tool))
            for hint in _HINTS
            if not isinstance(hints.get(hint), bool | None)
        ]
        if reads_only(tool) and hints.get("destructiveHint") is True:
            problems.append(Problem("it says that it only reads, and that it destroys", name_of(tool)))
    return problems


@ORDER.check(
    "order.stable",
    "The tools are the same in the same order every time",
    "List tools in a fixed order (of registration, or by name), the same for every connection and era.",
    "MCP-ERA-03",
    "MCP-SRV-03",
)
async def stable(site: Site) -> Sequence[Problem]:
    """Again in new sessions, on a new connection, and in the other era."""
    for where, fresh in (("a new session", False), ("another session", False), ("a new connection", True)):
        async with site.session(fresh=fresh) as session:
            listing = await read_listing(session.ask)
        site.seen.listings[where] = listing.names
        if not fresh:  # making a connection is measured by itself
            site.took("list", listing.seconds)
    modern = await read_listing(site.ask_modern)
    if not modern.broken:
        site.seen.listings["the era without handshake"] = modern.names
    first = site.seen.listing.names
    problems: list[Problem] = []
    for where, names in site.seen.listings.items():
        if set(names) != set(first):
            problems.append(Problem(f"{where}: other tools than before"))
        elif tuple(dict.fromkeys(names)) != tuple(dict.fromkeys(first)):
            problems.append(Problem(f"{where}: the same tools in another order"))
    return problems


@SPEED.check(
    "size.listing",
    "The list of tools is of a size that a model reads",
    "Shorten descriptions and schemas, or split the server: the list is sent with every turn.",
    "MCP-SRV-02",
    warning=True,
)
async def listing_size(site: Site) -> Sequence[Problem]:
    """Characters of all pages."""
    found, limit = site.seen.listing.size, site.thresholds.listing
    return [Problem(f"the list of tools has {found} characters; {limit} are enough")] if found > limit else []


@SPEED.check(
    "latency.connect",
    "Connections are made fast",
    "Look at TLS, at cold starts, and at where the server stands.",
    "MCP-CLI-02",
    warning=True,
)
async def connect_latency(site: Site) -> Sequence[Problem]:
    """Median of a handshake on a new connection."""
    return _slow(site, "connect", "a new connection", site.thresholds.connect_ms)


@SPEED.check(
    "latency.list",
    "The tools are listed fast",
    "Keep the list in memory.",
    "MCP-CLI-02",
    warning=True,
)
async def list_latency(site: Site) -> Sequence[Problem]:
    """Median of tools/list."""
    return _slow(site, "list", "the list of tools", site.thresholds.list_ms)


@SPEED.check(
    "latency.call",
    "Tools answer fast",
    "Answer less at once, or look for what the tool waits for: a person waits at the other end.",
    "MCP-SRV-09",
    warning=True,
)
async def call_latency(site: Site) -> Sequence[Problem]:
    """Median of the calls that worked."""
    return _slow(site, "call", "a call", site.thresholds.call_ms)


@ECHO.check(
    "auth.echo",
    "No answer holds the credential",
    "Let nothing behind the server's door see the token: not its tools, not its proxies.",
    "MCP-AUTH-10",
)
async def echo(site: Site) -> Sequence[Problem]:
    """In none of all the answers before."""
    return [Problem(f"{site.repeated} answers hold the credential that was sent")] if site.repeated else []


def reads_only(tool: JsonObject) -> bool:
    """Whether a tool says that it changes nothing."""
    return object_in(tool, "annotations").get("readOnlyHint") is True


def _slow(site: Site, what: str, name: str, limit: float) -> list[Problem]:
    taken = site.seen.timings.get(what)
    if not taken:
        raise Skip(f"{name} was not measured")
    middle = median(taken) * 1_000
    return (
        [Problem(f"{name} takes {middle:.0f} ms in the median; {limit:g} ms are the limit")] if middle > limit else []
    )
