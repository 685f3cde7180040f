"""`agentkit migrate`: what an agent of v1 becomes in v2."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from agentkit.cli.connection import BaseUrl, GenerationWord, Local, connect, find_agent, read_assignment
from agentkit.cli.text import plain
from agentkit.errors import (
    ApiError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    SpecError,
    TransportError,
    WireError,
)

if TYPE_CHECKING:
    from agentkit.client import Corti
    from agentkit.client.migration import MigrationPlan
    from agentkit.models import JsonObject
    from agentkit.specs import AgentSpec


def migrate(
    agent: Annotated[str, typer.Argument(help="The agent's id or name in v1.")],
    create: Annotated[bool, typer.Option("--create", help="Create the agent in v2; the one in v1 stays.")] = False,
    name: Annotated[
        str | None, typer.Option(help="The new agent's name, where v2 has one of the old name already.")
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option(help="Make it ephemeral; v1 does not show whether the old one is.")
    ] = False,
    migrated: Annotated[
        list[str] | None,
        typer.Option(help="An agent it asks that was migrated before: its id in v1 and in v2.", metavar="OLD=NEW"),
    ] = None,
    base_url: BaseUrl = None,
    local: Local = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Show the v2 agent that an agent of v1 becomes, what is lost and why; create it with --create."""
    from agentkit.client.migration import plan_migration  # here and below, because `--help` needs no models
    from agentkit.models import AgentInfo
    from agentkit.wire.v2 import encode_create_agent

    successors = dict(_successor(value) for value in migrated or ())
    if agent.startswith("agt."):
        raise SpecError("agent", "is one of v2 already", remedy="Give the id or name of an agent of v1.")
    with connect(base_url, local=local, generation=GenerationWord.V1) as corti:
        info = find_agent(corti, agent).info
    if not isinstance(info, AgentInfo):
        raise SpecError("agent", "is shown as a reference only", remedy="Give the id of an agent of your own.")
    with connect(base_url, local=local, generation=GenerationWord.V2) as corti:
        plan = plan_migration(info, migrated=successors, registry=_registry(corti), ephemeral=ephemeral)
        plan = plan if name is None else replace(plan, spec=replace(plan.spec, name=name))
        body = encode_create_agent(plan.spec)
        created = _create(corti, plan.spec) if create else None
    typer.echo(_as_json(plan, body, created) if as_json else _as_text(plan, body, created))


def _successor(value: str) -> tuple[str, str]:
    from agentkit.models import AgentId

    old, new = read_assignment("--migrated", value)
    return AgentId(old, field="--migrated").bare, AgentId(new, field="--migrated")


def _create(corti: Corti, spec: AgentSpec) -> str:
    try:
        return corti.agents.create(spec).id
    except ConflictError as error:
        remedy = "Perhaps it was migrated before: agentkit agents list --generation v2. Else give another --name."
        raise SpecError("name", f"was refused by v2 ({error.code}): an agent has it already", remedy=remedy) from None
    except NotFoundError:
        remedy = "Ask Corti whether your tenant has v2; without --create the plan is shown all the same."
        raise ConfigurationError("CORTI_ENVIRONMENT", "leads to a server without v2", remedy=remedy) from None


def _registry(corti: Corti) -> frozenset[str] | None:
    """What v2's registry offers; None where it cannot be asked, then every name is taken for an expert of it."""
    from agentkit.models import RegistryConnector

    try:
        return frozenset(entry.id for entry in corti.experts.list() if isinstance(entry, RegistryConnector))
    except (ApiError, TransportError, WireError):
        return None


def _as_json(plan: MigrationPlan, body: JsonObject, created: str | None) -> str:
    losses = [{"what": loss.what, "why": loss.why, "remedy": loss.remedy} for loss in plan.losses]
    document = {"agent": body, "losses": losses, "created": created}
    return json.dumps(document, indent=2)  # in ASCII, so that no character can move the cursor or break the JSON


def _as_text(plan: MigrationPlan, body: JsonObject, created: str | None) -> str:
    lines = ["The agent in v2:", "", json.dumps(body, indent=2, ensure_ascii=False), "", "What is not the same:"]
    for loss in plan.losses:
        lines += ["", f"- {loss.what}", f"  why:    {loss.why}", f"  remedy: {loss.remedy}"]
    ending = f"created {created}" if created else "Nothing was created; add --create to create it."
    return plain("\n".join([*lines, "", ending]))
