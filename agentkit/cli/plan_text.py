"""A deployment plan as lines for a person, in the manner of terraform, and as JSON for CI."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from agentkit.cli.text import one_line
from agentkit.experts.deployment import Action, Deployment, DeploymentPlan, ExpertChange, FieldChange

if TYPE_CHECKING:
    from agentkit.models import JsonObject

_SIGNS: Final = {Action.CREATE: "+", Action.UPDATE: "~", Action.REMOVE: "-", Action.UNCHANGED: " "}
_COLOURS: Final = {"+": "green", "~": "yellow", "-": "red", "!": "yellow", "@": "cyan"}
_SHORT: Final = 100

Line = tuple[str, str]
"""A sign, which decides the colour, and the text."""


def show_plan(plan: DeploymentPlan) -> None:
    """Print a plan; in colours on a terminal."""
    show(plan_lines(plan))


def show(lines: Iterator[Line]) -> None:
    """Print lines; in colours on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    for sign, text in lines:
        console.print(Text(one_line(text), style=_COLOURS.get(sign, "")))


def plan_lines(plan: DeploymentPlan) -> Iterator[Line]:
    """A plan as lines: what is added, changed and removed, what stays, what to know, and the sum."""
    sign = _SIGNS[plan.action]
    identifier = f", {plan.agent_id}" if plan.agent_id else ", new"
    yield sign, f"{sign} agent {plan.agent} ({plan.generation}{identifier})"
    if plan.created is not None:
        yield "+", f"      + description: {plan.created.description}"
    for change in plan.experts:
        yield from _expert_lines(change)
    if plan.kept:
        yield "", f"      stays as it is: {', '.join(plan.kept)}"
    for warning in plan.warnings:
        yield "!", f"! {warning}"
    yield "", _sum(plan)


def document(plan: DeploymentPlan, deployment: Deployment | None = None) -> JsonObject:
    """A plan, and what became of it, as JSON; without secrets."""
    return {
        "agent": {
            "name": plan.agent,
            "id": deployment.agent_id if deployment and deployment.agent_id else plan.agent_id,
            "generation": plan.generation,
            "action": plan.action.value,
        },
        "has_changes": plan.has_changes,
        "experts": [
            {
                "name": change.name,
                "action": change.action.value,
                "fields": [{"field": one.field, "old": one.old, "new": one.new} for one in change.fields],
            }
            for change in plan.experts
        ],
        "kept": list(plan.kept),
        "warnings": [*plan.warnings, *(deployment.warnings if deployment else ())],
        "applied": bool(deployment and deployment.changed),
    }


def dumped(document: JsonObject | list[JsonObject]) -> str:
    """JSON in ASCII, so that no character can move the cursor or break the JSON."""
    return json.dumps(document, indent=2)


def _expert_lines(change: ExpertChange) -> Iterator[Line]:
    sign = _SIGNS[change.action]
    unchanged = ": unchanged" if change.action is Action.UNCHANGED else ""
    yield sign, f"  {sign} expert {change.name}{unchanged}"
    for one in change.fields:
        yield from _field_lines(one)


def _field_lines(one: FieldChange) -> Iterator[Line]:
    sign = "+" if one.old is None else "-" if one.new is None else "~"
    old, new = one.old or "", one.new or ""
    if all("\n" not in text.strip() and len(text) <= _SHORT for text in (old, new)):
        texts = " -> ".join(text.strip() for text in (old, new) if text)
        yield sign, f"      {sign} {one.field}: {texts}"
        return
    yield sign, f"      {sign} {one.field}:"
    for line in difflib.unified_diff(old.strip().splitlines(), new.strip().splitlines(), n=3, lineterm=""):
        if line.startswith(("---", "+++")) or (sign != "~" and line.startswith("@@")):
            continue
        yield line[:1], f"          {line}"


def _sum(plan: DeploymentPlan) -> str:
    if not plan.has_changes:
        return f"No changes: {plan.agent} is as it shall be."
    counts = Counter(change.action for change in plan.experts)
    parts = [
        f"{counts[action]} to {action.value}"
        for action in (Action.CREATE, Action.UPDATE, Action.REMOVE)
        if counts[action]
    ]
    agent = "the agent to create" if plan.created is not None else ""
    return f"Plan: {', '.join([*([agent] if agent else []), *parts])}."
