"""Who works for an agent, as data: its experts, the agents it uses, and the MCP servers behind all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import SecretStr

from agentkit.errors import SpecError
from agentkit.models import ExpertInfo, ExpertReference, McpServerInfo
from agentkit.platform.agents.drafting import server_info
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.agents.registry import MEMORY_EXPERT, Registry, entry_id
from agentkit.platform.agents.store import AgentStore


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """An MCP server with its static bearer, where it has one (V1-OBJ-05)."""

    info: McpServerInfo
    token: SecretStr | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What credentials are bound to (MCPAUTH-03)."""
        return self.info.name.strip()


@dataclass(frozen=True, slots=True)
class ExpertPlan:
    """Somebody to whom work can be delegated.

    Attributes:
        name: Unique among its siblings.
        description: What it is good for; the orchestrator chooses by it.
        prompt: How it shall work.
        servers: The MCP servers whose tools it has.
        experts: Its own experts, when it is an agent.
        recalls: It searches the memory of the context.
        gone: What it referred to is not there any more.
    """

    name: str
    description: str = ""
    prompt: str = ""
    servers: tuple[ServerPlan, ...] = ()
    experts: tuple[ExpertPlan, ...] = ()
    recalls: bool = False
    gone: bool = False

    def all_servers(self) -> Iterator[ServerPlan]:
        """The MCP servers of the whole tree, each name once."""
        seen: set[str] = set()
        for server in self.every_server():
            if server.name not in seen:
                seen.add(server.name)
                yield server

    def every_server(self) -> Iterator[ServerPlan]:
        """The MCP servers of the whole tree as they stand there."""
        yield from self.servers
        for expert in self.experts:
            yield from expert.every_server()


class Planner:
    """Looks up what an agent refers to."""

    def __init__(self, store: AgentStore, registry: Registry, *, depth: int) -> None:
        """Follow references to agents at most `depth` deep."""
        self._store = store
        self._registry = registry
        self._depth = depth

    async def plan(self, ownership: Ownership, record: AgentRecord) -> ExpertPlan:
        """The agent with everybody who works for it.

        Raises:
            SpecError: Two MCP servers at different addresses share a name, so a credential could reach the wrong one.
        """
        plan = await self._agent(ownership, record, frozenset({record.info.id}))
        _refuse_ambiguous_names(plan)
        return plan

    async def _agent(self, ownership: Ownership, record: AgentRecord, path: frozenset[str]) -> ExpertPlan:
        info = record.info
        experts: list[ExpertPlan] = []
        for expert in info.experts:
            if isinstance(expert, ExpertInfo):
                servers = _servers(expert.mcp_servers, record)
                experts.append(ExpertPlan(expert.name, expert.description, expert.system_prompt, servers))
            else:
                experts.append(await self._reference(ownership, expert, path))
        if info.mcp_servers:
            own = _servers(info.mcp_servers, record)
            experts.append(ExpertPlan(info.name, info.description, info.system_prompt, own))
        return ExpertPlan(info.name, info.description, info.system_prompt, experts=tuple(experts))

    async def _reference(self, ownership: Ownership, reference: ExpertReference, path: frozenset[str]) -> ExpertPlan:
        target = reference.id or ""
        entry = self._registry.by_id(target)
        if entry is not None:
            servers = tuple(
                ServerPlan(server_info(spec, entry_id(spec.name)), SecretStr(spec.token) if spec.token else None)
                for spec in entry.servers
            )
            prompt = _joined(entry.spec.prompt, reference.system_prompt)
            recalls = entry.spec.name == MEMORY_EXPERT.name
            return ExpertPlan(entry.spec.name, entry.spec.description, prompt, servers, recalls=recalls)
        gone = ExpertPlan(reference.name or target, gone=True)
        if target in path or len(path) > self._depth:
            return gone
        record = await self._store.find(ownership, target)
        if record is None:
            return gone
        plan = await self._agent(ownership, record, path | {target})
        prompt = _joined(plan.prompt, reference.system_prompt)
        return ExpertPlan(plan.name, plan.description, prompt, experts=plan.experts)


def _servers(infos: tuple[McpServerInfo, ...], record: AgentRecord) -> tuple[ServerPlan, ...]:
    return tuple(ServerPlan(info, record.tokens.get(info.id)) for info in infos)


def _joined(prompt: str | None, addition: str | None) -> str:
    return "\n\n".join(text for text in (prompt, addition) if text)


def _refuse_ambiguous_names(plan: ExpertPlan) -> None:
    places: dict[str, str | None] = {}
    for server in plan.every_server():
        if places.setdefault(server.name, server.info.url) != server.info.url:
            raise SpecError(
                "mcpServers",
                f"two MCP servers of this agent and the agents it uses are called {server.name!r}",
                remedy="Rename one of them: credentials are bound to the name.",
            )
