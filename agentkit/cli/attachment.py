"""`agentkit agents attach` and `detach`: an A2A agent as connector of an agent at Corti (V2-OBJ-07)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from agentkit.cli.connection import BaseUrl, GenerationWord, Local, connect, find_agent
from agentkit.cli.text import plain
from agentkit.errors import AgentKitError, ConfigurationError

if TYPE_CHECKING:
    from agentkit.client import BlockingAgentHandle
    from agentkit.models import ConnectorInfo
    from agentkit.specs import RemoteAgentSpec

Address = Annotated[str, typer.Argument(metavar="URL", help="The A2A agent's address, or that of its card.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")]


def attach_agent(
    url: Address,
    to: Annotated[str, typer.Option("--to", metavar="AGENT", help="The agent at Corti that may ask it: id or name.")],
    name: Annotated[
        str | None,
        typer.Option(help="What that agent calls it. One of this name that leads elsewhere is replaced."),
    ] = None,
    base_url: BaseUrl = None,
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Let an agent at Corti (v2) ask an A2A agent, and say what was done; once more changes nothing.

    Verify it before: `agentkit agents verify URL`.
    """
    from agentkit.specs import RemoteAgentSpec

    spec = RemoteAgentSpec(url, name)
    with connect(base_url, local=local, generation=_generation(to)) as corti:
        agent = find_agent(corti, to)
        there = _connectors(agent)
        same = [one for one in there if _is_at(one, url) and name in (None, one.name)]
        # Under another name it is at the same address still, and a name is there once: one connector is enough.
        replaced = [] if same else [one for one in there if _is_at(one, url) or (name is not None and one.name == name)]
        connector = same[0] if same else _create(agent, spec, replaced)
    done = "unchanged" if same else "replaced" if replaced else "attached"
    before = ", ".join(f"{one.name or 'a connector'} at {one.url}" for one in replaced)
    _tell(done, connector, to, f", in place of {before}" if before else "", as_json=as_json)


def detach_agent(
    url: Annotated[str, typer.Argument(metavar="URL|NAME", help="Its address as it was attached, or its name there.")],
    from_: Annotated[str, typer.Option("--from", metavar="AGENT", help="The agent at Corti: id or name.")],
    base_url: BaseUrl = None,
    local: Local = False,
    as_json: AsJson = False,
) -> None:
    """Take an A2A agent off an agent at Corti (v2)."""
    with connect(base_url, local=local, generation=_generation(from_)) as corti:
        agent = find_agent(corti, from_)
        found = [one for one in _connectors(agent) if _is_at(one, url) or one.name == url]
        for one in found:
            if one.id is not None:
                agent.connectors.delete(one.id)
    if not found:
        raise ConfigurationError("URL|NAME", f"is not attached to {from_}", remedy="Check address and name.")
    for one in found:
        _tell("detached", one, from_, "", as_json=as_json)


def _create(agent: BlockingAgentHandle, spec: RemoteAgentSpec, replaced: Sequence[ConnectorInfo]) -> ConnectorInfo:
    """Attach in place of others; these stay where that is refused."""
    for one in replaced:
        if one.id is not None:
            agent.connectors.delete(one.id)
    try:
        return agent.connectors.create(spec)
    except AgentKitError:
        for one in replaced:
            if one.url is not None:
                agent.connectors.create(replace(spec, url=one.url, name=one.name))
        raise


def _generation(agent: str) -> GenerationWord:
    """An id tells its generation, and one of v1 that it has no connectors; names are looked for in v2."""
    from agentkit.models.ids import is_agent_id

    return GenerationWord.AUTO if is_agent_id(agent) else GenerationWord.V2


def _connectors(agent: BlockingAgentHandle) -> list[ConnectorInfo]:
    return [one for one in agent.connectors.list() if one.type == "a2a"]


def _is_at(connector: ConnectorInfo, url: str) -> bool:
    return (connector.url or "").rstrip("/") == url.rstrip("/")


def _tell(done: str, connector: ConnectorInfo, agent: str, more: str, *, as_json: bool) -> None:
    if as_json:
        shown = {"done": done, "id": connector.id, "name": connector.name, "url": connector.url, "agent": agent}
        typer.echo(json.dumps(shown, indent=2))
        return
    way = {"attached": "to", "detached": "from"}.get(done, "at")
    named = f"{connector.name}, " if connector.name else ""
    typer.echo(plain(f"{done}: {named}{connector.url} {way} {agent} ({connector.id}){more}"))
