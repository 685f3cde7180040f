"""`agentkit agents`: see, create, delete, verify and attach agents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from agentkit.cli.attachment import attach_agent, detach_agent
from agentkit.cli.connection import BaseUrl, Generation, GenerationWord, Local, connect, find_agent, read_assignment
from agentkit.cli.text import plain, shown
from agentkit.cli.verify_agent import verify_agent
from agentkit.errors import ConfigurationError
from agentkit.specs import AgentSpec, AnyExpert, Authorization

if TYPE_CHECKING:
    from agentkit.client import BlockingAgentHandle
    from agentkit.models import AgentInfo, AgentReference, JsonObject

app = typer.Typer(help="See, create and delete agents; verify and attach others.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON as the API shows it.")]


@app.command("list")
def list_agents(
    base_url: BaseUrl = None,
    local: Local = False,
    generation: Generation = GenerationWord.AUTO,
    as_json: AsJson = False,
) -> None:
    """List the agents of one generation of the API."""
    with connect(base_url, local=local, generation=generation) as corti:
        handles = corti.agents.list().all()
    if as_json:
        typer.echo(_dumped([_spelled(handle) for handle in handles]))
        return
    found = [handle.info for handle in handles]
    if not found:
        typer.echo("There are no agents. Create one: agentkit agents create --help")
        return
    console = Console()
    table = Table(Column("id", no_wrap=True), "name", "experts", "description", box=None, pad_edge=False)
    for info in found:
        table.add_row(*(shown(text) for text in _cells(info)))
    # Neither what rich measures nor what it prints is wider than its console, which has 80 columns where there is none.
    widths = console.measure(table, options=console.options.update(max_width=100_000))
    console.width = max(console.width, widths.minimum if console.is_terminal else widths.maximum)
    console.print(table, crop=False, overflow="ignore")


@app.command("create")
def create_agent(
    name: Annotated[str, typer.Option(help="The agent's name.")],
    description: Annotated[str, typer.Option(help="What it is for.")],
    expert: Annotated[
        list[str] | None,
        typer.Option(
            help="An expert of the registry by name, or an installed one with the address of its MCP server.",
            metavar="NAME[=URL]",
        ),
    ] = None,
    authorization: Annotated[
        list[str] | None,
        typer.Option(
            help="How an expert's server wants to be authorized: none, bearer, inherit or oauth2.0.",
            metavar="NAME=TYPE",
        ),
    ] = None,
    prompt: Annotated[Path | None, typer.Option(help="File with the agent's prompt.")] = None,
    ephemeral: Annotated[bool, typer.Option(help="Hidden from lists and deleted in time.")] = False,
    base_url: BaseUrl = None,
    local: Local = False,
    generation: Generation = GenerationWord.AUTO,
    as_json: AsJson = False,
) -> None:
    """Create an agent and print its id."""
    types = dict(read_assignment("--authorization", value) for value in authorization or ())
    spec = AgentSpec(
        name=name,
        description=description,
        prompt=_read_prompt(prompt),
        experts=list(_experts(expert or (), types)),
        ephemeral=ephemeral,
    )
    with connect(base_url, local=local, generation=generation) as corti:
        handle = corti.agents.create(spec)
    if as_json:
        typer.echo(_dumped(_spelled(handle)))
    else:
        typer.echo(plain(handle.id))


@app.command("delete")
def delete_agent(
    agent: Annotated[str, typer.Argument(help="The agent's id or name.")],
    base_url: BaseUrl = None,
    local: Local = False,
    generation: Generation = GenerationWord.AUTO,
) -> None:
    """Delete an agent and the experts made with it."""
    with connect(base_url, local=local, generation=generation) as corti:
        found = find_agent(corti, agent)
        corti.agents.delete(found.id)
    typer.echo(f"deleted {plain(found.id)}")


def _experts(values: list[str] | tuple[str, ...], types: dict[str, str]) -> Iterator[AnyExpert]:
    addressed = {value.partition("=")[0].strip() for value in values if "=" in value}
    for name in types:
        if name not in addressed:
            remedy = "An expert of the registry has its own: give --expert NAME=URL for another."
            raise ConfigurationError("--authorization", f"is given for {name}, which has no address", remedy=remedy)
    for value in values:
        if "=" not in value:
            yield value
            continue
        name, url = read_assignment("--expert", value)
        from agentkit.experts import load_expert  # here, because the other commands need no experts

        yield load_expert(name).spec(url, authorization=_authorization(name, types))


def _authorization(name: str, types: dict[str, str]) -> Authorization | None:
    word = types.get(name)
    if word is None:
        return None
    try:
        return Authorization(word)
    except ValueError:
        known = ", ".join(Authorization)
        raise ConfigurationError("--authorization", "is an unknown type", remedy=f"Known are {known}.") from None


def _read_prompt(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("--prompt", "names a file that cannot be read", remedy="Check the path.") from None


def _cells(agent: AgentInfo | AgentReference) -> tuple[str, str, str, str]:
    from agentkit.models import AgentInfo

    if not isinstance(agent, AgentInfo):
        return agent.id or "", agent.name or "", "", ""
    experts = ", ".join(expert.name or expert.id or "?" for expert in agent.experts)
    return agent.id or "", agent.name, experts, agent.description


def _spelled(handle: BlockingAgentHandle) -> JsonObject:
    """The agent as its generation of the API spells it."""
    from agentkit.models import AgentInfo
    from agentkit.wire import v1, v2

    info = handle.info
    return v2.encode_agent(info) if handle.generation == "v2" and isinstance(info, AgentInfo) else v1.encode_agent(info)


def _dumped(document: JsonObject | list[JsonObject]) -> str:
    return json.dumps(document, indent=2)  # in ASCII, so that no character can move the cursor or break the JSON


app.command("verify")(verify_agent)
app.command("attach")(attach_agent)
app.command("detach")(detach_agent)
