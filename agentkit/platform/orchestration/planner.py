"""From the record of an agent to its plan: what it refers to is looked up."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from pydantic import SecretStr

from agentkit.errors import SpecError
from agentkit.platform.agents.connector import (
    AgentConnector,
    InlineExpert,
    McpConnector,
    McpServer,
    RegistryConnector,
    RemoteConnector,
    SchemaConnector,
)
from agentkit.platform.agents.record import AgentRecord
from agentkit.platform.agents.registry import INTERVIEWING_EXPERT, MEMORY_EXPERT, Registry
from agentkit.platform.agents.store import AgentStore
from agentkit.platform.agents.view_v1 import DEFAULT_PROMPT
from agentkit.platform.orchestration.plan import MemberPlan, OutputPlan, ServerPlan, refuse_ambiguous_names
from agentkit.specs import AgentType, McpServerSpec

INTERVIEWER: Final = INTERVIEWING_EXPERT.name
"""The registry entry that leads through questionnaires (QNC-01)."""

_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class _Path:
    """The agents between the one that is planned and the one that is looked at."""

    ids: frozenset[str]
    depth: int

    def with_agent(self, agent_id: str) -> _Path:
        return _Path(self.ids | {agent_id}, self.depth + 1)


class Planner:
    """Looks up what agents refer to.

    The plan of an agent that refers to no other is kept until the agent changes: a message costs no look-up then.
    """

    def __init__(self, store: AgentStore, registry: Registry, *, depth: int) -> None:
        """Follow references to agents at most `depth` deep."""
        self._store = store
        self._registry = registry
        self._depth = depth
        self._plans: OrderedDict[str, tuple[AgentRecord, MemberPlan]] = OrderedDict()

    async def require_offered(self, record: AgentRecord) -> None:
        """Refuse a message that came just before its agent was deleted and begins behind it (V1-AGENT-08).

        Raises:
            SpecError: The agent is gone.
        """
        if await self._store.find(record.ownership, record.id) is None:
            raise SpecError("agent", "it is not on offer any more.")

    async def plan(self, record: AgentRecord) -> MemberPlan:
        """The agent with everybody who works for it.

        Connectors that are not enabled are left out (V2-OBJ-09). An agent of somebody else is resolved as its owner
        sees it: who shares an agent shares what it uses.

        Raises:
            SpecError: Two MCP servers at different addresses share a name, so a credential could reach the wrong one.
        """
        kept = self._plans.get(record.id)
        if kept is not None and kept[0] is record:  # the store gives out the same record until it is changed
            self._plans.move_to_end(record.id)
            return kept[1]
        plan = await self._agent(record, _Path(frozenset({record.id}), 1))
        refuse_ambiguous_names(plan)
        if not any(isinstance(connector, AgentConnector) for connector in record.connectors):
            self._plans[record.id] = (record, plan)
            if len(self._plans) > _KEPT:
                self._plans.popitem(last=False)
        return plan

    async def _agent(self, record: AgentRecord, path: _Path) -> MemberPlan:
        members: list[MemberPlan] = []
        outputs: list[OutputPlan] = []
        own: list[ServerPlan] = []
        for connector in record.connectors:
            if not connector.enabled:
                continue
            match connector:
                case SchemaConnector():
                    outputs.append(_output(connector))
                case McpConnector():
                    own.append(_server(connector, record))
                case _:
                    members.append(await self._member(connector, record, path))
        if own:
            # What an agent has of its own is an expert of its own name (V1-OBJ-01).
            prompt = record.prompt or ""
            members.append(MemberPlan(record.id, record.name, record.description or "", prompt, tuple(own)))
        return MemberPlan(
            record.id,
            record.name,
            record.description or "",
            DEFAULT_PROMPT if record.prompt is None else record.prompt,
            members=tuple(_with_names_of_their_own(members)),
            outputs=tuple(outputs),
            is_agent=True,
            interviews=record.agent_type is AgentType.INTERVIEWING_EXPERT,
        )

    async def _member(
        self,
        connector: InlineExpert | RegistryConnector | AgentConnector | RemoteConnector,
        record: AgentRecord,
        path: _Path,
    ) -> MemberPlan:
        match connector:
            case InlineExpert():
                servers = tuple(_server(server, record) for server in connector.servers)
                prompt = connector.prompt or ""
                return MemberPlan(connector.id, connector.name, connector.description, prompt, servers)
            case RegistryConnector():
                return self._registered(connector)
            case AgentConnector():
                return await self._referenced(connector, record, path)
            case RemoteConnector():
                name = connector.name or connector.url
                description = f"The agent {name}, asked over A2A."
                return MemberPlan(connector.id, name, description, url=connector.url)

    def _registered(self, connector: RegistryConnector) -> MemberPlan:
        entry = self._registry.by_name(connector.entry)
        if entry is None:
            return MemberPlan(connector.id, connector.entry, gone="it is not in the registry any more.")
        return MemberPlan(
            connector.id,
            entry.spec.name,
            entry.spec.description,
            _joined(entry.spec.prompt, connector.prompt, _configuration(connector)),
            tuple(_offered(spec) for spec in entry.servers),
            recalls=entry.spec.name == MEMORY_EXPERT.name,
            interviews=entry.spec.name == INTERVIEWER,
        )

    async def _referenced(self, connector: AgentConnector, record: AgentRecord, path: _Path) -> MemberPlan:
        gone = MemberPlan(connector.id, connector.name or connector.agent_id)
        if connector.agent_id in path.ids:
            return replace(gone, gone="it leads back to an agent that asks it.")
        if path.depth > self._depth:
            return replace(gone, gone=f"it lies more than {self._depth} agents deep.")
        found = await self._store.find(record.ownership, connector.agent_id)
        if found is None:
            return replace(gone, gone="it is not on offer any more.")
        plan = await self._agent(found, path.with_agent(connector.agent_id))
        return replace(plan, id=connector.id, prompt=_joined(plan.prompt, connector.prompt))


def _server(server: McpServer, record: AgentRecord) -> ServerPlan:
    return ServerPlan(
        server.name.strip(),
        server.url,
        server.authorization,
        server.transport,
        server.scope,
        server.auth_ref,
        record.tokens.get(server.id),
    )


def _offered(spec: McpServerSpec) -> ServerPlan:
    token = SecretStr(spec.token) if spec.token else None
    return ServerPlan(spec.name.strip(), spec.url, spec.authorization, spec.transport, spec.scope, spec.auth_ref, token)


def _output(connector: SchemaConnector) -> OutputPlan:
    return OutputPlan(connector.name, connector.output_schema, connector.description or "", connector.transition)


def _with_names_of_their_own(members: Iterable[MemberPlan]) -> Iterable[MemberPlan]:
    """Work is given out by name: the second of a name gets a number."""
    seen: set[str] = set()
    for member in members:
        name, number = member.name, 2
        while name in seen:
            name, number = f"{member.name} {number}", number + 1
        seen.add(name)
        yield member if name == member.name else replace(member, name=name)


def _configuration(connector: RegistryConnector) -> str:
    """What the author set of a registry expert, for whoever reads its prompt (V1-OBJ-04, V2-OBJ-04)."""
    config = connector.resolved_config
    return f"Configuration: {json.dumps(config, ensure_ascii=False)}" if config else ""


def _joined(*texts: str | None) -> str:
    return "\n\n".join(text for text in texts if text)
