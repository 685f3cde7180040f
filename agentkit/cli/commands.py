"""The commands, one verb group per file."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from agentkit.cli import agents, card, chat, clients, demo, doctor, experts, migrate, serve, tasks

app = typer.Typer(
    name="agentkit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("chat")(chat.chat)
app.command("doctor")(doctor.doctor)
app.command("migrate")(migrate.migrate)
app.add_typer(agents.app, name="agents")
app.add_typer(card.app, name="card")
app.add_typer(experts.app, name="experts")
app.add_typer(clients.app, name="clients")
app.add_typer(tasks.app, name="tasks")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"corti-agentkit {version('corti-agentkit')}")
        raise typer.Exit


@app.callback()
def agentkit(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Build, run and chain agents in healthcare that speak A2A and MCP."""
