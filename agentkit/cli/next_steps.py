"""What can be done next with an MCP server that was just started: commands, ready to be copied."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from agentkit.cli.tool_servers import Door
from agentkit.experts import Expert
from agentkit.oauth.exchange import stays_local
from agentkit.specs import Authorization


def next_steps(what: str, doors: Iterable[Door], expert: Expert | None) -> list[str]:
    """The commands that check servers and register an expert.

    Args:
        what: What was served, as it was written on the command line.
        doors: The servers.
        expert: What can be registered under that name.
    """
    lines: list[str] = []
    for door in doors:
        kind = door.authorization
        auth = "" if kind is Authorization.BEARER else f" --auth {kind.value}"
        lines.append(_line("check it", f"agentkit experts verify {door.url}{auth}{_credential(door)}"))
        # Nobody but the platform on this machine reaches an address of it, and that knows no keys: they are v2.
        is_local = stays_local(door.url)
        if expert is not None and not (is_local and kind is Authorization.API_KEY):
            auth = "" if kind is expert.authorization else f" --auth {kind.value}"
            where = " --local" if is_local else ""
            place = f"{shlex.quote(what)} --url {door.url}{auth} --agent NAME{where}"
            lines.append(_line("register it", f"agentkit experts apply {place}"))
    return lines


def _line(title: str, command: str) -> str:
    return f"{title:<16} {command}"


def _credential(door: Door) -> str:
    """The option that carries the credential; one that was given to us, and not made, is not repeated."""
    admission = door.admission
    made = " ".join(admission.made)

    def shown(secret: str | None) -> str:
        return secret if secret and secret in made else "@FILE"

    match door.authorization:
        case Authorization.NONE:
            return ""
        case Authorization.OAUTH2:
            return f" --client {shown(':'.join(admission.client) if admission.client else None)}"
        case Authorization.API_KEY:
            return f" --token {shown(admission.api_key)}"
        case Authorization.BEARER | Authorization.INHERIT:
            return f" --token {shown(admission.token if door.authorization is Authorization.BEARER else None)}"
