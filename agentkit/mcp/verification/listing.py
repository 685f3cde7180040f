"""A list of tools page by page, as it was sent: a client hides doubled names, odd pages and unknown fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from agentkit.mcp.client.client import DEFAULT_ANSWER_LIMIT
from agentkit.mcp.client.listing import MAX_PAGES, MAX_TOOLS
from agentkit.mcp.verification.wire import Answer
from agentkit.models import JsonObject

Ask = Callable[[str, JsonObject | None], Awaitable[Answer]]
"""Sends a request with a method and its parameters."""

LISTED_AT_MOST: Final = DEFAULT_ANSWER_LIMIT
"""Bytes that all pages may have together."""


@dataclass(slots=True)
class Listing:
    """The tools of a server.

    Attributes:
        tools: Those that are objects with a name.
        broken: What is wrong with the answers, in words.
        endless: Why the list was not read to its end, in words.
        pages: How many there were.
        size: Bytes of all answers.
        seconds: That the answers took.
        cursors: Those the server gave.
    """

    tools: list[JsonObject] = field(default_factory=list[JsonObject])
    broken: list[str] = field(default_factory=list[str])
    endless: str | None = None
    pages: int = 0
    size: int = 0
    seconds: float = 0.0
    cursors: list[str] = field(default_factory=list[str])

    @property
    def names(self) -> tuple[str, ...]:
        """The tools' names, doubled ones too."""
        return tuple(name_of(tool) for tool in self.tools)

    @property
    def distinct(self) -> list[JsonObject]:
        """The first tool of each name."""
        return list({name_of(tool): tool for tool in reversed(self.tools)}.values())[::-1]


async def read_listing(ask: Ask) -> Listing:
    """Read all pages; stops at the limits that a client has."""
    listing = Listing()
    cursor: str | None = None
    while listing.endless is None:
        answer = await ask("tools/list", None if cursor is None else {"cursor": cursor})
        listing.pages += 1
        listing.size += len(answer.body)
        listing.seconds += answer.seconds
        if answer.result is None:
            listing.broken.append(f"tools/list was answered with {answer.says}")
            return listing
        _read_page(answer.result, listing)
        found = answer.result.get("nextCursor")
        if not isinstance(found, str) or not found:
            if found is not None and not isinstance(found, str):
                listing.broken.append("nextCursor is not a text")
            return listing
        listing.endless = _limit(found, listing)
        listing.cursors.append(found)
        cursor = found
    return listing


def name_of(tool: JsonObject) -> str:
    """The name of a tool."""
    return str(tool.get("name"))


def _read_page(result: JsonObject, listing: Listing) -> None:
    tools = result.get("tools")
    if not isinstance(tools, list):
        listing.broken.append("the answer to tools/list holds no list of tools")
        return
    good = [tool for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]
    if len(good) < len(tools):
        listing.broken.append(f"{len(tools) - len(good)} of the listed tools have no name")
    listing.tools += good


def _limit(cursor: str, listing: Listing) -> str | None:
    if cursor in listing.cursors:
        return "a cursor comes again: the list has no end"
    if listing.pages >= MAX_PAGES:
        return f"the list has more than {MAX_PAGES} pages"
    if len(listing.tools) > MAX_TOOLS:
        return f"the list has more than {MAX_TOOLS} tools"
    if listing.size > LISTED_AT_MOST:
        return f"the list has more than {LISTED_AT_MOST} bytes"
    return None
