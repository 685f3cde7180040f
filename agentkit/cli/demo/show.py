"""How the demonstration looks."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from agentkit.cli.demo.choices import Choices
from agentkit.cli.demo.credentials import Way
from agentkit.cli.demo.hops import Hops
from agentkit.cli.demo.stage import EXPERTS, Stage
from agentkit.client import AgentHandle, Reply
from agentkit.credentials import ClientCredentials, Token
from agentkit.models import Artifact, JsonObject, TaskState

WIDTH: Final = 110
MOST_LINES: Final = 10
SHOWN_LINES: Final = 6
"""How many lines of an answer are shown when it has more than `MOST_LINES`."""


class Show:
    """Prints the story."""

    def __init__(self, console: Console | None = None) -> None:
        """Print to a console."""
        self.console = console or _console()
        self._scene = 0
        self._explained = False

    def scene(self, title: str, text: str) -> None:
        """Begin a part of the story."""
        self._scene += 1
        self.console.print()
        self.console.rule(Text(f"{self._scene}. {title}", style="bold"), align="left")
        self.console.print(Text(text, style="dim"))

    def servers(self, stage: Stage) -> None:
        """What runs where."""
        table = Table("server", Column("address", overflow="fold"), "authorization", box=None, pad_edge=False)
        table.add_row("Corti platform (v1 wire)", stage.platform.url, "client credentials")
        for door in stage.doors.values():
            table.add_row(f"MCP server {door.name}", door.url, door.authorization.value)
        table.add_row("authorization server", stage.issuer.url, "for questionnaires")
        self.console.print(table)

    def agent(self, agent: AgentHandle) -> None:
        """The agent that was created."""
        experts = ", ".join(EXPERTS)
        self._rows([("agent", Text(f"{agent.name} {agent.id}")), ("experts", Text(experts))])

    def chain(self, url: str) -> None:
        """Where the chain is served."""
        self._rows([("agent", Text(f"handover-chain {url}")), ("card", Text(f"{url}/.well-known/agent-card.json"))])

    def said(self, text: str, *, fresh: bool) -> None:
        """What the user says."""
        note = ("  (new context)", "dim") if fresh else ""
        self.console.print(Text.assemble("\n", ("user> ", "bold cyan"), text, note))

    def turn(self, reply: Reply, steps: Sequence[JsonObject], choices: Choices, hops: Hops) -> None:
        """What happened for a message: experts and tools with the reasons, artifacts, hops, the answer."""
        rows: list[tuple[str, Text]] = []
        for expert in dict.fromkeys(str(step.get("expert")) for step in steps):
            rows.append(("expert", _chosen(expert, choices.expert(expert))))
            rows += [("called", _call(step, choices)) for step in steps if step.get("expert") == expert]
        rows += [("artifact", _artifact(artifact)) for artifact in reply.artifacts]
        self._rows(rows)
        self.hops(hops)
        self.answer("agent", reply.text, reply.state)

    def hops(self, hops: Hops) -> None:
        """How long each hop took: as a tree the first time, in one line afterwards."""
        found = hops.all()
        if not self._explained:
            self._explained = True
            table = Table.grid(Column(), Column(justify="right"), padding=(0, 2))
            for hop in found:
                table.add_row(Text("  " * hop.depth + f"{hop.name} {hop.subject}"), f"{hop.milliseconds:.1f} ms")
            self._rows([("hops", Text("what is indented happened inside what stands above it", style="dim"))])
            self.console.print(Padding(table, (0, 0, 0, 11)), style="dim")
            return
        self._rows(
            [
                (
                    "hops",
                    Text(
                        " · ".join(f"{hop.name} {hop.milliseconds:.0f}\N{NO-BREAK SPACE}ms" for hop in found),
                        style="dim",
                    ),
                )
            ]
        )

    def event(self, text: str) -> None:
        """One event of a stream."""
        self._rows([("event", Text(text))])

    def answer(self, who: str, text: str, state: TaskState = TaskState.COMPLETED) -> None:
        """An answer, without its long tail."""
        note = "" if state is TaskState.COMPLETED else (f"({state.value}) ", "yellow")
        lines = text.splitlines()
        shown = "\n".join(lines[:SHOWN_LINES] if len(lines) > MOST_LINES else lines)
        self.console.print(Text.assemble((f"{who}> ", "bold green"), note, shown))
        if len(lines) > MOST_LINES:
            self.console.print(Text(f"… {len(lines) - SHOWN_LINES} more lines", style="dim"))

    def credentials(self, ways: Iterable[Way], searched: str) -> None:
        """Where the credentials went and where they did not."""
        table = Table("credential", "went", Column("times", justify="right"), box=None, pad_edge=False)
        for way in ways:
            table.add_row(way.credential, way.place, str(way.times))
        self.console.print(table)
        self.console.print(Text.assemble(("nowhere else: ", "green"), f"{searched} were searched and hold neither."))

    def kept(self, stage: Stage, agent: AgentHandle, chain: str) -> None:
        """Where everything can be reached, and with which credentials of this run, for `--keep`."""
        self.console.rule(Text("Still running", style="bold"), align="left")
        self.servers(stage)
        self.console.print(f"chain (A2A 1.0): {chain}", soft_wrap=True)
        options = " ".join(_option(credential) for credential in stage.credentials)
        command = f"{program()} chat --local --base-url {stage.platform.url} {options} {agent.id}"
        self.console.print("Talk to the agent from another terminal:")
        self.console.print(Text(f"  {command}", style="bold"), soft_wrap=True)
        self.console.print("Ctrl-C stops everything.")

    def end(self, seconds: float, commands: Sequence[tuple[str, str]]) -> None:
        """The last words."""
        self.console.print()
        self.console.rule(Text(f"Done in {seconds:.1f} s, every server stopped", style="bold green"), align="left")
        self.console.print("What to try next:")
        for arguments, purpose in commands:
            self.console.print(Text(f"  {program()} {arguments}", style="bold"), soft_wrap=True)
            self.console.print(Text(f"      {purpose}", style="dim"))

    def _rows(self, rows: Iterable[tuple[str, Text]]) -> None:
        """Facts behind a short label, long ones folded under themselves."""
        table = Table.grid(Column(width=8, justify="right", style="dim"), Column(overflow="fold"), padding=(0, 1))
        for label, text in rows:
            table.add_row(label, text)
        self.console.print(Padding(table, (0, 0, 0, 1)))


def program() -> str:
    """How this program is called from here: by its name where the shell finds it, else by its path."""
    own = Path(sys.argv[0])
    found = shutil.which("agentkit")
    if own.name != "agentkit" or (found and own.exists() and Path(found).samefile(own)):
        return "agentkit"
    path = own.absolute()
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _console() -> Console:
    """As wide as the terminal, but no wider than reads well."""
    console = Console(highlight=False)
    width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return Console(highlight=False, width=width)


def _chosen(expert: str, reason: str) -> Text:
    return Text.assemble((expert, "bold"), (f"  because {reason}", "dim") if reason else "")


def _call(step: JsonObject, choices: Choices) -> Text:
    tool, took = str(step.get("tool")), step.get("durationMs")
    arguments = json.dumps(step.get("arguments"), ensure_ascii=False)
    reason = choices.tool(tool)
    return Text.assemble(
        f"{step.get('server')} ",
        (tool, "bold magenta"),
        f" {arguments}",
        f"  {took:.0f} ms" if isinstance(took, int | float) else "",
        (f"  failed {step.get('code') or ''}", "red") if step.get("failed") else "",
        (f"\nbecause {reason}", "dim") if reason else "",
    )


def _artifact(artifact: Artifact) -> Text:
    data = [part.data for part in artifact.parts if part.kind == "data"]
    lines = sum(len(part.text.splitlines()) for part in artifact.parts if part.text)
    keys = ", ".join(list(data[0])[:5]) if data and isinstance(data[0], dict) else ""
    count = f"{len(data)} data part{'' if len(data) == 1 else 's'}"
    return Text(f"{artifact.name or ''}: {count}{f' ({keys})' if keys else ''}, {lines} lines of text")


def _option(credential: Token | ClientCredentials) -> str:
    match credential:
        case Token():
            return f"--token {credential.mcp_name}={credential.token}"
        case ClientCredentials():
            return f"--client {credential.mcp_name}={credential.client_id}:{credential.client_secret}"
