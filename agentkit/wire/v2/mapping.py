"""Experts and MCP servers in connectors' words, and back (V2-MIG-01): the one place that knows both.

Towards v2, an author's experts and servers become one list of connectors, and what inline experts say about themselves
becomes sections of the system prompt. Backwards, connectors are shown as v1 shows experts and MCP servers, so that code
written for v1 reads both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from agentkit.models import AgentId, ConnectorAuth, ConnectorInfo, ExpertReference, McpServerInfo
from agentkit.specs import (
    AgentReferenceSpec,
    AnyExpert,
    Authorization,
    ConnectorSpec,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
)
from agentkit.wire.generations import needs_prompt

STREAMABLE_HTTP: Final = "streamable_http"
_AUTH_WORDS: Final = {Authorization.OAUTH2.value: "oauth2"}
_AUTHORIZATIONS: Final = {word: name for name, word in _AUTH_WORDS.items()}


def auth_word(authorization: str) -> str:
    """v2's word for a way to authorize: `oauth2.0` is `oauth2` there, the others are alike."""
    return _AUTH_WORDS.get(authorization, authorization)


def authorization_word(auth: str) -> str:
    """v1's word for a way to authorize, the reverse of `auth_word`."""
    return _AUTHORIZATIONS.get(auth, auth)


def connector_specs(experts: Iterable[AnyExpert], servers: Iterable[McpServerSpec]) -> list[ConnectorSpec]:
    """One list of connectors: the agent's servers, then the experts in their order, inline ones as their servers."""
    specs: list[ConnectorSpec] = list(servers)
    for expert in experts:
        match expert:
            case str():
                specs.append(ExpertReferenceSpec(name=expert))
            case ExpertSpec():
                specs.extend(expert.servers)
            case _:
                specs.append(expert)
    return specs


def split_connectors(specs: Iterable[ConnectorSpec]) -> tuple[tuple[AnyExpert, ...], tuple[McpServerSpec, ...]]:
    """Connectors as experts and servers of an agent."""
    experts: list[AnyExpert] = []
    servers: list[McpServerSpec] = []
    for spec in specs:
        if isinstance(spec, McpServerSpec):
            servers.append(spec)
        else:
            experts.append(spec)
    return tuple(experts), tuple(servers)


def system_prompt(prompt: str | None, experts: Sequence[AnyExpert], servers: Iterable[McpServerSpec]) -> str | None:
    """The agent's prompt, followed by a section for each inline expert and each server or remote agent described.

    Nothing is written when neither the agent nor an expert needs it: a text made of descriptions of servers alone would
    take the place of the server's own orchestrator prompt.
    """
    if prompt is None and not any(needs_prompt(expert) for expert in experts):
        return None
    return "\n\n".join([*([prompt] if prompt else []), *_sections(experts, servers)])


def _sections(experts: Iterable[AnyExpert], servers: Iterable[McpServerSpec]) -> Iterator[str]:
    yield from _server_sections(servers)
    for expert in experts:
        match expert:
            case ExpertSpec():
                yield expert_section(expert)
                yield from _server_sections(expert.servers)
            case RemoteAgentSpec(description=str() as description) if description:
                yield f"## Agent {expert.name or expert.url}\n\n{description}"
            case _:
                pass


def expert_section(expert: ExpertSpec) -> str:
    """What becomes of an inline expert in the agent's prompt."""
    tools = ", ".join(server.name.strip() for server in expert.servers)
    lines = [expert.description, expert.prompt, f"Tools: {tools}." if tools else None]
    return "\n\n".join([f"## Expert {expert.name}", *(line.strip() for line in lines if line)])


def _server_sections(servers: Iterable[McpServerSpec]) -> Iterator[str]:
    for server in servers:
        if server.description:
            yield f"## Tools of {server.name.strip()}\n\n{server.description}"


def connector_of(spec: ConnectorSpec) -> ConnectorInfo:
    """A connector as a server shows it once it is made, but for its id."""
    match spec:
        case McpServerSpec():
            return ConnectorInfo(type="mcp", name=spec.name, url=spec.url, auth=auth_of(spec), enabled=spec.enabled)
        case ExpertReferenceSpec():
            return ConnectorInfo(type="registry", name=spec.id or spec.name, config=spec.config, enabled=spec.enabled)
        case AgentReferenceSpec():
            return ConnectorInfo(type="agent", agent_id=AgentId(spec.id), enabled=spec.enabled)
        case RemoteAgentSpec():
            return ConnectorInfo(type="a2a", url=spec.url, name=spec.name, enabled=spec.enabled)
        case OutputSchemaSpec():
            return ConnectorInfo(
                type="schema",
                name=spec.name,
                output_schema=spec.schema,
                description=spec.description,
                transition=spec.transition.value,
                enabled=spec.enabled,
            )


def auth_of(spec: McpServerSpec) -> ConnectorAuth | None:
    """How a server is authorized, in v2's words; nothing where it needs nothing."""
    details = (spec.scope, spec.redirect_url, spec.auth_ref)
    if spec.authorization is Authorization.NONE and all(detail is None for detail in details):
        return None
    return ConnectorAuth(
        type=auth_word(spec.authorization.value), scope=spec.scope, redirect_url=spec.redirect_url, ref=spec.auth_ref
    )


def servers_of(connectors: Iterable[ConnectorInfo]) -> tuple[McpServerInfo, ...]:
    """The connectors of type `mcp` as v1 shows MCP servers."""
    return tuple(
        McpServerInfo(
            id=connector.id or "",
            name=connector.name or "",
            transport_type=STREAMABLE_HTTP,
            authorization_type=authorization_word(connector.auth.type) if connector.auth else "none",
            url=connector.url,
            authorization_scope=connector.auth.scope if connector.auth else None,
            redirect_url=connector.auth.redirect_url if connector.auth else None,
        )
        for connector in connectors
        if connector.type == "mcp"
    )


def references_of(connectors: Iterable[ConnectorInfo]) -> tuple[ExpertReference, ...]:
    """The connectors of type `registry` and `agent` as v1 shows expert references."""
    references: list[ExpertReference] = []
    for connector in connectors:
        if connector.type == "registry":
            references.append(ExpertReference(name=connector.name, resolved_config=connector.config))
        elif connector.type == "agent":
            references.append(ExpertReference(id=connector.agent_id))
    return tuple(references)
