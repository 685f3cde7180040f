"""Requests that are wrong by the server's own word: how are they refused?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import anyio.to_thread

from agentkit.mcp.verification.auth import holds_trace
from agentkit.mcp.verification.behaviour import reads_only
from agentkit.mcp.verification.checks import Group, Problem, Skip
from agentkit.mcp.verification.listing import name_of, read_listing
from agentkit.mcp.verification.shape import first_misfit
from agentkit.mcp.verification.site import Reaction, Site
from agentkit.mcp.verification.study import Study
from agentkit.mcp.verification.wire import Answer
from agentkit.models import Json, JsonObject

BAD: Final = Group("bad requests", needs=("tools.list",))

CANARY: Final = "agentkit-verify-canary-7c1e"
NO_SUCH_TOOL: Final = "agentkit_verify_no_such_tool"
MOST_TOOLS: Final = 40
"""Tools that get bad arguments; more of one server behave like these."""

_WRONG: Final[tuple[Json, ...]] = (CANARY, {"is": CANARY}, [CANARY], 1.5, True)
_INVALID_REQUEST, _METHOD_NOT_FOUND, _INVALID_PARAMS, _PARSE_ERROR = -32600, -32601, -32602, -32700


@BAD.check(
    "bad.tool",
    "An unknown tool is refused",
    "Answer with the error -32602 (or a result with isError).",
    "MCP-SRV-07",
)
async def unknown_tool(site: Site) -> Sequence[Problem]:
    """No crash, no success."""
    async with site.session() as session:
        answer = await session.ask("tools/call", {"name": NO_SUCH_TOOL, "arguments": {}})
    reaction = _note(site, None, "an unknown tool", answer)
    return [Problem(f"a call of an unknown tool {reaction.fault}")] if reaction.fault else []


@BAD.check(
    "bad.arguments",
    "Wrong arguments are refused",
    "Check arguments against the tool's own schema before it runs; answer with isError or -32602.",
    "MCP-SRV-06",
)
async def wrong_arguments(site: Site) -> Sequence[Problem]:
    """Missing, unknown and of a wrong type, each wrong by the tool's own schema.

    A server that looks at no schema runs the tool all the same, so only tools that say they only read are tried.
    """
    by_name = {study.tool: study for study in site.seen.studies}
    problems: list[Problem] = []
    asked = 0
    async with site.session() as session:
        for tool in list(filter(reads_only, site.seen.listing.distinct))[:MOST_TOOLS]:
            study = by_name.get(name_of(tool))
            if study is None:
                continue
            cases = await anyio.to_thread.run_sync(_cases, study, abandon_on_cancel=True)
            for what, arguments in cases:
                asked += 1
                answer = await session.ask("tools/call", {"name": study.tool, "arguments": arguments})
                reaction = _note(site, study.tool, what, answer)
                if reaction.fault:
                    problems.append(Problem(f"{what} {reaction.fault}", study.tool))
                if answer.status == 404 and session.session_id:
                    await session.open()
    if not asked:
        raise Skip("no tool that says it only reads has arguments that its schema makes wrong")
    return problems


@BAD.check(
    "bad.method",
    "An unknown method is refused",
    "Answer with the error -32601.",
    "MCP-CONF-01",
    warning=True,
)
async def unknown_method(site: Site) -> Sequence[Problem]:
    """A JSON-RPC error."""
    async with site.session() as session:
        answer = await session.ask("agentkit/no-such-method")
    good = answer.error_code in {_METHOD_NOT_FOUND, _INVALID_REQUEST, _INVALID_PARAMS}
    return [] if good else [Problem(f"an unknown method was answered with {answer.says}")]


@BAD.check(
    "bad.json",
    "A body that is no JSON is refused",
    "Answer 400 (with the error -32700).",
    "MCP-LIM-03",
)
async def no_json(site: Site) -> Sequence[Problem]:
    """A client error, not a crash."""
    async with site.session() as session:
        answer = await session.send_bytes(f'{{"jsonrpc": "2.0", "{CANARY}'.encode())
    good = answer.error_code == _PARSE_ERROR or (answer.status is not None and 400 <= answer.status < 500)
    fault = None if good else f"a body that is no JSON was answered with {answer.says}"
    site.seen.reactions.append(reaction_to(None, "a body that is no JSON", answer, fault))
    return [Problem(fault)] if fault else []


@BAD.check(
    "bad.repeat",
    "Refusals do not repeat what was sent",
    "Name the parameter and what it takes, not the value: it may be a patient's, and answers are logged.",
    "MCP-SRV-06",
    "MCP-LOG-04",
    warning=True,
)
async def repeated(site: Site) -> Sequence[Problem]:
    """A value that only we know does not come back."""
    return [
        Problem(f"the refusal of {found.what} repeats the value that was sent", found.tool)
        for found in _reactions(site)
        if found.repeats
    ]


@BAD.check(
    "bad.trace",
    "Refusals hold no stack trace",
    "Turn unexpected exceptions into a fixed text with a reference; keep the trace in the server's log.",
    "MCP-SRV-04",
    "MCP-LOG-02",
)
async def traced(site: Site) -> Sequence[Problem]:
    """How the server is made stays there."""
    return [
        Problem(f"the answer to {found.what} holds a stack trace", found.tool)
        for found in _reactions(site)
        if found.traces
    ]


@BAD.check(
    "bad.slow",
    "Refusals come fast",
    "Check arguments before anything else is done.",
    "MCP-SRV-09",
    warning=True,
)
async def slow(site: Site) -> Sequence[Problem]:
    """Within the limit of a listing."""
    limit = site.thresholds.list_ms
    return [
        Problem(f"{found.what} was refused after {found.seconds * 1_000:.0f} ms", found.tool)
        for found in _reactions(site)
        if found.seconds * 1_000 > limit
    ]


@BAD.check(
    "bad.alive",
    "The server is as before after that",
    "Let no request end the server, or change its tools.",
    "MCP-SRV-03",
    needs=("tools.list", "order.stable"),
)
async def alive(site: Site) -> Sequence[Problem]:
    """The same list again."""
    async with site.session(fresh=True) as session:
        listing = await read_listing(session.ask)
    if listing.broken:
        return [Problem(text) for text in listing.broken]
    return (
        []
        if set(listing.names) == set(site.seen.listing.names)
        else [Problem("after bad requests the server lists other tools than before")]
    )


def reaction_to(tool: str | None, what: str, answer: Answer, fault: str | None) -> Reaction:
    """What is kept of an answer; none of its content."""
    text = json.dumps(answer.message) if answer.message else answer.body.decode("utf-8", "replace")
    plain = text.replace('\\"', '"')
    return Reaction(tool, what, fault, CANARY in text, holds_trace(plain), answer.seconds)


def _cases(study: Study) -> list[tuple[str, JsonObject]]:
    """Arguments that the tool's schema excludes."""
    if not study.usable:
        return []
    named = study.schema.get("properties")
    candidates: list[tuple[str, JsonObject]] = [("a missing argument", {})]
    if study.schema.get("additionalProperties") is False:
        candidates.append(("an unknown argument", {CANARY.replace("-", "_"): CANARY}))
    optional: JsonObject = {name: part for name, part in study.schema.items() if name != "required"}
    for parameter in list(named)[:3] if isinstance(named, dict) else []:
        wrong = next((value for value in _WRONG if first_misfit(optional, {parameter: value})), None)
        if wrong is not None:
            candidates.append((f"{parameter} of a wrong type", {parameter: wrong}))
    return [(what, arguments) for what, arguments in candidates if first_misfit(study.schema, arguments)]


def _note(site: Site, tool: str | None, what: str, answer: Answer) -> Reaction:
    reaction = reaction_to(tool, what, answer, _fault(answer))
    site.seen.reactions.append(reaction)
    return reaction


def _fault(answer: Answer) -> str | None:
    if answer.result is not None:
        return None if answer.result.get("isError") is True else "was answered as a success: the tool ran"
    return None if answer.error_code == _INVALID_PARAMS else f"was answered with {answer.says}"


def _reactions(site: Site) -> list[Reaction]:
    if not site.seen.reactions:
        raise Skip("no bad request was sent")
    return site.seen.reactions
