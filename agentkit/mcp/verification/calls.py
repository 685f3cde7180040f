"""Calls of tools: those that were asked for, and on request those that only read and need no argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import anyio.to_thread
from mcp_types import CallToolResult
from pydantic import ValidationError

from agentkit.errors import McpError, ToolFailed
from agentkit.mcp.client.results import read_result
from agentkit.mcp.verification.arguments import reaction_to
from agentkit.mcp.verification.behaviour import reads_only
from agentkit.mcp.verification.checks import Group, Problem, Skip
from agentkit.mcp.verification.listing import name_of
from agentkit.mcp.verification.rpc import Session
from agentkit.mcp.verification.shape import LARGEST, first_misfit
from agentkit.mcp.verification.site import Called, Site
from agentkit.mcp.verification.study import Study
from agentkit.mcp.verification.wire import Answer
from agentkit.models import Json, JsonObject

CALLS: Final = Group("calls", needs=("tools.list",))

REPEATS: Final = 3
"""How often a tool that only reads is called, so that there is something to measure."""


@CALLS.check(
    "call.works",
    "The called tools answer",
    "Call the tool by hand with the same arguments, and look into the server's log.",
    "MCP-SRV-04",
)
async def works(site: Site) -> Sequence[Problem]:
    """No failure, nothing of the answer is kept."""
    listed = {name_of(tool): tool for tool in site.seen.listing.distinct}
    wanted = dict(site.calls)
    if site.call_safe:
        wanted |= {name: {} for name, tool in listed.items() if name not in wanted and _is_safe(tool)}
    if not wanted:
        ways = "" if site.call_safe else ", or allow those that only read (--call-safe)"
        why = "none only reads and needs no argument; " if site.call_safe else ""
        raise Skip(f"no tool was called: {why}name one with its arguments (--call){ways}")
    studies = {study.tool: study for study in site.seen.studies}
    async with site.session() as session:
        for name, arguments in wanted.items():
            study = studies.get(name)
            if study is None:
                site.seen.results.append(Called(name, fault="there is no such tool"))
            else:
                times = REPEATS if reads_only(listed[name]) else 1
                called = await _called(site, session, study, arguments, times)
                site.seen.results.append(called)
    return [Problem(called.fault, called.tool) for called in site.seen.results if called.fault]


@CALLS.check(
    "call.structured",
    "Structured answers fit the output schema",
    "Let the answer be made from the type that the schema is made from.",
    "MCP-ERA-03",
    "MCP-SRV-01",
)
async def structured(site: Site) -> Sequence[Problem]:
    """Clients refuse those that do not."""
    return [
        Problem(f"its structured answer does not fit: {called.misfit}", called.tool)
        for called in _results(site)
        if called.misfit
    ]


@CALLS.check(
    "call.text",
    "Answers can be read as text",
    "Put a text beside the structured answer: several clients show nothing else to the model.",
    "MCP-ERA-03",
    warning=True,
)
async def text(site: Site) -> Sequence[Problem]:
    """There is content."""
    return [
        Problem("its answer has no content that can be read", called.tool)
        for called in _results(site)
        if called.wordless
    ]


@CALLS.check(
    "call.size",
    "Answers are of a size that a model reads",
    "Answer page by page, or less of each item.",
    "MCP-SRV-09",
    warning=True,
)
async def size(site: Site) -> Sequence[Problem]:
    """Characters."""
    limit = site.thresholds.answer
    return [
        Problem(f"its answer has {called.size} characters; {limit} are enough", called.tool)
        for called in _results(site)
        if called.size > limit
    ]


def _results(site: Site) -> list[Called]:
    answered = [called for called in site.seen.results if called.size]
    if not answered:
        raise Skip("no call of a tool was answered")
    return answered


def _is_safe(tool: JsonObject) -> bool:
    schema = tool.get("inputSchema")
    return reads_only(tool) and isinstance(schema, dict) and not schema.get("required")


async def _called(site: Site, session: Session, study: Study, arguments: JsonObject, times: int) -> Called:
    answer = Answer()
    for _ in range(times):
        answer = await session.ask("tools/call", {"name": study.tool, "arguments": arguments})
        if answer.result is None:
            return Called(study.tool, fault=f"the call was answered with {answer.says}")
        if answer.result.get("isError") is True:
            site.seen.reactions.append(reaction_to(study.tool, "a call", answer, None))
            # A tool that was not asked for may want one of several arguments, which no schema says.
            return Called(study.tool, fault=_failure(answer.result) if study.tool in site.calls else None)
        site.took("call", answer.seconds)
    content = (answer.result or {}).get("content")
    misfit = await anyio.to_thread.run_sync(_misfit, study, answer, abandon_on_cancel=True)
    return Called(study.tool, misfit=misfit, wordless=not content, size=len(answer.body))


def _failure(result: JsonObject) -> str:
    """What the tool reported: its code, where it has one, and nothing of its text."""
    code: str | None = None
    try:
        read_result("", "", CallToolResult.model_validate(result))
    except ToolFailed as failed:
        code = failed.code
    except (McpError, ValidationError):
        return "the tool reported a failure in a form that clients do not read"
    return f"the tool reported a failure{f' ({code})' if code else ''}"


def _misfit(study: Study, answer: Answer) -> str | None:
    if study.output is None or study.output_fault:
        return None
    data: Json = (answer.result or {}).get("structuredContent")
    if data is None:
        return "there is an output schema, and no structured answer"
    if not study.output_usable or len(answer.body) > LARGEST:
        return None
    return first_misfit(study.output, data)
