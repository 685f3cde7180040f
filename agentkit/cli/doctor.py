"""`agentkit doctor`: what stands in the way, and the remedy."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import Final

import typer
from rich.console import Console

from agentkit.cli.address import bind
from agentkit.cli.data import data_folder
from agentkit.cli.text import shown
from agentkit.errors import AgentKitError, ConfigurationError

PORTS: Final = {
    8700: "platform",
    8701: "MCP servers",
    8702: "agents",
    8703: "gRPC",
    8704: "authorization server",
}
"""The default ports (design, section 9)."""


class Verdict(StrEnum):
    """What a check found."""

    GOOD = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `remedy` says what to do."""

    verdict: Verdict
    subject: str
    text: str
    remedy: str | None = None


def doctor() -> None:
    """Check Python, ports, storage, packages, configuration and credentials; exit 1 when something is broken."""
    console = Console(soft_wrap=True)
    colours = {Verdict.GOOD: "green", Verdict.NOTE: "yellow", Verdict.BAD: "red"}
    broken = False
    for check in (_python, _packages, _storage, _ports, _configuration):
        for finding in check():
            broken = broken or finding.verdict is Verdict.BAD
            colour = colours[finding.verdict]
            console.print(f"[{colour}]{finding.verdict.value:<5}[/{colour}] {finding.subject}: {shown(finding.text)}")
            if finding.remedy:
                console.print(f"      [dim]{shown(finding.remedy)}[/dim]")
    if broken:
        raise typer.Exit(1)


def _python() -> Iterator[Finding]:
    found = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(Verdict.GOOD, "Python", f"{found}, corti-agentkit {version('corti-agentkit')}")


def _packages() -> Iterator[Finding]:
    from agentkit.experts import find_experts, find_servers, load_expert, load_server

    kinds: tuple[tuple[str, list[str], Callable[[str], object]], ...] = (
        ("servers", list(find_servers()), load_server),
        ("experts", list(find_experts()), load_expert),
    )
    for kind, names, load in kinds:
        good: list[str] = []
        for name in names:
            try:
                load(name)
            except AgentKitError as error:
                yield Finding(Verdict.BAD, kind, error.message, "Reinstall the package that offers it.")
            else:
                good.append(name)
        yield Finding(Verdict.GOOD, kind, ", ".join(good) or "none installed")


def _storage() -> Iterator[Finding]:
    try:
        folder = data_folder()
    except ConfigurationError as error:
        yield Finding(Verdict.BAD, "data", error.message, error.remedy)
        return
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        yield Finding(Verdict.GOOD, "data", str(folder))
    else:
        yield Finding(Verdict.BAD, "data", f"{folder} cannot be written", "Set XDG_DATA_HOME or give --database.")


def _ports() -> Iterator[Finding]:
    for port, purpose in PORTS.items():
        try:
            bind("127.0.0.1", port).close()
        except AgentKitError:
            text = f"{port} ({purpose}) is in use"
            yield Finding(Verdict.NOTE, "port", text, "Fine if agentkit serves there; else choose another with --port.")
        else:
            yield Finding(Verdict.GOOD, "port", f"{port} ({purpose}) is free")


def _configuration() -> Iterator[Finding]:
    from agentkit.client import Corti

    try:
        corti = Corti()
    except ConfigurationError as error:
        missing = "is not set" in error.message
        verdict = Verdict.NOTE if missing else Verdict.BAD
        yield Finding(verdict, "configuration", error.message, error.remedy)
        return
    with corti:
        yield Finding(Verdict.GOOD, "configuration", "environment, tenant and client are set")
        try:
            corti.agents.list(limit=1).all()
        except AgentKitError as error:
            yield Finding(Verdict.BAD, "credentials", error.message, error.remedy)
        else:
            yield Finding(Verdict.GOOD, "credentials", "the API accepts them")
