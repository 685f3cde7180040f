"""From what an author sent to what the platform keeps: ids are given, references are looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from pydantic import SecretStr

from agentkit.errors import AgentNotFound, UnsupportedByGeneration, WireError
from agentkit.models import AgentId, AgentInfo, ExpertInfo, ExpertReference, McpServerInfo
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.agents.registry import Registry
from agentkit.platform.agents.store import AgentStore
from agentkit.specs import (
    AgentChanges,
    AgentReferenceSpec,
    AgentSpec,
    AgentType,
    AnyExpert,
    Clear,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
    OutputSchemaSpec,
    RemoteAgentSpec,
)
from agentkit.specs.agent import given

DEFAULT_PROMPT: Final = (
    "You are an orchestrator. Find out what the user needs, choose the expert that can do it, give it a clear task, "
    "and answer with what it found. Do no specialist work yourself. Ask when something is missing or ambiguous, and "
    "say plainly what cannot be done."
)

ExpertEntry = ExpertInfo | ExpertReference


@dataclass(slots=True)
class _Tokens:
    """Static bearers met on the way, by the id their server was given."""

    found: dict[str, SecretStr] = field(default_factory=dict[str, SecretStr])


class Drafting:
    """Makes records of specs for one owner."""

    def __init__(self, store: AgentStore, registry: Registry, ownership: Ownership) -> None:
        """Look references up among the registry and the owner's agents."""
        self._store = store
        self._registry = registry
        self._ownership = ownership

    async def create(self, spec: AgentSpec) -> AgentRecord:
        """A new agent.

        Raises:
            AgentNotFound: A reference names no expert (V1-AGENT-01).
            WireError: Two experts share a name, or two MCP servers do.
        """
        tokens = _Tokens()
        info = AgentInfo(
            id=str(uuid4()),
            name=spec.name,
            description=spec.description,
            system_prompt=DEFAULT_PROMPT if spec.prompt is None else spec.prompt,
            experts=await self._experts(spec.experts, (), tokens),
            mcp_servers=_servers(spec.servers, (), tokens),
        )
        self._check_names(info)
        return AgentRecord(
            info,
            agent_type=spec.agent_type or AgentType.ORCHESTRATOR,
            ephemeral=spec.ephemeral,
            tokens=tokens.found,
        )

    async def change(self, record: AgentRecord, changes: AgentChanges) -> AgentRecord:
        """The agent with the given fields replaced (V1-AGENT-03).

        An expert keeps its id by its name, an MCP server by name and address. With the id it keeps its static token,
        which no client can repeat because none is ever shown one; an empty token takes it away.

        Raises:
            AgentNotFound: A reference names no expert (V1-AGENT-04).
            WireError: Two experts share a name, or two MCP servers do.
        """
        old, tokens = record.info, _Tokens()
        experts = old.experts
        if changes.experts is not None:
            experts = await self._experts(given(changes.experts), old.experts, tokens)
        servers = old.mcp_servers
        if changes.servers is not None:
            servers = _servers(given(changes.servers), old.mcp_servers, tokens)
        info = old.model_copy(
            update={
                "name": changes.name or old.name,
                "description": _changed(old.description, changes.description, ""),
                "system_prompt": _changed(old.system_prompt, changes.prompt, DEFAULT_PROMPT),
                "experts": experts,
                "mcp_servers": servers,
            }
        )
        self._check_names(info)
        draft = AgentRecord(info, agent_type=record.agent_type, ephemeral=record.ephemeral)
        kept = {server.id for server in draft.servers()}
        merged = {server: token for server, token in record.tokens.items() if server in kept} | tokens.found
        return AgentRecord(info, agent_type=record.agent_type, ephemeral=record.ephemeral, tokens=merged)

    async def _experts(
        self, specs: Sequence[AnyExpert], old: Sequence[ExpertEntry], tokens: _Tokens
    ) -> tuple[ExpertEntry, ...]:
        experts: list[ExpertEntry] = []
        for spec in specs:
            match spec:
                case ExpertSpec():
                    experts.append(_inline(spec, old, tokens))
                case ExpertReferenceSpec():
                    experts.append(await self._reference(spec, old))
                case str():
                    experts.append(await self._reference(ExpertReferenceSpec(name=spec), old))
                case AgentReferenceSpec():
                    reference = ExpertReferenceSpec(id=AgentId(spec.id).bare, prompt=spec.prompt)
                    experts.append(await self._reference(reference, old))
                case RemoteAgentSpec() | OutputSchemaSpec():
                    raise UnsupportedByGeneration("remote agents and output schemas", "v1", ("v2",))
        return tuple(experts)

    async def _reference(self, spec: ExpertReferenceSpec, old: Sequence[ExpertEntry]) -> ExpertEntry:
        if spec.id:
            reference = spec.id.lower()
            found = self._registry.by_id(reference)
            if found is None:
                return await self._other(spec, reference, old)
        else:
            found = self._registry.by_name(spec.name or "")
            if found is None:
                raise _unknown_expert()
        return ExpertReference(id=found.id, name=found.spec.name, system_prompt=spec.prompt)

    async def _other(self, spec: ExpertReferenceSpec, reference: str, old: Sequence[ExpertEntry]) -> ExpertEntry:
        """An expert the agent has already (CON-21), or another agent (V1-AGENT-06)."""
        for expert in old:
            if isinstance(expert, ExpertInfo) and expert.id == reference:
                return expert
        agent = await self._store.find(self._ownership, reference)
        if agent is None:
            raise _unknown_expert()
        return ExpertReference(id=agent.info.id, name=agent.info.name, system_prompt=spec.prompt)

    def _check_names(self, info: AgentInfo) -> None:
        """Names must be unique over experts of all kinds, and over the MCP servers behind them (MCPAUTH-03)."""
        experts: set[str] = set()
        servers = {server.name.strip() for server in info.mcp_servers}
        for index, expert in enumerate(info.experts):
            if expert.name in experts:
                raise _doubled(f"experts[{index}].name", "expert", expert.name)
            experts.add(expert.name or "")
            for name in self._server_names(expert):
                if name in servers:
                    raise _doubled(f"experts[{index}].mcpServers", "MCP server", name)
                servers.add(name)

    def _server_names(self, expert: ExpertEntry) -> list[str]:
        if isinstance(expert, ExpertInfo):
            return [server.name.strip() for server in expert.mcp_servers]
        entry = self._registry.by_id(expert.id or "")
        return [server.name.strip() for server in entry.servers] if entry else []


