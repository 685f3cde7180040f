"""`agentkit chat`: talk to an agent."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from agentkit.cli.connection import (
    BaseUrl,
    Generation,
    GenerationWord,
    Local,
    connect,
    find_agent,
    read_credentials,
)


def chat(
    agent: Annotated[str, typer.Argument(help="The agent's id or name.")],
    token: Annotated[
        list[str] | None,
        typer.Option(help="Bearer token for an MCP server of the agent; also @FILE or env:NAME.", metavar="MCP=TOKEN"),
    ] = None,
    client: Annotated[
        list[str] | None,
        typer.Option(
            help="OAuth client for an MCP server of the agent; also @FILE or env:NAME.", metavar="MCP=ID:SECRET"
        ),
    ] = None,
    base_url: BaseUrl = None,
    local: Local = False,
    generation: Generation = GenerationWord.AUTO,
) -> None:
    """Talk to an agent; shows the task's states while it works.

    Lines may also come from a pipe; the command then exits 1 if a message was not answered.
    """
    credentials = read_credentials(token or (), client or ())
    from agentkit.cli.conversation import Conversation  # here, because `--help` needs no client

    with connect(base_url, local=local, generation=generation) as corti:
        conversation = Conversation(find_agent(corti, agent), credentials.values())
        conversation.run()
    if conversation.unanswered and not sys.stdin.isatty():
        raise typer.Exit(1)
