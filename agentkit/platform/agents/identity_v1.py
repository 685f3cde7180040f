"""Which of the experts and MCP servers that an agent has an author of v1 means, and what they keep (V1-AGENT-03)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import UnionType

from pydantic import SecretStr

from agentkit.models.identity import new_id
from agentkit.platform.agents.connecting import mcp_server
from agentkit.platform.agents.connector import (
    AgentConnector,
    Connector,
    InlineExpert,
    McpConnector,
    McpServer,
    RegistryConnector,
)
from agentkit.platform.agents.view_v1 import server_shown
from agentkit.specs import ExpertSpec, McpServerSpec

Ids = Sequence[str | None]
"""The ids that an author repeated, by place."""


@dataclass(slots=True)
class Tokens:
    """Static bearers by the id of their server: those there are, and those met on the way."""

    found: dict[str, SecretStr] = field(default_factory=dict[str, SecretStr])

    def take(self, server_id: str, token: str | None) -> None:
        """An author's token, where there is one."""
        if token is not None:
            self.found[server_id] = SecretStr(token.strip())

    def drop(self, server_id: str) -> None:
        """A token must not follow its server to another address."""
        self.found.pop(server_id, None)

    def of(self, servers: Iterable[McpServer]) -> dict[str, SecretStr]:
        """Those of servers that are still there."""
        return {server.id: self.found[server.id] for server in servers if server.id in self.found}


def inline_expert(
    spec: ExpertSpec, shown_id: str | None, server_ids: Ids, old: Iterable[Connector], tokens: Tokens
) -> InlineExpert:
    """An expert; the one of the same id is the same one, else the one of the same name.

    Args:
        spec: What the author wrote.
        shown_id: The id that stood there, in an agent sent back as it was shown (CON-21).
        server_ids: The same of its MCP servers.
        old: The experts that nobody has claimed yet.
        tokens: The static tokens.
    """
    inline = [one for one in old if isinstance(one, InlineExpert)]
    before = next((one for one in inline if one.id == shown_id), None)
    before = before or next((one for one in inline if one.name == spec.name), None)
    old_prompt = before.prompt if before else None
    return InlineExpert(
        id=before.id if before else new_id(),
        enabled=before is None or before.enabled,
        name=spec.name,
        description=spec.description,
        prompt=old_prompt if not spec.prompt and not old_prompt else spec.prompt,
        servers=tuple(_servers(spec.servers, server_ids, before.servers if before else (), tokens)),
    )


def own_servers(
    specs: Sequence[McpServerSpec], server_ids: Ids, old: Sequence[McpConnector], tokens: Tokens
) -> tuple[McpConnector, ...]:
    """The MCP servers of the agent itself."""
    enabled = {one.id: one.enabled for one in old}
    servers = _servers(specs, server_ids, old, tokens)
    return tuple(McpConnector.of(one, enabled=enabled.get(one.id, True)) for one in servers)


def kept_reference(made: Connector, old: Iterable[Connector]) -> Connector:
    """A reference, under the id and with the hidden fields that the same reference had.

    A configuration is shown only as it was resolved, so nobody can repeat it: where none is given the old one stays.
    """
    before = next((one for one in old if _is_same(one, made)), None)
    if before is None:
        return made
    kept: dict[str, object] = {"id": before.id, "enabled": before.enabled}
    if isinstance(before, RegistryConnector) and isinstance(made, RegistryConnector) and made.config is None:
        kept |= {"config": before.config, "resolved_config": before.resolved_config}
    return made.model_copy(update=kept)


def placed(
    connectors: Sequence[Connector], replaced: type | UnionType, new: Sequence[Connector]
) -> tuple[Connector, ...]:
    """The new ones where the old ones of their kind were, the rest behind; everything else stays in its place."""
    left = iter(new)
    found: list[Connector] = []
    for connector in connectors:
        if not isinstance(connector, replaced):
            found.append(connector)
        elif (following := next(left, None)) is not None:
            found.append(following)
    return (*found, *left)


def _servers(
    specs: Sequence[McpServerSpec], server_ids: Ids, old: Sequence[McpServer], tokens: Tokens
) -> Iterator[McpServer]:
    """The server of the same id is the same one, else the one of the same name and address."""
    left = list(old)
    for index, spec in enumerate(specs):
        server = mcp_server(spec)
        shown_id = server_ids[index] if index < len(server_ids) else None
        before = next((one for one in left if one.id == shown_id), None)
        before = before or next((one for one in left if (one.name, one.url) == (server.name, server.url)), None)
        if before is not None:
            left = [one for one in left if one is not before]
            server = _kept_server(server, before, tokens)
        tokens.take(server.id, spec.token)
        yield server


def _kept_server(server: McpServer, before: McpServer, tokens: Tokens) -> McpServer:
    kept: dict[str, object] = {"id": before.id}
    if before.url != server.url:
        tokens.drop(before.id)
    elif server_shown(before).authorization_type == server.authorization.value:
        kept |= {"authorization": before.authorization, "auth_ref": before.auth_ref}
    return server.model_copy(update=kept)


def _is_same(old: Connector, made: Connector) -> bool:
    match old, made:
        case RegistryConnector(), RegistryConnector():
            return old.entry == made.entry
        case AgentConnector(), AgentConnector():
            return old.agent_id == made.agent_id
        case _:
            return False
