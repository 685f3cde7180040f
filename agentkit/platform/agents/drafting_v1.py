"""From what an author sent to v1 to what the platform keeps (V1-OBJ-01, V1-OBJ-02)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from agentkit.errors import WireError
from agentkit.models.identity import new_id
from agentkit.platform.agents.connecting import Connecting
from agentkit.platform.agents.connector import Connector, InlineExpert, McpConnector
from agentkit.platform.agents.identity_v1 import Tokens, inline_expert, kept_reference, own_servers, placed
from agentkit.platform.agents.naming import Placed, check_count, check_names
from agentkit.platform.agents.record import AgentRecord, Ownership
from agentkit.platform.agents.registry import Registry
from agentkit.platform.agents.store import AgentStore
from agentkit.platform.agents.view_v1 import DEFAULT_PROMPT, Expert
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
from agentkit.wire.v1 import ShownIds

_NO_IDS: Final = ShownIds()


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
        _check_counts(spec.experts, spec.servers)
        tokens, now = Tokens(), self._store.now()
        experts = await self._experts(spec.experts, _NO_IDS, (), tokens)
        connectors = (*experts, *own_servers(spec.servers, (), (), tokens))
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

    async def change(self, record: AgentRecord, changes: AgentChanges, ids: ShownIds = _NO_IDS) -> AgentRecord:
        """The agent with the given fields replaced (V1-AGENT-03).

        An expert is known by its id or its name, an MCP server by its id or by name and address. It keeps its static
        token, which no client can repeat because none is ever shown one, as long as the address stays. What v1 cannot
        show stays as it is, and where it is.

        Args:
            record: The agent.
            changes: What to change.
            ids: The ids that stood in an agent sent back as it was shown (CON-21).

        Raises:
            WireError: A reference names nothing (V1-AGENT-04), or two experts or MCP servers share a name.
        """
        _check_counts(given(changes.experts), given(changes.servers))
        tokens = Tokens(dict(record.tokens))
        connectors = record.connectors
        if changes.experts is not None:
            old = [one for one in connectors if isinstance(one, Expert)]
            experts = await self._experts(given(changes.experts), ids, old, tokens)
            connectors = placed(connectors, Expert, experts)
        if changes.servers is not None:
            own = [one for one in connectors if isinstance(one, McpConnector)]
            servers = own_servers(given(changes.servers), ids.servers, own, tokens)
            connectors = placed(connectors, McpConnector, servers)
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
        self, specs: Sequence[AnyExpert], ids: ShownIds, old: Sequence[Connector], tokens: Tokens
    ) -> tuple[Connector, ...]:
        left = list(old)
        made: list[Connector] = []
        for index, spec in enumerate(specs):
            if isinstance(spec, ExpertSpec):
                shown = ids.experts[index] if ids.experts else None
                server_ids = ids.expert_servers[index] if ids.expert_servers else ()
                connector: Connector = inline_expert(spec, shown, server_ids, left, tokens)
            else:
                connector = await self._reference(spec, left, f"experts[{index}]")
            left = [one for one in left if one.id != connector.id]
            made.append(connector)
        return tuple(made)

    async def _reference(self, spec: AnyExpert, old: Sequence[Connector], place: str) -> Connector:
        if isinstance(spec, ExpertReferenceSpec) and spec.id:
            # An expert the agent has already can be named by its id (CON-21).
            for one in old:
                if isinstance(one, InlineExpert) and one.id == spec.id.lower():
                    return one
        return kept_reference(await self._connecting.connector(spec, place), old)

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


def _check_counts(experts: Sequence[AnyExpert], servers: Sequence[McpServerSpec]) -> None:
    check_count("experts", len(experts))
    check_count("mcpServers", len(servers))
    for index, expert in enumerate(experts):
        if isinstance(expert, ExpertSpec):
            check_count(f"experts[{index}].mcpServers", len(expert.servers))


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
