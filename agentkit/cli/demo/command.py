"""The command `agentkit demo`."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the servers running and print their addresses.")] = False,
) -> None:
    """Run the main job end to end: platform, MCP servers, an agent with experts, a chain served over A2A."""
    try:
        asyncio.run(_play(keep))
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None


async def _play(keep: bool) -> None:
    """SIGTERM ends the story like Ctrl-C does: everything is stopped first."""
    from agentkit.cli.demo.play import play  # here, because the rooms it uses take seconds to import

    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await play(keep=keep)
