"""Both protocol eras, sessions, and what a client meets that comes again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from agentkit.errors import McpError
from agentkit.mcp.client.client import McpClient
from agentkit.mcp.verification.checks import Group, Problem, Skip
from agentkit.mcp.verification.report import Verdict
from agentkit.mcp.verification.rpc import KNOWN_HANDSHAKES, MODERN
from agentkit.mcp.verification.site import Site
from agentkit.models import Json

PROTOCOL: Final = Group("protocol", needs=("protocol.handshake",))
CLIENT: Final = Group(
    "protocol",
    needs=(
        "protocol.version",
        "protocol.capability",
        "protocol.content-type",
        "tools.list",
        "tools.pages",
        "tools.count",
    ),
)

CONNECTIONS: Final = 3
"""How many connections are made one after another."""

NO_SESSION: Final = "00000000-agentkit-verify"


@PROTOCOL.check(
    "protocol.handshake",
    "The handshake era is spoken",
    "Serve streamable HTTP of revision 2025-11-25 or older; Corti's client is taken to speak it.",
    "MCP-ERA-01",
    "MCP-COR-06",
    needs=("auth.entry",),
)
async def handshake(site: Site) -> Sequence[Problem]:
    """Initialize and initialized."""
    async with site.session() as session:
        site.seen.opening = session.opening
    result = session.opening.result
    if result is None:
        return [Problem(f"initialize was answered with {session.opening.says}")]
    if session.notified.failure or (session.notified.status or 500) >= 400:
        return [Problem(f"the notification initialized was answered with {session.notified.says}")]
    return []


@PROTOCOL.check(
    "protocol.version",
    "The agreed revision is a known one",
    "Answer initialize with the revision that was asked for, or an older one that you speak.",
    "MCP-ERA-01",
)
async def version(site: Site) -> Sequence[Problem]:
    """The protocolVersion of the answer."""
    found = _opened(site).get("protocolVersion")
    return (
        []
        if found in KNOWN_HANDSHAKES
        else [Problem(f"the server agreed to revision {site.quoted(found)}, which nobody knows")]
    )


@PROTOCOL.check(
    "protocol.capability",
    "The server says that it has tools",
    "Announce the capability tools in the answer to initialize.",
    "MCP-SRV-08",
)
async def capability(site: Site) -> Sequence[Problem]:
    """`capabilities.tools`."""
    found = _opened(site).get("capabilities")
    return (
        []
        if isinstance(found, dict) and "tools" in found
        else [Problem("the answer to initialize does not announce tools")]
    )


@PROTOCOL.check(
    "protocol.content-type",
    "Answers are declared as what they are",
    "Send application/json or text/event-stream.",
    "MCP-LIM-03",
)
async def content_type(site: Site) -> Sequence[Problem]:
    """JSON or an event stream."""
    kind = site.seen.opening.headers.get("content-type", "").partition(";")[0].strip().lower()
    return (
        []
        if kind in {"application/json", "text/event-stream"}
        else [Problem(f"the answer to initialize is declared as {site.quoted(kind)}")]
    )


@PROTOCOL.check(
    "protocol.modern",
    "The era without handshake is spoken too",
    f"Serve revision {MODERN} beside the older ones: a client of it needs no session and survives restarts.",
    "MCP-ERA-01",
    "MCP-CLI-03",
    warning=True,
)
async def modern(site: Site) -> Sequence[Problem]:
    """One request with everything in it."""
    found = await site.ask_modern("server/discover")
    if found.result is None:
        return [Problem(f"server/discover of revision {MODERN} was answered with {found.says}")]
    return []


@PROTOCOL.check(
    "protocol.stateless",
    "No session is kept",
    "Serve stateless (mcp: stateless_http=True): sessions are lost on restart and need sticky routing.",
    "MCP-LIM-04",
    "MCP-LIM-11",
    warning=True,
)
async def stateless(site: Site) -> Sequence[Problem]:
    """No session id is given."""
    return [Problem("the server gives session ids")] if "mcp-session-id" in site.seen.opening.headers else []


@PROTOCOL.check(
    "protocol.lost-session",
    "A session it does not know is answered with 404",
    "Answer 404, so that clients open a new session after a restart.",
    "MCP-LIM-04",
)
async def lost_session(site: Site) -> Sequence[Problem]:
    """What a client meets after a restart."""
    if "mcp-session-id" not in site.seen.opening.headers:
        raise Skip("the server keeps no sessions")
    async with site.session() as session:
        lost = await session.ask_as(NO_SESSION, "tools/list")
    if lost.status == 404:
        return []
    severity = Verdict.WARNING if lost.status == 400 else None  # as the examples of the TypeScript SDK do
    return [Problem(f"a session that does not exist was answered with {lost.says}", severity=severity)]


@PROTOCOL.check(
    "protocol.get",
    "A GET is answered with a stream or 405",
    "Answer GET with text/event-stream, or with 405 where the server has nothing to tell by itself.",
    "MCP-LIM-03",
    warning=True,
)
async def get(site: Site) -> Sequence[Problem]:
    """What clients of the handshake era open beside their requests."""
    async with site.session() as session:
        found = await session.get()
    stream = found.status == 200 and found.headers.get("content-type", "").startswith("text/event-stream")
    return [] if stream or found.status == 405 else [Problem(f"GET was answered with {found.says}")]


@PROTOCOL.check(
    "protocol.again",
    f"{CONNECTIONS} connections one after another find it in good health",
    "Look for state between connections, and for one broken process behind a load balancer.",
    "MCP-SRV-03",
)
async def again(site: Site) -> Sequence[Problem]:
    """Several times the same."""
    problems: list[Problem] = []
    for number in range(1, CONNECTIONS + 1):
        async with site.session(fresh=True) as session:
            site.took("connect", session.opening.seconds)
            if session.opening.result is None:
                problems.append(Problem(f"connection {number} was answered with {session.opening.says}"))
    return problems


@CLIENT.check(
    "protocol.client",
    "The client of this library lists its tools in both eras",
    "See what the other checks say; the client is stricter than a look at single answers.",
    "MCP-CLI-07",
)
async def client(site: Site) -> Sequence[Problem]:
    """From end to end, authorization included."""
    problems: list[Problem] = []
    modes: tuple[Literal["legacy", "auto"], ...] = ("legacy", "auto")
    for mode in modes:
        caller = McpClient(
            site.url, name="verified", http=site.noted, auth=site.credential, timeout=site.timeout, mode=mode
        )
        try:
            async with caller:
                await caller.list_tools()
        except McpError as error:
            said = error.message.removeprefix("MCP server verified: ")
            problems.append(Problem(f"in mode {mode}: {said}", remedy=error.remedy))
    return problems


def _opened(site: Site) -> dict[str, Json]:
    return site.seen.opening.result or {}
