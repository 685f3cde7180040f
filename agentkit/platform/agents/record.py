"""An agent as the platform keeps it: one record, whichever generation of the API made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from pydantic import SecretStr

from agentkit.compose.agent import Caller
from agentkit.platform.agents.connector import Connector, InlineExpert, McpConnector, McpServer
from agentkit.specs import AgentType, Visibility

NO_TOKENS: Final[Mapping[str, SecretStr]] = MappingProxyType({})
_USERS: Final = UUID("0d0f6b57-43a5-4a58-8a54-2a4b7f6a7c11")


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose a row is: what another tenant owns looks unknown (V1-ERR-04)."""

    tenant: str
    owner: str

    @classmethod
    def of(cls, caller: Caller) -> Ownership:
        """The caller's own rows."""
        return cls(caller.tenant, caller.owner)

    @property
    def user_id(self) -> str:
        """The owner as a bare UUID, always the same (V2-OBJ-03)."""
        return str(uuid5(_USERS, f"{self.tenant}\n{self.owner}"))


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """An agent; `shown_v1` and `shown_v2` are its two faces.

    Attributes:
        id: A bare UUID.
        description: None where v2 left it out; v1 shows an empty text.
        prompt: None where the author left it to the platform; v1 shows the default prompt.
        created: With `updated` the times v2 shows, in UTC.
        agent_type: What kind v1 made it as.
        expires: When an ephemeral agent is gone (V1-AGENT-05); None for a persistent one.
        connectors: What it is made of, in the author's order.
        part_of: The id of the agent whose inline expert this is; None for an agent of its own.
        tokens: Static bearers by the id of their MCP server (V1-OBJ-05); never part of an answer.
    """

    id: str
    name: str
    ownership: Ownership
    created: datetime
    updated: datetime
    description: str | None = field(default=None, repr=False)
    prompt: str | None = field(default=None, repr=False)
    model: str | None = None
    agent_type: AgentType = AgentType.ORCHESTRATOR
    visibility: Visibility = Visibility.PRIVATE
    expires: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(dict[str, str]()), repr=False)
    connectors: tuple[Connector, ...] = ()
    part_of: str | None = None
    tokens: Mapping[str, SecretStr] = field(default_factory=lambda: NO_TOKENS, repr=False)

    @property
    def ephemeral(self) -> bool:
        """Deleted by the platform in time, and hidden from v1's list (V1-AGENT-05, V2-OBJ-01)."""
        return self.expires is not None

    def servers(self) -> Iterator[McpServer]:
        """All MCP servers of the agent and of its own experts."""
        for connector in self.connectors:
            match connector:
                case McpConnector():
                    yield connector
                case InlineExpert():
                    yield from connector.servers
                case _:
                    pass

    def inline_experts(self) -> Iterator[InlineExpert]:
        """The experts that live and die with the agent."""
        for connector in self.connectors:
            if isinstance(connector, InlineExpert):
                yield connector

    def expert(self, expert_id: str) -> AgentRecord | None:
        """One of the inline experts as an agent of its own, None when there is none of that id."""
        found = next((expert for expert in self.inline_experts() if expert.id == expert_id), None)
        if found is None:
            return None
        connectors = tuple(McpConnector.of(server) for server in found.servers)
        kept = {server.id for server in found.servers}
        return replace(
            self,
            id=found.id,
            name=found.name,
            description=found.description,
            prompt=found.prompt or "",
            agent_type=AgentType.EXPERT,
            connectors=connectors,
            part_of=self.id,
            tokens={server: token for server, token in self.tokens.items() if server in kept},
        )

    def visible_to(self, ownership: Ownership) -> bool:
        """Whether a caller may see and ask the agent: its owner, or anybody of the tenant unless it is private."""
        if self.ownership == ownership:
            return True
        return self.ownership.tenant == ownership.tenant and self.visibility is not Visibility.PRIVATE
