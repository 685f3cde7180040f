"""An agent as the platform keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from pydantic import SecretStr

from agentkit.compose.agent import Caller
from agentkit.models import AgentInfo, ExpertInfo, McpServerInfo
from agentkit.specs import AgentType

NO_TOKENS: Final[Mapping[str, SecretStr]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who may see a row: an agent of another owner or tenant looks unknown (V1-ERR-04)."""

    tenant: str
    owner: str

    @classmethod
    def of(cls, caller: Caller) -> Ownership:
        """The caller's own rows."""
        return cls(caller.tenant, caller.owner)


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """An agent with what its answer form does not show.

    Attributes:
        info: What the API shows.
        agent_type: What kind it was made as.
        ephemeral: Hidden from lists and deleted in time (V1-AGENT-05).
        tokens: Static bearers by the id of their MCP server (V1-OBJ-05); never part of an answer.
    """

    info: AgentInfo
    agent_type: AgentType = AgentType.ORCHESTRATOR
    ephemeral: bool = False
    tokens: Mapping[str, SecretStr] = field(default_factory=lambda: NO_TOKENS, repr=False)

    def servers(self) -> Iterator[McpServerInfo]:
        """All MCP servers of the agent and of its own experts."""
        yield from self.info.mcp_servers
        for expert in self.info.experts:
            if isinstance(expert, ExpertInfo):
                yield from expert.mcp_servers
