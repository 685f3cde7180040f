"""`agentkit experts`: see experts, and bring them into agents like a deployment tool."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from agentkit.cli.connection import BaseUrl, Generation, GenerationWord, Local
from agentkit.cli.text import plain
from agentkit.cli.verify import verify

if TYPE_CHECKING:
    from agentkit.cli.deployment import Registered

app = typer.Typer(help="See experts, and bring them into agents: plan, apply, remove.", no_args_is_help=True)

Targets = Annotated[
    list[str],
    typer.Argument(metavar="EXPERT...", help="Experts of your own as module:attribute, installed ones by name."),
]
AgentName = Annotated[str, typer.Option("--agent", metavar="NAME", help="The agent's name or id.")]
Url = Annotated[
    list[str] | None,
    typer.Option(
        metavar="URL", help="Address of the expert's MCP server; of several experts NAME=URL for each. https or local."
    ),
]
Auth = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TYPE",
        help="none, bearer, inherit, oauth2.0, apiKey (v2); default: what the expert says. Also NAME=TYPE.",
    ),
]
Scope = Annotated[
    list[str] | None, typer.Option(metavar="SCOPE", help="The OAuth scope Corti shall ask for. Also NAME=SCOPE.")
]
ServerName = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Register its server under another name; of several experts NAME=SERVER."),
]
Create = Annotated[bool, typer.Option("--create/--no-create", help="Create an agent of the name if there is none.")]
Description = Annotated[str | None, typer.Option(help="What a new agent is for.")]
AllowHttp = Annotated[
    bool, typer.Option("--allow-http", help="Take plain http addresses of other machines, in a network you trust.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where nobody can be asked.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")]
Verify = Annotated[bool, typer.Option("--verify", help="Check first that the servers are fit to be experts'.")]
Tokens = Annotated[
    list[str] | None,
    typer.Option("--token", metavar="MCP=TOKEN", help="For --verify, never registered; also @FILE or env:NAME."),
]
Clients = Annotated[
    list[str] | None,
    typer.Option("--client", metavar="MCP=ID:SECRET", help="For --verify, never registered; also @FILE or env:NAME."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for CI.")]


@app.command("list")
def list_experts(as_json: AsJson = False) -> None:
    """List the installed experts."""
    from agentkit.cli.deployment import loaded  # here and below, because `--help` needs none of them
    from agentkit.cli.expert_text import show_list
    from agentkit.experts import find_experts

    show_list({name: loaded(name) for name in find_experts()}, as_json=as_json)


@app.command("show")
def show_expert(
    expert: Annotated[str, typer.Argument(help="An expert of your own as module:attribute, or an installed one.")],
    as_json: AsJson = False,
) -> None:
    """Show an expert: description, prompt, server and tools."""
    from agentkit.cli.deployment import load
    from agentkit.cli.expert_text import show_one

    found = load(expert)
    show_one(found, asyncio.run(found.server.mcp.list_tools()), as_json=as_json)


@app.command("plan")
def plan_experts(
    experts: Targets,
    agent: AgentName,
    url: Url = None,
    auth: Auth = None,
    scope: Scope = None,
    server_name: ServerName = None,
    create: Create = True,
    description: Description = None,
    allow_http: AllowHttp = False,
    base_url: BaseUrl = None,
    local: Local = False,
    generation: Generation = GenerationWord.AUTO,
    as_json: AsJson = False,
) -> None:
    """Show what apply would do: exit 0 nothing, 2 something, 1 it cannot be told (2 is also what misuse exits with)."""
    from agentkit.cli.deployment import Place, planned, specs_of
    from agentkit.cli.plan_text import document, dumped, show_plan
    from agentkit.experts.deployment import plan_deployment

    specs = specs_of(experts, _registered(url, auth, scope, server_name))
    plan = planned(
        Place(base_url, local, generation),
        lambda corti: plan_deployment(
            corti, *specs, agent=agent, create=create, description=description, allow_http=allow_http
        ),
    )
    if as_json:
        typer.echo(dumped(document(plan)))
    else:
        show_plan(plan)
    if plan.has_changes:
        raise typer.Exit(2)


@app.command("apply")
def apply_experts(
    experts: Targets,
    agent: AgentName,
    url: Url = None,
    auth: Auth = None,
    scope: Scope = None,
    server_name: ServerName = None,
    create: Create = True,
    description: Description = None,
    allow_http: AllowHttp = False,
    verify_servers: Verify = False,
    token: Tokens = None,
    client: Clients = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    base_url: BaseUrl = None,
    local: Local = False,
    generation: Generation = GenerationWord.AUTO,
    as_json: AsJson = False,
) -> None:
    """Bring experts into an agent: show the plan, ask, change what differs and nothing else."""
    from agentkit.cli.deployment import Place, carry_out, planned, specs_of
    from agentkit.cli.fitness import given, require_fit
    from agentkit.experts.deployment import plan_deployment

    credentials = given(token or (), client or (), verify=verify_servers)
    specs = specs_of(experts, _registered(url, auth, scope, server_name))
    place = Place(base_url, local, generation)
    plan = planned(
        place,
        lambda corti: plan_deployment(
            corti, *specs, agent=agent, create=create, description=description, allow_http=allow_http
        ),
    )
    check = partial(require_fit, specs, credentials) if verify_servers else None
    carry_out(place, plan, yes=yes, dry_run=dry_run, as_json=as_json, check=check)


@app.command("remove")
def remove_experts(
    experts: Annotated[list[str], typer.Argument(metavar="EXPERT...", help="Their names in the agent.")],
    agent: AgentName,
    yes: Yes = False,
    dry_run: DryRun = False,
    base_url: BaseUrl = None,
    local: Local = False,
    generation: Generation = GenerationWord.AUTO,
    as_json: AsJson = False,
) -> None:
    """Take experts out of an agent: show the plan, ask, leave everything else as it is."""
    from agentkit.cli.deployment import Place, carry_out, load, planned
    from agentkit.experts.deployment import plan_removal

    names = [load(expert).name if ":" in expert else plain(expert) for expert in experts]
    place = Place(base_url, local, generation)
    plan = planned(place, lambda corti: plan_removal(corti, *names, agent=agent))
    carry_out(place, plan, yes=yes, dry_run=dry_run, as_json=as_json)


def _registered(
    url: list[str] | None, auth: list[str] | None, scope: list[str] | None, server_name: list[str] | None
) -> Registered:
    from agentkit.cli.deployment import Registered

    return Registered(url or (), auth or (), scope or (), server_name or ())


app.command("verify")(verify)
