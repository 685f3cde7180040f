"""From what an author sent to v1 to what the platform keeps (V1-OBJ-01, V1-OBJ-02)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from types import UnionType

from pydantic import SecretStr

from agentkit.errors import WireError
from agentkit.models.identity import new_id
from agentkit.platform.agents.connecting import Connecting, mcp_server
from agentkit.platform.agents.connector import (
    AgentConnector,
    Connector,
    InlineExpert,
    McpConnector,
    McpServer,
    RegistryConnector,
)
from agentkit.platform.agents.naming import Placed, check_names
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.agents.registry import Registry
from agentkit.platform.agents.store import AgentStore
from agentkit.platform.agents.view_v1 import DEFAULT_PROMPT, Expert, server_shown
from agentkit.specs import (
    AgentChanges,
    AgentSpec,
    AgentType,
    AnyExpert,
    Clear,
    ExpertReferenceSpec,
    ExpertSpec,
    McpServerSpec,
)
from agentkit.specs.agent import given


@dataclass(slots=True)
class _Tokens:
    """Static bearers by the id of their server: those there are, and those met on the way."""

    found: dict[str, SecretStr] = field(default_factory=dict[str, SecretStr])

    def take(self, server_id: str, token: str | None) -> None:
        """An author's token; an empty one takes away what there is."""
        word = (token or "").strip()
        if word:
            self.found[server_id] = SecretStr(word)
        elif token is not None:
            self.found.pop(server_id, None)

    def of(self, servers: Iterable[McpServer]) -> dict[str, SecretStr]:
        """Those of servers that are still there."""
        return {server.id: self.found[server.id] for server in servers if server.id in self.found}


class DraftingV1:
    """Makes records of what v1 says, for one owner."""

    def __init__(self, store: AgentStore, registry: Registry, ownership: Ownership) -> None:
        """Look references up among the registry and the agents the owner can see."""
        self._store = store
        self._registry = registry
        self._ownership = ownership
        self._connecting = Connecting(store, registry, ownership)

    async def create(self, spec: AgentSpec) -> AgentRecord:
        """A new agent.

        Raises:
            WireError: A reference names nothing (V1-AGENT-01), or two experts or MCP servers share a name.
        """
        tokens, now = _Tokens(), self._store.now()
        experts = await self._experts(spec.experts, (), tokens)
        connectors = (*experts, *_servers(spec.servers, (), tokens))
        self._check(connectors)
        record = AgentRecord(
            id=new_id(),
            name=spec.name,
            ownership=self._ownership,
            created=now,
            updated=now,
            description=spec.description,
            prompt=spec.prompt,
            agent_type=spec.agent_type or AgentType.ORCHESTRATOR,
            expires=now + self._store.ephemeral_lifetime if spec.ephemeral else None,
            connectors=connectors,
        )
        return replace(record, tokens=tokens.of(record.servers()))

    async def change(self, record: AgentRecord, changes: AgentChanges) -> AgentRecord:
        """The agent with the given fields replaced (V1-AGENT-03).

        An expert keeps its id by its name, an MCP server by name and address. With the id it keeps its static token,
        which no client can repeat because none is ever shown one; an empty token takes it away. What v1 cannot show
        stays as it is, and where it is.

        Raises:
            WireError: A reference names nothing (V1-AGENT-04), or two experts or MCP servers share a name.
        """
        tokens = _Tokens(dict(record.tokens))
        connectors = record.connectors
        if changes.experts is not None:
            old = [one for one in connectors if isinstance(one, Expert)]
            experts = await self._experts(given(changes.experts), old, tokens)
            connectors = _placed(connectors, Expert, experts)
        if changes.servers is not None:
            own = [one for one in connectors if isinstance(one, McpConnector)]
            servers = _servers(given(changes.servers), own, tokens)
            connectors = _placed(connectors, McpConnector, servers)
        if connectors is not record.connectors:
            self._check(connectors)
        changed = replace(
            record,
            name=changes.name or record.name,
            description=_description(record, changes.description),
            prompt=_prompt(record, changes.prompt),
            connectors=connectors,
            updated=self._store.now(),
        )
        return replace(changed, tokens=tokens.of(changed.servers()))

    async def _experts(
        self, specs: Sequence[AnyExpert], old: Sequence[Connector], tokens: _Tokens
    ) -> tuple[Connector, ...]:
        left = list(old)
        made: list[Connector] = []
        for index, spec in enumerate(specs):
            connector = await self._expert(spec, left, tokens, f"experts[{index}]")
            left = [one for one in left if one.id != connector.id]
            made.append(connector)
        return tuple(made)

    async def _expert(self, spec: AnyExpert, old: Sequence[Connector], tokens: _Tokens, place: str) -> Connector:
        if isinstance(spec, ExpertSpec):
            same = (one for one in old if isinstance(one, InlineExpert) and one.name == spec.name)
            return _inline(spec, next(same, None), tokens)
        if isinstance(spec, ExpertReferenceSpec) and spec.id:
            # An expert the agent has already can be named by its id (CON-21).
            for one in old:
                if isinstance(one, InlineExpert) and one.id == spec.id.lower():
                    return one
        made = await self._connecting.connector(spec, place)
        return next((_kept(one, made) for one in old if _is_same(one, made)), made)

    def _check(self, connectors: Sequence[Connector]) -> None:
        experts: list[Placed] = []
        servers: list[Placed] = []
        hidden: list[Placed] = []
        for connector in connectors:
            if isinstance(connector, Expert):
                experts.append((f"experts[{len(experts)}]", connector))
            elif isinstance(connector, McpConnector):
                servers.append((f"mcpServers[{len(servers)}]", connector))
            else:
                hidden.append(("connectors", connector))
        check_names([*hidden, *servers, *experts], self._registry)


