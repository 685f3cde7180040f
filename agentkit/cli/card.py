"""`agentkit card`: the card of an agent, as it is served and as it is committed (design D9)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from agentkit.cli.data import file_name
from agentkit.cli.target import is_agent, load_target
from agentkit.errors import SpecError

app = typer.Typer(help="Write and check agent cards.", no_args_is_help=True)

DEFAULT_URL: Final = "http://127.0.0.1:8702"


@app.command("write")
def write(
    target: Annotated[str, typer.Argument(help="The agent, as module:attribute.")],
    url: Annotated[str, typer.Option(metavar="URL", help="Where the agent is served.")] = DEFAULT_URL,
    folder: Annotated[Path, typer.Option(help="Where cards are kept.")] = Path("agent-cards"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the card kept differs.")] = False,
) -> None:
    """Write an agent's card to FOLDER/NAME.json, so that a change of surface is a visible diff."""
    from agentkit.a2a import build_card, card_text  # here, because the A2A SDK takes seconds to import

    agent = load_target(target)
    if not is_agent(agent):
        raise SpecError(target, f"is a {type(agent).__name__}; only agents have cards")
    path = folder / f"{file_name(agent.name)}.json"
    text = card_text(build_card(agent, url=url))
    if check:
        kept = path.read_text(encoding="utf-8") if path.exists() else None
        if kept != text:
            typer.echo(f"{path} is not the card of {target}: run agentkit card write {target}", err=True)
            raise typer.Exit(1)
        typer.echo(f"{path} is current")
        return
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {path}")