def _inline(spec: ExpertSpec, old: Sequence[ExpertEntry], tokens: _Tokens) -> ExpertInfo:
    before = next((expert for expert in old if isinstance(expert, ExpertInfo) and expert.name == spec.name), None)
    return ExpertInfo(
        id=before.id if before else str(uuid4()),
        name=spec.name,
        description=spec.description,
        system_prompt=spec.prompt or "",
        mcp_servers=_servers(spec.servers, before.mcp_servers if before else (), tokens),
    )


def _servers(
    specs: Sequence[McpServerSpec], old: Sequence[McpServerInfo], tokens: _Tokens
) -> tuple[McpServerInfo, ...]:
    known = {(server.name, server.url): server.id for server in old}
    servers: list[McpServerInfo] = []
    for spec in specs:
        token = spec.token.strip() if spec.token is not None else None
        before = known.get((spec.name.strip(), spec.url)) if token != "" else None
        server = server_info(spec, before or str(uuid4()))
        if token:
            tokens.found[server.id] = SecretStr(token)
        servers.append(server)
    return tuple(servers)


def server_info(spec: McpServerSpec, server_id: str) -> McpServerInfo:
    """An MCP server as the API shows it: without its token (V1-OBJ-10)."""
    return McpServerInfo(
        id=server_id,
        name=spec.name.strip(),
        transport_type=spec.transport.value,
        authorization_type=spec.authorization.value,
        url=spec.url,
        authorization_scope=spec.scope,
        redirect_url=spec.redirect_url,
        description=spec.description,
    )


def _changed(old: str, new: str | Clear | None, default: str) -> str:
    if new is None:
        return old
    return default if isinstance(new, Clear) else new


def _unknown_expert() -> AgentNotFound:
    return AgentNotFound(
        "An expert reference names neither a registry expert nor one of your agents.",
        remedy="GET /agents/registry/experts lists the experts on offer.",
    )


def _doubled(path: str, what: str, name: str | None) -> WireError:
    return WireError(
        path, "value", f"another {what} is called {name!r}", remedy="Names must be unique within the agent."
    )