def _inline(spec: ExpertSpec, before: InlineExpert | None, tokens: _Tokens) -> InlineExpert:
    old_prompt = before.prompt if before else None
    servers = before.servers if before else ()
    return InlineExpert(
        id=before.id if before else new_id(),
        enabled=before is None or before.enabled,
        name=spec.name,
        description=spec.description,
        prompt=old_prompt if not spec.prompt and not old_prompt else spec.prompt,
        servers=tuple(_server(one, servers, tokens) for one in spec.servers),
    )


def _servers(specs: Sequence[McpServerSpec], old: Sequence[McpConnector], tokens: _Tokens) -> tuple[McpConnector, ...]:
    enabled = {one.id: one.enabled for one in old}
    servers = [_server(spec, old, tokens) for spec in specs]
    return tuple(McpConnector.of(one, enabled=enabled.get(one.id, True)) for one in servers)


def _server(spec: McpServerSpec, old: Sequence[McpServer], tokens: _Tokens) -> McpServer:
    """One of the same name and address is the same server, and keeps what v1 cannot say."""
    server = mcp_server(spec)
    before = next((one for one in old if (one.name, one.url) == (server.name, server.url)), None)
    if before is not None:
        kept: dict[str, object] = {"id": before.id}
        if server_shown(before).authorization_type == server.authorization.value:
            kept |= {"authorization": before.authorization, "auth_ref": before.auth_ref}
        server = server.model_copy(update=kept)
    tokens.take(server.id, spec.token)
    return server


def _is_same(old: Connector, made: Connector) -> bool:
    match old, made:
        case RegistryConnector(), RegistryConnector():
            return old.entry == made.entry
        case AgentConnector(), AgentConnector():
            return old.agent_id == made.agent_id
        case _:
            return False


def _kept(old: Connector, made: Connector) -> Connector:
    """The connector there was, with what v1 says of it now; a configuration is never shown, so it is not repeated."""
    kept: dict[str, object] = {"id": old.id, "enabled": old.enabled}
    if isinstance(old, RegistryConnector) and isinstance(made, RegistryConnector) and made.config is None:
        kept |= {"config": old.config, "resolved_config": old.resolved_config}
    return made.model_copy(update=kept)


def _placed(
    connectors: Sequence[Connector], shown: type | UnionType, new: Sequence[Connector]
) -> tuple[Connector, ...]:
    """The new ones where the old ones of their kind were, the rest behind; everything else stays in its place."""
    left = iter(new)
    placed: list[Connector] = []
    for connector in connectors:
        if not isinstance(connector, shown):
            placed.append(connector)
        elif (following := next(left, None)) is not None:
            placed.append(following)
    return (*placed, *left)


def _description(record: AgentRecord, change: str | Clear | None) -> str | None:
    if change is None:
        return record.description
    if isinstance(change, Clear):
        # v1 shows the missing description of an agent made through v2 as an empty text, and is sent it back (CON-21).
        if record.description:
            raise WireError("description", "value", "must not be empty")
        return record.description
    return change


def _prompt(record: AgentRecord, change: str | Clear | None) -> str | None:
    if change is None or isinstance(change, Clear):
        return record.prompt
    # Shown to everybody who gave none, and sent back (CON-21): still none.
    return None if record.prompt is None and change == DEFAULT_PROMPT else change
